//! The node's own transactions: signed here, announced until they are confirmed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::Serialize;

use super::{CommandResult, Node, REBROADCAST, Transfer};
use crate::{
    chain::{PoolError, check_transaction},
    primitives::{Action, Amount, Checks, Timestamp, Transaction, TransactionId, UnsignedTransaction, ordered},
};

/// This node's own transactions that are not confirmed yet, each with the time at which it is announced again.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Own {
    times: BTreeMap<TransactionId, Timestamp>,
    #[serde(skip)]
    order: BTreeSet<(Timestamp, TransactionId)>,
}

impl Own {
    pub(super) fn insert(&mut self, id: TransactionId, due: Timestamp) {
        self.remove(&id);
        self.times.insert(id, due);
        self.order.insert((due, id));
    }

    fn remove(&mut self, id: &TransactionId) {
        if let Some(due) = self.times.remove(id) {
            self.order.remove(&(due, *id));
        }
    }

    fn due(&self, now: Timestamp) -> impl Iterator<Item = TransactionId> + '_ {
        self.order.iter().take_while(move |(due, _)| *due <= now).map(|(_, id)| *id)
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.order.first().map(|(due, _)| *due)
    }
}

impl Node {
    /// What this node could send now: its balance less what waits and what it owes to channels being opened.
    pub fn available(&self) -> Amount {
        let balance = self.chain.ledger().account(&self.address).balance;
        let promised = self.promises().map(|(_, deposit)| deposit);
        let owed = Amount::checked_sum(promised.chain([self.mempool.reserved(&self.address)]));
        owed.and_then(|owed| balance.checked_sub(owed)).unwrap_or(Amount::ZERO)
    }

    /// What sending this transfer would come to, without sending it.
    ///
    /// # Errors
    /// The [`PoolError`] that would stop it.
    pub fn try_transfer(&self, transfer: &Transfer) -> Result<Transaction, PoolError> {
        let transaction = self.sign(transfer);
        check_transaction(&transaction, &self.chain.genesis_id(), &mut Checks::forgetful())?;
        self.mempool.clone().admit(Arc::new(transaction.clone()), self.chain.ledger())?;
        Ok(transaction)
    }

    pub(super) fn transfer(&mut self, now: Timestamp, transfer: Transfer, checks: &mut Checks) -> CommandResult {
        let transaction = self.sign(&transfer);
        self.submit(now, transaction, checks)
    }

    pub(super) fn submit(&mut self, now: Timestamp, transaction: Transaction, checks: &mut Checks) -> CommandResult {
        let transaction = Arc::new(transaction);
        match self.take_transaction(now, Arc::clone(&transaction), checks) {
            Ok(id) => {
                self.keep_own(now, id, transaction);
                CommandResult::Accepted(id)
            }
            Err(error) => CommandResult::Refused(error),
        }
    }

    /// Answers for a transaction until it is confirmed, also after a restart.
    pub(super) fn keep_own(&mut self, now: Timestamp, id: TransactionId, transaction: Arc<Transaction>) {
        self.own.insert(id, now.after(REBROADCAST));
        self.persist_transaction(id, Some(transaction));
    }

    /// Announces own transactions that still wait, and forgets those that do not.
    pub(super) fn rebroadcast(&mut self, now: Timestamp) {
        self.forget_settled();
        let due: BTreeSet<TransactionId> = ordered(self.own.due(now));
        for id in due {
            self.gossip.announce_transaction(now, id, true);
            self.own.insert(id, now.after(REBROADCAST));
        }
    }

    fn forget_settled(&mut self) {
        let settled: Vec<TransactionId> =
            self.own.times.keys().filter(|id| self.mempool.get(id).is_none()).copied().collect();
        for id in settled {
            self.own.remove(&id);
            self.persist_transaction(id, None);
        }
    }

    fn sign(&self, transfer: &Transfer) -> Transaction {
        let nonce = transfer.nonce.unwrap_or_else(|| self.next_nonce());
        let (from, memo) = (self.keyring.public(), transfer.memo.clone());
        let action = Action::Transfer { from, nonce, to: transfer.to, amount: transfer.amount, memo };
        UnsignedTransaction { fee: transfer.fee, action }.sign(self.keyring.key(), &self.chain.genesis_id())
    }
}
