//! Closing alone, and watching the chain: publish, refute, punish, settle.

use super::{CONFIRMATIONS, Channel, Context, Effect, Ending, Notice, Observation, Phase, Seen, WaitingFor};
use crate::primitives::{
    Action, Amount, CoSigned, Dispute, DisputeStep, FeeSource, Height, Policy, State, UnsignedTransaction,
};

/// Base units that a step of a dispute offers the miner at first: well above the least that is relayed.
const STEP_FEE: u64 = 1_500;
/// Each block that passes without the step raises the fee by a quarter, up to this many times (a hundredfold).
const MAX_RAISES: u32 = 20;
/// Blocks that the other party has to settle what it published, before we do.
const SETTLE_PATIENCE: u64 = 2;

impl Channel {
    /// Publishes a commitment. From now on we sign nothing else, also if it is reorged out.
    pub(super) fn publish_this(&mut self, context: &mut Context<'_>, (shown, state): (CoSigned, State)) -> Vec<Effect> {
        let number = shown.commitment.number;
        self.published = Some((shown, state));
        self.enter(context, Phase::Publishing);
        let submit = self.step(context, DisputeStep::Publish(shown));
        vec![Effect::Notice(Notice::Publishing { number }), submit]
    }

    /// The chain has changed: a view of all that it says of this channel.
    pub(super) fn on_chain(&mut self, context: &mut Context<'_>, seen: Observation) -> Vec<Effect> {
        let was_buried = self.is_buried();
        let grown = seen.height != self.chain.height;
        self.chain = seen;
        self.attempts += u32::from(grown);
        if let Some((_, ending)) = seen.ending {
            return self.ended(context, ending);
        }
        if let Some(publication) = seen.publication {
            return self.disputed(context, publication);
        }
        match &self.phase {
            Phase::Accepted if seen.height > self.funding.terms.valid_until => self.abandon(),
            Phase::Accepted => Vec::new(),
            Phase::Funding
            | Phase::Abandoned
            | Phase::Idle
            | Phase::Proposing
            | Phase::Answering
            | Phase::Revoking(..) => self.funded(context, was_buried),
            Phase::Closing => self.closing_transaction().map(Effect::Submit).into_iter().collect(),
            // A reorg took back what ended or disputed the channel: whoever signed it brings it again.
            Phase::Publishing | Phase::Disputed(_) | Phase::Closed(_) => self.taken_back(context),
        }
    }

    pub(super) fn waiting_in_dispute(&self, seen: &Seen) -> Option<WaitingFor> {
        let height = self.chain.height;
        if self.punishes(seen) {
            return Some(WaitingFor::Inclusion { transaction: "punish" });
        }
        if self.refutes(seen) {
            return Some(WaitingFor::Inclusion { transaction: "refute" });
        }
        if height >= seen.window_ends {
            return Some(WaitingFor::Inclusion { transaction: "settle" });
        }
        Some(WaitingFor::Window { ends: seen.window_ends, height })
    }

    /// The funding is on the chain, or is not any more.
    fn funded(&mut self, context: &mut Context<'_>, was_buried: bool) -> Vec<Effect> {
        let mut effects = Vec::new();
        match (self.chain.funding, &self.phase) {
            (None, Phase::Abandoned) => return effects,
            (None, _) if self.is_impossible() => return self.abandon(),
            (None, _) => effects.extend(self.funding_transaction().map(Effect::Submit)),
            (Some(_), Phase::Abandoned) => self.enter(context, Phase::Funding),
            (Some(_), _) => {}
        }
        if self.is_buried() && self.phase == Phase::Funding {
            self.enter(context, Phase::Idle);
            effects.push(Effect::Notice(Notice::Opened));
        }
        if was_buried && !self.is_buried() {
            effects.push(Effect::Notice(Notice::Unburied));
        }
        effects.extend(self.advance(context));
        effects
    }

    /// Whether the funding can never be included, as far as a reorg of usual depth can tell.
    fn is_impossible(&self) -> bool {
        let Observation { height, possible, .. } = self.chain;
        let late = height.0 > self.funding.terms.valid_until.0.saturating_add(CONFIRMATIONS);
        late || (!possible && self.phase == Phase::Funding)
    }

