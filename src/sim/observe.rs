//! Looking at a world without touching it.

use super::{EventKey, Link, Misbehaviour, NodeIndex, Record, Scenario, SimNode, Stats, Workload, World};
use crate::{
    chain::Genesis,
    node::{CommandResult, Node},
    primitives::{Address, BlockId, Checks, Hash, Tag, Timestamp},
};

const DIGEST: Tag = Tag::new("tabchain/world-digest");

impl SimNode {
    /// Blocks that it has stored, genesis not counted.
    pub fn stored_blocks(&self) -> usize {
        self.disk.blocks.len()
    }

    /// How it misbehaves now, if it does.
    pub const fn misbehaves(&self) -> Option<Misbehaviour> {
        self.adversary.how()
    }
}

impl World {
    /// What was run so far, and what the script holds beyond.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The contents of the genesis block.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// The id of the genesis block, which names the chain.
    pub fn genesis_id(&self) -> BlockId {
        self.origin.genesis_id()
    }

    /// Virtual time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The last event done.
    pub fn last_key(&self) -> Option<EventKey> {
        self.last
    }

    /// Counts.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// The shared memo of signature checks.
    pub fn checks(&self) -> &Checks {
        &self.checks
    }

    /// All nodes, also those that are off, in order.
    pub fn nodes(&self) -> &[SimNode] {
        &self.nodes
    }

    /// A node by its place.
    pub fn node(&self, index: NodeIndex) -> Option<&SimNode> {
        self.nodes.get(index as usize)
    }

    /// A node by its name.
    pub fn index_of(&self, name: &str) -> Option<NodeIndex> {
        let at = self.nodes.iter().position(|node| node.name == name)?;
        u32::try_from(at).ok()
    }

    /// Whose account this is, nodes of other tabs included.
    pub fn name_of(&self, address: &Address) -> Option<&str> {
        let own = self.nodes.iter().find(|node| node.address == *address).map(|node| node.name.as_str());
        own.or_else(|| self.remotes().iter().find(|remote| remote.address == *address).map(|remote| &*remote.name))
    }

    /// The account of a node, nodes of other tabs included.
    pub fn address_of(&self, name: &str) -> Option<Address> {
        let own = self.index_of(name).and_then(|index| self.node(index)).map(|sim| sim.address);
        own.or_else(|| self.remotes().iter().find(|remote| remote.name == name).map(|remote| remote.address))
    }

    /// The nodes that are on.
    pub fn running(&self) -> impl Iterator<Item = (NodeIndex, &Node)> {
        (0..).zip(&self.nodes).filter_map(|(index, sim)| Some((index, sim.node.as_ref()?)))
    }

    /// All links, by their ends (lower index first).
    pub fn links(&self) -> impl Iterator<Item = ((NodeIndex, NodeIndex), &Link)> {
        self.links.iter().map(|(ends, link)| (*ends, link))
    }

    /// Transfers made by themselves.
    pub fn workload(&self) -> Workload {
        self.workload
    }

    /// What happened lately, oldest first.
    pub fn log(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.log.iter()
    }

    /// What became of the last transfer that was asked for.
    pub fn last_result(&self) -> Option<&CommandResult> {
        self.last_result.as_ref()
    }

    /// Whether anything will ever happen again by itself.
    pub fn has_more(&self) -> bool {
        self.next_due().is_some() || self.is_mining()
    }

    /// Whether any node searches for a block, or will propose one when its turn comes.
    pub fn is_mining(&self) -> bool {
        let proposes = |node: &Node| node.chain().is_staked() && node.is_mining();
        self.nodes.iter().any(|sim| sim.search.is_some() || sim.node.as_ref().is_some_and(proposes))
    }

    /// About how many bytes a copy of this world takes besides what it shares with one that was made so many events before.
    pub fn weight(&self, since: u64) -> usize {
        let of = |sim: &SimNode| {
            let blocks = sim.node.as_ref().map_or(0, |node| node.chain().tree().len());
            let peers = sim.node.as_ref().map_or(0, |node| node.gossip().peers().count());
            let channels = sim.node.as_ref().map_or(0, |node| node.graph().len());
            50_000 + blocks * 250 + peers * 25_000 + channels * 600
        };
        let records = usize::try_from(since).unwrap_or(usize::MAX).saturating_mul(500);
        let records = records.min(1_000_000 + self.past.bytes());
        100_000 + self.delivered.bytes() + records + self.nodes.iter().map(of).sum::<usize>()
    }

    /// A hash over the whole history, the clock and the state of every node. Equal digests mean equal runs.
    pub fn digest(&self) -> Hash {
        let nodes: Vec<(&str, Option<Hash>, u32)> = self
            .nodes
            .iter()
            .map(|sim| (sim.name.as_str(), sim.node.as_ref().map(Node::digest), sim.hash_rate))
            .collect();
        DIGEST.hash_of(&(self.history, self.now, self.stats.events, nodes))
    }
}
