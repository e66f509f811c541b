//! Closing alone, and watching the chain: publish, refute, punish, settle.

use super::{
    CONFIRMATIONS, Channel, Context, Effect, Ending, Notice, Observation, Phase, Seen, WaitingFor,
    justice::{Justice, step_fee},
};
use crate::primitives::{
    Action, Amount, CoSigned, Dispute, DisputeStep, FeeSource, Height, State, UnsignedTransaction,
};

/// Blocks that the other party has to settle what it published, before we do.
pub const SETTLE_PATIENCE: u64 = 2;

impl Channel {
    /// Publishes a commitment. From now on we sign nothing else, also if it is reorged out.
    pub(super) fn publish_this(&mut self, context: &mut Context<'_>, (shown, state): (CoSigned, State)) -> Vec<Effect> {
        let number = shown.commitment.number;
        let given_up = self.give_up();
        self.published = Some((shown.clone(), state));
        self.enter(context, Phase::Publishing);
        let submit = self.step(context, DisputeStep::Publish(shown));
        [Effect::Notice(Notice::Publishing { number })].into_iter().chain(submit).chain(given_up).collect()
    }

    /// The chain has changed: a view of all that it says of this channel.
    pub(super) fn on_chain(&mut self, context: &mut Context<'_>, seen: Observation) -> Vec<Effect> {
        let was_buried = self.is_buried();
        let grown = seen.height != self.chain.height;
        self.chain = seen;
        self.attempts += u32::from(grown);
        let mut effects = self.hear_of_htlcs();
        effects.extend(self.follow_chain(context, was_buried));
        effects
    }

    fn follow_chain(&mut self, context: &mut Context<'_>, was_buried: bool) -> Vec<Effect> {
        if let Some((_, ending)) = self.chain.ending {
            return self.ended(context, ending);
        }
        if let Some(publication) = self.chain.publication {
            return self.disputed(context, publication);
        }
        match &self.phase {
            Phase::Accepted if self.chain.height > self.funding.terms.valid_until => self.abandon(),
            Phase::Accepted => Vec::new(),
            Phase::Abandoned => self.found_again(context),
            _ if self.is_impossible() && !self.lost => self.abandon(),
            Phase::Funding | Phase::Idle | Phase::Proposing | Phase::Answering | Phase::Revoking(..) => {
                self.funded(context, was_buried)
            }
            Phase::Resizing => self.awaits_successor(context),
            Phase::Closing if self.chain.funding.is_none() => self.funding_again(),
            Phase::Closing => self.closing_transaction().map(Effect::Submit).into_iter().collect(),
            // A reorg took back what ended or disputed the channel: whoever signed it brings it again.
            Phase::Publishing | Phase::Disputed(_) | Phase::Lost | Phase::Closed(_) => self.taken_back(context),
        }
    }

    pub(super) fn waiting_in_dispute(&self, seen: &Seen) -> Option<WaitingFor> {
        let height = self.chain.height;
        if self.justice().punishes(seen).is_some() {
            return Some(WaitingFor::Inclusion { transaction: "punish" });
        }
        if self.justice().refutes(seen, height) {
            return Some(WaitingFor::Inclusion { transaction: "refute" });
        }
        let undecided = self.state_of(seen.number).and_then(|state| self.undecided(&state));
        if let Some(expiry) = undecided.filter(|expiry| *expiry > seen.window_ends) {
            return Some(WaitingFor::Expiry { expiry, height });
        }
        if height >= seen.window_ends {
            return Some(WaitingFor::Inclusion { transaction: "settle" });
        }
        Some(WaitingFor::Window { ends: seen.window_ends, height })
    }

    /// The funding is on the chain, or is not any more.
    fn funded(&mut self, context: &mut Context<'_>, was_buried: bool) -> Vec<Effect> {
        let mut effects = self.funding_again();
        if self.is_buried() && self.phase == Phase::Funding {
            self.enter(context, Phase::Idle);
            effects.push(Effect::Notice(Notice::Opened));
        }
        if was_buried && !self.is_buried() {
            effects.push(Effect::Notice(Notice::Unburied));
        }
        if self.phase.is_live() && self.chain.funding.is_some() {
            effects.extend(self.mind_deadlines(context));
        }
        effects.extend(self.advance(context));
        effects
    }

