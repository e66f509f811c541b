//! Why a transaction is not taken into the pool.

use serde::Serialize;

use crate::{
    chain::{ChannelError, StakeError, TransactionError},
    primitives::{Amount, Nonce, TransactionId},
};

/// Why a transaction is not taken into the pool.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "rule", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum PoolError {
    /// It breaks a rule of consensus here and now.
    #[error(transparent)]
    Transaction {
        /// The rule.
        #[from]
        error: TransactionError,
    },
    /// Too little for its size.
    #[error("fee {fee} < {minimum}, the least for {bytes} bytes")]
    FeeTooLow {
        /// What it offers.
        fee: Amount,
        /// The least we relay.
        minimum: Amount,
        /// Its size.
        bytes: usize,
    },
    /// Too far ahead of the account.
    #[error("nonce {nonce} is more than {limit} ahead of {expected}")]
    NonceTooFar {
        /// What it carries.
        nonce: Nonce,
        /// The account's next one.
        expected: Nonce,
        /// How far ahead is allowed.
        limit: u64,
    },
    /// Another one with this nonce waits and pays too much to be replaced.
    #[error("fee {fee} < {required}, needed to replace transaction {replaces}")]
    ReplacementUnderpriced {
        /// What it offers.
        fee: Amount,
        /// What it must offer.
        required: Amount,
        /// The one that waits.
        replaces: TransactionId,
    },
    /// A refutation by an older commitment than one that waits.
    #[error("refutes by an older commitment than transaction {replaces}")]
    Outdated {
        /// The one that waits.
        replaces: TransactionId,
    },
    /// With what already waits, the sender could not pay.
    #[error("balance {balance} < {required}, needed for all waiting transactions of the sender")]
    Overspent {
        /// What the sender has.
        balance: Amount,
        /// What its waiting transactions need, this one included.
        required: Amount,
    },
    /// A vote: it waits for no block, but goes from node to node by itself.
    #[error("votes do not wait in the pool")]
    Vote,
    /// The pool is full of better-paying ones.
    #[serde(rename = "pool-full")]
    #[error("the pool is full; fee rate {fee_rate} per 1,000 bytes is not above the lowest, {lowest}")]
    Full {
        /// What it offers.
        fee_rate: u64,
        /// The lowest that waits.
        lowest: u64,
    },
}

impl From<ChannelError> for PoolError {
    fn from(error: ChannelError) -> Self {
        TransactionError::from(error).into()
    }
}

impl PoolError {
    /// The rule's stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Transaction { error } => error.code(),
            Self::FeeTooLow { .. } => "fee-too-low",
            Self::NonceTooFar { .. } => "nonce-too-far",
            Self::ReplacementUnderpriced { .. } => "replacement-underpriced",
            Self::Outdated { .. } => "outdated",
            Self::Overspent { .. } => "overspent",
            Self::Vote => "vote",
            Self::Full { .. } => "pool-full",
        }
    }

    /// Whether an honest peer could not have sent it, whatever it had seen.
    pub fn is_senders_fault(&self) -> bool {
        use StakeError::{BadEvidence, BadVote, NoOffence, VoteWithFee};
        use TransactionError::{BadCommitment, BadSignature, Channel, CostOverflow, Stake, ZeroAmount};
        matches!(
            self,
            Self::Transaction {
                error: BadSignature { .. }
                    | BadCommitment { .. }
                    | ZeroAmount
                    | CostOverflow { .. }
                    | Stake(BadEvidence | BadVote { .. } | NoOffence | VoteWithFee { .. })
                    | Channel(
                        ChannelError::SameParty | ChannelError::BadTerm { .. } | ChannelError::TooManyHtlcs { .. }
                    )
            }
        )
    }
}
