//! Proof-of-work targets, work, and the one-compression search kernel.
//!
//! Work hash = SHA-256(32-byte tag ‖ 32-byte hash of the unsealed header ‖ 8-byte little-endian nonce). Tag and hash fill
//! the first 64-byte block exactly, so a miner compresses it once ([`Midstate`]) and pays one compression per nonce.

use std::{fmt, ops::Add, str::FromStr};

use borsh::{BorshDeserialize, BorshSerialize};
use ruint::aliases::U256;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::block_api::compress256;

use super::{Hash, HashError, Tag};

const WORK: Tag = Tag::new("tabchain/work");
/// FIPS 180-4, section 5.3.3.
const SHA256_START: [u32; 8] =
    [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
const MESSAGE_BITS: u64 = (64 + 8) * 8;

/// The largest work hash that seals a block, as a 256-bit number. Never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target(U256);

/// Expected hashes, added up along a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Work(U256);

/// SHA-256 after the first block of a search; every nonce costs one compression more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Midstate([u32; 8]);

impl Target {
    /// The easiest target: every hash meets it.
    pub const MAX: Self = Self(U256::MAX);

    /// The target that takes `hashes` attempts on average (at least 1).
    pub fn from_expected_hashes(hashes: u64) -> Self {
        let hashes = U256::from(hashes.max(1));
        // ⌊2^256 / hashes⌋ − 1, written without the 2^256 that does not fit.
        Self((U256::MAX - (hashes - U256::ONE)) / hashes)
    }

    /// A target from a number; zero becomes one.
    pub fn from_number(number: U256) -> Self {
        Self(number.max(U256::ONE))
    }

    /// The target as a number.
    pub fn number(self) -> U256 {
        self.0
    }

    /// Expected hashes to meet this target: ⌊2^256 / (target + 1)⌋, as Bitcoin counts it.
    pub fn work(self) -> Work {
        if self.0 == U256::MAX {
            return Work(U256::ONE);
        }
        let divisor = self.0 + U256::ONE;
        // 2^256 does not fit; ⌊2^256 / d⌋ = ⌊(2^256 − d) / d⌋ + 1 = ⌊(!target) / d⌋ + 1.
        Work(!self.0 / divisor + U256::ONE)
    }

    /// Whether a work hash is low enough.
    pub fn is_met_by(self, hash: &Hash) -> bool {
        U256::from_be_bytes(hash.0) <= self.0
    }
}

impl Work {
    /// No work.
    pub const ZERO: Self = Self(U256::ZERO);

    /// Expected hashes; more than fit in 64 bits count as the most that do.
    pub fn hashes(self) -> u64 {
        u64::try_from(self.0).unwrap_or(u64::MAX)
    }
}

impl Midstate {
    /// Starts a search over the nonces of one unsealed header.
    pub fn new(unsealed: &Hash) -> Self {
        let mut first = [0; 64];
        first[..32].copy_from_slice(WORK.bytes());
        first[32..].copy_from_slice(&unsealed.0);
        let mut state = SHA256_START;
        compress256(&mut state, &[first]);
        Self(state)
    }

    /// The work hash of one nonce.
    pub fn work_hash(&self, nonce: u64) -> Hash {
        to_hash(self.compress(&mut last_block(), nonce))
    }

    /// The first nonce in `from .. from + count` (wrapping) whose work hash meets `target`.
    pub fn search(&self, target: Target, from: u64, count: u64) -> Option<u64> {
        // Nearly every hash is too high in its first 64 bits already; only the others are compared whole.
        let ceiling = (target.0 >> 192usize).to::<u64>();
        let mut block = last_block();
        (0..count).map(|step| from.wrapping_add(step)).find(|nonce| {
            let state = self.compress(&mut block, *nonce);
            let high = u64::from(state[0]) << 32 | u64::from(state[1]);
            high <= ceiling && target.is_met_by(&to_hash(state))
        })
    }

    fn compress(&self, block: &mut [u8; 64], nonce: u64) -> [u32; 8] {
        block[..8].copy_from_slice(&nonce.to_le_bytes());
        let mut state = self.0;
        compress256(&mut state, std::slice::from_ref(block));
        state
    }
}

/// The second block of the message, but for the nonce: padding and length (FIPS 180-4, section 5.1.1).
fn last_block() -> [u8; 64] {
    let mut block = [0; 64];
    block[8] = 0x80;
    block[56..].copy_from_slice(&MESSAGE_BITS.to_be_bytes());
    block
}

fn to_hash(state: [u32; 8]) -> Hash {
    let mut hash = [0; 32];
    for (bytes, word) in hash.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    Hash(hash)
}

impl Add for Work {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hash(self.0.to_be_bytes()).fmt(f)
    }
}

/// Zero, which is no target, becomes one.
impl FromStr for Target {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        text.parse().map(|Hash(bytes)| Self::from_number(U256::from_be_bytes(bytes)))
    }
}

impl Serialize for Work {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Work {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <String as Deserialize>::deserialize(deserializer)?;
        U256::from_str_radix(&text, 10)
            .map(Self)
            .map_err(|_| de::Error::custom(format!("{text:?} is not a decimal number")))
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = U256::from_be_bytes(<Hash as Deserialize>::deserialize(deserializer)?.0);
        if number.is_zero() { Err(de::Error::custom("a target is not zero")) } else { Ok(Self(number)) }
    }
}

impl BorshSerialize for Target {
    fn serialize<W: std::io::Write>(&self, writer: &mut W) -> std::io::Result<()> {
        writer.write_all(&self.0.to_be_bytes::<32>())
    }
}

impl BorshDeserialize for Target {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        let number = U256::from_be_bytes(<[u8; 32]>::deserialize_reader(reader)?);
        if number.is_zero() {
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "a target is not zero"));
        }
        Ok(Self(number))
    }
}

impl BorshSerialize for Work {
    fn serialize<W: std::io::Write>(&self, writer: &mut W) -> std::io::Result<()> {
        writer.write_all(&self.0.to_be_bytes::<32>())
    }
}

impl BorshDeserialize for Work {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        Ok(Self(U256::from_be_bytes(<[u8; 32]>::deserialize_reader(reader)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midstate_equals_the_plain_hash() {
        let unsealed = Tag::new("tabchain/test").hash(&[b"header"]);
        for nonce in [0, 1, 255, 256, u64::MAX] {
            let plain = WORK.hash(&[&unsealed.0, &nonce.to_le_bytes()]);
            assert_eq!(Midstate::new(&unsealed).work_hash(nonce), plain);
        }
    }

    #[test]
    fn search_finds_the_first_and_only_within_its_count() {
        let midstate = Midstate::new(&Hash::ZERO);
        let target = Target::from_expected_hashes(50);
        let found = midstate.search(target, 0, 10_000).expect("50 expected hashes in 10,000");
        assert!((0..found).all(|nonce| !target.is_met_by(&midstate.work_hash(nonce))));
        assert_eq!(midstate.search(target, 0, found), None);
        assert_eq!(midstate.search(target, 0, found + 1), Some(found));
    }

    #[test]
    fn work_is_two_to_the_256_over_target_plus_one() {
        assert_eq!(Target::MAX.work().to_string(), "1");
        assert_eq!(Target::from_number(U256::ONE).work().0, U256::ONE << 255);
        assert_eq!(Target::from_number(U256::MAX >> 1).work().to_string(), "2");
        for hashes in [1u64, 2, 3, 1_000, 200_000] {
            assert_eq!(Target::from_expected_hashes(hashes).work().to_string(), hashes.to_string());
        }
    }
}
