//! What holds within a node, evaluated here and now.

use super::{RuleRow, RulesView, values};
use crate::{
    chain::MAX_POOL_BYTES,
    gossip::MAX_PEERS,
    node::Node,
    primitives::Amount,
    sim::{World, owned},
};

const RULES: [&str; 5] = ["node-supply", "node-state-root", "node-reconnect", "node-pool", "node-peers"];

impl RulesView {
    pub(in crate::view) fn of_node(world: &World, node: Option<&Node>) -> Self {
        let rows = match node {
            Some(node) => rows(node),
            None => RULES.map(|rule| RuleRow::open(rule, "node-off")).to_vec(),
        };
        let violated: u64 = world.invariants().iter().map(|(_, tally)| tally.violated).sum();
        let checked: u64 = world.invariants().iter().map(|(_, tally)| tally.checked).sum();
        Self { rows, ..Self::default() }.note("invariants-now", values![checked, violated])
    }
}

fn rows(node: &Node) -> Vec<RuleRow> {
    let (chain, ledger) = (node.chain(), node.chain().ledger());
    let (owned, supply) = (owned(ledger), ledger.supply());
    let (root, header) = (ledger.root(), chain.tip_header().state_root);
    let (pool, peers) = (node.mempool().bytes(), node.gossip().peers().count());
    vec![
        RuleRow::compared(RULES[0], owned == Some(supply), values![owned.unwrap_or(Amount::MAX), supply]),
        RuleRow::compared(RULES[1], root == header, values![root, header]),
        RuleRow::compared(RULES[2], chain.reconnects(), values![chain.height()]),
        RuleRow::compared(RULES[3], pool <= MAX_POOL_BYTES, values![pool, MAX_POOL_BYTES]),
        RuleRow::compared(RULES[4], peers <= MAX_PEERS, values![peers, MAX_PEERS]),
    ]
}
