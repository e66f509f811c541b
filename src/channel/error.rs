//! Why an event changed nothing: our owner's wish was not possible, or the other party is at fault.

use serde::Serialize;

use crate::primitives::{Amount, Height, Side};

/// A command that is not possible now. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Refusal {
    /// Not in this phase.
    #[error("a channel that is {phase} cannot {command}")]
    WrongPhase {
        /// Where it stands.
        phase: &'static str,
        /// What was wanted.
        command: &'static str,
    },
    /// More than the balance allows.
    #[error("amount {amount} > {spendable}, which is what lies above the reserve and the payments that wait")]
    CannotPay {
        /// What was to be paid.
        amount: Amount,
        /// What could be.
        spendable: Amount,
    },
    /// A payment of nothing.
    #[error("a payment moves at least 1 base unit")]
    NothingToPay,
    /// Too many payments wait.
    #[error("{limit} payments wait already")]
    TooManyWaiting {
        /// How many may.
        limit: usize,
    },
    /// The fee of closing is more than our balance.
    #[error("fee {fee} > balance {balance}")]
    CannotPayFee {
        /// Of the closing transaction.
        fee: Amount,
        /// Ours.
        balance: Amount,
    },
    /// Less than an HTLC carries.
    #[error("amount {amount} < {minimum}, the least that an HTLC carries")]
    HtlcTooSmall {
        /// What was to be offered.
        amount: Amount,
        /// The least.
        minimum: Amount,
    },
    /// Too many HTLCs of ours are pending.
    #[error("{limit} HTLCs are pending already")]
    TooManyHtlcs {
        /// How many may.
        limit: usize,
    },
    /// It would expire before it could be claimed.
    #[error("expiry {expiry} is not after height {height}")]
    ExpiryTooSoon {
        /// Of the HTLC.
        expiry: Height,
        /// The newest block's.
        height: Height,
    },
    /// It would expire later than the other party agrees to.
    #[error("expiry {expiry} > {latest}")]
    ExpiryTooLate {
        /// Of the HTLC.
        expiry: Height,
        /// The latest.
        latest: Height,
    },
    /// HTLCs are pending, so no other channel can take its place.
    #[error("{pending} HTLCs are pending: a channel is resized without any")]
    HtlcsPending {
        /// How many.
        pending: usize,
    },
    /// No more commitments.
    #[error("the channel has had all its commitments")]
    Exhausted,
}

impl Refusal {
    /// A stable name.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::WrongPhase { .. } => "wrong-phase",
            Self::CannotPay { .. } => "cannot-pay",
            Self::NothingToPay => "nothing-to-pay",
            Self::TooManyWaiting { .. } => "too-many-waiting",
            Self::CannotPayFee { .. } => "cannot-pay-fee",
            Self::HtlcTooSmall { .. } => "htlc-too-small",
            Self::TooManyHtlcs { .. } => "too-many-htlcs",
            Self::ExpiryTooSoon { .. } => "expiry-too-soon",
            Self::ExpiryTooLate { .. } => "expiry-too-late",
            Self::HtlcsPending { .. } => "htlcs-pending",
            Self::Exhausted => "exhausted",
        }
    }
}

/// What the other party did that no honest one does, whatever was lost or late. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Breach {
    /// A message that this side never receives.
    #[error("sent {message} to the {side:?}")]
    WrongSide {
        /// Which message.
        message: &'static str,
        /// Who we are.
        side: Side,
    },
    /// A message that cannot come in this phase.
    #[error("sent {message} to a channel that is {phase}")]
    OutOfOrder {
        /// Which message.
        message: &'static str,
        /// Where we stand.
        phase: &'static str,
    },
    /// A signature that is not its own over what was agreed.
    #[error("the signature of {what} {number} is not valid")]
    BadSignature {
        /// What should be signed.
        what: &'static str,
        /// Its number.
        number: u64,
    },
    /// A secret that does not revoke what it should.
    #[error("the secret does not revoke commitment {number}")]
    BadSecret {
        /// Which.
        number: u64,
    },
    /// A change that the state does not allow.
    #[error("cannot pay {amount}: {spendable} lies above its reserve")]
    BadChange {
        /// What was proposed.
        amount: Amount,
        /// What is possible.
        spendable: Amount,
    },
    /// A change about an HTLC that the state does not allow.
    #[error("HTLC {id} {problem}")]
    BadHtlc {
        /// Its number.
        id: u64,
        /// What is wrong.
        problem: &'static str,
    },
    /// HTLCs are pending, so the channel cannot be closed together.
    #[error("wants to close while {pending} HTLCs are pending")]
    PendingHtlcs {
        /// How many.
        pending: usize,
    },
    /// Another text where only the same one can be repeated.
    #[error("proposed two different changes for commitment {number}")]
    Equivocation {
        /// Which.
        number: u64,
    },
    /// A number or turn from the future.
    #[error("{what} {found} lies ahead of {expected}")]
    Ahead {
        /// What.
        what: &'static str,
        /// What it said.
        found: u64,
        /// What we know.
        expected: u64,
    },
    /// It uses a turn that is ours.
    #[error("turn {turn} is not its own")]
    NotItsTurn {
        /// Which.
        turn: u64,
    },
    /// A closing fee beyond its balance.
    #[error("closing fee {fee} > its balance {balance}")]
    BadFee {
        /// What it offers the miner.
        fee: Amount,
        /// What it owns.
        balance: Amount,
    },
}

/// Why an event changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Our owner asked for something impossible.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The other party is at fault.
    #[error(transparent)]
    Breach(#[from] Breach),
}
