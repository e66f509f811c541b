//! A channel as its two parties keep it, side by side.

use std::collections::BTreeMap;

use crate::{
    channel::Channel,
    gossip::PeerId,
    primitives::{ChannelId, CoSigned, Side, State},
    sim::{NodeIndex, World},
};

/// What the parties of one channel keep of it.
#[derive(Clone, Copy)]
pub(in crate::view) struct Pair<'a> {
    pub(in crate::view) id: ChannelId,
    /// Opener's, accepter's; nothing of one that is off, or that does not have the channel.
    pub(in crate::view) views: [Option<&'a Channel>; 2],
    /// The nodes.
    pub(in crate::view) ends: [NodeIndex; 2],
}

/// A commitment with its state, and who holds it as its newest.
pub(in crate::view) struct Held<'a> {
    pub(in crate::view) by: Vec<Side>,
    pub(in crate::view) channel: &'a Channel,
    pub(in crate::view) shown: &'a CoSigned,
    pub(in crate::view) state: &'a State,
}

impl<'a> Pair<'a> {
    /// Every channel that a running node has.
    pub(in crate::view) fn all(world: &'a World) -> BTreeMap<ChannelId, Self> {
        Self::matching(world, |_| true)
    }

    /// One of them.
    pub(in crate::view) fn of(world: &'a World, id: &ChannelId) -> Option<Self> {
        Self::matching(world, |channel| channel == id).remove(id)
    }

    fn matching(world: &'a World, wanted: impl Fn(&ChannelId) -> bool) -> BTreeMap<ChannelId, Self> {
        let mut known: BTreeMap<ChannelId, Self> = BTreeMap::new();
        for (index, node) in world.running() {
            for (PeerId(peer), channel) in node.channels().filter(|(_, channel)| wanted(&channel.id())) {
                let (id, peer) = (channel.id(), u32::try_from(peer).unwrap_or(u32::MAX));
                let ends = if channel.side() == Side::Opener { [index, peer] } else { [peer, index] };
                let pair = known.entry(id).or_insert(Self { id, views: [None; 2], ends });
                pair.views[channel.side().index()] = Some(channel);
            }
        }
        known
    }

    /// Whoever knows it, the opener first.
    pub(in crate::view) fn known(&self) -> impl Iterator<Item = &'a Channel> + use<'a> {
        self.views.into_iter().flatten()
    }

    /// What one side has of it.
    pub(in crate::view) fn view(&self, side: Side) -> Option<&'a Channel> {
        self.views[side.index()]
    }

    /// Whoever holds the newest commitment with both signatures.
    pub(in crate::view) fn newest(&self) -> Option<&'a Channel> {
        self.known().filter(|channel| channel.is_cosigned()).max_by_key(|channel| channel.newest().0.commitment.number)
    }

    /// The commitments that are the newest of a side: one, or two while an update is under way.
    pub(in crate::view) fn held(&self) -> Vec<Held<'a>> {
        let mut all: Vec<Held<'a>> = Vec::new();
        for channel in self.known() {
            let (shown, state) = channel.newest();
            match all.iter_mut().find(|held| held.shown == shown && held.state == state) {
                Some(held) => held.by.push(channel.side()),
                None => all.push(Held { by: vec![channel.side()], channel, shown, state }),
            }
        }
        all
    }

    /// The names of opener and accepter.
    pub(in crate::view) fn names(&self, world: &World) -> [String; 2] {
        self.ends.map(|index| world.node(index).map(|sim| sim.name.clone()).unwrap_or_default())
    }
}
