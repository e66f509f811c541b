//! Asking a payee for an invoice, over a direct connection (what BOLT 12 does with an invoice request, without its standing offer).

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use super::{Invoice, MessageError, message::read};
use crate::primitives::{Amount, Hash};

/// Bytes of one message; more are not read. The longest has a key and a signature of RSA.
pub const MAX_ASKING_BYTES: usize = 2_048;

/// A message about one invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Asking {
    /// I want to pay you so much: make an invoice. What no HTLC carries, or was asked too often, is not answered.
    Want {
        /// By which the answer is known.
        request: Hash,
        /// Base units.
        amount: Amount,
    },
    /// Here it is.
    Made {
        /// Which request it answers.
        request: Hash,
        /// Signed by the payee.
        invoice: Invoice,
    },
}

impl Asking {
    /// Reads a message from untrusted bytes.
    ///
    /// # Errors
    /// [`MessageError`] if they are too many, or not a message.
    pub fn parse(bytes: &[u8]) -> Result<Self, MessageError> {
        read("message about an invoice", bytes, MAX_ASKING_BYTES)
    }

    /// Its name, for people.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Want { .. } => "want",
            Self::Made { .. } => "made",
        }
    }
}
