//! Between the driver and whatever carries its messages.

use crate::{
    gossip::{Fault, PeerId},
    node::{Input, PeerChange},
    primitives::{Address, Tag},
};

const LOCAL: Tag = Tag::new("tabchain/local-peer");

/// A conversation between an account here and a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// Whose conversation it is.
    pub local: Address,
    /// With whom: the same remote account has the same number on every connection.
    pub peer: PeerId,
}

/// What the network tells the driver.
#[derive(Debug)]
pub enum FromNetwork {
    /// A line came up.
    Connected {
        /// Which.
        line: Line,
    },
    /// A line went down.
    Disconnected {
        /// Which.
        line: Line,
    },
    /// Bytes came. They may be anything.
    Received {
        /// On which line.
        line: Line,
        /// As sent.
        bytes: Vec<u8>,
    },
}

/// Carries messages to peers.
pub trait Carrier: Send + 'static {
    /// Sends, without waiting; it may be lost.
    fn send(&self, line: Line, bytes: Vec<u8>);
    /// Ends a conversation.
    fn disconnect(&self, line: Line, fault: &Fault);
}

/// No network: a node alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone;

impl Carrier for Alone {
    fn send(&self, _: Line, _: Vec<u8>) {}
    fn disconnect(&self, _: Line, _: &Fault) {}
}

impl FromNetwork {
    /// To which account's node it goes, and as what.
    pub(super) fn into_input(self) -> (Address, Input) {
        match self {
            Self::Connected { line } => (line.local, Input::Peer { peer: line.peer, change: PeerChange::Connected }),
            Self::Disconnected { line } => {
                (line.local, Input::Peer { peer: line.peer, change: PeerChange::Disconnected })
            }
            Self::Received { line, bytes } => (line.local, Input::Received { from: line.peer, bytes }),
        }
    }
}

/// What another account of this process is known by, as a peer.
pub(super) fn local_peer(account: &Address) -> PeerId {
    let [a, b, c, d, e, f, g, h, ..] = LOCAL.hash_of(account).0;
    PeerId(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
}
