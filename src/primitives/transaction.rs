//! Signed transactions.
//!
//! The id hashes the *unsigned* body, so a malleated signature cannot change it. Signatures cover tag ‖ genesis hash ‖ id: a transaction
//! of one chain is worthless on another. What a channel's parties do together carries the signatures of both.

use std::io;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Deserializer, Serialize, de};

use super::{
    Address, Amount, Attestation, BlockId, ChannelId, Checks, Closing, Deposit, Dispute, Exit, FeeSource, Funding,
    Hash, Nonce, PublicKey, Report, SecretKey, Signature, Tag, encoded_length,
};

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
        /// Who pays and signs.
        from: PublicKey,
        /// How many transactions of the sender came before.
        nonce: Nonce,
        /// The account paid.
        to: Address,
        /// Base units moved, at least 1.
        amount: Amount,
        /// A text for people.
        memo: Memo,
    },
    /// Opens a channel; the opener pays the fee.
    Fund(Box<Funding>),
    /// Closes a channel as both agree; the fee comes out of it.
    Close(Box<Closing>),
    /// One step of closing a channel without the other's consent.
    Dispute(Box<Dispute>),
    /// Locks money as stake.
    Stake(Box<Deposit>),
    /// Begins the way out of being a validator.
    Unstake(Box<Exit>),
    /// A validator's vote. It has no fee.
    Attest(Box<Attestation>),
    /// Shows that a validator broke a rule.
    Report(Box<Report>),
}

/// What signatures are made over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct UnsignedTransaction {
    /// Base units for the miner.
    pub fee: Amount,
    /// What is done, and by whom.
    pub action: Action,
}

/// A transaction with its signatures, not yet checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct Transaction {
    /// The body.
    #[serde(flatten)]
    pub unsigned: UnsignedTransaction,
    /// The sender's signature over [`UnsignedTransaction::signing_hash`].
    pub signature: Signature,
    /// The other party's, exactly where [`UnsignedTransaction::cosigner`] asks for one.
    pub cosignature: Option<Signature>,
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
    /// Its name, for people.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Transfer { .. } => "transfer",
            Self::Fund(funding) if funding.resizes.is_some() => "resize",
            Self::Fund(_) => "fund",
            Self::Close(_) => "close",
            Self::Dispute(dispute) => dispute.step.kind(),
            Self::Stake(_) => "stake",
            Self::Unstake(_) => "unstake",
            Self::Attest(_) => "attest",
            Self::Report(_) => "report",
        }
    }

    /// The channel that it changes; one that it opens has the transaction's own id.
    pub const fn channel(&self) -> Option<&ChannelId> {
        match self {
            Self::Transfer { .. } | Self::Stake(_) | Self::Unstake(_) | Self::Attest(_) | Self::Report(_) => None,
            Self::Fund(funding) => match &funding.resizes {
                Some(resizing) => Some(&resizing.channel),
                None => None,
            },
            Self::Close(closing) => Some(&closing.channel),
            Self::Dispute(dispute) => Some(&dispute.channel),
        }
    }

    /// Whether only chains of stake know it.
    pub const fn is_of_stake(&self) -> bool {
        matches!(self, Self::Stake(_) | Self::Unstake(_) | Self::Attest(_) | Self::Report(_))
    }
}

impl UnsignedTransaction {
    /// The id.
    pub fn id(&self) -> TransactionId {
        TRANSACTION.hash_of(self)
    }

    /// What is signed on the chain that begins with `genesis`.
    pub fn signing_hash(&self, genesis: &BlockId) -> Hash {
        SIGNED.hash(&[&genesis.0, &self.id().0])
    }

    /// Signs with the sender's key.
    pub fn sign(self, key: &SecretKey, genesis: &BlockId) -> Transaction {
        let signature = key.sign(&self.signing_hash(genesis));
        Transaction { unsigned: self, signature, cosignature: None }
    }

    /// Signs with the keys of both who must: sender, cosigner.
    pub fn sign_both(self, keys: [&SecretKey; 2], genesis: &BlockId) -> Transaction {
        let message = self.signing_hash(genesis);
        let [signature, cosignature] = keys.map(|key| key.sign(&message));
        Transaction { unsigned: self, signature, cosignature: Some(cosignature) }
    }

    /// Who signs first.
    pub const fn sender(&self) -> &PublicKey {
        match &self.action {
            Action::Transfer { from, .. } => from,
            Action::Fund(funding) => &funding.parties[0].key,
            Action::Close(closing) => &closing.keys[0],
            Action::Dispute(dispute) => &dispute.payer,
            Action::Stake(deposit) => &deposit.from,
            Action::Unstake(exit) => &exit.from,
            Action::Attest(attestation) => &attestation.validator,
            Action::Report(report) => &report.from,
        }
    }

