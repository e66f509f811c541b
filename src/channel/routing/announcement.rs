//! What a side of a channel says of it to everybody: on what terms it pays there for others.
//!
//! A channel's existence, parties and capacity are on the chain, which every node verifies. So this is all there is to announce: BOLT 7's
//! `channel_update`, without a `channel_announcement` or `node_announcement`.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use super::{ChannelPolicy, PolicyError};
use crate::primitives::{BlockId, ChannelId, Checks, Hash, PublicKey, SecretKey, Side, Signature, Tag, decode, encode};

const ANNOUNCEMENT: Tag = Tag::new("tabchain/channel-announcement");

/// Bytes of an announcement; more are not read.
pub const MAX_ANNOUNCEMENT_BYTES: usize = 589;
/// Sequences are at most this, 2^53 − 1: exact as JSON numbers.
pub const MAX_SEQUENCE: u64 = (1 << 53) - 1;

/// One side's terms for payments of others in one channel, signed with its key of that channel. The newest sequence wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Announcement {
    /// Of which channel.
    pub channel: ChannelId,
    /// Who announces it: the side that pays in this direction.
    pub side: Side,
    /// Higher than that of every earlier one of this side and channel, 0 ..= [`MAX_SEQUENCE`]. Of two policies with one sequence, which an honest side
    /// never signs, the one of the higher encoding counts: so everybody keeps the same.
    pub sequence: u64,
    /// Its terms.
    pub policy: ChannelPolicy,
    /// Over tag ‖ genesis hash ‖ channel id ‖ side, sequence, policy.
    pub signature: Signature,
}

/// Why something is not an announcement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum AnnouncementError {
    /// More bytes than any has.
    #[error("announcement has {bytes} bytes, at most {MAX_ANNOUNCEMENT_BYTES} are allowed")]
    TooLarge {
        /// How many came.
        bytes: usize,
    },
    /// Not the encoding of one.
    #[error("{reason}")]
    Undecodable {
        /// What the decoder met.
        reason: String,
    },
    /// A sequence that is no exact number everywhere.
    #[error("sequence {sequence} is more than {MAX_SEQUENCE}")]
    Sequence {
        /// What it said.
        sequence: u64,
    },
    /// A policy that cannot be.
    #[error("{error}")]
    Policy {
        /// Why.
        error: PolicyError,
    },
}

impl AnnouncementError {
    /// A stable name.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too-large",
            Self::Undecodable { .. } => "undecodable",
            Self::Sequence { .. } => "sequence",
            Self::Policy { .. } => "policy",
        }
    }
}

impl Announcement {
    /// Announces the terms of `side` in `channel`, on the chain that begins with `genesis`. `key` is that side's key of the channel.
    ///
    /// # Errors
    /// [`AnnouncementError::Sequence`] or [`AnnouncementError::Policy`] if a value is out of range.
    pub fn sign(
        key: &SecretKey,
        genesis: &BlockId,
        channel: ChannelId,
        side: Side,
        sequence: u64,
        policy: ChannelPolicy,
    ) -> Result<Self, AnnouncementError> {
        let unsigned = Self { channel, side, sequence, policy, signature: Signature::Ed25519([0; 64]) };
        unsigned.check()?;
        Ok(Self { signature: key.sign(&unsigned.signing_hash(genesis)), ..unsigned })
    }

    /// Reads an announcement from untrusted bytes. Its signature is not checked here: that needs the channel.
    ///
    /// # Errors
    /// [`AnnouncementError`] if they are too many, not an announcement, or say what cannot be.
    pub fn parse(bytes: &[u8]) -> Result<Self, AnnouncementError> {
        if bytes.len() > MAX_ANNOUNCEMENT_BYTES {
            return Err(AnnouncementError::TooLarge { bytes: bytes.len() });
        }
        let announcement: Self = decode("announcement", bytes)
            .map_err(|error| AnnouncementError::Undecodable { reason: error.to_string() })?;
        announcement.check()?;
        Ok(announcement)
    }

