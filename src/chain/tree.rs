//! The block tree: every header we know, with or without its body.
//!
//! Bounded: what is not on the best chain is limited to [`MAX_STALE`] entries and [`MAX_STALE_BYTES`] of bodies; the leaf with the least
//! work goes first.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    sync::Arc,
};

use serde::Serialize;

use super::CheckedBlock;
use crate::primitives::{BlockId, Header, Height, Timestamp, Work, ordered};

/// Entries off the best chain that are kept, header-only ones included (about 300 bytes each without a body).
pub const MAX_STALE: usize = 4_096;

/// Bytes of bodies off the best chain that are kept. A leaf heavier than the tip is spared: its bodies are on their way to become the best.
pub const MAX_STALE_BYTES: usize = 16 << 20;

/// How many blocks the median time looks back over (Bitcoin's rule).
const MEDIAN_SPAN: usize = 11;

/// One known header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The header.
    pub header: Header,
    /// Work of the whole chain that ends here.
    pub work: Work,
    /// The block, once we have it.
    pub body: Option<CheckedBlock>,
    children: BTreeSet<BlockId>,
}

/// Headers by id, linked to their parents. Copies of a tree share their entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BlockTree {
    entries: BTreeMap<BlockId, Arc<Entry>>,
    leaves: BTreeSet<Weight>,
    stale_bytes: usize,
    /// What is not on the best chain. It follows from the entries and the tip, so no digest holds it.
    #[serde(skip)]
    aside: BTreeSet<(Height, BlockId)>,
}

/// What fork choice compares: the most work, then the lower id.
type Weight = (Work, Reverse<BlockId>);

impl Entry {
    /// Blocks that build on it.
    pub fn children(&self) -> impl Iterator<Item = &BlockId> {
        self.children.iter()
    }
}

impl BlockTree {
    /// A tree of one block.
    pub fn new(genesis: CheckedBlock) -> Self {
        let id = genesis.id();
        let entry = Entry {
            work: genesis.header.target.work(),
            header: genesis.header.clone(),
            body: Some(genesis),
            children: BTreeSet::new(),
        };
        Self {
            leaves: ordered([(entry.work, Reverse(id))]),
            entries: ordered([(id, Arc::new(entry))]),
            stale_bytes: 0,
            aside: BTreeSet::new(),
        }
    }

    /// How many headers are known.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Never: a tree has at least its genesis.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// A known header.
    pub fn get(&self, id: &BlockId) -> Option<&Entry> {
        self.entries.get(id).map(Arc::as_ref)
    }

    /// All entries, in order of id.
    pub fn iter(&self) -> impl Iterator<Item = (&BlockId, &Entry)> {
        self.entries.iter().map(|(id, entry)| (id, entry.as_ref()))
    }

    /// A block whose body we have.
    pub fn block(&self, id: &BlockId) -> Option<&CheckedBlock> {
        self.get(id)?.body.as_ref()
    }

    /// What is known at these heights besides the best chain, by height.
    pub fn aside(&self, heights: RangeInclusive<Height>) -> impl Iterator<Item = (Height, BlockId)> {
        let (from, to) = heights.into_inner();
        self.aside.range((from, BlockId::ZERO)..(Height(to.0.saturating_add(1)), BlockId::ZERO)).copied()
    }

    /// Bytes of bodies that are not on the best chain.
    pub fn stale_bytes(&self) -> usize {
        self.stale_bytes
    }

    /// Adds a header under a known parent, or a body to a known header that has none. It is not on the best chain yet.
    pub fn insert(&mut self, id: BlockId, header: Header, body: Option<CheckedBlock>) {
        self.stale_bytes += body.as_ref().map_or(0, |body| body.size());
        if let Some(entry) = self.entries.get_mut(&id).map(Arc::make_mut) {
            if body.is_some() {
                // Its id does not cover all of a seal of stake: this one was judged.
                entry.header = header;
            }
            entry.body = body.or(entry.body.take());
            return;
        }
        let parent =
            self.entries.get_mut(&header.parent).map(Arc::make_mut).expect("callers insert under a known parent");
        let work = parent.work + header.target.work();
        parent.children.insert(id);
        self.leaves.remove(&(parent.work, Reverse(header.parent)));
        self.leaves.insert((work, Reverse(id)));
        self.aside.insert((header.height, id));
        self.entries.insert(id, Arc::new(Entry { header, work, body, children: BTreeSet::new() }));
    }

