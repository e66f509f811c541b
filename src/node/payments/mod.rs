//! Payments over several hops: those of this node, those to it, and those that it passes on.
//!
//! The payer finds the whole route and learns from what comes back; a forwarder keeps nothing of its own, since the HTLC that it offers says where it
//! came from; the payee knows the preimage. Follows BOLTs 2, 4 and 7.

mod ask;
mod forward;
mod receive;
mod send;

use std::{collections::BTreeMap, sync::Arc};

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

pub use send::{Attempt, Outcome, Payment, PaymentRefusal, Unpaid};

use super::{ChangeSet, EventKind, Node, Output};
use crate::{
    channel::{FailureReason, Invoice, routing::Memory},
    primitives::{Amount, ChannelId, Hash, PaymentHash, Preimage, Tag, ordered},
};

const DIGEST: Tag = Tag::new("tabchain/node-payments");
/// Blocks that a payee has to claim what arrives.
pub const FINAL_DELTA: u32 = 12;
/// Payments and invoices that are remembered, each.
const MAX_REMEMBERED: usize = 2_000;

/// What this node pays and is paid.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Payments {
    pub(super) sent: BTreeMap<PaymentHash, Arc<Payment>>,
    pub(super) invoices: BTreeMap<PaymentHash, Arc<Invoiced>>,
    /// What was begun in which order, so that the oldest is forgotten first.
    order: BTreeMap<u64, PaymentHash>,
    next: u64,
    /// How many of those sent have not ended.
    #[serde(skip)]
    under_way: usize,
    /// Whether payments to this node are left pending.
    pub(super) holds: bool,
    #[serde(skip)]
    memory: Memory,
    #[serde(skip)]
    askings: ask::Askings,
}

/// An invoice of this node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
pub struct Invoiced {
    /// As given to the payer.
    pub invoice: Invoice,
    /// What is revealed for it.
    pub preimage: Preimage,
    /// The HTLC that pays it, once there is one: the channel's handle, and its id there.
    pub paid_by: Option<(Hash, u64)>,
}

/// Something happened to a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum PaymentNotice {
    /// This node has sent it on its way.
    Sent {
        /// Base units that are to arrive.
        amount: Amount,
        /// Channels of the route.
        hops: usize,
        /// Base units of fees.
        fee: Amount,
    },
    /// A route did not work; another is tried.
    Retried {
        /// Where it failed, if that is a channel of the route: its place there, from 0.
        hop: Option<usize>,
        /// Why.
        reason: FailureReason,
    },
    /// It has arrived: this node holds the receipt.
    Paid {
        /// Base units that arrived.
        amount: Amount,
        /// Base units of fees.
        fee: Amount,
    },
    /// It will not arrive.
    Failed {
        /// Base units that should have.
        amount: Amount,
        /// Why not.
        why: Unpaid,
    },
    /// This node was paid.
    Received {
        /// Base units.
        amount: Amount,
    },
    /// Somebody pays this node, which keeps it waiting.
    Held {
        /// Base units.
        amount: Amount,
    },
    /// This node has passed it on.
    Forwarded {
        /// Through which channel.
        channel: ChannelId,
        /// Base units.
        amount: Amount,
    },
    /// This node was paid for passing it on.
    Earned {
        /// Base units.
        fee: Amount,
    },
    /// This node has not passed it on. What it says here only its owner sees.
    NotForwarded {
        /// Through which channel it should have gone.
        channel: ChannelId,
        /// Why.
        reason: FailureReason,
        /// Base units that were to be offered.
        needed: Amount,
        /// Base units that could have been.
        available: Amount,
    },
}

