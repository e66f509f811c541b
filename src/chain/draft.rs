//! What a block does to a ledger, transaction by transaction, before it is written.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    BlockError, ChannelError, ChannelRecord, Ledger, Outcome, REGISTRY_BLOCKS, Register, Revealed, TransactionError,
    stake::{Records, Step},
    state_map::{Account, StateKey, StateValue},
};
use crate::primitives::{
    Action, Address, Amount, ChannelId, Coinbase, Dispute, Finding, Funding, Hash, Height, NOT_APPLICABLE, Nonce,
    PaymentHash, Preimage, PublicKey, Transaction, TransactionId, UnsignedTransaction, Verdict, ordered,
};

/// Changes on top of a ledger by the block above, not yet written.
pub(super) struct Draft<'a> {
    ledger: &'a Ledger,
    height: Height,
    accounts: BTreeMap<Address, Account>,
    channels: BTreeMap<ChannelId, Option<Arc<ChannelRecord>>>,
    /// What this block registers, and what it drops.
    revealed: BTreeMap<PaymentHash, Option<Revealed>>,
    /// Of proof of stake.
    records: BTreeMap<StateKey, Option<StateValue>>,
    supply: Amount,
}

/// What a transaction does besides taking from accounts.
#[derive(Default)]
struct Effect {
    credits: Vec<(Address, Amount)>,
    channels: Vec<(ChannelId, Option<Arc<ChannelRecord>>)>,
    reveals: Option<Preimage>,
    stake: Option<Step>,
}

impl<'a> Draft<'a> {
    /// The block above a ledger, with nothing in it. What was registered too long ago is gone from the start.
    pub(super) fn on(ledger: &'a Ledger) -> Self {
        let height = ledger.height().next();
        let past = past(height).map(|past| ledger.revealed_at(past)).unwrap_or_default();
        let revealed = ordered(past.into_iter().map(|payment| (payment, None)));
        let (accounts, channels, records) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { ledger, height, accounts, channels, revealed, records, supply: ledger.supply() }
    }
}

/// The height whose preimages the block at `height` drops.
fn past(height: Height) -> Option<Height> {
    height.0.checked_sub(REGISTRY_BLOCKS).map(Height)
}

