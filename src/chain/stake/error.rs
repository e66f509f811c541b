//! Which rule of proof of stake a block or a transaction breaks: one named error per rule, with the values compared.

use serde::Serialize;

use crate::primitives::{Address, Amount, BlockId, Checkpoint, Epoch, Hash, Slot, Timestamp};

/// A rule of proof of stake is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "rule", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum StakeError {
    /// A seal, or a transaction, of the other kind of consensus.
    #[error("{what} is not of this chain's consensus")]
    WrongConsensus {
        /// What it is.
        what: &'static str,
    },
    /// A time at which no slot begins, or not after the parent's.
    #[error("timestamp {timestamp} begins no slot after {parent}")]
    NotASlot {
        /// What it carries, in ms.
        timestamp: Timestamp,
        /// The parent's.
        parent: Timestamp,
    },
    /// Nobody here knows this validator. It may be in a block still to come.
    #[error("proposer {proposer} is no validator that is known here")]
    UnknownProposer {
        /// Who.
        proposer: Address,
    },
    /// The proposer has not signed this header.
    #[error("the proposer's signature is not valid")]
    BadSeal,
    /// Another validator leads the slot, or nobody.
    #[error("{proposer} does not lead slot {slot}, but {leader:?}")]
    NotTheLeader {
        /// Which slot.
        slot: Slot,
        /// Who proposes.
        proposer: Address,
        /// Who leads.
        leader: Option<Address>,
    },
    /// The secret is not the one that the proposer had committed to.
    #[error("the secret's commitment is {computed}, expected {expected}")]
    WrongReveal {
        /// Of the secret.
        computed: Hash,
        /// As it was committed to.
        expected: Hash,
    },
    /// The block builds on one that is not part of what is final here.
    #[error("block {block} is not on the chain of the final checkpoint {final_block} of epoch {epoch}")]
    NotFinal {
        /// What it builds on.
        block: BlockId,
        /// What is final.
        final_block: BlockId,
        /// Of which epoch.
        epoch: Epoch,
    },
    /// Another chain than the one that this node was told to trust.
    #[error("epoch {epoch} begins after {block}, trusted is {trusted}")]
    NotTrusted {
        /// Which epoch.
        epoch: Epoch,
        /// Its checkpoint here.
        block: BlockId,
        /// As configured.
        trusted: BlockId,
    },
    /// Too little for a validator.
    #[error("stake {stake} < {minimum}")]
    StakeTooSmall {
        /// After the deposit.
        stake: Amount,
        /// The rule.
        minimum: Amount,
    },
    /// Nobody may become a validator any more.
    #[error("there are {count} validators, as many as there may be")]
    TooManyValidators {
        /// How many.
        count: usize,
    },
    /// Not a validator, or one no more.
    #[error("{address} is no validator")]
    NotAValidator {
        /// Who.
        address: Address,
    },
    /// A validator that leaves, or was slashed, cannot leave again nor add to its stake.
    #[error("{address} is on its way out since epoch {exit}")]
    Leaving {
        /// Who.
        address: Address,
        /// The epoch after its last.
        exit: Epoch,
    },
    /// A vote has no fee and no cosignature.
    #[error("a vote has no fee, not {fee}")]
    VoteWithFee {
        /// What it offers.
        fee: Amount,
    },
    /// Not a vote for its own epoch, or its source is no earlier than its target.
    #[error("a vote in slot {slot} cannot go from epoch {from} to epoch {to}")]
    BadVote {
        /// When it was cast.
        slot: Slot,
        /// Its source.
        from: Epoch,
        /// Its target.
        to: Epoch,
    },
    /// Too early or too late for a block.
    #[error("a vote of slot {slot} cannot be in a block of slot {block}")]
    VoteOutOfTime {
        /// When it was cast.
        slot: Slot,
        /// Where it would be.
        block: Slot,
    },
    /// Its source or target are not of this branch.
    #[error("the vote names checkpoint {named:?}, this chain has {expected:?}")]
    WrongCheckpoint {
        /// As the vote says.
        named: Checkpoint,
        /// As the state says.
        expected: Checkpoint,
    },
    /// Not the validator's turn.
    #[error("{address} has no vote in slot {slot}")]
    NotOnDuty {
        /// Who.
        address: Address,
        /// Which slot.
        slot: Slot,
    },
    /// One vote an epoch.
    #[error("{address} has voted in epoch {epoch} already")]
    AlreadyVoted {
        /// Who.
        address: Address,
        /// When.
        epoch: Epoch,
    },
    /// Both messages are such as an honest validator may sign.
    #[error("the two messages break no rule together")]
    NoOffence,
    /// The evidence is not signed by whom it accuses.
    #[error("the evidence is not signed on this chain")]
    BadEvidence,
    /// The offender has lost its stake before.
    #[error("{address} was slashed before")]
    AlreadySlashed {
        /// Who.
        address: Address,
    },
}

impl StakeError {
    /// The names of what this node will not have any more, though others may.
    pub(in crate::chain) const VIEWS: [&str; 2] = ["not-final", "not-trusted"];

    /// The rule's stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::WrongConsensus { .. } => "wrong-consensus",
            Self::NotASlot { .. } => "not-a-slot",
            Self::UnknownProposer { .. } => "unknown-proposer",
            Self::BadSeal => "bad-seal",
            Self::NotTheLeader { .. } => "not-the-leader",
            Self::WrongReveal { .. } => "wrong-reveal",
            Self::NotFinal { .. } => "not-final",
            Self::NotTrusted { .. } => "not-trusted",
            Self::StakeTooSmall { .. } => "stake-too-small",
            Self::TooManyValidators { .. } => "too-many-validators",
            Self::NotAValidator { .. } => "not-a-validator",
            Self::Leaving { .. } => "leaving",
            Self::VoteWithFee { .. } => "vote-with-fee",
            Self::BadVote { .. } => "bad-vote",
            Self::VoteOutOfTime { .. } => "vote-out-of-time",
            Self::WrongCheckpoint { .. } => "wrong-checkpoint",
            Self::NotOnDuty { .. } => "not-on-duty",
            Self::AlreadyVoted { .. } => "already-voted",
            Self::NoOffence => "no-offence",
            Self::BadEvidence => "bad-evidence",
            Self::AlreadySlashed { .. } => "already-slashed",
        }
    }

    /// Whether an honest peer may think otherwise: it knows less, or is on another side of a conflict.
    pub const fn is_view(&self) -> bool {
        matches!(self, Self::UnknownProposer { .. } | Self::NotFinal { .. } | Self::NotTrusted { .. })
    }
}
