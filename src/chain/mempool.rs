//! Transactions waiting for a block: bounded, in nonce order within a sender, by fee rate across senders.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::Serialize;

use super::{Account, Ledger, TransactionError};
use crate::primitives::{Address, Amount, Hash, Nonce, Tag, Transaction, TransactionId};

const DIGEST: Tag = Tag::new("tabchain/mempool-digest");
/// Bytes of encoded transactions the pool holds before the lowest fee rate is evicted.
pub const MAX_POOL_BYTES: usize = 1 << 20;
/// How far ahead of the account a nonce may be: a sender's transactions may arrive out of order.
const MAX_NONCE_GAP: u64 = 64;
/// Base units per 1,000 bytes below which nothing is relayed.
const MIN_FEE_RATE: u64 = 100;
/// A replacement pays at least this many percent more than what it replaces.
const REPLACEMENT_PERCENT: u64 = 110;

/// The waiting transactions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Mempool {
    senders: BTreeMap<Address, BTreeMap<Nonce, Pooled>>,
    index: BTreeMap<TransactionId, (Address, Nonce)>,
    rates: BTreeSet<(u64, TransactionId)>,
    bytes: usize,
}

/// A waiting transaction with what was computed about it once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pooled {
    /// The transaction.
    pub transaction: Arc<Transaction>,
    /// Its id.
    pub id: TransactionId,
    /// Bytes.
    pub size: usize,
    /// Base units per 1,000 bytes, rounded down.
    pub fee_rate: u64,
}

/// What admitting a transaction did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It waits now.
    Added,
    /// It waits now, instead of this one.
    Replaced(TransactionId),
    /// It was waiting already.
    Known,
}

/// Why a transaction is not taken into the pool.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "rule", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum PoolError {
    /// It breaks a rule of consensus here and now.
    #[error(transparent)]
    Transaction {
        /// The rule.
        #[from]
        error: TransactionError,
    },
    /// Too little for its size.
    #[error("fee {fee} < {minimum}, the least for {bytes} bytes")]
    FeeTooLow {
        /// What it offers.
        fee: Amount,
        /// The least we relay.
        minimum: Amount,
        /// Its size.
        bytes: usize,
    },
    /// Too far ahead of the account.
    #[error("nonce {nonce} is more than {limit} ahead of {expected}")]
    NonceTooFar {
        /// What it carries.
        nonce: Nonce,
        /// The account's next one.
        expected: Nonce,
        /// How far ahead is allowed.
        limit: u64,
    },
    /// Another one with this nonce waits and pays too much to be replaced.
    #[error("fee {fee} < {required}, needed to replace transaction {replaces}")]
    ReplacementUnderpriced {
        /// What it offers.
        fee: Amount,
        /// What it must offer.
        required: Amount,
        /// The one that waits.
        replaces: TransactionId,
    },
    /// With what already waits, the sender could not pay.
    #[error("balance {balance} < {required}, needed for all waiting transactions of the sender")]
    Overspent {
        /// What the sender has.
        balance: Amount,
        /// What its waiting transactions need, this one included.
        required: Amount,
    },
    /// The pool is full of better-paying ones.
    #[serde(rename = "pool-full")]
    #[error("the pool is full; fee rate {fee_rate} per 1,000 bytes is not above the lowest, {lowest}")]
    Full {
        /// What it offers.
        fee_rate: u64,
        /// The lowest that waits.
        lowest: u64,
    },
}

impl PoolError {
    /// The rule's stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Transaction { error } => error.code(),
            Self::FeeTooLow { .. } => "fee-too-low",
            Self::NonceTooFar { .. } => "nonce-too-far",
            Self::ReplacementUnderpriced { .. } => "replacement-underpriced",
            Self::Overspent { .. } => "overspent",
            Self::Full { .. } => "pool-full",
        }
    }

    /// Whether an honest peer could not have sent it, whatever it had seen.
    pub fn is_senders_fault(&self) -> bool {
        use TransactionError::{BadSignature, CostOverflow, ZeroAmount};
        matches!(self, Self::Transaction { error: BadSignature { .. } | ZeroAmount | CostOverflow { .. } })
    }
}

impl Pooled {
    fn new(transaction: Arc<Transaction>) -> Self {
        let (id, size) = (transaction.id(), transaction.size());
        let fee_rate = transaction.unsigned.fee.units().saturating_mul(1_000) / size as u64;
        Self { transaction, id, size, fee_rate }
    }

