//! One node from near.

use borsh::{BorshDeserialize, BorshSerialize};

use super::{KeyFacts, MessageRow, TransactionRow};
use crate::{
    node::Node,
    primitives::{Address, Amount, Hash, Height, Nonce},
    sim::{Flight, Misbehaviour, World},
};

/// Waiting transactions that are listed.
const MAX_POOL_ROWS: usize = 20;
/// Messages that are listed: those in flight, and of those that arrived last as many as there is room for.
const MAX_MESSAGE_ROWS: usize = 8;
/// Bytes of a transfer, but for memo, key and signature.
const TRANSFER_BYTES: usize = 62;
/// Accounts that are listed.
const MAX_ACCOUNT_ROWS: usize = 60;

/// A node from near.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct NodeDetail {
    /// Its name.
    pub name: String,
    /// Whether it runs.
    pub on: bool,
    /// How it misbehaves, if it does.
    pub misbehaves: Option<Misbehaviour>,
    /// Its account.
    pub address: Address,
    /// What it signs with; nothing while it is off.
    pub key: Option<KeyFacts>,
    /// Hashes per virtual second.
    pub hash_rate: u32,
    /// The tip it follows.
    pub tip: Hash,
    /// Its height.
    pub height: Height,
    /// What it owns by its own ledger.
    pub balance: Amount,
    /// What it could send now.
    pub available: Amount,
    /// Waiting transactions, best fee rate first.
    pub pool: Vec<PoolRow>,
    /// How many wait.
    pub pool_count: usize,
    /// How many of them the next block would take, and the fee rates that are enough for it and for the mempool; nothing while it is off.
    pub next_block: Option<NextBlockFacts>,
    /// Blocks it has stored, which stay while it is off.
    pub stored: usize,
    /// Blocks and headers it knows.
    pub known_blocks: usize,
    /// Blocks that wait for their parent.
    pub orphans: usize,
    /// Messages from and to it, in flight first; then those that arrived last.
    pub messages: Vec<MessageRow>,
    /// How many of these are in flight.
    pub in_flight: usize,
    /// The nodes it is linked to.
    pub peers: Vec<PeerRow>,
    /// Accounts by its own ledger.
    pub accounts: Vec<AccountRow>,
}

/// A waiting transaction.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PoolRow {
    /// What it does.
    pub transaction: TransactionRow,
    /// Base units per 1,000 bytes.
    pub fee_rate: u64,
}

/// A linked node.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PeerRow {
    /// Its name.
    pub name: String,
    /// Milliseconds.
    pub latency: u32,
    /// Messages lost in a million.
    pub loss: u32,
    /// Whether nothing passes.
    pub cut: bool,
    /// Whether both ends count each other as connected.
    pub connected: bool,
    /// The height it last told of.
    pub height: Option<Height>,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AccountRow {
    /// A node's name, or the address in short.
    pub owner: String,
    /// Base units.
    pub balance: Amount,
    /// Transactions confirmed.
    pub nonce: Nonce,
}

/// What the next block would take if it were found now; rates in base units per 1,000 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct NextBlockFacts {
    /// How many of the waiting transactions.
    pub transactions: usize,
    /// What would be enough to be among them.
    pub enough: u64,
    /// Bytes of a transfer from this node, but for its memo.
    pub transfer_bytes: usize,
    /// What is needed to wait at all.
    pub floor: u64,
}

impl NodeDetail {
    pub(super) fn of(world: &World, name: &str) -> Option<Self> {
        let index = world.index_of(name)?;
        let sim = world.node(index)?;
        let node = sim.node.as_ref();
        let told = |other: u32| {
            let peers = node?.gossip().peers();
            peers.filter(|(id, _)| id.0 == u64::from(other)).find_map(|(_, status)| status.map(|status| status.height))
        };
        let ends = world.links().filter(|((a, b), _)| *a == index || *b == index);
        let peers = ends.map(|((a, b), link)| {
            let other = if a == index { b } else { a };
            PeerRow {
                name: world.node(other).map(|sim| sim.name.clone()).unwrap_or_default(),
                latency: link.quality.latency,
                loss: link.quality.loss,
                cut: link.cut,
                connected: link.connected,
                height: told(other),
            }
        });
        let touches = |flight: &Flight| flight.from == index || flight.to == index;
        let messages = world.flights().chain(world.delivered()).filter(touches).take(MAX_MESSAGE_ROWS);
        let pool = node.into_iter().flat_map(|node| node.mempool().iter().take(MAX_POOL_ROWS));
        Some(Self {
            name: sim.name.clone(),
            on: node.is_some(),
            misbehaves: sim.misbehaves(),
            address: sim.address,
            key: node.map(|node| KeyFacts::of(&node.public())),
            hash_rate: sim.hash_rate,
            tip: node.map_or(Hash::ZERO, |node| node.chain().tip()),
            height: node.map_or(Height(0), |node| node.chain().height()),
            balance: node.map_or(Amount::ZERO, |node| node.chain().ledger().account(&sim.address).balance),
            available: node.map_or(Amount::ZERO, |node| node.available()),
            pool: pool
                .map(|row| PoolRow { transaction: TransactionRow::of(world, &row.transaction), fee_rate: row.fee_rate })
                .collect(),
            pool_count: node.map_or(0, |node| node.mempool().len()),
            next_block: node.map(NextBlockFacts::of),
            stored: sim.stored_blocks(),
            known_blocks: node.map_or(0, |node| node.chain().tree().len()),
            orphans: node.map_or(0, |node| node.gossip().orphan_count()),
            messages: messages.map(|flight| MessageRow::of(world, &flight)).collect(),
            in_flight: world.flights().filter(touches).count(),
            peers: peers.collect(),
            accounts: accounts(world, index),
        })
    }
}

impl NextBlockFacts {
    fn of(node: &Node) -> Self {
        let next = node.chain().next_block(node.mempool());
        let transfer_bytes = TRANSFER_BYTES + node.public().footprint();
        let floor = node.mempool().floor();
        Self { transactions: next.transactions, enough: next.enough, transfer_bytes, floor }
    }
}

fn accounts(world: &World, index: u32) -> Vec<AccountRow> {
    let Some(node) = world.node(index).and_then(|sim| sim.node.as_ref()) else {
        return Vec::new();
    };
    let row = |sim: &crate::sim::SimNode| {
        let account = node.chain().ledger().account(&sim.address);
        AccountRow { owner: sim.name.clone(), balance: account.balance, nonce: account.nonce }
    };
    world.nodes().iter().take(MAX_ACCOUNT_ROWS).map(row).collect()
}
