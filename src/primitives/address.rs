//! Account addresses: bech32m (BIP-350) over the hash of a public key, prefix `tab`.

use std::{fmt, str::FromStr};

use bech32::{Bech32m, Hrp, primitives::decode::CheckedHrpstring};
use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Hash, PublicKey, Tag};

const ADDRESS: Tag = Tag::new("tabchain/address");
const PREFIX: Hrp = Hrp::parse_unchecked("tab");

/// An account: the tagged hash of its public key, shown as `tab1…` (bech32m).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct Address(Hash);

/// Why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Wrong alphabet, checksum or variant.
    #[error("{text:?} is not a bech32m address: {reason}")]
    Encoding {
        /// What was given (its first 120 characters).
        text: String,
        /// What the decoder met.
        reason: String,
    },
    /// Another network's prefix.
    #[error("address prefix {0:?}, expected \"tab\"")]
    Prefix(String),
    /// The payload has the wrong length.
    #[error("address holds {0} bytes, expected 32")]
    Length(usize),
}

impl Address {
    /// The account that `key` controls.
    pub fn of(key: &PublicKey) -> Self {
        Self(ADDRESS.hash_of(key))
    }

    /// `tab1` and the first six characters of the payload, for people.
    pub fn short(&self) -> String {
        self.to_string().chars().take(10).collect()
    }
}

impl Address {
    /// The first of all in order.
    pub(crate) const LEAST: Self = Self(Hash::ZERO);
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bech32::encode_lower_to_fmt::<Bech32m, _>(f, PREFIX, &self.0.0).map_err(|_| fmt::Error)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let checked = CheckedHrpstring::new::<Bech32m>(text).map_err(|error| AddressError::Encoding {
            text: text.chars().take(120).collect(),
            reason: error.to_string(),
        })?;
        if checked.hrp() != PREFIX {
            return Err(AddressError::Prefix(checked.hrp().to_string()));
        }
        let bytes: Vec<u8> = checked.byte_iter().collect();
        let hash = <[u8; 32]>::try_from(bytes).map_err(|bytes| AddressError::Length(bytes.len()))?;
        let address = Self(Hash(hash));
        // 256 bits fill 51 groups of five and one bit of the last: another padding would be another text for this address.
        if text.to_ascii_lowercase() != address.to_string() {
            return Err(AddressError::Encoding {
                text: text.chars().take(120).collect(),
                reason: "the padding is not zero".into(),
            });
        }
        Ok(address)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <String as Deserialize>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::SecretKey;

    #[test]
    fn text_and_back_and_every_typo_is_caught() {
        let address = SecretKey::from_seed([7; 32]).public().address();
        let text = address.to_string();
        assert_eq!(text.parse(), Ok(address));
        for at in 0..text.len() {
            let mut typo = text.clone().into_bytes();
            typo[at] = if typo[at] == b'q' { b'p' } else { b'q' };
            let typo = String::from_utf8(typo).expect("ASCII");
            assert!(typo.parse::<Address>().is_err(), "{typo}");
        }
        let bech32_not_m = bech32::encode::<bech32::Bech32>(PREFIX, &[0; 32]).expect("short");
        assert!(matches!(bech32_not_m.parse::<Address>(), Err(AddressError::Encoding { .. })));
        let other = bech32::encode::<Bech32m>(Hrp::parse_unchecked("bc"), &[0; 32]).expect("short");
        assert_eq!(other.parse::<Address>(), Err(AddressError::Prefix("bc".into())));
        let short = bech32::encode::<Bech32m>(PREFIX, &[0; 20]).expect("short");
        assert_eq!(short.parse::<Address>(), Err(AddressError::Length(20)));
    }
}