    fn cost(&self) -> Amount {
        self.transaction.unsigned.cost().unwrap_or(Amount::MAX)
    }
}

impl Mempool {
    /// How many wait.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Bytes of all that wait.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// A waiting transaction.
    pub fn get(&self, id: &TransactionId) -> Option<&Arc<Transaction>> {
        let (sender, nonce) = self.index.get(id)?;
        Some(&self.senders[sender][nonce].transaction)
    }

    /// All that wait, best fee rate first.
    pub fn iter(&self) -> impl Iterator<Item = &Pooled> {
        self.rates.iter().rev().map(|(_, id)| {
            let (sender, nonce) = self.index[id];
            &self.senders[&sender][&nonce]
        })
    }

    /// The nonce a sender's next transaction should carry, after those that wait without a gap.
    pub fn next_nonce(&self, sender: &Address, account: Account) -> Nonce {
        let waiting = self.senders.get(sender);
        let mut nonce = account.nonce;
        while waiting.is_some_and(|waiting| waiting.contains_key(&nonce)) {
            nonce = nonce.next();
        }
        nonce
    }

    /// What a sender's waiting transactions take from its balance.
    pub fn reserved(&self, sender: &Address) -> Amount {
        let costs = self.senders.get(sender).into_iter().flatten().map(|(_, pooled)| pooled.cost());
        Amount::checked_sum(costs).unwrap_or(Amount::MAX)
    }

    /// Takes a transaction whose signature was checked ([`super::check_transaction`]).
    ///
    /// # Errors
    /// [`PoolError`]; the pool is unchanged then.
    pub fn admit(&mut self, transaction: Arc<Transaction>, ledger: &Ledger) -> Result<Admission, PoolError> {
        let new = Pooled::new(transaction);
        if self.index.contains_key(&new.id) {
            return Ok(Admission::Known);
        }
        let sender = new.transaction.unsigned.sender.address();
        let account = ledger.account(&sender);
        check_fee(&new)?;
        check_nonce(&new, account)?;
        let replaced = self.check_replacement(&new, &sender)?;
        self.check_affordable(&new, replaced.as_ref(), &sender, account)?;
        self.make_room(&new, replaced.as_ref(), &sender)?;
        let nonce = new.transaction.unsigned.nonce;
        if let Some(old) = &replaced {
            self.remove(&old.id);
        }
        self.index.insert(new.id, (sender, nonce));
        self.rates.insert((new.fee_rate, new.id));
        self.bytes += new.size;
        self.senders.entry(sender).or_default().insert(nonce, new);
        Ok(replaced.map_or(Admission::Added, |old| Admission::Replaced(old.id)))
    }

    /// Drops what the ledger no longer allows: spent nonces, and the tails of senders that can no longer pay.
    pub fn refresh(&mut self, ledger: &Ledger) {
        let mut dropped = Vec::new();
        for (sender, waiting) in &self.senders {
            let account = ledger.account(sender);
            let mut left = Some(account.balance);
            for (nonce, pooled) in waiting {
                if *nonce < account.nonce {
                    dropped.push(pooled.id);
                    continue;
                }
                left = left.and_then(|left| left.checked_sub(pooled.cost()));
                if left.is_none() || nonce.0 > account.nonce.0 + MAX_NONCE_GAP {
                    dropped.push(pooled.id);
                }
            }
        }
        dropped.iter().for_each(|id| self.remove(id));
    }

    /// The best-paying transactions that fit into `room` bytes, each sender's in nonce order.
    pub fn select(&self, ledger: &Ledger, room: usize) -> Vec<Transaction> {
        let next = |sender: &Address, nonce: Nonce| self.senders.get(sender).and_then(|waiting| waiting.get(&nonce));
        let rank = |pooled: &Pooled, sender: Address| (pooled.fee_rate, Reverse(pooled.id), sender);
        let mut candidates: BTreeSet<(u64, Reverse<TransactionId>, Address)> = self
            .senders
            .keys()
            .filter_map(|sender| next(sender, ledger.account(sender).nonce).map(|pooled| rank(pooled, *sender)))
            .collect();
        let (mut selected, mut left) = (Vec::new(), room);
        while let Some((_, Reverse(id), sender)) = candidates.pop_last() {
            let (_, nonce) = self.index[&id];
            let pooled = &self.senders[&sender][&nonce];
            if pooled.size > left {
                continue;
            }
            left -= pooled.size;
            selected.push(Transaction::clone(&pooled.transaction));
            candidates.extend(next(&sender, nonce.next()).map(|pooled| rank(pooled, sender)));
        }
        selected
    }

