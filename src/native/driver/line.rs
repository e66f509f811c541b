//! Between the driver and whatever carries its messages.

use std::time::Duration;

use crate::{
    gossip::{BAN_MS, Fault, PeerId},
    native::p2p::{FromNetwork, Line, Network},
    node::{Input, PeerChange},
    primitives::{Address, Tag},
};

const LOCAL: Tag = Tag::new("tabchain/local-peer");

/// Carries messages to peers.
pub trait Carrier: Send + 'static {
    /// Sends, without waiting; it may be lost.
    fn send(&self, line: Line, bytes: Vec<u8>);
    /// Ends a conversation with a peer that did something wrong.
    fn disconnect(&self, line: Line, fault: &Fault);
}

/// No network: a node alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone;

impl Carrier for Alone {
    fn send(&self, _: Line, _: Vec<u8>) {}
    fn disconnect(&self, _: Line, _: &Fault) {}
}

impl Carrier for Network {
    fn send(&self, line: Line, bytes: Vec<u8>) {
        Self::send(self, line, bytes);
    }

    fn disconnect(&self, line: Line, fault: &Fault) {
        // Having no room is nobody's fault.
        let ban = !matches!(fault, Fault::TooManyPeers);
        Self::disconnect(self, line, &fault.to_string(), ban.then_some(Duration::from_millis(BAN_MS)));
    }
}

/// To which account's node something goes that the network says, and as what.
pub(super) fn input_of(said: FromNetwork) -> (Address, Input) {
    match said {
        FromNetwork::Connected { line } => (line.local, Input::Peer { peer: line.peer, change: PeerChange::Connected }),
        FromNetwork::Disconnected { line } => {
            (line.local, Input::Peer { peer: line.peer, change: PeerChange::Disconnected })
        }
        FromNetwork::Received { line, bytes, held: _ } => (line.local, Input::Received { from: line.peer, bytes }),
    }
}

/// What another account of this process is known by, as a peer.
pub(super) fn local_peer(account: &Address) -> PeerId {
    let [a, b, c, d, e, f, g, h, ..] = LOCAL.hash_of(account).0;
    PeerId(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
}