    /// Who signs, too.
    pub const fn cosigner(&self) -> Option<&PublicKey> {
        match &self.action {
            Action::Fund(funding) => Some(&funding.parties[1].key),
            Action::Close(closing) => Some(&closing.keys[1]),
            _ => None,
        }
    }

    /// The accounts whose next nonce it takes, each with that nonce.
    pub fn nonces(&self) -> Vec<(Address, Nonce)> {
        match &self.action {
            Action::Transfer { from, nonce, .. } => vec![(from.address(), *nonce)],
            Action::Fund(funding) => funding.parties.iter().map(|party| (party.key.address(), party.nonce)).collect(),
            Action::Stake(deposit) => vec![(deposit.from.address(), deposit.nonce)],
            Action::Unstake(exit) => vec![(exit.from.address(), exit.nonce)],
            Action::Report(report) => vec![(report.from.address(), report.nonce)],
            Action::Close(_) | Action::Dispute(_) | Action::Attest(_) => Vec::new(),
        }
    }

    /// What it takes from accounts, fee included; nothing if no account could ever hold it.
    pub fn debits(&self) -> Option<Vec<(Address, Amount)>> {
        Some(match &self.action {
            Action::Transfer { from, amount, .. } => vec![(from.address(), amount.checked_add(self.fee)?)],
            Action::Fund(funding) => {
                let owes = |(address, due, brought): (Address, u64, u64)| {
                    Some((address, Amount::new(due.saturating_sub(brought)).ok()?))
                };
                self.dues(funding).into_iter().map(owes).collect::<Option<_>>()?
            }
            Action::Dispute(dispute) if dispute.fee_from == FeeSource::Account => {
                vec![(dispute.payer.address(), self.fee)]
            }
            Action::Stake(deposit) => vec![(deposit.from.address(), deposit.amount.checked_add(self.fee)?)],
            Action::Unstake(_) | Action::Report(_) => vec![(self.sender().address(), self.fee)],
            Action::Close(_) | Action::Dispute(_) | Action::Attest(_) => Vec::new(),
        })
    }

    /// What a funding pays out to accounts: what the channel that it replaces had for them, beyond what they pay into the new one.
    pub fn credits(&self) -> Vec<(Address, Amount)> {
        let Action::Fund(funding) = &self.action else {
            return Vec::new();
        };
        let left = |(address, due, brought): (Address, u64, u64)| {
            (address, Amount::new(brought.saturating_sub(due)).expect("at most what was brought, an amount"))
        };
        self.dues(funding).into_iter().map(left).collect()
    }

    /// Of opener and accepter: who, what it must pay, and what the channel that is replaced has for it. Sums of two amounts are far from
    /// overflowing.
    fn dues(&self, funding: &Funding) -> [(Address, u64, u64); 2] {
        let ([opener, accepter], [first, second]) = (&funding.parties, funding.brought());
        [
            (opener.key.address(), opener.deposit.units() + self.fee.units(), first.units()),
            (accepter.key.address(), accepter.deposit.units(), second.units()),
        ]
    }

    /// What leaves the sender's account besides the fee.
    pub fn amount(&self) -> Amount {
        match &self.action {
            Action::Transfer { amount, .. } => *amount,
            Action::Fund(funding) => {
                funding.parties[0].deposit.checked_sub(funding.brought()[0]).unwrap_or(Amount::ZERO)
            }
            Action::Stake(deposit) => deposit.amount,
            _ => Amount::ZERO,
        }
    }
}

impl Transaction {
    /// The id.
    pub fn id(&self) -> TransactionId {
        self.unsigned.id()
    }

    /// Size of the canonical encoding, in bytes.
    pub fn size(&self) -> usize {
        encoded_length(self)
    }

    /// Whether everybody who must has signed it for this chain, and nobody else.
    pub fn is_signed(&self, genesis: &BlockId, checks: &mut Checks) -> bool {
        let message = self.unsigned.signing_hash(genesis);
        let cosigned = match (self.unsigned.cosigner(), &self.cosignature) {
            (None, None) => true,
            (Some(key), Some(signature)) => checks.verify(key, &message, signature),
            _ => false,
        };
        cosigned && checks.verify(self.unsigned.sender(), &message, &self.signature)
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
            fee: Amount::literal(5),
            action: Action::Transfer {
                from: SecretKey::from_seed([1; 32]).public(),
                nonce: Nonce(3),
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
        let bytes = crate::primitives::encode(&signed);
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
