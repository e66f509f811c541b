//! The channels known from the chain, and what their sides have announced.

use std::collections::BTreeMap;

use borsh::BorshSerialize;
use serde::{Serialize, Serializer};

use super::{Announcement, ChannelPolicy, MAX_EXPIRY_DELTA, MAX_FEE_RATE};
use crate::primitives::{Amount, BlockId, ChannelId, Checks, PublicKey, Side};

/// Channels a graph holds; at some 600 bytes each, with both announcements.
pub const MAX_CHANNELS: usize = 1 << 18;

/// Channels of a network and the terms announced for each direction, kept so that searching is fast: every node's edges lie side by side, with all
/// that a search asks of them.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    by_id: BTreeMap<ChannelId, u32>,
    slots: Vec<Option<Slot>>,
    free_slots: Vec<u32>,
    by_key: BTreeMap<PublicKey, u32>,
    keys: Vec<PublicKey>,
    free_nodes: Vec<u32>,
    /// For each node the directions that end there.
    incoming: Vec<Vec<Edge>>,
}

/// A channel of the graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownChannel {
    /// Its id.
    pub id: ChannelId,
    /// The keys of opener and accepter.
    pub keys: [PublicKey; 2],
    /// Base units that both have locked.
    pub capacity: Amount,
    /// The newest announcement of opener and accepter.
    pub announcements: [Option<Announcement>; 2],
}

/// What came of an announcement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Applied {
    /// It is the newest: tell others.
    News,
    /// One at least as new was known. Nobody's fault.
    Stale {
        /// Its sequence.
        known: u64,
    },
    /// No such channel here. Perhaps our chain is behind: nobody's fault.
    UnknownChannel,
    /// Not signed by the side that it speaks for.
    BadSigner,
    /// Its values are out of range: nothing that [`Announcement::parse`] lets through.
    OutOfRange,
}

/// Why a channel was not taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Too many.
    #[error("{limit} channels are known already")]
    Full {
        /// [`MAX_CHANNELS`]
        limit: usize,
    },
    /// A channel of one party leads nowhere.
    #[error("channel {channel} has the same key on both sides")]
    SameParty {
        /// Which.
        channel: ChannelId,
    },
}

/// Bits that hold a fee rate; the others of 32 hold an expiry delta.
const RATE_BITS: u32 = 20;
const _: () = assert!(size_of::<Edge>() == 48);
const _: () = assert!(MAX_FEE_RATE < 1 << RATE_BITS && MAX_EXPIRY_DELTA < 1 << (32 - RATE_BITS));

#[derive(Debug, Clone)]
struct Slot {
    id: ChannelId,
    capacity: Amount,
    nodes: [u32; 2],
    announcements: [Option<Announcement>; 2],
    /// Where the edge in which opener or accepter pays lies among those that come in at the other.
    places: [u32; 2],
}

/// A direction of a channel, as a search sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edge {
    /// The most it can carry: of capacity and announced maximum the lower; 0 unless announced and enabled.
    pub(crate) maximum: u64,
    pub(crate) minimum: u64,
    pub(crate) fee_base: u64,
    pub(crate) capacity: u64,
    /// Rate in the lower 20 bits, expiry delta above.
    terms: u32,
    /// The first bytes of the channel's id.
    pub(super) tag: u32,
    /// The node that pays in it.
    pub(crate) from: u32,
    /// Names it: twice the channel's slot, and one more if the accepter pays.
    pub(crate) link: u32,
}

impl Graph {
    /// Takes in a channel that the chain shows; true if it was not known.
    ///
    /// # Errors
    /// [`GraphError`] if there are [`MAX_CHANNELS`] already, or both sides are one.
    pub fn add(&mut self, id: ChannelId, keys: [PublicKey; 2], capacity: Amount) -> Result<bool, GraphError> {
        if self.by_id.contains_key(&id) {
            return Ok(false);
        }
        if keys[0] == keys[1] {
            return Err(GraphError::SameParty { channel: id });
        }
        if self.by_id.len() >= MAX_CHANNELS {
            return Err(GraphError::Full { limit: MAX_CHANNELS });
        }
        let nodes = keys.map(|key| self.node_for(key));
        let slot = self.free_slots.pop().unwrap_or_else(|| {
            self.slots.push(None);
            index(self.slots.len() - 1)
        });
        let places = Side::BOTH.map(|side| {
            let edges = &mut self.incoming[nodes[side.other().index()] as usize];
            edges.push(Edge::silent(&id, nodes[side.index()], link(slot, side), capacity));
            index(edges.len() - 1)
        });
        self.slots[slot as usize] = Some(Slot { id, capacity, nodes, announcements: [None, None], places });
        self.by_id.insert(id, slot);
        Ok(true)
    }

