//! Updates: propose, sign, commit, revoke. Two signatures, two verifications, and one commitment on its way at a time.

use super::{
    Body, Breach, Change, Channel, Context, Draft, Effect, Event, Instruction, Invalid, MAX_WAITING, Notice, Origin,
    Outgoing, Phase, Refusal, queue::product,
};
use crate::primitives::{Amount, CoSigned, Commitment, CommitmentSecret, Hash, MAX_COMMITMENTS, Side, Signature};

impl Channel {
    /// Queues a payment so many times, and proposes the first if it is our turn.
    pub(super) fn pay(
        &mut self,
        context: &mut Context<'_>,
        amount: Amount,
        times: u32,
    ) -> Result<Vec<Effect>, Invalid> {
        let spendable = self.spendable();
        let total = product(amount, times).unwrap_or(Amount::MAX);
        if total == Amount::ZERO {
            return Err(Refusal::NothingToPay.into());
        }
        if total > spendable {
            return Err(Refusal::CannotPay { amount: total, spendable }.into());
        }
        if self.waiting.count() + u64::from(times) > MAX_WAITING as u64 {
            return Err(Refusal::TooManyWaiting { limit: MAX_WAITING }.into());
        }
        if self.number() + 1 >= MAX_COMMITMENTS {
            return Err(Refusal::Exhausted.into());
        }
        self.waiting.push(amount, times);
        Ok(self.advance(context))
    }

