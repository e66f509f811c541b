//! The native node's network: rust-libp2p underneath, lines above.
//!
//! A *line* is a conversation between an account here and one at a peer, and it carries bytes. This module knows nothing of the
//! chain but its genesis and addresses: what the bytes say, and who is to blame for them, is for whoever drives it
//! (docs/adr/022-peers-and-lines.md).
//!
//! All state of connections is in one task (`task.rs`). A line has a task that reads and one that writes (`talk.rs`); which lines
//! there are stands in one table (`lines.rs`). Memory is bounded whatever a peer does: see [`Limits`].

mod address;
mod book;
mod gate;
mod guest;
mod hasty;
mod lines;
mod muxer;
mod network;
mod open;
mod streams;
mod talk;
mod task;
#[cfg(test)]
mod tests;
mod transport;
mod wire;

use std::{fmt, time::Duration};

pub use guest::{Closed, Guest, Incoming, JoinError, Outgoing};
use libp2p::identity::Keypair;
pub use libp2p::{Multiaddr, multiaddr};
pub use network::Network;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use crate::{
    gossip,
    primitives::{Address, BlockId, Tag},
};

const LINE: Tag = Tag::new("tabchain/p2p-line");

/// What a network is made from.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen; `/ip4/0.0.0.0/tcp/0` is every interface and any port. Nothing listens if it is empty.
    pub listen: Vec<Multiaddr>,
    /// Peers that are dialled at the start and whenever they are not connected.
    pub boot: Vec<Multiaddr>,
    /// Who this node is to its peers.
    pub identity: Identity,
    /// The chain; peers of another are refused.
    pub genesis: BlockId,
    /// The account of the main conversations.
    pub account: Address,
    /// Most peers at a time, tabs not counted; a quarter of the room, at most `limits.outbound`, is kept for peers that we dial.
    pub max_peers: usize,
    /// Everything else that is bounded.
    pub limits: Limits,
}

/// What a network may take.
///
/// Memory is at most about `budget_bytes` + what short messages wait in the events' channel + for each peer or tab `queue_bytes` +
/// `message_bytes` + what waits unread on a connection (36 MiB at the very most, a quarter of a MiB for each line that is not read).
#[derive(Debug, Clone)]
pub struct Limits {
    /// Peers to dial by oneself, as far as addresses are known.
    pub outbound: usize,
    /// Inbound connections from one IP address, loopback excepted; tabs are counted by themselves.
    pub per_address: usize,
    /// Inbound connections that are still being made.
    pub pending: u32,
    /// Tabs.
    pub guests: usize,
    /// Lines with one peer; at most some 64, or its connection has no streams left.
    pub lines_per_peer: usize,
    /// Bytes that may wait to be written to one peer, on all lines together; the line that would take more is ended.
    pub queue_bytes: usize,
    /// Longest message, in bytes.
    pub message_bytes: usize,
    /// Bytes of whole messages of more than 64 KiB that may be held at a time, until [`Held`] is dropped; at least one message's.
    pub budget_bytes: usize,
    /// From a message's first byte to its last.
    pub read_time: Duration,
    /// How long a peer may take no byte of what is written to it, on a line or on a whole connection.
    pub write_time: Duration,
    /// For the first words of a conversation.
    pub hello_time: Duration,
    /// A connection without a conversation is closed after this time.
    pub idle: Duration,
    /// Between two pings.
    pub ping: Duration,
    /// A peer that has answered no ping for this time is dropped.
    pub silence: Duration,
    /// The first wait before a peer is dialled again; doubled each time, with jitter.
    pub retry_first: Duration,
    /// The longest such wait.
    pub retry_most: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            outbound: 8,
            per_address: 8,
            pending: 64,
            guests: 64,
            lines_per_peer: 32,
            queue_bytes: 2 * gossip::MAX_MESSAGE_BYTES,
            message_bytes: gossip::MAX_MESSAGE_BYTES,
            budget_bytes: 16 * gossip::MAX_MESSAGE_BYTES,
            read_time: seconds(60),
            write_time: seconds(20),
            hello_time: seconds(10),
            idle: seconds(15),
            ping: seconds(10),
            silence: seconds(30),
            retry_first: seconds(1),
            retry_most: seconds(60),
        }
    }
}

/// An Ed25519 secret of 32 bytes. Debug shows the public half only.
#[derive(Clone)]
pub struct Identity(Keypair);

impl Identity {
    /// From a secret, which is wiped.
    pub fn from_secret(secret: &mut [u8; 32]) -> Self {
        Self(Keypair::ed25519_from_bytes(&mut secret[..]).expect("every 32 bytes are an Ed25519 secret"))
    }

    /// What peers know this node by, as in `/p2p/…`.
    pub fn id(&self) -> String {
        self.0.public().to_peer_id().to_string()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.id())
    }
}

/// A conversation between an account here and a peer there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// The account here.
    pub local: Address,
    /// The first 8 bytes of the hash of who is there and for which account: the same after a restart of either. A tab's is random.
    pub peer: gossip::PeerId,
}

impl Line {
    fn with(local: Address, peer: &libp2p::PeerId, remote: &Address) -> Self {
        let account = borsh::to_vec(remote).expect("memory takes every byte");
        let hash = LINE.hash(&[&peer.to_bytes(), &account]);
        let first = hash.0.first_chunk().expect("a hash has 32 bytes");
        Self { local, peer: gossip::PeerId(u64::from_be_bytes(*first)) }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}–{:016x}", self.local.short(), self.peer.0)
    }
}

