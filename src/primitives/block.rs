//! Blocks and their headers.

use std::ops::Deref;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use super::{Address, Amount, Hash, Height, Midstate, Proposal, Tag, Target, Timestamp, Transaction, encode, merkle};

const UNSEALED: Tag = Tag::new("tabchain/header");

/// A block's id: its work hash, or the hash of its unsealed header where stake seals it.
pub type BlockId = Hash;

/// Everything a header commits to before it is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct UnsealedHeader {
    /// Version of the rules, 1.
    pub version: u32,
    /// The block built upon.
    pub parent: BlockId,
    /// Blocks below.
    pub height: Height,
    /// Root over the coinbase and the transactions, signatures included.
    pub merkle_root: Hash,
    /// Root of the authenticated map over all consensus state after this block.
    pub state_root: Hash,
    /// When the miner built it.
    pub timestamp: Timestamp,
    /// What the work hash must not exceed.
    pub target: Target,
}

/// What makes a header cost something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Seal {
    /// Proof of work.
    Work {
        /// The number that brings the work hash to the target. A decimal string in JSON.
        #[serde(with = "decimal")]
        nonce: u64,
    },
    /// Proof of stake.
    Stake(Box<Proposal>),
}

/// A sealed header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct Header {
    /// What is sealed.
    #[serde(flatten)]
    pub unsealed: UnsealedHeader,
    /// The seal.
    pub seal: Seal,
}

/// New money and fees, paid by the block itself to whoever made it. Not a transaction: nobody signs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct Coinbase {
    /// Who is paid.
    pub to: Address,
    /// Subsidy and fees, exactly.
    pub amount: Amount,
}

/// A header with what it commits to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct Block {
    /// The header.
    pub header: Header,
    /// The coinbase.
    pub coinbase: Coinbase,
    /// In the order in which they are applied.
    pub transactions: Vec<Transaction>,
}

impl UnsealedHeader {
    /// What the seal is made over.
    pub fn hash(&self) -> Hash {
        UNSEALED.hash_of(self)
    }
}

impl Header {
    /// The id, recomputed: at most two short hashes.
    pub fn id(&self) -> BlockId {
        let unsealed = self.unsealed.hash();
        match self.seal {
            Seal::Work { nonce } => Midstate::new(&unsealed).work_hash(nonce),
            Seal::Stake(_) => unsealed,
        }
    }
}

impl Seal {
    /// The nonce, if work seals the block.
    pub const fn nonce(&self) -> Option<u64> {
        match self {
            Self::Work { nonce } => Some(*nonce),
            Self::Stake(_) => None,
        }
    }

    /// The proposal, if stake does.
    pub const fn proposal(&self) -> Option<&Proposal> {
        match self {
            Self::Work { .. } => None,
            Self::Stake(proposal) => Some(proposal),
        }
    }
}

impl Deref for Header {
    type Target = UnsealedHeader;

    fn deref(&self) -> &UnsealedHeader {
        &self.unsealed
    }
}

impl Block {
    /// The header's id.
    pub fn id(&self) -> BlockId {
        self.header.id()
    }

    /// Size of the canonical encoding, in bytes.
    pub fn size(&self) -> usize {
        encode(self).len()
    }

    /// The Merkle leaves: the coinbase, then each whole transaction.
    pub fn leaves(coinbase: &Coinbase, transactions: &[Transaction]) -> Vec<Hash> {
        let first = merkle::leaf_hash(&encode(coinbase));
        std::iter::once(first).chain(transactions.iter().map(|tx| merkle::leaf_hash(&encode(tx)))).collect()
    }

    /// The Merkle root the header must carry.
    pub fn merkle_root(&self) -> Hash {
        merkle::root(&Self::leaves(&self.coinbase, &self.transactions))
    }
}

mod decimal {
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        <String as Deserialize>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
