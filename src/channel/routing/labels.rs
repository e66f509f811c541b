//! The search that misses nothing: every label of a node is kept that no other beats in cost, amount, blocks and hops alike.
//!
//! What brings more is never carried more cheaply, nor in fewer blocks, nor by a channel that would not carry less (a minimum is
//! compared with what is delivered). So a beaten label cannot lead to a better route, and a route through one node twice is beaten.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{
    Graph, Query, Route,
    find::{Label, assemble},
    step::{Demand, HOP, Knowledge},
};

/// Labels made in one search; then it gives up. Graphs with that many ways that are none better than the other exist, if made for it.
pub(super) const MAX_LABELS: usize = 200_000;

#[derive(Debug, Clone, Copy)]
struct Made {
    label: Label,
    cost: u64,
    node: u32,
    /// The label that it goes on with.
    next: u32,
}

struct Search<'a> {
    graph: &'a Graph,
    demand: &'a Demand,
    knowledge: &'a Knowledge,
    made: Vec<Made>,
    /// By cost, then amount.
    heap: BinaryHeap<Reverse<(u64, u64, u32)>>,
    /// For each node, what of its labels nothing beats.
    kept: Vec<Vec<u32>>,
}

/// The cheapest route, or nothing if there is none (or after [`MAX_LABELS`]).
pub(super) fn search(graph: &Graph, query: &Query<'_>, demand: &Demand, knowledge: &Knowledge) -> Option<Route> {
    let kept = vec![Vec::new(); graph.node_bound()];
    let mut search = Search { graph, demand, knowledge, made: Vec::new(), heap: BinaryHeap::new(), kept };
    let label = Label { amount: demand.amount, ..Label::default() };
    search.make(Made { label, cost: 0, node: demand.payee, next: 0 });
    while let Some(Reverse((cost, _, at))) = search.heap.pop() {
        let made = search.made[at as usize];
        if made.node == demand.payer {
            return Some(assemble(graph, query, cost, &search.way(made)));
        }
        if search.made.len() < MAX_LABELS && !search.is_beaten(made.node, cost, &made.label) {
            search.kept[made.node as usize].push(at);
            search.extend(at, &made);
        }
    }
    None
}

impl Search<'_> {
    fn make(&mut self, made: Made) {
        let at = u32::try_from(self.made.len()).expect("bounded, but for the edges of one node");
        self.heap.push(Reverse((made.cost, made.label.amount, at)));
        self.made.push(made);
    }

    fn is_beaten(&self, node: u32, cost: u64, label: &Label) -> bool {
        self.kept[node as usize].iter().any(|at| {
            let kept = &self.made[*at as usize];
            let other = &kept.label;
            let in_limits = other.amount <= label.amount && other.blocks <= label.blocks && other.hops <= label.hops;
            kept.cost <= cost && in_limits
        })
    }

    fn extend(&mut self, at: u32, made: &Made) {
        let (graph, demand, knowledge, label) = (self.graph, self.demand, self.knowledge, &made.label);
        let load = demand.load(label.amount);
        for own in knowledge.own_to(made.node).iter().filter(|own| own.spendable >= label.amount) {
            // What the payer itself sends is what its neighbour needs.
            let label = Label { hops: label.hops + 1, link: own.link, to: made.node, ..*label };
            self.make(Made { label, cost: made.cost.saturating_add(HOP), node: demand.payer, next: at });
        }
        if label.hops + 1 >= demand.hops {
            return;
        }
        for edge in graph.incoming(made.node) {
            let fits = edge.maximum >= load.amount && edge.minimum <= demand.amount && edge.from != demand.payer;
            let (fee, blocks) = (load.fee(edge), label.blocks + edge.expiry_delta());
            if !fits || fee > load.room || blocks > demand.blocks {
                continue;
            }
            let Some(doubt) = demand.doubt(graph, knowledge, edge, load.amount) else { continue };
            let cost = made.cost.saturating_add(load.cost(fee, edge)).saturating_add(doubt);
            let amount = load.amount + fee;
            let reached = Label { amount, blocks, hops: label.hops + 1, link: edge.link, to: made.node };
            if !self.is_beaten(edge.from, cost, &reached) {
                self.make(Made { label: reached, cost, node: edge.from, next: at });
            }
        }
    }

    /// The directions from a label of the payer on, each with the label of where it ends.
    fn way(&self, mut made: Made) -> Vec<(u32, Label)> {
        let mut way = Vec::new();
        while made.label.hops > 0 {
            let next = self.made[made.next as usize];
            way.push((made.label.link, next.label));
            made = next;
        }
        way
    }
}
