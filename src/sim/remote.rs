//! Nodes of other tabs: the world knows them by number, sends to them through its driver, and takes what they say from the script.
//!
//! Whatever comes from outside is an entry of the script, at its place in the order of events. So a world that shared a network replays alone.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Action, ActionError, NodeConfig, NodeIndex, World};
use crate::{
    gossip::{MAX_MESSAGE_BYTES, Message, PeerId},
    node::{Input, PeerChange},
    primitives::{Address, Hash, Tag, Timestamp},
};

/// Nodes of other tabs that one world ever gets to know.
pub const MAX_REMOTES: usize = 1_024;
/// Virtual milliseconds after which a connection that our node has closed may come up again.
pub const REMOTE_REDIAL: u64 = 60_000;

const DEPARTURE: Tag = Tag::new("tabchain/departure");
/// Messages to other tabs that wait for the driver; of more the newest are lost.
const MAX_DEPARTURES: usize = 4_096;
/// Peers from here on are nodes of other tabs: no node's index is as large.
const FIRST_REMOTE: u64 = 1 << 32;

/// A node of another tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Its name, unique among all nodes of this world.
    pub name: String,
    /// Its account, as it says.
    pub address: Address,
    links: BTreeMap<NodeIndex, RemoteLink>,
}

/// A connection between one of our nodes and a node of another tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RemoteLink {
    /// Whether our node counts it as connected.
    pub connected: bool,
    /// When our node closed it, if it was our node.
    pub closed_at: Option<Timestamp>,
}

/// A message that leaves for another tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// Which of our nodes sends it.
    pub node: NodeIndex,
    /// The number of the receiver.
    pub remote: u32,
    /// The message as on the wire.
    pub bytes: Vec<u8>,
}

/// Bytes from outside, in JSON as base64url without padding; at most [`MAX_MESSAGE_BYTES`].
#[derive(Debug, Clone, PartialEq, Eq, borsh::BorshSerialize, borsh::BorshDeserialize)]
pub struct Payload(pub Arc<[u8]>);

/// What a world knows of other tabs.
#[derive(Debug, Clone, Default)]
pub(super) struct Remotes {
    known: Vec<Remote>,
    /// Whether a driver takes what departs; otherwise nothing is kept for it.
    attached: bool,
    departures: Vec<Departure>,
}

/// The peer that nodes know a remote node as.
pub const fn remote_peer(remote: u32) -> PeerId {
    PeerId(FIRST_REMOTE | remote as u64)
}

/// The number of a remote node, if the peer is one.
pub fn remote_of(peer: PeerId) -> Option<u32> {
    peer.0.checked_sub(FIRST_REMOTE).and_then(|remote| u32::try_from(remote).ok())
}

impl Remote {
    /// The connections to it, by our nodes.
    pub fn links(&self) -> impl Iterator<Item = (NodeIndex, RemoteLink)> + '_ {
        self.links.iter().map(|(node, link)| (*node, *link))
    }

    /// The connection of one of our nodes to it.
    pub fn link(&self, node: NodeIndex) -> RemoteLink {
        self.links.get(&node).copied().unwrap_or_default()
    }
}

impl Remotes {
    pub(super) fn drop_links_of(&mut self, node: NodeIndex) {
        for remote in &mut self.known {
            remote.links.remove(&node);
        }
    }
}

impl World {
    /// The nodes of other tabs that became known, by number.
    pub fn remotes(&self) -> &[Remote] {
        &self.remotes.known
    }

    /// Whether messages to other tabs are kept for the driver, which must take them. Nothing else depends on it.
    pub fn set_attached(&mut self, attached: bool) {
        self.remotes.attached = attached;
        self.remotes.departures.clear();
    }

    /// Whether a driver takes messages to other tabs.
    pub fn is_attached(&self) -> bool {
        self.remotes.attached
    }

    /// Messages to other tabs since; empties the list.
    pub fn take_departures(&mut self) -> Vec<Departure> {
        std::mem::take(&mut self.remotes.departures)
    }

    /// Whether a node of this or another tab has this name.
    pub fn is_taken(&self, name: &str) -> bool {
        self.index_of(name).is_some() || self.remotes().iter().any(|remote| remote.name == name)
    }

