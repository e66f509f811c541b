//! Keys and signatures, one enum over the schemes.
//!
//! Ed25519 is verified by the rules of ZIP-215 (cofactored equation, non-canonical points accepted, s < ℓ), under which single and batch
//! verification can never disagree. What is signed is always a 32-byte tagged hash.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use ed25519_zebra::{SigningKey, VerificationKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Address, Hash, Tag};

/// A public key of one of the supported schemes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum PublicKey {
    /// RFC 8032, 32 bytes.
    Ed25519([u8; 32]),
}

/// A signature of one of the supported schemes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Signature {
    /// RFC 8032, 64 bytes.
    Ed25519([u8; 64]),
}

/// A private key. Never serialised, never shown.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

impl PublicKey {
    /// The account this key controls.
    pub fn address(&self) -> Address {
        Address::of(self)
    }

    /// Whether `signature` over `message` is valid. Costs one verification (about 50–100 µs).
    pub fn verify(&self, message: &Hash, signature: &Signature) -> bool {
        VerifyingKey::new(*self).verify(message, signature)
    }
}

/// A public key made ready for many verifications: what is computed of the key alone is computed once.
#[derive(Debug, Clone)]
pub struct VerifyingKey {
    public: PublicKey,
    prepared: Option<VerificationKey>,
}

impl VerifyingKey {
    /// Prepares a key. One that is none verifies nothing.
    pub fn new(public: PublicKey) -> Self {
        let PublicKey::Ed25519(bytes) = public;
        Self { public, prepared: VerificationKey::try_from(bytes).ok() }
    }

    /// The key as it is written.
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// As [`PublicKey::verify`].
    pub fn verify(&self, message: &Hash, signature: &Signature) -> bool {
        let Signature::Ed25519(signature) = signature;
        self.prepared
            .as_ref()
            .is_some_and(|key| key.verify(&ed25519_zebra::Signature::from(*signature), &message.0).is_ok())
    }
}

impl SecretKey {
    /// 32 secret bytes that only this key and this purpose give.
    pub fn derive(&self, purpose: &Tag, salt: &Hash) -> [u8; 32] {
        purpose.hash(&[self.0.as_ref(), &salt.0]).0
    }

    /// The Ed25519 key of a 32-byte seed (RFC 8032, section 5.1.5).
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(SigningKey::from(seed))
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey::Ed25519(self.0.verification_key().into())
    }

    /// Signs a tagged hash; deterministic (RFC 8032, section 5.1.6).
    pub fn sign(&self, message: &Hash) -> Signature {
        Signature::Ed25519(self.0.sign(&message.0).into())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(hidden)")
    }
}

fn from_scheme_and_hex<const N: usize, E: de::Error>(text: &str) -> Result<[u8; N], E> {
    let mut bytes = [0; N];
    let digits = text.strip_prefix("ed25519:").ok_or_else(|| E::custom("expected ed25519:<hex>"))?;
    hex::decode_to_slice(digits, &mut bytes)
        .map_err(|error| E::custom(format!("{N} bytes of hex expected: {error}")))?;
    Ok(bytes)
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self::Ed25519(bytes) = self;
        serializer.collect_str(&format_args!("ed25519:{}", hex::encode(bytes)))
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_scheme_and_hex(&<String as Deserialize>::deserialize(deserializer)?).map(Self::Ed25519)
    }
}

impl Serialize for Signature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self::Ed25519(bytes) = self;
        serializer.collect_str(&format_args!("ed25519:{}", hex::encode(bytes)))
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_scheme_and_hex(&<String as Deserialize>::deserialize(deserializer)?).map(Self::Ed25519)
    }
}