    /// Notes which blocks left the best chain and which joined it.
    pub fn moved(&mut self, left: &[CheckedBlock], joined: &[CheckedBlock]) {
        let bytes = |blocks: &[CheckedBlock]| blocks.iter().map(|block| block.size()).sum::<usize>();
        self.stale_bytes = self.stale_bytes + bytes(left) - bytes(joined);
        self.aside.extend(left.iter().map(|block| (block.header.height, block.id())));
        for block in joined {
            self.aside.remove(&(block.header.height, block.id()));
        }
    }

    /// Removes a block off the best chain and all that builds on it; returns what was removed.
    pub fn remove(&mut self, id: &BlockId) -> Vec<BlockId> {
        let (mut removed, mut stack) = (Vec::new(), vec![*id]);
        while let Some(id) = stack.pop() {
            if let Some(entry) = self.entries.remove(&id) {
                stack.extend(&entry.children);
                self.leaves.remove(&(entry.work, Reverse(id)));
                self.aside.remove(&(entry.header.height, id));
                self.stale_bytes -= entry.body.as_ref().map_or(0, |body| body.size());
                if let Some(parent) = self.entries.get_mut(&entry.header.parent).map(Arc::make_mut) {
                    parent.children.remove(&id);
                    if parent.children.is_empty() {
                        self.leaves.insert((parent.work, Reverse(entry.header.parent)));
                    }
                }
                removed.push(id);
            }
        }
        removed
    }

    /// Fork choice: most cumulative work, ties to the lower id.
    pub fn weight(&self, id: &BlockId) -> Option<Weight> {
        self.get(id).map(|entry| (entry.work, Reverse(*id)))
    }

    /// The header with the most work, whether or not its body is here.
    pub fn best_header(&self) -> BlockId {
        let best = self.leaves.last();
        best.expect("a tree has at least its genesis").1.0
    }

    /// Ends of all branches, heaviest first.
    pub fn leaves(&self) -> Vec<BlockId> {
        self.leaves.iter().rev().map(|leaf| leaf.1.0).collect()
    }

    /// Leaves with more weight than `tip`, heaviest first.
    pub fn leaves_above(&self, tip: &BlockId) -> Vec<BlockId> {
        let heaviest_first = self.leaves.iter().rev();
        heaviest_first.take_while(|leaf| Some(**leaf) > self.weight(tip)).map(|leaf| leaf.1.0).collect()
    }

    /// The ids from `id` down to genesis.
    pub fn ancestry(&self, id: BlockId) -> impl Iterator<Item = (BlockId, &Entry)> {
        let mut next = Some(id);
        std::iter::from_fn(move || {
            let id = next?;
            let entry = self.entries.get(&id)?;
            next = (entry.header.height > Height(0)).then_some(entry.header.parent);
            Some((id, entry.as_ref()))
        })
    }

    /// Median timestamp of the eleven blocks that end with `id` (fewer near genesis).
    pub fn median_time(&self, id: BlockId) -> Timestamp {
        let mut times: Vec<Timestamp> =
            self.ancestry(id).take(MEDIAN_SPAN).map(|(_, entry)| entry.header.timestamp).collect();
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    }

    /// Drops the lightest leaves while more than [`MAX_STALE`] entries or [`MAX_STALE_BYTES`] lie off the best chain; returns what was
    /// dropped.
    pub fn prune(&mut self, best: &[BlockId]) -> Vec<BlockId> {
        let tip = best.last().and_then(|tip| self.weight(tip));
        let mut dropped = Vec::new();
        loop {
            let many = self.len() > best.len() + MAX_STALE;
            let big = self.stale_bytes > MAX_STALE_BYTES;
            let Some(lightest) = self.leaves.iter().find(|leaf| Some(**leaf) != tip) else {
                break;
            };
            let light = Some(*lightest) < tip;
            if !(many || (big && light)) {
                break;
            }
            dropped.extend(self.remove(&lightest.1.0.clone()));
        }
        dropped
    }
}
