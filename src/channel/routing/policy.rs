//! On what terms one side of a channel lets payments of others pass.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::{
    channel::{CLAIM_MARGIN, REORG_MARGIN},
    primitives::{Amount, Height},
};

/// The highest proportional fee: all of the amount, in millionths.
pub const MAX_FEE_RATE: u32 = 1_000_000;
/// The most blocks a hop may ask for between what it must pay and what it can claim.
pub const MAX_EXPIRY_DELTA: u32 = 1_000;
/// The fewest blocks with which whoever forwards is safe: what it pays may show on the chain at the last height, and late by a reorg; then its
/// own claim needs its blocks, and there is one to spare.
pub const MIN_OWN_EXPIRY_DELTA: u32 = (CLAIM_MARGIN + REORG_MARGIN + 1) as u32;

/// On what terms the side that announces it pays in its channel for others (BOLT 7, `channel_update`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChannelPolicy {
    /// Base units it takes for each payment.
    pub fee_base: Amount,
    /// Millionths of the amount that it takes besides, 0 ..= [`MAX_FEE_RATE`].
    pub fee_rate: u32,
    /// Blocks by which what it claims must outlive what it pays, 1 ..= [`MAX_EXPIRY_DELTA`].
    pub expiry_delta: u32,
    /// The least base units it carries at once.
    pub htlc_minimum: Amount,
    /// The most base units it carries at once, at least `htlc_minimum`.
    pub htlc_maximum: Amount,
    /// Whether it carries payments of others now.
    pub enabled: bool,
}

/// Why a policy cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum PolicyError {
    /// More than the whole amount.
    #[error("fee rate {rate} is more than {MAX_FEE_RATE} millionths")]
    FeeRate {
        /// Millionths.
        rate: u32,
    },
    /// No blocks, or too many.
    #[error("expiry delta {delta} is not 1 to {MAX_EXPIRY_DELTA} blocks")]
    ExpiryDelta {
        /// Blocks.
        delta: u32,
    },
    /// Too few blocks to forward safely.
    #[error("expiry delta {delta} < {minimum}, the fewest blocks with which a claim is safe")]
    Unsafe {
        /// Blocks.
        delta: u32,
        /// [`MIN_OWN_EXPIRY_DELTA`]
        minimum: u32,
    },
    /// No amount lies between.
    #[error("smallest amount {minimum} > largest amount {maximum}")]
    Range {
        /// `htlc_minimum`
        minimum: Amount,
        /// `htlc_maximum`
        maximum: Amount,
    },
}

/// Why a payment may not pass on these terms.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum ForwardError {
    /// Not now.
    #[error("the channel carries no payments of others now")]
    Disabled,
    /// Too small.
    #[error("amount {amount} < {minimum}, the least this channel carries")]
    BelowMinimum {
        /// To be carried.
        amount: Amount,
        /// What could be.
        minimum: Amount,
    },
    /// Too large.
    #[error("amount {amount} > {maximum}, the most this channel carries")]
    AboveMaximum {
        /// To be carried.
        amount: Amount,
        /// What could be.
        maximum: Amount,
    },
    /// What comes in is not enough more than what is to go out.
    #[error("incoming {incoming} < outgoing {outgoing} + fee {fee}")]
    FeeTooLow {
        /// What would be claimed.
        incoming: Amount,
        /// What would be paid.
        outgoing: Amount,
        /// What is asked for that.
        fee: Amount,
    },
    /// What comes in does not outlive what is to go out by enough.
    #[error("incoming expiry {incoming} < outgoing expiry {outgoing} + {delta}")]
    ExpiryTooSoon {
        /// Until when we could claim.
        incoming: Height,
        /// Until when we could be made to pay.
        outgoing: Height,
        /// Blocks asked for between the two.
        delta: u32,
    },
}

impl Default for ChannelPolicy {
    /// One base unit and a thousandth, 12 blocks, any amount.
    fn default() -> Self {
        Self {
            fee_base: Amount::literal(1),
            fee_rate: 1_000,
            expiry_delta: 12,
            htlc_minimum: Amount::literal(1),
            htlc_maximum: Amount::MAX,
            enabled: true,
        }
    }
}

impl ChannelPolicy {
    /// Whether every value is in its range.
    ///
    /// # Errors
    /// [`PolicyError`] with the first that is not.
    pub fn check(&self) -> Result<(), PolicyError> {
        if self.fee_rate > MAX_FEE_RATE {
            return Err(PolicyError::FeeRate { rate: self.fee_rate });
        }
        if !(1..=MAX_EXPIRY_DELTA).contains(&self.expiry_delta) {
            return Err(PolicyError::ExpiryDelta { delta: self.expiry_delta });
        }
        if self.htlc_minimum > self.htlc_maximum {
            return Err(PolicyError::Range { minimum: self.htlc_minimum, maximum: self.htlc_maximum });
        }
        Ok(())
    }

    /// Whether it can be, and whoever forwards on these terms is safe. What others risk is their own business.
    ///
    /// # Errors
    /// As [`ChannelPolicy::check`], and [`PolicyError::Unsafe`].
    pub fn check_own(&self) -> Result<(), PolicyError> {
        self.check()?;
        let (delta, minimum) = (self.expiry_delta, MIN_OWN_EXPIRY_DELTA);
        if delta < minimum { Err(PolicyError::Unsafe { delta, minimum }) } else { Ok(()) }
    }

