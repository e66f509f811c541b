//! What the two parties say to each other, over a direct connection.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use super::{Failure, NewHtlc};
use crate::primitives::{Amount, CommitmentSecret, Hash, Party, Preimage, Resizing, Signature, Terms, decode, encode};

/// Bytes of one message; more are not read.
pub const MAX_MESSAGE_BYTES: usize = 2_048;
/// Bytes of a refusal's reason.
pub const MAX_REASON_BYTES: usize = 200;

/// A message about one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
pub struct Message {
    /// The channel's handle: the opener's salt, which both know from the first message on.
    pub handle: Hash,
    /// What is said.
    pub body: Body,
}

/// What is said. Nothing here is believed before it is checked; everything may be lost, repeated or late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Body {
    /// Let us open a channel.
    Open {
        /// The opener's part.
        party: Party,
        /// What the accepter is to lock, base units.
        theirs: Amount,
        /// On these terms.
        terms: Terms,
        /// What the opener pays the miner of the funding, base units.
        fee: Amount,
        /// The opener's points of commitments 0 and 1.
        points: [Hash; 2],
        /// The channel between the two whose place it takes.
        resizes: Option<Resizing>,
    },
    /// Yes. Signed is commitment 0.
    Accept {
        /// The accepter's part.
        party: Party,
        /// The accepter's points of commitments 0 and 1.
        points: [Hash; 2],
        /// The accepter's signature of commitment 0.
        signature: Signature,
    },
    /// No.
    Refuse {
        /// Why, for people; at most [`MAX_REASON_BYTES`].
        reason: String,
    },
    /// The opener holds commitment 0: here are its signatures of that and of the funding.
    Fund {
        /// Of commitment 0.
        commitment: Signature,
        /// Of the funding transaction.
        funding: Signature,
    },
    /// The accepter holds commitment 0, too, and has signed and sent the funding.
    Funded {
        /// Of the funding transaction.
        funding: Signature,
    },
    /// The holder of the turn wants this change. Unsigned.
    Propose {
        /// The number of the commitment it leads to.
        number: u64,
        /// The proposer's turn.
        turn: u64,
        /// What changes.
        change: Change,
    },
    /// The responder agrees and signs first.
    Sign {
        /// Of this commitment.
        number: u64,
        /// The responder's signature.
        signature: Signature,
    },
    /// The proposer signs, and revokes the commitment before.
    Commit {
        /// The new commitment.
        number: u64,
        /// The proposer's signature.
        signature: Signature,
        /// The proposer's secret of the one before.
        secret: CommitmentSecret,
        /// The proposer's point of the one after.
        next_point: Hash,
    },
    /// The responder revokes the commitment before: the update is complete.
    Revoke {
        /// The revoked commitment.
        number: u64,
        /// The responder's secret of it.
        secret: CommitmentSecret,
        /// The responder's point of the second after it.
        next_point: Hash,
        /// Whether the turn, which is the responder's now, goes straight back.
        yields: bool,
    },
    /// I have something to propose: let me have the turn.
    Ask {
        /// The turn as the asker knows it.
        turn: u64,
    },
    /// It is yours.
    Yield {
        /// The turn that begins.
        turn: u64,
    },
    /// Let us close. The sender pays the fee and has signed the closing transaction.
    Close {
        /// The sender's turn.
        turn: u64,
        /// Base units.
        fee: Amount,
        /// The sender's signature of it.
        signature: Signature,
    },
    /// Agreed, signed and sent.
    Closed {
        /// The other signature of the closing transaction.
        signature: Signature,
    },
    /// We are connected again, and I hold this.
    Resume {
        /// The number of the newest commitment that both have signed, as far as the sender knows.
        number: u64,
        /// The newest revocation that the sender holds of the addressee, with the number that it revokes.
        revoked: Option<(u64, CommitmentSecret)>,
        /// Whether the sender has heard the addressee's since they are connected.
        heard: bool,
    },
    /// I have lost what I signed, as your revocation shows: please close the channel, I cannot.
    Lost,
}

/// A change of a channel's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Change {
    /// The proposer pays the responder.
    Pay {
        /// Base units, at least 1.
        amount: Amount,
    },
    /// The proposer offers an HTLC; its id is the number of the commitment that adds it.
    Offer(Box<NewHtlc>),
    /// The proposer was offered an HTLC and takes it.
    Fulfil {
        /// Which.
        id: u64,
        /// What takes it.
        preimage: Preimage,
    },
    /// The proposer was offered an HTLC and gives it back.
    Fail {
        /// Which.
        id: u64,
        /// Why.
        failure: Failure,
    },
}

/// Why bytes are not a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum MessageError {
    /// More bytes than any message has.
    #[error("{what} has {bytes} bytes, at most {most} are allowed")]
    TooLarge {
        /// Of which kind.
        what: &'static str,
        /// How many came.
        bytes: usize,
        /// How many may.
        most: usize,
    },
    /// Not the encoding of a message.
    #[error("{reason}")]
    Undecodable {
        /// What the decoder met.
        reason: String,
    },
    /// A reason that goes on and on.
    #[error("a refusal's reason has {bytes} bytes, at most {MAX_REASON_BYTES} are allowed")]
    LongReason {
        /// How many.
        bytes: usize,
    },
}

/// Reads a message of a kind from untrusted bytes, at most so many.
pub(super) fn read<T: BorshDeserialize>(what: &'static str, bytes: &[u8], most: usize) -> Result<T, MessageError> {
    if bytes.len() > most {
        return Err(MessageError::TooLarge { what, bytes: bytes.len(), most });
    }
    decode(what, bytes).map_err(|error| MessageError::Undecodable { reason: error.to_string() })
}

impl Message {
    /// Reads a message from untrusted bytes.
    ///
    /// # Errors
    /// [`MessageError`] if they are too many, not a message, or hold too long a text.
    pub fn parse(bytes: &[u8]) -> Result<Self, MessageError> {
        let message: Self = read("channel message", bytes, MAX_MESSAGE_BYTES)?;
        match &message.body {
            Body::Refuse { reason } if reason.len() > MAX_REASON_BYTES => {
                Err(MessageError::LongReason { bytes: reason.len() })
            }
            _ => Ok(message),
        }
    }

    /// The bytes on the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }
}

impl Body {
    /// Its name, for people.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::Accept { .. } => "accept",
            Self::Refuse { .. } => "refuse",
            Self::Fund { .. } => "fund",
            Self::Funded { .. } => "funded",
            Self::Propose { .. } => "propose",
            Self::Sign { .. } => "sign",
            Self::Commit { .. } => "commit",
            Self::Revoke { .. } => "revoke",
            Self::Ask { .. } => "ask",
            Self::Yield { .. } => "yield",
            Self::Close { .. } => "close",
            Self::Closed { .. } => "closed",
            Self::Resume { .. } => "resume",
            Self::Lost => "lost",
        }
    }
}
