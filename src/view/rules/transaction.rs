//! The rules of a transaction, those of the pool included.

use std::sync::Arc;

use super::{RuleRow, RulesView, values};
use crate::{
    chain::{PoolError, TransactionError},
    node::Node,
    primitives::{Checks, Finding, Transaction},
    view::{Place, transaction::Found},
};

impl RulesView {
    /// All rules of a transaction, were it to come to `node` now.
    pub(in crate::view) fn of_transaction(found: &Found, name: &str, node: &Node) -> Self {
        Self::of_pool(&pool_findings(&found.transaction, node), found.place, name, node)
    }

    /// What the pool of `node` says of a transaction that stands at `place`.
    pub(in crate::view) fn of_pool(
        findings: &[Finding<PoolError>],
        place: Option<Place>,
        name: &str,
        node: &Node,
    ) -> Self {
        let (chain, ledger) = (node.chain(), node.chain().ledger());
        // The pool takes later nonces too, and a block only the next: another sentence.
        let prefix = |rule: &str| if rule == "wrong-nonce" { "pool-" } else { "" };
        let row = |finding: &Finding<PoolError>| RuleRow::new(prefix(finding.rule), finding, in_pool);
        let rules = Self { rows: findings.iter().map(row).collect(), ..Self::default() };
        let rules = rules.note("as-if-new", values![name, ledger.height()]);
        let there = |place: &Place| chain.is_best(&place.block);
        match place.filter(there) {
            Some(place) => rules.note("confirmed-there", values![place.height]),
            None => rules,
        }
    }
}

/// All rules of a transaction, were it to come to `node` now.
pub(in crate::view) fn pool_findings(transaction: &Transaction, node: &Node) -> Vec<Finding<PoolError>> {
    let (chain, transaction) = (node.chain(), Arc::new(transaction.clone()));
    node.mempool().audit(&transaction, &chain.genesis_id(), chain.ledger(), &mut Checks::forgetful())
}

pub(super) fn compared(error: &TransactionError) -> Vec<String> {
    match error {
        TransactionError::BadSignature { id } => values![id],
        TransactionError::BadCommitment { number } => values![number],
        TransactionError::ZeroAmount => vec![],
        TransactionError::CostOverflow { amount, fee } => values![amount, fee],
        TransactionError::WrongNonce { nonce, expected } => values![nonce, expected],
        TransactionError::InsufficientBalance { balance, amount, fee } => values![balance, amount, fee],
        // Rules of the adjudicator and of validators are many; the error says which one it was.
        TransactionError::Channel(_) | TransactionError::Stake(_) => vec![],
    }
}

fn in_pool(error: &PoolError) -> Vec<String> {
    match error {
        PoolError::Transaction { error } => compared(error),
        PoolError::FeeTooLow { fee, minimum, bytes } => values![fee, minimum, bytes],
        PoolError::NonceTooFar { nonce, expected, limit } => values![nonce, expected, limit],
        PoolError::ReplacementUnderpriced { fee, required, replaces } => values![fee, required, replaces],
        // Another error of the rule whose sentence compares fees.
        PoolError::Outdated { .. } | PoolError::Vote => vec![],
        PoolError::Overspent { balance, required } => values![required, balance],
        PoolError::Full { fee_rate, lowest } => values![fee_rate, lowest],
    }
}
