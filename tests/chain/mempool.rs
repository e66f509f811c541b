//! The mempool: every refusal with its values, and long random lives against a pool that is a plain list with obvious rules.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use proptest::prelude::*;
use tabchain::{
    chain::{Admission, Import, Ledger, MAX_POOL_BYTES, Mempool, PoolError, Rules, TransactionError},
    primitives::{
        Action, Address, Block, Memo, Nonce, PublicKey, Signature, Transaction, TransactionId, UnsignedTransaction,
        encode,
    },
};

use crate::support::{self, ChainBuilder, address, child, genesis, key, properties, rules, transfer, units};

const GAP: u64 = 64;
const ADDED: Admission = Admission::Taken { replaced: BTreeSet::new(), evicted: BTreeSet::new() };

/// A pool that is a list.
#[derive(Default, Clone)]
struct Plain(Vec<Transaction>);

fn sender(tx: &Transaction) -> Address {
    tx.unsigned.sender().address()
}

fn nonce(tx: &Transaction) -> u64 {
    tx.unsigned.nonces()[0].1.0
}

fn rate(tx: &Transaction) -> u64 {
    tx.unsigned.fee.units() * 1_000 / encode(tx).len() as u64
}

fn cost(tx: &Transaction) -> u64 {
    tx.unsigned.amount().units() + tx.unsigned.fee.units()
}

impl Plain {
    fn bytes(&self) -> usize {
        self.0.iter().map(|tx| encode(tx).len()).sum()
    }

    fn ids(&self) -> Vec<TransactionId> {
        let mut ids: Vec<_> = self.0.iter().map(Transaction::id).collect();
        ids.sort();
        ids
    }

    /// The code of what admitting `tx` must answer.
    fn admit(&mut self, tx: &Transaction, ledger: &Ledger) -> &'static str {
        let (account, next, fee) = (ledger.account(&sender(tx)), nonce(tx), tx.unsigned.fee.units());
        let same = |old: &&Transaction| sender(old) == sender(tx) && nonce(old) == next;
        let old = self.0.iter().find(same).cloned();
        let others: u64 = self.0.iter().filter(|other| sender(other) == sender(tx) && !same(other)).map(cost).sum();
        if self.0.iter().any(|known| known.id() == tx.id()) {
            return "known";
        } else if fee * 1_000 < encode(tx).len() as u64 * self.floor() {
            return "fee-too-low";
        } else if next < account.nonce.0 {
            return "wrong-nonce";
        } else if next > account.nonce.0 + GAP {
            return "nonce-too-far";
        } else if old.as_ref().is_some_and(|old| fee * 100 < old.unsigned.fee.units() * 110 || rate(tx) <= rate(old)) {
            return "replacement-underpriced";
        } else if cost(tx) > account.balance.units() {
            return "insufficient-balance";
        } else if others + cost(tx) > account.balance.units() {
            return "overspent";
        }
        let mut kept = self.clone();
        kept.0.retain(|other| !same(&other));
        while kept.bytes() + encode(tx).len() > MAX_POOL_BYTES {
            let strangers = kept.0.iter().filter(|other| sender(other) != sender(tx));
            let lowest = strangers.min_by_key(|other| (rate(other), other.id())).expect("a full pool").clone();
            if rate(&lowest) >= rate(tx) {
                return "pool-full";
            }
            let doomed = |other: &Transaction| sender(other) == sender(&lowest) && nonce(other) >= nonce(&lowest);
            kept.0.retain(|other| !doomed(other));
        }
        kept.0.push(tx.clone());
        *self = kept;
        if old.is_some() { "replaced" } else { "added" }
    }

    /// Twice as much with every sixteenth of the pool from the middle on.
    fn floor(&self) -> u64 {
        let parts = self.bytes() * 16 / MAX_POOL_BYTES;
        (8..parts).fold(100, |floor, _| 2 * floor)
    }

    /// What a ledger leaves of it: per sender, in order of nonce, while the balance lasts.
    fn refresh(&mut self, ledger: &Ledger) {
        self.0.sort_by_key(nonce);
        let mut spent = BTreeMap::<Address, u64>::new();
        self.0.retain(|tx| {
            let account = ledger.account(&sender(tx));
            if nonce(tx) < account.nonce.0 {
                return false;
            }
            let spent = spent.entry(sender(tx)).or_default();
            *spent += cost(tx);
            *spent <= account.balance.units() && nonce(tx) <= account.nonce.0 + GAP
        });
    }

    /// Again and again the best-paying one that may come next and fits.
    fn select(&self, ledger: &Ledger, mut room: usize) -> Vec<Transaction> {
        let (mut selected, mut nonces) = (Vec::new(), BTreeMap::new());
        loop {
            let may_follow = |tx: &&Transaction| {
                let next = nonces.get(&sender(tx)).copied().unwrap_or(ledger.account(&sender(tx)).nonce.0);
                nonce(tx) == next && encode(*tx).len() <= room
            };
            let best = self.0.iter().filter(may_follow).max_by_key(|tx| (rate(tx), std::cmp::Reverse(tx.id())));
            let Some(best) = best.cloned() else { return selected };
            room -= encode(&best).len();
            nonces.insert(sender(&best), nonce(&best) + 1);
            selected.push(best);
        }
    }
}

