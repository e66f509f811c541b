//! Every rule of a block, one by one, whatever an earlier one says: what [`Chain::import`] judges, for people to read.
//!
//! The rules are the ones that import uses, in its order, so the first that is broken here is the error that import gives.

use super::{
    BlockError, Chain, HeaderContext, Ledger, Rules, TransactionError,
    check::{self, BODY_RULES, HeaderCase, TRANSACTION_RULES, header_rules},
    ledger,
    stake::{SEAL_RULES, SealCase, Turn},
};
use crate::primitives::{Action, Block, BlockId, Checks, Finding, Header, Timestamp, Transaction, Verdict};

/// Blocks undone and applied to find the ledger that a block was built on; an older one is not judged by the rules that need it.
const MAX_REWIND: usize = 300;

/// What every rule says of a block, in the order in which they are checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockAudit {
    /// The rules.
    pub findings: Vec<BlockFinding>,
}

/// What a rule says of a block, or of one transaction in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockFinding {
    /// The transaction's place, from 0.
    pub transaction: Option<usize>,
    /// The rule.
    pub finding: Finding<BlockError>,
}

impl BlockAudit {
    /// The first rule broken: what import would say.
    pub fn first_error(&self) -> Option<&BlockError> {
        self.findings.iter().find_map(|found| found.finding.error())
    }

    /// Whether every rule was evaluated.
    pub fn is_complete(&self) -> bool {
        self.findings.iter().all(|found| found.finding.is_kept() || found.finding.error().is_some())
    }

    /// Judges the timestamp again by another clock.
    pub fn by_clock(&mut self, chain: &Chain, header: &Header, now: Timestamp) {
        let drift = drift(chain.rules(), header, now);
        self.findings.iter_mut().filter(|found| found.finding.rule == drift.rule).for_each(|found| {
            found.finding = drift.clone();
        });
    }

    fn is_broken(&self, rule: &str) -> bool {
        self.findings.iter().any(|found| found.finding.rule == rule && found.finding.error().is_some())
    }

    fn push(&mut self, finding: Finding<BlockError>) {
        self.findings.push(BlockFinding { transaction: None, finding });
    }

    fn push_at(&mut self, index: usize, finding: Finding<TransactionError>) {
        let finding = finding.map(|error| BlockError::Transaction { index, error });
        self.findings.push(BlockFinding { transaction: Some(index), finding });
    }
}

impl Chain {
    /// Judges a block by every rule, against its parent in this tree and this chain's ledger there. Nothing is remembered. The genesis
    /// block is judged by nothing: the chain is named after it.
    pub fn audit(&self, now: Timestamp, block: &Block, checks: &mut Checks) -> BlockAudit {
        let mut audit = BlockAudit { findings: Vec::new() };
        let id = block.id();
        if id == self.genesis_id() {
            return audit;
        }
        audit.push(Finding::new("known-invalid", self.known_invalid(&id, &block.header)));
        self.audit_header(&mut audit, now, &block.header, &id);
        self.audit_seal(&mut audit, &block.header, checks);
        for (rule, judge) in BODY_RULES {
            audit.push(Finding::new(rule, judge(block, self.rules())));
        }
        for (index, transaction) in block.transactions.iter().enumerate() {
            for finding in audit_transaction(transaction, &self.genesis_id(), checks) {
                audit.push_at(index, finding);
            }
        }
        match self.ledger_after(&block.header.parent) {
            Ok(ledger) => audit_state(&mut audit, &ledger, block, self.rules()),
            Err(why) => leave_state(&mut audit, block, 0, why),
        }
        audit
    }

