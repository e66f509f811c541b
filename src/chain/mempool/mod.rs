//! Transactions waiting for a block: bounded, in nonce order within a sender, by fee rate across senders.
//!
//! A transaction takes *places*: one nonce of an account, of two for a funding; or one kind of step of a channel, which has no nonce: its
//! end by both (a close, or a funding that replaces it), each step of a dispute, each preimage. Whoever wants a place that is taken must pay
//! more than what it replaces.

mod error;
mod fees;
mod pooled;
mod rules;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::Serialize;

pub use error::PoolError;
pub use fees::{NextBlock, fee_of, minimum_fee};
use pooled::Place;
pub use pooled::Pooled;
use rules::{is_near, is_unspent, staking};

use super::{Account, Ledger, draft::Draft};
use crate::primitives::{Action, Address, Amount, ChannelId, Hash, Nonce, Tag, Transaction, TransactionId, ordered};

const DIGEST: Tag = Tag::new("tabchain/mempool-digest");
/// Bytes of encoded transactions the pool holds before the lowest fee rate is evicted.
pub const MAX_POOL_BYTES: usize = 1 << 20;
/// How far ahead of the account a nonce may be: a sender's transactions may arrive out of order.
const MAX_NONCE_GAP: u64 = 64;
/// A replacement pays at least this many percent more than what it replaces.
const REPLACEMENT_PERCENT: u64 = 110;

/// The waiting transactions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Mempool {
    waiting: BTreeMap<TransactionId, Pooled>,
    senders: BTreeMap<Address, BTreeMap<Nonce, TransactionId>>,
    #[serde(skip)]
    steps: BTreeMap<Place, TransactionId>,
    payers: BTreeMap<Address, BTreeSet<TransactionId>>,
    /// What all of a payer's take together, base units.
    #[serde(skip)]
    reserved: BTreeMap<Address, u128>,
    rates: BTreeSet<(u64, TransactionId)>,
    bytes: usize,
}

/// What admitting a transaction did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It waits now, and these do not any more.
    Taken {
        /// Whose places it takes.
        replaced: BTreeSet<TransactionId>,
        /// What paid least, and had to make room for it.
        evicted: BTreeSet<TransactionId>,
    },
    /// It was waiting already.
    Known,
}

/// Why a transaction waits no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Dropped {
    /// Another takes its place, and pays more.
    Replaced,
    /// The pool was full, and another pays more.
    Evicted,
    /// Its nonce is spent, or too far away.
    Spent,
    /// The channel that it is about has gone on, or the time for it is over.
    Past,
    /// Its payer has not enough any more.
    Unpayable,
}

impl Mempool {
    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Bytes of all that wait.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// A waiting transaction.
    pub fn get(&self, id: &TransactionId) -> Option<&Arc<Transaction>> {
        self.waiting.get(id).map(|pooled| &pooled.transaction)
    }

    /// All that wait, best fee rate first.
    pub fn iter(&self) -> impl Iterator<Item = &Pooled> {
        self.rates.iter().rev().map(|(_, id)| &self.waiting[id])
    }

