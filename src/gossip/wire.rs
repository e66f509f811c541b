//! The messages peers exchange, and the bounds on what is read of them.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use super::Fault;
use crate::primitives::{
    Block, BlockId, ChannelId, DecodeError, Finding, Header, Height, NOT_APPLICABLE, Side, Transaction, TransactionId,
    Verdict, Work, decode, encode,
};

/// The version of these messages.
pub const PROTOCOL_VERSION: u32 = 2;
/// Bytes of one message; the largest block and some room.
pub const MAX_MESSAGE_BYTES: usize = 4_100_000;
/// Items of one inventory, request or refusal.
pub const MAX_ITEMS: usize = 256;
/// Headers of one answer.
pub const MAX_HEADERS: usize = 256;
/// Ids of one locator.
pub const MAX_LOCATOR: usize = 32;
/// Bytes that a direct message carries.
pub const MAX_DIRECT_BYTES: usize = 6_144;
/// Announcements of one message.
pub const MAX_ANNOUNCEMENTS: usize = 64;
/// Bytes of one announcement. What they say is none of gossip's business.
pub const MAX_ANNOUNCED_BYTES: usize = 640;
/// Parts that announcements are compared in: one for each first byte of a channel's id.
pub const MAX_PARTS: usize = 256;

/// Who announces something: a side of a channel. Of each only the newest announcement counts.
pub type Direction = (ChannelId, Side);

/// Something that can be announced and asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(tag = "kind", content = "id", rename_all = "camelCase")]
pub enum Item {
    /// A block by id.
    Block(BlockId),
    /// A transaction by id.
    Transaction(TransactionId),
}

/// Who a peer is and where its chain ends; sent on connecting and every ten seconds, so that a lost one does no harm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
pub struct Status {
    /// [`PROTOCOL_VERSION`].
    pub version: u32,
    /// Which chain.
    pub genesis: BlockId,
    /// Its best block.
    pub tip: BlockId,
    /// That block's height.
    pub height: Height,
    /// That chain's work. A claim: only headers prove it.
    pub work: Work,
    /// A hash over all announcements it knows of that chain's channels; 0 if there are none.
    pub announcements: u64,
}

/// Announcements, each of which says by itself who announces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
pub struct Announcements {
    /// In the order of their directions if they were asked for.
    pub entries: Vec<Vec<u8>>,
    /// Whether the sender was asked for more than fits.
    pub more: bool,
}

/// Asks for announcements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
pub struct Wanted {
    /// Only of directions after this one.
    pub after: Option<Direction>,
    /// What whoever asks knows: the first byte of channels' ids, and a hash over all announcements of those. Parts that are the same are not
    /// sent; of parts that are not here it knows nothing.
    pub parts: Vec<(u8, u64)>,
}

/// A message on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(tag = "kind", content = "body", rename_all = "camelCase")]
pub enum Message {
    /// Who I am and where my chain ends.
    Status(Status),
    /// I have these.
    Inventory(Vec<Item>),
    /// Send me these.
    Get(Vec<Item>),
    /// I do not have these.
    NotFound(Vec<Item>),
    /// Send me the headers after the first of these that you have.
    GetHeaders(Vec<BlockId>),
    /// Headers that follow one another.
    Headers(Vec<Header>),
    /// A block.
    Block(Block),
    /// A transaction.
    Transaction(Transaction),
    /// For the receiver alone, about something that the two have with each other: bytes that gossip does not read.
    Direct(Vec<u8>),
    /// What sides of channels say to everybody.
    Announcements(Announcements),
    /// Send me announcements that I do not know.
    GetAnnouncements(Wanted),
}

/// Why bytes are not a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum WireError {
    /// More bytes than any message has.
    #[error("message has {bytes} bytes, at most {MAX_MESSAGE_BYTES} are allowed")]
    TooLarge {
        /// How many came.
        bytes: usize,
    },
    /// Not the encoding of a message.
    #[error("{reason}")]
    Undecodable {
        /// What the decoder met.
        reason: String,
    },
    /// A list longer than allowed.
    #[error("{kind} lists {count}, at most {limit} are allowed")]
    TooMany {
        /// Which message.
        kind: &'static str,
        /// How many it lists.
        count: usize,
        /// How many it may.
        limit: usize,
    },
    /// Headers each of which is not the parent of the next.
    #[error("headers do not follow one another")]
    Unlinked,
}

