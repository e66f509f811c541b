//! HTLCs of a channel: offered and resolved by updates; on the chain, by what its register says when time is up.
//!
//! An HTLC that we offered is *settled with its origin* exactly once: as soon as its preimage is known, or once it can never be claimed any more.
//! Whether the update that removes it is complete is another matter. Follows BOLT 2 and BOLT 5, with one register in place of outputs.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use super::{
    Breach, CONFIRMATIONS, Change, Channel, Context, Draft, Effect, Failure, FailureReason, Invalid, Packet, Phase,
    Refusal,
};
use crate::primitives::{
    Amount, Hash, Height, Htlc, MAX_COMMITMENTS, MAX_EXPIRY, MAX_HTLCS, MIN_HTLC, PaymentHash, Preimage, Side, State,
};

/// Blocks before an HTLC's expiry at which a preimage that the other party does not take goes to the chain.
pub const CLAIM_MARGIN: u64 = 4;
/// Blocks after an HTLC's expiry from which a preimage can no longer be found registered in time: no reorg is that deep.
pub const REORG_MARGIN: u64 = CONFIRMATIONS;
/// Blocks after that for which the other party may still give an expired HTLC back, before we close without it.
pub const GIVE_BACK: u64 = 6;

/// An HTLC that is to be offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewHtlc {
    /// Base units, at least [`MIN_HTLC`].
    pub amount: Amount,
    /// Whoever shows its preimage is paid.
    pub payment: PaymentHash,
    /// The last height at which that counts on the chain.
    pub expiry: Height,
    /// For the receiver.
    pub packet: Packet,
}

/// Where an HTLC that we offer comes from: who is told how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Origin {
    /// A payment of our own.
    Own {
        /// Which.
        payment: PaymentHash,
        /// Which attempt at it.
        attempt: u32,
    },
    /// An HTLC that was offered to us.
    Forward {
        /// The handle of the channel it came by.
        channel: Hash,
        /// [`Htlc::id`] there.
        id: u64,
    },
}

/// What became of an HTLC, for whoever has to act on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// The other party has offered this irrevocably: it is to be sent on, fulfilled or failed.
    Offered {
        /// As it stands in the state.
        htlc: Htlc,
        /// What came with it.
        packet: Packet,
    },
    /// One that we offered is paid: its preimage is known.
    Fulfilled {
        /// Who is to be told.
        origin: Origin,
        /// The receipt.
        preimage: Preimage,
        /// Base units that we have paid for it.
        amount: Amount,
    },
    /// One that we offered will never be paid.
    Failed {
        /// Who is to be told.
        origin: Origin,
        /// Why.
        failure: Failure,
    },
}

/// How far an HTLC that we offered is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
pub enum Outgoing {
    /// Nobody knows.
    Pending(Origin),
    /// Its origin was told the preimage.
    Fulfilled,
    /// Its origin was told that it failed: a preimage is not taken any more.
    Failed,
}