    /// What it takes for carrying `amount`: the base, and the proportional fee rounded down (BOLT 7). Nothing if that is more than can exist.
    ///
    /// # Example
    /// ```
    /// use tabchain::{channel::routing::ChannelPolicy, primitives::Amount};
    /// let policy = ChannelPolicy { fee_base: Amount::literal(10), fee_rate: 2_000, ..ChannelPolicy::default() };
    /// assert_eq!(policy.fee(Amount::literal(1_999)), Some(Amount::literal(13)));
    /// ```
    pub fn fee(&self, amount: Amount) -> Option<Amount> {
        let part = u128::from(amount.units()) * u128::from(self.fee_rate) / 1_000_000;
        Amount::new(u64::try_from(part).ok()?).ok()?.checked_add(self.fee_base)
    }

    /// Whether a payment may pass: `incoming` is what would be claimed, until when; `outgoing` what would be paid in this channel, until when.
    ///
    /// # Errors
    /// [`ForwardError`] with the values compared.
    pub fn admit(&self, incoming: (Amount, Height), outgoing: (Amount, Height)) -> Result<(), ForwardError> {
        let (amount, expiry) = outgoing;
        if !self.enabled {
            return Err(ForwardError::Disabled);
        }
        if amount < self.htlc_minimum {
            return Err(ForwardError::BelowMinimum { amount, minimum: self.htlc_minimum });
        }
        if amount > self.htlc_maximum {
            return Err(ForwardError::AboveMaximum { amount, maximum: self.htlc_maximum });
        }
        let fee = self.fee(amount).unwrap_or(Amount::MAX);
        if amount.checked_add(fee).is_none_or(|asked| incoming.0 < asked) {
            return Err(ForwardError::FeeTooLow { incoming: incoming.0, outgoing: amount, fee });
        }
        if incoming.1.0 < expiry.0.saturating_add(u64::from(self.expiry_delta)) {
            return Err(ForwardError::ExpiryTooSoon {
                incoming: incoming.1,
                outgoing: expiry,
                delta: self.expiry_delta,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn units(units: u64) -> Amount {
        Amount::literal(units)
    }

    #[test]
    fn ranges_are_checked() {
        let fine = ChannelPolicy::default();
        let table = [
            (fine, None),
            (ChannelPolicy { fee_rate: 1_000_000, expiry_delta: 1_000, ..fine }, None),
            (ChannelPolicy { fee_rate: 1_000_001, ..fine }, Some(PolicyError::FeeRate { rate: 1_000_001 })),
            (ChannelPolicy { expiry_delta: 0, ..fine }, Some(PolicyError::ExpiryDelta { delta: 0 })),
            (ChannelPolicy { expiry_delta: 1_001, ..fine }, Some(PolicyError::ExpiryDelta { delta: 1_001 })),
            (
                ChannelPolicy { htlc_minimum: units(6), htlc_maximum: units(5), ..fine },
                Some(PolicyError::Range { minimum: units(6), maximum: units(5) }),
            ),
        ];
        for (policy, expected) in table {
            assert_eq!(policy.check().err(), expected);
        }
    }

    #[test]
    fn a_forwarder_asks_for_enough_blocks() {
        let with = |expiry_delta| ChannelPolicy { expiry_delta, ..ChannelPolicy::default() };
        assert_eq!(ChannelPolicy::default().check_own(), Ok(()));
        assert_eq!(with(8).check_own(), Ok(()));
        assert_eq!(with(7).check_own(), Err(PolicyError::Unsafe { delta: 7, minimum: 8 }));
        assert_eq!(with(0).check_own(), Err(PolicyError::ExpiryDelta { delta: 0 }));
        assert_eq!(with(7).check(), Ok(()), "not our risk");
    }

    #[test]
    fn fees_round_down_and_never_overflow() {
        let policy = |base, fee_rate| ChannelPolicy { fee_base: units(base), fee_rate, ..ChannelPolicy::default() };
        assert_eq!(policy(0, 999_999).fee(units(1)), Some(Amount::ZERO));
        assert_eq!(policy(7, 1).fee(units(1_000_000)), Some(units(8)));
        assert_eq!(policy(0, 1_000_000).fee(Amount::MAX), Some(Amount::MAX));
        assert_eq!(policy(1, 1_000_000).fee(Amount::MAX), None);
    }

    #[test]
    fn what_may_pass() {
        let policy = ChannelPolicy {
            fee_base: units(2),
            fee_rate: 100_000,
            expiry_delta: 5,
            htlc_minimum: units(10),
            htlc_maximum: units(100),
            enabled: true,
        };
        let admit = |policy: &ChannelPolicy, incoming: (u64, u64), outgoing: (u64, u64)| {
            policy
                .admit((units(incoming.0), Height(incoming.1)), (units(outgoing.0), Height(outgoing.1)))
                .map_err(|error| error.to_string())
        };
        assert_eq!(admit(&policy, (112, 105), (100, 100)), Ok(()));
        let refused = [
            ((111, 105), (100, 100), "incoming 111 < outgoing 100 + fee 12"),
            ((112, 104), (100, 100), "incoming expiry 104 < outgoing expiry 100 + 5"),
            ((200, 105), (101, 100), "amount 101 > 100, the most this channel carries"),
            ((200, 105), (9, 100), "amount 9 < 10, the least this channel carries"),
            (
                (200, u64::MAX - 1),
                (50, u64::MAX),
                "incoming expiry 18446744073709551614 < outgoing expiry 18446744073709551615 + 5",
            ),
        ];
        for (incoming, outgoing, expected) in refused {
            assert_eq!(admit(&policy, incoming, outgoing), Err(expected.to_owned()));
        }
        let off = ChannelPolicy { enabled: false, ..policy };
        assert_eq!(admit(&off, (112, 105), (100, 100)), Err("the channel carries no payments of others now".into()));
    }
}
