//! The canonical encoding: Borsh, one byte string per value.
//!
//! Everything hashed, signed or sent is encoded here. Decoding is strict (no trailing bytes, bounds checked by the types
//! themselves), so two different byte strings never decode to one value.

use borsh::{BorshDeserialize, BorshSerialize};

/// 32 bytes as hex, in JSON.
pub(super) mod hex_bytes {
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(in crate::primitives) fn serialize<S: Serializer>(bytes: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(bytes))
    }

    pub(in crate::primitives) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(<String as Deserialize>::deserialize(deserializer)?, &mut bytes)
            .map_err(|error| de::Error::custom(format!("32 bytes of hex expected: {error}")))?;
        Ok(bytes)
    }
}

/// Why bytes from outside were not the canonical encoding of the value asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{length} bytes do not decode as {what}: {reason}")]
pub struct DecodeError {
    /// The type that was expected.
    pub what: &'static str,
    /// How many bytes were given.
    pub length: usize,
    /// What the decoder met.
    pub reason: String,
}

/// The canonical bytes of a value.
pub fn encode<T: BorshSerialize>(value: &T) -> Vec<u8> {
    borsh::to_vec(value).expect("writing to memory cannot fail")
}

/// How many they are.
pub fn encoded_length<T: BorshSerialize>(value: &T) -> usize {
    borsh::object_length(value).expect("counting cannot fail")
}

/// Reads a value from exactly these bytes.
///
/// # Errors
/// [`DecodeError`] if the bytes are short, long, out of range or not canonical. Memory used is bounded by the input.
pub fn decode<T: BorshDeserialize>(what: &'static str, bytes: &[u8]) -> Result<T, DecodeError> {
    borsh::from_slice(bytes).map_err(|error| DecodeError { what, length: bytes.len(), reason: error.to_string() })
}
