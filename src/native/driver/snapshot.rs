//! The chain as it was after a round, for any number of readers: cheap to make, cheap to clone, never changed.

use std::sync::Arc;

use super::Index;
use crate::{
    chain::{Chain, CheckedBlock, Ledger},
    node::Node,
    primitives::{Address, BlockId, Hash, Height, Target, Timestamp, Work},
};

/// Blocks of one piece: what a copy shares.
const PIECE: usize = 256;

/// The blocks of a chain, genesis first. Copies share all but the last piece.
#[derive(Debug, Clone, Default)]
pub struct Blocks {
    pieces: Vec<Arc<Vec<CheckedBlock>>>,
    length: usize,
}

/// What most reads need.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The best chain.
    pub blocks: Blocks,
    /// The state after its last block.
    pub ledger: Ledger,
    /// Work of the whole chain.
    pub work: Work,
    /// What the next block has to meet.
    pub target: Target,
    /// Who the node is.
    pub account: Address,
}

impl Blocks {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Never: a chain begins with genesis. Before it is filled it is empty.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The block at a height.
    pub fn at(&self, height: Height) -> Option<&CheckedBlock> {
        let place = usize::try_from(height.0).ok()?;
        self.pieces.get(place / PIECE)?.get(place % PIECE)
    }

    /// The newest.
    pub fn last(&self) -> Option<&CheckedBlock> {
        self.length.checked_sub(1).and_then(|last| self.at(Height(last as u64)))
    }

    /// From a height on, upwards.
    pub fn from(&self, height: Height) -> impl Iterator<Item = &CheckedBlock> {
        (height.0..self.length as u64).filter_map(|height| self.at(Height(height)))
    }

    pub(super) fn push(&mut self, block: CheckedBlock) {
        if self.length.is_multiple_of(PIECE) {
            self.pieces.push(Arc::new(Vec::with_capacity(PIECE)));
        }
        let piece = self.pieces.last_mut().expect("just made if there was none");
        Arc::make_mut(piece).push(block);
        self.length += 1;
    }

    pub(super) fn pop(&mut self) {
        if let Some(piece) = self.pieces.last_mut() {
            Arc::make_mut(piece).pop();
            self.length -= 1;
        }
        if self.pieces.last().is_some_and(|piece| piece.is_empty()) {
            self.pieces.pop();
        }
    }
}

impl Snapshot {
    pub(super) fn of(node: &Node, index: &Index) -> Self {
        let chain = node.chain();
        Self {
            blocks: index.blocks().clone(),
            ledger: chain.ledger().clone(),
            work: work_of(chain),
            target: chain.next_context().target,
            account: node.address(),
        }
    }

    /// The newest block.
    ///
    /// # Panics
    /// Never: a chain begins with genesis.
    pub fn tip(&self) -> &CheckedBlock {
        self.blocks.last().expect("a chain begins with genesis")
    }

    /// Its height.
    pub fn height(&self) -> Height {
        self.tip().header.height
    }

    /// What names the chain.
    ///
    /// # Panics
    /// Never: a chain begins with genesis.
    pub fn genesis(&self) -> BlockId {
        self.blocks.at(Height(0)).expect("a chain begins with genesis").id()
    }

    /// A hash that changes with the chain.
    pub fn tip_id(&self) -> Hash {
        self.tip().id()
    }

    /// When the newest block was made, by its miner.
    pub fn tip_time(&self) -> Timestamp {
        self.tip().header.timestamp
    }
}

fn work_of(chain: &Chain) -> Work {
    chain.tree().get(&chain.tip()).expect("the tip is in the tree").work
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::{Genesis, Rules};

    #[test]
    fn copies_keep_what_they_were_while_blocks_come_and_go() {
        let genesis = Genesis {
            rules: Rules::default(),
            timestamp: Timestamp(0),
            allocations: Default::default(),
            validators: Vec::new(),
        };
        let chain = Chain::new(&genesis);
        let block = chain.tree().block(&chain.tip()).expect("genesis").clone();
        let (mut blocks, mut copies) = (Blocks::default(), Vec::new());
        for length in 0..3 * PIECE {
            copies.push((length, blocks.clone()));
            blocks.push(block.clone());
        }
        for length in (0..3 * PIECE).rev() {
            assert_eq!(blocks.from(Height(0)).count(), length + 1);
            blocks.pop();
        }
        assert!(blocks.is_empty() && blocks.last().is_none());
        for (length, copy) in copies {
            assert_eq!((copy.len(), copy.from(Height(0)).count()), (length, length));
        }
    }
}
