//! One transaction from near: what it does, and where it is.

use borsh::{BorshDeserialize, BorshSerialize};

use super::TransactionRow;
use crate::{
    primitives::{
        Action, Address, Block, BlockId, ChannelId, Height, Nonce, PublicKey, Scheme, Transaction, TransactionId,
    },
    sim::World,
};

/// Blocks below the heaviest tip that are searched for a transaction whose block is not known.
const MAX_SEARCH: usize = 64;
/// Nodes at which it waits that are listed.
const MAX_NAMES: usize = 12;

/// A transaction from near.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct TransactionDetail {
    /// What it does.
    pub row: TransactionRow,
    /// Whose nonces it takes, and which.
    pub nonces: Vec<(String, Nonce)>,
    /// The channel that it opens or changes.
    pub channel: Option<ChannelId>,
    /// What signed it: the sender's key, and the cosigner's.
    pub keys: Vec<KeyFacts>,
    /// Bytes.
    pub size: usize,
    /// Base units per 1,000 bytes.
    pub fee_rate: u64,
    /// Nodes at which it waits (the first twelve) and how many these are.
    pub waiting_at: (Vec<String>, usize),
    /// The block that it is in.
    pub place: Option<Place>,
}

/// What keys of a kind are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct KeyFacts {
    /// Bits of an RSA key's modulus; nothing of an Ed25519 key, which all have one size.
    pub rsa_bits: Option<usize>,
    /// Bytes of a public key.
    pub key: usize,
    /// Bytes of a signature.
    pub signature: usize,
}

/// Where a transaction is confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Place {
    /// The block.
    pub block: BlockId,
    /// Its height.
    pub height: Height,
    /// The transaction's place in it, from 0.
    pub index: usize,
    /// Whether that block is on the heaviest chain.
    pub best: bool,
}

/// A transaction found somewhere.
pub(super) struct Found {
    pub(super) transaction: Transaction,
    pub(super) place: Option<Place>,
}

impl Found {
    /// Looks into `block`, then where it waits, then down the heaviest chain a while.
    pub(super) fn of(world: &World, id: &TransactionId, block: Option<BlockId>) -> Option<Self> {
        let best = super::chain::best_by_height(world);
        let hint = block.and_then(|block| in_block(world, &block, id, best));
        // A block that left the heaviest chain is good enough only if no better place is found.
        if hint.as_ref().is_some_and(|found| found.place.is_some_and(|place| place.best)) {
            return hint;
        }
        let below = best.iter().rev().take(MAX_SEARCH);
        let confirmed = below.filter_map(|block| in_block(world, block, id, best)).next();
        let waiting = || world.running().find_map(|(_, node)| node.mempool().get(id).cloned());
        confirmed.or(hint).or_else(|| Some(Self { transaction: Transaction::clone(&*waiting()?), place: None }))
    }
}

fn in_block(world: &World, id: &BlockId, transaction: &TransactionId, best: &[BlockId]) -> Option<Found> {
    let block: &Block = world.running().find_map(|(_, node)| node.chain().tree().block(id))?;
    let index = block.transactions.iter().position(|one| one.id() == *transaction)?;
    let height = block.header.height;
    let best = usize::try_from(height.0).ok().and_then(|at| best.get(at)) == Some(id);
    let place = Some(Place { block: *id, height, index, best });
    Some(Found { transaction: block.transactions[index].clone(), place })
}

impl KeyFacts {
    pub(super) fn of(key: &PublicKey) -> Self {
        let size = key.bytes().len();
        let rsa_bits = (key.scheme() == Scheme::Rsa).then_some(8 * size);
        Self { rsa_bits, key: size, signature: key.signature_size() }
    }
}

impl TransactionDetail {
    pub(super) fn of(world: &World, found: &Found) -> Self {
        let (transaction, id) = (&found.transaction, found.transaction.id());
        let body = &transaction.unsigned;
        let named = |address: &Address| world.name_of(address).map_or_else(|| address.short(), str::to_owned);
        let (size, opens) = (transaction.size(), matches!(body.action, Action::Fund(_)));
        let waits = |(index, node): (u32, &crate::node::Node)| {
            node.mempool().get(&id).and_then(|_| world.node(index)).map(|sim| sim.name.clone())
        };
        let mut waiting_at: Vec<String> = world.running().filter_map(waits).collect();
        let count = waiting_at.len();
        waiting_at.truncate(MAX_NAMES);
        Self {
            row: TransactionRow::of(world, transaction),
            nonces: body.nonces().into_iter().map(|(address, nonce)| (named(&address), nonce)).collect(),
            channel: opens.then_some(id).or(body.action.channel().copied()),
            keys: [Some(body.sender()), body.cosigner()].into_iter().flatten().map(KeyFacts::of).collect(),
            size,
            fee_rate: body.fee.units().saturating_mul(1_000) / size as u64,
            waiting_at: (waiting_at, count),
            place: found.place,
        }
    }
}
