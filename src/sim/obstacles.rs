//! What becomes of payments over routes, and what stood in their way: all of it, as no node of the network could know.
//!
//! A payer only knows what it is told. A forwarder's notice has the amounts, but stays in its node; the world hears all of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{NodeIndex, World};
use crate::{
    channel::FailureReason,
    gossip::PeerId,
    node::{Node, Payment, PaymentNotice, Unpaid},
    primitives::{Amount, ChannelId, PaymentHash, ordered},
};

/// Payments that are over and still remembered.
const MAX_OVER: usize = 60;
/// Payments under way that are remembered.
const MAX_UNDER_WAY: usize = 2_000;
/// Obstacles remembered of one payment: more than it has attempts.
const MAX_OBSTACLES: usize = 32;

/// What the world remembers of one payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Who pays.
    pub payer: NodeIndex,
    /// Which payment.
    pub payment: PaymentHash,
    /// Whether it has arrived or was given up.
    pub is_over: bool,
    /// Why forwarders did not pass it on, in order.
    pub obstacles: Vec<Obstacle>,
    /// If it was given up for want of a route: what the channels could really have carried then.
    pub widest: Option<Widest>,
    place: u64,
}

/// Why a forwarder did not pass a payment on, with amounts that nobody else knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Obstacle {
    /// Who did not.
    pub at: NodeIndex,
    /// Through which channel it should have gone.
    pub channel: ChannelId,
    /// Why.
    pub reason: FailureReason,
    /// Base units that were to be offered.
    pub needed: Amount,
    /// Base units that could have been.
    pub available: Amount,
}

/// The way that could carry most at once, by what every channel can really pay: fees and the terms of forwarders are left aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Widest {
    /// From payer to payee; empty if no way of usable channels leads there.
    pub way: Vec<NodeIndex>,
    /// Base units that it could carry.
    pub amount: Amount,
    /// Its narrowest channel: the place of whoever pays there on the way, from 0.
    pub narrowest: usize,
}

/// How many payments over routes came to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tried {
    /// That arrived.
    pub arrived: u64,
    /// That were given up.
    pub failed: u64,
    /// That are under way.
    pub under_way: usize,
}

/// The payments that the world remembers.
#[derive(Debug, Clone, Default)]
pub(super) struct Obstacles {
    traces: BTreeMap<u64, Arc<Trace>>,
    places: BTreeMap<PaymentHash, u64>,
    next: u64,
    tried: Tried,
}

impl Obstacles {
    /// The trace of a payment; a new one if it has none.
    fn trace(&mut self, payer: NodeIndex, payment: PaymentHash) -> &mut Trace {
        let place = *self.places.entry(payment).or_insert_with(|| {
            self.next += 1;
            self.next
        });
        let trace = self.traces.entry(place).or_insert_with(|| {
            self.tried.under_way += 1;
            Arc::new(Trace { payer, payment, is_over: false, obstacles: Vec::new(), widest: None, place })
        });
        Arc::make_mut(trace)
    }

    /// It is on its way: for the first time, with another route, or once more after it was given up.
    fn begin(&mut self, payer: NodeIndex, payment: PaymentHash) {
        if std::mem::replace(&mut self.trace(payer, payment).is_over, false) {
            self.tried.failed = self.tried.failed.saturating_sub(1);
            self.tried.under_way += 1;
        }
    }

    fn add(&mut self, payment: &PaymentHash, obstacle: Obstacle) {
        let trace = self.places.get(payment).and_then(|place| self.traces.get_mut(place));
        if let Some(trace) = trace.filter(|trace| trace.obstacles.len() < MAX_OBSTACLES) {
            Arc::make_mut(trace).obstacles.push(obstacle);
        }
    }

    fn end(&mut self, payer: NodeIndex, payment: PaymentHash, paid: bool, widest: Option<Widest>) {
        let trace = self.trace(payer, payment);
        let was_over = std::mem::replace(&mut trace.is_over, true);
        trace.widest = widest;
        if !was_over {
            self.tried.under_way -= 1;
        } else if paid {
            // It was given up, and has arrived all the same.
            self.tried.failed = self.tried.failed.saturating_sub(1);
        }
        if paid {
            self.tried.arrived += 1;
        } else {
            self.tried.failed += 1;
        }
    }

    /// Forgets the oldest beyond as many as are remembered.
    fn prune(&mut self) {
        let over = self.traces.len() - self.tried.under_way;
        let is_over = if over > MAX_OVER {
            true
        } else if self.tried.under_way > MAX_UNDER_WAY {
            false
        } else {
            return;
        };
        let oldest =
            self.traces.values().find(|trace| trace.is_over == is_over).map(|trace| (trace.place, trace.payment));
        if let Some((place, payment)) = oldest {
            self.traces.remove(&place);
            self.places.remove(&payment);
            self.tried.under_way -= usize::from(!is_over);
        }
    }
}

