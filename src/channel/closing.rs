//! Closing together: the holder of the turn proposes the final split, the other signs it and brings it to the chain.

use super::{Body, Breach, Channel, ClosingDraft, Context, Effect, Invalid, Notice, Phase, Refusal};
use crate::primitives::{Action, Amount, Closing, Side, Signature, Transaction, UnsignedTransaction};

/// Base units that a cooperative close pays the miner: well above the least that is relayed.
const CLOSING_FEE: Amount = Amount::literal(1_000);

impl Channel {
    /// Closes as soon as the turn is ours, the payments that wait are made and HTLCs are resolved; offers no more of those.
    pub(super) fn want_close(&mut self, context: &mut Context<'_>) -> Result<Vec<Effect>, Invalid> {
        let (fee, balance) = (CLOSING_FEE, self.unpromised());
        if fee > balance {
            return Err(Refusal::CannotPayFee { fee, balance }.into());
        }
        self.wants_close = Some(fee);
        let resize = self.wants_resize.take().map(|_| Effect::Notice(Notice::NotResized));
        Ok(resize.into_iter().chain(self.advance(context)).collect())
    }

    pub(super) fn propose_close(&mut self, context: &mut Context<'_>, fee: Amount) -> Option<Effect> {
        self.wants_close = None;
        let mut draft = self.closing_draft(self.side, fee)?;
        draft.signatures[self.side.index()] = Some(context.key.sign(&draft.unsigned().signing_hash(context.genesis)));
        self.closing = Some(draft);
        self.enter(context, Phase::Closing);
        self.close_message().map(|body| self.say(body))
    }

    /// The holder of the turn wants to close.
    pub(super) fn on_close(
        &mut self,
        context: &mut Context<'_>,
        turn: u64,
        fee: Amount,
        signature: Signature,
    ) -> Result<Vec<Effect>, Invalid> {
        if turn < self.turn || !self.is_buried() || !self.resumed {
            return Ok(Vec::new());
        }
        if turn > self.turn {
            return Err(Breach::Ahead { what: "turn", found: turn, expected: self.turn }.into());
        }
        let proposer = self.side.other();
        if self.holder() != proposer {
            return Err(Breach::NotItsTurn { turn }.into());
        }
        let pending = self.state.htlcs.len();
        if pending > 0 {
            return Err(Breach::PendingHtlcs { pending }.into());
        }
        let balance = self.state.balances[proposer.index()];
        let mut draft = self.closing_draft(proposer, fee).ok_or(Breach::BadFee { fee, balance })?;
        let message = draft.unsigned().signing_hash(context.genesis);
        if !self.verify(context, &message, &signature) {
            return Err(Breach::BadSignature { what: "closing", number: self.number() }.into());
        }
        draft.signatures[proposer.index()] = Some(signature);
        draft.signatures[self.side.index()] = Some(context.key.sign(&message));
        self.closing = Some(draft);
        let given_up = self.give_up();
        self.enter(context, Phase::Closing);
        let submit = self.closing_transaction().map(Effect::Submit);
        Ok(submit.into_iter().chain(self.on_close_again()).chain(given_up).collect())
    }

    /// Our signature was lost, or overtaken.
    pub(super) fn on_close_again(&self) -> Vec<Effect> {
        let ours = self.closing.as_ref().filter(|draft| draft.proposer != self.side);
        let signature = ours.and_then(|draft| draft.signatures[self.side.index()].clone());
        signature.map(|signature| self.say(Body::Closed { signature })).into_iter().collect()
    }

    /// The other party agrees.
    pub(super) fn on_closed(
        &mut self,
        context: &mut Context<'_>,
        signature: Signature,
    ) -> Result<Vec<Effect>, Invalid> {
        let Some(draft) = self.closing.clone().filter(|_| self.misses_closed()) else {
            return Ok(Vec::new());
        };
        if !self.verify(context, &draft.unsigned().signing_hash(context.genesis), &signature) {
            return Err(Breach::BadSignature { what: "closing", number: self.number() }.into());
        }
        if let Some(draft) = &mut self.closing {
            draft.signatures[self.side.other().index()] = Some(signature);
        }
        Ok(self.closing_transaction().map(Effect::Submit).into_iter().collect())
    }

    pub(super) fn close_message(&self) -> Option<Body> {
        let draft = self.closing.as_ref()?;
        let signature = draft.signatures[self.side.index()].clone()?;
        Some(Body::Close { turn: self.turn, fee: draft.fee, signature })
    }

    /// Whether the other party's signature of what we proposed is not here.
    pub(super) fn misses_closed(&self) -> bool {
        self.closing.as_ref().is_some_and(|draft| draft.signatures[self.side.other().index()].is_none())
    }

    /// The closing transaction, once both have signed it.
    pub(super) fn closing_transaction(&self) -> Option<Transaction> {
        let draft = self.closing.as_ref()?;
        let [Some(signature), cosignature @ Some(_)] = draft.signatures.clone() else {
            return None;
        };
        Some(Transaction { unsigned: draft.unsigned(), signature, cosignature })
    }

    /// What both own now, less the proposer's fee.
    fn closing_draft(&self, proposer: Side, fee: Amount) -> Option<ClosingDraft> {
        let mut balances = self.state.balances;
        balances[proposer.index()] = balances[proposer.index()].checked_sub(fee)?;
        let closing = Closing { channel: self.id, keys: self.funding.keys(), balances };
        Some(ClosingDraft { proposer, closing, fee, signatures: [None, None] })
    }
}

impl ClosingDraft {
    fn unsigned(&self) -> UnsignedTransaction {
        UnsignedTransaction { fee: self.fee, action: Action::Close(Box::new(self.closing.clone())) }
    }
}