fn agree(pool: &Mempool, plain: &Plain) -> Result<(), TestCaseError> {
    let mut ids: Vec<_> = pool.iter().map(|pooled| pooled.id).collect();
    prop_assert!(pool.iter().map(|pooled| pooled.fee_rate).rev_sorted(), "best fee rate first");
    ids.sort();
    prop_assert_eq!(&ids, &plain.ids());
    prop_assert_eq!((pool.len(), pool.bytes()), (plain.0.len(), plain.bytes()));
    prop_assert!(pool.bytes() <= MAX_POOL_BYTES);
    let mut costs = BTreeMap::<Address, u64>::new();
    for tx in &plain.0 {
        prop_assert_eq!(pool.get(&tx.id()).map(|tx| &**tx), Some(tx));
        *costs.entry(sender(tx)).or_default() += cost(tx);
    }
    for (sender, cost) in costs {
        prop_assert_eq!(pool.reserved(&sender), units(cost));
    }
    Ok(())
}

trait RevSorted {
    fn rev_sorted(self) -> bool;
}

impl<I: Iterator<Item = u64>> RevSorted for I {
    fn rev_sorted(self) -> bool {
        self.collect::<Vec<_>>().is_sorted_by(|a, b| a >= b)
    }
}

/// Admits to both and compares the answers.
fn admit(pool: &mut Mempool, plain: &mut Plain, tx: &Transaction, ledger: &Ledger) -> Result<(), TestCaseError> {
    let (before, size) = (pool.clone(), plain.0.len());
    let expected = plain.admit(tx, ledger);
    let code = match pool.admit(Arc::new(tx.clone()), ledger) {
        Ok(Admission::Known) => "known",
        Ok(Admission::Taken { replaced, evicted }) => {
            // Whatever is gone is told of, once.
            let gone: BTreeSet<_> = before.iter().map(|old| old.id).filter(|id| pool.get(id).is_none()).collect();
            prop_assert!(replaced.is_disjoint(&evicted));
            prop_assert_eq!(&(&replaced | &evicted), &gone);
            if replaced.is_empty() { "added" } else { "replaced" }
        }
        Err(error) => {
            prop_assert_eq!(&before, &*pool, "unchanged by {}", error);
            if let PoolError::Full { fee_rate, lowest } = error {
                prop_assert!(fee_rate <= lowest);
            }
            error.code()
        }
    };
    prop_assert_eq!(code, expected);
    prop_assert!(pool.len() + 2 * GAP as usize + 2 > size, "nobody loses more than one sender's tail or two");
    Ok(())
}

#[derive(Debug, Clone)]
enum Step {
    /// (from, nonce above the account's less one, to, amount, fee, bytes of memo)
    Admit(u8, u64, u8, u64, u64, usize),
    Again(prop::sample::Index),
    Mine,
    Reorg,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let amount = prop_oneof![1..100_000u64, 300_000..1_000_001u64];
    let near = prop_oneof![9 => 0..5u64, 1 => 60..70u64];
    let fee = prop_oneof![1 => 0..60u64, 4 => 20..400u64];
    let transfer = (1..=4u8, near, 1..=4u8, amount, fee, prop_oneof![Just(0usize), 0..=256usize]);
    let step = prop_oneof![
        12 => transfer.prop_map(|(from, nonce, to, amount, fee, memo)| Step::Admit(from, nonce, to, amount, fee, memo)),
        1 => any::<prop::sample::Index>().prop_map(Step::Again),
        2 => Just(Step::Mine),
        1 => Just(Step::Reorg),
    ];
    prop::collection::vec(step, 1..60)
}