impl Draft<'_> {
    /// Does what a transaction says, or nothing.
    ///
    /// # Errors
    /// The [`TransactionError`] of the first rule that it breaks.
    pub(super) fn transact(&mut self, transaction: &Transaction) -> Result<(), TransactionError> {
        let body = &transaction.unsigned;
        let effect = self.effect(body, transaction.id())?;
        for (address, nonce) in self.spend(body)? {
            let account = self.account(&address);
            self.accounts.insert(address, Account { nonce: nonce.next(), ..account });
        }
        for (address, amount) in body.debits().expect("spend() has seen them") {
            let account = self.account(&address);
            let balance = account.balance.checked_sub(amount).expect("spend() compared them");
            self.accounts.insert(address, Account { balance, ..account });
        }
        self.channels.extend(effect.channels);
        effect.credits.into_iter().for_each(|(to, amount)| self.credit(to, amount));
        if let Some(preimage) = effect.reveals {
            self.revealed.insert(preimage.payment(), Some(Revealed { preimage, height: self.height }));
        }
        if let Some(step) = effect.stake {
            self.do_step(step);
        }
        Ok(())
    }

    /// The height of the block above.
    pub(super) fn height(&self) -> Height {
        self.height
    }

    /// Writes a record of proof of stake.
    pub(super) fn put(&mut self, key: StateKey, value: StateValue) {
        self.records.insert(key, Some(value));
    }

    /// Removes one.
    pub(super) fn drop_record(&mut self, key: StateKey) {
        self.records.insert(key, None);
    }

    /// An account with the changes so far.
    pub(super) fn account(&self, address: &Address) -> Account {
        self.accounts.get(address).copied().unwrap_or_else(|| self.ledger.account(address))
    }

    pub(super) fn execute(
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
    fn effect(&self, body: &UnsignedTransaction, id: TransactionId) -> Result<Effect, TransactionError> {
        Ok(match &body.action {
            Action::Transfer { to, amount, .. } => Effect { credits: vec![(*to, *amount)], ..Effect::default() },
            Action::Fund(funding) => Effect { credits: body.credits(), ..self.opening(funding, id)? },
            Action::Close(closing) => {
                let record = self.channel(closing.channel)?;
                Effect::end(closing.channel, &record, record.close(closing, body.fee)?)
            }
            Action::Dispute(dispute) => self.dispute(dispute, body.fee)?,
            staking => Effect { stake: self.stake_step(staking)?, ..Effect::default() },
        })
    }

    /// A channel begins, and maybe the one that it replaces ends.
    fn opening(&self, funding: &Funding, id: TransactionId) -> Result<Effect, ChannelError> {
        let mut channels = vec![(id, Some(Arc::new(ChannelRecord::open(funding, self.height)?)))];
        if let Some(resizing) = &funding.resizes {
            self.channel(resizing.channel)?.resize(&funding.keys(), resizing)?;
            channels.push((resizing.channel, None));
        }
        Ok(Effect { channels, ..Effect::default() })
    }

    fn dispute(&self, dispute: &Dispute, fee: Amount) -> Result<Effect, ChannelError> {
        let record = self.channel(dispute.channel)?;
        let keep = |after| vec![(dispute.channel, Some(Arc::new(after)))];
        Ok(match record.step(dispute, fee, self.height, self)? {
            Outcome::Open(after) => Effect { channels: keep(after), ..Effect::default() },
            Outcome::Revealed(after, preimage) => {
                Effect { channels: keep(after), reveals: Some(preimage), ..Effect::default() }
            }
            Outcome::Paid(amounts) => Effect::end(dispute.channel, &record, amounts),
        })
    }

    /// Every rule that a transaction must keep here, in the order in which [`Draft::transact`] checks them.
    pub(super) fn findings(&self, transaction: &Transaction) -> Vec<Finding<TransactionError>> {
        let body = &transaction.unsigned;
        let steps = !matches!(body.action, Action::Transfer { .. });
        let step = || Verdict::from(self.effect(body, transaction.id()).map(drop));
        let nonces = body.nonces().into_iter().map(|(address, nonce)| self.is_next(&address, nonce));
        let debits = body.debits().unwrap_or_default().into_iter().enumerate();
        let balances = debits.map(|(index, (address, needed))| self.affords(body, index, &address, needed));
        let rule = if body.action.is_of_stake() { "validators" } else { "adjudicator" };
        std::iter::once(Finding::new(rule, if steps { step() } else { Verdict::Open(NOT_APPLICABLE) }))
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
        let fee = if index == 0 { body.fee } else { Amount::ZERO };
        Verdict::compare(needed <= balance, TransactionError::insufficient(balance, needed, fee))
    }

    fn channel(&self, channel: ChannelId) -> Result<Arc<ChannelRecord>, ChannelError> {
        let changed = self.channels.get(&channel).cloned();
        changed.unwrap_or_else(|| self.ledger.channel(&channel)).ok_or(ChannelError::UnknownChannel { channel })
    }

    pub(super) fn credit(&mut self, to: Address, amount: Amount) {
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

    pub(super) fn changes(self) -> Vec<(StateKey, Option<StateValue>)> {
        let register = self.register();
        let accounts = self
            .accounts
            .iter()
            .map(|(address, account)| (StateKey::Account(*address), Some(StateValue::Account(*account))));
        let channels =
            self.channels.into_iter().map(|(id, record)| (StateKey::Channel(id), record.map(StateValue::Channel)));
        let supply = [(StateKey::Supply, Some(StateValue::Supply(self.supply)))];
        accounts.chain(channels).chain(register).chain(self.records).chain(supply).collect()
    }

    /// What is registered and what is dropped, with the index by height of both.
    fn register(&self) -> Vec<(StateKey, Option<StateValue>)> {
        let entry = |(payment, revealed): (&PaymentHash, &Option<Revealed>)| {
            (StateKey::Preimage(*payment), revealed.map(StateValue::Preimage))
        };
        let new = self.revealed.iter().filter(|(_, revealed)| revealed.is_some());
        let new: Vec<PaymentHash> = new.map(|(payment, _)| *payment).collect();
        let mut changes: Vec<_> = self.revealed.iter().map(entry).collect();
        if !new.is_empty() {
            changes.push((StateKey::Revealed(self.height), Some(StateValue::Revealed(new))));
        }
        changes.extend(past(self.height).map(|past| (StateKey::Revealed(past), None)));
        changes
    }
}

impl Register for Draft<'_> {
    fn revealed(&self, payment: &PaymentHash) -> Option<Revealed> {
        self.revealed.get(payment).copied().unwrap_or_else(|| self.ledger.revealed(payment))
    }
}

impl Records for Draft<'_> {
    fn read(&self, key: &StateKey) -> Option<StateValue> {
        self.records.get(key).cloned().unwrap_or_else(|| self.ledger.read(key))
    }
}

impl Effect {
    /// A channel is over, and its parties are paid.
    fn end(id: ChannelId, record: &ChannelRecord, amounts: [Amount; 2]) -> Self {
        let credits = record.keys.iter().map(PublicKey::address).zip(amounts).collect();
        Self { credits, channels: vec![(id, None)], ..Self::default() }
    }
}
