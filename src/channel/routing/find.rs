//! The search for a route: Dijkstra's, from the payee backwards.
//!
//! A node's label says what a payment would have to bring there: amount, blocks, and the cost from there on. Cost is what is minimised;
//! the limits hold for amount, blocks and hops of a label. Of labels of one node only that of least cost is kept, so a costlier way of fewer
//! hops, blocks or fees can be lost. If nothing is found though a limit cut something, a second search (`labels`) keeps every label
//! that no other beats in everything: it misses nothing. So whether there is a route is answered exactly, and only its cost may be a little
//! above the least, where a dearer label would have carried less.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{
    Graph, Hop, NoRoute, Query, Route,
    step::{Demand, HOP, Knowledge, Load},
    why,
};
use crate::primitives::{Amount, Height};

/// Searches graphs; keeps what it needs for that from one search to the next, so that none has to ask for memory. What it answers does not
/// depend on earlier searches.
#[derive(Debug, Default)]
pub struct Finder {
    /// The least cost known from each node, in thousandths of a base unit.
    best: Vec<u64>,
    labels: Vec<Label>,
    heap: BinaryHeap<Reverse<(u64, u32)>>,
    /// No label of this cost or more leads to the cheapest route.
    enough: u64,
    knowledge: Knowledge,
}

/// What a payment would have to bring to a node, and how it goes on from there.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Label {
    pub(super) amount: u64,
    /// Blocks that hops from here on add to the payee's.
    pub(super) blocks: u32,
    /// Channels from here on.
    pub(super) hops: u32,
    /// The direction taken from here, and where it ends.
    pub(super) link: u32,
    pub(super) to: u32,
}

/// The payer's own channel that a route begins with.
#[derive(Debug, Clone, Copy)]
struct Start {
    cost: u64,
    node: u32,
    link: u32,
}

/// What a search came to.
pub(super) struct Outcome {
    pub(super) route: Option<Route>,
    /// Whether a limit, or the fees of later hops, kept a label from being made.
    pub(super) cut: bool,
}

impl Finder {
    /// With nothing kept yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The cheapest route for a payment; equal ones are told apart by what they carry, their length and the ids of their channels.
    ///
    /// A channel that takes no payments below a minimum is used only if the amount to be delivered reaches it. The payer's own channels cost
    /// nothing and need no announcement; they carry what it says they can.
    ///
    /// # Errors
    /// [`NoRoute`] says what stands in the way, with the values compared.
    pub fn find(&mut self, graph: &Graph, query: &Query<'_>) -> Result<Route, NoRoute> {
        let (payer, payee) = why::ends(graph, query)?;
        self.knowledge.load_own(graph, query, payer);
        why::own_funds(&self.knowledge, query)?;
        self.knowledge.load_notes(query);
        let demand = Demand::new(query, payer, payee);
        match self.search(graph, query, &demand) {
            Some(route) => Ok(route),
            None => Err(why::explain(self, graph, query, &demand)),
        }
    }

    /// The first search, and the second if that is needed.
    pub(super) fn search(&mut self, graph: &Graph, query: &Query<'_>, demand: &Demand) -> Option<Route> {
        let Outcome { route, cut } = self.fast(graph, query, demand);
        if route.is_some() || !cut {
            return route;
        }
        super::labels::search(graph, query, demand, &self.knowledge)
    }

    /// What the payer of the search under way knows.
    pub(super) const fn knowledge(&self) -> &Knowledge {
        &self.knowledge
    }

    /// One label a node.
    pub(super) fn fast(&mut self, graph: &Graph, query: &Query<'_>, demand: &Demand) -> Outcome {
        self.reset(graph, demand);
        let (mut start, mut cut): (Option<Start>, _) = (None, false);
        while let Some(Reverse((cost, node))) = self.heap.pop() {
            if start.is_some_and(|start| start.cost <= cost) {
                break;
            }
            if cost > self.best[node as usize] {
                continue;
            }
            let label = self.labels[node as usize];
            cut |= self.begin(graph, &mut start, cost, node, &label);
            cut |= self.relax(graph, demand, cost, node, &label);
        }
        let route = start.map(|start| self.route(graph, query, &start));
        Outcome { route, cut }
    }

    fn reset(&mut self, graph: &Graph, demand: &Demand) {
        self.enough = u64::MAX;
        self.knowledge.reach(graph, demand);
        self.heap.clear();
        self.best.clear();
        self.best.resize(graph.node_bound(), u64::MAX);
        self.labels.resize(graph.node_bound(), Label::default());
        // Nothing goes through the payer.
        self.best[demand.payer as usize] = 0;
        self.best[demand.payee as usize] = 0;
        self.labels[demand.payee as usize] = Label { amount: demand.amount, ..Label::default() };
        self.heap.push(Reverse((0, demand.payee)));
    }

