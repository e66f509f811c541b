//! Nodes, links and messages in flight.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::{
    primitives::{Hash, Height, ordered},
    sim::{EventKey, Misbehaviour, SimNode, World},
};

/// Messages shown at once; of more, the ones that arrive first.
const MAX_FLIGHTS: usize = 150;

/// The network as a picture.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct NetworkView {
    /// In order of their place in the world.
    pub nodes: Vec<NodeDot>,
    /// Between them.
    pub links: Vec<LinkLine>,
    /// On their way, first to arrive first.
    pub flights: Vec<FlightDot>,
    /// How many are on their way in all.
    pub in_flight: usize,
    /// Different tips that nodes follow.
    pub tips: usize,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct NodeDot {
    /// Its name.
    pub name: String,
    /// Whether it runs.
    pub on: bool,
    /// How it misbehaves, if it does.
    pub misbehaves: Option<Misbehaviour>,
    /// Hashes per virtual second.
    pub hash_rate: u32,
    /// Height of the tip it follows.
    pub height: Height,
    /// That tip.
    pub tip: Hash,
    /// Whether that is the heaviest tip of the network.
    pub on_best: bool,
    /// Transactions waiting at it.
    pub waiting: usize,
    /// Who watches its channels.
    pub tower: Option<String>,
    /// Whether it keeps payments to it waiting.
    pub holds: bool,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct LinkLine {
    /// Index of one end.
    pub a: u32,
    /// Index of the other.
    pub b: u32,
    /// Milliseconds.
    pub latency: u32,
    /// Messages lost in a million.
    pub loss: u32,
    /// Whether nothing passes.
    pub cut: bool,
    /// Whether both ends count each other as connected.
    pub connected: bool,
}

/// A message in flight.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct FlightDot {
    /// Which: the event of its arrival.
    pub key: EventKey,
    /// Index of the sender.
    pub from: u32,
    /// Index of the receiver.
    pub to: u32,
    /// Which message.
    pub kind: String,
    /// How much of its way it has made, in thousandths.
    pub permille: u32,
}

impl NetworkView {
    pub(super) fn of(world: &World) -> Self {
        let heaviest = super::chain::heaviest(world);
        let nodes: Vec<NodeDot> = world.nodes().iter().map(|sim| dot(world, sim, heaviest)).collect();
        let tips: std::collections::BTreeSet<_> = ordered(nodes.iter().filter(|node| node.on).map(|node| node.tip));
        let links = world.links().map(|((a, b), link)| LinkLine {
            a,
            b,
            latency: link.quality.latency,
            loss: link.quality.loss,
            cut: link.cut,
            connected: link.connected,
        });
        let now = world.now();
        let flights = world.flights().take(MAX_FLIGHTS).map(|flight| FlightDot {
            key: flight.key,
            from: flight.from,
            to: flight.to,
            kind: flight.kind.to_owned(),
            permille: u32::try_from(1_000 * now.since(flight.sent) / flight.deliver_at.since(flight.sent).max(1))
                .unwrap_or(1_000)
                .min(1_000),
        });
        Self {
            links: links.collect(),
            flights: flights.collect(),
            in_flight: world.flights().count(),
            tips: tips.len(),
            nodes,
        }
    }
}

fn dot(world: &World, sim: &SimNode, heaviest: Hash) -> NodeDot {
    let chain = sim.node.as_ref().map(|node| node.chain());
    let tip = chain.map_or(Hash::ZERO, |chain| chain.tip());
    let tower = sim.node.as_ref().and_then(|node| node.tower_settings().tower);
    let tower = tower.and_then(|tower| world.node(u32::try_from(tower.0).ok()?));
    NodeDot {
        name: sim.name.clone(),
        on: sim.node.is_some(),
        misbehaves: sim.misbehaves(),
        hash_rate: sim.hash_rate,
        height: chain.map_or(Height(0), |chain| chain.height()),
        tip,
        on_best: tip == heaviest,
        waiting: sim.node.as_ref().map_or(0, |node| node.mempool().len()),
        tower: tower.map(|tower| tower.name.clone()),
        holds: sim.node.as_ref().is_some_and(|node| node.holds_payments()),
    }
}
