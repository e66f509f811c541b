//! The rules a block can be judged by without a ledger. The other rules are in [`super::Ledger::apply`].
//!
//! Work comes first, so that garbage costs its sender; then the Merkle root, so that whatever is found wrong after it is wrong with
//! the block of this id and not with one peer's copy of it.

use std::{ops::Deref, sync::Arc};

use serde::Serialize;

use super::{BlockError, Rules, TransactionError, check_funding, rules::VERSION};
use crate::primitives::{Action, Amount, Block, BlockId, Checks, Header, Target, Timestamp, Transaction};

/// A block that keeps every rule that needs no ledger; cheap to clone. Only [`check_body`] makes one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckedBlock {
    id: BlockId,
    block: Arc<Block>,
}

/// What a header is judged against.
#[derive(Debug, Clone, Copy)]
pub struct HeaderContext<'a> {
    /// Its parent.
    pub parent: &'a Header,
    /// Median time of the eleven blocks that end with the parent.
    pub median: Timestamp,
    /// What the retarget rule gives.
    pub target: Target,
}

impl CheckedBlock {
    /// The id.
    pub fn id(&self) -> BlockId {
        self.id
    }

    /// The genesis block, which nothing judges: it is what the chain is named after.
    pub(super) fn genesis(block: Block) -> Self {
        Self { id: block.id(), block: Arc::new(block) }
    }
}

impl Deref for CheckedBlock {
    type Target = Block;

    fn deref(&self) -> &Block {
        &self.block
    }
}

/// Judges a header that claims `context.parent` as its parent.
///
/// # Errors
/// The first [`BlockError`] among version, height, target, work and timestamp.
pub fn check_header(header: &Header, id: &BlockId, context: &HeaderContext<'_>) -> Result<(), BlockError> {
    if header.version != VERSION {
        return Err(BlockError::WrongVersion { version: header.version, expected: VERSION });
    }
    let expected = context.parent.height.next();
    if header.height != expected {
        return Err(BlockError::WrongHeight { height: header.height, expected });
    }
    if header.target != context.target {
        return Err(BlockError::WrongTarget { target: header.target, expected: context.target });
    }
    if !header.target.is_met_by(id) {
        return Err(BlockError::InsufficientWork { hash: *id, target: header.target });
    }
    if header.timestamp <= context.median {
        return Err(BlockError::TimestampTooOld { timestamp: header.timestamp, median: context.median });
    }
    Ok(())
}

/// Judges a timestamp against our clock.
///
/// # Errors
/// [`BlockError::TimestampTooNew`]: hold the block and ask again later.
pub fn check_drift(header: &Header, now: Timestamp, rules: &Rules) -> Result<(), BlockError> {
    let limit = now.after(rules.max_future_drift);
    let timestamp = header.timestamp;
    if timestamp > limit { Err(BlockError::TimestampTooNew { timestamp, limit }) } else { Ok(()) }
}

/// Judges a body whose header is good.
///
/// # Errors
/// The first [`BlockError`] among Merkle root, size, coinbase and the rules of each transaction.
pub fn check_body(
    block: Block,
    id: BlockId,
    rules: &Rules,
    genesis: &BlockId,
    checks: &mut Checks,
) -> Result<CheckedBlock, BlockError> {
    let computed = block.merkle_root();
    if computed != block.header.merkle_root {
        return Err(BlockError::WrongMerkleRoot { computed, header: block.header.merkle_root });
    }
    let bytes = block.size();
    if bytes > rules.max_block_bytes as usize {
        return Err(BlockError::TooLarge { bytes, limit: rules.max_block_bytes });
    }
    check_coinbase(&block, rules)?;
    for (index, transaction) in block.transactions.iter().enumerate() {
        check_transaction(transaction, genesis, checks).map_err(|error| BlockError::Transaction { index, error })?;
    }
    Ok(CheckedBlock { id, block: Arc::new(block) })
}

/// The rules of a transaction that need no ledger.
///
/// # Errors
/// [`TransactionError::ZeroAmount`], [`TransactionError::CostOverflow`], [`TransactionError::BadSignature`],
/// [`TransactionError::BadCommitment`], or the [`super::ChannelError`] of a funding's terms.
pub fn check_transaction(
    transaction: &Transaction,
    genesis: &BlockId,
    checks: &mut Checks,
) -> Result<(), TransactionError> {
    let (amount, fee) = (transaction.unsigned.amount(), transaction.unsigned.fee);
    if transaction.unsigned.debits().is_none() {
        return Err(TransactionError::CostOverflow { amount, fee });
    }
    match &transaction.unsigned.action {
        Action::Transfer { amount: Amount::ZERO, .. } => return Err(TransactionError::ZeroAmount),
        Action::Fund(funding) => check_funding(funding)?,
        Action::Transfer { .. } | Action::Close(_) | Action::Dispute(_) => {}
    }
    if !transaction.is_signed(genesis, checks) {
        return Err(TransactionError::BadSignature { id: transaction.id() });
    }
    if let Action::Dispute(dispute) = &transaction.unsigned.action
        && let Some(shown) = dispute.step.commitment()
        && !shown.is_signed(&dispute.keys, genesis, &dispute.channel, checks)
    {
        return Err(TransactionError::BadCommitment { number: shown.commitment.number });
    }
    Ok(())
}

fn check_coinbase(block: &Block, rules: &Rules) -> Result<(), BlockError> {
    let subsidy = rules.subsidy_at(block.header.height);
    let fees = Amount::checked_sum(block.transactions.iter().map(|tx| tx.unsigned.fee));
    let allowed = fees.and_then(|fees| fees.checked_add(subsidy));
    if allowed == Some(block.coinbase.amount) {
        return Ok(());
    }
    Err(BlockError::WrongCoinbase { amount: block.coinbase.amount, subsidy, fees: fees.unwrap_or(Amount::MAX) })
}
