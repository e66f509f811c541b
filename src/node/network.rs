//! What this node knows of the channels of others: the graph that routes are found in, in step with the ledger.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::Serialize;

use super::Node;
use crate::{
    chain::{CheckedBlock, Ledger},
    channel::routing::{Announcement, Applied, ChannelPolicy, Graph},
    gossip::{Announcements, Direction, Wanted},
    primitives::{Action, BlockId, ChannelId, Checks, Hash, Side, Tag, Transaction, ordered},
};

const DIGEST: Tag = Tag::new("tabchain/node-network");
const ANNOUNCED: Tag = Tag::new("tabchain/announced");

/// The channels on the chain, and on what terms they carry payments.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Network {
    /// Exactly the channels of the ledger that nobody has published a commitment of. Copies share it until it changes.
    pub(super) graph: Arc<Graph>,
    pub(super) announced: Announced,
    /// On what terms this node's own channels carry payments of others.
    pub(super) policy: ChannelPolicy,
}

/// Hashes over the graph's announcements, by which two nodes see where they differ. Short ones: whoever makes two of its own announcements look
/// alike keeps only those from being compared.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Announced {
    /// By the first byte of the channel's id; only where there is an announcement.
    pub(super) parts: BTreeMap<u8, u64>,
    /// Over all parts; 0 if there are none.
    pub(super) all: u64,
}

impl Network {
    /// As the ledger has it, with nothing announced yet.
    pub(super) fn of(ledger: &Ledger) -> Self {
        let mut network = Self::default();
        let ids: Vec<ChannelId> = ledger.channels().map(|(id, _)| id).collect();
        network.look_at(ids, ledger);
        network
    }

    /// Blocks have joined or left the best chain, whose ledger this is now: looks at the channels that they name, and at no others.
    pub(super) fn follow<'a>(&mut self, blocks: impl IntoIterator<Item = &'a CheckedBlock>, ledger: &Ledger) {
        let transactions = blocks.into_iter().flat_map(|block| &block.transactions);
        let named: BTreeSet<ChannelId> = ordered(transactions.flat_map(channels_of));
        self.look_at(named, ledger);
    }

    fn look_at(&mut self, channels: impl IntoIterator<Item = ChannelId>, ledger: &Ledger) {
        let mut silenced = BTreeSet::new();
        for id in channels {
            let record = ledger.channel(&id).filter(|record| record.publication.is_none());
            match (record, self.graph.channel(&id)) {
                (Some(record), None) => {
                    // More channels than a graph holds are no ways; two parties with one key do not pass the ledger.
                    drop(Arc::make_mut(&mut self.graph).add(id, record.keys.clone(), record.capacity));
                }
                (None, Some(known)) => {
                    Arc::make_mut(&mut self.graph).remove(&id);
                    silenced.extend(known.announcements.iter().flatten().map(|_| id.0[0]));
                }
                (Some(_), Some(_)) | (None, None) => {}
            }
        }
        silenced.into_iter().for_each(|part| self.sum_up(part));
    }

    /// Takes in an announcement from outside, if it is news and signed.
    pub(super) fn apply(&mut self, announcement: Announcement, genesis: &BlockId, checks: &mut Checks) -> Applied {
        let applied = self.graph.judge(&announcement, genesis, checks);
        if applied == Applied::News { self.apply_verified(announcement) } else { applied }
    }

    /// Takes in an announcement whose signature is good, if it is news.
    pub(super) fn apply_verified(&mut self, announcement: Announcement) -> Applied {
        let part = announcement.channel.0[0];
        let applied = Arc::make_mut(&mut self.graph).apply_verified(announcement);
        if applied == Applied::News {
            self.sum_up(part);
        }
        applied
    }

    /// The announcements that whoever asks does not know, by channel and side, at most so many.
    pub(super) fn unknown_to(&self, wanted: &Wanted, limit: usize) -> Announcements {
        let theirs: BTreeMap<u8, u64> = ordered(wanted.parts.iter().copied());
        let first = wanted.after.map_or(Hash::ZERO, |(channel, _)| channel);
        let mut entries = Vec::new();
        for (part, sum) in self.announced.parts.range(first.0[0]..) {
            if theirs.get(part) == Some(sum) {
                continue;
            }
            for (direction, announcement) in self.announcements(*part, first) {
                if wanted.after.is_some_and(|after| direction <= after) {
                    continue;
                }
                if entries.len() == limit {
                    return Announcements { entries, more: true };
                }
                entries.push(announcement.to_bytes());
            }
        }
        Announcements { entries, more: false }
    }

    pub(super) fn digest(&self) -> Hash {
        DIGEST.hash_of(&(self.announced.all, self.policy))
    }

    /// Announcements of channels whose ids begin with a byte, those below `first` left out.
    fn announcements(&self, part: u8, first: ChannelId) -> impl Iterator<Item = (Direction, Announcement)> + '_ {
        let mut from = Hash::ZERO;
        from.0[0] = part;
        let channels = self.graph.channels_from(from.max(first)).take_while(move |known| known.id.0[0] == part);
        channels.flat_map(|known| {
            Side::BOTH
                .into_iter()
                .zip(known.announcements)
                .filter_map(move |(side, said)| Some(((known.id, side), said?)))
        })
    }

    fn sum_up(&mut self, part: u8) {
        let said: Vec<_> = self
            .announcements(part, Hash::ZERO)
            .map(|(direction, Announcement { sequence, policy, .. })| (direction, sequence, policy))
            .collect();
        if said.is_empty() {
            self.announced.parts.remove(&part);
        } else {
            self.announced.parts.insert(part, short(ANNOUNCED.hash_of(&said)));
        }
        let parts = &self.announced.parts;
        self.announced.all = if parts.is_empty() { 0 } else { short(ANNOUNCED.hash_of(parts)) };
    }
}

impl Node {
    /// The channels that payments can be routed over.
    pub fn graph(&self) -> &Graph {
        &self.network.graph
    }

    /// On what terms this node carries payments of others.
    pub fn policy(&self) -> &ChannelPolicy {
        &self.network.policy
    }
}

/// The channels that a transaction opens, changes or ends.
fn channels_of(transaction: &Transaction) -> impl Iterator<Item = ChannelId> + use<> {
    let action = &transaction.unsigned.action;
    let opened = matches!(action, Action::Fund(_)).then(|| transaction.id());
    opened.into_iter().chain(action.channel().copied())
}

fn short(hash: Hash) -> u64 {
    u64::from_le_bytes(hash.0[..8].try_into().expect("eight bytes"))
}
