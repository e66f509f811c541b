//! The block tree as all nodes together know it, a window of heights at a time; and one block from near.

use std::collections::{BTreeMap, BTreeSet};

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::{
    chain::{Chain, Entry},
    primitives::{Action, Address, Amount, Block, BlockId, Hash, Height, Target, Timestamp, Transaction, ordered},
    sim::World,
};

/// Transactions of a block that are listed.
const MAX_ROWS: usize = 50;
/// The most heights of a window.
const MAX_WINDOW: u64 = 64;

/// Which heights are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ChainWindow {
    /// The highest; `None` follows the highest there is.
    pub top: Option<Height>,
    /// How many, 1 ..= 64.
    pub heights: u64,
}

/// A window of the block tree.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ChainView {
    /// By height, then lane.
    pub blocks: Vec<BlockBox>,
    /// The lowest height shown.
    pub from: Height,
    /// The highest height shown.
    pub to: Height,
    /// The highest height there is.
    pub highest: Height,
    /// Lanes in use.
    pub lanes: usize,
    /// Tips below the window: height and names of the nodes that follow them.
    pub tips_below: Vec<(Height, Vec<String>)>,
    /// Blocks of the whole tree that are not on the heaviest chain.
    pub stale: usize,
}

/// A block in the tree.
#[derive(Debug, Clone, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct BlockBox {
    /// Which.
    pub id: BlockId,
    /// What it builds upon.
    pub parent: BlockId,
    /// Blocks below.
    pub height: Height,
    /// 0 for the heaviest chain.
    pub lane: usize,
    /// Who found it, if that account belongs to a node.
    pub miner: Option<String>,
    /// Transactions in it.
    pub transactions: usize,
    /// Nodes whose tip it is.
    pub tip_of: Vec<String>,
}

/// A block from near.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct BlockDetail {
    /// Which.
    pub id: BlockId,
    /// What it builds upon.
    pub parent: BlockId,
    /// Blocks below.
    pub height: Height,
    /// Who found it.
    pub miner: Option<String>,
    /// When it was built, ms.
    pub timestamp: Timestamp,
    /// Expected hashes.
    pub work: String,
    /// What its hash must not exceed.
    pub target: Target,
    /// Its Merkle root.
    pub merkle_root: Hash,
    /// Its state root.
    pub state_root: Hash,
    /// Its nonce, decimal.
    pub nonce: String,
    /// Bytes.
    pub size: usize,
    /// What it pays its miner.
    pub reward: Amount,
    /// Whether it is on the heaviest chain.
    pub best: bool,
    /// Nodes that have it, and nodes that are on.
    pub known_by: (usize, usize),
    /// Its transactions (the first fifty) and how many there are.
    pub transactions: Vec<TransactionRow>,
    /// How many there are.
    pub transaction_count: usize,
}

/// A transaction in a list.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct TransactionRow {
    /// Which.
    pub id: Hash,
    /// What it does: `transfer`, `fund`, `close`, `publish`, `refute`, `punish` or `settle`.
    pub kind: String,
    /// A node's name, or the address in short.
    pub from: String,
    /// A node's name, or the address in short; of a step of a dispute, the channel in short.
    pub to: String,
    /// Base units transferred or locked.
    pub amount: Amount,
    /// Base units.
    pub fee: Amount,
    /// Text from outside.
    pub memo: String,
}

impl Default for ChainWindow {
    fn default() -> Self {
        Self { top: None, heights: 10 }
    }
}

/// The tip of the heaviest chain that any node follows.
pub(super) fn heaviest(world: &World) -> BlockId {
    let tips = world.running().map(|(_, node)| (node.chain().tree().weight(&node.chain().tip()), node.chain().tip()));
    tips.max().map_or(Hash::ZERO, |(_, tip)| tip)
}

impl ChainView {
    pub(super) fn of(world: &World, window: ChainWindow) -> Self {
        let best = best_chain(world);
        let known = known(world);
        let heights: BTreeMap<BlockId, Height> = ordered(known.iter().map(|(id, entry)| (*id, entry.header.height)));
        let highest = known.values().map(|entry| entry.header.height).max().unwrap_or_default();
        let to = window.top.unwrap_or(highest).min(highest);
        let from = Height((to.0 + 1).saturating_sub(window.heights.clamp(1, MAX_WINDOW)));
        let stale = known.keys().filter(|id| !best.contains(id)).count();
        let shown: BTreeMap<BlockId, &Entry> =
            ordered(known.into_iter().filter(|(_, entry)| (from..=to).contains(&entry.header.height)));
        let lanes = lanes(&shown, &best);
        let mut tips: BTreeMap<BlockId, Vec<String>> = BTreeMap::new();
        for sim in world.nodes() {
            if let Some(node) = &sim.node {
                tips.entry(node.chain().tip()).or_default().push(sim.name.clone());
            }
        }
        let mut blocks: Vec<BlockBox> = shown
            .iter()
            .map(|(id, entry)| block_box(world, id, entry, lanes[id], tips.remove(id).unwrap_or_default()))
            .collect();
        blocks.sort_by_key(|block| (block.height, block.lane, block.id));
        let below = tips.into_iter().filter_map(|(id, names)| Some((*heights.get(&id)?, names)));
        let tips_below = below.filter(|(height, _)| *height < from).collect();
        Self { blocks, from, to, highest, tips_below, lanes: lanes.values().max().map_or(0, |lane| lane + 1), stale }
    }
}

