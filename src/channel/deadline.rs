//! HTLCs and the chain: what its register decides, and what must not wait any longer (BOLT 5, with one register in place of outputs).

use std::collections::VecDeque;

use super::{
    CONFIRMATIONS, Change, Channel, Context, Effect, FailureReason, News, Origin, Outgoing, htlc::Queued,
    justice::step_fee,
};
use crate::primitives::{DisputeStep, Height, Htlc, MAX_EXPIRY, Preimage, Revelation};

/// Blocks before an HTLC's expiry at which a preimage that the other party does not take goes to the chain.
pub const CLAIM_MARGIN: u64 = 4;
/// Blocks after an HTLC's expiry from which a preimage can no longer be found registered in time: no reorg is that deep.
pub const REORG_MARGIN: u64 = CONFIRMATIONS;
/// Blocks after that for which the other party may still give an expired HTLC back, before we close without it.
pub const GIVE_BACK: u64 = 6;
/// Blocks after which an HTLC that could not be offered yet is not offered any more.
const PATIENCE: u64 = 3;

impl Channel {
    /// What a new block says of HTLCs that we have offered.
    pub(super) fn hear_of_htlcs(&mut self) -> Vec<Effect> {
        let height = self.chain.height;
        let finished = self.chain.ending.is_some_and(|(ended, _)| height.0 >= ended.0 + CONFIRMATIONS);
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

    /// Offers that have waited too long for their turn: whoever wants them paid can try another way.
    pub(super) fn drop_stale_offers(&mut self) -> Vec<Effect> {
        let height = self.chain.height.0;
        let (stale, kept) = self.offers.drain(..).partition(|queued| height >= queued.since.0 + PATIENCE);
        self.offers = kept;
        let stale: VecDeque<Queued> = stale;
        stale.into_iter().map(|queued| self.failed(queued.origin, FailureReason::NotReady)).collect()
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
            effects.extend(self.publish_this(context, (self.signed, self.state.clone())));
        }
        effects
    }

    /// Whether money of ours stays here for good if we go on waiting for the other party.
    fn is_overdue(&self) -> bool {
        let past = |expiry: Height, blocks: u64| self.chain.height.0 >= expiry.0.saturating_add(blocks);
        let pending = self.state.htlcs.iter().any(|htlc| {
            let claimed = self.claims.contains_key(&htlc.id) && self.registered(htlc).is_some();
            (htlc.offerer == self.side || claimed) && past(htlc.expiry, REORG_MARGIN + GIVE_BACK)
        });
        // What is proposed cannot be taken back: whoever has not answered it until it expired must not answer it any more.
        let proposed = self.proposed_draft().map(|draft| &draft.change);
        pending || matches!(proposed, Some(Change::Offer(htlc)) if past(htlc.expiry, 0))
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
            let Htlc { expiry, amount, .. } = self.incoming(*id).filter(|htlc| due(htlc))?;
            // Blocks since it became urgent.
            let waited = (self.chain.height.0 + CLAIM_MARGIN).saturating_sub(expiry.0);
            let step = DisputeStep::Reveal(Revelation { preimage: *preimage, expiry });
            let fee = step_fee(u32::try_from(waited).unwrap_or(u32::MAX), amount).min(amount);
            self.paid_step(context, step, fee)
        });
        steps.collect()
    }

    /// Whether the chain would pay an HTLC to us, but does not know its preimage, which we do.
    fn must_reveal(&self, htlc: &Htlc) -> bool {
        self.claims.contains_key(&htlc.id) && self.chain.height < htlc.expiry && self.registered(htlc).is_none()
    }

    /// The preimage, if it was registered in time.
    pub(super) fn registered(&self, htlc: &Htlc) -> Option<Preimage> {
        let known = self.chain.register.iter().find(|(preimage, _)| preimage.payment() == htlc.payment);
        known.filter(|(_, height)| *height <= htlc.expiry).map(|(preimage, _)| *preimage)
    }

    /// Whether the next block decides an HTLC.
    pub(super) fn is_decided(&self, htlc: &Htlc) -> bool {
        self.registered(htlc).is_some() || self.chain.height >= htlc.expiry
    }

    pub(super) fn is_lost_on_chain(&self, htlc: &Htlc) -> bool {
        self.registered(htlc).is_none() && self.chain.height.0 >= htlc.expiry.0.saturating_add(REORG_MARGIN)
    }
}