    /// The state after a block, worked out from the best one's.
    ///
    /// # Errors
    /// The stable name of why that is not possible.
    fn ledger_after(&self, id: &BlockId) -> Result<Ledger, &'static str> {
        if let Some(ledger) = self.stake.as_ref().and_then(|staked| staked.ledger(id)) {
            return Ok(ledger.clone());
        }
        let block = |id: &BlockId| self.tree.block(id).ok_or("no-parent");
        block(id)?;
        let mut off: Vec<BlockId> =
            self.tree.ancestry(*id).map(|(id, _)| id).take_while(|id| !self.is_best(id)).collect();
        off.reverse();
        let fork = off.first().map_or(Ok(*id), |lowest| block(lowest).map(|block| block.header.parent))?;
        let above = block(&fork)?.header.height.0 as usize + 1;
        if self.best.len() - above + off.len() > MAX_REWIND {
            return Err("too-deep");
        }
        let mut ledger = self.ledger().clone();
        for id in self.best[above..].iter().rev() {
            ledger.undo(&self.undo[id]);
        }
        for id in off {
            ledger.apply(block(&id)?, self.rules()).map_err(|_| "invalid-parent")?;
        }
        Ok(ledger)
    }

    fn audit_header(&self, audit: &mut BlockAudit, now: Timestamp, header: &Header, id: &BlockId) {
        let unknown = |kept| Verdict::compare(kept, BlockError::UnknownParent { parent: header.parent });
        let Some(parent) = self.tree.get(&header.parent) else {
            audit.push(Finding::new("unknown-parent", unknown(false)));
            let rules = header_rules(&self.next_context());
            rules.iter().for_each(|(rule, _)| audit.push(Finding::new(rule, Verdict::Open("no-parent"))));
            audit.push(drift(self.rules(), header, now));
            return;
        };
        // A parent of which only the header is here is as good as none, but that is asked after the header's rules.
        let whole = self.tree.block(&header.parent).is_some();
        if whole {
            audit.push(Finding::new("unknown-parent", unknown(true)));
        }
        let context: HeaderContext<'_> = self.context(&parent.header, header.parent);
        let case = HeaderCase { header, id, context: &context };
        header_rules(&context).iter().for_each(|(rule, judge)| audit.push(Finding::new(rule, judge(&case))));
        audit.push(drift(self.rules(), header, now));
        if !whole {
            audit.push(Finding::new("unknown-parent", unknown(false)));
        }
    }
}

impl Chain {
    /// The rules of a seal of stake, on the state after the parent.
    fn audit_seal(&self, audit: &mut BlockAudit, header: &Header, checks: &mut Checks) {
        if !self.is_staked() {
            return;
        }
        let below = self.ledger_after(&header.parent);
        let genesis = self.genesis_id();
        let case = below.as_ref().map(|below| SealCase::new(header, &genesis, below));
        for (rule, judge) in SEAL_RULES {
            let verdict = match &case {
                Ok(Some(case)) => judge(case, checks).map(BlockError::from),
                Ok(None) => Verdict::Open("wrong-consensus"),
                Err(why) => Verdict::Open(why),
            };
            audit.push(Finding::new(rule, verdict));
        }
    }
}

fn drift(rules: &Rules, header: &Header, now: Timestamp) -> Finding<BlockError> {
    Finding::new("timestamp-too-new", check::drift(header, now, rules))
}

/// The rules that need the ledger, as applying the block asks them.
fn audit_state(audit: &mut BlockAudit, ledger: &Ledger, block: &Block, rules: &Rules) {
    let mut draft = ledger.draft();
    if let Some(turn) = Turn::of(&block.header, ledger) {
        draft.begin(&turn);
    }
    for (index, transaction) in block.transactions.iter().enumerate() {
        draft.findings(transaction).into_iter().for_each(|finding| audit.push_at(index, finding));
        if draft.transact(transaction).is_err() {
            leave_state(audit, block, index + 1, "transaction-broken");
            return;
        }
    }
    // A coinbase that is not subsidy and fees may be more than there can be: it is not paid, also not on trial.
    if audit.is_broken("wrong-coinbase") {
        leave_state(audit, block, block.transactions.len(), "coinbase-broken");
        return;
    }
    let supply = draft.close(&block.coinbase, rules.subsidy_at(block.header.height));
    let state = match supply {
        Verdict::Kept(_) => ledger::state_root(draft.root(), block.header.state_root),
        Verdict::Broken(_) | Verdict::Open(_) => Verdict::Open("supply-broken"),
    };
    audit.push(Finding::new("supply-exceeded", supply));
    audit.push(Finding::new("wrong-state-root", state));
}

/// The rules of a transaction that need no ledger.
pub(super) fn audit_transaction(
    transaction: &Transaction,
    genesis: &BlockId,
    checks: &mut Checks,
) -> Vec<Finding<TransactionError>> {
    let findings = TRANSACTION_RULES.map(|(rule, judge)| Finding::new(rule, judge(transaction, genesis, checks)));
    findings.into_iter().filter(Finding::applies).collect()
}

/// Notes that from transaction `from` on nothing was judged by the ledger.
fn leave_state(audit: &mut BlockAudit, block: &Block, from: usize, why: &'static str) {
    for (index, transaction) in block.transactions.iter().enumerate().skip(from) {
        let rules: &[&'static str] = match transaction.unsigned.action {
            Action::Transfer { .. } => &["wrong-nonce", "insufficient-balance"],
            Action::Fund(_) | Action::Close(_) | Action::Dispute(_) => &["adjudicator"],
            Action::Stake(_) | Action::Unstake(_) | Action::Attest(_) | Action::Report(_) => &["validators"],
        };
        rules.iter().for_each(|rule| audit.push_at(index, Finding::new(rule, Verdict::Open(why))));
    }
    ["supply-exceeded", "wrong-state-root"].iter().for_each(|rule| audit.push(Finding::new(rule, Verdict::Open(why))));
}
