//! What accounts have locked in channels, as the chain knows it: their deposits. Worked out once a block.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    native::driver::Snapshot,
    primitives::{Action, Address, Amount, BlockId},
};

type Deposits = BTreeMap<Address, Amount>;

/// The deposits under the newest block that somebody has asked about.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<Option<(BlockId, Arc<Deposits>)>>);

impl Cache {
    /// Base units that an account has deposited in channels that still hold money.
    pub(super) fn of(&self, account: &Address, snapshot: &Snapshot) -> Amount {
        self.all(snapshot).get(account).copied().unwrap_or_default()
    }

    fn all(&self, snapshot: &Snapshot) -> Arc<Deposits> {
        let tip = snapshot.tip_id();
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, deposits)) = known.filter(|(at, _)| *at == tip) {
            return deposits;
        }
        let deposits = Arc::new(deposits(snapshot));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((tip, Arc::clone(&deposits)));
        deposits
    }
}

fn deposits(snapshot: &Snapshot) -> Deposits {
    let mut deposits = Deposits::new();
    for (id, record) in snapshot.ledger.channels() {
        let transactions = snapshot.blocks.at(record.opened).map(|block| &block.transactions);
        let funding = transactions.into_iter().flatten().find(|transaction| transaction.id() == id);
        let Some(Action::Fund(funding)) = funding.map(|transaction| &transaction.unsigned.action) else {
            continue;
        };
        for (account, party) in funding.addresses().into_iter().zip(&funding.parties) {
            let sum = deposits.entry(account).or_default();
            *sum = sum.checked_add(party.deposit).unwrap_or(Amount::MAX);
        }
    }
    deposits
}
