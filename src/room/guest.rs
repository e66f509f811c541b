//! The world of a tab that joins the chain of another.

use crate::{
    chain::Genesis,
    primitives::{Amount, Timestamp},
    sim::{
        Action, Config, LinkConfig, LinkQuality, NodeConfig, SCENARIO_VERSION, Scenario, Timeline, Workload, World,
        generated_name,
    },
};

/// What a tab brings to a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Belongings {
    /// Where its nodes' keys come from.
    pub(super) seed: u64,
    /// Its nodes; they own nothing that the chain does not know of.
    pub(super) nodes: Vec<NodeConfig>,
    /// Between them.
    pub(super) links: Vec<LinkConfig>,
}

impl Belongings {
    /// Three nodes of a tab that comes for the first time.
    pub(super) fn fresh(seed: u64, letter: u8, hash_rates: [u32; 3]) -> Self {
        let name = |index: usize| format!("{} {}", generated_name(index), super::letter(letter));
        let nodes = hash_rates.iter().enumerate().map(|(index, hash_rate)| NodeConfig {
            name: name(index),
            hash_rate: *hash_rate,
            ..NodeConfig::default()
        });
        let links = [(0, 1), (1, 2), (2, 0)].map(|(a, b)| LinkConfig {
            a: name(a),
            b: name(b),
            quality: LinkQuality::default(),
        });
        Self { seed, nodes: nodes.collect(), links: links.to_vec() }
    }

    /// The nodes of a world, to come back with.
    pub(super) fn of(world: &World) -> Self {
        let nodes = world.nodes().iter().map(|sim| NodeConfig {
            name: sim.name.clone(),
            hash_rate: sim.hash_rate,
            balance: Amount::ZERO,
            stake: Amount::ZERO,
            key: sim.key.clone(),
        });
        let name = |index| world.node(index).map(|sim| sim.name.clone()).unwrap_or_default();
        let links = world.links().map(|((a, b), link)| LinkConfig { a: name(a), b: name(b), quality: link.quality });
        Self { seed: world.scenario().seed, nodes: nodes.collect(), links: links.collect() }
    }

    /// A timeline on this chain whose nodes appear at a time, knowing only the genesis block.
    pub(super) fn timeline(&self, genesis: &Genesis, at: Timestamp, name: String) -> Timeline {
        let config = Config {
            rules: genesis.rules.clone(),
            begins: genesis.timestamp,
            allocations: Some(genesis.allocations.clone()),
            validators: genesis.validators.clone(),
            nodes: Vec::new(),
            links: Vec::new(),
            workload: Workload::default(),
        };
        let scenario = Scenario { version: SCENARIO_VERSION, name, seed: self.seed, config, script: Vec::new() };
        let mut timeline = Timeline::new(World::new(scenario));
        // Nothing happens in an empty world: one step is enough.
        timeline.seek(at, 1);
        for (index, node) in self.nodes.iter().enumerate() {
            let before = &self.nodes[..index];
            let earlier = |name: &String| before.iter().any(|node| node.name == *name);
            let ends = self.links.iter().filter_map(|link| match (&link.a, &link.b) {
                (a, b) if *a == node.name && earlier(b) => Some((b, link.quality)),
                (a, b) if *b == node.name && earlier(a) => Some((a, link.quality)),
                _ => None,
            });
            let ends: Vec<(String, LinkQuality)> = ends.map(|(name, quality)| (name.clone(), quality)).collect();
            let links = ends.iter().map(|(name, _)| name.clone()).collect();
            // What cannot be added (a name that is taken by now) stays away.
            drop(timeline.act(Action::AddNode { node: node.clone(), links }));
            for (other, quality) in ends.into_iter().filter(|(_, quality)| *quality != LinkQuality::default()) {
                drop(timeline.act(Action::SetLink { a: node.name.clone(), b: other, quality }));
            }
        }
        timeline
    }
}