    pub(super) fn check_remote(&self, action: &Action) -> Result<(), ActionError> {
        match action {
            Action::AddRemote { remote, name, address } => {
                let config = NodeConfig { name: name.clone(), hash_rate: 0, ..Default::default() };
                config.validate("remote")?;
                let known = self.name_of(address).is_some();
                if known || *remote as usize != self.remotes().len() || self.remotes().len() >= MAX_REMOTES {
                    return Err(ActionError::WrongRemote(*remote));
                }
                if self.is_taken(name) {
                    return Err(ActionError::NameTaken(name.clone()));
                }
            }
            Action::ConnectRemote { node, remote } => {
                self.on(node)?;
                let known = self.remotes().get(*remote as usize).ok_or(ActionError::WrongRemote(*remote))?;
                if known.link(self.named(node)?).connected {
                    return Err(ActionError::WrongRemote(*remote));
                }
            }
            Action::DisconnectRemote { node, remote } | Action::External { node, remote, .. } => {
                let index = self.named(node)?;
                let known = self.remotes().get(*remote as usize);
                if !known.is_some_and(|known| known.link(index).connected) {
                    return Err(ActionError::NoRemote(node.clone(), *remote));
                }
            }
            _ => unreachable!("only called for what concerns other tabs"),
        }
        Ok(())
    }

    pub(super) fn perform_remote(&mut self, action: Action) {
        match action {
            Action::AddRemote { name, address, .. } => {
                self.remotes.known.push(Remote { name, address, links: BTreeMap::new() });
            }
            Action::ConnectRemote { node, remote } => self.set_remote(&node, remote, true),
            Action::DisconnectRemote { node, remote } => self.set_remote(&node, remote, false),
            Action::External { node, remote, bytes } => {
                self.stats.deliveries += 1;
                let index = self.index_of(&node).expect("checked");
                self.hand(index, Input::Received { from: remote_peer(remote), bytes: bytes.0.to_vec() });
            }
            _ => unreachable!("only called for what concerns other tabs"),
        }
    }

    fn set_remote(&mut self, node: &str, remote: u32, connected: bool) {
        let node = self.index_of(node).expect("checked");
        self.remotes.known[remote as usize].links.insert(node, RemoteLink { connected, closed_at: None });
        let change = if connected { PeerChange::Connected } else { PeerChange::Disconnected };
        self.hand(node, Input::Peer { peer: remote_peer(remote), change });
    }

    /// Sends to a node of this or another tab.
    pub(super) fn send_to_peer(&mut self, node: NodeIndex, to: PeerId, message: &Message) {
        match remote_of(to) {
            Some(remote) => self.send_away(node, remote, message),
            None => self.send(node, index_of(to), message),
        }
    }

    /// Our node has closed its connection with a node of this or another tab.
    pub(super) fn close_peer(&mut self, node: NodeIndex, peer: PeerId) {
        match remote_of(peer) {
            Some(remote) => self.close_remote(node, remote),
            None => self.hang_up(index_of(peer), node),
        }
    }

    fn close_remote(&mut self, node: NodeIndex, remote: u32) {
        let closed = RemoteLink { connected: false, closed_at: Some(self.now()) };
        if let Some(known) = self.remotes.known.get_mut(remote as usize) {
            known.links.insert(node, closed);
        }
    }

    fn send_away(&mut self, node: NodeIndex, remote: u32, message: &Message) {
        let bytes = message.to_bytes();
        let hash: Hash = DEPARTURE.hash(&[&bytes]);
        self.absorb(&(node, remote, hash));
        if self.remotes.attached && self.remotes.departures.len() < MAX_DEPARTURES {
            self.remotes.departures.push(Departure { node, remote, bytes });
        }
    }
}

fn index_of(peer: PeerId) -> NodeIndex {
    u32::try_from(peer.0).expect("the world names peers by their index or number")
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_URL_SAFE_NO_PAD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.len() > MAX_MESSAGE_BYTES.div_ceil(3) * 4 {
            return Err(de::Error::custom(format!("{} characters are more than any message has", text.len())));
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&text).map_err(de::Error::custom)?;
        Ok(Self(bytes.into()))
    }
}
