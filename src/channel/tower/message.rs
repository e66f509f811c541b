//! What a party and its watchtower say to each other, over a direct connection.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use super::{Progress, TowerRefusal};
use crate::{
    channel::Channel,
    primitives::{ChannelId, CoSigned, CommitmentSecret, Side, decode, encode},
};

/// Bytes of one message; more are not read. The longest has 48 secrets.
pub const MAX_TOWER_BYTES: usize = 2_048;

/// A message about one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum TowerMessage {
    /// Client: watch this. All that is needed, each time: whatever is lost, repeated or late, the newest counts.
    Watch(Box<Watch>),
    /// Tower: I do, and have stored it.
    Watching {
        /// Which.
        channel: ChannelId,
        /// What the tower holds.
        progress: Progress,
    },
    /// Tower: I do not.
    Refused {
        /// Which.
        channel: ChannelId,
        /// Why.
        reason: TowerRefusal,
    },
    /// Client: no more.
    Forget {
        /// Which.
        channel: ChannelId,
    },
}

/// All that a tower needs to answer old commitments of a channel: no balances, no states. Parties and terms are on the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Watch {
    /// Which.
    pub channel: ChannelId,
    /// Whose rights are watched.
    pub client: Side,
    /// The newest commitment, signed by both.
    pub newest: CoSigned,
    /// How many commitments the other party has revoked.
    pub revoked: u64,
    /// By these secrets, as [`crate::channel::RevealedSecrets`] stores them.
    pub secrets: Vec<CommitmentSecret>,
}

/// Why bytes are not a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum TowerMessageError {
    /// More bytes than any message has.
    #[error("tower message has {bytes} bytes, at most {MAX_TOWER_BYTES} are allowed")]
    TooLarge {
        /// How many came.
        bytes: usize,
    },
    /// Not the encoding of a message.
    #[error("{reason}")]
    Undecodable {
        /// What the decoder met.
        reason: String,
    },
}

impl TowerMessage {
    /// Reads a message from untrusted bytes.
    ///
    /// # Errors
    /// [`TowerMessageError`] if they are too many, or not a message.
    pub fn parse(bytes: &[u8]) -> Result<Self, TowerMessageError> {
        if bytes.len() > MAX_TOWER_BYTES {
            return Err(TowerMessageError::TooLarge { bytes: bytes.len() });
        }
        decode("tower message", bytes).map_err(|error| TowerMessageError::Undecodable { reason: error.to_string() })
    }

    /// The bytes after the one that tells them from other direct messages.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Its name, for people.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Watch(_) => "watch",
            Self::Watching { .. } => "watching",
            Self::Refused { .. } => "refused",
            Self::Forget { .. } => "forget",
        }
    }
}

impl Watch {
    /// What a tower needs to stand in for this party of a channel.
    pub fn of(channel: &Channel) -> Self {
        Self {
            channel: channel.id,
            client: channel.side,
            newest: channel.signed,
            revoked: channel.revealed.count(),
            secrets: channel.revealed.values().collect(),
        }
    }

    /// How far the channel has come.
    pub const fn progress(&self) -> Progress {
        Progress { number: self.newest.commitment.number, revoked: self.revoked }
    }
}
