//! Paying: a route, an attempt, and what is learned from its failure.

use std::collections::{BTreeMap, BTreeSet};

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use super::{FINAL_DELTA, PaymentNotice};
use crate::{
    channel::{
        Channel, Event, Failure, FailureReason, Invoice, NewHtlc, Onward, Origin, Packet,
        routing::{Finder, Hop, Limits, NoRoute, Query, Route, Weights},
    },
    node::{CommandResult, Node},
    primitives::{Amount, ChannelId, Checks, MIN_HTLC, PaymentHash, Preimage, Side, Timestamp, ordered},
};

/// Routes that are tried for one payment.
const MAX_ATTEMPTS: usize = 16;
/// Payments of this node under way at a time.
const MAX_UNDER_WAY: usize = 500;

/// A payment of this node, with everything that was tried for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// What is paid.
    pub invoice: Invoice,
    /// Base units of fees at most.
    pub max_fee: Amount,
    /// When it began, by this node's clock.
    pub began: Timestamp,
    /// Each route tried, in order.
    pub attempts: Vec<Attempt>,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

/// One route, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
pub struct Attempt {
    /// Which way.
    pub route: Route,
    /// What stopped it.
    pub failure: Option<Failure>,
}

/// How a payment ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Outcome {
    /// It has arrived.
    Paid {
        /// The receipt.
        preimage: Preimage,
        /// Base units of fees.
        fee: Amount,
    },
    /// It will not arrive.
    Failed {
        /// Why not.
        why: Unpaid,
    },
}

/// Why a payment was given up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(tag = "by", content = "why", rename_all = "camelCase")]
pub enum Unpaid {
    /// There is no (other) route.
    #[error(transparent)]
    Route(NoRoute),
    /// The payee does not want it.
    #[error("the payee {0}")]
    Payee(FailureReason),
    /// Too many routes have failed.
    #[error("{MAX_ATTEMPTS} routes have failed")]
    Attempts,
}

/// Why a command about payments is not possible. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum PaymentRefusal {
    /// The payee has not signed it for this chain.
    #[error("the invoice is not signed by its payee for this chain")]
    BadInvoice,
    /// Less than any HTLC carries.
    #[error("amount {amount} < {minimum}, the least that can be paid over a route")]
    TooSmall {
        /// What was to be paid.
        amount: Amount,
        /// The least.
        minimum: Amount,
    },
    /// The payee is this node.
    #[error("the invoice is this node's own")]
    ToOneself,
    /// It is paid, or on its way.
    #[error("payment {payment} is {state}")]
    Known {
        /// Which.
        payment: PaymentHash,
        /// How far it is.
        state: &'static str,
    },
    /// Too many payments are under way.
    #[error("{limit} payments are under way already")]
    TooMany {
        /// How many may be.
        limit: usize,
    },
}

impl PaymentRefusal {
    /// A stable name.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadInvoice => "bad-invoice",
            Self::TooSmall { .. } => "payment-too-small",
            Self::ToOneself => "payment-to-oneself",
            Self::Known { .. } => "payment-known",
            Self::TooMany { .. } => "too-many-payments",
        }
    }
}

impl Outcome {
    /// Whether it has arrived.
    pub const fn is_paid(&self) -> bool {
        matches!(self, Self::Paid { .. })
    }
}

impl Attempt {
    /// The place on the route where it failed, from 0: the channel that is blamed, or else the one by which it came to who speaks; nothing if neither
    /// is on the route.
    pub fn failed_at(&self) -> Option<usize> {
        let Failure { at, channel, .. } = self.failure.as_ref()?;
        let by_channel = |hop: &Hop| Some(hop.channel) == *channel;
        let hops = &self.route.hops;
        hops.iter().position(by_channel).or_else(|| hops.iter().position(|hop| hop.to == *at))
    }
}

