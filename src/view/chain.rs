//! The block tree as all nodes together know it, a window of heights at a time; and one block from near.

use std::collections::{BTreeMap, BTreeSet};

use borsh::{BorshDeserialize, BorshSerialize};

use super::csv;
use crate::{
    chain::{Chain, Entry},
    primitives::{Action, Address, Amount, Block, BlockId, Hash, Height, Slot, Target, Timestamp, Transaction},
    sim::World,
};

/// Transactions of a block that are listed.
const MAX_ROWS: usize = 50;
/// The most heights of a window.
const MAX_WINDOW: u64 = 64;
/// The most lanes of a window.
const MAX_LANES: usize = 16;
/// Nodes that are named at one block.
const MAX_NAMES: usize = 12;
/// Heights that a piece of the file of all blocks has at most.
pub const FILE_HEIGHTS: u64 = 1_000;
/// Heights below a window from which lanes are dealt out at most.
const MAX_BACK: u64 = 256;

/// Which heights are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
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
    /// Lanes in use, also those above the sixteenth, whose blocks are left out.
    pub lanes: usize,
    /// Tips below the window: height and names of the first twelve nodes that follow them.
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
    /// Nodes whose tip it is, the first twelve.
    pub tip_of: Vec<String>,
    /// How many they are.
    pub followers: usize,
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
    /// Its nonce, decimal; empty where stake seals it.
    pub nonce: String,
    /// Its slot, where stake does.
    pub slot: Option<Slot>,
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
        let trunk = best_by_height(world);
        let aside = aside(world, trunk);
        let top = aside.last().map_or(0, |(height, _)| height.0);
        let highest = Height(top.max((trunk.len() as u64).saturating_sub(1)));
        let to = window.top.unwrap_or(highest).min(highest);
        let from = Height((to.0 + 1).saturating_sub(window.heights.clamp(1, MAX_WINDOW)));
        let mut tips = tips(world);
        let mut blocks = blocks(world, &aside, from, to, &mut tips);
        let lanes = blocks.iter().map(|block| block.lane + 1).max().unwrap_or(0);
        blocks.retain(|block| block.lane < MAX_LANES);
        blocks.iter_mut().for_each(|block| block.tip_of.truncate(MAX_NAMES));
        let first = |names: Vec<String>| names.into_iter().take(MAX_NAMES).collect();
        let below = tips.into_values().filter(|tip| tip.height < from).map(|tip| (tip.height, first(tip.names)));
        Self { blocks, from, to, highest, tips_below: below.take(MAX_LANES).collect(), lanes, stale: aside.len() }
    }
}

/// The blocks of [`FILE_HEIGHTS`] heights, as lines of a file: height, id, parent, who found it, transactions, lane, whose tip it is. Empty above the highest.
pub fn chain_file(world: &World, from: Height) -> String {
    let aside = aside(world, best_by_height(world));
    let to = Height(from.0.saturating_add(FILE_HEIGHTS - 1));
    let line = |block: BlockBox| {
        let [height, transactions, lane] = [block.height.0, block.transactions as u64, block.lane as u64];
        vec![
            height.to_string(),
            block.id.to_string(),
            block.parent.to_string(),
            block.miner.unwrap_or_default(),
            transactions.to_string(),
            lane.to_string(),
            block.tip_of.join(", "),
        ]
    };
    csv(blocks(world, &aside, from, to, &mut tips(world)).into_iter().map(line))
}

