//! What a keystore seals: the secret of an account, of either scheme.
//!
//! RSA keys are made and used by aws-lc-rs, in constant time; what a scenario's keys are used with never meets one (docs/adr/024-rsa.md).

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use zeroize::Zeroizing;

use super::keystore::{KeystoreError, random};
use crate::primitives::{RSA_EXPONENT, RsaKey, RsaSignature, RsaSigner, Scheme, SecretKey};

/// Of new keys: 128 bits of security, as Ed25519 has (NIST SP 800-57, part 1).
const SIZE: KeySize = KeySize::Rsa3072;

/// A secret: the seed of an Ed25519 key, or the PKCS#8 of an RSA key in DER.
pub struct Secret {
    scheme: Scheme,
    bytes: Zeroizing<Vec<u8>>,
}

struct ConstantTime(RsaKeyPair);

impl Secret {
    /// A new one. Of RSA, that takes a second or so.
    ///
    /// # Errors
    /// [`KeystoreError`] if the system gives no random bytes.
    pub fn new(scheme: Scheme) -> Result<Self, KeystoreError> {
        let bytes = match scheme {
            Scheme::Ed25519 => Zeroizing::new(random()?.to_vec()),
            Scheme::Rsa => {
                let failed = |_| KeystoreError::Unreadable("no RSA key could be made".to_owned());
                let made = RsaKeyPair::generate(SIZE).map_err(failed)?;
                let der: Pkcs8V1Der<'_> = made.as_der().map_err(failed)?;
                Zeroizing::new(der.as_ref().to_vec())
            }
        };
        Ok(Self { scheme, bytes })
    }

    /// One that was kept.
    pub fn kept(scheme: Scheme, bytes: Zeroizing<Vec<u8>>) -> Self {
        Self { scheme, bytes }
    }

    /// Its scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// As it is sealed.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What signs with it; nothing if it is no secret of its scheme.
    pub fn key(&self) -> Option<SecretKey> {
        match self.scheme {
            Scheme::Ed25519 => {
                let seed = Zeroizing::new(<[u8; 32]>::try_from(self.bytes()).ok()?);
                Some(SecretKey::from_seed(*seed))
            }
            Scheme::Rsa => {
                let pair = RsaKeyPair::from_pkcs8(self.bytes()).ok()?;
                let (modulus, exponent) = (pair.public_key().modulus(), pair.public_key().exponent());
                let exponent = exponent.big_endian_without_leading_zero() == RSA_EXPONENT;
                let public = RsaKey::new(modulus.big_endian_without_leading_zero()).ok().filter(|_| exponent)?;
                Some(SecretKey::rsa(public, self.bytes(), Arc::new(ConstantTime(pair))))
            }
        }
    }
}

impl RsaSigner for ConstantTime {
    fn sign(&self, message: &[u8]) -> RsaSignature {
        let mut signature = vec![0; self.0.public_modulus_len()];
        let signed = self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature);
        signed.expect("a key that could be read can sign");
        RsaSignature::new(&signature).expect("as long as the modulus")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({}, hidden)", self.scheme.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::Hash;

    /// Another key each time, which signs what everybody verifies, also after it was kept.
    #[test]
    fn new_keys_sign() {
        for scheme in [Scheme::Ed25519, Scheme::Rsa] {
            let [one, other] = [0; 2].map(|_| Secret::new(scheme).expect("random bytes"));
            let again = Secret::kept(scheme, Zeroizing::new(one.bytes().to_vec()));
            let [one, other, again] = [one, other, again].map(|secret| secret.key().expect("a key"));
            assert_ne!(one.public(), other.public());
            let (message, signed) = (Hash([5; 32]), one.sign(&Hash([5; 32])));
            assert!(one.public().verify(&message, &signed) && !other.public().verify(&message, &signed));
            assert_eq!((again.public(), again.sign(&message)), (one.public(), signed));
            assert_eq!(one.public().bytes().len(), if scheme == Scheme::Rsa { 384 } else { 32 });
        }
    }

    /// What an RSA account derives for its channels does not depend on who signs, so a key may move between both.
    #[test]
    fn both_ways_to_use_a_key_agree() {
        let secret = Secret::new(Scheme::Rsa).expect("random bytes");
        let published = SecretKey::published_rsa(secret.bytes()).expect("read strictly, too");
        let kept = secret.key().expect("a key");
        let (purpose, salt) = (crate::primitives::Tag::new("tabchain/test"), Hash([6; 32]));
        assert_eq!(kept.derive(&purpose, &salt), published.derive(&purpose, &salt));
        assert_eq!((kept.public(), kept.sign(&salt)), (published.public(), published.sign(&salt)));
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        let key = |scheme, bytes: &[u8]| Secret::kept(scheme, Zeroizing::new(bytes.to_vec())).key();
        assert!(key(Scheme::Ed25519, &[1; 31]).is_none() && key(Scheme::Ed25519, &[1; 33]).is_none());
        assert!(key(Scheme::Rsa, &[]).is_none() && key(Scheme::Rsa, &[0x30; 32]).is_none());
        let mut damaged = Secret::new(Scheme::Rsa).expect("random bytes").bytes().to_vec();
        damaged[100] ^= 1;
        assert!(key(Scheme::Rsa, &damaged).is_none(), "its numbers do not fit together");
    }
}
