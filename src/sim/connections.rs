//! Nodes that come and go, and the connections between them.

use super::{
    Class, Deed, EventKey, Link, LinkQuality, NodeConfig, NodeIndex, World,
    adversary::Adversary,
    workload::Jobs,
    world::{Pending, SimNode},
};
use crate::node::{ChangeSet, Command, Keyring, Node, PeerChange};

/// Milliseconds after which a closed connection is dialled again.
const REDIAL: u64 = 60_000;

impl World {
    pub(super) fn add_node(&mut self, config: &NodeConfig) {
        let index = u32::try_from(self.nodes.len()).expect("at most a thousand nodes");
        let keyring = self.scenario.keyring(&config.name, config.key.as_ref());
        let node = Node::with_chain(self.origin.clone(), keyring);
        self.nodes.push(SimNode {
            name: config.name.clone(),
            key: config.key.clone(),
            address: node.address(),
            root: node.chain().ledger().root(),
            node: Some(node),
            hash_rate: config.hash_rate,
            disk: ChangeSet::default(),
            search: None,
            wake: None,
            jobs: Jobs::new(self.scenario.seed, &config.name),
            adversary: Adversary::default(),
            sequence: 0,
        });
        self.absorb(&(config.name.as_str(), config.hash_rate));
        self.switched_on(index);
    }

    /// A node's secrets.
    pub(super) fn keyring_of(&self, sim: &SimNode) -> Keyring {
        self.scenario.keyring(&sim.name, sim.key.as_ref())
    }

    pub(super) fn add_link(&mut self, a: NodeIndex, b: NodeIndex, quality: LinkQuality) {
        let (a, b) = (a.min(b), a.max(b));
        let name = |index: NodeIndex| self.nodes[index as usize].name.as_str();
        let link = Link::new(self.scenario.seed, name(a), name(b), quality);
        self.links.insert((a, b), link);
        self.connect(a, b);
    }

    pub(super) fn link_mut(&mut self, a: NodeIndex, b: NodeIndex) -> Option<&mut Link> {
        self.links.get_mut(&(a.min(b), a.max(b)))
    }

    pub(super) fn neighbours(&self, of: NodeIndex) -> Vec<NodeIndex> {
        self.links.keys().filter(|(a, b)| *a == of || *b == of).map(|(a, b)| if *a == of { *b } else { *a }).collect()
    }

    pub(super) fn switch_off(&mut self, index: NodeIndex) {
        self.mark(index, Deed::Off);
        let sim = &mut self.nodes[index as usize];
        let [transfer, payment, send] = sim.jobs.take_timers();
        let timers = [sim.wake.take(), transfer, payment, send];
        (sim.node, sim.search) = (None, None);
        self.remotes.drop_links_of(index);
        timers.iter().flatten().for_each(|key| drop(self.queue.remove(key)));
        for other in self.neighbours(index) {
            self.hang_up(other, index);
        }
    }

    pub(super) fn switch_on(&mut self, index: NodeIndex) {
        self.mark(index, Deed::On);
        let sim = &self.nodes[index as usize];
        let keyring = self.keyring_of(sim);
        let node = Node::from_change_set(&self.genesis, keyring, &sim.disk, self.now(), &mut self.checks);
        self.nodes[index as usize].node = Some(node);
        self.switched_on(index);
        for other in self.neighbours(index) {
            self.connect(index, other);
        }
    }

    pub(super) fn switched_on(&mut self, index: NodeIndex) {
        let has_duties = self.origin.is_staked() && !self.resting;
        if self.nodes[index as usize].hash_rate > 0 || has_duties {
            self.command(index, Command::SetMining(true));
        }
        self.plan_workload(index);
        self.plan_wake(index);
    }

    /// Both ends learn of the connection a moment later, if both are on.
    pub(super) fn connect(&mut self, a: NodeIndex, b: NodeIndex) {
        let on = |index: NodeIndex| self.nodes[index as usize].node.is_some();
        if !on(a) || !on(b) || self.link_mut(a, b).is_none_or(|link| std::mem::replace(&mut link.connected, true)) {
            return;
        }
        self.tell(a, b, PeerChange::Connected);
        self.tell(b, a, PeerChange::Connected);
    }

    /// `gone` has closed the connection; `other` learns of it a moment later, and it is dialled again after a while.
    pub(super) fn hang_up(&mut self, other: NodeIndex, gone: NodeIndex) {
        let Some(link) = self.link_mut(other, gone).filter(|link| link.connected) else {
            return;
        };
        link.connected = false;
        self.tell(other, gone, PeerChange::Disconnected);
        let key = EventKey {
            time: self.now().after(REDIAL),
            class: Class::Peer,
            actor: gone,
            sequence: self.next_sequence(gone),
        };
        self.schedule(key, Pending::Redial { a: other, b: gone });
    }

    pub(super) fn tell(&mut self, node: NodeIndex, peer: NodeIndex, change: PeerChange) {
        let key =
            EventKey { time: self.now().after(1), class: Class::Peer, actor: node, sequence: self.next_sequence(node) };
        self.schedule(key, Pending::Peer { node, peer, change });
    }
}
