//! What a party and its watchtower say to each other, over a direct connection.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use super::{Claim, Progress, TowerRefusal, claim::signed_hash};
use crate::{
    channel::{Channel, MessageError, message::read},
    primitives::{BlockId, ChannelId, CoSigned, CommitmentSecret, Hash, SecretKey, Side, Signature, encode},
};

/// Bytes of one message; more are not read. The longest has 48 secrets, 30 preimages and three signatures of RSA.
pub const MAX_TOWER_BYTES: usize = 5_120;

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

/// All that a tower needs to answer old commitments of a channel, and to claim what is pending in the newest: no balances, no states. Parties and
/// terms are on the chain.
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
    /// What can be claimed of the newest commitment's HTLCs, at most [`crate::primitives::MAX_HTLCS`].
    pub claims: Vec<Claim>,
    /// By which the client asks for them, if there are any: nobody else can make a tower pay for it.
    pub signature: Option<Signature>,
}

impl TowerMessage {
    /// Reads a message from untrusted bytes.
    ///
    /// # Errors
    /// [`MessageError`] if they are too many, or not a message.
    pub fn parse(bytes: &[u8]) -> Result<Self, MessageError> {
        read("tower message", bytes, MAX_TOWER_BYTES)
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
    /// What a tower needs to stand in for this party of a channel; not signed yet.
    pub fn of(channel: &Channel) -> Self {
        Self {
            channel: channel.id,
            client: channel.side,
            newest: channel.signed.clone(),
            revoked: channel.revealed.count(),
            secrets: channel.revealed.values().collect(),
            claims: channel.claimable().collect(),
            signature: None,
        }
    }

    /// Signed with the client's key, where it needs to be.
    pub fn sign(self, key: &SecretKey, genesis: &BlockId) -> Self {
        let signature = (!self.claims.is_empty()).then(|| key.sign(&self.signing_hash(genesis)));
        Self { signature, ..self }
    }

    /// What the client signs: which channel of which chain, how far it has come, and what can be claimed.
    pub(super) fn signing_hash(&self, genesis: &BlockId) -> Hash {
        signed_hash(genesis, &self.channel, self.progress(), &self.claims)
    }

    /// How far the channel has come.
    pub fn progress(&self) -> Progress {
        let claims = u32::try_from(self.claims.len()).unwrap_or(u32::MAX);
        Progress { number: self.newest.commitment.number, revoked: self.revoked, claims }
    }
}
