//! What can be asked of a channel.

use super::{CONFIRMATIONS, Channel, Draft, Observation, Outgoing, Phase, Successor, WaitingFor};
use crate::primitives::{Amount, ChannelId, CoSigned, CommitmentSecret, Funding, Hash, Side, State, Timestamp};

impl Channel {
    /// The id of its funding transaction.
    pub const fn id(&self) -> ChannelId {
        self.id
    }

    /// What both parties call it before it has an id, and in every message.
    pub const fn handle_name(&self) -> Hash {
        self.funding.parties[0].salt
    }

    /// Which party we are.
    pub const fn side(&self) -> Side {
        self.side
    }

    /// Parties and terms.
    pub const fn funding(&self) -> &Funding {
        &self.funding
    }

    /// Where it stands.
    pub const fn phase(&self) -> &Phase {
        &self.phase
    }

    /// The newest commitment that both have signed, and what it stands for.
    pub const fn newest(&self) -> (&CoSigned, &State) {
        (&self.signed, &self.state)
    }

    /// Whose turn it is.
    pub const fn holder(&self) -> Side {
        if self.turn.is_multiple_of(2) { Side::Opener } else { Side::Accepter }
    }

    /// How many payments of ours wait.
    pub fn waiting(&self) -> u64 {
        self.waiting.count()
    }

    /// The commitment that we have published, if we have.
    pub fn published(&self) -> Option<u64> {
        self.published.as_ref().map(|(shown, _)| shown.commitment.number)
    }

    /// The commitment under way.
    pub const fn pending(&self) -> Option<&Draft> {
        self.pending.as_ref()
    }

    /// How many commitments the other party has revoked.
    pub fn revoked(&self) -> u64 {
        self.revealed.count()
    }

    /// How far an HTLC is that we have offered; nothing once both have taken it out of the state.
    pub fn outcome(&self, id: u64) -> Option<Outgoing> {
        self.outgoing.get(&id).copied()
    }

    /// Whether we know the preimage of an HTLC offered to us, and the update that takes it is not complete.
    pub fn claims(&self, id: u64) -> bool {
        self.claims.contains_key(&id)
    }

    /// What the chain said last.
    pub const fn seen(&self) -> &Observation {
        &self.chain
    }

    /// The secret by which the other party revoked commitment `number`, if it did.
    pub fn revealed(&self, number: u64) -> Option<CommitmentSecret> {
        self.revealed.get(number)
    }

    /// What we could still promise to pay: what is not promised yet, less the reserve, or the fee of a close that we want.
    pub fn spendable(&self) -> Amount {
        let kept = self.funding.terms.reserve.max(self.wants_close.unwrap_or_default());
        self.unpromised().checked_sub(kept).unwrap_or(Amount::ZERO)
    }

    /// Whether payments of others could pass, as far as can be said for longer: it is buried, and nobody wants to close it.
    pub fn carries(&self) -> bool {
        self.phase.is_live() && self.is_buried() && self.wants_close.is_none()
    }

    /// How an HTLC that is still in the newest state will end, as far as we know: whether it is paid.
    pub fn verdict(&self, id: u64) -> Option<bool> {
        let ours = match self.outgoing.get(&id) {
            Some(Outgoing::Fulfilled) => Some(true),
            Some(Outgoing::Failed) => Some(false),
            Some(Outgoing::Pending(_)) | None => None,
        };
        let claimed = self.claims.contains_key(&id).then_some(true);
        ours.or(claimed).or(self.rejects.contains_key(&id).then_some(false))
    }

    /// Whether it will never need its owner again: long ended, or never begun.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Closed(_) | Phase::Abandoned)
    }

    /// What it waits for.
    pub fn waiting_for(&self) -> Option<WaitingFor> {
        let message = |message| Some(WaitingFor::Counterparty { message });
        let include = |transaction| Some(WaitingFor::Inclusion { transaction });
        match &self.phase {
            _ if !self.resumed && self.can_resume() => Some(WaitingFor::Resumption),
            Phase::Accepted => message("fund"),
            Phase::Funding if self.chain.funding.is_none() => include("fund"),
            Phase::Proposing => message("sign"),
            Phase::Answering => message("commit"),
            Phase::Revoking(..) => message("revoke"),
            Phase::Funding | Phase::Idle if !self.is_buried() => {
                Some(WaitingFor::Burial { have: self.chain.depth(), need: CONFIRMATIONS })
            }
            Phase::Idle if self.wants_turn() => Some(WaitingFor::Turn),
            Phase::Idle if !self.state.htlcs.is_empty() => Some(WaitingFor::Htlcs { pending: self.state.htlcs.len() }),
            Phase::Lost => include("publish"),
            Phase::Resizing => self.waiting_for_successor(),
            Phase::Closing if self.closing.as_ref().is_some_and(|draft| draft.signatures.contains(&None)) => {
                message("closed")
            }
            Phase::Closing => include("close"),
            Phase::Publishing | Phase::Disputed(None) => include("publish"),
            Phase::Disputed(Some(seen)) => self.waiting_in_dispute(seen),
            Phase::Funding | Phase::Idle | Phase::Closed(_) | Phase::Abandoned => None,
        }
    }

    /// What was last offered or accepted to take its place.
    pub const fn successor(&self) -> Option<Successor> {
        self.successor
    }

    /// When [`super::Event::Wake`] is due.
    pub fn next_wake(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Accepted => Some(self.resend_at.min(self.expires)),
            _ if !self.resumed && self.can_resume() => Some(self.resend_at),
            Phase::Lost => Some(self.resend_at),
            Phase::Funding if self.misses_signature() => Some(self.resend_at),
            Phase::Idle if self.wants_turn() => Some(self.resend_at),
            Phase::Proposing | Phase::Answering | Phase::Revoking(..) => Some(self.resend_at),
            Phase::Closing if self.misses_closed() => Some(self.resend_at),
            _ => None,
        }
    }
}
