//! Who owns what: applies checked blocks and takes them back.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    BlockError, CheckedBlock, Rules, TransactionError,
    state_map::{Account, StateKey, StateMap, StateProof, StateValue},
};
use crate::primitives::{Action, Address, Amount, Coinbase, Hash, Height, Nonce, Transaction};

/// All consensus state at one block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Ledger {
    state: StateMap,
}

/// What one block overwrote; enough to take it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Undo(Vec<(StateKey, Option<StateValue>)>);

/// Changes on top of a ledger, not yet written.
struct Draft<'a> {
    ledger: &'a Ledger,
    accounts: BTreeMap<Address, Account>,
    supply: Amount,
}

impl Ledger {
    /// The ledger of a genesis block. The allocations must fit the supply cap ([`super::Genesis::validate`]).
    pub fn with_allocations(allocations: &BTreeMap<Address, Amount>) -> Self {
        let mut state: StateMap = allocations
            .iter()
            .filter(|(_, balance)| **balance > Amount::ZERO)
            .map(|(to, balance)| {
                (StateKey::Account(*to), StateValue::Account(Account { balance: *balance, nonce: Nonce(0) }))
            })
            .collect();
        let supply = Amount::checked_sum(allocations.values().copied()).unwrap_or(Amount::MAX);
        state.set(StateKey::Supply, Some(StateValue::Supply(supply)));
        Self { state }
    }

    /// The authenticated root.
    pub fn root(&self) -> Hash {
        self.state.root()
    }

    /// An account; one never seen has nothing.
    pub fn account(&self, address: &Address) -> Account {
        match self.state.get(&StateKey::Account(*address)) {
            Some(StateValue::Account(account)) => account,
            _ => Account::default(),
        }
    }

    /// Base units ever created.
    pub fn supply(&self) -> Amount {
        match self.state.get(&StateKey::Supply) {
            Some(StateValue::Supply(supply)) => supply,
            _ => Amount::ZERO,
        }
    }

    /// Every account that was ever touched.
    pub fn accounts(&self) -> impl Iterator<Item = (Address, Account)> + '_ {
        self.state.iter().filter_map(|entry| match entry {
            (StateKey::Account(address), StateValue::Account(account)) => Some((address, account)),
            _ => None,
        })
    }

    /// Evidence of a balance for a light client.
    pub fn prove(&self, address: &Address) -> StateProof {
        self.state.prove(&StateKey::Account(*address))
    }

    /// Applies a checked block.
    ///
    /// # Errors
    /// [`BlockError::Transaction`], [`BlockError::SupplyExceeded`] or [`BlockError::WrongStateRoot`]; the ledger is unchanged then.
    pub fn apply(&mut self, block: &CheckedBlock, rules: &Rules) -> Result<Undo, BlockError> {
        let mut draft = self.draft();
        draft.execute(&block.transactions, &block.coinbase, rules.subsidy_at(block.header.height))?;
        let changes = draft.changes();
        let before = self.clone();
        let undo = self.write(changes);
        let (computed, header) = (self.root(), block.header.state_root);
        if computed != header {
            *self = before;
            return Err(BlockError::WrongStateRoot { computed, header });
        }
        Ok(undo)
    }

    /// Takes back the block that was applied last.
    pub fn undo(&mut self, undo: &Undo) {
        for (key, value) in &undo.0 {
            self.state.set(*key, *value);
        }
    }

    /// The root after a block with these contents at `height`; for building one.
    ///
    /// # Errors
    /// As [`Ledger::apply`].
    pub fn root_after(
        &self,
        rules: &Rules,
        height: Height,
        coinbase: &Coinbase,
        transactions: &[Transaction],
    ) -> Result<Hash, BlockError> {
        let mut draft = self.draft();
        draft.execute(transactions, coinbase, rules.subsidy_at(height))?;
        let changes = draft.changes();
        let mut after = self.clone();
        after.write(changes);
        Ok(after.root())
    }

    fn draft(&self) -> Draft<'_> {
        Draft { ledger: self, accounts: BTreeMap::new(), supply: self.supply() }
    }

    fn write(&mut self, changes: Vec<(StateKey, StateValue)>) -> Undo {
        Undo(changes.into_iter().map(|(key, value)| (key, self.state.set(key, Some(value)))).collect())
    }
}

impl Draft<'_> {
    fn execute(
        &mut self,
        transactions: &[Transaction],
        coinbase: &Coinbase,
        subsidy: Amount,
    ) -> Result<(), BlockError> {
        for (index, transaction) in transactions.iter().enumerate() {
            self.transact(transaction).map_err(|error| BlockError::Transaction { index, error })?;
        }
        let (issued, cap) = (self.supply, Amount::MAX);
        self.supply = issued.checked_add(subsidy).ok_or(BlockError::SupplyExceeded { issued, subsidy, cap })?;
        self.credit(coinbase.to, coinbase.amount);
        Ok(())
    }

    fn transact(&mut self, transaction: &Transaction) -> Result<(), TransactionError> {
        let body = &transaction.unsigned;
        let sender = body.sender.address();
        let account = self.account(&sender);
        spendable(account, transaction)?;
        let cost = body.cost().expect("spendable() found a balance that covers it");
        let balance = account.balance.checked_sub(cost).expect("spendable() compared them");
        self.accounts.insert(sender, Account { balance, nonce: account.nonce.next() });
        let Action::Transfer { to, amount, .. } = &body.action;
        self.credit(*to, *amount);
        Ok(())
    }

    fn account(&self, address: &Address) -> Account {
        self.accounts.get(address).copied().unwrap_or_else(|| self.ledger.account(address))
    }

    fn credit(&mut self, to: Address, amount: Amount) {
        let mut account = self.account(&to);
        account.balance = account.balance.checked_add(amount).expect("all balances together are within the supply cap");
        self.accounts.insert(to, account);
    }

    fn changes(self) -> Vec<(StateKey, StateValue)> {
        let accounts =
            self.accounts.iter().map(|(address, account)| (StateKey::Account(*address), StateValue::Account(*account)));
        accounts.chain([(StateKey::Supply, StateValue::Supply(self.supply))]).collect()
    }
}

/// Whether the sender's account allows this transaction next.
///
/// # Errors
/// [`TransactionError::WrongNonce`], [`TransactionError::CostOverflow`] or [`TransactionError::InsufficientBalance`].
pub fn spendable(account: Account, transaction: &Transaction) -> Result<(), TransactionError> {
    let body = &transaction.unsigned;
    let (amount, fee) = (body.action.amount(), body.fee);
    if body.nonce != account.nonce {
        return Err(TransactionError::WrongNonce { nonce: body.nonce, expected: account.nonce });
    }
    let cost = body.cost().ok_or(TransactionError::CostOverflow { amount, fee })?;
    if cost > account.balance {
        return Err(TransactionError::InsufficientBalance { balance: account.balance, amount, fee });
    }
    Ok(())
}
