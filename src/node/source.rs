//! What gossip may read of chain and mempool.

use std::sync::Arc;

use crate::{
    chain::{Chain, Mempool},
    gossip::{PROTOCOL_VERSION, Source, Status},
    primitives::{Block, BlockId, Header, Transaction, TransactionId},
};

/// Chain and mempool, as [`Source`].
pub(super) struct NodeSource<'a> {
    chain: &'a Chain,
    mempool: &'a Mempool,
}

impl<'a> NodeSource<'a> {
    pub(super) fn new(chain: &'a Chain, mempool: &'a Mempool) -> Self {
        Self { chain, mempool }
    }
}

impl Source for NodeSource<'_> {
    fn status(&self) -> Status {
        let tip = self.chain.tip();
        let work = self.chain.tree().get(&tip).expect("the tip is in the tree").work;
        Status { version: PROTOCOL_VERSION, genesis: self.chain.genesis_id(), tip, height: self.chain.height(), work }
    }

    fn has_header(&self, id: &BlockId) -> bool {
        self.chain.tree().get(id).is_some()
    }

    fn has_block(&self, id: &BlockId) -> bool {
        self.chain.tree().block(id).is_some()
    }

    fn block(&self, id: &BlockId) -> Option<Block> {
        let judged = self.chain.is_best(id);
        judged.then(|| self.chain.tree().block(id).map(|block| Block::clone(block)))?
    }

    fn transaction(&self, id: &TransactionId) -> Option<Transaction> {
        self.mempool.get(id).map(|transaction| Transaction::clone(Arc::as_ref(transaction)))
    }

    fn pool_sample(&self, limit: usize) -> Vec<TransactionId> {
        self.mempool.iter().take(limit).map(|pooled| pooled.id).collect()
    }

    fn locator(&self) -> Vec<BlockId> {
        self.chain.locator()
    }

    fn locator_from(&self, header: &BlockId) -> Vec<BlockId> {
        self.chain.locator_from(*header)
    }

    fn headers_after(&self, locator: &[BlockId], limit: usize) -> Vec<Header> {
        self.chain.headers_after(locator, limit)
    }

    fn missing_bodies(&self, limit: usize) -> Vec<BlockId> {
        self.chain.missing_bodies(limit)
    }
}
