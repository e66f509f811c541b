//! The rules a block can be judged by without a ledger. The other rules are in [`super::Ledger::apply`].
//!
//! Each rule stands once, in a list: the `check_…` functions take the first that is broken, [`Chain::audit`](super::Chain::audit) takes all.
//!
//! Work comes first, so that garbage costs its sender; then the Merkle root, so that whatever is found wrong after it is wrong with
//! the block of this id and not with one peer's copy of it.

use std::{ops::Deref, sync::Arc};

use serde::Serialize;

use super::{
    BlockError, Rules, StakeError, StakeTerms, TransactionError, check_funding, check_step, rules::VERSION,
    stake::check_terms,
};
use crate::primitives::{
    Action, Amount, Block, BlockId, Checks, DisputeStep, Header, NOT_APPLICABLE, Target, Timestamp, Transaction,
    Verdict,
};

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
    /// When slots begin, on a chain of stake.
    pub terms: Option<&'a StakeTerms>,
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

/// A rule by the code of its error.
type Rule<Case> = (&'static str, Case);
type HeaderRule = Rule<fn(&HeaderCase<'_>) -> Verdict<BlockError>>;
type BodyRule = Rule<fn(&Block, &Rules) -> Verdict<BlockError>>;
type TransactionRule = Rule<fn(&Transaction, &BlockId, &mut Checks) -> Verdict<TransactionError>>;

/// A header with what it is judged against.
pub(super) struct HeaderCase<'a> {
    pub(super) header: &'a Header,
    pub(super) id: &'a BlockId,
    pub(super) context: &'a HeaderContext<'a>,
}

/// What a header must keep against its parent, in the order in which it is checked.
const WORK_RULES: [HeaderRule; 6] = [
    ("wrong-version", version),
    ("wrong-height", height),
    ("wrong-target", target),
    ("wrong-consensus", seal),
    ("insufficient-work", work),
    ("timestamp-too-old", after_median),
];
/// The same where stake seals blocks. Who may propose is asked of the state after the parent.
const STAKE_RULES: [HeaderRule; 5] = [
    ("wrong-version", version),
    ("wrong-height", height),
    ("wrong-target", target),
    ("wrong-consensus", seal),
    ("not-a-slot", begins_slot),
];
/// What a body must keep, its transactions aside.
pub(super) const BODY_RULES: [BodyRule; 3] =
    [("wrong-merkle-root", merkle_root), ("too-large", size), ("wrong-coinbase", coinbase)];
/// What a transaction must keep on any ledger.
pub(super) const TRANSACTION_RULES: [TransactionRule; 7] = [
    ("cost-overflow", cost),
    ("zero-amount", amount),
    ("channel-terms", terms),
    ("stake-terms", stake_terms),
    ("bad-signature", signature),
    ("bad-commitment", commitment),
    ("bad-evidence", evidence),
];

/// What a header is asked under a context.
pub(super) const fn header_rules(context: &HeaderContext<'_>) -> &'static [HeaderRule] {
    if context.terms.is_some() { &STAKE_RULES } else { &WORK_RULES }
}

/// Judges a header that claims `context.parent` as its parent.
///
/// # Errors
/// The first [`BlockError`] among version, height, target, work and timestamp.
pub fn check_header(header: &Header, id: &BlockId, context: &HeaderContext<'_>) -> Result<(), BlockError> {
    let case = HeaderCase { header, id, context };
    header_rules(context).iter().try_for_each(|(_, rule)| rule(&case).into_result())
}

/// Judges a timestamp against our clock.
///
/// # Errors
/// [`BlockError::TimestampTooNew`]: hold the block and ask again later.
pub fn check_drift(header: &Header, now: Timestamp, rules: &Rules) -> Result<(), BlockError> {
    drift(header, now, rules).into_result()
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
    BODY_RULES.iter().try_for_each(|(_, rule)| rule(&block, rules).into_result())?;
    for (index, transaction) in block.transactions.iter().enumerate() {
        check_transaction(transaction, genesis, checks).map_err(|error| BlockError::Transaction { index, error })?;
    }
    Ok(CheckedBlock { id, block: Arc::new(block) })
}

/// The rules of a transaction that need no ledger.
///
/// # Errors
/// [`TransactionError::ZeroAmount`], [`TransactionError::CostOverflow`], [`TransactionError::BadSignature`],
/// [`TransactionError::BadCommitment`], or the [`super::ChannelError`] of a funding's terms or of what a step brings.
pub fn check_transaction(
    transaction: &Transaction,
    genesis: &BlockId,
    checks: &mut Checks,
) -> Result<(), TransactionError> {
    TRANSACTION_RULES.iter().try_for_each(|(_, rule)| rule(transaction, genesis, checks).into_result())
}

fn version(case: &HeaderCase<'_>) -> Verdict<BlockError> {
    let version = case.header.version;
    Verdict::compare(version == VERSION, BlockError::WrongVersion { version, expected: VERSION })
}

fn height(case: &HeaderCase<'_>) -> Verdict<BlockError> {
    let (height, expected) = (case.header.height, case.context.parent.height.next());
    Verdict::compare(height == expected, BlockError::WrongHeight { height, expected })
}

fn target(case: &HeaderCase<'_>) -> Verdict<BlockError> {
    let (target, expected) = (case.header.target, case.context.target);
    Verdict::compare(target == expected, BlockError::WrongTarget { target, expected })
}

fn work(case: &HeaderCase<'_>) -> Verdict<BlockError> {
    let (hash, target) = (*case.id, case.header.target);
    Verdict::compare(target.is_met_by(&hash), BlockError::InsufficientWork { hash, target })
}

fn seal(case: &HeaderCase<'_>) -> Verdict<BlockError> {
    let fits = case.header.seal.proposal().is_some() == case.context.terms.is_some();
    Verdict::compare(fits, StakeError::WrongConsensus { what: "seal" }.into())
}

fn begins_slot(case: &HeaderCase<'_>) -> Verdict<BlockError> {
    let (timestamp, parent) = (case.header.timestamp, case.context.parent.timestamp);
    let begins = case.context.terms.is_some_and(|terms| terms.slot_of(timestamp).is_some());
    Verdict::compare(begins && timestamp > parent, StakeError::NotASlot { timestamp, parent }.into())
}

fn after_median(case: &HeaderCase<'_>) -> Verdict<BlockError> {
    let (timestamp, median) = (case.header.timestamp, case.context.median);
    Verdict::compare(timestamp > median, BlockError::TimestampTooOld { timestamp, median })
}

pub(super) fn drift(header: &Header, now: Timestamp, rules: &Rules) -> Verdict<BlockError> {
    let (timestamp, limit) = (header.timestamp, now.after(rules.max_future_drift));
    Verdict::compare(timestamp <= limit, BlockError::TimestampTooNew { timestamp, limit })
}

fn merkle_root(block: &Block, _: &Rules) -> Verdict<BlockError> {
    let (computed, header) = (block.merkle_root(), block.header.merkle_root);
    Verdict::compare(computed == header, BlockError::WrongMerkleRoot { computed, header })
}

fn size(block: &Block, rules: &Rules) -> Verdict<BlockError> {
    let (bytes, limit) = (block.size(), rules.max_block_bytes);
    Verdict::compare(bytes <= limit as usize, BlockError::TooLarge { bytes, limit })
}

fn coinbase(block: &Block, rules: &Rules) -> Verdict<BlockError> {
    let (amount, subsidy) = (block.coinbase.amount, rules.subsidy_at(block.header.height));
    let fees = Amount::checked_sum(block.transactions.iter().map(|tx| tx.unsigned.fee));
    let allowed = fees.and_then(|fees| fees.checked_add(subsidy));
    let fees = fees.unwrap_or(Amount::MAX);
    Verdict::compare(allowed == Some(amount), BlockError::WrongCoinbase { amount, subsidy, fees })
}

fn cost(transaction: &Transaction, _: &BlockId, _: &mut Checks) -> Verdict<TransactionError> {
    let (amount, fee) = (transaction.unsigned.amount(), transaction.unsigned.fee);
    Verdict::compare(transaction.unsigned.debits().is_some(), TransactionError::CostOverflow { amount, fee })
}

fn amount(transaction: &Transaction, _: &BlockId, _: &mut Checks) -> Verdict<TransactionError> {
    match &transaction.unsigned.action {
        Action::Transfer { amount, .. } => Verdict::compare(*amount > Amount::ZERO, TransactionError::ZeroAmount),
        _ => Verdict::Open(NOT_APPLICABLE),
    }
}

fn terms(transaction: &Transaction, _: &BlockId, _: &mut Checks) -> Verdict<TransactionError> {
    match &transaction.unsigned.action {
        Action::Fund(funding) => check_funding(funding).map_err(TransactionError::from).into(),
        Action::Dispute(dispute) if matches!(dispute.step, DisputeStep::Punish(_)) => Verdict::Open(NOT_APPLICABLE),
        Action::Dispute(dispute) => check_step(&dispute.step).map_err(TransactionError::from).into(),
        _ => Verdict::Open(NOT_APPLICABLE),
    }
}

fn stake_terms(transaction: &Transaction, _: &BlockId, _: &mut Checks) -> Verdict<TransactionError> {
    match &transaction.unsigned.action {
        action @ (Action::Attest(_) | Action::Report(_)) => {
            check_terms(action, transaction.unsigned.fee).map_err(TransactionError::from).into()
        }
        _ => Verdict::Open(NOT_APPLICABLE),
    }
}

fn evidence(transaction: &Transaction, genesis: &BlockId, checks: &mut Checks) -> Verdict<TransactionError> {
    match &transaction.unsigned.action {
        Action::Report(report) => {
            Verdict::compare(report.offence.is_signed(genesis, checks), StakeError::BadEvidence.into())
        }
        _ => Verdict::Open(NOT_APPLICABLE),
    }
}

fn signature(transaction: &Transaction, genesis: &BlockId, checks: &mut Checks) -> Verdict<TransactionError> {
    let id = transaction.id();
    Verdict::compare(transaction.is_signed(genesis, checks), TransactionError::BadSignature { id })
}

fn commitment(transaction: &Transaction, genesis: &BlockId, checks: &mut Checks) -> Verdict<TransactionError> {
    let Action::Dispute(dispute) = &transaction.unsigned.action else {
        return Verdict::Open(NOT_APPLICABLE);
    };
    let Some(shown) = dispute.step.commitment() else {
        return Verdict::Open(NOT_APPLICABLE);
    };
    let (number, signed) = (shown.commitment.number, shown.is_signed(&dispute.keys, genesis, &dispute.channel, checks));
    Verdict::compare(signed, TransactionError::BadCommitment { number })
}
