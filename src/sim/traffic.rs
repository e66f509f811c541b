//! Messages between nodes: envelopes, and the slots that wait for them.
//!
//! The moment a message is sent its arrival is decided and a slot stands in the queue at that key. Over [`Carrier::Loopback`] the slot is born
//! full; over [`Carrier::External`] it is filled when the bytes have really travelled, and the world waits at an empty one. So both
//! give the same run. The last messages that arrived are kept a while, for people to look at; no run depends on them.

use std::{collections::VecDeque, sync::Arc};

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use super::{
    Class, EventKey, LogEntry, Loss, Lost, NodeIndex, Occurrence, Passage, Subject, World, past::LOST, world::Pending,
};
use crate::{
    gossip::Message,
    primitives::{Hash, Tag, Timestamp},
};

const PAYLOAD: Tag = Tag::new("tabchain/payload");
/// Arrived messages that are kept.
const MAX_DELIVERED: usize = 256;
/// Bytes of arrived messages that are kept together; a larger message is not kept at all.
const MAX_DELIVERED_BYTES: usize = 256 << 10;

/// How bytes get from one node to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Carrier {
    /// Handed over at once.
    Loopback,
    /// Given to the driver, which brings them back by [`World::fill`].
    External,
}

/// A message on its way through an external carrier.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Envelope {
    /// The sender's index.
    pub from: u32,
    /// The receiver's index.
    pub to: u32,
    /// When it was sent, virtual ms.
    pub sent: Timestamp,
    /// When it arrives, virtual ms.
    pub deliver_at: Timestamp,
    /// The sender's count.
    pub sequence: u64,
    /// The message as on the wire.
    pub bytes: Vec<u8>,
}

/// A message in flight, or one that has arrived, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flight {
    /// The event of its arrival, which names it.
    pub key: EventKey,
    /// Sender.
    pub from: NodeIndex,
    /// Receiver.
    pub to: NodeIndex,
    /// When it was sent.
    pub sent: Timestamp,
    /// When it arrives.
    pub deliver_at: Timestamp,
    /// Which message.
    pub kind: &'static str,
    /// How many bytes it has.
    pub size: usize,
    /// How it came to be.
    pub origin: Arc<Occurrence>,
    /// The bytes, as soon as its slot is full.
    pub bytes: Option<Arc<[u8]>>,
}

/// Why an envelope was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FillError {
    /// No message is expected there (any more).
    #[error("no message from node {from} with sequence {sequence} is expected at {at} ms")]
    Unexpected {
        /// Claimed sender.
        from: u32,
        /// Claimed count.
        sequence: u64,
        /// Claimed arrival.
        at: Timestamp,
    },
    /// The bytes are not the ones that were sent.
    #[error("the message from node {from} with sequence {sequence} was altered on its way")]
    Altered {
        /// Claimed sender.
        from: u32,
        /// Claimed count.
        sequence: u64,
    },
}

/// A place in the queue for a message.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) from: NodeIndex,
    pub(super) to: NodeIndex,
    pub(super) sent: Timestamp,
    pub(super) kind: &'static str,
    pub(super) size: usize,
    pub(super) about: Option<Subject>,
    pub(super) hash: Hash,
    pub(super) bytes: Option<Arc<[u8]>>,
}

/// The last messages that arrived, oldest first. Copies of a world share the bytes.
#[derive(Debug, Clone, Default)]
pub(super) struct Delivered {
    slots: VecDeque<(Arc<Occurrence>, Slot)>,
    bytes: usize,
}

impl Slot {
    fn flight(&self, origin: &Arc<Occurrence>) -> Flight {
        let Self { from, to, sent, kind, size, bytes, .. } = self.clone();
        let (key, origin) = (origin.key, Arc::clone(origin));
        Flight { key, from, to, sent, deliver_at: key.time, kind, size, origin, bytes }
    }

    /// Its way; `found_off` is its arrival at a node that was off.
    pub(super) fn passage(&self, key: EventKey, found_off: Option<&Arc<Occurrence>>) -> Passage {
        let Self { to, sent, kind, size, about, .. } = *self;
        let lost = found_off.map(|origin| Arc::new(Lost { why: Loss::Off, size, origin: Some(Arc::clone(origin)) }));
        Passage { key, to, sent, kind, about, lost }
    }
}

impl Delivered {
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn push(&mut self, origin: Arc<Occurrence>, slot: Slot) {
        if slot.size > MAX_DELIVERED_BYTES {
            return;
        }
        self.bytes += slot.size;
        self.slots.push_back((origin, slot));
        while self.slots.len() > MAX_DELIVERED || self.bytes > MAX_DELIVERED_BYTES {
            self.bytes -= self.slots.pop_front().map_or(0, |(_, slot)| slot.size);
        }
    }

    /// Messages arrive in the order of their keys.
    fn get(&self, key: &EventKey) -> Option<Flight> {
        let at = self.slots.binary_search_by_key(key, |(origin, _)| origin.key).ok()?;
        self.slots.get(at).map(|(origin, slot)| slot.flight(origin))
    }
}

