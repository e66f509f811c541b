//! What must survive a restart, as mergeable changes.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;

use crate::{
    chain::CheckedBlock,
    channel::Channel,
    gossip::PeerId,
    primitives::{BlockId, Hash, Transaction, TransactionId},
};

/// Changes to what is stored. Merging all of them in order gives everything that [`super::Node::from_change_set`] needs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ChangeSet {
    /// Blocks that were kept.
    pub blocks: BTreeMap<BlockId, CheckedBlock>,
    /// This node's own waiting transactions: noted when acknowledged, `None` once confirmed or impossible.
    pub transactions: BTreeMap<TransactionId, Option<Arc<Transaction>>>,
    /// Channels by handle, each with all it needs; `None` once it is forgotten.
    pub channels: BTreeMap<Hash, Option<Arc<StoredChannel>>>,
}

/// A channel and whom it is with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredChannel {
    /// The other party, over whatever connection.
    pub peer: PeerId,
    /// All of it but the key.
    pub channel: Channel,
}

impl ChangeSet {
    /// Applies a later change on top.
    pub fn merge(&mut self, later: Self) {
        self.blocks.extend(later.blocks);
        for (id, transaction) in later.transactions {
            match transaction {
                Some(_) => self.transactions.insert(id, transaction),
                None => self.transactions.remove(&id),
            };
        }
        for (handle, channel) in later.channels {
            match channel {
                Some(_) => self.channels.insert(handle, channel),
                None => self.channels.remove(&handle),
            };
        }
    }
}