impl Node {
    /// Whether an invoice could be paid, as far as this node is concerned; whether there is a route is another matter.
    ///
    /// # Errors
    /// The [`PaymentRefusal`] that would stop it.
    pub fn try_invoice(&self, invoice: &Invoice, checks: &mut Checks) -> Result<(), PaymentRefusal> {
        let (payment, amount, minimum) = (invoice.payment, invoice.amount, MIN_HTLC);
        if !invoice.is_signed(&self.chain.genesis_id(), checks) {
            return Err(PaymentRefusal::BadInvoice);
        }
        if amount < minimum {
            return Err(PaymentRefusal::TooSmall { amount, minimum });
        }
        if invoice.payee == self.keyring.public() {
            return Err(PaymentRefusal::ToOneself);
        }
        match self.payments.sent.get(&payment).map(|sent| &sent.outcome) {
            Some(None) => return Err(PaymentRefusal::Known { payment, state: "under way" }),
            Some(Some(Outcome::Paid { .. })) => return Err(PaymentRefusal::Known { payment, state: "paid" }),
            Some(Some(Outcome::Failed { .. })) | None => {}
        }
        if self.payments.under_way >= MAX_UNDER_WAY {
            return Err(PaymentRefusal::TooMany { limit: MAX_UNDER_WAY });
        }
        Ok(())
    }

    pub(in crate::node) fn pay_invoice(
        &mut self,
        now: Timestamp,
        invoice: Invoice,
        max_fee: Option<Amount>,
        checks: &mut Checks,
    ) -> CommandResult {
        if let Err(refusal) = self.try_invoice(&invoice, checks) {
            return CommandResult::PaymentRefused(refusal);
        }
        let max_fee = max_fee.unwrap_or(Limits::of(invoice.amount).fee);
        let payment = Payment { invoice, max_fee, began: now, attempts: Vec::new(), outcome: None };
        self.try_route(now, payment, checks);
        CommandResult::Done
    }

    /// The receipt of a payment of ours.
    pub(super) fn arrived(&mut self, now: Timestamp, payment: PaymentHash, attempt: u32, preimage: Preimage) {
        let Some(mut sent) = self.payment(&payment).cloned() else {
            return;
        };
        let Some(Attempt { route, .. }) = sent.attempts.get(attempt as usize).cloned() else {
            return;
        };
        // Whatever was thought of it before: somebody was paid.
        if !sent.outcome.as_ref().is_some_and(Outcome::is_paid) {
            self.payments.memory.learn_success(&route, now);
            sent.outcome = Some(Outcome::Paid { preimage, fee: route.fee });
            let amount = sent.invoice.amount;
            self.keep_payment(payment, sent);
            self.notice(payment, PaymentNotice::Paid { amount, fee: route.fee });
        }
    }

    /// An attempt has failed: the next one is begun, or the payment given up.
    pub(super) fn came_back(
        &mut self,
        now: Timestamp,
        payment: PaymentHash,
        attempt: u32,
        failure: Failure,
        checks: &mut Checks,
    ) {
        let Some(mut sent) = self.payment(&payment).filter(|sent| sent.outcome.is_none()).cloned() else {
            return;
        };
        let Some(tried) = sent.attempts.get_mut(attempt as usize).filter(|tried| tried.failure.is_none()) else {
            return;
        };
        self.learn(now, tried, failure.clone());
        let by_payee = failure.channel.is_none() && failure.at == sent.invoice.payee;
        let given_up = if by_payee {
            Some(Unpaid::Payee(failure.reason))
        } else {
            (sent.attempts.len() >= MAX_ATTEMPTS).then_some(Unpaid::Attempts)
        };
        match given_up {
            Some(why) => self.give_payment_up(sent, why),
            None => {
                let hop = sent.attempts.last().and_then(Attempt::failed_at);
                self.notice(payment, PaymentNotice::Retried { hop, reason: failure.reason });
                self.try_route(now, sent, checks);
            }
        }
    }

    fn learn(&mut self, now: Timestamp, attempt: &mut Attempt, failure: Failure) {
        attempt.failure = Some(failure.clone());
        let place = attempt.failed_at();
        if let Some(place) = place.filter(|_| failure.reason == FailureReason::Insufficient) {
            self.payments.memory.learn_failure(&attempt.route, place, now);
        }
    }

