//! Counts and times that must not be mixed up.

use std::{fmt, num::ParseIntError, str::FromStr};

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

macro_rules! unit {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, BorshSerialize, BorshDeserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;

            fn from_str(text: &str) -> Result<Self, ParseIntError> {
                text.parse().map(Self)
            }
        }
    };
}

unit! {
    /// How many blocks lie below a block; genesis has 0.
    Height
}
unit! {
    /// How many transactions an account has had confirmed; the next one must carry exactly this number.
    Nonce
}
unit! {
    /// How many times the block interval has passed since genesis: proof of stake has one leader for each.
    Slot
}
unit! {
    /// How many times a fixed number of slots has passed: in each, every validator votes once.
    Epoch
}
unit! {
    /// Milliseconds. In a simulation they count from its start; natively from the Unix epoch.
    Timestamp
}

impl Height {
    /// The height above.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl Slot {
    /// The slot after.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl Epoch {
    /// So many epochs later, saturating.
    pub const fn after(self, epochs: u64) -> Self {
        Self(self.0.saturating_add(epochs))
    }

    /// So many epochs before, at least 0.
    pub const fn before(self, epochs: u64) -> Self {
        Self(self.0.saturating_sub(epochs))
    }
}

impl Nonce {
    /// The number after, saturating (no account lives that long).
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl Timestamp {
    /// This time and `milliseconds` more, saturating.
    pub const fn after(self, milliseconds: u64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }

    /// Milliseconds since `earlier`, 0 if it lies ahead.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}
