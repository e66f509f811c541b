//! The promise about rest: 7, once a network has come to it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Invariant, Violation};
use crate::{
    chain::decide,
    channel::{Channel, Outgoing, REORG_MARGIN},
    gossip::PeerId,
    node::{Node, Payment},
    primitives::{BlockId, Height, Htlc, ordered},
    sim::{NodeIndex, SimNode, World},
};

impl World {
    /// Evaluates what holds when the network is at rest.
    pub fn check_rest(&mut self) {
        self.check_earnings();
        let most = self.tips().iter().map(BTreeSet::len).max().unwrap_or(0);
        let stuck = self.stuck();
        let holds = most <= 1 && stuck.is_none();
        let detail = stuck.unwrap_or_else(|| format!("{most} different tips at rest among connected nodes"));
        self.lights
            .tally(Violation { invariant: Invariant::Agreement, key: self.last_key(), node: None, detail }, holds);
    }

    /// Whether something of the honest is under way that other parties, or the chain, will settle: a payment, an HTLC that somebody has offered, or
    /// a preimage that has to get to the chain in time.
    pub(in crate::sim) fn has_pending(&self) -> bool {
        self.honest().any(|(_, node)| pending(node).next().is_some())
    }

    fn honest(&self) -> impl Iterator<Item = (NodeIndex, &Node)> {
        self.running().filter(|(index, _)| self.is_honest(*index))
    }

    /// What the honest should have got rid of: all that is past its time; and whatever is pending, if all are here, honest and not in dispute.
    fn stuck(&self) -> Option<String> {
        let here = |sim: &SimNode| sim.node.as_ref().is_some_and(|node| !node.holds_payments());
        let calm = |(_, channel): (PeerId, &Channel)| {
            channel.is_over() || channel.newest().1.htlcs.is_empty() || channel.is_usable()
        };
        let quiet = (0..).zip(self.nodes()).all(|(index, sim)| here(sim) && self.is_honest(index))
            && self.running().all(|(_, node)| node.channels().all(calm));
        let late = |node: &Node, expiry: Height| node.chain().height().0 >= expiry.0 + REORG_MARGIN;
        self.honest().find_map(|(index, node)| {
            let stuck = pending(node).find(|(_, expiry)| quiet || expiry.is_some_and(|expiry| late(node, expiry)));
            stuck.map(|(what, expiry)| {
                format!("{what} of node {index} is pending, expiry {expiry:?}, height {}", node.chain().height())
            })
        })
    }

    /// Whether all nodes that are on, honest and connected, directly or over others, follow one tip.
    pub(in crate::sim) fn agrees(&self) -> bool {
        self.tips().iter().all(|tips| tips.len() == 1)
    }

    /// The tips of each part of the network whose nodes can hear of each other. Whoever has misbehaved may be banned, and need not pass anything on.
    fn tips(&self) -> Vec<BTreeSet<BlockId>> {
        let on: BTreeMap<NodeIndex, BlockId> = ordered(self.honest().map(|(index, node)| (index, node.chain().tip())));
        let mut neighbours: BTreeMap<NodeIndex, Vec<NodeIndex>> = BTreeMap::new();
        for ((a, b), link) in self.links() {
            let passes = !link.cut && link.quality.loss < 1_000_000;
            if passes && on.contains_key(&a) && on.contains_key(&b) {
                neighbours.entry(a).or_default().push(b);
                neighbours.entry(b).or_default().push(a);
            }
        }
        let (mut parts, mut seen) = (Vec::new(), BTreeSet::new());
        for first in on.keys() {
            let (mut tips, mut waiting) = (BTreeSet::new(), vec![*first]);
            while let Some(index) = waiting.pop() {
                if seen.insert(index) {
                    tips.insert(on[&index]);
                    waiting.extend(neighbours.remove(&index).unwrap_or_default());
                }
            }
            parts.extend((!tips.is_empty()).then_some(tips));
        }
        parts
    }
}

/// What a node waits for, and until when at most: its payments, HTLCs that it has offered, and preimages of which the chain does not know.
fn pending(node: &Node) -> impl Iterator<Item = (String, Option<Height>)> + '_ {
    let first = |payment: &Payment| payment.attempts.last()?.route.hops.first().map(|hop| hop.expiry);
    let payments = node.payments().filter(|payment| payment.outcome.is_none());
    let payments =
        payments.map(move |payment| (format!("payment {}", payment.invoice.payment.short()), first(payment)));
    let open = node.channels().map(|(_, channel)| channel).filter(|channel| !channel.is_over());
    let htlcs = open.flat_map(move |channel| {
        let (ledger, height) = (node.chain().ledger(), node.chain().height());
        let waits = move |htlc: &&Htlc| match channel.outcome(htlc.id).filter(|_| htlc.offerer == channel.side()) {
            Some(outcome) => matches!(outcome, Outgoing::Pending(_)),
            None => channel.claims(htlc.id) && height < htlc.expiry && decide(htlc, height, ledger).is_none(),
        };
        let waiting = channel.newest().1.htlcs.iter().filter(waits);
        waiting.map(|htlc| (format!("HTLC {} of channel {}", htlc.id, channel.id().short()), Some(htlc.expiry)))
    });
    payments.chain(htlcs)
}
