//! What is past, kept a while for people to look at: how messages went, and what happened at nodes. No run depends on it.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use super::{EventKey, LogEntry, NodeIndex, Occurrence, Subject, World, world::Pending};
use crate::{
    node::EventKind,
    primitives::{BlockId, Height, Timestamp, ordered},
};

/// Messages that are over and still remembered.
const MAX_PASSAGES: usize = 4_096;
/// Marks remembered.
const MAX_MARKS: usize = 1_024;
/// Records that copies of a world share or copy as one.
const CHUNK: usize = 128;

/// Sequences of messages that were lost on their way begin here, above all that arrive.
pub(super) const LOST: u64 = 1 << 52;

/// A message's way from one node to another, without the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// The event of its arrival. Of one lost on its way: when it would have arrived, its sender, and a number that no message has that arrives.
    pub key: EventKey,
    /// The receiver; `key.actor` is the sender.
    pub to: NodeIndex,
    /// When it was sent.
    pub sent: Timestamp,
    /// Which message.
    pub kind: &'static str,
    /// The newest block that it names or carries; if there is none, the first transaction.
    pub about: Option<Subject>,
    /// Why nobody has received it, if so.
    pub lost: Option<Arc<Lost>>,
}

/// Why nobody has received a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// Why.
    pub why: Loss,
    /// How many bytes it had.
    pub size: usize,
    /// The event in which it was sent, or found nobody; nothing for what was there from the beginning.
    pub origin: Option<Arc<Occurrence>>,
}

/// What keeps a message from being received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loss {
    /// Its link loses some, by chance.
    Chance,
    /// Its link was cut, by this.
    Cut(Option<Arc<Occurrence>>),
    /// Its ends were not connected: one is off, or has hung up.
    Apart,
    /// It arrived at a node that was off.
    Off,
}

/// Something that happened at a node, in its lane of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The event in which it happened.
    pub key: EventKey,
    /// Where.
    pub node: NodeIndex,
    /// What.
    pub deed: Deed,
}

/// What is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// It found a block.
    Found {
        /// Which.
        block: BlockId,
        /// Where in the chain.
        height: Height,
    },
    /// It left its best chain for another.
    Reorged {
        /// The tip that it follows now.
        to: BlockId,
        /// Blocks that left its best chain.
        disconnected: usize,
    },
    /// It was switched on, or added.
    On,
    /// It was switched off.
    Off,
    /// Its link with this node carries nothing any more.
    Cut(NodeIndex),
    /// Its link with this node carries messages again.
    Healed(NodeIndex),
}

/// The last records of a kind, in chunks that copies share.
#[derive(Debug, Clone)]
struct Ring<T> {
    chunks: VecDeque<Arc<Vec<T>>>,
    most: usize,
    /// The last one that was dropped.
    dropped: Option<T>,
}

/// What a world remembers of its past.
#[derive(Debug, Clone)]
pub(super) struct Past {
    passages: Ring<Passage>,
    marks: Ring<Mark>,
}

impl<T: Clone> Ring<T> {
    const fn new(most: usize) -> Self {
        Self { chunks: VecDeque::new(), most, dropped: None }
    }

    fn push(&mut self, record: T) {
        match self.chunks.back_mut().filter(|chunk| chunk.len() < CHUNK) {
            Some(chunk) => Arc::make_mut(chunk).push(record),
            None => self.chunks.push_back(Arc::new(vec![record])),
        }
        if self.chunks.len() * CHUNK > self.most {
            self.dropped = self.chunks.pop_front().and_then(|chunk| chunk.last().cloned());
        }
    }

    /// Newest first.
    fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().rev().flat_map(|chunk| chunk.iter().rev())
    }
}

impl Default for Past {
    fn default() -> Self {
        Self { passages: Ring::new(MAX_PASSAGES), marks: Ring::new(MAX_MARKS) }
    }
}

impl Past {
    pub(super) fn push(&mut self, passage: Passage) {
        self.passages.push(passage);
    }

    /// Bytes of all that is remembered; copies may share them.
    pub(super) fn bytes(&self) -> usize {
        CHUNK * (self.passages.chunks.len() * size_of::<Passage>() + self.marks.chunks.len() * size_of::<Mark>())
    }
}

impl World {
    /// How the last messages went that arrived or were lost, newest first.
    pub fn passages(&self) -> impl Iterator<Item = &Passage> {
        self.past.passages.iter()
    }

    /// A message that nobody has received, as long as its passage is remembered.
    pub fn lost(&self, key: &EventKey) -> Option<(&Passage, &Lost)> {
        let passage = self.passages().find(|passage| passage.key == *key)?;
        Some((passage, passage.lost.as_deref()?))
    }

    /// The messages in flight, first to arrive first.
    pub fn under_way(&self) -> impl Iterator<Item = Passage> {
        self.queue.iter().filter_map(|(key, (_, pending))| match pending {
            Pending::Delivery(slot) => Some(slot.passage(*key, None)),
            _ => None,
        })
    }

    /// What happened at nodes lately, newest first.
    pub fn marks(&self) -> impl Iterator<Item = &Mark> {
        self.past.marks.iter()
    }

    /// Of all that ended later, every passage and every mark is remembered.
    pub fn remembers_after(&self) -> Timestamp {
        let passage = self.past.passages.dropped.as_ref().map(|passage| passage.key.time);
        let mark = self.past.marks.dropped.as_ref().map(|mark| mark.key.time);
        passage.max(mark).unwrap_or_default()
    }

    pub(super) fn mark(&mut self, node: NodeIndex, deed: Deed) {
        let key = self.last_key().unwrap_or(EventKey::at(self.now()));
        self.past.marks.push(Mark { key, node, deed });
    }

    pub(super) fn mark_entry(&mut self, node: Option<NodeIndex>, entry: &LogEntry) {
        let deed = match entry {
            LogEntry::Node(EventKind::Mined { block, height }) => Deed::Found { block: *block, height: *height },
            LogEntry::Node(EventKind::Reorged { to, disconnected, .. }) => {
                Deed::Reorged { to: *to, disconnected: *disconnected }
            }
            _ => return,
        };
        if let Some(node) = node {
            self.mark(node, deed);
        }
    }

    /// The links that are cut.
    pub(super) fn cuts(&self) -> BTreeSet<(NodeIndex, NodeIndex)> {
        ordered(self.links.iter().filter(|(_, link)| link.cut).map(|(ends, _)| *ends))
    }

    /// Marks the ends of links that were cut or healed since.
    pub(super) fn mark_cuts(&mut self, before: &BTreeSet<(NodeIndex, NodeIndex)>) {
        let now = self.cuts();
        for (a, b) in now.symmetric_difference(before) {
            let deed = |other| if now.contains(&(*a, *b)) { Deed::Cut(other) } else { Deed::Healed(other) };
            self.mark(*a, deed(*b));
            self.mark(*b, deed(*a));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_keeps_the_last_and_knows_what_it_dropped() {
        let mut ring = Ring::new(4 * CHUNK);
        let mut copy = None;
        for number in 0..10 * CHUNK {
            ring.push(number);
            assert!(ring.chunks.len() <= 4);
            assert!(ring.iter().copied().eq((ring.dropped.map_or(0, |last| last + 1)..=number).rev()));
            if number == 777 {
                copy = Some(ring.clone());
            }
        }
        let copy = copy.expect("there were so many");
        assert_eq!(copy.iter().next(), Some(&777), "a copy stays as it was");
    }
}
