//! HTLCs and the chain: what its register of preimages says of them, and what must not wait any longer.

use super::{
    CLAIM_MARGIN, CONFIRMATIONS, Channel, Context, Effect, FailureReason, GIVE_BACK, NewHtlc, News, Origin, Outgoing,
    REORG_MARGIN,
};
use crate::primitives::{DisputeStep, Height, Htlc, MAX_EXPIRY, PaymentHash, Preimage, Revelation, State};

impl Channel {
    /// What a new block says of HTLCs that we have offered, or want to offer.
    pub(super) fn hear_of_htlcs(&mut self) -> Vec<Effect> {
        let mut effects = self.hear_of_offered();
        effects.extend(if self.may_have_lost() { self.hear_of_doubtful() } else { self.hear_of_queued() });
        effects
    }

    /// No reorg of usual depth takes the end of the channel back.
    fn is_finished(&self) -> bool {
        self.chain.ending.is_some_and(|(ended, _)| self.chain.height.0 >= ended.0.saturating_add(CONFIRMATIONS))
    }

    fn hear_of_offered(&mut self) -> Vec<Effect> {
        let (height, finished) = (self.chain.height, self.is_finished());
        let pending: Vec<(u64, Origin)> = self.unsettled().collect();
        let mut effects = Vec::new();
        for (id, origin) in pending {
            let htlc = self.htlc_of_any(id);
            let registered = htlc.as_ref().and_then(|htlc| self.registered(htlc));
            let expired = htlc.is_none_or(|htlc| height.0 >= htlc.expiry.0.saturating_add(REORG_MARGIN));
            if let Some(preimage) = registered {
                self.outgoing.insert(id, Outgoing::Fulfilled);
                let amount = htlc.map(|htlc| htlc.amount).unwrap_or_default();
                effects.push(Effect::Htlc(News::Fulfilled { origin, preimage, amount }));
            } else if expired || finished {
                self.outgoing.insert(id, Outgoing::Failed);
                effects.push(self.failed(origin, FailureReason::Expired));
            }
        }
        effects
    }

    /// What waits for its turn until it has expired fails; what is proposed may still be signed, and fails once that means nothing: not while its
    /// preimage is registered in time, which would take the money as soon as we have signed.
    fn hear_of_queued(&mut self) -> Vec<Effect> {
        let (height, register) = (self.chain.height.0, self.chain.register.clone());
        let late = |htlc: &NewHtlc| htlc.expiry.0 <= height;
        let unregistered = |htlc: &NewHtlc| registered_in(&register, &htlc.payment, htlc.expiry).is_none();
        let meaningless = |htlc: &NewHtlc| height >= htlc.expiry.0.saturating_add(REORG_MARGIN) && unregistered(htlc);
        let waiting = self.offers.iter().filter(|(htlc, _)| late(htlc)).map(|(_, origin)| *origin);
        let proposed = self.unanswered_offer().filter(|(htlc, _)| meaningless(htlc)).map(|(_, origin)| origin);
        let failed = |origin| self.failed(origin, FailureReason::ExpiresTooSoon);
        let effects = waiting.chain(proposed).map(failed).collect();
        self.offers.retain(|(htlc, _)| !late(htlc));
        self.forget_offers(meaningless);
        effects
    }

    /// What we believe to be the newest may not be: we were shown so, or have not heard the other party since we are connected.
    fn may_have_lost(&self) -> bool {
        self.lost || (!self.resumed && self.can_resume())
    }

    /// What was to be offered may have been, and forgotten: the chain knows.
    fn hear_of_doubtful(&mut self) -> Vec<Effect> {
        let (height, finished, register) = (self.chain.height, self.is_finished(), self.chain.register.clone());
        let preimage = |htlc: &NewHtlc| registered_in(&register, &htlc.payment, htlc.expiry);
        let over = |htlc: &NewHtlc| finished || height.0 >= htlc.expiry.0.saturating_add(REORG_MARGIN);
        let decided = |htlc: &NewHtlc| over(htlc) || preimage(htlc).is_some();
        let news = self.queued().filter(|(htlc, _)| decided(htlc)).map(|(htlc, origin)| match preimage(htlc) {
            Some(preimage) => Effect::Htlc(News::Fulfilled { origin, preimage, amount: htlc.amount }),
            None => self.failed(origin, FailureReason::Expired),
        });
        let news = news.collect();
        self.forget_offers(decided);
        news
    }

    /// How an HTLC ends, as its origin was told before both had signed it.
    pub(super) fn told(&self, htlc: &NewHtlc) -> Outgoing {
        let known = registered_in(&self.chain.register, &htlc.payment, htlc.expiry);
        known.map_or(Outgoing::Failed, |_| Outgoing::Fulfilled)
    }

