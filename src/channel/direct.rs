//! What travels over a direct connection: one byte says what it is about.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use super::{Asking, AskingError, Message, MessageError, TowerMessage, TowerMessageError};
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
    /// Not a message between the parties of a channel.
    #[error(transparent)]
    Channel(MessageError),
    /// Not a message between a party and its watchtower.
    #[error(transparent)]
    Tower(TowerMessageError),
    /// Not a message about an invoice.
    #[error(transparent)]
    Asking(AskingError),
}

impl Direct {
    /// Reads a message from untrusted bytes.
    ///
    /// # Errors
    /// [`DirectError`] if they are about nothing known, too many, or not a message.
    pub fn parse(bytes: &[u8]) -> Result<Self, DirectError> {
        match bytes.split_first() {
            Some((0, message)) => Message::parse(message).map(Self::Channel).map_err(DirectError::Channel),
            Some((1, message)) => TowerMessage::parse(message).map(Self::Tower).map_err(DirectError::Tower),
            Some((2, message)) => Asking::parse(message).map(Self::Asking).map_err(DirectError::Asking),
            unknown => Err(DirectError::Unknown(unknown.map(|(kind, _)| *kind))),
        }
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
