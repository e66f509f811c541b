//! What a peer can do wrong, and how much it counts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{PeerId, WireError};
use crate::primitives::{BlockId, Hash, Timestamp};

/// Points at which a peer is disconnected and banned.
pub const BAN_SCORE: u32 = 100;
/// Milliseconds a ban lasts.
pub const BAN_MS: u64 = 600_000;

/// Peers with points of blame or a ban that are remembered, also after they have left.
const MAX_REMEMBERED: usize = 256;

/// What peers have done wrong. It outlives their connections: coming back wipes nothing out.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Record {
    scores: BTreeMap<PeerId, u32>,
    banned: BTreeMap<PeerId, Timestamp>,
}

impl Record {
    pub(super) fn is_banned(&self, peer: PeerId, now: Timestamp) -> bool {
        self.banned.get(&peer).is_some_and(|until| *until > now)
    }

    /// Adds points; true if they are enough for a ban, which begins now.
    pub(super) fn add(&mut self, now: Timestamp, peer: PeerId, points: u32) -> bool {
        let score = self.scores.remove(&peer).unwrap_or_default().saturating_add(points);
        if score < BAN_SCORE {
            forget_least(&mut self.scores, MAX_REMEMBERED - 1);
            self.scores.insert(peer, score);
            return false;
        }
        forget_least(&mut self.banned, MAX_REMEMBERED - 1);
        self.banned.insert(peer, now.after(BAN_MS));
        true
    }

    pub(super) fn expire(&mut self, now: Timestamp) {
        self.banned.retain(|_, until| *until > now);
    }
}

/// Drops the entries with the least values until `length` are left.
fn forget_least<V: Ord + Copy>(entries: &mut BTreeMap<PeerId, V>, length: usize) {
    while entries.len() > length {
        let least = entries.iter().min_by_key(|(_, value)| **value).map(|(peer, _)| *peer);
        least.and_then(|peer| entries.remove(&peer));
    }
}

/// A peer's fault. Nothing an honest peer does over a bad link is one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Fault {
    /// Bytes that are not a message.
    #[error("malformed message: {0}")]
    Malformed(WireError),
    /// Another chain or protocol version.
    #[error("speaks protocol {version} of the chain {genesis}")]
    WrongChain {
        /// Its version.
        version: u32,
        /// Its genesis.
        genesis: BlockId,
    },
    /// A block that breaks a rule.
    #[error("sent block {block}, which breaks {rule}: {reason}")]
    InvalidBlock {
        /// Which block.
        block: BlockId,
        /// The rule's stable name.
        rule: &'static str,
        /// The values compared.
        reason: String,
    },
    /// A header that breaks a rule.
    #[error("sent a header that breaks {rule}: {reason}")]
    InvalidHeader {
        /// The rule's stable name.
        rule: &'static str,
        /// The values compared.
        reason: String,
    },
    /// A transaction that could never have been valid.
    #[error("sent a transaction that breaks {rule}: {reason}")]
    InvalidTransaction {
        /// The rule's stable name.
        rule: &'static str,
        /// The values compared.
        reason: String,
    },
    /// An announcement that nobody could have thought good.
    #[error("sent an announcement that breaks {rule}: {reason}")]
    InvalidAnnouncement {
        /// The rule's stable name.
        rule: &'static str,
        /// The values compared.
        reason: String,
    },
    /// A direct message that no honest party sends.
    #[error("in channel {channel}: {reason}")]
    Channel {
        /// The channel's handle.
        channel: Hash,
        /// What it did.
        reason: String,
    },
    /// It came back before its ban ended.
    #[error("is banned")]
    Banned,
    /// No fault of its own: we are full.
    #[error("too many peers")]
    TooManyPeers,
}

impl Fault {
    /// How much it counts towards [`BAN_SCORE`].
    pub fn points(&self) -> u32 {
        match self {
            Self::Malformed(_) | Self::Channel { .. } => 50,
            Self::TooManyPeers => 0,
            Self::WrongChain { .. }
            | Self::InvalidBlock { .. }
            | Self::InvalidHeader { .. }
            | Self::InvalidTransaction { .. }
            | Self::InvalidAnnouncement { .. }
            | Self::Banned => BAN_SCORE,
        }
    }
}
