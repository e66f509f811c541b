//! What a peer can do wrong, and how much it counts.

use serde::Serialize;

use super::WireError;
use crate::primitives::BlockId;

/// Points at which a peer is disconnected and banned.
pub const BAN_SCORE: u32 = 100;
/// Milliseconds a ban lasts.
pub const BAN_MS: u64 = 600_000;

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
            Self::Malformed(_) => 50,
            Self::TooManyPeers => 0,
            Self::WrongChain { .. }
            | Self::InvalidBlock { .. }
            | Self::InvalidHeader { .. }
            | Self::InvalidTransaction { .. }
            | Self::Banned => BAN_SCORE,
        }
    }
}
