//! What mends a broken rule: the value that the rule compared with, or another signature.

use super::{Change, Edit, Judgement, Thing};
use crate::{
    chain::{BlockError, PoolError, TransactionError},
    primitives::{Action, Transaction, TransactionId},
    sim::World,
};

/// A broken rule that can be mended: its name, the transaction, and what mends it.
pub(super) type Cure = (&'static str, Option<TransactionId>, Change);

impl Edit {
    /// What can be mended, in the order of the rules.
    pub(super) fn cures(&self, judged: Judgement<'_>) -> Vec<Cure> {
        match (&self.copy, judged) {
            (Thing::Block(block), Judgement::Block(audit)) => {
                let cure = |found: &crate::chain::BlockFinding| {
                    let one = found.transaction.and_then(|at| block.transactions.get(at));
                    Some((found.finding.rule, one.map(Transaction::id), of_block(found.finding.error()?, one)?))
                };
                audit.findings.iter().filter_map(cure).collect()
            }
            (Thing::Transaction(one), Judgement::Transaction(findings)) => {
                findings.iter().filter_map(|found| Some((found.rule, None, of_pool(found.error()?, one)?))).collect()
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn fix(
        &mut self,
        world: &World,
        rule: &str,
        transaction: Option<TransactionId>,
        judged: Judgement<'_>,
    ) -> Result<(), String> {
        let cure = self.cures(judged).into_iter().find(|cure| (cure.0, cure.1) == (rule, transaction));
        let (.., change) = cure.ok_or_else(|| format!("nothing mends {rule} here"))?;
        self.change(world, change, judged)
    }
}

fn of_block(error: &BlockError, one: Option<&Transaction>) -> Option<Change> {
    let set = |field: &str, value: String| Some(Change::Set { field: format!("header.{field}"), value });
    match error {
        BlockError::WrongVersion { expected, .. } => set("version", expected.to_string()),
        BlockError::WrongHeight { expected, .. } => set("height", expected.to_string()),
        BlockError::WrongTarget { expected, .. } => set("target", expected.to_string()),
        BlockError::TimestampTooOld { median, .. } => set("timestamp", median.after(1).to_string()),
        BlockError::TimestampTooNew { limit, .. } => set("timestamp", limit.to_string()),
        BlockError::WrongMerkleRoot { computed, .. } => set("merkleRoot", computed.to_string()),
        BlockError::WrongStateRoot { computed, .. } => set("stateRoot", computed.to_string()),
        BlockError::WrongCoinbase { subsidy, fees, .. } => {
            Some(Change::Set { field: "coinbase.amount".to_owned(), value: subsidy.checked_add(*fees)?.to_string() })
        }
        BlockError::InsufficientWork { .. } => Some(Change::Mine),
        BlockError::Transaction { index, error } => {
            of_transaction(error, one?, *index, &format!("transactions[{index}]."))
        }
        BlockError::UnknownParent { .. }
        | BlockError::KnownInvalid { .. }
        | BlockError::TooLarge { .. }
        | BlockError::SupplyExceeded { .. }
        | BlockError::Stake(_) => None,
    }
}

fn of_pool(error: &PoolError, one: &Transaction) -> Option<Change> {
    let fee =
        |value: crate::primitives::Amount| Some(Change::Set { field: "fee".to_owned(), value: value.to_string() });
    match error {
        PoolError::Transaction { error } => of_transaction(error, one, 0, ""),
        PoolError::FeeTooLow { minimum, .. } => fee(*minimum),
        PoolError::ReplacementUnderpriced { required, .. } => fee(*required),
        _ => None,
    }
}

fn of_transaction(error: &TransactionError, one: &Transaction, at: usize, prefix: &str) -> Option<Change> {
    match (error, &one.unsigned.action) {
        (TransactionError::BadSignature { .. }, _) => Some(Change::Sign { at }),
        (TransactionError::WrongNonce { expected, .. }, Action::Transfer { .. }) => {
            Some(Change::Set { field: format!("{prefix}action.nonce"), value: expected.to_string() })
        }
        (TransactionError::ZeroAmount, Action::Transfer { .. }) => {
            Some(Change::Set { field: format!("{prefix}action.amount"), value: "1".to_owned() })
        }
        _ => None,
    }
}
