//! Which rule of the adjudicator a step breaks: one named error per rule, with the values compared.

use serde::Serialize;

use crate::primitives::{Amount, ChannelId, Hash, Height, PaymentHash, Side};

/// A step breaks a rule of the adjudicator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "rule", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum ChannelError {
    /// No such channel holds money here.
    #[error("channel {channel} is not open on this chain")]
    UnknownChannel {
        /// Which.
        channel: ChannelId,
    },
    /// Both parties of a funding are the same.
    #[error("a channel has two different parties")]
    SameParty,
    /// A term out of range.
    #[error("{term} is {value}, allowed are {min} to {max}")]
    BadTerm {
        /// Which.
        term: &'static str,
        /// What it is.
        value: u64,
        /// The least allowed.
        min: u64,
        /// The most allowed.
        max: u64,
    },
    /// The funding comes too late.
    #[error("the funding was valid until height {valid_until}, this is {height}")]
    FundingExpired {
        /// What the parties agreed on.
        valid_until: Height,
        /// Where it would be included.
        height: Height,
    },
    /// The keys are not those of the channel.
    #[error("channel {channel} has other parties")]
    WrongParties {
        /// Which.
        channel: ChannelId,
    },
    /// Only a party can do this.
    #[error("only a party of the channel can {act}")]
    NotAParty {
        /// What.
        act: &'static str,
    },
    /// What is paid out is not what is locked.
    #[error("balances {opener} + {accepter} + fee {fee} are not {expected}")]
    WrongSplit {
        /// For the opener.
        opener: Amount,
        /// For the accepter.
        accepter: Amount,
        /// For the miner.
        fee: Amount,
        /// What they must add up to.
        expected: Amount,
    },
    /// A second publication.
    #[error("commitment {published} is published already")]
    AlreadyPublished {
        /// What stands there.
        published: u64,
    },
    /// Nothing was published yet.
    #[error("nothing is published")]
    NotPublished,
    /// A refutation must bring a newer commitment.
    #[error("commitment {number} is not newer than {newest}")]
    NotNewer {
        /// What it brings.
        number: u64,
        /// What stands there.
        newest: u64,
    },
    /// Too late to refute.
    #[error("the dispute window ended at height {window_ends}, this is {height}")]
    WindowOver {
        /// Its last height.
        window_ends: Height,
        /// Where it would be included.
        height: Height,
    },
    /// Too early to settle.
    #[error("the dispute window goes on to height {window_ends}, this is {height}")]
    WindowOpen {
        /// Its last height.
        window_ends: Height,
        /// Where it would be included.
        height: Height,
    },
    /// The parties agreed on no penalty.
    #[error("the parties agreed that cheating costs nothing")]
    NoPenalty,
    /// The secret is not the publisher's of what it published.
    #[error("the secret's point is {found}, the published commitment {published} has {expected}")]
    WrongSecret {
        /// Of the secret.
        found: Hash,
        /// In the commitment.
        expected: Hash,
        /// Its number.
        published: u64,
    },
    /// The state is not the one that was committed to.
    #[error("the state's hash is {found}, commitment {number} has {expected}")]
    WrongState {
        /// Of the state.
        found: Hash,
        /// In the commitment.
        expected: Hash,
        /// Its number.
        number: u64,
    },
    /// A state lists more HTLCs than the parties of a channel may have.
    #[error("the {offerer:?} offers {count} HTLCs, at most {limit} are allowed")]
    TooManyHtlcs {
        /// Whose.
        offerer: Side,
        /// How many.
        count: usize,
        /// How many each may have.
        limit: usize,
    },
    /// Balances and HTLCs of a state are not what was locked.
    #[error("balances {opener} + {accepter} + HTLCs {pending} are not {expected}")]
    WrongTotal {
        /// Of the opener.
        opener: Amount,
        /// Of the accepter.
        accepter: Amount,
        /// In HTLCs.
        pending: Amount,
        /// The capacity.
        expected: Amount,
    },
    /// An HTLC whose outcome is still open.
    #[error("the HTLC for {payment} is open up to height {expiry}, this is {height}")]
    PendingHtlc {
        /// For whose preimage.
        payment: PaymentHash,
        /// The last height at which that counts.
        expiry: Height,
        /// Where the settlement would be included.
        height: Height,
    },
    /// A preimage that would decide nothing any more.
    #[error("the HTLC expired at height {expiry}, this is {height}")]
    TooLate {
        /// Of the HTLC that it is for.
        expiry: Height,
        /// Where it would be included.
        height: Height,
    },
    /// A preimage for an HTLC that nobody may have agreed to, so far ahead does it expire.
    #[error("expiry {expiry} is more than {limit} blocks after {height}")]
    ExpiryTooFar {
        /// Of the HTLC that it is for.
        expiry: Height,
        /// Where it would be included.
        height: Height,
        /// How far ahead is allowed.
        limit: u64,
    },
    /// A preimage that is registered already.
    #[error("the preimage of {payment} is registered since height {height}")]
    AlreadyRevealed {
        /// What it answers.
        payment: PaymentHash,
        /// Of the block that registered it.
        height: Height,
    },
    /// Nothing leaves a channel but by a dispute, so that what both agree on stays simple.
    #[error("the reserve pays only while something is published")]
    ReserveNotOpen,
    /// More than a side's reserve would be spent on fees.
    #[error("fee {fee} + {charged} charged before > reserve {reserve}")]
    FeeAboveReserve {
        /// Of this step.
        fee: Amount,
        /// Of steps before.
        charged: Amount,
        /// What the parties agreed on.
        reserve: Amount,
    },
}

impl ChannelError {
    /// The rule's stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownChannel { .. } => "unknown-channel",
            Self::SameParty => "same-party",
            Self::BadTerm { .. } => "bad-term",
            Self::FundingExpired { .. } => "funding-expired",
            Self::WrongParties { .. } => "wrong-parties",
            Self::NotAParty { .. } => "not-a-party",
            Self::WrongSplit { .. } => "wrong-split",
            Self::AlreadyPublished { .. } => "already-published",
            Self::NotPublished => "not-published",
            Self::NotNewer { .. } => "not-newer",
            Self::WindowOver { .. } => "window-over",
            Self::WindowOpen { .. } => "window-open",
            Self::NoPenalty => "no-penalty",
            Self::WrongSecret { .. } => "wrong-secret",
            Self::WrongState { .. } => "wrong-state",
            Self::TooManyHtlcs { .. } => "too-many-htlcs",
            Self::WrongTotal { .. } => "wrong-total",
            Self::PendingHtlc { .. } => "pending-htlc",
            Self::TooLate { .. } => "too-late",
            Self::ExpiryTooFar { .. } => "expiry-too-far",
            Self::AlreadyRevealed { .. } => "already-revealed",
            Self::ReserveNotOpen => "reserve-not-open",
            Self::FeeAboveReserve { .. } => "fee-above-reserve",
        }
    }
}
