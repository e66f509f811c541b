//! Names of rooms.

use std::{fmt, str::FromStr};

/// Characters of a room's name.
const MAX_NAME: usize = 32;

/// A room's name: 1 to 32 of a–z, 0–9 and hyphens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomName(String);

/// Why a text is not a room's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a room's name is 1 to {MAX_NAME} of a-z, 0-9 and hyphens, not {0:?}")]
pub struct NameError(String);

impl RoomName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The BroadcastChannel that the room's tabs share.
    pub fn channel(&self) -> String {
        format!("tabchain-room-{}", self.0)
    }
}

impl FromStr for RoomName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let fits = (1..=MAX_NAME).contains(&text.len());
        if fits && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError(text.chars().take(MAX_NAME + 8).collect()))
        }
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for name in ["a", "kilo-tango-417", "-", &"x".repeat(32)] {
            assert_eq!(name.parse::<RoomName>().map(|name| name.to_string()), Ok(name.to_owned()));
        }
        for name in ["", "A", "a b", "a/b", "ä", "a\u{0}", "<b>", &"x".repeat(33)] {
            assert!(name.parse::<RoomName>().is_err(), "{name:?}");
        }
    }
}