    /// A hash over all that wait.
    pub fn digest(&self) -> Hash {
        DIGEST.hash_of(&self.index.keys().collect::<Vec<_>>())
    }

    fn check_replacement(&self, new: &Pooled, sender: &Address) -> Result<Option<Pooled>, PoolError> {
        let body = &new.transaction.unsigned;
        let Some(old) = self.senders.get(sender).and_then(|waiting| waiting.get(&body.nonce)) else {
            return Ok(None);
        };
        let percent = old.transaction.unsigned.fee.units().saturating_mul(REPLACEMENT_PERCENT).div_ceil(100);
        let required = Amount::new(percent).unwrap_or(Amount::MAX);
        if body.fee < required || new.fee_rate <= old.fee_rate {
            return Err(PoolError::ReplacementUnderpriced { fee: body.fee, required, replaces: old.id });
        }
        Ok(Some(old.clone()))
    }

    fn check_affordable(
        &self,
        new: &Pooled,
        replaced: Option<&Pooled>,
        sender: &Address,
        account: Account,
    ) -> Result<(), PoolError> {
        let others = self.senders.get(sender).into_iter().flat_map(BTreeMap::values);
        let others = others.filter(|pooled| replaced.is_none_or(|old| old.id != pooled.id)).map(Pooled::cost);
        let required = Amount::checked_sum(others.chain([new.cost()])).unwrap_or(Amount::MAX);
        let body = &new.transaction.unsigned;
        if new.cost() > account.balance {
            let (balance, amount, fee) = (account.balance, body.action.amount(), body.fee);
            return Err(TransactionError::InsufficientBalance { balance, amount, fee }.into());
        }
        if required > account.balance {
            return Err(PoolError::Overspent { balance: account.balance, required });
        }
        Ok(())
    }

    /// Evicts the lowest fee rates, each with the later nonces of its sender, until `new` fits; never the
    /// sender's own, which `new` may need before it.
    fn make_room(&mut self, new: &Pooled, replaced: Option<&Pooled>, sender: &Address) -> Result<(), PoolError> {
        let mut needed = (self.bytes + new.size).saturating_sub(MAX_POOL_BYTES + replaced.map_or(0, |old| old.size));
        let mut victims = BTreeSet::new();
        for (rate, id) in &self.rates {
            if needed == 0 {
                break;
            }
            let (owner, nonce) = self.index[id];
            if *rate >= new.fee_rate {
                return Err(PoolError::Full { fee_rate: new.fee_rate, lowest: *rate });
            }
            if owner == *sender {
                continue;
            }
            for (_, pooled) in self.senders[&owner].range(nonce..) {
                if victims.insert(pooled.id) {
                    needed = needed.saturating_sub(pooled.size);
                }
            }
        }
        victims.iter().for_each(|id| self.remove(id));
        Ok(())
    }

    fn remove(&mut self, id: &TransactionId) {
        let Some((sender, nonce)) = self.index.remove(id) else {
            return;
        };
        let waiting = self.senders.get_mut(&sender).expect("indexed senders are present");
        let pooled = waiting.remove(&nonce).expect("indexed nonces are present");
        if waiting.is_empty() {
            self.senders.remove(&sender);
        }
        self.rates.remove(&(pooled.fee_rate, pooled.id));
        self.bytes -= pooled.size;
    }
}

fn check_fee(new: &Pooled) -> Result<(), PoolError> {
    let minimum = Amount::new((new.size as u64 * MIN_FEE_RATE).div_ceil(1_000)).expect("sizes are small");
    let fee = new.transaction.unsigned.fee;
    if fee < minimum { Err(PoolError::FeeTooLow { fee, minimum, bytes: new.size }) } else { Ok(()) }
}

fn check_nonce(new: &Pooled, account: Account) -> Result<(), PoolError> {
    let (nonce, expected) = (new.transaction.unsigned.nonce, account.nonce);
    if nonce < expected {
        return Err(TransactionError::WrongNonce { nonce, expected }.into());
    }
    if nonce.0 > expected.0.saturating_add(MAX_NONCE_GAP) {
        return Err(PoolError::NonceTooFar { nonce, expected, limit: MAX_NONCE_GAP });
    }
    Ok(())
}