    /// Forgets a channel that the chain shows no more. Hands back what was announced of it, for a reorg may bring it again.
    pub fn remove(&mut self, id: &ChannelId) -> Option<KnownChannel> {
        let known = self.channel(id)?;
        let slot = self.by_id.remove(id)?;
        let Slot { nodes, places, .. } = self.slots[slot as usize].take()?;
        self.free_slots.push(slot);
        for side in Side::BOTH {
            let (to, place) = (nodes[side.other().index()] as usize, places[side.index()]);
            self.incoming[to].swap_remove(place as usize);
            if let Some(moved) = self.incoming[to].get(place as usize) {
                let (slot, side) = slot_of(moved.link);
                if let Some(slot) = &mut self.slots[slot] {
                    slot.places[side.index()] = place;
                }
            }
        }
        for node in nodes {
            if self.incoming[node as usize].is_empty() {
                self.by_key.remove(&self.keys[node as usize]);
                self.free_nodes.push(node);
            }
        }
        Some(known)
    }

    /// Takes in an announcement, if it is news and signed by the side that it speaks for, on the chain that begins with `genesis`. Costs one
    /// verification, and none if it is stale or of an unknown channel.
    pub fn apply(&mut self, announcement: Announcement, genesis: &BlockId, checks: &mut Checks) -> Applied {
        match self.judge(&announcement, genesis, checks) {
            Applied::News => self.apply_verified(announcement),
            applied => applied,
        }
    }

    /// What would come of an announcement.
    pub fn judge(&self, announcement: &Announcement, genesis: &BlockId, checks: &mut Checks) -> Applied {
        match self.is_news(announcement) {
            Ok(key) if announcement.is_signed(&key, genesis, checks) => Applied::News,
            Ok(_) => Applied::BadSigner,
            Err(applied) => applied,
        }
    }

    /// As [`Graph::apply`], for an announcement whose signature was verified before: our own, or one from our own storage.
    pub fn apply_verified(&mut self, announcement: Announcement) -> Applied {
        if let Err(applied) = self.is_news(&announcement) {
            return applied;
        }
        let Some(slot) = self.by_id.get(&announcement.channel).and_then(|slot| self.slots[*slot as usize].as_mut())
        else {
            return Applied::UnknownChannel;
        };
        let side = announcement.side;
        slot.announcements[side.index()] = Some(announcement.clone());
        let (to, place) = (slot.nodes[side.other().index()], slot.places[side.index()]);
        self.incoming[to as usize][place as usize].announce(&announcement.policy);
        Applied::News
    }

    /// The key that should have signed it; or why nobody needs to look.
    fn is_news(&self, announcement: &Announcement) -> Result<PublicKey, Applied> {
        announcement.check().map_err(|_| Applied::OutOfRange)?;
        let known = self.channel(&announcement.channel).ok_or(Applied::UnknownChannel)?;
        let side = announcement.side.index();
        match &known.announcements[side] {
            Some(newest) if !announcement.supersedes(newest) => Err(Applied::Stale { known: newest.sequence }),
            _ => Ok(known.keys[side].clone()),
        }
    }

    /// A channel.
    pub fn channel(&self, id: &ChannelId) -> Option<KnownChannel> {
        self.known(*self.by_id.get(id)?)
    }

    /// What a side of a channel has announced last; nothing if there is no such channel.
    pub fn announced(&self, id: &ChannelId, side: Side) -> Option<Option<&Announcement>> {
        let slot = self.slots[*self.by_id.get(id)? as usize].as_ref()?;
        Some(slot.announcements[side.index()].as_ref())
    }

