//! Signed transactions.
//!
//! The id hashes the *unsigned* body, so a malleated signature cannot change it. The signature covers tag ‖ genesis hash ‖ id: a
//! transaction of one chain is worthless on another.

use std::io;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Deserializer, Serialize, de};

use super::{Address, Amount, BlockId, Checks, Hash, Nonce, PublicKey, SecretKey, Signature, Tag, encode};

const TRANSACTION: Tag = Tag::new("tabchain/transaction");
const SIGNED: Tag = Tag::new("tabchain/transaction-signed");

/// The most bytes a memo may have (UTF-8).
pub const MAX_MEMO_BYTES: usize = 256;

/// A transaction's id: the hash of its unsigned body.
pub type TransactionId = Hash;

/// A short text carried by a transfer, at most [`MAX_MEMO_BYTES`] bytes of UTF-8. Text from outside: never markup.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, BorshSerialize)]
pub struct Memo(String);

/// A memo had more than [`MAX_MEMO_BYTES`] bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("memo has {0} bytes, at most {MAX_MEMO_BYTES} are allowed")]
pub struct MemoTooLong(pub usize);

/// What a transaction does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Action {
    /// Moves money to an account.
    Transfer {
        /// The account paid.
        to: Address,
        /// Base units moved, at least 1.
        amount: Amount,
        /// A text for people.
        memo: Memo,
    },
}

/// What a signature is made over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct UnsignedTransaction {
    /// Who pays and signs.
    pub sender: PublicKey,
    /// How many transactions of the sender came before.
    pub nonce: Nonce,
    /// Base units for the miner.
    pub fee: Amount,
    /// What is done.
    pub action: Action,
}

/// A transaction with its signature, not yet checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct Transaction {
    /// The body.
    #[serde(flatten)]
    pub unsigned: UnsignedTransaction,
    /// The sender's signature over [`UnsignedTransaction::signing_hash`].
    pub signature: Signature,
}

impl Memo {
    /// A memo.
    ///
    /// # Errors
    /// [`MemoTooLong`] over [`MAX_MEMO_BYTES`] bytes.
    pub fn new(text: impl Into<String>) -> Result<Self, MemoTooLong> {
        let text = text.into();
        if text.len() > MAX_MEMO_BYTES { Err(MemoTooLong(text.len())) } else { Ok(Self(text)) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Action {
    /// What leaves the sender besides the fee.
    pub fn amount(&self) -> Amount {
        let Self::Transfer { amount, .. } = self;
        *amount
    }
}

impl UnsignedTransaction {
    /// The id.
    pub fn id(&self) -> TransactionId {
        TRANSACTION.hash_of(self)
    }

    /// What the sender signs on the chain that begins with `genesis`.
    pub fn signing_hash(&self, genesis: &BlockId) -> Hash {
        SIGNED.hash(&[&genesis.0, &self.id().0])
    }

    /// Signs with the sender's key.
    pub fn sign(self, key: &SecretKey, genesis: &BlockId) -> Transaction {
        let signature = key.sign(&self.signing_hash(genesis));
        Transaction { unsigned: self, signature }
    }

    /// Amount and fee together, or nothing if no account could ever hold it.
    pub fn cost(&self) -> Option<Amount> {
        self.action.amount().checked_add(self.fee)
    }
}

impl Transaction {
    /// The id.
    pub fn id(&self) -> TransactionId {
        self.unsigned.id()
    }

    /// Size of the canonical encoding, in bytes.
    pub fn size(&self) -> usize {
        encode(self).len()
    }

    /// Whether the sender signed it for this chain.
    pub fn is_signed(&self, genesis: &BlockId, checks: &mut Checks) -> bool {
        checks.verify(&self.unsigned.sender, &self.unsigned.signing_hash(genesis), &self.signature)
    }
}

impl<'de> Deserialize<'de> for Memo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(<String as Deserialize>::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl BorshDeserialize for Memo {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        let length = u32::deserialize_reader(reader)? as usize;
        if length > MAX_MEMO_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, MemoTooLong(length)));
        }
        let mut bytes = vec![0; length];
        reader.read_exact(&mut bytes)?;
        String::from_utf8(bytes).map(Self).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::decode;

    fn transfer() -> UnsignedTransaction {
        UnsignedTransaction {
            sender: SecretKey::from_seed([1; 32]).public(),
            nonce: Nonce(3),
            fee: Amount::literal(5),
            action: Action::Transfer {
                to: SecretKey::from_seed([2; 32]).public().address(),
                amount: Amount::literal(100),
                memo: Memo::new("rent").expect("short"),
            },
        }
    }

    /// Invariant 8: any flipped bit of a signed object is rejected, by the decoder or by the signature.
    #[test]
    fn any_flipped_bit_is_rejected() {
        let genesis = Hash([9; 32]);
        let signed = transfer().sign(&SecretKey::from_seed([1; 32]), &genesis);
        let mut checks = Checks::forgetful();
        assert!(signed.is_signed(&genesis, &mut checks));
        assert!(!signed.is_signed(&Hash([8; 32]), &mut checks), "another chain");
        let bytes = encode(&signed);
        for at in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            let accepted = decode::<Transaction>("transaction", &flipped)
                .is_ok_and(|transaction| transaction.is_signed(&genesis, &mut checks));
            assert!(!accepted, "bit {at}");
        }
    }

    #[test]
    fn the_id_ignores_the_signature() {
        let signed = transfer().sign(&SecretKey::from_seed([1; 32]), &Hash::ZERO);
        let mut other = signed.clone();
        other.signature = Signature::Ed25519([0; 64]);
        assert_eq!(signed.id(), other.id());
    }

    #[test]
    fn memos_are_bounded_before_they_are_read() {
        assert!(Memo::new("x".repeat(MAX_MEMO_BYTES)).is_ok());
        assert_eq!(Memo::new("x".repeat(257)), Err(MemoTooLong(257)));
        assert!(borsh::from_slice::<Memo>(&u32::MAX.to_le_bytes()).is_err());
        assert!(borsh::from_slice::<Memo>(&[2, 0, 0, 0, 0xc3, 0x28]).is_err(), "not UTF-8");
    }
}
