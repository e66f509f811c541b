//! Money in base units.

use std::{fmt, io, str::FromStr};

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Deserializer, Serialize, de};

/// The most that can ever exist: 2^53 − 1 base units, so that every amount is exact as a JSON number.
pub const MAX_AMOUNT: u64 = (1 << 53) - 1;

/// An amount of money in base units, 0 ..= [`MAX_AMOUNT`]. Arithmetic is checked; there is no way to go out of range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, BorshSerialize)]
pub struct Amount(u64);

/// Why something is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// More than [`MAX_AMOUNT`].
    #[error("amount {0} is more than {MAX_AMOUNT}")]
    TooLarge(u64),
    /// Not decimal digits.
    #[error("an amount is a whole number of base units, not {0:?}")]
    NotANumber(String),
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// Everything that can exist.
    pub const MAX: Self = Self(MAX_AMOUNT);

    /// An amount of base units.
    ///
    /// # Errors
    /// [`AmountError::TooLarge`] above [`MAX_AMOUNT`].
    pub const fn new(units: u64) -> Result<Self, AmountError> {
        if units > MAX_AMOUNT { Err(AmountError::TooLarge(units)) } else { Ok(Self(units)) }
    }

    /// An amount known when the program is written; a larger one does not compile in a constant.
    pub const fn literal(units: u64) -> Self {
        assert!(units <= MAX_AMOUNT, "amount literal out of range");
        Self(units)
    }

    /// Base units.
    pub const fn units(self) -> u64 {
        self.0
    }

    /// The sum, or nothing if it would exceed [`MAX_AMOUNT`].
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Self::new(self.0 + other.0).ok()
    }

    /// The difference, or nothing if it would be negative.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The sum of many, or nothing if it would exceed [`MAX_AMOUNT`].
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let digits = !text.is_empty() && text.len() <= 16 && text.bytes().all(|byte| byte.is_ascii_digit());
        let units = digits.then(|| text.parse().ok()).flatten();
        Self::new(units.ok_or_else(|| AmountError::NotANumber(text.chars().take(40).collect()))?)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(<u64 as Deserialize>::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl BorshDeserialize for Amount {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        let units = u64::deserialize_reader(reader)?;
        Self::new(units).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_hold_at_every_door() {
        assert!(Amount::new(MAX_AMOUNT).is_ok());
        assert_eq!(Amount::new(MAX_AMOUNT + 1), Err(AmountError::TooLarge(MAX_AMOUNT + 1)));
        assert_eq!(Amount::MAX.checked_add(Amount::literal(1)), None);
        assert_eq!(Amount::ZERO.checked_sub(Amount::literal(1)), None);
        assert!(borsh::from_slice::<Amount>(&u64::MAX.to_le_bytes()).is_err());
        for text in ["9007199254740992", "-1", "1.0", "1e3", "\"5\""] {
            assert!(serde_json::from_str::<Amount>(text).is_err(), "{text}");
        }
        for text in ["", "-1", "+1", " 1", "1e3", "9007199254740992", "99999999999999999999"] {
            assert!(text.parse::<Amount>().is_err(), "{text}");
        }
    }
}
