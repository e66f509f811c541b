//! The rules of a block.

use std::collections::BTreeMap;

use super::{MAX_BROKEN, Outcome, RuleRow, RulesView, transaction, values};
use crate::{
    chain::{BlockAudit, BlockError, BlockFinding},
    primitives::{Block, Height},
};

impl RulesView {
    /// All rules of a block as `judge` evaluates them.
    pub(in crate::view) fn of_block(audit: &BlockAudit, block: &Block, judge: &str) -> Self {
        if block.header.height == Height(0) {
            return Self::default().note("genesis", Vec::new());
        }
        // Where a rule of transactions is met first, all transactions' findings of it are told together.
        let mut by_rule: BTreeMap<&str, Vec<&BlockFinding>> = BTreeMap::new();
        for found in audit.findings.iter().filter(|found| found.transaction.is_some()) {
            by_rule.entry(found.finding.rule).or_default().push(found);
        }
        let mut rows = Vec::new();
        for found in &audit.findings {
            match found.transaction {
                None => rows.push(RuleRow::new("", &found.finding, compared)),
                Some(_) => {
                    rows.extend(by_rule.remove(found.finding.rule).into_iter().flat_map(|all| together(&all, block)))
                }
            }
        }
        Self { rows, ..Self::default() }.note("judged-by", values![judge])
    }
}

/// One row for a rule of many transactions, and one for each transaction that broke it.
fn together(all: &[&BlockFinding], block: &Block) -> Vec<RuleRow> {
    let row = |found: &BlockFinding| {
        let transaction = found.transaction.and_then(|index| block.transactions.get(index));
        let mut row = RuleRow::new("", &found.finding, compared);
        row.transaction = transaction.map(crate::primitives::Transaction::id);
        row
    };
    if let [only] = all {
        return vec![row(only)];
    }
    let kept = all.iter().filter(|found| found.finding.is_kept()).count();
    let broken: Vec<&&BlockFinding> = all.iter().filter(|found| found.finding.error().is_some()).collect();
    let outcome = match (broken.len(), kept) {
        (0, kept) if kept == all.len() => Outcome::Kept,
        (0, _) => Outcome::Open,
        _ => Outcome::Broken,
    };
    let left = all.iter().find(|found| !found.finding.is_kept() && found.finding.error().is_none());
    let why = left.and_then(|found| row(found).why);
    let sum = RuleRow {
        outcome,
        why,
        counts: Some((kept, all.len())),
        ..RuleRow::compared(all[0].finding.rule, true, vec![])
    };
    std::iter::once(sum).chain(broken.into_iter().take(MAX_BROKEN).map(|found| row(found))).collect()
}

fn compared(error: &BlockError) -> Vec<String> {
    match error {
        BlockError::UnknownParent { parent } => values![parent],
        BlockError::KnownInvalid { block, rule } => values![block, rule],
        BlockError::WrongVersion { version, expected } => values![version, expected],
        BlockError::WrongHeight { height, expected } => values![height, expected],
        BlockError::TimestampTooOld { timestamp, median } => values![timestamp, median],
        BlockError::TimestampTooNew { timestamp, limit } => values![timestamp, limit],
        BlockError::WrongTarget { target, expected } => values![target, expected, target.work(), expected.work()],
        BlockError::InsufficientWork { hash, target } => values![hash, target, target.work()],
        BlockError::WrongMerkleRoot { computed, header } => values![header, computed],
        BlockError::TooLarge { bytes, limit } => values![bytes, limit],
        BlockError::WrongCoinbase { amount, subsidy, fees } => values![amount, subsidy, fees],
        BlockError::Transaction { error, .. } => transaction::compared(error),
        BlockError::SupplyExceeded { issued, subsidy, cap } => values![issued, subsidy, cap],
        // The rules of a validator are many; its error says which one it was.
        BlockError::Stake(_) => vec![],
        BlockError::WrongStateRoot { computed, header } => values![header, computed],
    }
}
