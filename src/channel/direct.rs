//! What travels over a direct connection: one byte says what it is about.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use super::{Asking, Message, MessageError, TowerMessage};
use crate::primitives::encode;

/// What one node says to another, and to nobody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(tag = "about", content = "message", rename_all = "camelCase")]
pub enum Direct {
    /// Between the parties of a channel.
    Channel(Message),
    /// Between a party and its watchtower.
    Tower(TowerMessage),
    /// Between a payer and a payee.
    Asking(Asking),
}

/// Why bytes are nothing that is said directly.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "code", content = "error", rename_all = "kebab-case")]
pub enum DirectError {
    /// It begins with no known byte.
    #[error("direct message is about nothing known: {0:?}")]
    Unknown(Option<u8>),
    /// Not a message of the kind that it begins as.
    #[error(transparent)]
    Message(#[from] MessageError),
}

impl Direct {
    /// Reads a message from untrusted bytes.
    ///
    /// # Errors
    /// [`DirectError`] if they are about nothing known, too many, or not a message.
    pub fn parse(bytes: &[u8]) -> Result<Self, DirectError> {
        Ok(match bytes.split_first() {
            Some((0, message)) => Self::Channel(Message::parse(message)?),
            Some((1, message)) => Self::Tower(TowerMessage::parse(message)?),
            Some((2, message)) => Self::Asking(Asking::parse(message)?),
            unknown => return Err(DirectError::Unknown(unknown.map(|(kind, _)| *kind))),
        })
    }

    /// The bytes on the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Its name, for people.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Channel(message) => message.body.kind(),
            Self::Tower(message) => message.kind(),
            Self::Asking(message) => message.kind(),
        }
    }
}
