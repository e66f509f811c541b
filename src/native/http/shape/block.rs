//! Blocks.

use serde::Serialize;
use utoipa::ToSchema;

use super::TransactionShape;
use crate::{
    chain::CheckedBlock,
    primitives::{Address, Amount, BlockId, Hash, Height, Target, Timestamp},
};

/// A block.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Block)]
#[serde(rename_all = "camelCase")]
pub(in crate::native::http) struct BlockShape {
    /// Its id: the work hash.
    #[schema(value_type = String)]
    hash: BlockId,
    /// Blocks below.
    #[schema(value_type = u64)]
    height: Height,
    /// The block built upon.
    #[schema(value_type = String)]
    parent: BlockId,
    /// Version of the rules.
    version: u32,
    /// Over the coinbase and the transactions (RFC 6962).
    #[schema(value_type = String)]
    merkle_root: Hash,
    /// Over all consensus state after it.
    #[schema(value_type = String)]
    state_root: Hash,
    /// When its miner built it: milliseconds since 1970.
    #[schema(value_type = u64)]
    timestamp: Timestamp,
    /// What the work hash must not exceed.
    #[schema(value_type = String)]
    target: Target,
    /// Hashes that the target takes on average: a decimal string.
    difficulty: String,
    /// What brings the work hash to the target: a decimal string. Missing where stake seals blocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    /// Whose stake seals it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    proposer: Option<Address>,
    /// Who is paid for it.
    coinbase: CoinbaseShape,
    /// Bytes.
    size: usize,
    /// In the order in which they are applied.
    transactions: Vec<TransactionShape>,
}

/// A block, and whether it is on the best chain. What is on no longer is `false`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::native::http) struct PlacedBlock {
    #[serde(flatten)]
    block: BlockShape,
    in_best_chain: bool,
}

/// New money and fees.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Coinbase)]
pub(in crate::native::http) struct CoinbaseShape {
    /// Who is paid.
    #[schema(value_type = String)]
    to: Address,
    /// Base units.
    #[schema(value_type = u64)]
    amount: Amount,
}

impl BlockShape {
    /// A block.
    pub(in crate::native::http) fn of(block: &CheckedBlock) -> Self {
        let header = &block.header;
        Self {
            hash: block.id(),
            height: header.height,
            parent: header.parent,
            version: header.version,
            merkle_root: header.merkle_root,
            state_root: header.state_root,
            timestamp: header.timestamp,
            target: header.target,
            difficulty: header.target.work().hashes().to_string(),
            nonce: header.seal.nonce().map(|nonce| nonce.to_string()),
            proposer: header.seal.proposal().map(|proposal| proposal.proposer.address()),
            coinbase: CoinbaseShape { to: block.coinbase.to, amount: block.coinbase.amount },
            size: block.size(),
            transactions: block.transactions.iter().map(TransactionShape::of).collect(),
        }
    }
}
