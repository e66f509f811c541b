//! Domain-separated SHA-256.
//!
//! A [`Tag`] is 32 bytes of ASCII, padded with zeros, written before what is hashed; all tags have one length, so no tagged
//! input is a prefix of another. Tags begin with `tabchain/`, never with the bytes 0 and 1 that RFC 6962 uses.

use std::{fmt, io, str::FromStr};

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

/// A SHA-256 digest, shown as 64 lower-case hex digits. Ordered as a big-endian number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, BorshSerialize, BorshDeserialize)]
pub struct Hash(pub [u8; 32]);

/// Why a text is not a hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a hash is 64 lower-case hex digits, not {0:?}")]
pub struct HashError(pub String);

/// The domain a hash belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Tag([u8; 32]);

impl Hash {
    /// All zeros: the parent of genesis, the root of an empty map.
    pub const ZERO: Self = Self([0; 32]);

    /// The first eight hex digits, for people.
    pub fn short(&self) -> String {
        hex::encode(&self.0[..4])
    }
}

impl Tag {
    /// A tag from a name of at most 32 bytes; a longer one does not compile when used in a constant.
    pub const fn new(name: &str) -> Self {
        let source = name.as_bytes();
        assert!(source.len() <= 32, "a tag has at most 32 bytes");
        let mut bytes = [0; 32];
        let mut at = 0;
        while at < source.len() {
            bytes[at] = source[at];
            at += 1;
        }
        Self(bytes)
    }

    /// The 32 bytes that begin every hash of this domain.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// SHA-256(tag ‖ parts…).
    pub fn hash(&self, parts: &[&[u8]]) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(self.0);
        parts.iter().for_each(|part| hasher.update(part));
        Hash(hasher.finalize().into())
    }

    /// SHA-256(tag ‖ canonical encoding).
    pub fn hash_of<T: BorshSerialize + ?Sized>(&self, value: &T) -> Hash {
        let mut sink = HashSink(Sha256::new());
        sink.0.update(self.0);
        borsh::to_writer(&mut sink, value).expect("a hasher accepts every byte");
        Hash(sink.0.finalize().into())
    }
}

struct HashSink(Sha256);

impl io::Write for HashSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl FromStr for Hash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        let mut bytes = [0; 32];
        let upper = text.bytes().any(|byte| byte.is_ascii_uppercase());
        if upper || hex::decode_to_slice(text, &mut bytes).is_err() {
            return Err(HashError(text.chars().take(80).collect()));
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <String as Deserialize>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let hash = Tag::new("tabchain/test").hash(&[b"a"]);
        assert_eq!(hash.to_string().parse::<Hash>(), Ok(hash));
        for bad in ["", "0", &"g".repeat(64), &"A".repeat(64), &"0".repeat(63), &"0".repeat(66)] {
            assert!(bad.parse::<Hash>().is_err(), "{bad}");
        }
    }

    #[test]
    fn domains_and_boundaries_separate() {
        let (a, b) = (Tag::new("tabchain/a"), Tag::new("tabchain/b"));
        assert_ne!(a.hash(&[b"x"]), b.hash(&[b"x"]));
        assert_eq!(a.hash(&[b"x", b"y"]), a.hash(&[b"xy"]), "parts are joined: fixed widths are the caller's duty");
        assert_eq!(a.hash_of(&7u32), a.hash(&[&7u32.to_le_bytes()]));
    }
}