    /// Offers `node` to the channels over which others could pay it. True if a limit kept one from bringing what is needed.
    fn relax(&mut self, graph: &Graph, demand: &Demand, cost: u64, node: u32, label: &Label) -> bool {
        let Self { best, labels, heap, enough, knowledge } = self;
        let load = demand.load(label.amount);
        // One more hop must be left for the payer's own channel.
        let (hops, mut cut) = (label.hops + 1, label.hops + 1 >= demand.hops);
        let edges = if cut { &[] } else { graph.incoming(node) };
        for edge in edges {
            if edge.maximum < load.amount {
                cut |= edge.maximum >= demand.amount;
                continue;
            }
            let (at, fee) = (edge.from as usize, load.fee(edge));
            if fee > load.room {
                cut = true;
                continue;
            }
            let dearer = cost.saturating_add(load.cost(fee, edge));
            if dearer > best[at] || dearer >= *enough || edge.minimum > demand.amount {
                continue;
            }
            let blocks = label.blocks + edge.expiry_delta();
            let doubt = demand.doubt(graph, knowledge, edge, load.amount);
            let (Some(doubt), true) = (doubt, blocks <= demand.blocks) else {
                cut = true;
                continue;
            };
            let reached = Label { amount: load.amount + fee, blocks, hops, link: edge.link, to: node };
            let dearer = dearer.saturating_add(doubt);
            if dearer >= *enough {
                continue;
            }
            if dearer < best[at] {
                // Whatever label this neighbour of the payer has in the end, the payer can go on from it.
                if knowledge.reaches(edge.from) {
                    *enough = dearer.saturating_add(HOP);
                }
                heap.push(Reverse((dearer, edge.from)));
            } else if dearer > best[at] || !precedes(graph, &reached, &labels[at]) {
                continue;
            }
            (best[at], labels[at]) = (dearer, reached);
        }
        cut
    }

    /// Begins a route at `node`, if the payer has a channel to it that can pay what it needs. True if only fees kept one from that.
    fn begin(&self, graph: &Graph, start: &mut Option<Start>, cost: u64, node: u32, label: &Label) -> bool {
        let mut cut = false;
        for own in self.knowledge.own_to(node) {
            if own.spendable < label.amount {
                cut = true;
                continue;
            }
            let offered = Start { cost: cost + HOP, node, link: own.link };
            let better = start.as_ref().is_none_or(|start| {
                let of = |start: &Start| Label { link: start.link, ..self.labels[start.node as usize] };
                offered.cost < start.cost || (offered.cost == start.cost && precedes(graph, &of(&offered), &of(start)))
            });
            if better {
                *start = Some(offered);
            }
        }
        cut
    }

    fn route(&self, graph: &Graph, query: &Query<'_>, start: &Start) -> Route {
        let mut way = vec![(start.link, self.labels[start.node as usize])];
        while let Some((_, label)) = way.last().filter(|(_, label)| label.hops > 0) {
            way.push((label.link, self.labels[label.to as usize]));
        }
        assemble(graph, query, start.cost, &way)
    }
}

/// Of two labels of equal cost the one to keep.
fn precedes(graph: &Graph, one: &Label, other: &Label) -> bool {
    let rank = |label: &Label| (label.amount, label.hops, label.blocks);
    (rank(one), graph.id(one.link)) < (rank(other), graph.id(other.link))
}

/// A route of these directions, each with the label of where it ends.
pub(super) fn assemble(graph: &Graph, query: &Query<'_>, cost: u64, way: &[(u32, Label)]) -> Route {
    let amount = |label: &Label| Amount::new(label.amount).expect("no search lets a hop carry more");
    let hop = |(link, label): &(u32, Label)| {
        let (channel, side, keys) = graph.direction(*link);
        let blocks = u64::from(query.final_delta) + u64::from(label.blocks);
        let expiry = Height(query.height.0.saturating_add(blocks));
        Hop { channel, side, to: keys[side.other().index()].clone(), amount: amount(label), expiry }
    };
    let sent = way.first().map(|(_, label)| amount(label)).unwrap_or_default();
    let fee = sent.checked_sub(query.amount).expect("fees only add to what is delivered");
    Route { hops: way.iter().map(hop).collect(), fee, cost }
}

/// A load is only made of what fits.
const _: () = assert!(size_of::<Load>() <= 64 && size_of::<Label>() == 24);
