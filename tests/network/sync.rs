//! How nodes catch up: long forks, long chains, slow and lossy links, restarts.

use tabchain::{
    gossip::Message,
    node::{Command, EventKind, Transfer},
    primitives::{Block, Memo},
};

use crate::{
    lab::{Lab, scale},
    support::{ChainBuilder, LATER, address, genesis, rules, units},
};

fn grown(count: usize) -> ChainBuilder {
    ChainBuilder::new(genesis(3, rules(1))).grow(count)
}

/// A branch that leaves `base` after its first `common` blocks.
fn branch(base: &[Block], common: usize, count: usize) -> Vec<Block> {
    let mut builder = ChainBuilder::new(genesis(3, rules(1)));
    for block in &base[..common] {
        builder.import(block.clone()).expect("valid");
    }
    for at in 0..count {
        // A transaction makes the first block another one than the base's.
        let body = if at == 0 { vec![builder.pay(1, 0, 2, 5, 500)] } else { Vec::new() };
        builder.mine(body);
    }
    builder.blocks
}

/// Forks whose common part ends below what one answer of 256 headers reaches.
#[test]
fn forks_of_any_depth_are_resolved() {
    let base = grown(1_100).blocks;
    for (common, ours, theirs) in
        [(0, 1, 2), (5, 255, 256), (5, 257, 258), (40, 300, 700), (3, 1_050, 1_060), (500, 600, 601)]
    {
        let other = branch(&base, common, theirs);
        let mut lab = Lab::new(genesis(3, rules(1)), LATER);
        lab.add(1, &base[..common + ours]);
        lab.add(2, &other);
        lab.connect(1, 2);
        let took = lab.agree(300_000);
        let heights: Vec<_> = lab.nodes.values().map(|node| node.chain().height().0).collect();
        assert!(took.is_some(), "common {common}, {ours} against {theirs}: heights {heights:?}");
        assert_eq!(lab.node(1).chain().tip(), other.last().expect("some").id(), "the longer one");
        assert!(lab.messages < 4 * (ours + theirs) as u64 + 100, "{} messages", lab.messages);
    }
}

/// More headers than the tree keeps off the best chain.
#[test]
fn a_newcomer_catches_up_with_a_long_chain() {
    let blocks = grown(4_600 + 1_000 * scale().min(10) as usize).blocks;
    let mut lab = Lab::new(genesis(3, rules(1)), LATER);
    lab.add(1, &blocks);
    lab.add(2, &[]);
    lab.connect(1, 2);
    let took = lab.agree(600_000);
    let height = lab.node(2).chain().height().0;
    assert!(took.is_some(), "only got to {height} of {} with {} messages", blocks.len(), lab.messages);
    assert!(lab.messages < 4 * blocks.len() as u64, "{} messages", lab.messages);
}

fn transfer(amount: u64) -> Command {
    Command::Transfer(Transfer {
        to: address(9),
        amount: units(amount),
        fee: units(100),
        memo: Memo::default(),
        nonce: None,
    })
}

/// One hop away the owner repeats itself; farther away somebody else has to.
#[test]
fn transactions_get_everywhere_over_lossy_links() {
    let mut lab = Lab::new(genesis(5, rules(1)), LATER);
    lab.loss = 30;
    (1..=5).for_each(|who| lab.add(who, &[]));
    (1..5).for_each(|who| lab.connect(who, who + 1));
    lab.run(30_000);
    for amount in 1..=20 {
        lab.command(1, transfer(amount));
    }
    lab.run(900_000);
    let waiting: Vec<usize> = lab.nodes.values().map(|node| node.mempool().len()).collect();
    assert_eq!(waiting, [20; 5]);
}

/// An own transaction whose block is left again waits again, also after a restart.
#[test]
fn a_reorg_does_not_make_a_node_forget_its_own_transaction() {
    let mut builder = ChainBuilder::new(genesis(3, rules(1)));
    let payment = builder.pay(1, 0, 2, 7, 500);
    let id = payment.id();
    let with_it = builder.mine(vec![payment.clone()]);
    let without: Vec<Block> = grown(2).blocks;

    let mut lab = Lab::new(genesis(3, rules(1)), LATER);
    lab.add(1, &[]);
    lab.command(1, Command::Submit(Box::new(payment)));
    lab.greet(1, 50);
    lab.say(50, 1, &Message::Block(with_it));
    lab.run(60_000);
    assert!(lab.node(1).mempool().is_empty(), "confirmed");
    for block in without {
        lab.say(50, 1, &Message::Block(block));
    }
    assert!(lab.events.iter().any(|(_, event)| matches!(event, EventKind::Reorged { disconnected: 1, .. })));
    lab.run(1_000);
    assert!(lab.node(1).mempool().get(&id).is_some(), "waits again");
    lab.restart(1);
    assert!(lab.node(1).mempool().get(&id).is_some(), "waits again after a restart");
}

/// Bodies that take longer to arrive than a request waits must not be asked for so often that they never do.
#[test]
fn a_slow_link_is_not_choked_by_repeated_requests() {
    let mut builder = ChainBuilder::new(genesis(3, rules(1)));
    for nonce in 0..60 {
        let body = (1..=3).map(|who| builder.pay(who, nonce, 4, 5, 500)).collect();
        builder.mine(body);
    }
    let bytes: usize = builder.blocks.iter().map(Block::size).sum();
    let mut lab = Lab::new(genesis(3, rules(1)), LATER);
    lab.bandwidth = 1_000;
    lab.add(1, &builder.blocks);
    lab.add(2, &[]);
    lab.connect(1, 2);
    let took = lab.agree(3_600_000).unwrap_or(3_600_000);
    let ideal = bytes as u64;
    assert!(took < 3 * ideal, "{took} ms for {bytes} bytes at 1 byte a ms; {} messages", lab.messages);
}
