//! The core's refusals as problems: which status each rule answers with.

use axum::http::StatusCode;

use super::problem::Problem;
use crate::{
    chain::{ChannelError, PoolError, StakeError, TransactionError},
    channel::Refusal,
    native::{accounts::AccountError, keystore::KeystoreError},
    node::{ChannelRefusal, CommandResult, PaymentRefusal},
};

impl From<PoolError> for Problem {
    fn from(error: PoolError) -> Self {
        Self::by_rule(status_in_pool(&error), error.code(), &error)
    }
}

impl From<ChannelRefusal> for Problem {
    fn from(error: ChannelRefusal) -> Self {
        Self::by_rule(status_in_channel(&error), error.code(), &error)
    }
}

impl From<PaymentRefusal> for Problem {
    fn from(error: PaymentRefusal) -> Self {
        use PaymentRefusal::{BadInvoice, Known, ToOneself, TooMany, TooSmall};
        let status = match error {
            Known { .. } => StatusCode::CONFLICT,
            TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            BadInvoice | ToOneself | TooSmall { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::by_rule(status, error.code(), &error)
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Unknown(_) => Self::unknown("unknown-account", error.to_string()),
            AccountError::Keystore(error) => error.into(),
            AccountError::Stopped(stopped) => stopped.into(),
        }
    }
}

impl From<KeystoreError> for Problem {
    fn from(error: KeystoreError) -> Self {
        match error {
            KeystoreError::Full => Self::conflict("keystore-full", error.to_string()),
            KeystoreError::Label(_) => Self::senseless("label-too-long", error.to_string()),
            _ => {
                tracing::error!(target: "http", "keystore: {error}");
                Self::internal("the keystore cannot be written")
            }
        }
    }
}

/// What a refused command answers with; the result itself if it was done.
pub(super) fn done(result: CommandResult) -> Result<CommandResult, Problem> {
    match result {
        CommandResult::Refused(error) => Err(error.into()),
        CommandResult::ChannelRefused(refusal) => Err(refusal.into()),
        CommandResult::PaymentRefused(refusal) => Err(refusal.into()),
        CommandResult::PolicyRefused(error) => {
            Err(Problem::by_rule(StatusCode::UNPROCESSABLE_ENTITY, "bad-policy", &error))
        }
        CommandResult::NoPeers => Err(Problem::conflict("no-peers", "there are no peers")),
        CommandResult::Accepted(_)
        | CommandResult::Invoiced(_)
        | CommandResult::Asked(_)
        | CommandResult::Offered(_)
        | CommandResult::Done => Ok(result),
    }
}

fn status_in_pool(error: &PoolError) -> StatusCode {
    match error {
        PoolError::Transaction { error } => status_of_transaction(error),
        PoolError::Overspent { .. } => StatusCode::PAYMENT_REQUIRED,
        PoolError::NonceTooFar { .. }
        | PoolError::ReplacementUnderpriced { .. }
        | PoolError::Outdated { .. }
        | PoolError::Full { .. } => StatusCode::CONFLICT,
        PoolError::FeeTooLow { .. } | PoolError::Vote => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

fn status_of_transaction(error: &TransactionError) -> StatusCode {
    match error {
        TransactionError::InsufficientBalance { .. } => StatusCode::PAYMENT_REQUIRED,
        TransactionError::WrongNonce { .. } => StatusCode::CONFLICT,
        TransactionError::Channel(error) => status_on_chain(error),
        TransactionError::Stake(error) => status_of_stake(error),
        TransactionError::BadSignature { .. }
        | TransactionError::BadCommitment { .. }
        | TransactionError::ZeroAmount
        | TransactionError::CostOverflow { .. } => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

fn status_of_stake(error: &StakeError) -> StatusCode {
    match error {
        StakeError::WrongConsensus { .. }
        | StakeError::Leaving { .. }
        | StakeError::AlreadyVoted { .. }
        | StakeError::AlreadySlashed { .. }
        | StakeError::TooManyValidators { .. } => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

fn status_on_chain(error: &ChannelError) -> StatusCode {
    match error {
        ChannelError::UnknownChannel { .. } => StatusCode::NOT_FOUND,
        ChannelError::FundingExpired { .. }
        | ChannelError::AlreadyPublished { .. }
        | ChannelError::NotPublished
        | ChannelError::NotNewer { .. }
        | ChannelError::WindowOver { .. }
        | ChannelError::WindowOpen { .. } => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

fn status_in_channel(error: &ChannelRefusal) -> StatusCode {
    match error {
        ChannelRefusal::Unknown { .. } => StatusCode::NOT_FOUND,
        ChannelRefusal::Channel(refusal) => status_of_refusal(refusal),
        ChannelRefusal::NotConnected => StatusCode::GATEWAY_TIMEOUT,
        ChannelRefusal::TooMany { .. } => StatusCode::CONFLICT,
        ChannelRefusal::Terms(error) => status_on_chain(error),
        ChannelRefusal::CannotDeposit { .. } => StatusCode::PAYMENT_REQUIRED,
        ChannelRefusal::FeeTooLow { .. } => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

fn status_of_refusal(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::CannotPay { .. } | Refusal::CannotPayFee { .. } => StatusCode::PAYMENT_REQUIRED,
        Refusal::NothingToPay | Refusal::HtlcTooSmall { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::TooManyWaiting { .. } | Refusal::TooManyHtlcs { .. } => StatusCode::TOO_MANY_REQUESTS,
        Refusal::WrongPhase { .. }
        | Refusal::ExpiryTooSoon { .. }
        | Refusal::ExpiryTooLate { .. }
        | Refusal::HtlcsPending { .. }
        | Refusal::Exhausted => StatusCode::CONFLICT,
    }
}
