//! Channels, as one of their parties keeps them.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    channel::{Channel, Phase, WaitingFor},
    primitives::{Address, Amount, ChannelId, Height, Htlc, Policy, TransactionId},
};

/// A channel.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Channel)]
#[serde(rename_all = "camelCase")]
pub(in crate::native::http) struct ChannelShape {
    /// Its id: that of its funding transaction.
    #[schema(value_type = String)]
    id: ChannelId,
    /// Opener and accepter.
    #[schema(value_type = Vec<String>)]
    participants: [Address; 2],
    /// Of whose records this is. If both parties are of one keystore, each has its own.
    #[schema(value_type = String)]
    account: Address,
    /// opening, open, resizing, closing, disputed, closed or abandoned.
    state: &'static str,
    /// Base units of each participant by the newest commitment that both have signed.
    #[schema(value_type = BTreeMap<String, u64>)]
    balances: BTreeMap<Address, Amount>,
    /// The number of that commitment.
    commitment_number: u64,
    /// Base units that both have locked.
    #[schema(value_type = u64)]
    capacity: Amount,
    /// What is pending.
    htlcs: Vec<HtlcShape>,
    /// What becomes of cheats: penalty or replace.
    #[schema(value_type = String)]
    policy: Policy,
    /// Blocks of the dispute window.
    dispute_window: u32,
    /// Base units that each side keeps.
    #[schema(value_type = u64)]
    reserve: Amount,
    /// The transaction that opens it.
    #[schema(value_type = String)]
    funding_transaction: TransactionId,
    /// The transaction that ends it, or begins to, as soon as there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    closing_transaction: Option<TransactionId>,
    /// The last height at which a newer commitment replaces what was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    dispute_ends_at: Option<Height>,
    /// What it waits for: `kind`, and its values.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    waiting_for: Option<WaitingFor>,
}

/// A payment that is pending in a channel.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Htlc)]
#[serde(rename_all = "camelCase")]
pub(in crate::native::http) struct HtlcShape {
    /// Counts the HTLCs of the channel.
    id: u64,
    /// Who has offered it.
    #[schema(value_type = String)]
    offerer: Address,
    /// Base units.
    #[schema(value_type = u64)]
    amount: Amount,
    /// What its preimage hashes to.
    #[schema(value_type = String)]
    payment: crate::primitives::PaymentHash,
    /// The last height at which its preimage takes it.
    #[schema(value_type = u64)]
    expiry: Height,
}

impl ChannelShape {
    /// As its party keeps it; `closing` if that is known.
    pub(in crate::native::http) fn of(channel: &Channel, closing: Option<TransactionId>) -> Self {
        let (funding, (signed, state)) = (channel.funding(), channel.newest());
        let participants = funding.addresses();
        let publication = channel.seen().publication;
        Self {
            id: channel.id(),
            participants,
            account: participants[channel.side().index()],
            state: state_of(channel.phase()),
            balances: participants.into_iter().zip(state.balances).collect(),
            commitment_number: signed.commitment.number,
            capacity: funding.capacity().unwrap_or_default(),
            htlcs: state.htlcs.iter().map(|htlc| HtlcShape::of(htlc, &participants)).collect(),
            policy: funding.terms.policy,
            dispute_window: funding.terms.window,
            reserve: funding.terms.reserve,
            funding_transaction: channel.id(),
            closing_transaction: closing,
            dispute_ends_at: publication.map(|seen| seen.window_ends),
            waiting_for: channel.waiting_for(),
        }
    }

    /// Its id.
    pub(in crate::native::http) fn id(&self) -> ChannelId {
        self.id
    }
}

impl HtlcShape {
    fn of(htlc: &Htlc, participants: &[Address; 2]) -> Self {
        let offerer = participants[htlc.offerer.index()];
        Self { id: htlc.id, offerer, amount: htlc.amount, payment: htlc.payment, expiry: htlc.expiry }
    }
}

/// Where it stands, in fewer words than the core has.
pub(in crate::native::http) fn state_of(phase: &Phase) -> &'static str {
    match phase {
        Phase::Accepted | Phase::Funding => "opening",
        Phase::Idle | Phase::Proposing | Phase::Answering | Phase::Revoking(..) => "open",
        Phase::Resizing => "resizing",
        Phase::Closing => "closing",
        Phase::Publishing | Phase::Disputed(_) | Phase::Lost => "disputed",
        Phase::Closed(_) => "closed",
        Phase::Abandoned => "abandoned",
    }
}