impl World {
    /// Sends over the link, if there is one and it does not lose the message.
    pub(super) fn send(&mut self, from: NodeIndex, to: NodeIndex, message: &Message) {
        let bytes = message.to_bytes();
        let now = self.now();
        let Some(link) = self.link_mut(from, to) else {
            return;
        };
        let latency = u64::from(link.quality.latency.max(1));
        let Some(deliver_at) = link.carry(now, from < to, bytes.len()) else {
            return self.lose(from, to, message, (bytes.len(), now.after(latency)));
        };
        let (size, hash) = (bytes.len(), PAYLOAD.hash(&[&bytes]));
        let sequence = self.next_sequence(from);
        let key = EventKey { time: deliver_at, class: Class::Delivery, actor: from, sequence };
        let bytes = match self.carrier {
            Carrier::Loopback => Some(bytes.into()),
            Carrier::External => {
                self.unfilled += 1;
                self.outgoing.push(Envelope { from, to, sent: now, deliver_at, sequence, bytes });
                None
            }
        };
        let (kind, about) = (message.kind(), Subject::of(message));
        self.schedule(key, Pending::Delivery(Slot { from, to, sent: now, kind, size, about, hash, bytes }));
        self.absorb(&(key, hash));
    }

    fn lose(&mut self, from: NodeIndex, to: NodeIndex, message: &Message, (size, due): (usize, Timestamp)) {
        self.stats.lost += 1;
        self.record_loss(from, to, message);
        let why = match self.links.get(&(from.min(to), from.max(to))) {
            Some(link) if link.cut => Loss::Cut(link.cut_by.clone()),
            Some(link) if link.connected => Loss::Chance,
            _ => Loss::Apart,
        };
        let key = EventKey { time: due, class: Class::Delivery, actor: from, sequence: LOST + self.stats.lost };
        let (kind, about) = (message.kind(), Subject::of(message));
        let lost = Some(Arc::new(Lost { why, size, origin: self.present.clone() }));
        self.past.push(Passage { key, to, sent: self.now(), kind, about, lost });
    }

    /// What brings or names a block is worth remembering when it is lost.
    fn record_loss(&mut self, from: NodeIndex, to: NodeIndex, message: &Message) {
        let link = self.links.get(&(from.min(to), from.max(to))).filter(|link| link.connected);
        let matters = !matches!(message, Message::Status(_) | Message::Get(_) | Message::NotFound(_));
        let (Some(link), Some(Subject::Block(block)), true) = (link, Subject::of(message), matters) else {
            return;
        };
        let cut_by = link.cut_by.clone().filter(|_| link.cut);
        self.record(Some(from), LogEntry::Lost { to, kind: message.kind(), block, cut_by });
    }

    /// Envelopes that an external carrier must bring; empties the list.
    pub fn take_outgoing(&mut self) -> Vec<Envelope> {
        std::mem::take(&mut self.outgoing)
    }

    /// Slots still empty.
    pub fn unfilled(&self) -> usize {
        self.unfilled
    }

    /// Chooses how the messages sent from now on travel.
    pub fn set_carrier(&mut self, carrier: Carrier) {
        self.carrier = carrier;
    }

    /// How messages travel.
    pub fn carrier(&self) -> Carrier {
        self.carrier
    }

    /// An external carrier brings bytes. They are untrusted: only what was sent is taken, once.
    ///
    /// # Errors
    /// [`FillError`]; nothing has changed then.
    pub fn fill(&mut self, envelope: Envelope) -> Result<(), FillError> {
        let Envelope { from, to, sent, deliver_at, sequence, bytes } = envelope;
        let key = EventKey { time: deliver_at, class: Class::Delivery, actor: from, sequence };
        let unexpected = FillError::Unexpected { from, sequence, at: deliver_at };
        let Some(Pending::Delivery(slot)) = self.pending_mut(&key) else {
            return Err(unexpected);
        };
        if slot.bytes.is_some() || slot.to != to || slot.sent != sent {
            return Err(unexpected);
        }
        if PAYLOAD.hash(&[&bytes]) != slot.hash {
            return Err(FillError::Altered { from, sequence });
        }
        slot.bytes = Some(bytes.into());
        self.unfilled -= 1;
        Ok(())
    }

    /// Every message in flight, in order of arrival.
    pub fn flights(&self) -> impl Iterator<Item = Flight> + '_ {
        self.queue.values().filter_map(|(origin, pending)| match pending {
            Pending::Delivery(slot) => Some(slot.flight(origin)),
            _ => None,
        })
    }

    /// A message in flight, or one of the last that arrived.
    pub fn message(&self, key: &EventKey) -> Option<Flight> {
        match self.queue.get(key) {
            Some((origin, Pending::Delivery(slot))) => Some(slot.flight(origin)),
            _ => self.delivered.get(key),
        }
    }

    /// The messages that arrived last, newest first.
    pub fn delivered(&self) -> impl Iterator<Item = Flight> + '_ {
        self.delivered.slots.iter().rev().map(|(origin, slot)| slot.flight(origin))
    }
}