    /// Does what is next when no update is under way: proposes, asks for the turn, or closes.
    pub(super) fn advance(&mut self, context: &mut Context<'_>) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.phase != Phase::Idle || !self.is_buried() || !self.resumed {
            return effects;
        }
        if self.wants_turn() {
            self.enter(context, Phase::Idle);
            effects.push(self.say(Body::Ask { turn: self.turn }));
            return effects;
        }
        if self.holder() != self.side {
            return effects;
        }
        if let Some(change) = self.resolution() {
            effects.extend(self.propose(context, change, None));
            return effects;
        }
        if let Some((htlc, origin)) = self.next_offer(&mut effects) {
            effects.extend(self.propose(context, Change::Offer(Box::new(htlc)), Some(origin)));
            return effects;
        }
        while let Some(amount) = self.waiting.pop() {
            let spendable = self.above_reserve(self.side);
            if amount > spendable {
                effects.push(Effect::Notice(Notice::NotPaid { amount, spendable }));
                continue;
            }
            effects.extend(self.propose(context, Change::Pay { amount }, None));
            return effects;
        }
        if !self.state.htlcs.is_empty() {
            return effects;
        }
        if let Some(fee) = self.wants_close {
            effects.extend(self.propose_close(context, fee));
        } else if let Some(wish) = self.wants_resize.take() {
            effects.push(Effect::Resize(wish));
        }
        effects
    }

    /// What we have proposed to pay or to offer, and nobody but the other party has signed.
    pub(super) fn proposed(&self) -> Option<Amount> {
        match &self.proposed_draft()?.change {
            Change::Pay { amount } => Some(*amount),
            Change::Offer(htlc) => Some(htlc.amount),
            Change::Fulfil { .. } | Change::Fail { .. } => None,
        }
    }

    /// No payment will be made any more: says so for those that were still to be.
    pub(super) fn give_up(&mut self) -> Vec<Effect> {
        let proposed = self.proposed_draft().and_then(|draft| match draft.change {
            Change::Pay { amount } => Some(amount),
            _ => None,
        });
        let (others, spendable) = (self.give_up_but_payments(), Amount::ZERO);
        let given_up = proposed.into_iter().chain(self.waiting.drain());
        given_up.map(|amount| Effect::Notice(Notice::NotPaid { amount, spendable })).chain(others).collect()
    }

    /// As [`Channel::give_up`], but payments go on waiting.
    pub(super) fn give_up_but_payments(&mut self) -> Vec<Effect> {
        let offers = self.give_up_offers();
        self.wants_close = None;
        let resize = self.wants_resize.take().map(|_| Effect::Notice(Notice::NotResized));
        offers.into_iter().chain(resize).collect()
    }

    pub(super) const fn number(&self) -> u64 {
        self.signed.commitment.number
    }

    /// Idle, and the other party has the turn.
    pub(super) fn on_propose(
        &mut self,
        context: &mut Context<'_>,
        number: u64,
        turn: u64,
        change: Change,
    ) -> Result<Vec<Effect>, Invalid> {
        if number <= self.number() || turn < self.turn || !self.is_buried() || !self.resumed {
            return Ok(Vec::new());
        }
        check_ahead("number", number, self.number() + 1)?;
        check_ahead("turn", turn, self.turn)?;
        if self.holder() == self.side {
            return Err(Breach::NotItsTurn { turn }.into());
        }
        let mut draft = self.draft(context, change, self.side.other())?;
        let Some(learned) = self.learn(&draft.change) else {
            return Ok(Vec::new());
        };
        draft.ours = Some(draft.commitment.sign(context.key, context.genesis, &self.id));
        self.pending = Some(draft);
        self.enter(context, Phase::Answering);
        // Whoever is to be told of a preimage is told before we pay for it.
        Ok(learned.into_iter().chain(self.sign_message().map(|body| self.say(body))).collect())
    }

    /// We have signed already: the same words again, or none.
    pub(super) fn on_propose_again(&self, number: u64, change: Change) -> Result<Vec<Effect>, Invalid> {
        check_ahead("number", number, self.number() + 1)?;
        if number <= self.number() {
            return Ok(Vec::new());
        }
        if self.pending.as_ref().is_some_and(|draft| draft.change != change) {
            return Err(Breach::Equivocation { number }.into());
        }
        Ok(self.sign_message().map(|body| self.say(body)).into_iter().collect())
    }

    /// The responder has signed what we proposed: we sign, and revoke the one before.
    pub(super) fn on_sign(
        &mut self,
        context: &mut Context<'_>,
        number: u64,
        theirs: Signature,
    ) -> Result<Vec<Effect>, Invalid> {
        check_ahead("number", number, self.number() + 1)?;
        let Some(draft) = self.pending.as_ref().filter(|_| number > self.number()) else {
            return Ok(Vec::new());
        };
        let message = draft.commitment.signing_hash(context.genesis, &self.id);
        if !self.verify(context, &message, &theirs) {
            return Err(Breach::BadSignature { what: "commitment", number }.into());
        }
        let draft = self.pending.take().expect("what was just verified");
        let (mine, origin) = (context.key.sign(&message), draft.origin);
        let revoked = self.signed.commitment.points[self.side.other().index()];
        let change = self.adopt(draft, mine, theirs);
        if let Change::Offer(htlc) = &change {
            // It may have taken so long that the origin was told how it ends.
            let outgoing = origin.map_or_else(|| self.told(htlc), Outgoing::Pending);
            self.outgoing.insert(number, outgoing);
        }
        (self.their_next, self.answered) = (None, None);
        self.enter(context, Phase::Revoking(change, revoked));
        let commit = self.commit_message(context);
        Ok(vec![self.say(commit)])
    }

    /// Our commit was lost, or overtaken.
    pub(super) fn on_sign_again(&mut self, context: &mut Context<'_>, number: u64) -> Result<Vec<Effect>, Invalid> {
        check_ahead("number", number, self.number())?;
        if number < self.number() {
            return Ok(Vec::new());
        }
        let commit = self.commit_message(context);
        Ok(vec![self.say(commit)])
    }

    /// The proposer has signed, too, and revoked: the new commitment is ours, and we revoke the one before.
    pub(super) fn on_commit(
        &mut self,
        context: &mut Context<'_>,
        number: u64,
        theirs: Signature,
        secret: CommitmentSecret,
        next_point: Hash,
    ) -> Result<Vec<Effect>, Invalid> {
        check_ahead("number", number, self.number() + 1)?;
        let draft = self.pending.as_ref().filter(|_| number > self.number());
        let Some((draft, mine)) = draft.and_then(|draft| Some((draft, draft.ours.clone()?))) else {
            return Ok(Vec::new());
        };
        let message = draft.commitment.signing_hash(context.genesis, &self.id);
        if !self.verify(context, &message, &theirs) {
            return Err(Breach::BadSignature { what: "commitment", number }.into());
        }
        self.take_secret(secret, self.signed.commitment.points[self.side.other().index()], number - 1)?;
        let draft = self.pending.take().expect("what was just verified");
        let change = self.adopt(draft, mine, theirs);
        let yields = !self.has_work() && !is_for_us(&change);
        (self.their_next, self.answered) = (Some(next_point), Some(yields));
        self.turn += 1 + u64::from(yields);
        self.enter(context, Phase::Idle);
        let revoke = self.revoke_message(context, yields);
        let mut effects = vec![self.say(revoke)];
        if let Change::Pay { amount } = change {
            effects.push(Effect::Notice(Notice::Received { amount, number }));
        }
        effects.extend(self.settled_by_them(change, number));
        effects.extend(self.advance(context));
        Ok(effects)
    }

    /// Our revocation was lost, or overtaken.
    pub(super) fn on_commit_again(&mut self, context: &mut Context<'_>, number: u64) -> Result<Vec<Effect>, Invalid> {
        if number > self.number() {
            return Err(Breach::OutOfOrder { message: "commit", phase: self.phase.name() }.into());
        }
        let Some(yields) = self.answered.filter(|_| number == self.number()) else {
            return Ok(Vec::new());
        };
        let revoke = self.revoke_message(context, yields);
        Ok(vec![self.say(revoke)])
    }

    /// The responder has revoked the one before: the update is complete.
    pub(super) fn on_revoke(
        &mut self,
        context: &mut Context<'_>,
        number: u64,
        secret: CommitmentSecret,
        next_point: Hash,
        yields: bool,
    ) -> Result<Vec<Effect>, Invalid> {
        let Phase::Revoking(_, point) = self.phase else { return Ok(Vec::new()) };
        check_ahead("number", number, self.number() - 1)?;
        if number + 1 < self.number() {
            return Ok(Vec::new());
        }
        self.take_secret(secret, point, number)?;
        self.their_next = Some(next_point);
        self.turn += 1 + u64::from(yields);
        let mut effects = Vec::new();
        if let Phase::Revoking(change, _) = std::mem::replace(&mut self.phase, Phase::Idle) {
            self.settled_by_us(&change);
            if let Change::Pay { amount } = change {
                effects.push(Effect::Notice(Notice::Paid { amount, number: self.number() }));
            }
        }
        self.enter(context, Phase::Idle);
        if let Some(body) = self.early.take() {
            // What is wrong with it is said when it comes again.
            effects.extend(self.handle(context, Event::Message(*body)).unwrap_or_default());
        }
        effects.extend(self.advance(context));
        Ok(effects)
    }

    /// What the other party said after its revocation came before it.
    pub(super) fn on_early(&mut self, body: Body) -> Result<Vec<Effect>, Invalid> {
        self.ahead(&body)?;
        let is_early = match &body {
            Body::Propose { number, .. } => *number > self.number(),
            Body::Ask { turn } | Body::Close { turn, .. } => *turn > self.turn,
            _ => false,
        };
        if is_early {
            self.early = Some(Box::new(body));
        }
        Ok(Vec::new())
    }

    /// The other party has something to propose. If we have not, the turn is its own.
    pub(super) fn on_ask(&mut self, context: &mut Context<'_>, turn: u64) -> Result<Vec<Effect>, Invalid> {
        let theirs = self.holder() != self.side;
        check_ahead("turn", turn, self.turn + u64::from(theirs))?;
        let idle = !self.has_work();
        if turn > self.turn {
            // It gave us the turn, which we have not heard, and wants it back.
            self.turn = turn;
            if !idle {
                return Ok(self.advance(context));
            }
        }
        let ours = self.holder() == self.side;
        if ours && turn == self.turn && idle {
            self.turn += 1;
            return Ok(vec![self.say(Body::Yield { turn: self.turn })]);
        }
        // It did not hear that the turn has passed.
        Ok((!ours && turn + 1 == self.turn).then(|| self.say(Body::Yield { turn: self.turn })).into_iter().collect())
    }

    /// The turn is ours.
    pub(super) fn on_yield(&mut self, context: &mut Context<'_>, turn: u64) -> Result<Vec<Effect>, Invalid> {
        if turn <= self.turn {
            return Ok(Vec::new());
        }
        check_ahead("turn", turn, self.turn + 1)?;
        if self.holder() == self.side {
            return Err(Breach::NotItsTurn { turn }.into());
        }
        self.turn = turn;
        Ok(self.advance(context))
    }

    /// Numbers and turns that no honest party can have reached, in messages that this phase does not act upon.
    pub(super) fn ahead(&self, body: &Body) -> Result<(), Invalid> {
        if !self.phase.is_live() {
            return Ok(());
        }
        let out_of_order = Breach::OutOfOrder { message: body.kind(), phase: self.phase.name() };
        match body {
            Body::Propose { number, .. } => check_ahead("number", *number, self.number() + 1),
            Body::Sign { number, .. } | Body::Commit { number, .. } if *number > self.number() => {
                Err(out_of_order.into())
            }
            Body::Revoke { number, .. } if *number >= self.number() => Err(out_of_order.into()),
            Body::Ask { turn } | Body::Yield { turn } | Body::Close { turn, .. } => {
                check_ahead("turn", *turn, self.turn + 2)
            }
            Body::Closed { .. } => Err(out_of_order.into()),
            _ => Ok(()),
        }
    }

    pub(super) fn propose_message(&self) -> Option<Body> {
        let draft = self.pending.as_ref()?;
        Some(Body::Propose { number: draft.commitment.number, turn: self.turn, change: draft.change.clone() })
    }

    pub(super) fn sign_message(&self) -> Option<Body> {
        let draft = self.pending.as_ref()?;
        Some(Body::Sign { number: draft.commitment.number, signature: draft.ours.clone()? })
    }

    pub(super) fn commit_message(&mut self, context: &Context<'_>) -> Body {
        let number = self.number();
        let secret = self.secret(context, number - 1);
        let next_point = self.secret(context, number + 1).point();
        Body::Commit { number, signature: self.signed.signatures[self.side.index()].clone(), secret, next_point }
    }

    fn revoke_message(&mut self, context: &Context<'_>, yields: bool) -> Body {
        let number = self.number() - 1;
        let secret = self.secret(context, number);
        let next_point = self.secret(context, number + 2).point();
        Body::Revoke { number, secret, next_point, yields }
    }

    fn propose(&mut self, context: &mut Context<'_>, change: Change, origin: Option<Origin>) -> Option<Effect> {
        let draft = self.draft(context, change, self.side).expect("advance() compared it with what we can spend");
        self.pending = Some(Draft { origin, ..draft });
        self.enter(context, Phase::Proposing);
        self.propose_message().map(|body| self.say(body))
    }

    /// The commitment to which a change by `proposer` leads.
    fn draft(&mut self, context: &Context<'_>, change: Change, proposer: Side) -> Result<Draft, Breach> {
        let number = self.number() + 1;
        let mut points = [self.secret(context, number).point(); 2];
        points[self.side.other().index()] = self.their_next.expect("it is known whenever no update is under way");
        let state = self.changed(&change, proposer, number)?;
        let commitment = Commitment { number, state: state.hash(), points };
        Ok(Draft { change, origin: None, state, commitment, ours: None })
    }

    /// A draft that both have signed is the newest commitment; what it changed.
    fn adopt(&mut self, draft: Draft, mine: Signature, theirs: Signature) -> Change {
        let signatures = if self.side == Side::Opener { [mine, theirs] } else { [theirs, mine] };
        self.signed = CoSigned { commitment: draft.commitment, signatures };
        self.state = draft.state;
        draft.change
    }

    fn take_secret(&mut self, secret: CommitmentSecret, point: Hash, number: u64) -> Result<(), Breach> {
        let fits = secret.point() == point && self.revealed.count() == number;
        if fits && self.revealed.insert(secret).is_ok() { Ok(()) } else { Err(Breach::BadSecret { number }) }
    }
}

/// Whether it offers us a payment whose payee we are: we shall want the turn at once.
fn is_for_us(change: &Change) -> bool {
    matches!(change, Change::Offer(htlc) if htlc.packet.open() == Ok(Instruction::Deliver))
}

fn check_ahead(what: &'static str, found: u64, expected: u64) -> Result<(), Invalid> {
    if found > expected { Err(Breach::Ahead { what, found, expected }.into()) } else { Ok(()) }
}
