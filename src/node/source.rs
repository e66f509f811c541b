//! What gossip may read of chain, mempool and what channels announce.

use std::sync::Arc;

use super::{network::Network, validator::Validating};
use crate::{
    chain::{Chain, Mempool},
    channel::routing::Announcement,
    gossip::{Announcements, Direction, PROTOCOL_VERSION, Source, Status, Wanted},
    primitives::{Block, BlockId, Header, Transaction, TransactionId},
};

/// Chain, mempool and announcements, as [`Source`].
pub(super) struct NodeSource<'a> {
    chain: &'a Chain,
    mempool: &'a Mempool,
    network: &'a Network,
    validating: &'a Validating,
}

impl<'a> NodeSource<'a> {
    pub(super) fn of(chain: &'a Chain, mempool: &'a Mempool, network: &'a Network, validating: &'a Validating) -> Self {
        Self { chain, mempool, network, validating }
    }
}

impl Source for NodeSource<'_> {
    fn status(&self) -> Status {
        let tip = self.chain.tip();
        let work = self.chain.tree().get(&tip).expect("the tip is in the tree").work;
        Status {
            version: PROTOCOL_VERSION,
            genesis: self.chain.genesis_id(),
            tip,
            height: self.chain.height(),
            work,
            announcements: self.network.announced.all,
        }
    }

    fn is_led_by_votes(&self) -> bool {
        self.chain.is_staked()
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
        let known = self.mempool.get(id).or_else(|| self.validating.votes.get(id));
        known.map(|transaction| Transaction::clone(Arc::as_ref(transaction)))
    }

    fn pool_sample(&self, limit: usize) -> Vec<TransactionId> {
        let votes = self.validating.votes.latest().take(limit / 2).map(|vote| vote.id());
        votes.chain(self.mempool.iter().map(|pooled| pooled.id)).take(limit).collect()
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

    fn announcement(&self, (channel, side): &Direction) -> Option<Vec<u8>> {
        self.network.graph.announced(channel, *side)?.map(Announcement::to_bytes)
    }

    fn announced(&self) -> Vec<(u8, u64)> {
        self.network.announced.parts.iter().map(|(part, sum)| (*part, *sum)).collect()
    }

    fn announcements_for(&self, wanted: &Wanted, limit: usize) -> Announcements {
        self.network.unknown_to(wanted, limit)
    }
}
