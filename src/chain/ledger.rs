//! Who owns what: applies checked blocks and takes them back.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;

use super::{
    BlockError, ChannelError, ChannelRecord, CheckedBlock, Outcome, Rules, TransactionError,
    state_map::{Account, StateKey, StateMap, StateProof, StateValue},
};
use crate::primitives::{
    Action, Address, Amount, ChannelId, Coinbase, Finding, Hash, Height, NOT_APPLICABLE, Nonce, PublicKey, Transaction,
    TransactionId, UnsignedTransaction, Verdict,
};

/// All consensus state at one block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ledger {
    state: StateMap,
    height: Height,
}

/// What one block overwrote; enough to take it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Undo(Vec<(StateKey, Option<StateValue>)>);

/// Changes on top of a ledger by the block above, not yet written.
pub(super) struct Draft<'a> {
    ledger: &'a Ledger,
    height: Height,
    accounts: BTreeMap<Address, Account>,
    channels: BTreeMap<ChannelId, Option<Arc<ChannelRecord>>>,
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
        Self { state, height: Height(0) }
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

    /// The height of the block after which this is the state.
    pub fn height(&self) -> Height {
        self.height
    }

    /// A channel, if it holds money.
    pub fn channel(&self, id: &ChannelId) -> Option<Arc<ChannelRecord>> {
        match self.state.get(&StateKey::Channel(*id)) {
            Some(StateValue::Channel(record)) => Some(record),
            _ => None,
        }
    }

    /// Every channel that holds money.
    pub fn channels(&self) -> impl Iterator<Item = (ChannelId, Arc<ChannelRecord>)> + '_ {
        self.state.iter().filter_map(|entry| match entry {
            (StateKey::Channel(id), StateValue::Channel(record)) => Some((id, record)),
            _ => None,
        })
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

    /// Whether a transaction could be the first one of the next block. Changes nothing.
    ///
    /// # Errors
    /// The [`TransactionError`] of the first rule that it breaks.
    pub fn allows(&self, transaction: &Transaction) -> Result<(), TransactionError> {
        self.draft().transact(transaction)
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
        state_root(self.root(), block.header.state_root).into_result().inspect_err(|_| *self = before)?;
        self.height = block.header.height;
        Ok(undo)
    }

    /// Takes back the block that was applied last.
    pub fn undo(&mut self, undo: &Undo) {
        for (key, value) in &undo.0 {
            self.state.set(*key, value.clone());
        }
        self.height = Height(self.height.0.saturating_sub(1));
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
        Ok(draft.root())
    }

    /// Begins changes by the block above.
    pub(super) fn draft(&self) -> Draft<'_> {
        Draft {
            ledger: self,
            height: self.height.next(),
            accounts: BTreeMap::new(),
            channels: BTreeMap::new(),
            supply: self.supply(),
        }
    }

    fn write(&mut self, changes: Vec<(StateKey, Option<StateValue>)>) -> Undo {
        Undo(changes.into_iter().map(|(key, value)| (key, self.state.set(key, value))).collect())
    }
}