    /// What an open channel must not wait for any longer: preimages that are not taken go to the chain, and what is not given back is fetched.
    pub(super) fn mind_deadlines(&mut self, context: &mut Context<'_>) -> Vec<Effect> {
        let height = self.chain.height.0;
        let due = |htlc: &&Htlc| self.must_reveal(htlc) && height + CLAIM_MARGIN >= htlc.expiry.0;
        let revealing = self.state.htlcs.iter().any(|htlc| due(&htlc));
        let mut effects = self.reveal_in_time(context);
        // What comes back can wait until the other party has said where we stand: we may have lost what came after.
        let overdue = self.is_overdue() && (self.resumed || context.now >= self.expires);
        if !overdue && !revealing {
            return Vec::new();
        }
        // Without money in the account the reserve must pay, which it does once a dispute has begun.
        if overdue || effects.is_empty() {
            effects.extend(self.publish_this(context, (self.signed.clone(), self.state.clone())));
        }
        effects
    }

    /// Whether money of ours stays here for good if we go on waiting for the other party.
    fn is_overdue(&self) -> bool {
        let past = |expiry: Height, blocks: u64| self.chain.height.0 >= expiry.0.saturating_add(blocks);
        self.state.htlcs.iter().any(|htlc| {
            let claimed = self.claims.contains_key(&htlc.id) && self.registered(htlc).is_some();
            (htlc.offerer == self.side || claimed) && past(htlc.expiry, REORG_MARGIN + GIVE_BACK)
        })
    }

    /// Brings every preimage to the chain that can wait no longer; as long as there is none, the fee of the next begins at the least.
    pub(super) fn reveal_in_time(&mut self, context: &Context<'_>) -> Vec<Effect> {
        let reveals = self.reveal_due(context, CLAIM_MARGIN);
        self.attempts = if reveals.is_empty() { 0 } else { self.attempts };
        reveals
    }

    /// Brings every preimage to the chain that counts and is not there.
    pub(super) fn reveal(&self, context: &Context<'_>) -> Vec<Effect> {
        self.reveal_due(context, MAX_EXPIRY)
    }

    fn reveal_due(&self, context: &Context<'_>, blocks: u64) -> Vec<Effect> {
        let due = |htlc: &Htlc| self.must_reveal(htlc) && self.chain.height.0 + blocks >= htlc.expiry.0;
        let steps = self.claims.iter().filter_map(|(id, preimage)| {
            let Htlc { expiry, amount, .. } = self.incoming(*id).filter(due)?;
            self.step_worth(context, DisputeStep::Reveal(Revelation { preimage: *preimage, expiry }), amount)
        });
        steps.collect()
    }

    /// Whether the chain would pay an HTLC to us, but does not know its preimage, which we do.
    fn must_reveal(&self, htlc: &Htlc) -> bool {
        self.claims.contains_key(&htlc.id) && self.chain.height < htlc.expiry && self.registered(htlc).is_none()
    }

    /// The preimage, if it was registered in time.
    pub(super) fn registered(&self, htlc: &Htlc) -> Option<Preimage> {
        registered_in(&self.chain.register, &htlc.payment, htlc.expiry)
    }

    /// Whether the next block decides an HTLC.
    pub(super) fn is_decided(&self, htlc: &Htlc) -> bool {
        self.registered(htlc).is_some() || self.chain.height >= htlc.expiry
    }

    pub(super) fn is_lost_on_chain(&self, htlc: &Htlc) -> bool {
        self.registered(htlc).is_none() && self.chain.height.0 >= htlc.expiry.0.saturating_add(REORG_MARGIN)
    }

    /// Every payment hash that matters here, so that the chain's register can be asked for it.
    pub fn payments(&self) -> Vec<PaymentHash> {
        let known = self.known_states().flat_map(|state| &state.htlcs).map(|htlc| htlc.payment);
        let doubtful = self.queued().filter(|_| self.may_have_lost()).map(|(htlc, _)| htlc.payment);
        let mut payments: Vec<PaymentHash> = known.chain(doubtful).collect();
        payments.sort_unstable();
        payments.dedup();
        payments
    }

    pub(super) fn incoming(&self, id: u64) -> Option<Htlc> {
        self.htlc_of_any(id).filter(|htlc| htlc.offerer != self.side)
    }

    fn htlc_of_any(&self, id: u64) -> Option<Htlc> {
        self.known_states().flat_map(|state| &state.htlcs).find(|htlc| htlc.id == id).copied()
    }

    /// The newest state, the one under way, and the published one.
    fn known_states(&self) -> impl Iterator<Item = &State> + '_ {
        let pending = self.pending.as_ref().map(|draft| &draft.state);
        let published = self.published.as_ref().map(|(_, state)| state);
        std::iter::once(&self.state).chain(pending).chain(published)
    }
}

fn registered_in(register: &[(Preimage, Height)], payment: &PaymentHash, expiry: Height) -> Option<Preimage> {
    let known = register.iter().find(|(preimage, _)| preimage.payment() == *payment);
    known.filter(|(_, height)| *height <= expiry).map(|(preimage, _)| *preimage)
}