    fn disputed(&mut self, context: &mut Context<'_>, seen: Seen) -> Vec<Effect> {
        let mut effects = Vec::new();
        if !matches!(self.phase, Phase::Disputed(Some(_))) {
            let Seen { publisher, published: number, window_ends, .. } = seen;
            effects.push(Effect::Notice(Notice::Published { publisher, number, window_ends }));
            self.enter(context, Phase::Disputed(None));
        }
        let first = self.phase != Phase::Disputed(Some(seen));
        self.phase = Phase::Disputed(Some(seen));
        let own = self.signed.commitment.number;
        if let Some(secret) = self.revealed.get(seen.published).filter(|_| self.punishes(&seen)) {
            effects.extend(first.then_some(Effect::Notice(Notice::Punishing { number: seen.published })));
            effects.push(self.step(context, DisputeStep::Punish(secret)));
        } else if self.refutes(&seen) {
            effects.extend(first.then_some(Effect::Notice(Notice::Refuting { number: own })));
            effects.push(self.step(context, DisputeStep::Refute(self.signed)));
        } else if let Some(state) = self.state_of(seen.number).filter(|_| self.settles(&seen)) {
            effects.push(self.step(context, DisputeStep::Settle(state)));
        }
        effects
    }

    fn ended(&mut self, context: &mut Context<'_>, ending: Ending) -> Vec<Effect> {
        let new = self.phase != Phase::Closed(ending);
        if new {
            self.enter(context, Phase::Closed(ending));
        }
        new.then_some(Effect::Notice(Notice::Closed { ending })).into_iter().collect()
    }

    /// A publication or an ending is not on the chain (any more).
    fn taken_back(&mut self, context: &mut Context<'_>) -> Vec<Effect> {
        if let Some((shown, _)) = self.published {
            if self.phase != Phase::Publishing {
                self.enter(context, Phase::Publishing);
            }
            return vec![self.step(context, DisputeStep::Publish(shown))];
        }
        let close = self.closing_transaction();
        let phase = if close.is_some() { Phase::Closing } else { Phase::Disputed(None) };
        if self.phase != phase {
            self.enter(context, phase);
        }
        close.map(Effect::Submit).into_iter().chain(self.funding_if_missing()).collect()
    }

    fn funding_if_missing(&self) -> Option<Effect> {
        self.chain.funding.is_none().then(|| self.funding_transaction().map(Effect::Submit))?
    }

    /// The publisher had revoked it, and that costs everything.
    fn punishes(&self, seen: &Seen) -> bool {
        let theirs = seen.publisher == self.side.other() && self.funding.terms.policy == Policy::Penalty;
        theirs && self.revealed.get(seen.published).is_some()
    }

    /// Ours is newer, and the next block is not too late.
    fn refutes(&self, seen: &Seen) -> bool {
        let theirs = seen.publisher == self.side.other() && seen.number < self.signed.commitment.number;
        theirs && self.chain.height < seen.window_ends
    }

    /// The next block is past the window; the publisher goes first.
    fn settles(&self, seen: &Seen) -> bool {
        let patience = if seen.publisher == self.side { 0 } else { SETTLE_PATIENCE };
        self.chain.height.0 >= seen.window_ends.0 + patience
    }

    /// The state of a commitment that we have signed and that is not revoked.
    fn state_of(&self, number: u64) -> Option<State> {
        let newest = (self.signed.commitment.number, self.state);
        let pending = self.pending.map(|draft| (draft.commitment.number, draft.state));
        let published = self.published.map(|(shown, state)| (shown.commitment.number, state));
        let known = [Some(newest), pending, published].into_iter().flatten().find(|(known, _)| *known == number);
        known.map(|(_, state)| state)
    }

    /// One step of the dispute, with a fee that rises while it waits.
    fn step(&self, context: &Context<'_>, step: DisputeStep) -> Effect {
        let fee = (0..self.attempts.min(MAX_RAISES)).fold(STEP_FEE, |fee, _| fee + fee / 4);
        let fee = Amount::new(fee).expect("a hundredfold of a small number");
        let enough = context.balance >= fee || self.funding.terms.reserve < fee;
        let fee_from = if enough { FeeSource::Account } else { FeeSource::Reserve };
        let payer = context.key.public();
        let dispute = Dispute { channel: self.id, keys: self.funding.keys(), payer, fee_from, step };
        let unsigned = UnsignedTransaction { fee, action: Action::Dispute(Box::new(dispute)) };
        Effect::Submit(unsigned.sign(context.key, context.genesis))
    }
}

impl Seen {
    /// Blocks left in which a newer commitment can be included after one at `height`.
    pub fn blocks_left(&self, height: Height) -> u64 {
        self.window_ends.0.saturating_sub(height.0)
    }
}
