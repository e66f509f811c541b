//! The promise about forwarders: 6, whenever an HTLC that somebody has passed on is settled, and by money at rest.

use std::collections::BTreeMap;

use super::{Invariant, Violation};
use crate::{
    chain::decide,
    channel::{Channel, Ending, Origin, Outgoing},
    node::{ChangeSet, Node},
    primitives::{Amount, ChannelId, Hash, Height, Htlc, Side},
    sim::{NodeIndex, World},
};

/// What is known of HTLCs that nodes have passed on, and what that has brought them.
#[derive(Debug, Clone, Default)]
pub(in crate::sim) struct Forwards {
    open: BTreeMap<Place, Forward>,
    /// Base units that each node has gained or lost by what is settled on both sides.
    earned: BTreeMap<NodeIndex, i64>,
}

/// Where an HTLC was passed on: by whom, through which channel, with which id there.
type Place = (NodeIndex, ChannelId, u64);

/// An HTLC that was passed on.
#[derive(Debug, Clone, Copy)]
struct Forward {
    /// The handle of the channel by which it came, and its id there.
    from: (Hash, u64),
    incoming: Amount,
    outgoing: Amount,
    /// The world's troubles when it was passed on: whoever may have been offline since may lose.
    troubles: u64,
    /// Our balance upstream, and whether the preimage was known there, when its HTLC stood there last.
    upstream: (Amount, bool),
    paid: Option<bool>,
    received: Option<bool>,
}

impl World {
    /// Evaluates 6 on what a node stores: all that one event changes, at once.
    pub(in crate::sim) fn check_forwards(&mut self, index: NodeIndex, changes: &ChangeSet) {
        if !self.is_honest(index) {
            return;
        }
        for stored in changes.channels.values().flatten() {
            self.note_forwards(index, &stored.channel);
        }
        for stored in changes.channels.values().flatten() {
            self.note_downstream(index, &stored.channel);
            self.note_upstream(index, &stored.channel);
        }
        self.judge_forwards(index);
    }

    /// The same when the chain has paid a channel out.
    pub(in crate::sim) fn check_forwards_of(&mut self, index: NodeIndex, id: &ChannelId, ending: Ending) {
        let Some(node) = self.node(index).filter(|_| self.is_honest(index)).and_then(|sim| sim.node.as_ref()) else {
            return;
        };
        let Some((_, channel)) = node.channel(id) else { return };
        let (side, handle) = (channel.side(), channel.handle_name());
        // Whoever publishes what it had revoked may lose by that.
        let number = channel.newest().0.commitment.number;
        if ending == Ending::Punished(side) || channel.published().is_some_and(|published| published < number) {
            let ours =
                |place: &Place, forward: &Forward| place.0 == index && (place.1 == *id || forward.from.0 == handle);
            self.watch.forwards.open.retain(|place, forward| !ours(place, forward));
            return;
        }
        // Which way the chain has decided an HTLC of the state that was paid out; one that is not there was not ours to lose.
        let settled = super::channels::settled(node, channel);
        let decided = |found: &dyn Fn(&Htlc) -> bool| {
            let (state, height) = settled.as_ref()?;
            let htlc = state.htlcs.iter().find(|htlc| found(htlc))?;
            decide(htlc, *height, node.chain().ledger())
        };
        let ours = |htlc_id: u64, offerer: Side| match ending {
            Ending::Punished(loser) => (loser == side.other()).then_some(side),
            _ => decided(&|htlc| htlc.id == htlc_id && htlc.offerer == offerer),
        };
        let mut news = Vec::new();
        for (place, forward) in self.watch.forwards.open.iter().filter(|(place, _)| place.0 == index) {
            if place.1 == *id && forward.paid.is_none() {
                let paid = ours(place.2, side).map(|to| to != side);
                news.push((*place, paid.or(Some(false)), forward.received));
            } else if forward.from.0 == handle && forward.received.is_none() {
                let received = ours(forward.from.1, side.other()).map(|to| to == side);
                news.push((*place, forward.paid, received));
            }
        }
        for (place, paid, received) in news {
            if let Some(forward) = self.watch.forwards.open.get_mut(&place) {
                (forward.paid, forward.received) = (paid, received);
            }
        }
        self.judge_forwards(index);
    }

    /// At rest: nobody honest has lost by what it has passed on.
    pub(super) fn check_earnings(&mut self) {
        let honest = |(index, _): &(&NodeIndex, &i64)| self.is_honest(**index);
        let earned: Vec<_> = self.watch.forwards.earned.iter().filter(honest).map(|(at, sum)| (*at, *sum)).collect();
        for (index, sum) in earned {
            self.tally_forward(index, sum >= 0, format!("all that was passed on has brought {sum}"));
        }
    }

    fn tally_forward(&mut self, index: NodeIndex, holds: bool, detail: String) {
        let (invariant, key) = (Invariant::Forwarding, self.last_key());
        self.lights.tally(Violation { invariant, key, node: Some(index), detail }, holds);
    }