/// Mines the template and imports it: whatever waits, the pool makes a valid block, and the best one by the plain rule.
fn mine(chain: &mut ChainBuilder, pool: &Mempool, plain: &Plain) -> Result<(), TestCaseError> {
    let template = chain.chain.template(chain.chain.tip_header().timestamp.after(1_000), address(9), pool);
    let template = template.expect("the pool never makes it fail");
    let header = support::seal(template.header.clone());
    let room =
        1_200 - template.clone().seal(0).size() + template.transactions.iter().map(Transaction::size).sum::<usize>();
    prop_assert_eq!(&template.transactions, &plain.select(chain.chain.ledger(), room));
    let next = chain.chain.next_block(pool);
    prop_assert_eq!(
        (next.transactions, next.lowest),
        (template.transactions.len(), template.transactions.iter().map(rate).min())
    );
    let block = Block { header, coinbase: template.coinbase, transactions: template.transactions };
    prop_assert!(block.size() <= 1_200);
    prop_assert!(matches!(chain.import(block), Ok(Import::Extended(_))));
    Ok(())
}

/// Two empty blocks beside the tip take its place; returns what must be taken back into the pool.
fn reorg(chain: &mut ChainBuilder, miner: u8) -> Vec<Transaction> {
    let mut other = ChainBuilder::new(chain.genesis.clone());
    for id in chain.chain.best().iter().skip(1).take(chain.chain.best().len().saturating_sub(2)) {
        other.import(Block::clone(chain.chain.tree().block(id).expect("best"))).expect("valid");
    }
    let on = |other: &ChainBuilder| {
        child(&chain.genesis, other.chain.ledger(), other.chain.tip_header(), 1_000, miner, Vec::new())
    };
    let first = on(&other);
    other.import(first.clone()).expect("valid");
    let second = on(&other);
    let gone = [first, second].map(|block| match chain.import(block).expect("valid") {
        Import::Reorged { disconnected, .. } => disconnected,
        _ => Vec::new(),
    });
    gone.concat().iter().flat_map(|block| block.transactions.clone()).collect()
}

proptest! {
    #![proptest_config(properties(128))]

    #[test]
    fn lives_like_a_plain_list(steps in steps()) {
        let mut chain = ChainBuilder::new(genesis(4, Rules { max_block_bytes: 1_200, ..rules(1) }));
        let (mut pool, mut plain, mut seen) = (Mempool::default(), Plain::default(), Vec::new());
        for (miner, step) in (100..).zip(steps) {
            match step {
                Step::Admit(from, nonce, to, amount, fee, memo) => {
                    let account = chain.chain.ledger().account(&address(from));
                    let mut body = transfer(from, (account.nonce.0 + nonce).saturating_sub(1), address(to), amount, fee);
                    let Action::Transfer { memo: text, .. } = &mut body.action else { unreachable!() };
                    *text = Memo::new("m".repeat(memo)).expect("short");
                    seen.push(body.sign(&key(from), &chain.chain.genesis_id()));
                    admit(&mut pool, &mut plain, seen.last().expect("just pushed"), chain.chain.ledger())?;
                }
                Step::Again(index) if !seen.is_empty() => {
                    admit(&mut pool, &mut plain, index.get(&seen), chain.chain.ledger())?;
                }
                Step::Again(_) => {}
                Step::Mine => mine(&mut chain, &pool, &plain)?,
                Step::Reorg => {
                    let returned = reorg(&mut chain, miner);
                    pool.refresh(chain.chain.ledger());
                    plain.refresh(chain.chain.ledger());
                    for tx in returned {
                        admit(&mut pool, &mut plain, &tx, chain.chain.ledger())?;
                    }
                }
            }
            pool.refresh(chain.chain.ledger());
            plain.refresh(chain.chain.ledger());
            agree(&pool, &plain)?;
        }
        mine(&mut chain, &pool, &plain)?;
    }
}

/// A transfer of somebody without a key; the pool does not look at signatures.
fn unsigned(who: u8, nonce: u64, fee: u64, memo: usize) -> Transaction {
    let action = Action::Transfer {
        from: PublicKey::Ed25519([who; 32]),
        nonce: Nonce(nonce),
        to: address(1),
        amount: units(1),
        memo: Memo::new("m".repeat(memo)).expect("short"),
    };
    let unsigned = UnsignedTransaction { fee: units(20 * fee), action };
    Transaction { unsigned, signature: Signature::Ed25519([0; 64]), cosignature: None }
}

