//! Hashed time-locked contracts: money in a channel that goes to whoever shows a preimage in time, and back otherwise.
//!
//! As in Poon and Dryja (2016, section 4) and BOLT 3, with one difference: an HTLC has no output of its own. On the chain a preimage is
//! registered once, with its height; when a channel is paid out, that register decides each of its HTLCs.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use super::{Amount, Hash, Height, Side, Tag, encoding::hex_bytes};

const PAYMENT: Tag = Tag::new("tabchain/payment-hash");

/// HTLCs that each side may have offered at a time.
pub const MAX_HTLCS: usize = 30;
/// Blocks from now to the latest expiry that the chain takes a revelation for, and that anybody agrees to.
pub const MAX_EXPIRY: u64 = 5_000;
/// Base units: less is not offered as an HTLC, since claiming it on the chain would cost more.
pub const MIN_HTLC: Amount = Amount::literal(100);

/// The hash of a [`Preimage`]: what a payment is made to.
pub type PaymentHash = Hash;

/// What a payee reveals to be paid, and the payer's receipt afterwards. A secret until then.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(transparent)]
pub struct Preimage(#[serde(with = "hex_bytes")] pub [u8; 32]);

/// A payment that is pending in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Htlc {
    /// The number of the commitment that added it: like no other of its channel.
    pub id: u64,
    /// Who pays.
    pub offerer: Side,
    /// Base units.
    pub amount: Amount,
    /// Whoever shows its preimage is paid.
    pub payment: PaymentHash,
    /// The last height at which a preimage that is registered on the chain counts.
    pub expiry: Height,
}

impl Preimage {
    /// What it answers.
    pub fn payment(&self) -> PaymentHash {
        PAYMENT.hash(&[&self.0])
    }
}

impl std::fmt::Debug for Preimage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Preimage(hidden)")
    }
}
