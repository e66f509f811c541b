//! The key of a node that is given one. It stands in the scenario, so everybody who has that may have it: no secret, and worth nothing elsewhere.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use super::scenario::{ScenarioError, problem};
use crate::primitives::{Hash, SecretKey};

/// Characters of a key: RSA of 4096 bits has some 3,200.
const MAX_KEY: usize = 4_096;

/// A key as it is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(tag = "scheme", rename_all = "lowercase", deny_unknown_fields)]
pub enum NodeKey {
    /// RSA, 2048 to 4096 bits, e = 65537.
    Rsa {
        /// PKCS#8 in DER, as base64.
        pkcs8: Arc<str>,
    },
}

impl NodeKey {
    /// An RSA key as it is pasted: PEM (RFC 7468), or the base64 in it alone. Nothing is checked.
    pub fn rsa(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
        Self::Rsa { pkcs8: lines.collect::<String>().into() }
    }

    /// The key that signs.
    ///
    /// # Errors
    /// [`ScenarioError`] at `path`, if it is none.
    pub fn secret(&self, path: &str) -> Result<SecretKey, ScenarioError> {
        let Self::Rsa { pkcs8 } = self;
        let path = format!("{path}.pkcs8");
        if pkcs8.len() > MAX_KEY {
            return Err(problem(&path, format!("has {} characters, at most {MAX_KEY} are read", pkcs8.len())));
        }
        let der = STANDARD.decode(&**pkcs8).map_err(|error| problem(&path, format!("is no base64: {error}")))?;
        SecretKey::published_rsa(&der).map_err(|error| problem(&path, error))
    }

    /// Whether it signs what is valid: that its primes are some, reading it does not tell.
    ///
    /// # Errors
    /// As [`NodeKey::secret`].
    pub fn validate(&self, path: &str) -> Result<SecretKey, ScenarioError> {
        let secret = self.secret(path)?;
        if !secret.public().verify(&Hash::ZERO, &secret.sign(&Hash::ZERO)) {
            return Err(problem(&format!("{path}.pkcs8"), "makes no valid signatures: a prime is none"));
        }
        Ok(secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_be_pasted_as_pem_or_as_its_base64() {
        let bare = NodeKey::Rsa { pkcs8: "MIIEvAIBADANBgkq".into() };
        for text in [
            "MIIEvAIBADANBgkq",
            " MIIEvAIB\nADANBgkq\n",
            "-----BEGIN PRIVATE KEY-----\r\nMIIEvAIB\r\nADANBgkq\r\n-----END PRIVATE KEY-----\r\n",
        ] {
            assert_eq!(NodeKey::rsa(text), bare, "{text:?}");
        }
    }
}