/// Forty senders fill the pool to its last kilobyte, at rising fees.
fn full() -> (Ledger, Mempool, Plain) {
    let balances = (0..60u8).map(|who| (PublicKey::Ed25519([who; 32]).address(), units(1 << 30))).collect();
    let ledger = Ledger::with_allocations(&balances);
    let (mut pool, mut plain) = (Mempool::default(), Plain::default());
    let nonces = |who| 0..=if who == 0 { 10 } else { GAP };
    for (who, nonce) in (0..60u8).flat_map(|who| nonces(who).map(move |nonce| (who, nonce))) {
        let fee = if (who, nonce) == (0, 0) { 900 } else { 1_000 + (u64::from(who) * 37 + nonce * 11) % 500 };
        let tx = unsigned(who, nonce, fee, 256);
        if pool.bytes() + tx.size() <= MAX_POOL_BYTES {
            assert_eq!(pool.admit(Arc::new(tx.clone()), &ledger), Ok(ADDED));
            plain.0.push(tx);
        }
    }
    (ledger, pool, plain)
}

/// A full pool keeps the better-paying, evicts whole tails, and never one's own.
#[test]
fn a_full_pool_against_a_plain_list() {
    let (ledger, mut pool, mut plain) = full();
    agree(&pool, &plain).expect("filled alike");
    // The lowest rate is the sender's own, which it needs: others make room.
    assert_eq!(pool.iter().last().map(|pooled| sender(&pooled.transaction)), Some(sender(&unsigned(0, 0, 0, 0))));
    admit(&mut pool, &mut plain, &unsigned(0, 11, 1_400, 256), &ledger).expect("alike");
    assert!(pool.get(&unsigned(0, 11, 1_400, 256).id()).is_some());
    let fees = [1_000, 1_001, 1_100, 1_250, 1_499, 1_500, 900, 5_000, 1_300, 1_200];
    for (turn, fee) in fees.into_iter().cycle().take(60).enumerate() {
        let (who, nonce) = ((turn * 7 % 60) as u8, (turn * 13 % 65) as u64);
        let tx = unsigned(who, nonce, fee + turn as u64, [256, 0, 100][turn % 3]);
        admit(&mut pool, &mut plain, &tx, &ledger).expect("alike");
        assert_eq!(pool.len(), plain.0.len());
    }
    agree(&pool, &plain).expect("still alike");
}

/// Each refusal alone, with its values; the nearest neighbour is admitted.
#[test]
fn every_refusal() {
    let chain = ChainBuilder::new(genesis(3, rules(1)));
    let ledger = chain.chain.ledger();
    let waiting = || support::pool(ledger, [chain.pay(1, 0, 2, 400_000, 1_000)]);
    let old = chain.pay(1, 0, 2, 400_000, 1_000).id();
    let size = chain.pay(1, 0, 2, 1, 1).size();
    let minimum = size.div_ceil(10) as u64;
    let balance = units(1_000_000);
    let transaction = |error| PoolError::Transaction { error };
    #[rustfmt::skip]
    let rows = [
        ("fee-too-low", chain.pay(2, 0, 1, 1, minimum - 1), chain.pay(2, 0, 1, 1, minimum),
            PoolError::FeeTooLow { fee: units(minimum - 1), minimum: units(minimum), bytes: size }),
        ("nonce-too-far", chain.pay(2, 65, 1, 1, 50), chain.pay(2, 64, 1, 1, 50),
            PoolError::NonceTooFar { nonce: Nonce(65), expected: Nonce(0), limit: 64 }),
        ("nonce-too-far", chain.pay(2, u64::MAX, 1, 1, 50), chain.pay(2, 0, 1, 1, 50),
            PoolError::NonceTooFar { nonce: Nonce(u64::MAX), expected: Nonce(0), limit: 64 }),
        ("replacement-underpriced", chain.pay(1, 0, 3, 1, 1_099), chain.pay(1, 0, 3, 1, 1_100),
            PoolError::ReplacementUnderpriced { fee: units(1_099), required: units(1_100), replaces: old }),
        ("overspent", chain.pay(1, 1, 2, 598_000, 1_001), chain.pay(1, 1, 2, 598_000, 1_000),
            PoolError::Overspent { balance, required: units(1_000_001) }),
        ("insufficient-balance", chain.pay(2, 0, 1, 999_000, 1_001), chain.pay(2, 0, 1, 999_000, 1_000),
            transaction(TransactionError::InsufficientBalance { balance, amount: units(999_000), fee: units(1_001) })),
    ];
    for (code, refused, admitted, error) in rows {
        let mut pool = waiting();
        assert_eq!(pool.admit(Arc::new(refused), ledger), Err(error.clone()));
        assert_eq!((error.code(), &pool, pool.digest()), (code, &waiting(), waiting().digest()));
        assert!(!error.is_senders_fault(), "an honest peer may have seen another state");
        let json = serde_json::to_value(&error).expect("JSON");
        assert_eq!(json["rule"], if matches!(error, PoolError::Transaction { .. }) { "transaction" } else { code });
        assert!(pool.admit(Arc::new(admitted.clone()), ledger).is_ok() && pool.get(&admitted.id()).is_some());
    }
    let mut later = ChainBuilder::new(genesis(3, rules(1)));
    later.mine(vec![later.pay(1, 0, 2, 1, 50)]);
    let spent = transaction(TransactionError::WrongNonce { nonce: Nonce(0), expected: Nonce(1) });
    assert_eq!(waiting().admit(Arc::new(later.pay(1, 0, 3, 1, 50)), later.chain.ledger()), Err(spent));
    let (ledger, mut pool, plain) = full();
    let lowest = plain.0.iter().map(rate).min().expect("full");
    let (tie, better) = (unsigned(59, 0, 900, 256), unsigned(59, 0, 903, 256));
    let error = PoolError::Full { fee_rate: lowest, lowest };
    assert_eq!(pool.admit(Arc::new(tie), &ledger), Err(error.clone()));
    assert_eq!(serde_json::to_value(&error).expect("JSON")["rule"], error.code());
    let Ok(Admission::Taken { replaced, evicted }) = pool.admit(Arc::new(better), &ledger) else {
        panic!("it pays more")
    };
    let rates = |ids: &BTreeSet<TransactionId>| -> BTreeSet<u64> {
        plain.0.iter().filter(|old| ids.contains(&old.id())).map(rate).collect()
    };
    assert!(replaced.is_empty() && rates(&evicted).contains(&lowest), "{evicted:?}");
}

