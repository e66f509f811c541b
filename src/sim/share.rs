//! Capsules in an address: JSON, deflated, base64url. A fragment is never sent to a server.
//!
//! What is inflated is bounded before it is read, so that a short text cannot ask for much memory.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use miniz_oxide::{
    deflate::compress_to_vec,
    inflate::{TINFLStatus, decompress_to_vec_with_limit},
};

use super::{Capsule, CapsuleError, MAX_SCENARIO_BYTES};

/// What a link begins with: the version of this encoding.
const VERSION: &str = "1.";
/// Characters of a link that are read: what does not become smaller still fits.
const MAX_LINK: usize = MAX_SCENARIO_BYTES / 2;
/// As small as it gets: a link is made once.
const LEVEL: u8 = 10;

/// Why a text is not a capsule in a link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Too long to be read.
    #[error("the link has {0} characters, at most {MAX_LINK} are read")]
    TooLong(usize),
    /// It does not begin as links of this version do.
    #[error("a run in a link begins with {VERSION:?}, not with {0:?}")]
    Version(String),
    /// Not base64url.
    #[error("the link is not base64url: {0}")]
    Encoding(String),
    /// Not deflated.
    #[error("the link cannot be inflated: {0}")]
    Inflate(String),
    /// Inflated, it is longer than any capsule.
    #[error("the link holds more than {MAX_SCENARIO_BYTES} bytes")]
    TooLarge,
    /// Inflated, it is no text.
    #[error("the link holds bytes that are not text, at {0}")]
    Text(usize),
    /// Inflated, it is no capsule.
    #[error(transparent)]
    Capsule(#[from] CapsuleError),
}

impl Capsule {
    /// The capsule as it stands in a link.
    pub fn to_link(&self) -> String {
        let deflated = compress_to_vec(self.to_json().as_bytes(), LEVEL);
        format!("{VERSION}{}", BASE64_URL_SAFE_NO_PAD.encode(deflated))
    }

    /// Reads a capsule as it stands in a link.
    ///
    /// # Errors
    /// [`LinkError`] that says what is wrong.
    pub fn from_link(link: &str) -> Result<Self, LinkError> {
        if link.len() > MAX_LINK {
            return Err(LinkError::TooLong(link.len()));
        }
        let encoded =
            link.strip_prefix(VERSION).ok_or_else(|| LinkError::Version(link.chars().take(VERSION.len()).collect()))?;
        let deflated =
            BASE64_URL_SAFE_NO_PAD.decode(encoded).map_err(|error| LinkError::Encoding(error.to_string()))?;
        let bytes =
            decompress_to_vec_with_limit(&deflated, MAX_SCENARIO_BYTES).map_err(|error| match error.status {
                TINFLStatus::HasMoreOutput => LinkError::TooLarge,
                _ => LinkError::Inflate(error.to_string()),
            })?;
        let text = String::from_utf8(bytes).map_err(|error| LinkError::Text(error.utf8_error().valid_up_to()))?;
        Ok(Self::from_json(&text)?)
    }
}
