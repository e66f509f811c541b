//! Blocks that wait for their parent, within bounds.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use super::PeerId;
use crate::primitives::{Block, BlockId};

/// Orphans kept in all.
const MAX_ORPHANS: usize = 128;
/// Orphans kept of one peer, so that one cannot push out the others'.
const MAX_PER_PEER: usize = 48;

/// The waiting blocks, oldest first.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Orphans {
    blocks: BTreeMap<BlockId, (PeerId, Block)>,
    order: VecDeque<BlockId>,
}

impl Orphans {
    pub(super) fn len(&self) -> usize {
        self.blocks.len()
    }

    pub(super) fn contains(&self, id: &BlockId) -> bool {
        self.blocks.contains_key(id)
    }

    /// Keeps a block; the oldest of the same peer, or of all, makes room.
    pub(super) fn insert(&mut self, from: PeerId, id: BlockId, block: Block) {
        if self.contains(&id) {
            return;
        }
        let of_peer = self.blocks.values().filter(|(peer, _)| *peer == from).count();
        if of_peer >= MAX_PER_PEER {
            self.remove_first(|(peer, _)| *peer == from);
        } else if self.blocks.len() >= MAX_ORPHANS {
            self.remove_first(|_| true);
        }
        self.blocks.insert(id, (from, block));
        self.order.push_back(id);
    }

    /// Takes out the children of a block that has arrived.
    pub(super) fn take_children(&mut self, parent: &BlockId) -> Vec<(PeerId, Block)> {
        let children: Vec<BlockId> =
            self.blocks.iter().filter(|(_, (_, block))| block.header.parent == *parent).map(|(id, _)| *id).collect();
        self.order.retain(|id| !children.contains(id));
        children.iter().filter_map(|id| self.blocks.remove(id)).collect()
    }

    pub(super) fn forget_peer(&mut self, peer: PeerId) {
        self.blocks.retain(|_, (from, _)| *from != peer);
        self.order.retain(|id| self.blocks.contains_key(id));
    }

    fn remove_first(&mut self, matches: impl Fn(&(PeerId, Block)) -> bool) {
        if let Some(at) = self.order.iter().position(|id| self.blocks.get(id).is_some_and(&matches))
            && let Some(id) = self.order.remove(at)
        {
            self.blocks.remove(&id);
        }
    }
}
