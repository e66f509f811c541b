//! What can be wrong with a block or a transaction: one named error per rule, each with the values compared.

use serde::Serialize;

use super::{ChannelError, StakeError};
use crate::primitives::{Amount, BlockId, Hash, Height, Nonce, Target, Timestamp};

/// A transaction breaks a rule of consensus.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "rule", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum TransactionError {
    /// A signature is not of whoever must sign, or not for this chain.
    #[error("signatures of transaction {id} are not valid on this chain")]
    BadSignature {
        /// The transaction.
        id: Hash,
    },
    /// A commitment that both parties of a channel must have signed is not.
    #[error("signatures of commitment {number} are not valid for this channel and chain")]
    BadCommitment {
        /// Its number.
        number: u64,
    },
    /// A transfer of nothing.
    #[error("a transfer moves at least 1 base unit")]
    ZeroAmount,
    /// Amount and fee exceed all the money there can be.
    #[error("amount {amount} + fee {fee} is more than can exist")]
    CostOverflow {
        /// The amount.
        amount: Amount,
        /// The fee.
        fee: Amount,
    },
    /// Not the sender's next number.
    #[error("nonce {nonce}, expected {expected}")]
    WrongNonce {
        /// What the transaction carries.
        nonce: Nonce,
        /// The account's next one.
        expected: Nonce,
    },
    /// The sender cannot pay.
    #[error("balance {balance} < amount {amount} + fee {fee}")]
    InsufficientBalance {
        /// What the sender has.
        balance: Amount,
        /// What it sends.
        amount: Amount,
        /// What it offers the miner.
        fee: Amount,
    },
    /// A step of a channel breaks a rule of the adjudicator.
    #[error(transparent)]
    #[serde(untagged)]
    Channel(#[from] ChannelError),
    /// A step of a validator breaks a rule of proof of stake.
    #[error(transparent)]
    #[serde(untagged)]
    Stake(#[from] StakeError),
}

/// A block breaks a rule of consensus, or cannot be judged yet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "rule", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum BlockError {
    /// The parent is not known (yet).
    #[error("parent {parent} is not known")]
    UnknownParent {
        /// The missing block.
        parent: BlockId,
    },
    /// It was found invalid before, or builds on one that was.
    #[error("block {block} is invalid: {rule}")]
    KnownInvalid {
        /// The block first found invalid.
        block: BlockId,
        /// The rule that it broke.
        #[serde(rename = "broken")]
        rule: &'static str,
    },
    /// Rules of another version.
    #[error("version {version}, expected {expected}")]
    WrongVersion {
        /// What it carries.
        version: u32,
        /// What these rules know.
        expected: u32,
    },
    /// Not one above its parent.
    #[error("height {height}, expected {expected}")]
    WrongHeight {
        /// What it carries.
        height: Height,
        /// One above the parent.
        expected: Height,
    },
    /// Not after the median of the last eleven.
    #[error("timestamp {timestamp} is not after the median of the last eleven, {median}")]
    TimestampTooOld {
        /// What it carries, in ms.
        timestamp: Timestamp,
        /// What it must exceed.
        median: Timestamp,
    },
    /// Ahead of our clock: held back, never remembered as invalid.
    #[error("timestamp {timestamp} is later than now and the allowed drift, {limit}")]
    TimestampTooNew {
        /// What it carries, in ms.
        timestamp: Timestamp,
        /// The latest we take now.
        limit: Timestamp,
    },
    /// Not the target that the retarget rule gives.
    #[error("target {target}, expected {expected}")]
    WrongTarget {
        /// What it carries.
        target: Target,
        /// What ASERT gives.
        expected: Target,
    },
    /// The work hash is above the target.
    #[error("work hash {hash} is above the target {target}")]
    InsufficientWork {
        /// The work hash.
        hash: Hash,
        /// What it must not exceed.
        target: Target,
    },
    /// The body is not the one the header commits to; says nothing about the block of this id.
    #[error("merkle root of the body is {computed}, header says {header}")]
    WrongMerkleRoot {
        /// Over the body.
        computed: Hash,
        /// In the header.
        header: Hash,
    },
    /// Too many bytes.
    #[error("block has {bytes} bytes, at most {limit} are allowed")]
    TooLarge {
        /// Its encoded size.
        bytes: usize,
        /// The rule.
        limit: u32,
    },
    /// The block pays its maker something other than subsidy and fees.
    #[error("coinbase pays {amount}, expected subsidy {subsidy} + fees {fees}")]
    WrongCoinbase {
        /// What it pays.
        amount: Amount,
        /// New money at this height.
        subsidy: Amount,
        /// Fees of its transactions.
        fees: Amount,
    },
    /// A transaction in it breaks a rule.
    #[error("transaction {index}: {error}")]
    Transaction {
        /// Its place, from 0.
        index: usize,
        /// The rule it breaks.
        error: TransactionError,
    },
    /// More money than can exist.
    #[error("supply {issued} + subsidy {subsidy} is more than {cap}")]
    SupplyExceeded {
        /// Created so far.
        issued: Amount,
        /// Created here.
        subsidy: Amount,
        /// The most there can be.
        cap: Amount,
    },
    /// The state after it is not the one the header commits to.
    #[error("state root is {computed}, header says {header}")]
    WrongStateRoot {
        /// After applying it.
        computed: Hash,
        /// In the header.
        header: Hash,
    },
    /// Its header or seal breaks a rule of proof of stake.
    #[error(transparent)]
    #[serde(untagged)]
    Stake(#[from] StakeError),
}

impl TransactionError {
    /// That an account has less than what is `needed` of it, of which `fee` goes to the miner; less of it, where a channel that ends brings
    /// the rest.
    pub(super) fn insufficient(balance: Amount, needed: Amount, fee: Amount) -> Self {
        let fee = fee.min(needed);
        let amount = needed.checked_sub(fee).expect("it is at most that");
        Self::InsufficientBalance { balance, amount, fee }
    }

    /// The rule's stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadSignature { .. } => "bad-signature",
            Self::BadCommitment { .. } => "bad-commitment",
            Self::Channel(error) => error.code(),
            Self::Stake(error) => error.code(),
            Self::ZeroAmount => "zero-amount",
            Self::CostOverflow { .. } => "cost-overflow",
            Self::WrongNonce { .. } => "wrong-nonce",
            Self::InsufficientBalance { .. } => "insufficient-balance",
        }
    }
}

