//! Why an HTLC was not fulfilled: what travels back to the payer.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use crate::primitives::{Amount, ChannelId, PublicKey};

/// Why an HTLC came back, and where. In the clear: whoever passes it on could change it, and only harms itself as a forwarder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
pub struct Failure {
    /// Who says so.
    pub at: PublicKey,
    /// The channel by which it would have gone on; nothing if `at` was the payee or could not read its instructions.
    pub channel: Option<ChannelId>,
    /// Why.
    pub reason: FailureReason,
}

/// Why a hop did not forward, or the payee did not accept. What a policy asks for is said with it (as BOLT 4's failure messages do); what a balance
/// holds is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(tag = "code", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum FailureReason {
    /// The payee expects no such payment (any more).
    #[error("expects no such payment")]
    UnknownPayment,
    /// The payee expects another amount.
    #[error("expects {expected}")]
    WrongAmount {
        /// Base units.
        expected: Amount,
    },
    /// The packet cannot be read.
    #[error("cannot read its instructions")]
    BadPacket,
    /// There is no such channel here.
    #[error("has no such channel")]
    UnknownChannel,
    /// The channel is opening, closing, or its peer is away.
    #[error("the channel cannot be used now")]
    NotReady,
    /// The channel's balance on this side is too small now.
    #[error("the channel cannot carry so much now")]
    Insufficient,
    /// The channel has as many pending HTLCs as it may.
    #[error("the channel has no room for another HTLC")]
    TooManyHtlcs,
    /// Less than the policy takes.
    #[error("the channel carries at least {minimum}")]
    BelowMinimum {
        /// Base units.
        minimum: Amount,
    },
    /// More than the policy takes.
    #[error("the channel carries at most {maximum}")]
    AboveMaximum {
        /// Base units.
        maximum: Amount,
    },
    /// The fee is less than the policy asks.
    #[error("asks a fee of {needed}, was left {found}")]
    FeeTooLow {
        /// Base units.
        found: Amount,
        /// Base units.
        needed: Amount,
    },
    /// Too few blocks between incoming and outgoing expiry.
    #[error("asks {needed} blocks between the expiries, was left {found}")]
    DeltaTooSmall {
        /// Blocks.
        found: u32,
        /// Blocks.
        needed: u32,
    },
    /// It expires too soon to be sent on or claimed safely.
    #[error("it expires too soon")]
    ExpiresTooSoon,
    /// It expires later than anybody agrees to.
    #[error("it expires too late")]
    ExpiresTooLate,
    /// Nobody fulfilled it in time.
    #[error("nobody fulfilled it in time")]
    Expired,
    /// The payee gave it back.
    #[error("the payee gave it back")]
    Cancelled,
}

impl FailureReason {
    /// A stable name.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownPayment => "unknown-payment",
            Self::WrongAmount { .. } => "wrong-amount",
            Self::BadPacket => "bad-packet",
            Self::UnknownChannel => "unknown-channel",
            Self::NotReady => "not-ready",
            Self::Insufficient => "insufficient",
            Self::TooManyHtlcs => "too-many-htlcs",
            Self::BelowMinimum { .. } => "below-minimum",
            Self::AboveMaximum { .. } => "above-maximum",
            Self::FeeTooLow { .. } => "fee-too-low",
            Self::DeltaTooSmall { .. } => "delta-too-small",
            Self::ExpiresTooSoon => "expires-too-soon",
            Self::ExpiresTooLate => "expires-too-late",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }
}