    /// The bytes on the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Whether every value is in its range.
    ///
    /// # Errors
    /// [`AnnouncementError::Sequence`] or [`AnnouncementError::Policy`].
    pub fn check(&self) -> Result<(), AnnouncementError> {
        if self.sequence > MAX_SEQUENCE {
            return Err(AnnouncementError::Sequence { sequence: self.sequence });
        }
        self.policy.check().map_err(|error| AnnouncementError::Policy { error })
    }

    /// What its side signs on the chain that begins with `genesis`.
    pub fn signing_hash(&self, genesis: &BlockId) -> Hash {
        let said = encode(&(self.side, self.sequence, self.policy));
        ANNOUNCEMENT.hash(&[&genesis.0, &self.channel.0, &said])
    }

    /// Whether it counts instead of `other`, of the same side and channel.
    pub fn supersedes(&self, other: &Self) -> bool {
        let tie = self.sequence == other.sequence && self.policy != other.policy;
        self.sequence > other.sequence || (tie && encode(&self.policy) > encode(&other.policy))
    }

    /// Whether the holder of `key` signed it for this chain.
    pub fn is_signed(&self, key: &PublicKey, genesis: &BlockId, checks: &mut Checks) -> bool {
        checks.verify(key, &self.signing_hash(genesis), &self.signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::Amount;
    use crate::primitives::RsaSignature;

    const GENESIS: Hash = Hash([7; 32]);

    fn announcement() -> (SecretKey, Announcement) {
        let key = SecretKey::from_seed([1; 32]);
        let policy = ChannelPolicy::default();
        let signed = Announcement::sign(&key, &GENESIS, Hash([2; 32]), Side::Accepter, 5, policy);
        (key, signed.expect("within its ranges"))
    }

    #[test]
    fn bytes_and_back() {
        let (key, announcement) = announcement();
        let bytes = announcement.to_bytes();
        assert_eq!((bytes.len(), Announcement::parse(&bytes)), (139, Ok(announcement.clone())));
        let signature = Signature::Rsa(RsaSignature::new(&[1; 512]).expect("the longest"));
        let longest = Announcement { signature, ..announcement.clone() };
        let bytes = longest.to_bytes();
        assert_eq!((bytes.len(), Announcement::parse(&bytes)), (MAX_ANNOUNCEMENT_BYTES, Ok(longest)));
        assert!(announcement.is_signed(&key.public(), &GENESIS, &mut Checks::forgetful()));
        assert!(!announcement.is_signed(&key.public(), &Hash([8; 32]), &mut Checks::forgetful()), "another chain");
        let other = SecretKey::from_seed([2; 32]).public();
        assert!(!announcement.is_signed(&other, &GENESIS, &mut Checks::forgetful()), "another key");
    }

    /// Every bit of every byte is either refused when parsed or not what was signed.
    #[test]
    fn a_flipped_bit_is_rejected() {
        let (key, announcement) = announcement();
        let bytes = announcement.to_bytes();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut other = bytes.clone();
                other[at] ^= 1 << bit;
                let accepted = Announcement::parse(&other)
                    .is_ok_and(|read| read.is_signed(&key.public(), &GENESIS, &mut Checks::forgetful()));
                assert!(!accepted, "byte {at}, bit {bit}");
            }
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let (_, fine) = announcement();
        let parse = |announcement: Announcement| Announcement::parse(&announcement.to_bytes());
        let sequence = 1 << 53;
        assert_eq!(parse(Announcement { sequence, ..fine.clone() }), Err(AnnouncementError::Sequence { sequence }));
        assert!(parse(Announcement { sequence: sequence - 1, ..fine.clone() }).is_ok());
        let policy = ChannelPolicy { htlc_maximum: Amount::ZERO, ..fine.policy };
        assert!(matches!(parse(Announcement { policy, ..fine.clone() }), Err(AnnouncementError::Policy { .. })));
        let bytes = fine.to_bytes();
        assert!(matches!(Announcement::parse(&bytes[1..]), Err(AnnouncementError::Undecodable { .. })));
        let long = [&bytes[..], &[0]].concat();
        assert!(matches!(Announcement::parse(&long), Err(AnnouncementError::Undecodable { .. })));
        let bytes = MAX_ANNOUNCEMENT_BYTES + 1;
        assert_eq!(Announcement::parse(&vec![0; bytes]), Err(AnnouncementError::TooLarge { bytes }));
    }
}