impl BlockError {
    /// The rule's stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownParent { .. } => "unknown-parent",
            Self::KnownInvalid { .. } => "known-invalid",
            Self::WrongVersion { .. } => "wrong-version",
            Self::WrongHeight { .. } => "wrong-height",
            Self::TimestampTooOld { .. } => "timestamp-too-old",
            Self::TimestampTooNew { .. } => "timestamp-too-new",
            Self::WrongTarget { .. } => "wrong-target",
            Self::InsufficientWork { .. } => "insufficient-work",
            Self::WrongMerkleRoot { .. } => "wrong-merkle-root",
            Self::TooLarge { .. } => "too-large",
            Self::WrongCoinbase { .. } => "wrong-coinbase",
            Self::Transaction { .. } => "transaction",
            Self::SupplyExceeded { .. } => "supply-exceeded",
            Self::WrongStateRoot { .. } => "wrong-state-root",
            Self::Stake(error) => error.code(),
        }
    }

    /// Whether the block may become acceptable later, so that nobody is to blame.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::UnknownParent { .. } | Self::TimestampTooNew { .. })
    }

    /// Whether an honest peer may hold it for good: it knows of other votes, or of other validators.
    pub fn is_view(&self) -> bool {
        match self {
            Self::Stake(error) => error.is_view(),
            Self::KnownInvalid { rule, .. } => StakeError::VIEWS.contains(rule),
            _ => false,
        }
    }

    /// Whether it says nothing of the block for good: the fault may lie with one copy of it (its body, or a seal of stake, which its id does not cover), or
    /// with what is known here yet.
    pub(super) const fn is_open(&self) -> bool {
        matches!(
            self,
            Self::UnknownParent { .. }
                | Self::TimestampTooNew { .. }
                | Self::Stake(StakeError::UnknownProposer { .. } | StakeError::WrongConsensus { .. })
                | Self::Stake(StakeError::BadSeal | StakeError::NotTheLeader { .. } | StakeError::WrongReveal { .. })
                | Self::WrongMerkleRoot { .. }
        )
    }
}
