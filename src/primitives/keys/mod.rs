//! Keys and signatures, one enum over the schemes.
//!
//! Ed25519 is verified by the rules of ZIP-215 (cofactored equation, non-canonical points accepted, s < ℓ), under which single and batch
//! verification can never disagree; RSA as [`rsa`] says. What is signed is always a 32-byte tagged hash.

mod pkcs8;
mod rsa;
mod text;

use std::{fmt, sync::Arc};

use borsh::{BorshDeserialize, BorshSerialize};
use ed25519_zebra::{SigningKey, VerificationKey};
use serde::{Deserialize, Serialize};

pub use pkcs8::RsaSigner;
pub use rsa::{RSA_BITS, RSA_EXPONENT, RsaError, RsaKey, RsaSignature};

use super::{Address, Hash, Tag};

const RSA_SECRET: Tag = Tag::new("tabchain/rsa-secret");

/// A signature scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// RFC 8032.
    Ed25519,
    /// RFC 8017, PKCS#1 v1.5 with SHA-256.
    Rsa,
}

/// A public key of one of the supported schemes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum PublicKey {
    /// RFC 8032, 32 bytes.
    Ed25519([u8; 32]),
    /// RFC 8017, 256 to 512 bytes.
    Rsa(RsaKey),
}

/// A signature of one of the supported schemes.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Signature {
    /// RFC 8032, 64 bytes.
    Ed25519([u8; 64]),
    /// RFC 8017, as long as the key.
    Rsa(RsaSignature),
}

/// A private key. Never serialised, never shown.
#[derive(Clone)]
pub struct SecretKey(Secret);

#[derive(Clone)]
enum Secret {
    Ed25519(Box<SigningKey>),
    Rsa { public: RsaKey, root: Hash, signer: Arc<dyn RsaSigner> },
}

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Ed25519, Self::Rsa];

    /// As it stands before the digits of a key.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::Rsa => "rsa",
        }
    }
}

impl PublicKey {
    /// The account this key controls.
    pub fn address(&self) -> Address {
        Address::of(self)
    }

    /// Its scheme.
    pub const fn scheme(&self) -> Scheme {
        match self {
            Self::Ed25519(_) => Scheme::Ed25519,
            Self::Rsa(_) => Scheme::Rsa,
        }
    }

    /// The key without its scheme: 32 bytes, or a modulus.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Ed25519(bytes) => bytes,
            Self::Rsa(key) => key.modulus(),
        }
    }

    /// Bytes of each of its signatures, without the scheme.
    pub fn signature_size(&self) -> usize {
        match self {
            Self::Ed25519(_) => 64,
            Self::Rsa(key) => key.modulus().len(),
        }
    }

    /// Bytes of the key and a signature in the canonical encoding.
    pub fn footprint(&self) -> usize {
        let prefixes = match self {
            Self::Ed25519(_) => 2,
            Self::Rsa(_) => 6,
        };
        prefixes + self.bytes().len() + self.signature_size()
    }

    /// Whether `signature` over `message` is valid. Costs one verification (some 50 µs; of an RSA key up to 150).
    pub fn verify(&self, message: &Hash, signature: &Signature) -> bool {
        VerifyingKey::new(self.clone()).verify(message, signature)
    }
}

impl Signature {
    /// The signature without its scheme.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Ed25519(bytes) => bytes,
            Self::Rsa(signature) => signature.bytes(),
        }
    }

    /// Its scheme.
    pub const fn scheme(&self) -> Scheme {
        match self {
            Self::Ed25519(_) => Scheme::Ed25519,
            Self::Rsa(_) => Scheme::Rsa,
        }
    }
}

/// A public key made ready for many verifications: what is computed of the key alone is computed once.
#[derive(Debug, Clone)]
pub struct VerifyingKey {
    public: PublicKey,
    /// Of an Ed25519 key that is one.
    prepared: Option<VerificationKey>,
}

impl VerifyingKey {
    /// Prepares a key. One that is none verifies nothing.
    pub fn new(public: PublicKey) -> Self {
        let prepared = match &public {
            PublicKey::Ed25519(bytes) => VerificationKey::try_from(*bytes).ok(),
            PublicKey::Rsa(_) => None,
        };
        Self { public, prepared }
    }

    /// The key as it is written.
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// As [`PublicKey::verify`].
    pub fn verify(&self, message: &Hash, signature: &Signature) -> bool {
        match (&self.public, &self.prepared, signature) {
            (PublicKey::Ed25519(_), Some(key), Signature::Ed25519(signature)) => {
                key.verify(&ed25519_zebra::Signature::from(*signature), &message.0).is_ok()
            }
            (PublicKey::Rsa(key), _, Signature::Rsa(signature)) => key.verify(&message.0, signature),
            _ => false,
        }
    }
}

impl SecretKey {
    /// The Ed25519 key of a 32-byte seed (RFC 8032, section 5.1.5).
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(Secret::Ed25519(Box::new(SigningKey::from(seed))))
    }

    /// An RSA key: the public half, the PKCS#8 (RFC 5958) of the private one in DER, and what signs with that.
    pub fn rsa(public: RsaKey, pkcs8: &[u8], signer: Arc<dyn RsaSigner>) -> Self {
        Self(Secret::Rsa { public, root: RSA_SECRET.hash(&[pkcs8]), signer })
    }

    /// An RSA key that is no secret, as those of scenarios: how long it takes to sign depends on the key.
    ///
    /// # Errors
    /// [`RsaError`] if it is none that this chain takes.
    pub fn published_rsa(pkcs8: &[u8]) -> Result<Self, RsaError> {
        let public = pkcs8::Parts::read(pkcs8)?.public;
        Ok(Self::rsa(public, pkcs8, Arc::new(pkcs8::Published(pkcs8.into()))))
    }

    /// 32 secret bytes that only this key and this purpose give.
    pub fn derive(&self, purpose: &Tag, salt: &Hash) -> [u8; 32] {
        let root = match &self.0 {
            Secret::Ed25519(key) => key.as_ref().as_ref(),
            Secret::Rsa { root, .. } => &root.0[..],
        };
        purpose.hash(&[root, &salt.0]).0
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        match &self.0 {
            Secret::Ed25519(key) => PublicKey::Ed25519(key.verification_key().into()),
            Secret::Rsa { public, .. } => PublicKey::Rsa(public.clone()),
        }
    }

    /// Signs a tagged hash; deterministic (RFC 8032, section 5.1.6; RFC 8017, section 8.2.1).
    pub fn sign(&self, message: &Hash) -> Signature {
        match &self.0 {
            Secret::Ed25519(key) => Signature::Ed25519(key.sign(&message.0).into()),
            Secret::Rsa { signer, .. } => Signature::Rsa(signer.sign(&message.0)),
        }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(hidden)")
    }
}
