//! What must survive a restart, as mergeable changes.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;

use super::TowerSettings;
use crate::{
    chain::CheckedBlock,
    channel::{Channel, Watched},
    gossip::PeerId,
    primitives::{BlockId, ChannelId, Hash, Transaction, TransactionId},
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
    /// What is set about watchtowers; `None` if that has not changed.
    pub towers: Option<TowerSettings>,
    /// Channels that are watched for others, by client and id; `None` once one is forgotten.
    pub watched: BTreeMap<PeerId, BTreeMap<ChannelId, Option<Arc<Watched>>>>,
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
        self.towers = later.towers.or(self.towers);
        for (client, later) in later.watched {
            let all = self.watched.entry(client).or_default();
            for (channel, watched) in later {
                match watched {
                    Some(_) => all.insert(channel, watched),
                    None => all.remove(&channel),
                };
            }
        }
    }
}
