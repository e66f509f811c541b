//! What must survive a restart, as mergeable changes.

use std::{collections::BTreeMap, sync::Arc};

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use super::{Invoiced, Payment, Signed, TowerSettings};
use crate::{
    chain::CheckedBlock,
    channel::{
        Brought, Channel, Guard, Watched,
        routing::{Announcement, ChannelPolicy},
    },
    gossip::PeerId,
    primitives::{BlockId, ChannelId, Hash, PaymentHash, Transaction, TransactionId},
};

/// Changes to what is stored. Applying all of them in order gives everything that [`super::Node::from_change_set`] needs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ChangeSet {
    /// Blocks that were kept.
    pub blocks: BTreeMap<BlockId, CheckedBlock>,
    /// This node's own waiting transactions: noted when acknowledged, `None` once confirmed or impossible.
    pub transactions: BTreeMap<TransactionId, Option<Arc<Transaction>>>,
    /// Channels by handle, each with all it needs; `None` once it is forgotten.
    pub channels: BTreeMap<Hash, Option<Arc<StoredChannel>>>,
    /// This node's payments; `None` once one is forgotten.
    pub payments: BTreeMap<PaymentHash, Option<Arc<Payment>>>,
    /// Its invoices; `None` once one is forgotten.
    pub invoices: BTreeMap<PaymentHash, Option<Arc<Invoiced>>>,
    /// Whether payments to it are left pending; `None` if that has not changed.
    pub holds: Option<bool>,
    /// On what terms payments of others pass; `None` if that has not changed.
    pub policy: Option<ChannelPolicy>,
    /// What is set about watchtowers; `None` if that has not changed.
    pub towers: Option<TowerSettings>,
    /// What was signed last as a validator; `None` if that has not changed.
    pub signed: Option<Signed>,
    /// What this node's watchtower was told of its channels; `None` once that does not matter any more.
    pub guards: BTreeMap<ChannelId, Option<Arc<Guard>>>,
    /// Channels that are watched for others, by client and id; `None` once one is forgotten.
    pub watched: BTreeMap<PeerId, BTreeMap<ChannelId, Option<Arc<Watched>>>>,
    /// Preimages that were brought to the chain for others, by channel; `None` once that has ended.
    pub brought: BTreeMap<ChannelId, Option<Arc<Brought>>>,
}

/// A channel and whom it is with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
pub struct StoredChannel {
    /// The other party, over whatever connection.
    pub peer: PeerId,
    /// All of it but the key.
    pub channel: Arc<Channel>,
    /// What this node announced of it last.
    pub announced: Option<Announcement>,
}

impl ChangeSet {
    /// Adds a later change: both together are one. What is gone stays noted as gone.
    pub fn merge(&mut self, later: Self) {
        self.take(later, false);
    }

    /// Changes a store of everything: what is gone leaves it.
    pub fn apply(&mut self, later: Self) {
        self.take(later, true);
    }

    fn take(&mut self, later: Self, whole: bool) {
        self.blocks.extend(later.blocks);
        overlay(&mut self.transactions, later.transactions, whole);
        overlay(&mut self.channels, later.channels, whole);
        overlay(&mut self.payments, later.payments, whole);
        overlay(&mut self.invoices, later.invoices, whole);
        self.holds = later.holds.or(self.holds);
        self.policy = later.policy.or(self.policy);
        self.signed = later.signed.or(self.signed);
        self.towers = later.towers.or(self.towers);
        overlay(&mut self.guards, later.guards, whole);
        overlay(&mut self.brought, later.brought, whole);
        for (client, later) in later.watched {
            overlay(self.watched.entry(client).or_default(), later, whole);
        }
    }
}

fn overlay<K: Ord, V>(all: &mut BTreeMap<K, Option<V>>, later: BTreeMap<K, Option<V>>, whole: bool) {
    for (key, value) in later {
        if value.is_none() && whole {
            all.remove(&key);
        } else {
            all.insert(key, value);
        }
    }
}
