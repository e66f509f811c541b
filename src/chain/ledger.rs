//! Who owns what: applies checked blocks and takes them back.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;

use super::{
    BlockError, ChannelRecord, CheckedBlock, GenesisValidator, Register, Revealed, Rules, StakeTerms, TransactionError,
    draft::Draft,
    stake::{Beacon, Records, Turn, Validator, first_records},
    state_map::{Account, StateKey, StateMap, StateProof, StateValue},
};
use crate::primitives::{Address, Amount, ChannelId, Coinbase, Hash, Height, Nonce, PaymentHash, Transaction, Verdict};

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

    /// The same with the records of a chain that begins with validators.
    pub(super) fn with_validators(mut self, terms: StakeTerms, validators: &[GenesisValidator]) -> Self {
        let locked = Amount::checked_sum(validators.iter().map(|validator| validator.stake)).unwrap_or(Amount::MAX);
        let supply = self.supply().checked_add(locked).unwrap_or(Amount::MAX);
        self.state.set(StateKey::Supply, Some(StateValue::Supply(supply)));
        for (key, value) in first_records(terms, validators) {
            self.state.set(key, Some(value));
        }
        self
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

    /// What is registered for a payment.
    pub fn revealed(&self, payment: &PaymentHash) -> Option<Revealed> {
        match self.state.get(&StateKey::Preimage(*payment)) {
            Some(StateValue::Preimage(revealed)) => Some(revealed),
            _ => None,
        }
    }

    /// Every preimage that is registered.
    pub fn preimages(&self) -> impl Iterator<Item = (PaymentHash, Revealed)> + '_ {
        self.state.iter().filter_map(|entry| match entry {
            (StateKey::Preimage(payment), StateValue::Preimage(revealed)) => Some((payment, revealed)),
            _ => None,
        })
    }

    /// What the block at `height` registered, if that is not dropped yet.
    pub(super) fn revealed_at(&self, height: Height) -> Vec<PaymentHash> {
        match self.state.get(&StateKey::Revealed(height)) {
            Some(StateValue::Revealed(payments)) => payments,
            _ => Vec::new(),
        }
    }

    /// Where a chain of stake stands; nothing on one of work.
    pub fn beacon(&self) -> Option<Beacon> {
        Records::beacon(self)
    }

    /// Parameters and times of a chain of stake.
    pub fn stake_terms(&self) -> Option<StakeTerms> {
        self.terms()
    }

    /// A validator, also one that leaves.
    pub fn validator(&self, address: &Address) -> Option<Validator> {
        Records::validator(self, address)
    }

    /// All validators, by address.
    pub fn validators(&self) -> impl Iterator<Item = (Address, Validator)> + '_ {
        self.registry().into_iter().filter_map(|address| Some((address, Records::validator(self, &address)?)))
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
        if let Some(turn) = Turn::of(&block.header, self) {
            draft.begin(&turn);
        }
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
        self.root_after_turn(None, rules, height, coinbase, transactions)
    }

    /// The same on a chain of stake, in the slot of a turn.
    pub(super) fn root_after_turn(
        &self,
        turn: Option<&Turn>,
        rules: &Rules,
        height: Height,
        coinbase: &Coinbase,
        transactions: &[Transaction],
    ) -> Result<Hash, BlockError> {
        let mut draft = self.draft();
        turn.into_iter().for_each(|turn| draft.begin(turn));
        draft.execute(transactions, coinbase, rules.subsidy_at(height))?;
        Ok(draft.root())
    }

    /// Begins changes by the block above.
    pub(super) fn draft(&self) -> Draft<'_> {
        Draft::on(self)
    }

    pub(super) fn write(&mut self, changes: Vec<(StateKey, Option<StateValue>)>) -> Undo {
        Undo(changes.into_iter().map(|(key, value)| (key, self.state.set(key, value))).collect())
    }
}

impl Records for Ledger {
    fn read(&self, key: &StateKey) -> Option<StateValue> {
        self.state.get(key)
    }
}

impl Register for Ledger {
    fn revealed(&self, payment: &PaymentHash) -> Option<Revealed> {
        Self::revealed(self, payment)
    }
}

/// Compares the root after a block with the one its header commits to.
pub(super) fn state_root(computed: Hash, header: Hash) -> Verdict<BlockError> {
    Verdict::compare(computed == header, BlockError::WrongStateRoot { computed, header })
}