fn best_chain(world: &World) -> BTreeSet<BlockId> {
    ordered(best_by_height(world).iter().copied())
}

/// The heaviest chain that any node follows, by height.
pub(super) fn best_by_height(world: &World) -> &[BlockId] {
    best(world).map(Chain::best).unwrap_or_default()
}

/// The heaviest chain that any node follows.
pub(super) fn best(world: &World) -> Option<&Chain> {
    let tip = heaviest(world);
    world.running().map(|(_, node)| node.chain()).find(|chain| chain.tip() == tip)
}

/// Every block of every node that is on.
fn known(world: &World) -> BTreeMap<BlockId, &Entry> {
    ordered(world.running().flat_map(|(_, node)| node.chain().tree().iter()).map(|(id, entry)| (*id, entry)))
}

/// The heaviest chain has lane 0; a branch keeps one lane from its lowest shown block up, the lowest that is free there.
fn lanes(shown: &BTreeMap<BlockId, &Entry>, best: &BTreeSet<BlockId>) -> BTreeMap<BlockId, usize> {
    let mut order: Vec<(&BlockId, &&Entry)> = shown.iter().collect();
    order.sort_by_key(|(id, entry)| (entry.header.height, !best.contains(id), **id));
    let (mut lanes, mut used): (BTreeMap<BlockId, usize>, BTreeSet<(Height, usize)>) = Default::default();
    let mut continued = BTreeSet::new();
    for (id, entry) in order {
        let height = entry.header.height;
        let parent = entry.header.parent;
        let inherited = lanes
            .get(&parent)
            .copied()
            .filter(|lane| *lane > 0 && continued.insert(parent) && !used.contains(&(height, *lane)));
        let lane = match inherited {
            _ if best.contains(id) => 0,
            Some(lane) => lane,
            None => (1..)
                .find(|lane| {
                    !used.contains(&(height, *lane)) && !used.contains(&(Height(height.0.saturating_sub(1)), *lane))
                })
                .unwrap_or(1),
        };
        used.insert((height, lane));
        lanes.insert(*id, lane);
    }
    lanes
}

fn block_box(world: &World, id: &BlockId, entry: &Entry, lane: usize, tip_of: Vec<String>) -> BlockBox {
    let body = entry.body.as_ref();
    BlockBox {
        id: *id,
        parent: entry.header.parent,
        height: entry.header.height,
        lane,
        miner: body.and_then(|block| world.name_of(&block.coinbase.to)).map(str::to_owned),
        transactions: body.map_or(0, |block| block.transactions.len()),
        tip_of,
    }
}

impl BlockDetail {
    pub(super) fn of(world: &World, id: &BlockId) -> Option<Self> {
        let holders = || world.running().filter(|(_, node)| node.chain().tree().block(id).is_some());
        let (_, holder) = holders().next()?;
        let block: &Block = holder.chain().tree().block(id)?;
        let crate::primitives::Seal::Work { nonce } = block.header.seal;
        Some(Self {
            id: *id,
            parent: block.header.parent,
            height: block.header.height,
            miner: world.name_of(&block.coinbase.to).map(str::to_owned),
            timestamp: block.header.timestamp,
            work: block.header.target.work().to_string(),
            target: block.header.target,
            merkle_root: block.header.merkle_root,
            state_root: block.header.state_root,
            nonce: nonce.to_string(),
            size: block.size(),
            reward: block.coinbase.amount,
            best: best_chain(world).contains(id),
            known_by: (holders().count(), world.running().count()),
            transactions: block.transactions.iter().take(MAX_ROWS).map(|tx| TransactionRow::of(world, tx)).collect(),
            transaction_count: block.transactions.len(),
        })
    }
}

impl TransactionRow {
    pub(super) fn of(world: &World, transaction: &Transaction) -> Self {
        let named = |address: &Address| world.name_of(address).map_or_else(|| address.short(), str::to_owned);
        let body = &transaction.unsigned;
        let (to, amount, memo) = match &body.action {
            Action::Transfer { to, amount, memo, .. } => (named(to), *amount, memo.as_str().to_owned()),
            Action::Fund(funding) => {
                (named(&funding.parties[1].key.address()), funding.capacity().unwrap_or_default(), String::new())
            }
            Action::Close(closing) => (named(&closing.keys[1].address()), Amount::ZERO, String::new()),
            Action::Dispute(dispute) => (dispute.channel.short(), Amount::ZERO, String::new()),
        };
        Self {
            id: transaction.id(),
            kind: body.action.kind().to_owned(),
            from: named(&body.sender().address()),
            to,
            amount,
            fee: body.fee,
            memo,
        }
    }
}
