//! What the pool asks of a transaction, each rule once: [`Mempool::admit`] stops at the first that is broken, [`Mempool::audit`] takes all.

use std::{collections::BTreeSet, sync::Arc};

use super::{MAX_NONCE_GAP, Mempool, PoolError, Pooled, REPLACEMENT_PERCENT, amount};
use crate::{
    chain::{Account, ChannelError, ChannelRecord, Ledger, TransactionError, audit::audit_transaction},
    primitives::{
        Address, Amount, BlockId, Checks, Finding, Funding, NOT_APPLICABLE, Nonce, Transaction, TransactionId, Verdict,
    },
};

impl Mempool {
    /// What every rule says of a transaction that comes here now: those of consensus, then the pool's, in the order in which a node asks
    /// them. One that waits already is judged as if it came again.
    pub fn audit(
        &self,
        transaction: &Arc<Transaction>,
        genesis: &BlockId,
        ledger: &Ledger,
        checks: &mut Checks,
    ) -> Vec<Finding<PoolError>> {
        let (new, consensus) = (Pooled::new(Arc::clone(transaction)), |error| PoolError::Transaction { error });
        if self.waiting.contains_key(&new.id) {
            let mut others = self.clone();
            others.remove(&new.id);
            return others.audit(transaction, genesis, ledger, checks);
        }
        let mut findings: Vec<Finding<PoolError>> =
            audit_transaction(transaction, genesis, checks).into_iter().map(|finding| finding.map(consensus)).collect();
        findings.push(Finding::new("fee-too-low", self.pays(&new)));
        for (address, nonce) in new.nonces() {
            let account = ledger.account(address);
            findings.push(Finding::new("wrong-nonce", is_unspent(*nonce, account)));
            findings.push(Finding::new("nonce-too-far", is_near(*nonce, account)));
        }
        findings.extend(self.adjudicated(&new, ledger).into_iter().map(|finding| finding.map(consensus)));
        let replaced = self.in_the_way_of(&new);
        findings.push(Finding::new("replacement-underpriced", self.replacement(&new, &replaced)));
        for (payer, debit) in new.debits() {
            let account = ledger.account(payer);
            findings.push(Finding::new("insufficient-balance", affords(&new, payer, *debit, account)));
            findings.push(Finding::new("overspent", self.affords_all(&replaced, payer, *debit, account)));
        }
        findings.push(Finding::new("pool-full", self.make_room(&new, &replaced).map(drop).into()));
        findings.retain(Finding::applies);
        findings
    }

    /// What the adjudicator says. A funding is judged as if its nonces were next.
    fn adjudicated(&self, new: &Pooled, ledger: &Ledger) -> Vec<Finding<TransactionError>> {
        match new.funding() {
            Some(funding) => {
                let funded = self.check_funding(funding, ledger).map_err(TransactionError::from);
                vec![Finding::new("adjudicator", funded.into())]
            }
            None => {
                if new.transaction.unsigned.action.is_of_stake() {
                    return vec![Finding::new("validators", staking(new, ledger))];
                }
                let findings = ledger.draft().findings(&new.transaction).into_iter();
                findings.filter(|finding| finding.rule == "adjudicator").collect()
            }
        }
    }

    pub(super) fn check_funding(&self, funding: &Funding, ledger: &Ledger) -> Result<(), ChannelError> {
        ChannelRecord::open(funding, ledger.height().next())?;
        self.check_resizing(funding, ledger)
    }

    /// Whether the channel that a funding replaces can end so: as it is on the ledger, or as one that waits will open it.
    pub(super) fn check_resizing(&self, funding: &Funding, ledger: &Ledger) -> Result<(), ChannelError> {
        let Some(resizing) = &funding.resizes else {
            return Ok(());
        };
        let channel = resizing.channel;
        let waiting = || {
            let first = self.waiting.get(&channel)?.funding()?;
            ChannelRecord::open(first, ledger.height().next()).ok().map(Arc::new)
        };
        let record = ledger.channel(&channel).or_else(waiting).ok_or(ChannelError::UnknownChannel { channel })?;
        record.resize(&funding.keys(), resizing)
    }

    /// Those whose places a new one wants, if it may have them.
    pub(super) fn check_replacement(&self, new: &Pooled) -> Result<BTreeSet<TransactionId>, PoolError> {
        let olds = self.in_the_way_of(new);
        self.replacement(new, &olds).into_result()?;
        Ok(olds)
    }