impl Node {
    /// Payments that this node has made or tried.
    pub fn payments(&self) -> impl Iterator<Item = &Payment> + '_ {
        self.payments.sent.values().map(Arc::as_ref)
    }

    /// A payment of this node.
    pub fn payment(&self, payment: &PaymentHash) -> Option<&Payment> {
        self.payments.sent.get(payment).map(Arc::as_ref)
    }

    /// Invoices of this node.
    pub fn invoices(&self) -> impl Iterator<Item = &Invoiced> + '_ {
        self.payments.invoices.values().map(Arc::as_ref)
    }

    /// An invoice of this node.
    pub fn invoice(&self, payment: &PaymentHash) -> Option<&Invoiced> {
        self.payments.invoices.get(payment).map(Arc::as_ref)
    }

    /// Whether payments to this node are left pending.
    pub fn holds_payments(&self) -> bool {
        self.payments.holds
    }

    pub(super) fn payments_digest(&self) -> Hash {
        let paid = self.payments.invoices.iter().map(|(payment, invoiced)| (*payment, invoiced.paid_by));
        let sent = self.payments.sent.iter().map(|(payment, sent)| {
            (*payment, sent.attempts.len() as u64, sent.outcome.as_ref().map(|outcome| outcome.is_paid()))
        });
        DIGEST.hash_of(&(paid.collect::<Vec<_>>(), sent.collect::<Vec<_>>(), self.payments.holds))
    }

    fn notice(&mut self, payment: PaymentHash, notice: PaymentNotice) {
        self.event(EventKind::Payment { payment, notice });
    }

    fn keep_payment(&mut self, payment: PaymentHash, value: Payment) {
        let value = Arc::new(value);
        let before = self.payments.sent.insert(payment, Arc::clone(&value));
        self.payments.under_way += usize::from(value.outcome.is_none());
        match before {
            Some(before) => self.payments.under_way -= usize::from(before.outcome.is_none()),
            None => self.remember(payment),
        }
        let payments = ordered([(payment, Some(value))]);
        self.outbox.push_back(Output::Persist(ChangeSet { payments, ..ChangeSet::default() }));
    }

    fn keep_invoice(&mut self, value: Invoiced) {
        let (payment, value) = (value.invoice.payment, Arc::new(value));
        self.payments.askings.keep(&payment);
        if self.payments.invoices.insert(payment, Arc::clone(&value)).is_none() {
            self.remember(payment);
        }
        let invoices = ordered([(payment, Some(value))]);
        self.outbox.push_back(Output::Persist(ChangeSet { invoices, ..ChangeSet::default() }));
    }

    /// Forgets what is oldest and finished, beyond as many as are remembered.
    fn remember(&mut self, payment: PaymentHash) {
        let next = self.payments.next;
        self.payments.order.insert(next, payment);
        self.payments.next += 1;
        if self.payments.order.len() <= 2 * MAX_REMEMBERED {
            return;
        }
        let finished = |(_, payment): &(&u64, &PaymentHash)| {
            self.payments.sent.get(*payment).is_none_or(|sent| sent.outcome.is_some())
                && self.payments.invoices.get(*payment).is_none_or(|invoiced| !self.is_pending_here(invoiced))
        };
        let oldest = self.payments.order.iter().find(finished).map(|(order, payment)| (*order, *payment));
        if let Some((order, payment)) = oldest {
            self.payments.order.remove(&order);
            self.payments.sent.remove(&payment);
            self.payments.invoices.remove(&payment);
            let (payments, invoices) = (ordered([(payment, None)]), ordered([(payment, None)]));
            self.outbox.push_back(Output::Persist(ChangeSet { payments, invoices, ..ChangeSet::default() }));
        }
    }

    pub(super) fn restore_payments(&mut self, stored: &ChangeSet) {
        let known = |change: &Option<Arc<Payment>>| change.clone();
        self.payments.sent = ordered(stored.payments.iter().filter_map(|(hash, change)| Some((*hash, known(change)?))));
        self.payments.under_way = self.payments.sent.values().filter(|sent| sent.outcome.is_none()).count();
        self.payments.invoices =
            ordered(stored.invoices.iter().filter_map(|(hash, change)| Some((*hash, change.clone()?))));
        let mut begun: Vec<(u64, PaymentHash)> =
            self.payments.sent.iter().map(|(hash, payment)| (payment.began.0, *hash)).collect();
        begun.extend(
            self.payments.invoices.keys().filter(|hash| !self.payments.sent.contains_key(*hash)).map(|hash| (0, *hash)),
        );
        begun.sort_unstable();
        self.payments.order = ordered((0..).zip(begun.into_iter().map(|(_, hash)| hash)));
        self.payments.next = self.payments.order.len() as u64;
        self.payments.holds = stored.holds.unwrap_or_default();
    }
}
