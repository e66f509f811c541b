//! Resizing: a channel makes room for another one between the same two, with other deposits.
//!
//! The new one is opened like any, by whoever holds the turn of this one; its funding ends this one. Who has offered or accepted it signs no
//! update here, since what both own here is part of what is signed there. This one goes on once that funding can never be included, or at
//! once if we have not signed it. It can be closed without the other's consent all the while: then the funding is worthless.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use super::{CONFIRMATIONS, Channel, Context, Effect, Invalid, Notice, Phase, Refusal, Request, WaitingFor};
use crate::primitives::{Amount, Hash, Height, Resizing, Side, Terms};

/// What our owner wants of a resize.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wish {
    /// What we lock in the new channel, base units.
    pub ours: Amount,
    /// What we pay the miner of its funding, base units.
    pub fee: Amount,
}

/// The channel that may take the place of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Successor {
    /// What both call it.
    pub handle: Hash,
    /// The last height at which its funding may be included.
    pub valid_until: Height,
}

impl Channel {
    /// What a funding says of this channel that ends it as it stands, opened by us.
    pub fn resizing(&self) -> Resizing {
        self.resizing_by(self.side)
    }

    /// Whether another channel may take its place as the other party asks: not now, if that is `false`, but it may be asked again.
    ///
    /// # Errors
    /// Why not, for people.
    pub fn may_resize(&self, request: &Request) -> Result<bool, &'static str> {
        let (side, other) = (self.side.index(), self.side.other());
        if !self.phase.is_live() && self.phase != Phase::Resizing {
            return Err("the channel is not open");
        }
        if self.wants_close.is_some() {
            return Err("the channel is to be closed");
        }
        if self.phase != Phase::Idle || !self.is_buried() || !self.resumed {
            return Ok(false);
        }
        if !self.state.htlcs.is_empty() {
            return Err("HTLCs are pending");
        }
        if self.holder() != other || request.resizes != Some(self.resizing_by(other)) {
            return Err("the channel does not stand so");
        }
        if request.party.key != self.funding.parties[other.index()].key {
            return Err("the channel is with somebody else");
        }
        if request.theirs != self.state.balances[side] {
            return Err("the balance of the other side is to stay as it is");
        }
        let Terms { valid_until, .. } = request.terms;
        if request.terms != (Terms { valid_until, ..self.funding.terms.clone() }) {
            return Err("the terms are to stay as they are");
        }
        Ok(true)
    }

    /// Payments that wait, equal ones together; none does any more. For the channel that has taken its place.
    pub fn hand_over(&mut self) -> Vec<(Amount, u32)> {
        self.waiting.take()
    }

    /// Is to be resized as soon as the turn is ours and the payments that wait are made; offers no more HTLCs.
    pub(super) fn want_resize(&mut self, context: &mut Context<'_>, wish: Wish) -> Result<Vec<Effect>, Invalid> {
        let pending = self.state.htlcs.len() + self.queued().count();
        if pending > 0 {
            return Err(Refusal::HtlcsPending { pending }.into());
        }
        let ends = |phase| Err(Refusal::WrongPhase { phase, command: "be resized" }.into());
        match (self.wants_close, self.wants_resize) {
            (Some(_), _) => return ends("to be closed"),
            (None, Some(_)) => return ends("to be resized"),
            (None, None) => self.wants_resize = Some(wish),
        }
        Ok(self.advance(context))
    }

    /// Another channel may take its place from now on.
    pub(super) fn make_room(&mut self, context: &mut Context<'_>, successor: Successor) -> Vec<Effect> {
        let given_up = self.give_up_but_payments();
        self.successor = Some(successor);
        self.enter(context, Phase::Resizing);
        [Effect::Notice(Notice::Resizing)].into_iter().chain(given_up).collect()
    }

    /// No other channel takes its place.
    pub(super) fn go_on(&mut self, context: &mut Context<'_>) -> Vec<Effect> {
        self.enter(context, Phase::Idle);
        [Effect::Notice(Notice::NotResized)].into_iter().chain(self.advance(context)).collect()
    }

    /// The chain shows no end. The other's funding may still be included, unless its time and that of a usual reorg have passed.
    pub(super) fn awaits_successor(&mut self, context: &mut Context<'_>) -> Vec<Effect> {
        let mut effects = self.funding_again();
        let last = self.successor.map_or(Height(0), |successor| successor.valid_until);
        if self.chain.height.0 > last.0.saturating_add(CONFIRMATIONS) {
            effects.extend(self.go_on(context));
        }
        effects
    }

    pub(super) fn waiting_for_successor(&self) -> Option<WaitingFor> {
        let height = self.chain.height;
        self.successor.map(|Successor { valid_until, .. }| WaitingFor::Successor { valid_until, height })
    }

    fn resizing_by(&self, opener: Side) -> Resizing {
        let of = |side: Side| self.state.balances[side.index()];
        Resizing { channel: self.id, balances: [of(opener), of(opener.other())] }
    }
}