/// A transfer of somebody who has none waiting, with this fee.
fn newcomer(fee: u64) -> Transaction {
    let mut transaction = unsigned(59, 0, 0, 256);
    transaction.unsigned.fee = units(fee);
    transaction
}

/// The least fee rate doubles with every sixteenth beyond the middle.
#[test]
fn a_crowded_pool_asks_for_more() {
    let (ledger, full, _) = full();
    let (mut pool, mut floors, size) = (Mempool::default(), BTreeMap::new(), newcomer(0).size());
    for pooled in full.iter() {
        let (part, floor) = (pool.bytes() * 16 / MAX_POOL_BYTES, pool.floor());
        if floors.insert(part, floor).is_none() {
            let minimum = units((floor * size as u64).div_ceil(1_000));
            let short = newcomer(minimum.units() - 1);
            let error = PoolError::FeeTooLow { fee: short.unsigned.fee, minimum, bytes: size };
            assert_eq!(pool.admit(Arc::new(short), &ledger), Err(error));
            assert_eq!(pool.clone().admit(Arc::new(newcomer(minimum.units())), &ledger), Ok(ADDED));
        }
        assert_eq!(pool.admit(Arc::clone(&pooled.transaction), &ledger), Ok(ADDED));
    }
    let expected = (0..16_usize).map(|part| (part, 100 << part.saturating_sub(8))).collect();
    assert_eq!(floors, expected);
}

/// What is said to be enough for the next block is, and what is less than all that it takes is not.
#[test]
fn what_is_enough_for_the_next_block() {
    const ROOM: usize = 20_000;
    let (ledger, pool, _) = full();
    let (next, size) = (pool.next_block(&ledger, ROOM), newcomer(0).size() as u64);
    let lowest = next.lowest.expect("it takes some");
    assert!(next.enough > lowest && next.bytes <= ROOM && next.transactions < pool.len());
    for (rate, taken) in [(next.enough, true), (lowest - 1, false)] {
        let (mut pool, new) = (pool.clone(), newcomer((rate * size).div_ceil(1_000)));
        assert!(pool.admit(Arc::new(new.clone()), &ledger).is_ok());
        assert_eq!(pool.select(&ledger, ROOM).contains(&new), taken, "{rate} against {lowest}");
    }
    // With room for all, the least will do.
    assert_eq!(Mempool::default().next_block(&ledger, ROOM).enough, 100);
}