/// What the network tells its driver. Of each line, in this order: connected, what is received, disconnected.
#[derive(Debug)]
pub enum FromNetwork {
    /// A conversation has begun.
    Connected {
        /// Which.
        line: Line,
    },
    /// It has ended; the same line may begin again.
    Disconnected {
        /// Which.
        line: Line,
    },
    /// A message, untrusted: between 1 and [`Limits::message_bytes`] bytes.
    Received {
        /// From where.
        line: Line,
        /// What was said.
        bytes: Vec<u8>,
        /// To be dropped with the bytes.
        held: Held,
    },
}

/// A long message's share of [`Limits::budget_bytes`], given back when dropped.
#[derive(Debug, Default)]
pub struct Held(#[expect(dead_code, reason = "held for its drop")] Option<OwnedSemaphorePermit>);

/// A peer, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PeerInfo {
    /// Its libp2p id; a tab's is made up.
    pub id: String,
    /// The conversations with it, as the core numbers them.
    pub lines: Vec<gossip::PeerId>,
    /// Where it is.
    pub address: String,
    /// Who has dialled.
    pub direction: Direction,
    /// Of the last ping, there and back.
    pub latency_ms: Option<u64>,
    /// How it has behaved, -100…100.
    pub score: i32,
    /// Its main account; unknown of a tab.
    pub account: Option<Address>,
    /// What it says that it is: at most 64 printable characters.
    pub agent: String,
}

/// Who has dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The other side.
    Inbound,
    /// This one.
    Outbound,
}

/// Why there is no network.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// An address to listen on or to boot from that is none of ours.
    #[error("{0} is no address of the form /ip4/…/tcp/… or …/ws")]
    Address(Multiaddr),
    /// The system does not let us listen.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// Where.
        address: Multiaddr,
        /// What the system says.
        reason: String,
    },
    /// Encryption could not be set up.
    #[error("cannot set up encryption: {0}")]
    Encryption(String),
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DialError {
    /// Not of the form that we dial.
    #[error("{0} is no address of the form /ip4/…/tcp/… or …/ws")]
    Address(Multiaddr),
    /// Nobody answers there, or somebody else does.
    #[error("cannot reach the peer: {0}")]
    Unreachable(String),
    /// A node of another chain.
    #[error("the peer is on the chain that begins with {0}")]
    WrongChain(BlockId),
    /// This node itself.
    #[error("this is the node itself")]
    Myself,
    /// Banned here, for the time being.
    #[error("the peer is banned")]
    Banned,
    /// As many peers as there may be.
    #[error("{0} peers are connected, and no more are allowed")]
    Full(usize),
    /// It was reached, and does not talk with us.
    #[error("the peer does not talk with us: {0}")]
    Refused(String),
    /// It took too long.
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The network has been shut down.
    #[error("the network is shut down")]
    Stopped,
}

/// Why there is no line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// [`Network::serve`] was not called for it.
    #[error("{0} is no account of this node")]
    NotServed(Address),
    /// No connected peer serves the other account.
    #[error("no peer serves {0}")]
    Nowhere(Address),
}

/// Starts the network. It listens when this returns.
///
/// `events` is to be bounded, at some hundred: while it is full, nothing more is read from any peer.
///
/// # Errors
/// If an address is none of ours, or the system does not let us listen.
pub async fn start(settings: Settings, events: mpsc::Sender<FromNetwork>) -> Result<Network, NetworkError> {
    task::start(settings, events).await
}

/// Text from a peer, for logs and people: at most 64 characters, none that steers a terminal.
fn tame(text: &str) -> String {
    let show = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    text.chars().take(64).map(show).collect()
}

/// A random number; the same for all if the system has none to give.
fn random() -> u64 {
    getrandom::u64().unwrap_or_default()
}

#[cfg(test)]
mod names {
    use super::*;
    use crate::primitives::SecretKey;

    #[test]
    fn secrets_are_not_shown() {
        let mut secret = [0xAB; 32];
        let identity = Identity::from_secret(&mut secret);
        let shown = format!("{identity:?}");
        assert!(shown.contains(&identity.id()) && !shown.to_lowercase().contains("abab"), "{shown}");
        assert_eq!(secret, [0; 32]);
    }

    #[test]
    fn lines_are_stable_and_differ() {
        let account = |seed| SecretKey::from_seed([seed; 32]).public().address();
        let peer = Identity::from_secret(&mut [1; 32]).0.public().to_peer_id();
        let line = Line::with(account(1), &peer, &account(2));
        assert_eq!(line, Line::with(account(1), &peer, &account(2)));
        assert_eq!(line.peer, gossip::PeerId(LINE_OF_ONE), "restarts and versions must not change it");
        assert_ne!(line.peer, Line::with(account(1), &peer, &account(3)).peer);
        assert_ne!(line.peer, Line::with(account(1), &libp2p::PeerId::random(), &account(2)).peer);
    }

    const LINE_OF_ONE: u64 = 605_165_855_395_769_167;

    #[test]
    fn text_is_tamed() {
        assert_eq!(tame("tabchain/0.1.0"), "tabchain/0.1.0");
        assert_eq!(tame("a\u{1b}[31m\n\u{202e}b"), "a?[31m??b");
        assert_eq!(tame(&"x".repeat(10_000)).len(), 64);
    }
}
