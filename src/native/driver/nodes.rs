//! The nodes of this process: the first account's, which mines and serves, and one for each other account that has channels of its own.

use std::collections::BTreeMap;

use super::{Index, Line, Snapshot, line::local_peer};
use crate::{
    gossip::{Message, PeerId},
    node::{Input, Node, Output, PeerChange},
    primitives::{Address, Checks, Timestamp},
};

/// All nodes of the process, and what is kept for those who ask about them.
pub(super) struct Nodes {
    own: Address,
    nodes: BTreeMap<Address, Node>,
    /// By what each is known to the others.
    accounts: BTreeMap<PeerId, Address>,
    pub(super) checks: Checks,
    index: Index,
    /// What is on its way between them.
    local: Vec<(Address, Input)>,
}

/// The nodes as they are after a round.
pub struct View<'a> {
    nodes: &'a Nodes,
    /// When it is looked at.
    pub now: Timestamp,
}

impl Nodes {
    pub(super) fn new(first: Node, others: Vec<Node>) -> Self {
        let own = first.address();
        let nodes: BTreeMap<Address, Node> =
            std::iter::once(first).chain(others).map(|node| (node.address(), node)).collect();
        let accounts = nodes.keys().map(|account| (local_peer(account), *account)).collect();
        let mut index = Index::default();
        index.follow(nodes[&own].chain());
        Self { own, nodes, accounts, checks: Checks::remembering(), index, local: Vec::new() }
    }

    pub(super) fn own(&self) -> Address {
        self.own
    }

    /// Connects each with each.
    pub(super) fn greet(&mut self) {
        let accounts: Vec<Address> = self.nodes.keys().copied().collect();
        for (place, account) in accounts.iter().enumerate() {
            accounts[..place].iter().for_each(|other| self.connect(*account, *other));
        }
    }

    /// One more node, connected with all others.
    pub(super) fn join(&mut self, node: Node) {
        let account = node.address();
        if self.nodes.contains_key(&account) {
            return;
        }
        let others: Vec<Address> = self.nodes.keys().copied().collect();
        self.accounts.insert(local_peer(&account), account);
        self.nodes.insert(account, node);
        others.into_iter().for_each(|other| self.connect(account, other));
    }

    fn connect(&mut self, one: Address, other: Address) {
        for (account, peer) in [(one, other), (other, one)] {
            let input = Input::Peer { peer: local_peer(&peer), change: PeerChange::Connected };
            self.local.push((account, input));
        }
    }

    /// What has come from one to another since it was last asked.
    pub(super) fn take_local(&mut self) -> Vec<(Address, Input)> {
        std::mem::take(&mut self.local)
    }

    /// Takes a message to one of these nodes; false if it is for somebody else.
    pub(super) fn send_local(&mut self, line: Line, message: &Message) -> bool {
        let Some(account) = self.accounts.get(&line.peer) else {
            return false;
        };
        let input = Input::Received { from: local_peer(&line.local), bytes: message.to_bytes() };
        self.local.push((*account, input));
        true
    }

    /// Hands an input to an account's node. One without a node is nobody's: never another account's, which would sign for it.
    pub(super) fn handle(&mut self, now: Timestamp, account: &Address, input: Input) -> Vec<Output> {
        let Some(node) = self.nodes.get_mut(account) else {
            tracing::error!(target: "driver", %account, "something came for an account that has no node: not done");
            return Vec::new();
        };
        node.handle(now, input, &mut self.checks).collect()
    }

    /// Whose time has come.
    pub(super) fn due(&self, now: Timestamp) -> Vec<Address> {
        let due = |node: &Node| node.next_wake().is_some_and(|due| due <= now);
        self.nodes.iter().filter(|(_, node)| due(node)).map(|(account, _)| *account).collect()
    }

    pub(super) fn next_wake(&self) -> Option<Timestamp> {
        self.nodes.values().filter_map(Node::next_wake).min()
    }

    /// Brings the index after the best chain.
    pub(super) fn follow(&mut self) {
        self.index.follow(self.nodes[&self.own].chain());
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.nodes[&self.own], &self.index)
    }

    pub(super) fn view(&self, now: Timestamp) -> View<'_> {
        View { nodes: self, now }
    }
}

impl View<'_> {
    /// The first account's node.
    pub fn first(&self) -> &Node {
        &self.nodes.nodes[&self.nodes.own]
    }

    /// An account's own node, if it has one.
    pub fn node(&self, account: &Address) -> Option<&Node> {
        self.nodes.nodes.get(account)
    }

    /// All of them.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.nodes.values()
    }

    /// What is on the best chain, by what it is about.
    pub fn index(&self) -> &Index {
        &self.nodes.index
    }

    /// As what another account of this process is known to the nodes here.
    pub fn local_peer(&self, account: &Address) -> Option<PeerId> {
        let peer = local_peer(account);
        self.nodes.accounts.contains_key(&peer).then_some(peer)
    }

    /// The account here that is known to the others by this number.
    pub fn local_account(&self, peer: PeerId) -> Option<Address> {
        self.nodes.accounts.get(&peer).copied()
    }
}
