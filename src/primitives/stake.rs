//! Proof of stake: votes and checkpoints, proposals, and what proves that a validator broke its word.
//!
//! Names follow Casper FFG (Buterin and Griffith, 2017, section 2) and Gasper (Buterin et al., 2020, section 4). A checkpoint of an epoch is the last
//! block *before* its first slot, so that it is known to the state of every block of the epoch.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use super::{
    Action, Amount, BlockId, Checks, Epoch, Hash, Header, Nonce, PublicKey, SecretKey, Signature, Slot, Tag,
    Transaction, UnsignedTransaction,
};

const REVEAL: Tag = Tag::new("tabchain/reveal");
const COMMITMENT: Tag = Tag::new("tabchain/reveal-commitment");
const PROPOSAL: Tag = Tag::new("tabchain/proposal");

/// The last block before an epoch's first slot, on some branch.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Default,
    Serialize,
    Deserialize,
    BorshSerialize,
    BorshDeserialize,
)]
pub struct Checkpoint {
    /// The epoch that it begins.
    pub epoch: Epoch,
    /// The block.
    pub block: BlockId,
}

/// What a validator says once in an epoch: where the chain ends (LMD-GHOST), and from which checkpoint to which it goes (Casper FFG).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, BorshSerialize, BorshDeserialize,
)]
pub struct Vote {
    /// The slot in which it is the validator's duty.
    pub slot: Slot,
    /// The best block.
    pub head: BlockId,
    /// The latest justified checkpoint in the state of that block.
    pub source: Checkpoint,
    /// The checkpoint of the slot's epoch.
    pub target: Checkpoint,
}

/// A vote, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct Attestation {
    /// Who votes, and signs the transaction that carries this.
    pub validator: PublicKey,
    /// What for.
    pub vote: Vote,
}

/// A vote with the signature that it had as a transaction, as evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct SignedVote {
    /// The vote.
    pub attestation: Attestation,
    /// Of the validator.
    pub signature: Signature,
}

/// Money that is locked so that its owner becomes a validator, or one with more stake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct Deposit {
    /// Who stakes, and signs as a validator.
    pub from: PublicKey,
    /// The account's next nonce.
    pub nonce: Nonce,
    /// Base units locked.
    pub amount: Amount,
    /// [`Reveal::commitment`] of the first secret that the validator will reveal. Counts only where it begins.
    pub commitment: Hash,
}

/// A validator's wish to leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct Exit {
    /// Who leaves.
    pub from: PublicKey,
    /// The account's next nonce.
    pub nonce: Nonce,
}

/// Evidence that somebody brings to the chain, for a share of what is burned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct Report {
    /// Who reports, pays the fee and is paid the share.
    pub from: PublicKey,
    /// The account's next nonce.
    pub nonce: Nonce,
    /// What was done.
    pub offence: Offence,
}

/// Two signed messages that no honest validator signs both of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(tag = "kind", content = "evidence", rename_all = "camelCase")]
pub enum Offence {
    /// Two blocks for one slot.
    Proposals(Box<[Header; 2]>),
    /// Two votes that break a commandment of Casper (section 2, I and II).
    Votes(Box<[SignedVote; 2]>),
}

/// Which rule two messages break together.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, BorshSerialize, BorshDeserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum OffenceKind {
    /// Two different blocks of one slot.
    Equivocation,
    /// Two different votes for one target epoch.
    DoubleVote,
    /// One vote's source and target lie around the other's.
    SurroundVote,
}

/// What seals a block of stake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct Proposal {
    /// Who leads the slot.
    pub proposer: PublicKey,
    /// Its share in the randomness to come.
    pub reveal: Reveal,
    /// Over the unsealed header and the reveal.
    pub signature: Signature,
}

/// A secret that its owner had committed to, and the commitment to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct Reveal {
    /// What is mixed into the randomness.
    pub secret: Hash,
    /// [`Reveal::commitment`] of the one that comes next.
    pub next: Hash,
}

impl Reveal {
    /// The reveal number `index` of a key, from 0. The salt tells chains apart: no two use the same secrets.
    pub fn of(key: &SecretKey, salt: &Hash, index: u64) -> Self {
        Self { secret: Self::secret(key, salt, index), next: Self::promise(key, salt, index + 1) }
    }

    /// The commitment to the secret number `index` of a key.
    pub fn promise(key: &SecretKey, salt: &Hash, index: u64) -> Hash {
        Self::commitment(&Self::secret(key, salt, index))
    }

    /// What a secret is held against once it is revealed.
    pub fn commitment(secret: &Hash) -> Hash {
        COMMITMENT.hash(&[&secret.0])
    }

    fn secret(key: &SecretKey, salt: &Hash, index: u64) -> Hash {
        Hash(key.derive(&REVEAL, &REVEAL.hash_of(&(salt, index))))
    }
}

impl Proposal {
    /// Seals an unsealed header, given by its hash, on the chain that begins with `genesis`.
    pub fn sign(key: &SecretKey, genesis: &BlockId, unsealed: &Hash, reveal: Reveal) -> Self {
        let signature = key.sign(&Self::message(genesis, unsealed, &reveal));
        Self { proposer: key.public(), reveal, signature }
    }

    /// Whether the proposer signed this header on this chain.
    pub fn is_signed(&self, genesis: &BlockId, unsealed: &Hash, checks: &mut Checks) -> bool {
        checks.verify(&self.proposer, &Self::message(genesis, unsealed, &self.reveal), &self.signature)
    }