    /// HTLCs that it offers for others.
    fn note_forwards(&mut self, index: NodeIndex, channel: &Channel) {
        let (id, troubles) = (channel.id(), self.watch.troubles());
        let new: Vec<(u64, (Hash, u64))> = channel
            .unsettled()
            .filter_map(|(at, origin)| match origin {
                Origin::Forward { channel, id } => Some((at, (channel, id))),
                Origin::Own { .. } => None,
            })
            .filter(|(at, _)| !self.watch.forwards.open.contains_key(&(index, id, *at)))
            .collect();
        for (at, from) in new {
            let node = self.node(index).and_then(|sim| sim.node.as_ref());
            let upstream = node.and_then(|node| by_handle(node, &from.0));
            let incoming = upstream.and_then(|upstream| upstream.htlc(from.1)).map(|htlc| htlc.amount);
            if let (Some(upstream), Some(incoming), Some(htlc)) = (upstream, incoming, channel.htlc(at)) {
                let upstream = (own(upstream), false);
                let forward =
                    Forward { from, incoming, outgoing: htlc.amount, troubles, upstream, paid: None, received: None };
                self.watch.forwards.open.insert((index, id, at), forward);
            }
        }
    }

    /// Whether what it has offered for others is paid, or has come back.
    fn note_downstream(&mut self, index: NodeIndex, channel: &Channel) {
        let from = (index, channel.id(), 0);
        for ((_, _, id), forward) in self.watch.forwards.open.range_mut(from..=(index, channel.id(), u64::MAX)) {
            match channel.outcome(*id) {
                Some(Outgoing::Fulfilled) => forward.paid = Some(true),
                None if forward.paid.is_none() => forward.paid = Some(false),
                // Given up: but the chain has the last word while the HTLC stands there.
                Some(Outgoing::Failed | Outgoing::Pending(_)) | None => {}
            }
        }
    }

    /// Whether what was offered to it is taken, or was given back. One update changes one HTLC: if our balance rose, it was taken.
    fn note_upstream(&mut self, index: NodeIndex, channel: &Channel) {
        let (handle, balance) = (channel.handle_name(), own(channel));
        let forwards = self.watch.forwards.open.iter_mut().filter(|(place, _)| place.0 == index);
        for (_, forward) in forwards.filter(|(_, forward)| forward.from.0 == handle && forward.received.is_none()) {
            if channel.htlc(forward.from.1).is_some() {
                forward.upstream = (balance, channel.claims(forward.from.1));
            } else {
                forward.received = Some(balance > forward.upstream.0);
            }
        }
    }

    /// What is paid must have been received, or be claimable.
    fn judge_forwards(&mut self, index: NodeIndex) {
        let Some(node) = self.node(index).and_then(|sim| sim.node.as_ref()) else {
            return;
        };
        let troubles = self.watch.troubles();
        let (mut verdicts, mut over) = (Vec::new(), Vec::new());
        for (place, forward) in self.watch.forwards.open.iter().filter(|(place, _)| place.0 == index) {
            let done = forward.paid.is_some() && forward.received.is_some();
            if forward.troubles == troubles && forward.paid == Some(true) {
                let holds = forward.received.unwrap_or_else(|| is_claimable(node, forward));
                let Forward { incoming, outgoing, from, received, .. } = forward;
                let height = node.chain().height();
                verdicts.push((
                    holds,
                    format!(
                        "paid {outgoing}, received {received:?} of {incoming} by HTLC {} at height {height}",
                        from.1
                    ),
                ));
            }
            if done {
                over.push(*place);
            }
        }
        for (holds, detail) in verdicts {
            self.tally_forward(index, holds, detail);
        }
        for place in over {
            if let Some(forward) = self.watch.forwards.open.remove(&place).filter(|done| done.troubles == troubles) {
                let of = |amount: Amount, counts: Option<bool>| {
                    if counts == Some(true) { amount.units().cast_signed() } else { 0 }
                };
                let gain = of(forward.incoming, forward.received) - of(forward.outgoing, forward.paid);
                *self.watch.forwards.earned.entry(index).or_default() += gain;
            }
        }
    }
}

/// The HTLC upstream can still be taken: its preimage is known in time, there or on the chain.
fn is_claimable(node: &Node, forward: &Forward) -> bool {
    let Some(upstream) = by_handle(node, &forward.from.0) else {
        return false;
    };
    let Some(htlc) = upstream.htlc(forward.from.1) else {
        return false;
    };
    let registered = decide(htlc, Height(0), node.chain().ledger()).is_some();
    registered || (upstream.claims(htlc.id) && node.chain().height() < htlc.expiry)
}

fn by_handle<'a>(node: &'a Node, handle: &Hash) -> Option<&'a Channel> {
    node.channels().map(|(_, channel)| channel).find(|channel| channel.handle_name() == *handle)
}

fn own(channel: &Channel) -> Amount {
    channel.newest().1.balances[channel.side().index()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::{Scenario, Tally};

    /// What was paid downstream: received, still claimable, given back, and given back while its node was perhaps not online.
    #[test]
    fn a_loss_is_seen() {
        let (gain, loss) = (Tally { checked: 2, violated: 0 }, Tally { checked: 2, violated: 2 });
        let table = [(Some(true), 0, gain), (Some(false), 0, loss), (None, 0, Tally { checked: 1, violated: 1 })];
        let table = table.into_iter().chain([(Some(false), 1, Tally::default())]);
        for (received, troubles, expected) in table {
            let mut world = World::new(Scenario::generated(3, 1));
            (0..troubles).for_each(|_| world.watch.trouble());
            let (from, upstream) = ((Hash::ZERO, 1), (Amount::ZERO, false));
            let (incoming, outgoing, paid) = (Amount::literal(101), Amount::literal(100), Some(true));
            let forward = Forward { from, incoming, outgoing, troubles: 0, upstream, paid, received };
            world.watch.forwards.open.insert((0, Hash::ZERO, 2), forward);
            world.judge_forwards(0);
            world.check_earnings();
            assert_eq!(world.invariants()[5], (Invariant::Forwarding, expected), "received {received:?}");
        }
    }
}