impl Draft<'_> {
    /// Does what a transaction says, or nothing.
    ///
    /// # Errors
    /// The [`TransactionError`] of the first rule that it breaks.
    pub(super) fn transact(&mut self, transaction: &Transaction) -> Result<(), TransactionError> {
        let body = &transaction.unsigned;
        let outcome = self.outcome(body, transaction.id())?;
        for (address, nonce) in self.spend(body)? {
            let account = self.account(&address);
            self.accounts.insert(address, Account { nonce: nonce.next(), ..account });
        }
        for (address, amount) in body.debits().expect("spend() has seen them") {
            let account = self.account(&address);
            let balance = account.balance.checked_sub(amount).expect("spend() compared them");
            self.accounts.insert(address, Account { balance, ..account });
        }
        match outcome {
            Effect::Credit(payments) => payments.into_iter().for_each(|(to, amount)| self.credit(to, amount)),
            Effect::Keep(id, record) => drop(self.channels.insert(id, Some(record))),
            Effect::Release(id, payments) => {
                self.channels.insert(id, None);
                payments.into_iter().for_each(|(to, amount)| self.credit(to, amount));
            }
        }
        Ok(())
    }

    /// An account with the changes so far.
    pub(super) fn account(&self, address: &Address) -> Account {
        self.accounts.get(address).copied().unwrap_or_else(|| self.ledger.account(address))
    }

    fn execute(
        &mut self,
        transactions: &[Transaction],
        coinbase: &Coinbase,
        subsidy: Amount,
    ) -> Result<(), BlockError> {
        for (index, transaction) in transactions.iter().enumerate() {
            self.transact(transaction).map_err(|error| BlockError::Transaction { index, error })?;
        }
        self.close(coinbase, subsidy).into_result()
    }

    /// Creates the block's new money and pays its maker; changes nothing where that breaks the rule.
    pub(super) fn close(&mut self, coinbase: &Coinbase, subsidy: Amount) -> Verdict<BlockError> {
        let (issued, cap) = (self.supply, Amount::MAX);
        let supply = issued.checked_add(subsidy);
        if let Some(supply) = supply {
            self.supply = supply;
            self.credit(coinbase.to, coinbase.amount);
        }
        Verdict::compare(supply.is_some(), BlockError::SupplyExceeded { issued, subsidy, cap })
    }

    /// What a transaction does besides taking from accounts.
    fn outcome(&self, body: &UnsignedTransaction, id: TransactionId) -> Result<Effect, TransactionError> {
        let pay = |keys: &[PublicKey; 2], amounts: [Amount; 2]| {
            keys.iter().map(PublicKey::address).zip(amounts).collect::<Vec<_>>()
        };
        Ok(match &body.action {
            Action::Transfer { to, amount, .. } => Effect::Credit(vec![(*to, *amount)]),
            Action::Fund(funding) => Effect::Keep(id, Arc::new(ChannelRecord::open(funding, self.height)?)),
            Action::Close(closing) => {
                let record = self.channel(closing.channel)?;
                Effect::Release(closing.channel, pay(&record.keys, record.close(closing, body.fee)?))
            }
            Action::Dispute(dispute) => {
                let record = self.channel(dispute.channel)?;
                match record.step(dispute, body.fee, self.height)? {
                    Outcome::Open(after) => Effect::Keep(dispute.channel, Arc::new(after)),
                    Outcome::Paid(amounts) => Effect::Release(dispute.channel, pay(&record.keys, amounts)),
                }
            }
        })
    }

    /// Every rule that a transaction must keep here, in the order in which [`Draft::transact`] checks them.
    pub(super) fn findings(&self, transaction: &Transaction) -> Vec<Finding<TransactionError>> {
        let body = &transaction.unsigned;
        let steps = !matches!(body.action, Action::Transfer { .. });
        let step = || Verdict::from(self.outcome(body, transaction.id()).map(drop));
        let nonces = body.nonces().into_iter().map(|(address, nonce)| self.is_next(&address, nonce));
        let debits = body.debits().unwrap_or_default().into_iter().enumerate();
        let balances = debits.map(|(index, (address, needed))| self.affords(body, index, &address, needed));
        std::iter::once(Finding::new("adjudicator", if steps { step() } else { Verdict::Open(NOT_APPLICABLE) }))
            .chain(nonces.map(|verdict| Finding::new("wrong-nonce", verdict)))
            .chain(balances.map(|verdict| Finding::new("insufficient-balance", verdict)))
            .filter(Finding::applies)
            .collect()
    }

    /// Checks nonces and balances of all accounts that pay; returns the nonces taken.
    fn spend(&self, body: &UnsignedTransaction) -> Result<Vec<(Address, Nonce)>, TransactionError> {
        let nonces = body.nonces();
        nonces.iter().try_for_each(|(address, nonce)| self.is_next(address, *nonce).into_result())?;
        let (amount, fee) = (body.amount(), body.fee);
        let debits = body.debits().ok_or(TransactionError::CostOverflow { amount, fee })?;
        for (index, (address, needed)) in debits.into_iter().enumerate() {
            self.affords(body, index, &address, needed).into_result()?;
        }
        Ok(nonces)
    }

    fn is_next(&self, address: &Address, nonce: Nonce) -> Verdict<TransactionError> {
        let expected = self.account(address).nonce;
        Verdict::compare(nonce == expected, TransactionError::WrongNonce { nonce, expected })
    }

    /// Whether the account at `index` of those that pay has what is `needed` of it. The first one pays the fee.
    fn affords(
        &self,
        body: &UnsignedTransaction,
        index: usize,
        address: &Address,
        needed: Amount,
    ) -> Verdict<TransactionError> {
        let balance = self.account(address).balance;
        let (amount, fee) = if index == 0 { (body.amount(), body.fee) } else { (needed, Amount::ZERO) };
        Verdict::compare(needed <= balance, TransactionError::InsufficientBalance { balance, amount, fee })
    }

    fn channel(&self, channel: ChannelId) -> Result<Arc<ChannelRecord>, ChannelError> {
        let changed = self.channels.get(&channel).cloned();
        changed.unwrap_or_else(|| self.ledger.channel(&channel)).ok_or(ChannelError::UnknownChannel { channel })
    }

    fn credit(&mut self, to: Address, amount: Amount) {
        if amount == Amount::ZERO {
            return;
        }
        let mut account = self.account(&to);
        account.balance = account.balance.checked_add(amount).expect("all balances together are within the supply cap");
        self.accounts.insert(to, account);
    }

    /// The root once these changes are written.
    pub(super) fn root(self) -> Hash {
        let mut after = self.ledger.clone();
        after.write(self.changes());
        after.root()
    }

    fn changes(self) -> Vec<(StateKey, Option<StateValue>)> {
        let accounts = self
            .accounts
            .iter()
            .map(|(address, account)| (StateKey::Account(*address), Some(StateValue::Account(*account))));
        let channels =
            self.channels.into_iter().map(|(id, record)| (StateKey::Channel(id), record.map(StateValue::Channel)));
        accounts.chain(channels).chain([(StateKey::Supply, Some(StateValue::Supply(self.supply)))]).collect()
    }
}

/// What a transaction does besides taking from accounts.
enum Effect {
    Credit(Vec<(Address, Amount)>),
    Keep(ChannelId, Arc<ChannelRecord>),
    Release(ChannelId, Vec<(Address, Amount)>),
}

/// Compares the root after a block with the one its header commits to.
pub(super) fn state_root(computed: Hash, header: Hash) -> Verdict<BlockError> {
    Verdict::compare(computed == header, BlockError::WrongStateRoot { computed, header })
}