impl Channel {
    /// HTLCs that we have offered and whose end is not settled with their origin yet.
    pub fn unsettled(&self) -> impl Iterator<Item = (u64, Origin)> + '_ {
        self.outgoing.iter().filter_map(|(id, outgoing)| match outgoing {
            Outgoing::Pending(origin) => Some((*id, *origin)),
            Outgoing::Fulfilled | Outgoing::Failed => None,
        })
    }

    /// Whether somebody waits to be told how an HTLC ended.
    pub(super) fn owes_news(&self) -> bool {
        self.unsettled().next().is_some() || self.queued().next().is_some()
    }

    /// HTLCs that wait for their turn to be offered, with where they come from.
    pub fn queued(&self) -> impl Iterator<Item = (&NewHtlc, Origin)> + '_ {
        self.unanswered_offer().into_iter().chain(self.offers.iter().map(|(htlc, origin)| (htlc, *origin)))
    }

    /// The HTLC that we have proposed and not signed, as long as its origin waits.
    pub(super) fn unanswered_offer(&self) -> Option<(&NewHtlc, Origin)> {
        self.pending.as_ref().and_then(|draft| match (&draft.change, draft.origin) {
            (Change::Offer(htlc), Some(origin)) => Some((&**htlc, origin)),
            _ => None,
        })
    }

    /// An HTLC of the newest state.
    pub fn htlc(&self, id: u64) -> Option<&Htlc> {
        self.state.htlcs.iter().find(|htlc| htlc.id == id)
    }

    /// Whether HTLCs could be offered now, as far as their number and amounts allow.
    pub fn is_usable(&self) -> bool {
        let goes_on = self.wants_close.is_none() && self.wants_resize.is_none();
        self.phase.is_live() && self.is_buried() && goes_on && self.resumed
    }

    /// Why this could not be offered now, as a forwarder would tell the payer.
    ///
    /// # Errors
    /// The [`FailureReason`].
    pub fn can_offer(&self, htlc: &NewHtlc) -> Result<(), FailureReason> {
        if !self.is_usable() {
            return Err(FailureReason::NotReady);
        }
        self.check_offer(htlc).map_err(|refusal| told(&refusal))
    }

    /// Queues an HTLC, and proposes it if it is our turn.
    pub(super) fn offer(
        &mut self,
        context: &mut Context<'_>,
        htlc: NewHtlc,
        origin: Origin,
    ) -> Result<Vec<Effect>, Invalid> {
        if self.wants_close.is_some() || self.wants_resize.is_some() {
            return self.refuse("offer an HTLC");
        }
        self.check_offer(&htlc)?;
        self.offers.push_back((htlc, origin));
        Ok(self.advance(context))
    }

    fn check_offer(&self, htlc: &NewHtlc) -> Result<(), Refusal> {
        let (amount, spendable, height) = (htlc.amount, self.spendable(), self.chain.height);
        let pending = self.state.htlcs.iter().filter(|htlc| htlc.offerer == self.side).count() + self.queued().count();
        if pending >= MAX_HTLCS {
            return Err(Refusal::TooManyHtlcs { limit: MAX_HTLCS });
        }
        if amount < MIN_HTLC {
            return Err(Refusal::HtlcTooSmall { amount, minimum: MIN_HTLC });
        }
        if htlc.expiry <= height {
            return Err(Refusal::ExpiryTooSoon { expiry: htlc.expiry, height });
        }
        // The other party may be some blocks behind.
        let latest = Height(height.0 + MAX_EXPIRY / 2);
        if htlc.expiry > latest {
            return Err(Refusal::ExpiryTooLate { expiry: htlc.expiry, latest });
        }
        if self.number() + 3 >= MAX_COMMITMENTS {
            return Err(Refusal::Exhausted);
        }
        if amount > spendable {
            return Err(Refusal::CannotPay { amount, spendable });
        }
        Ok(())
    }

    /// The preimage of an HTLC offered to us is known: off the chain if the other party takes it, on the chain if not.
    pub(super) fn claim(&mut self, context: &mut Context<'_>, id: u64, preimage: Preimage) -> Vec<Effect> {
        let known = self.incoming(id).is_some_and(|htlc| htlc.payment == preimage.payment());
        if !known || self.claims.insert(id, preimage).is_some() {
            return Vec::new();
        }
        self.rejects.remove(&id);
        let mut effects = self.advance(context);
        match self.phase {
            Phase::Publishing | Phase::Disputed(_) => effects.extend(self.reveal(context)),
            _ if self.phase.is_live() && self.chain.funding.is_some() => effects.extend(self.mind_deadlines(context)),
            _ => {}
        }
        effects
    }

    /// An HTLC offered to us goes back.
    pub(super) fn reject(&mut self, context: &mut Context<'_>, id: u64, failure: Failure) -> Vec<Effect> {
        if self.incoming(id).is_none() || self.claims.contains_key(&id) || self.rejects.contains_key(&id) {
            return Vec::new();
        }
        self.rejects.insert(id, failure);
        self.advance(context)
    }

    /// What is to be done with an HTLC that was offered to us, and is not under way.
    pub(super) fn resolution(&self) -> Option<Change> {
        self.state.htlcs.iter().filter(|htlc| htlc.offerer != self.side).find_map(|htlc| {
            let id = htlc.id;
            match (self.claims.get(&id), self.rejects.get(&id)) {
                (None, Some(failure)) => Some(Change::Fail { id, failure: failure.clone() }),
                // Too late, whatever its receiver thinks of it: the other party could not take a preimage any more.
                _ if self.is_lost_on_chain(htlc) => {
                    Some(Change::Fail { id, failure: self.failure_at(FailureReason::Expired) })
                }
                (Some(preimage), _) => Some(Change::Fulfil { id, preimage: *preimage }),
                (None, None) => None,
            }
        })
    }

    /// The next HTLC that can be offered; what cannot (any more) fails.
    pub(super) fn next_offer(&mut self, effects: &mut Vec<Effect>) -> Option<(NewHtlc, Origin)> {
        while let Some((htlc, origin)) = self.offers.pop_front() {
            match self.check_offer(&htlc) {
                Ok(()) => return Some((htlc, origin)),
                Err(refusal) => effects.push(self.failed(origin, told(&refusal))),
            }
        }
        None
    }

    /// The state to which a change by `proposer` leads, in commitment `number`.
    pub(super) fn changed(&self, change: &Change, proposer: Side, number: u64) -> Result<State, Breach> {
        let mut state = self.state.clone();
        let [from, to] = [proposer, proposer.other()].map(Side::index);
        let take = |amount: Amount| {
            let spendable = self.above_reserve(proposer);
            let fits = amount > Amount::ZERO && amount <= spendable;
            fits.then_some(()).ok_or(Breach::BadChange { amount, spendable })?;
            Ok(self.state.balances[from].checked_sub(amount).expect("above_reserve() is at most the balance"))
        };
        match change {
            Change::Pay { amount } => {
                state.balances[from] = take(*amount)?;
                state.balances[to] = credited(state.balances[to], *amount);
            }
            Change::Offer(offered) => {
                let NewHtlc { amount, payment, expiry, .. } = **offered;
                let offers = state.htlcs.iter().filter(|htlc| htlc.offerer == proposer).count();
                let latest = Height(self.chain.height.0 + MAX_EXPIRY);
                if amount < MIN_HTLC || offers >= MAX_HTLCS || expiry > latest {
                    return Err(Breach::BadHtlc { id: number, problem: "breaks a limit" });
                }
                state.balances[from] = take(amount)?;
                state.htlcs.push(Htlc { id: number, offerer: proposer, amount, payment, expiry });
            }
            Change::Fulfil { id, preimage } => {
                let htlc = remove(&mut state, *id, proposer)?;
                if htlc.payment != preimage.payment() {
                    return Err(Breach::BadHtlc { id: *id, problem: "has another preimage" });
                }
                state.balances[from] = credited(state.balances[from], htlc.amount);
            }
            Change::Fail { id, .. } => {
                let htlc = remove(&mut state, *id, proposer)?;
                state.balances[to] = credited(state.balances[to], htlc.amount);
            }
        }
        Ok(state)
    }

    /// The other party proposes a preimage: it is known from now on, whatever becomes of the update. Nothing if it comes too late.
    pub(super) fn learn(&mut self, change: &Change) -> Option<Vec<Effect>> {
        let Change::Fulfil { id, preimage } = change else {
            return Some(Vec::new());
        };
        match self.outgoing.insert(*id, Outgoing::Fulfilled) {
            Some(Outgoing::Pending(origin)) => {
                let amount = self.htlc(*id).map(|htlc| htlc.amount).unwrap_or_default();
                Some(vec![Effect::Htlc(News::Fulfilled { origin, preimage: *preimage, amount })])
            }
            Some(Outgoing::Failed) => {
                self.outgoing.insert(*id, Outgoing::Failed);
                None
            }
            Some(Outgoing::Fulfilled) | None => Some(Vec::new()),
        }
    }

    /// A change by the other party is irrevocable.
    pub(super) fn settled_by_them(&mut self, change: Change, number: u64) -> Vec<Effect> {
        match change {
            Change::Offer(offered) => {
                let htlc = self.htlc(number).copied();
                let news = htlc.map(|htlc| Effect::Htlc(News::Offered { htlc, packet: offered.packet }));
                news.into_iter().collect()
            }
            Change::Fail { id, failure } => match self.outgoing.remove(&id) {
                Some(Outgoing::Pending(origin)) => vec![Effect::Htlc(News::Failed { origin, failure })],
                _ => Vec::new(),
            },
            Change::Fulfil { id, .. } => {
                self.outgoing.remove(&id);
                Vec::new()
            }
            Change::Pay { .. } => Vec::new(),
        }
    }

    /// A change by us is irrevocable.
    pub(super) fn settled_by_us(&mut self, change: &Change) {
        if let Change::Fulfil { id, .. } | Change::Fail { id, .. } = change {
            self.claims.remove(id);
            self.rejects.remove(id);
        }
    }

    /// Nothing will be signed any more: what is to be offered fails. What we may have signed and lost since is for the chain to decide.
    pub(super) fn give_up_offers(&mut self) -> Vec<Effect> {
        if self.lost {
            return Vec::new();
        }
        let origins: Vec<Origin> = self.queued().map(|(_, origin)| origin).collect();
        self.forget_offers(|_| true);
        origins.into_iter().map(|origin| self.failed(origin, FailureReason::NotReady)).collect()
    }

    /// Nobody waits for these any more.
    pub(super) fn forget_offers(&mut self, these: impl Fn(&NewHtlc) -> bool) {
        if self.unanswered_offer().is_some_and(|(htlc, _)| these(htlc)) {
            self.pending.iter_mut().for_each(|draft| draft.origin = None);
        }
        self.offers.retain(|(htlc, _)| !these(htlc));
    }

    pub(super) fn failed(&self, origin: Origin, reason: FailureReason) -> Effect {
        Effect::Htlc(News::Failed { origin, failure: self.failure_at(reason) })
    }

    fn failure_at(&self, reason: FailureReason) -> Failure {
        let at = self.funding.parties[self.side.index()].key.clone();
        Failure { at, channel: Some(self.id), reason }
    }

    pub(super) fn proposed_draft(&self) -> Option<&Draft> {
        self.pending.as_ref().filter(|_| self.phase == Phase::Proposing)
    }
}

/// What a refusal tells the payer.
fn told(refusal: &Refusal) -> FailureReason {
    match refusal {
        Refusal::TooManyHtlcs { .. } => FailureReason::TooManyHtlcs,
        Refusal::HtlcTooSmall { minimum, .. } => FailureReason::BelowMinimum { minimum: *minimum },
        Refusal::ExpiryTooLate { .. } => FailureReason::ExpiresTooLate,
        Refusal::ExpiryTooSoon { .. } => FailureReason::ExpiresTooSoon,
        Refusal::CannotPay { .. } => FailureReason::Insufficient,
        _ => FailureReason::NotReady,
    }
}

fn credited(balance: Amount, amount: Amount) -> Amount {
    balance.checked_add(amount).expect("balances and HTLCs are within the capacity")
}

/// Takes the HTLC out of the state that `receiver` resolves.
fn remove(state: &mut State, id: u64, receiver: Side) -> Result<Htlc, Breach> {
    let at = state.htlcs.iter().position(|htlc| htlc.id == id && htlc.offerer != receiver);
    at.map(|at| state.htlcs.remove(at)).ok_or(Breach::BadHtlc { id, problem: "is not pending for it" })
}