    /// Whether the funding can never be included, as far as a reorg of usual depth can tell.
    fn is_impossible(&self) -> bool {
        let Observation { height, possible, funding, .. } = self.chain;
        let late = height.0 > self.funding.terms.valid_until.0.saturating_add(CONFIRMATIONS);
        funding.is_none() && (late || (!possible && self.phase == Phase::Funding))
    }

    /// The funding was given up; if it is on the chain all the same, everything goes on where it stood.
    fn found_again(&mut self, context: &mut Context<'_>) -> Vec<Effect> {
        let Some(phase) = self.resumes.take_if(|_| self.chain.funding.is_some()) else {
            return Vec::new();
        };
        self.enter(context, phase);
        self.on_chain(context, self.chain.clone())
    }

    /// The funding, if both have signed it and a reorg took it back.
    pub(super) fn funding_again(&self) -> Vec<Effect> {
        let missing = self.chain.funding.is_none();
        missing.then(|| self.funding_transaction().map(Effect::Submit)).flatten().into_iter().collect()
    }

    fn disputed(&mut self, context: &mut Context<'_>, seen: Seen) -> Vec<Effect> {
        let mut effects = Vec::new();
        // Both have signed what is shown: if we do not remember that, we have lost what came after ours.
        self.lost |= seen.number > self.last_signed();
        if !matches!(self.phase, Phase::Disputed(Some(_))) {
            let Seen { publisher, published: number, window_ends, .. } = seen;
            effects.push(Effect::Notice(Notice::Published { publisher, number, window_ends }));
            effects.extend(self.give_up());
            self.enter(context, Phase::Disputed(None));
        }
        let first = self.phase != Phase::Disputed(Some(seen));
        self.phase = Phase::Disputed(Some(seen));
        let number = self.number();
        let (notice, step) = if let Some(secret) = self.justice().punishes(&seen) {
            (Some(Notice::Punishing { number: seen.published }), DisputeStep::Punish(secret))
        } else if self.justice().refutes(&seen, self.chain.height) {
            (Some(Notice::Refuting { number }), DisputeStep::Refute(self.signed.clone()))
        } else if let Some(state) = self.state_of(seen.number).filter(|state| self.settles(&seen, state)) {
            (None, DisputeStep::Settle(state))
        } else {
            // Nothing of ours waits but preimages, if any: otherwise the next step begins with the lowest fee.
            let reveals = self.reveal(context);
            self.attempts = if reveals.is_empty() { 0 } else { self.attempts };
            effects.extend(reveals);
            return effects;
        };
        let revealing = !matches!(step, DisputeStep::Punish(_) | DisputeStep::Settle(_));
        effects.extend(notice.filter(|_| first).map(Effect::Notice));
        effects.extend(self.step(context, step));
        if revealing {
            effects.extend(self.reveal(context));
        }
        effects
    }

    fn ended(&mut self, context: &mut Context<'_>, ending: Ending) -> Vec<Effect> {
        if self.phase == Phase::Closed(ending) {
            return Vec::new();
        }
        // Payments that wait are made by the one that takes its place.
        let goes_over = self.phase == Phase::Resizing && ending == Ending::Resized;
        let given_up = if goes_over { Vec::new() } else { self.give_up() };
        self.enter(context, Phase::Closed(ending));
        [Effect::Notice(Notice::Closed { ending })].into_iter().chain(given_up).collect()
    }

    /// A publication or an ending is not on the chain (any more): brings ours again, and what cannot wait for it.
    fn taken_back(&mut self, context: &mut Context<'_>) -> Vec<Effect> {
        let made_room = self.phase == Phase::Closed(Ending::Resized) && self.pending.is_none();
        let phase = match (&self.published, &self.closing, &self.successor) {
            _ if self.lost => Phase::Lost,
            (Some(_), _, _) => Phase::Publishing,
            (None, Some(_), _) => Phase::Closing,
            (None, None, Some(_)) if made_room => Phase::Resizing,
            (None, None, _) => Phase::Disputed(None),
        };
        if self.phase != phase {
            self.enter(context, phase);
        }
        if self.phase == Phase::Resizing {
            return self.awaits_successor(context);
        }
        if self.chain.funding.is_none() {
            return self.funding_again();
        }
        match &self.phase {
            Phase::Lost => return self.reveal_in_time(context),
            Phase::Disputed(_) => return self.mind_deadlines(context),
            _ => {}
        }
        let publish =
            self.published.as_ref().and_then(|(shown, _)| self.step(context, DisputeStep::Publish(shown.clone())));
        let close = publish.or_else(|| self.closing_transaction().map(Effect::Submit));
        close.into_iter().chain(self.reveal(context)).collect()
    }