    /// Finds a route and sends the payment off; again and again while the first channel says no.
    fn try_route(&mut self, now: Timestamp, mut sent: Payment, checks: &mut Checks) {
        let payment = sent.invoice.payment;
        loop {
            if sent.attempts.len() >= MAX_ATTEMPTS {
                return self.give_payment_up(sent, Unpaid::Attempts);
            }
            let route = match self.route(now, &sent) {
                Ok(route) => route,
                Err(no_route) => return self.give_payment_up(sent, Unpaid::Route(no_route)),
            };
            let attempt = u32::try_from(sent.attempts.len()).unwrap_or(u32::MAX);
            let (hops, fee, amount) = (route.hops.len(), route.fee, sent.invoice.amount);
            let first = route.hops[0].channel;
            let offer =
                Event::Offer { htlc: Box::new(offer_of(&route, payment)), origin: Origin::Own { payment, attempt } };
            sent.attempts.push(Attempt { route, failure: None });
            let handle = self.handle_of(&first);
            if handle.is_some_and(|handle| self.give(now, &handle, offer, checks).is_ok()) {
                self.keep_payment(payment, sent);
                self.notice(payment, PaymentNotice::Sent { amount, hops, fee });
                return;
            }
            let (at, reason) = (self.keyring.public(), FailureReason::NotReady);
            if let Some(tried) = sent.attempts.last_mut() {
                tried.failure = Some(Failure { at, channel: Some(first), reason });
            }
        }
    }

    fn route(&self, now: Timestamp, sent: &Payment) -> Result<Route, NoRoute> {
        let Payment { invoice, max_fee, .. } = sent;
        let usable = |channel: &&Channel| channel.is_usable();
        let connected: BTreeSet<_> =
            ordered(self.gossip.peers().filter(|(_, status)| status.is_some()).map(|(peer, _)| peer));
        let usable = self.channels().filter(|(peer, channel)| connected.contains(peer) && usable(channel));
        let spendable: BTreeMap<ChannelId, Amount> =
            ordered(usable.map(|(_, channel)| (channel.id(), channel.spendable())));
        let query = Query {
            payer: self.keyring.public(),
            payee: invoice.payee.clone(),
            amount: invoice.amount,
            height: self.chain.height(),
            final_delta: FINAL_DELTA,
            limits: Limits { fee: *max_fee, ..Limits::of(invoice.amount) },
            weights: Weights::default(),
            spendable: &spendable,
            memory: &self.payments.memory,
            excluded: &excluded(sent),
            now,
        };
        Finder::new().find(&self.network.graph, &query)
    }

    fn give_payment_up(&mut self, mut sent: Payment, why: Unpaid) {
        let (payment, amount) = (sent.invoice.payment, sent.invoice.amount);
        sent.outcome = Some(Outcome::Failed { why: why.clone() });
        self.keep_payment(payment, sent);
        self.notice(payment, PaymentNotice::Failed { amount, why });
    }
}

/// Directions that failed in this payment for another reason than its amount.
fn excluded(sent: &Payment) -> BTreeSet<(ChannelId, Side)> {
    let failed = sent
        .attempts
        .iter()
        .filter(|tried| tried.failure.as_ref().is_some_and(|failure| failure.reason != FailureReason::Insufficient));
    failed
        .filter_map(|tried| {
            // Who passes nonsense on is not to be asked again: we know only whom we pay first.
            let hop = tried.route.hops.get(tried.failed_at().unwrap_or_default())?;
            Some((hop.channel, hop.side))
        })
        .collect()
}

/// What is offered to the first hop: the others read their lines from the packet.
fn offer_of(route: &Route, payment: PaymentHash) -> NewHtlc {
    let [first, rest @ ..] = &route.hops[..] else {
        unreachable!("a route has a hop");
    };
    let onward = |hop: &Hop| Onward { channel: hop.channel, amount: hop.amount, expiry: hop.expiry };
    let packet = Packet::of(&rest.iter().map(onward).collect::<Vec<_>>());
    NewHtlc { amount: first.amount, payment, expiry: first.expiry, packet }
}
