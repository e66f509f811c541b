//! What tabs of a room say to each other: a version, who speaks, to whom, and one of seven things.

use borsh::{BorshDeserialize, BorshSerialize};

use super::Clock;
use crate::{
    chain::Genesis,
    gossip::MAX_MESSAGE_BYTES,
    primitives::{Address, BlockId, Height, encode},
};

/// The version of these posts.
pub(super) const VERSION: u8 = 1;
/// Bytes of one post; the largest message between nodes and some room.
pub const MAX_POST_BYTES: usize = MAX_MESSAGE_BYTES + (1 << 20);
/// Nodes that a tab tells of; those that are on come first.
pub const MAX_CARDS: usize = 64;
/// Links between these that a tab tells of.
pub(super) const MAX_CARD_LINKS: usize = 256;
/// Letters of one post.
pub const MAX_LETTERS: usize = 256;

/// A tab, by a number that it draws at random when it opens a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct TabId(pub u64);

/// One post on the room's channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Who says it.
    pub from: TabId,
    /// To whom; to all if nothing.
    pub to: Option<TabId>,
    /// What.
    pub body: Body,
}

/// What can be said.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Body {
    /// Who is here? I want to join.
    Hello {
        /// The letter I had before, if it is free.
        letter: Option<u8>,
    },
    /// The host's answer.
    Welcome(Box<Welcome>),
    /// The host's other answer: no more tabs.
    Full,
    /// I am here; said every second and whenever it changes.
    Beat(Beat),
    /// Would the host please play, pause, or change the speed.
    Ask {
        /// Whether time shall pass.
        playing: Option<bool>,
        /// Percent of real time.
        speed: Option<u32>,
    },
    /// Messages between nodes.
    Letters(Vec<Letter>),
    /// I am leaving.
    Bye,
}

/// What a newcomer needs.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Welcome {
    /// The newcomer's place: the lowest one of those here keeps the clock.
    pub order: u32,
    /// The newcomer's letter, 0 for A.
    pub letter: u8,
    /// The chain.
    pub genesis: Genesis,
    /// The host itself.
    pub host: Beat,
}

/// A tab about itself.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Beat {
    /// Its place: the lowest one of those here keeps the clock.
    pub order: u32,
    /// Its letter, 0 for A.
    pub letter: u8,
    /// The clock, if it keeps it.
    pub clock: Option<Clock>,
    /// Its chain.
    pub chain: BlockId,
    /// Its nodes, those that are on first. The first one, if on, speaks with other tabs.
    pub cards: Vec<Card>,
    /// Links between these, by their places in the list.
    pub links: Vec<(u8, u8)>,
}

/// A node as its tab shows it.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Card {
    /// Its name: a text from outside.
    pub name: String,
    /// Its account, which names it among tabs.
    pub address: Address,
    /// Whether it runs.
    pub on: bool,
    /// Hashes per virtual second, if that is known.
    pub hash_rate: Option<u32>,
    /// The height it follows.
    pub height: Height,
}

/// A message from a node of one tab to a node of another.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Letter {
    /// The sending node.
    pub from: Address,
    /// The receiving node.
    pub to: Address,
    /// The message as on the wire. It may be anything.
    pub bytes: Vec<u8>,
}

/// Why bytes are not a post of this room. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// More bytes than any post has.
    #[error("post has {0} bytes, at most {MAX_POST_BYTES} are read")]
    TooLarge(usize),
    /// Another version, or no post at all.
    #[error("not a post of version {VERSION}")]
    Version,
    /// Not the encoding of a post.
    #[error("{0}")]
    Undecodable(String),
    /// A value out of range.
    #[error("{what} is out of range")]
    OutOfRange {
        /// Which.
        what: &'static str,
    },
}

impl Post {
    /// The bytes on the channel: version, sender, receiver (0 for all), body.
    pub fn to_bytes(&self) -> Vec<u8> {
        let head = (VERSION, self.from, self.to.unwrap_or(TabId(0)));
        [encode(&head), encode(&self.body)].concat()
    }
}
