//! Who has paid whom, in plain numbers: what a node's payments should have done to its account, by what it knows itself.
#![allow(dead_code, unreachable_pub, reason = "each test binary is a crate that uses a part of it")]

use tabchain::{
    node::{Node, Outcome},
    primitives::Action,
    sim::World,
};

/// Base units, all of one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Books {
    /// Paid for what it holds a receipt of, fees of the route included.
    pub sent: i64,
    /// Invoices whose preimage it has given away: all that were paid, unless it holds payments.
    pub received: i64,
    /// Paid to miners.
    pub fees: i64,
}

/// The books of a node whose account `by` knows.
pub fn books(world: &World, index: usize) -> Books {
    let node = world.nodes()[index].node.as_ref().expect("on");
    books_of(node, node)
}

/// The books of `node`, fees by the chain that `by` follows.
pub fn books_of(node: &Node, by: &Node) -> Books {
    let sent = node.payments().map(|payment| match &payment.outcome {
        Some(Outcome::Paid { fee, .. }) => payment.invoice.amount.units() + fee.units(),
        _ => 0,
    });
    Books { sent: sent.sum::<u64>().cast_signed(), received: received(node), fees: fees(node, by) }
}

fn received(node: &Node) -> i64 {
    let taken = node.invoices().filter(|invoiced| invoiced.paid_by.is_some());
    taken.map(|invoiced| invoiced.invoice.amount.units()).sum::<u64>().cast_signed()
}

/// What a node has paid to miners, by the best chain of another.
pub fn fees(node: &Node, by: &Node) -> i64 {
    let blocks = by.chain().best().iter().filter_map(|id| by.chain().tree().block(id));
    let transactions = blocks.flat_map(|block| &block.transactions);
    let own = transactions.filter(|transaction| match &transaction.unsigned.action {
        // Shared out before it was signed.
        Action::Close(_) => false,
        _ => transaction.unsigned.sender().address() == node.address(),
    });
    own.map(|transaction| transaction.unsigned.fee.units()).sum::<u64>().cast_signed()
}

/// What `by` knows a node to own.
pub fn balance(world: &World, by: usize, index: usize) -> i64 {
    let ledger = world.nodes()[by].node.as_ref().expect("on").chain().ledger();
    ledger.account(&world.nodes()[index].address).balance.units().cast_signed()
}