    /// The number of the newest commitment that we have signed, as far as we remember.
    fn last_signed(&self) -> u64 {
        let draft = self.pending.as_ref().filter(|draft| draft.ours.is_some());
        draft.map_or(self.number(), |draft| draft.commitment.number)
    }

    fn justice(&self) -> Justice<'_> {
        let (newest, policy) = (&self.signed, self.funding.terms.policy);
        Justice { side: self.side, policy, newest, revealed: &self.revealed }
    }

    /// The next block is past the window and decides every HTLC; the publisher goes first.
    fn settles(&self, seen: &Seen, state: &State) -> bool {
        let patience = if seen.publisher == self.side { 0 } else { SETTLE_PATIENCE };
        let since = self.decided_at(state).max(seen.window_ends);
        self.undecided(state).is_none() && self.chain.height.0 >= since.0 + patience
    }

    /// The expiry of an HTLC that the next block does not decide; the latest, if there are several.
    fn undecided(&self, state: &State) -> Option<Height> {
        state.htlcs.iter().filter(|htlc| !self.is_decided(htlc)).map(|htlc| htlc.expiry).max()
    }

    /// From which height on all HTLCs are decided, if all are.
    fn decided_at(&self, state: &State) -> Height {
        let expiries = state.htlcs.iter().filter(|htlc| self.registered(htlc).is_none()).map(|htlc| htlc.expiry);
        expiries.max().unwrap_or_default()
    }

    /// The state of a commitment that we have signed and that is not revoked.
    pub fn state_of(&self, number: u64) -> Option<State> {
        let newest = (self.signed.commitment.number, &self.state);
        let pending = self.pending.as_ref().map(|draft| (draft.commitment.number, &draft.state));
        let published = self.published.as_ref().map(|(shown, state)| (shown.commitment.number, state));
        let known = [Some(newest), pending, published].into_iter().flatten().find(|(known, _)| *known == number);
        known.map(|(_, state)| state.clone())
    }

    /// One step of the dispute, with a fee that rises while it waits: out of the account if that has so much, or out of our reserve in the
    /// channel, or whatever there is; nothing if there is nothing.
    pub(super) fn step(&self, context: &Context<'_>, step: DisputeStep) -> Option<Effect> {
        self.step_worth(context, step, Amount::MAX)
    }

    /// The same, with a fee of at most what it is worth.
    pub(super) fn step_worth(&self, context: &Context<'_>, step: DisputeStep, worth: Amount) -> Option<Effect> {
        let wanted = step_fee(self.attempts, self.funding.capacity().unwrap_or_default()).min(worth);
        let published = self.chain.publication.is_some() || matches!(step, DisputeStep::Publish(_));
        let (account, reserve) = ((context.balance)(), if published { self.reserve_left() } else { Amount::ZERO });
        if !published && account < wanted {
            return None;
        }
        let from_account = account >= wanted || (reserve < wanted && account >= reserve);
        let fee_from = if from_account { FeeSource::Account } else { FeeSource::Reserve };
        let fee = wanted.min(if from_account { account } else { reserve });
        let payer = context.key.public();
        let dispute = Dispute { channel: self.id, keys: self.funding.keys(), payer, fee_from, step };
        let unsigned = UnsignedTransaction { fee, action: Action::Dispute(Box::new(dispute)) };
        (fee > Amount::ZERO).then(|| Effect::Submit(unsigned.sign(context.key, context.genesis)))
    }

    /// What fees of ours may still take out of the channel.
    fn reserve_left(&self) -> Amount {
        let charged = self.chain.publication.map_or(Amount::ZERO, |seen| seen.charged[self.side.index()]);
        self.funding.terms.reserve.checked_sub(charged).unwrap_or(Amount::ZERO)
    }
}
