//! Why a node's tip and balance are what they are.

use super::{
    CauseRow, Tale, WhyPart,
    block::{branch, takes},
    find_of, nothing,
};
use crate::{
    node::{EventKind, Node},
    primitives::{Action, Address, Block, BlockId, Transaction},
    sim::{EventKey, LogEntry, Record, World},
    view::{Selection, grouped},
};

/// Blocks below the tip that are searched for what changed a balance.
const MAX_SEARCH: usize = 64;
/// Changes of a balance that are told.
const MAX_CHANGES: usize = 6;

pub(super) fn explain(world: &World, name: &str) -> Vec<WhyPart> {
    let Some(index) = world.index_of(name) else {
        return vec![nothing(world)];
    };
    let Some(node) = world.node(index).and_then(|sim| sim.node.as_ref()) else {
        return vec![Tale::new(world).answer("cause-is-off", vec![name.to_owned()])];
    };
    let own = |record: &&Record| record.node == Some(index);
    let reorg = world.log().rev().filter(own).find(|record| is_reorg(record));
    let taken = world.log().rev().filter(own).find(|record| takes(record, &node.chain().tip()));
    let mut parts = vec![tip(world, name, node, taken)];
    if let Some(reorg) = reorg {
        parts.push(of_reorg(world, name, reorg));
    }
    parts.push(balance(world, name, index, node));
    parts
}

fn is_reorg(record: &Record) -> bool {
    matches!(record.entry, LogEntry::Node(EventKind::Reorged { .. }))
}

/// How its tip came to it.
fn tip(world: &World, name: &str, node: &Node, taken: Option<&Record>) -> WhyPart {
    let (id, height) = (node.chain().tip(), node.chain().height());
    if height.0 == 0 {
        return Tale::new(world).answer("cause-is-at-genesis", vec![name.to_owned()]);
    }
    let mut tale = Tale::new(world);
    taken.and_then(|record| record.origin.as_ref()).into_iter().for_each(|origin| tale.chain(origin));
    tale.needs(taken);
    tale.answer("cause-is-tip", vec![name.to_owned(), height.to_string(), id.short()])
}

/// What the two branches were, what kept them apart, and how the better one came.
fn of_reorg(world: &World, name: &str, record: &Record) -> WhyPart {
    let LogEntry::Node(EventKind::Reorged { from, to, disconnected, connected }) = &record.entry else {
        return nothing(world);
    };
    let mut tale = Tale::new(world);
    let (left, joined) = (branch(world, from, *disconnected), branch(world, to, *connected));
    let firsts = [left.last(), joined.last()].map(|id| id.and_then(|id| find_of(world, id)));
    firsts.iter().for_each(|found| tale.needs(*found));
    let parted = firsts.into_iter().flatten().min_by_key(|found| found.key);
    let blocks: Vec<BlockId> = left.into_iter().chain(joined).collect();
    tale.losses(&blocks, parted.map(|found| found.key));
    tale.healing(record, parted);
    record.origin.iter().for_each(|origin| tale.chain(origin));
    tale.record(record);
    let staked = !world.genesis().rules.consensus.is_work();
    let code = if staked { "cause-is-reorged-voted" } else { "cause-is-reorged" };
    tale.answer(code, vec![name.to_owned(), disconnected.to_string(), connected.to_string()])
}

/// The last blocks that changed its balance.
fn balance(world: &World, name: &str, index: u32, node: &Node) -> WhyPart {
    let address = node.address();
    let mut tale = Tale::new(world);
    let balance = node.chain().ledger().account(&address).balance;
    let mut rows = Vec::new();
    for id in node.chain().best().iter().rev().take(MAX_SEARCH) {
        let Some(block) = node.chain().tree().block(id).filter(|_| rows.len() < MAX_CHANGES) else { continue };
        let record = world.log().rev().find(|record| record.node == Some(index) && takes(record, id));
        let key = record.map_or(EventKey::at(block.header.timestamp), |record| record.key);
        let height = block.header.height.to_string();
        let row = |(code, mut values, links): Change| {
            values.push(height.clone());
            CauseRow { key, node: Some(name.to_owned()), code: code.to_owned(), values, links }
        };
        rows.extend(changes(world, &address, id, block).into_iter().map(row));
    }
    tale.complete = !rows.is_empty() || node.chain().best().len() <= MAX_SEARCH;
    rows.truncate(MAX_CHANGES);
    tale.rows = rows;
    tale.answer("cause-is-balance", vec![name.to_owned(), grouped(balance)])
}

type Change = (&'static str, Vec<String>, Vec<Selection>);

/// What a block did to an account. What channels pay out is only named.
fn changes(world: &World, address: &Address, id: &BlockId, block: &Block) -> Vec<Change> {
    let mined = (block.coinbase.to == *address)
        .then(|| ("cause-reward", vec![grouped(block.coinbase.amount)], vec![Selection::block(*id)]));
    let moved = block.transactions.iter().filter_map(|transaction| {
        let (code, values) = moved(world, address, transaction)?;
        Some((code, values, vec![Selection::Transaction { id: transaction.id(), block: Some(*id) }]))
    });
    mined.into_iter().chain(moved).collect()
}

fn moved(world: &World, address: &Address, transaction: &Transaction) -> Option<(&'static str, Vec<String>)> {
    let body = &transaction.unsigned;
    let named = |address: &Address| world.name_of(address).map_or_else(|| address.short(), str::to_owned);
    let sender = body.sender().address();
    match &body.action {
        Action::Transfer { to, amount, .. } if sender == *address => {
            Some(("cause-paid", vec![grouped(*amount), named(to), grouped(body.fee)]))
        }
        Action::Transfer { to, amount, .. } if to == address => {
            Some(("cause-got", vec![grouped(*amount), named(&sender)]))
        }
        Action::Transfer { .. } => None,
        Action::Fund(funding) => {
            let party = funding.parties.iter().any(|party| party.key.address() == *address);
            party.then(|| ("cause-locked", vec![transaction.id().short()]))
        }
        Action::Close(closing) => {
            let party = closing.keys.iter().any(|key| key.address() == *address);
            party.then(|| ("cause-stepped", vec![body.action.kind().to_owned()]))
        }
        Action::Report(report) if report.offence.offender().is_some_and(|key| key.address() == *address) => {
            Some(("cause-slashed", vec![named(&sender)]))
        }
        Action::Attest(_) => None,
        Action::Stake(_) | Action::Unstake(_) | Action::Report(_) => {
            (sender == *address).then(|| ("cause-validated", vec![body.action.kind().to_owned()]))
        }
        Action::Dispute(_) => (sender == *address).then(|| ("cause-stepped", vec![body.action.kind().to_owned()])),
    }
}