    /// Steps of a channel that wait; a funding that replaces it among them.
    pub fn of_channel(&self, channel: &ChannelId) -> impl Iterator<Item = &Pooled> {
        let first = (*channel, "", None);
        self.steps.range(first..).take_while(move |((of, ..), _)| *of == first.0).map(|(_, id)| &self.waiting[id])
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

    /// Whether a transaction with this nonce waits.
    pub fn takes(&self, sender: &Address, nonce: Nonce) -> bool {
        self.senders.get(sender).is_some_and(|waiting| waiting.contains_key(&nonce))
    }

    /// Whether transactions with a later nonce wait.
    pub fn waits_beyond(&self, sender: &Address, nonce: Nonce) -> bool {
        self.senders.get(sender).is_some_and(|waiting| waiting.range(nonce.next()..).next().is_some())
    }

    /// What waiting transactions take from somebody's balance.
    pub fn reserved(&self, payer: &Address) -> Amount {
        amount(self.reserved.get(payer).copied().unwrap_or_default())
    }

    /// Takes a transaction whose signatures were checked ([`super::check_transaction`]).
    ///
    /// # Errors
    /// [`PoolError`]; the pool is unchanged then.
    pub fn admit(&mut self, transaction: Arc<Transaction>, ledger: &Ledger) -> Result<Admission, PoolError> {
        let new = Pooled::new(transaction);
        if self.waiting.contains_key(&new.id) {
            return Ok(Admission::Known);
        }
        self.pays(&new).into_result()?;
        for (address, nonce) in new.nonces() {
            is_unspent(*nonce, ledger.account(address)).into_result()?;
            is_near(*nonce, ledger.account(address)).into_result()?;
        }
        match &new.transaction.unsigned.action {
            Action::Transfer { .. } => {}
            Action::Fund(funding) => self.check_funding(funding, ledger)?,
            Action::Close(_) | Action::Dispute(_) => ledger.allows(&new.transaction)?,
            Action::Stake(_) | Action::Unstake(_) | Action::Report(_) => staking(&new, ledger).into_result()?,
            Action::Attest(_) => return Err(PoolError::Vote),
        }
        let replaced = self.check_replacement(&new)?;
        self.check_affordable(&new, &replaced, ledger)?;
        let victims = self.make_room(&new, &replaced)?;
        replaced.iter().chain(&victims).for_each(|id| drop(self.remove(id)));
        self.insert(new);
        Ok(Admission::Taken { replaced, evicted: victims })
    }

    /// Drops what the ledger no longer allows: spent nonces, steps of channels that are past, and the tails of senders that can no longer pay. Tells
    /// of each why; what a block has confirmed is spent, too.
    pub fn refresh(&mut self, ledger: &Ledger) -> Vec<(Arc<Transaction>, Dropped)> {
        let past = self.waiting.values().filter_map(|pooled| Some((pooled.id, is_past(pooled, ledger)?)));
        let mut dropped: BTreeMap<TransactionId, Dropped> = ordered(past);
        for (payer, ids) in &self.payers {
            let mut left = Some(ledger.account(payer).balance);
            let order = |id: &TransactionId| (nonce_of(&self.waiting[id], payer), *id);
            let mut ids: Vec<_> = ids.iter().filter(|id| !dropped.contains_key(*id)).map(order).collect();
            ids.sort_unstable();
            for (_, id) in ids {
                left = left.and_then(|left| left.checked_sub(self.waiting[&id].debit(payer)));
                if left.is_none() {
                    dropped.insert(id, Dropped::Unpayable);
                }
            }
        }
        let mut told: Vec<_> = dropped.iter().filter_map(|(id, why)| Some((self.remove(id)?, *why))).collect();
        // A funding that replaces a channel may have waited for that one's own, which is gone now.
        while let Some(gone) = self.homeless(ledger).and_then(|id| self.remove(&id)) {
            told.push((gone, Dropped::Past));
        }
        told
    }

    fn homeless(&self, ledger: &Ledger) -> Option<TransactionId> {
        let cannot = |pooled: &&Pooled| pooled.funding().is_some_and(|it| self.check_resizing(it, ledger).is_err());
        self.waiting.values().find(cannot).map(|pooled| pooled.id)
    }

    /// The best-paying transactions that fit into `room` bytes and follow one another.
    pub fn select(&self, ledger: &Ledger, room: usize) -> Vec<Transaction> {
        self.select_into(&mut ledger.draft(), &[], ledger, room)
    }

    /// The same after others, as far as these fit and follow, on what is changed already above a ledger.
    pub(super) fn select_into(
        &self,
        draft: &mut Draft<'_>,
        first: &[Transaction],
        ledger: &Ledger,
        room: usize,
    ) -> Vec<Transaction> {
        let (mut selected, mut left) = (Vec::new(), room);
        for transaction in first {
            let size = transaction.size();
            if size <= left && draft.transact(transaction).is_ok() {
                left -= size;
                selected.push(transaction.clone());
            }
        }
        let rank = |id: &TransactionId| (self.waiting[id].fee_rate, Reverse(*id));
        let firsts = self.senders.iter().filter_map(|(sender, waiting)| waiting.get(&ledger.account(sender).nonce));
        let mut candidates: BTreeSet<(u64, Reverse<TransactionId>)> =
            ordered(firsts.chain(self.steps.values()).map(rank));
        while let Some((_, Reverse(id))) = candidates.pop_last() {
            let pooled = &self.waiting[&id];
            // A funding comes up with either party's nonce; it is taken when both are next.
            if pooled.size > left || draft.transact(&pooled.transaction).is_err() {
                continue;
            }
            left -= pooled.size;
            selected.push(Transaction::clone(&pooled.transaction));
            let followers = pooled
                .nonces()
                .iter()
                .filter_map(|(sender, nonce)| self.senders.get(sender).and_then(|waiting| waiting.get(&nonce.next())));
            candidates.extend(followers.map(rank));
        }
        selected
    }

    /// A hash over all that wait.
    pub fn digest(&self) -> Hash {
        DIGEST.hash_of(&self.waiting.keys().collect::<Vec<_>>())
    }

    /// The lowest fee rates, each with the later nonces of its senders, that must go until `new` fits; never those of its own senders, which
    /// it may need before it.
    fn make_room(
        &self,
        new: &Pooled,
        replaced: &BTreeSet<TransactionId>,
    ) -> Result<BTreeSet<TransactionId>, PoolError> {
        let freed = replaced.iter().map(|id| self.waiting[id].size).sum::<usize>();
        let mut needed = (self.bytes + new.size).saturating_sub(MAX_POOL_BYTES + freed);
        let own: BTreeSet<Address> = ordered(new.nonces().iter().map(|(sender, _)| *sender));
        let mut victims = BTreeSet::new();
        for (rate, id) in &self.rates {
            if needed == 0 {
                break;
            }
            if *rate >= new.fee_rate {
                return Err(PoolError::Full { fee_rate: new.fee_rate, lowest: *rate });
            }
            if replaced.contains(id) || self.waiting[id].nonces().iter().any(|(sender, _)| own.contains(sender)) {
                continue;
            }
            for id in self.tail(*id) {
                if victims.insert(id) {
                    needed = needed.saturating_sub(self.waiting[&id].size);
                }
            }
        }
        Ok(victims)
    }

    /// A transaction and all that cannot be included without it.
    fn tail(&self, id: TransactionId) -> BTreeSet<TransactionId> {
        let (mut tail, mut waiting) = (BTreeSet::new(), vec![id]);
        while let Some(id) = waiting.pop() {
            if tail.insert(id) {
                let nonces = self.waiting[&id].nonces().iter();
                waiting
                    .extend(nonces.flat_map(|(sender, nonce)| self.senders[sender].range(nonce..).map(|(_, id)| *id)));
            }
        }
        tail
    }

    fn insert(&mut self, new: Pooled) {
        let id = new.id;
        for (sender, nonce) in new.nonces() {
            self.senders.entry(*sender).or_default().insert(*nonce, id);
        }
        for (payer, debit) in new.debits() {
            self.payers.entry(*payer).or_default().insert(id);
            *self.reserved.entry(*payer).or_default() += u128::from(debit.units());
        }
        self.steps.extend(new.step().map(|step| (step, id)));
        self.rates.insert((new.fee_rate, id));
        self.bytes += new.size;
        self.waiting.insert(id, new);
    }

    fn remove(&mut self, id: &TransactionId) -> Option<Arc<Transaction>> {
        let pooled = self.waiting.remove(id)?;
        for (sender, nonce) in pooled.nonces() {
            take(&mut self.senders, sender, |waiting| waiting.remove(nonce).is_some() && waiting.is_empty());
        }
        for (payer, debit) in pooled.debits() {
            take(&mut self.payers, payer, |ids| ids.remove(id) && ids.is_empty());
            take(&mut self.reserved, payer, |left| {
                *left -= u128::from(debit.units());
                *left == 0
            });
        }
        pooled.step().map(|step| self.steps.remove(&step));
        self.rates.remove(&(pooled.fee_rate, *id));
        self.bytes -= pooled.size;
        Some(pooled.transaction)
    }
}

/// Takes something out of one of many collections, and the collection too once it is empty.
fn take<V>(all: &mut BTreeMap<Address, V>, of: &Address, empties: impl FnOnce(&mut V) -> bool) {
    if all.get_mut(of).is_some_and(empties) {
        all.remove(of);
    }
}

/// So many base units, or as many as can be.
fn amount(units: u128) -> Amount {
    u64::try_from(units).ok().and_then(|units| Amount::new(units).ok()).unwrap_or(Amount::MAX)
}

fn nonce_of(pooled: &Pooled, of: &Address) -> Option<Nonce> {
    pooled.nonces().iter().find(|(sender, _)| sender == of).map(|(_, nonce)| *nonce)
}

/// Why it could not be included any more, whatever else waits.
fn is_past(pooled: &Pooled, ledger: &Ledger) -> Option<Dropped> {
    let account = |address: &Address| ledger.account(address).nonce;
    let out_of_range =
        |(address, nonce): &(Address, Nonce)| *nonce < account(address) || nonce.0 > account(address).0 + MAX_NONCE_GAP;
    let over = match &pooled.transaction.unsigned.action {
        Action::Transfer { .. } => false,
        Action::Fund(funding) => funding.terms.valid_until <= ledger.height(),
        Action::Close(_) | Action::Dispute(_) => ledger.allows(&pooled.transaction).is_err(),
        Action::Stake(_) | Action::Unstake(_) | Action::Report(_) => staking(pooled, ledger).into_result().is_err(),
        Action::Attest(_) => true,
    };
    // What needs no nonce has none.
    let spent = pooled.nonces().iter().any(out_of_range).then_some(Dropped::Spent);
    spent.or_else(|| over.then_some(Dropped::Past))
}