    fn message(genesis: &BlockId, unsealed: &Hash, reveal: &Reveal) -> Hash {
        PROPOSAL.hash_of(&(genesis, unsealed, reveal))
    }
}

impl Vote {
    /// What this vote and another of the same validator break together, if anything.
    pub fn offends(&self, other: &Self) -> Option<OffenceKind> {
        let around = |outer: &Self, inner: &Self| {
            outer.source.epoch < inner.source.epoch && inner.target.epoch < outer.target.epoch
        };
        if self != other && self.target.epoch == other.target.epoch {
            return Some(OffenceKind::DoubleVote);
        }
        (around(self, other) || around(other, self)).then_some(OffenceKind::SurroundVote)
    }
}

impl Attestation {
    /// The transaction that carries it. It has no fee: it takes the room that the vote of its validator has in each epoch.
    pub fn unsigned(self) -> UnsignedTransaction {
        UnsignedTransaction { fee: Amount::ZERO, action: Action::Attest(Box::new(self)) }
    }
}

impl SignedVote {
    /// The vote that a transaction carries.
    pub fn of(transaction: &Transaction) -> Option<Self> {
        let Action::Attest(attestation) = &transaction.unsigned.action else {
            return None;
        };
        Some(Self { attestation: Attestation::clone(attestation), signature: transaction.signature.clone() })
    }

    /// Whether its validator signed it on this chain.
    pub fn is_signed(&self, genesis: &BlockId, checks: &mut Checks) -> bool {
        let message = self.attestation.clone().unsigned().signing_hash(genesis);
        checks.verify(&self.attestation.validator, &message, &self.signature)
    }
}

impl OffenceKind {
    /// Its stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Equivocation => "equivocation",
            Self::DoubleVote => "double-vote",
            Self::SurroundVote => "surround-vote",
        }
    }
}

impl Offence {
    /// Which rule it breaks; nothing if an honest validator may sign both. A slot has one time, so two blocks of one time are of one slot.
    pub fn kind(&self) -> Option<OffenceKind> {
        match self {
            Self::Proposals(headers) => {
                let [first, second] = headers.as_ref();
                let [a, b] = [first, second].map(|header| header.seal.proposal());
                let same = a?.proposer == b?.proposer && first.timestamp == second.timestamp;
                (same && first.id() != second.id()).then_some(OffenceKind::Equivocation)
            }
            Self::Votes(votes) => {
                let [first, second] = [&votes[0].attestation, &votes[1].attestation];
                if first.validator == second.validator { first.vote.offends(&second.vote) } else { None }
            }
        }
    }

    /// Whose messages these are.
    pub fn offender(&self) -> Option<&PublicKey> {
        match self {
            Self::Proposals(headers) => headers[0].seal.proposal().map(|proposal| &proposal.proposer),
            Self::Votes(votes) => Some(&votes[0].attestation.validator),
        }
    }

    /// Whether both messages were signed on the chain that begins with `genesis`.
    pub fn is_signed(&self, genesis: &BlockId, checks: &mut Checks) -> bool {
        match self {
            Self::Proposals(headers) => headers.iter().all(|header| {
                let proposal = header.seal.proposal();
                proposal.is_some_and(|proposal| proposal.is_signed(genesis, &header.unsealed.hash(), checks))
            }),
            Self::Votes(votes) => votes.iter().all(|vote| vote.is_signed(genesis, checks)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vote(source: u64, target: u64, block: u8) -> Vote {
        let checkpoint = |epoch, block| Checkpoint { epoch: Epoch(epoch), block: Hash([block; 32]) };
        Vote {
            slot: Slot(target * 8),
            head: Hash([block; 32]),
            source: checkpoint(source, 0),
            target: checkpoint(target, block),
        }
    }

    /// Casper's two commandments, each with its nearest innocent neighbour.
    #[test]
    fn votes_offend_by_table() {
        use OffenceKind::{DoubleVote, SurroundVote};
        let table = [
            (vote(1, 4, 1), vote(1, 4, 1), None),
            (vote(1, 4, 1), vote(1, 4, 2), Some(DoubleVote)),
            (vote(1, 4, 1), vote(2, 4, 1), Some(DoubleVote)),
            (vote(1, 4, 1), vote(1, 5, 2), None),
            (vote(1, 5, 1), vote(2, 4, 2), Some(SurroundVote)),
            (vote(1, 5, 1), vote(1, 4, 2), None),
            (vote(1, 5, 1), vote(4, 6, 2), None),
            (vote(1, 5, 1), vote(5, 6, 2), None),
            (vote(0, 9, 1), vote(7, 8, 2), Some(SurroundVote)),
        ];
        for (first, second, expected) in table {
            assert_eq!(first.offends(&second), expected, "{first:?} {second:?}");
            assert_eq!(second.offends(&first), expected, "{second:?} {first:?}");
        }
    }

    #[test]
    fn reveals_are_chained_and_belong_to_one_chain() {
        let (key, salt) = (SecretKey::from_seed([1; 32]), Hash([7; 32]));
        let first = Reveal::of(&key, &salt, 0);
        assert_eq!(Reveal::commitment(&first.secret), Reveal::promise(&key, &salt, 0));
        assert_eq!(first.next, Reveal::commitment(&Reveal::of(&key, &salt, 1).secret));
        assert_ne!(first.secret, Reveal::of(&key, &Hash([8; 32]), 0).secret);
    }
}