impl Status {
    /// Whether whoever says `self` to us, whose own status is `ours`, speaks our protocol of our chain.
    pub fn same_chain(&self, ours: &Self) -> Verdict<Fault> {
        let (version, genesis) = (self.version, self.genesis);
        let same = (version, genesis) == (ours.version, ours.genesis);
        Verdict::compare(same, Fault::WrongChain { version, genesis })
    }
}

impl Message {
    /// Reads a message from untrusted bytes. Memory is bounded by [`MAX_MESSAGE_BYTES`].
    ///
    /// # Errors
    /// [`WireError`] if the bytes are too many, not a message, list too much, or list headers in disorder.
    pub fn parse(bytes: &[u8]) -> Result<Self, WireError> {
        bounded(bytes).into_result()?;
        let message = read(bytes)?;
        counted(&message).into_result()?;
        linked(&message).into_result()?;
        Ok(message)
    }

    /// What every bound of [`Message::parse`] says of these bytes, and the message if they are one.
    pub fn audit(bytes: &[u8]) -> (Vec<Finding<WireError>>, Option<Self>) {
        let size = bounded(bytes);
        let message = match &size {
            Verdict::Kept(_) => Some(read(bytes)),
            Verdict::Broken(_) | Verdict::Open(_) => None,
        };
        let (count, links) = match &message {
            Some(Ok(message)) => (counted(message), linked(message)),
            _ => (Verdict::Open("undecodable"), Verdict::Open("undecodable")),
        };
        let (message, decoded) = match message {
            Some(Ok(message)) => (Some(message), Verdict::Kept(None)),
            Some(Err(error)) => (None, Verdict::Broken(error)),
            None => (None, Verdict::Open("too-large")),
        };
        let verdicts = [("too-large", size), ("undecodable", decoded), ("too-many", count), ("unlinked", links)];
        let findings = verdicts.map(|(rule, verdict)| Finding::new(rule, verdict));
        (findings.into_iter().filter(Finding::applies).collect(), message)
    }

    /// The bytes on the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Its name, for people.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Status(_) => "status",
            Self::Inventory(_) => "inventory",
            Self::Get(_) => "get",
            Self::NotFound(_) => "not-found",
            Self::GetHeaders(_) => "get-headers",
            Self::Headers(_) => "headers",
            Self::Block(_) => "block",
            Self::Transaction(_) => "transaction",
            Self::Direct(_) => "direct",
            Self::Announcements(_) => "announcements",
            Self::GetAnnouncements(_) => "get-announcements",
        }
    }
}

fn bounded(bytes: &[u8]) -> Verdict<WireError> {
    Verdict::compare(bytes.len() <= MAX_MESSAGE_BYTES, WireError::TooLarge { bytes: bytes.len() })
}

fn read(bytes: &[u8]) -> Result<Message, WireError> {
    decode("message", bytes).map_err(|error: DecodeError| WireError::Undecodable { reason: error.to_string() })
}

fn counted(message: &Message) -> Verdict<WireError> {
    let (count, limit) = match message {
        Message::Inventory(items) | Message::Get(items) | Message::NotFound(items) => (items.len(), MAX_ITEMS),
        Message::GetHeaders(locator) => (locator.len(), MAX_LOCATOR),
        Message::Headers(headers) => (headers.len(), MAX_HEADERS),
        Message::Direct(bytes) => (bytes.len(), MAX_DIRECT_BYTES),
        Message::Announcements(Announcements { entries, .. }) if entries.len() <= MAX_ANNOUNCEMENTS => {
            (entries.iter().map(Vec::len).max().unwrap_or(0), MAX_ANNOUNCED_BYTES)
        }
        Message::Announcements(Announcements { entries, .. }) => (entries.len(), MAX_ANNOUNCEMENTS),
        Message::GetAnnouncements(wanted) => (wanted.parts.len(), MAX_PARTS),
        Message::Status(_) | Message::Block(_) | Message::Transaction(_) => return Verdict::Open(NOT_APPLICABLE),
    };
    Verdict::compare(count <= limit, WireError::TooMany { kind: message.kind(), count, limit })
}

fn linked(message: &Message) -> Verdict<WireError> {
    match message {
        Message::Headers(headers) => {
            Verdict::compare(headers.windows(2).all(|pair| pair[1].parent == pair[0].id()), WireError::Unlinked)
        }
        _ => Verdict::Open(NOT_APPLICABLE),
    }
}