impl World {
    /// Payments over routes that are remembered, oldest first.
    pub fn traces(&self) -> impl DoubleEndedIterator<Item = &Trace> {
        self.obstacles.traces.values().map(Arc::as_ref)
    }

    /// How many payments over routes came to what.
    pub fn tried(&self) -> Tried {
        self.obstacles.tried
    }

    /// What the payer knows of a payment: by its node, or while that is off by what it has stored.
    pub fn traced(&self, trace: &Trace) -> Option<&Payment> {
        let sim = self.node(trace.payer)?;
        match &sim.node {
            Some(node) => node.payment(&trace.payment),
            None => sim.disk.payments.get(&trace.payment)?.as_deref(),
        }
    }

    /// Takes down what a node reports of a payment.
    pub(super) fn trace_payment(&mut self, index: NodeIndex, payment: PaymentHash, notice: &PaymentNotice) {
        match notice {
            PaymentNotice::Sent { .. } => self.obstacles.begin(index, payment),
            PaymentNotice::NotForwarded { channel, reason, needed, available } => {
                let (channel, reason, needed, available) = (*channel, *reason, *needed, *available);
                self.obstacles.add(&payment, Obstacle { at: index, channel, reason, needed, available });
            }
            PaymentNotice::Paid { .. } => self.obstacles.end(index, payment, true, None),
            PaymentNotice::Failed { why, .. } => {
                let routeless = matches!(why, Unpaid::Route(_));
                let widest = routeless.then(|| self.widest_for(index, &payment)).flatten();
                self.obstacles.end(index, payment, false, widest);
            }
            _ => return,
        }
        self.obstacles.prune();
    }

    fn widest_for(&self, payer: NodeIndex, payment: &PaymentHash) -> Option<Widest> {
        let payee = self.node(payer)?.node.as_ref()?.payment(payment)?.invoice.payee.clone();
        let address = crate::primitives::Address::of(&payee);
        let payee = self.nodes().iter().position(|sim| sim.address == address)?;
        // What channels of other tabs could carry nobody here knows.
        self.remotes().is_empty().then(|| self.widest(payer, u32::try_from(payee).unwrap_or(u32::MAX)))
    }

    /// The way between two nodes that could carry most, by Dijkstra's order with the widest first.
    fn widest(&self, payer: NodeIndex, payee: NodeIndex) -> Widest {
        let mut best: BTreeMap<NodeIndex, (Amount, Option<NodeIndex>)> = ordered([(payer, (Amount::MAX, None))]);
        let mut open: BTreeSet<(Amount, NodeIndex)> = ordered([(Amount::MAX, payer)]);
        while let Some((width, index)) = open.pop_last() {
            if index == payee {
                break;
            }
            let node = self.node(index).and_then(|sim| sim.node.as_ref());
            for (peer, spendable) in node.into_iter().flat_map(usable) {
                let carried = spendable.min(width);
                let known = best.get(&peer).map_or(Amount::ZERO, |(known, _)| *known);
                if carried > known && self.node(peer).is_some_and(|sim| sim.node.is_some()) {
                    open.remove(&(known, peer));
                    open.insert((carried, peer));
                    best.insert(peer, (carried, Some(index)));
                }
            }
        }
        way(&best, payee)
    }
}

/// To whom a node could pay how much through each of its channels.
fn usable(node: &Node) -> impl Iterator<Item = (NodeIndex, Amount)> + '_ {
    let connected = |wanted: PeerId| node.gossip().peers().any(|(peer, status)| peer == wanted && status.is_some());
    let able = node.channels().filter(move |(peer, channel)| channel.is_usable() && connected(*peer));
    able.filter_map(|(peer, channel)| Some((u32::try_from(peer.0).ok()?, channel.spendable())))
}

fn way(best: &BTreeMap<NodeIndex, (Amount, Option<NodeIndex>)>, payee: NodeIndex) -> Widest {
    let Some((amount, _)) = best.get(&payee) else {
        return Widest { way: Vec::new(), amount: Amount::ZERO, narrowest: 0 };
    };
    let before = |index: &NodeIndex| best.get(index).and_then(|(_, from)| *from);
    let mut way: Vec<NodeIndex> = std::iter::successors(Some(payee), before).collect();
    way.reverse();
    // The first place after which no more than the least gets through.
    let narrowest = way.iter().skip(1).position(|index| best.get(index).is_some_and(|(width, _)| width == amount));
    Widest { amount: *amount, narrowest: narrowest.unwrap_or_default(), way }
}