/// All blocks of some heights, by height and lane. Takes the tips among them out of `tips`.
fn blocks(
    world: &World,
    aside: &BTreeSet<(Height, BlockId)>,
    from: Height,
    to: Height,
    tips: &mut BTreeMap<BlockId, Tip>,
) -> Vec<BlockBox> {
    let trunk = best_by_height(world).iter().skip(from.0 as usize).take((to.0 + 1 - from.0) as usize);
    let mut blocks: Vec<BlockBox> = trunk
        .map(|id| (*id, 0))
        .chain(lanes(world, aside, from, to))
        .filter_map(|(id, lane)| block_box(world, &id, lane, tips.remove(&id).unwrap_or_default().names))
        .collect();
    blocks.sort_by_key(|block| (block.height, block.lane, block.id));
    blocks
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

/// Whatever some node that is on knows besides the heaviest chain. Only what differs from it is looked at, so a long chain costs nothing.
fn aside(world: &World, trunk: &[BlockId]) -> BTreeSet<(Height, BlockId)> {
    let is_trunk = |height: Height, id: &BlockId| trunk.get(height.0 as usize) == Some(id);
    let mut found = BTreeSet::new();
    let mut followed = BTreeSet::new();
    for (_, node) in world.running() {
        let chain = node.chain();
        found.extend(chain.tree().aside(Height(0)..=Height(u64::MAX)).filter(|(height, id)| !is_trunk(*height, id)));
        if followed.insert(chain.tip()) {
            let best = chain.best().iter().enumerate().map(|(height, id)| (Height(height as u64), *id));
            found.extend(best.rev().take_while(|(height, id)| !is_trunk(*height, id)));
        }
    }
    found
}

/// Nodes that follow the same tip.
#[derive(Default)]
struct Tip {
    height: Height,
    names: Vec<String>,
}

fn tips(world: &World) -> BTreeMap<BlockId, Tip> {
    let mut tips: BTreeMap<BlockId, Tip> = BTreeMap::new();
    for sim in world.nodes() {
        if let Some(chain) = sim.node.as_ref().map(|node| node.chain()) {
            let tip = tips.entry(chain.tip()).or_default();
            tip.height = chain.height();
            tip.names.push(sim.name.clone());
        }
    }
    tips
}

/// The lane of each block beside the heaviest chain: a branch keeps one from its first block up, the lowest that is free there. So that it is the same in
/// every window, lanes are dealt out from the next lower height without a branch.
fn lanes(world: &World, aside: &BTreeSet<(Height, BlockId)>, from: Height, to: Height) -> Vec<(BlockId, usize)> {
    let at = |from: u64, to: u64| aside.range((Height(from), Hash::ZERO)..(Height(to + 1), Hash::ZERO));
    let lowest = from.0.saturating_sub(MAX_BACK);
    let first = (lowest..=from.0).rev().find(|height| at(*height, *height).next().is_none()).unwrap_or(lowest);
    let (mut lanes, mut used): (BTreeMap<BlockId, usize>, BTreeSet<(u64, usize)>) = Default::default();
    let mut continued = BTreeSet::new();
    let mut shown = Vec::new();
    for (height, id) in at(first, to.0) {
        let parent = entry(world, id).map(|entry| entry.header.parent).unwrap_or_default();
        let is_free = |lane: &usize| !used.contains(&(height.0, *lane));
        let inherited = lanes.get(&parent).copied().filter(|lane| is_free(lane) && continued.insert(parent));
        let is_new = |lane: &usize| is_free(lane) && !used.contains(&(height.0.saturating_sub(1), *lane));
        let lane = inherited.or_else(|| (1..).find(is_new)).unwrap_or(1);
        used.insert((height.0, lane));
        lanes.insert(*id, lane);
        if *height >= from {
            shown.push((*id, lane));
        }
    }
    shown
}

/// A block as some node has it, with its body if any has that.
fn entry<'a>(world: &'a World, id: &BlockId) -> Option<&'a Entry> {
    let known = || world.running().filter_map(|(_, node)| node.chain().tree().get(id));
    known().find(|entry| entry.body.is_some()).or_else(|| known().next())
}

fn block_box(world: &World, id: &BlockId, lane: usize, tip_of: Vec<String>) -> Option<BlockBox> {
    let entry = entry(world, id)?;
    let body = entry.body.as_ref();
    Some(BlockBox {
        id: *id,
        parent: entry.header.parent,
        height: entry.header.height,
        lane,
        miner: body.and_then(|block| world.name_of(&block.coinbase.to)).map(str::to_owned),
        transactions: body.map_or(0, |block| block.transactions.len()),
        followers: tip_of.len(),
        tip_of,
    })
}

impl BlockDetail {
    pub(super) fn of(world: &World, id: &BlockId) -> Option<Self> {
        let holders = || world.running().filter(|(_, node)| node.chain().tree().block(id).is_some());
        let (_, holder) = holders().next()?;
        let block: &Block = holder.chain().tree().block(id)?;
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
            nonce: block.header.seal.nonce().map(|nonce| nonce.to_string()).unwrap_or_default(),
            slot: holder.chain().stake_terms().map(|terms| terms.slot_at(block.header.timestamp)),
            size: block.size(),
            reward: block.coinbase.amount,
            best: best_by_height(world).get(block.header.height.0 as usize) == Some(id),
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
            Action::Stake(_) | Action::Unstake(_) => (String::new(), body.amount(), String::new()),
            Action::Attest(attestation) => (attestation.vote.head.short(), Amount::ZERO, String::new()),
            Action::Report(report) => {
                let offender = report.offence.offender().map(|key| named(&key.address()));
                (offender.unwrap_or_default(), Amount::ZERO, String::new())
            }
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