    fn in_the_way_of(&self, new: &Pooled) -> BTreeSet<TransactionId> {
        let nonces = new.nonces();
        let taken = nonces.iter().filter_map(|(sender, nonce)| self.senders.get(sender)?.get(nonce));
        taken.chain(new.step().and_then(|step| self.steps.get(&step))).copied().collect()
    }

    /// A new one must pay for all whose places it takes. A refutation by a newer commitment need not: nobody may keep it out by an
    /// older one with a high fee.
    fn replacement(&self, new: &Pooled, olds: &BTreeSet<TransactionId>) -> Verdict<PoolError> {
        let Some(first) = olds.first() else {
            return Verdict::Open(NOT_APPLICABLE);
        };
        if new.refutes_with().is_some() && new.refutes_with() != self.waiting[first].refutes_with() {
            let newer = new.refutes_with() > self.waiting[first].refutes_with();
            return Verdict::compare(newer, PoolError::Outdated { replaces: *first });
        }
        let fees = olds.iter().map(|id| self.waiting[id].transaction.unsigned.fee.units()).sum::<u64>();
        let required = Amount::new(fees.saturating_mul(REPLACEMENT_PERCENT).div_ceil(100)).unwrap_or(Amount::MAX);
        let (fee, best) = (new.transaction.unsigned.fee, olds.iter().map(|id| self.waiting[id].fee_rate).max());
        let pays = fee >= required && Some(new.fee_rate) > best;
        Verdict::compare(pays, PoolError::ReplacementUnderpriced { fee, required, replaces: *first })
    }

    pub(super) fn pays(&self, new: &Pooled) -> Verdict<PoolError> {
        let (fee, minimum, bytes) = (new.transaction.unsigned.fee, self.least_fee(new), new.size);
        Verdict::compare(fee >= minimum, PoolError::FeeTooLow { fee, minimum, bytes })
    }

    pub(super) fn check_affordable(
        &self,
        new: &Pooled,
        replaced: &BTreeSet<TransactionId>,
        ledger: &Ledger,
    ) -> Result<(), PoolError> {
        for (payer, debit) in new.debits() {
            affords(new, payer, *debit, ledger.account(payer)).into_result()?;
            self.affords_all(replaced, payer, *debit, ledger.account(payer)).into_result()?;
        }
        Ok(())
    }

    /// Whether a payer can pay a new one besides all of its others that wait.
    fn affords_all(
        &self,
        replaced: &BTreeSet<TransactionId>,
        payer: &Address,
        debit: Amount,
        account: Account,
    ) -> Verdict<PoolError> {
        let units = |amount: Amount| u128::from(amount.units());
        let freed: u128 = replaced.iter().map(|id| units(self.waiting[id].debit(payer))).sum();
        let all = self.reserved.get(payer).copied().unwrap_or_default() + units(debit);
        let required = amount(all - freed);
        Verdict::compare(required <= account.balance, PoolError::Overspent { balance: account.balance, required })
    }
}

/// What the rules of stake say, whatever its nonce.
pub(super) fn staking(new: &Pooled, ledger: &Ledger) -> Verdict<TransactionError> {
    ledger.draft().stake_step(&new.transaction.unsigned.action).map(drop).map_err(TransactionError::from).into()
}

pub(super) fn is_unspent(nonce: Nonce, account: Account) -> Verdict<PoolError> {
    let expected = account.nonce;
    Verdict::compare(nonce >= expected, TransactionError::WrongNonce { nonce, expected }.into())
}

pub(super) fn is_near(nonce: Nonce, account: Account) -> Verdict<PoolError> {
    let (expected, limit) = (account.nonce, MAX_NONCE_GAP);
    let near = nonce.0 <= expected.0.saturating_add(limit);
    Verdict::compare(near, PoolError::NonceTooFar { nonce, expected, limit })
}

/// Whether a payer's account alone can pay `debit`, which is all that a new one takes from it.
fn affords(new: &Pooled, payer: &Address, debit: Amount, account: Account) -> Verdict<PoolError> {
    let body = &new.transaction.unsigned;
    let fee = if *payer == body.sender().address() { body.fee } else { Amount::ZERO };
    let error = TransactionError::insufficient(account.balance, debit, fee);
    Verdict::compare(debit <= account.balance, error.into())
}