    /// All channels, by id.
    pub fn channels(&self) -> impl Iterator<Item = KnownChannel> + '_ {
        self.by_id.values().filter_map(|slot| self.known(*slot))
    }

    /// The channels of one node.
    pub fn of(&self, key: &PublicKey) -> impl Iterator<Item = KnownChannel> + '_ {
        let edges = self.by_key.get(key).map(|node| &*self.incoming[*node as usize]).unwrap_or_default();
        edges.iter().filter_map(|edge| self.known(edge.link / 2))
    }

    /// The channels whose ids are not below `first`, by id.
    pub fn channels_from(&self, first: ChannelId) -> impl Iterator<Item = KnownChannel> + '_ {
        self.by_id.range(first..).filter_map(|(_, slot)| self.known(*slot))
    }

    /// How many channels there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there is no channel.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// How many nodes have a channel.
    pub fn nodes(&self) -> usize {
        self.by_key.len()
    }

    fn known(&self, slot: u32) -> Option<KnownChannel> {
        let Slot { id, capacity, nodes, announcements, .. } = self.slots[slot as usize].as_ref()?;
        let keys = nodes.map(|node| self.keys[node as usize].clone());
        Some(KnownChannel { id: *id, keys, capacity: *capacity, announcements: announcements.clone() })
    }

    fn node_for(&mut self, key: PublicKey) -> u32 {
        if let Some(node) = self.by_key.get(&key) {
            return *node;
        }
        let node = self.free_nodes.pop().unwrap_or_else(|| {
            self.keys.push(key.clone());
            self.incoming.push(Vec::new());
            index(self.keys.len() - 1)
        });
        self.keys[node as usize] = key.clone();
        self.by_key.insert(key, node);
        node
    }

    /// One more than the highest number of a node.
    pub(crate) fn node_bound(&self) -> usize {
        self.keys.len()
    }

    /// A node's number.
    pub(crate) fn node(&self, key: &PublicKey) -> Option<u32> {
        self.by_key.get(key).copied()
    }

    /// The directions that end at a node.
    pub(crate) fn incoming(&self, node: u32) -> &[Edge] {
        &self.incoming[node as usize]
    }

    /// The direction in which the other side of `edge`'s channel pays.
    pub(super) fn back(&self, edge: &Edge) -> &Edge {
        let (slot, side) = slot_of(edge.link);
        let slot = self.slots[slot].as_ref().expect("an edge is dropped with its channel");
        &self.incoming[slot.nodes[side.index()] as usize][slot.places[side.other().index()] as usize]
    }

    /// The channel of a direction, who pays in it, and the keys of both sides.
    pub(super) fn direction(&self, link: u32) -> (ChannelId, Side, [PublicKey; 2]) {
        let (slot, side) = slot_of(link);
        let slot = self.slots[slot].as_ref().expect("an edge is dropped with its channel");
        (slot.id, side, slot.nodes.map(|node| self.keys[node as usize].clone()))
    }

    /// The channel of a direction, and who pays in it.
    pub(super) fn channel_side(&self, link: u32) -> (&ChannelId, Side) {
        (self.id(link), slot_of(link).1)
    }

    /// The channel of a direction.
    pub(super) fn id(&self, link: u32) -> &ChannelId {
        &self.slots[slot_of(link).0].as_ref().expect("an edge is dropped with its channel").id
    }
}

impl Edge {
    /// A direction that nobody has announced.
    const fn silent(id: &ChannelId, from: u32, link: u32, capacity: Amount) -> Self {
        let (capacity, tag) = (capacity.units(), tag(id));
        Self { maximum: 0, minimum: 0, fee_base: 0, capacity, terms: 0, tag, from, link }
    }

    const fn announce(&mut self, policy: &ChannelPolicy) {
        let most = policy.htlc_maximum.units();
        let most = if most < self.capacity { most } else { self.capacity };
        self.maximum = if policy.enabled { most } else { 0 };
        self.minimum = policy.htlc_minimum.units();
        self.fee_base = policy.fee_base.units();
        self.terms = policy.fee_rate | (policy.expiry_delta << RATE_BITS);
    }

    /// Millionths.
    #[inline]
    pub(crate) const fn fee_rate(&self) -> u32 {
        self.terms & ((1 << RATE_BITS) - 1)
    }

    /// Blocks.
    #[inline]
    pub(super) const fn expiry_delta(&self) -> u32 {
        self.terms >> RATE_BITS
    }
}

#[cfg(test)]
impl Edge {
    pub(super) const fn of(policy: &ChannelPolicy) -> Self {
        let mut edge = Self::silent(&ChannelId { 0: [0; 32] }, 0, 0, Amount::MAX);
        edge.announce(policy);
        edge
    }
}

fn index(at: usize) -> u32 {
    u32::try_from(at).expect("fewer than MAX_CHANNELS")
}

const fn link(slot: u32, side: Side) -> u32 {
    slot * 2 + side as u32
}

/// The other direction of the same channel.
pub(super) const fn other_way(link: u32) -> u32 {
    link ^ 1
}

/// Four bytes of an id that tell most apart.
pub(super) const fn tag(id: &ChannelId) -> u32 {
    let [a, b, c, d, ..] = id.0;
    u32::from_le_bytes([a, b, c, d])
}

const fn slot_of(link: u32) -> (usize, Side) {
    ((link / 2) as usize, if link.is_multiple_of(2) { Side::Opener } else { Side::Accepter })
}

impl PartialEq for Graph {
    /// The same channels with the same announcements, in whatever order they came.
    fn eq(&self, other: &Self) -> bool {
        self.by_id.len() == other.by_id.len() && self.channels().eq(other.channels())
    }
}

impl Eq for Graph {}

impl Serialize for Graph {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.channels())
    }
}

impl BorshSerialize for Graph {
    /// Its channels by id: the same bytes in whatever order they came.
    fn serialize<W: std::io::Write>(&self, writer: &mut W) -> std::io::Result<()> {
        BorshSerialize::serialize(&index(self.len()), writer)?;
        self.channels().try_for_each(|channel| BorshSerialize::serialize(&channel, writer))
    }
}
