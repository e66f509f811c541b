//! Channels in the pool: what takes whose place, what goes when the chain moves, and that a block can always be made of it.

use std::sync::Arc;

use proptest::prelude::*;
use tabchain::{
    chain::{Admission, Import, MAX_POOL_BYTES, Mempool, PoolError},
    primitives::{
        Action, Block, Checks, DisputeStep, FeeSource, Height, Memo, Nonce, Revelation, Side, Transaction,
        UnsignedTransaction,
    },
};

use crate::{
    locked::{Locked, htlc, preimage, secret},
    support::{self, ChainBuilder, address, genesis, key, pay, properties, rules, units},
};

fn start() -> (ChainBuilder, Locked, Mempool) {
    let chain = ChainBuilder::new(genesis(4, rules(1)));
    let channel = Locked::new(chain.chain.genesis_id(), [1, 2], [6_000, 4_000]);
    (chain, channel, Mempool::default())
}

/// What it comes to; and that the audit says the same.
fn admit(chain: &ChainBuilder, pool: &mut Mempool, transaction: &Transaction) -> &'static str {
    let before = pool.clone();
    let shared = Arc::new(transaction.clone());
    let audit = pool.audit(&shared, &chain.chain.genesis_id(), chain.chain.ledger(), &mut Checks::forgetful());
    let broken = audit.iter().find_map(|finding| finding.error()).map(PoolError::code);
    let known = pool.get(&transaction.id()).is_some();
    let admitted = pool.admit(shared, chain.chain.ledger());
    assert!(known || broken == admitted.as_ref().err().map(PoolError::code), "{broken:?}, {admitted:?}");
    match admitted {
        Ok(Admission::Taken { replaced, evicted }) => {
            assert!(replaced.iter().chain(&evicted).all(|old| before.get(old).is_some() && pool.get(old).is_none()));
            if replaced.is_empty() { "added" } else { "replaced" }
        }
        Ok(Admission::Known) => "known",
        Err(error) => {
            assert_eq!(*pool, before, "{error}");
            error.code()
        }
    }
}

/// Makes a block of what waits.
fn mine(chain: &mut ChainBuilder, pool: &mut Mempool) -> Vec<&'static str> {
    let time = chain.chain.tip_header().timestamp.after(1_000);
    let template = chain.chain.template(time, address(9), pool).expect("whatever waits, a block can be made");
    let header = support::seal(template.header.clone());
    let kinds = template.transactions.iter().map(|tx| tx.unsigned.action.kind()).collect();
    let block = Block { header, coinbase: template.coinbase, transactions: template.transactions };
    assert!(matches!(chain.import(block), Ok(Import::Extended(_))));
    pool.refresh(chain.chain.ledger());
    kinds
}

/// One step of a kind for each channel; a newer refutation needs no higher fee, an older one gets no place by any.
#[test]
fn places_of_steps() {
    let (mut chain, channel, mut pool) = start();
    chain.mine(vec![channel.fund()]);
    let publish = |who, fee, number| {
        channel.step_for(who, FeeSource::Account, fee, DisputeStep::Publish(channel.commitment(number)))
    };
    assert_eq!(admit(&chain, &mut pool, &publish(1, 500, 1)), "added");
    assert_eq!(admit(&chain, &mut pool, &publish(1, 500, 1)), "known");
    assert_eq!(admit(&chain, &mut pool, &publish(2, 549, 2)), "replacement-underpriced", "whoever publishes");
    assert_eq!(admit(&chain, &mut pool, &publish(2, 550, 2)), "replaced");
    assert_eq!(admit(&chain, &mut pool, &channel.close(3, 700)), "added", "a close has its own place");
    assert_eq!(admit(&chain, &mut pool, &channel.refute(2, 3)), "not-published");
    let mut other = pool.clone();
    assert_eq!(mine(&mut chain, &mut other), ["close"], "one of the two; the other is past");
    assert!(other.is_empty());

    let (mut chain, channel, mut pool) = start();
    chain.mine(vec![channel.fund()]);
    chain.mine(vec![channel.publish(1, 1)]);
    let refute = |who, fee, number| {
        channel.step_for(who, FeeSource::Account, fee, DisputeStep::Refute(channel.commitment(number)))
    };
    assert_eq!(admit(&chain, &mut pool, &refute(1, 900_000, 2)), "added");
    assert_eq!(admit(&chain, &mut pool, &refute(2, 500, 2)), "replacement-underpriced");
    assert_eq!(admit(&chain, &mut pool, &refute(2, 100, 3)), "replaced", "newer, whatever its fee");
    assert_eq!(admit(&chain, &mut pool, &refute(1, 980_000, 2)), "outdated");
    assert_eq!(admit(&chain, &mut pool, &refute(1, 20, 9)), "fee-too-low", "but it pays its way");
    assert_eq!(admit(&chain, &mut pool, &channel.punish(2, Side::Opener, 1)), "added");
    assert_eq!(admit(&chain, &mut pool, &channel.settle(1, 1)), "window-open");
    assert!(mine(&mut chain, &mut pool).contains(&"punish"));
    assert!(pool.is_empty(), "the refutation is past");
}

/// A funding takes a nonce of either party: whoever wants one of them pays more than it, and it goes when one is spent.
#[test]
fn fundings_and_transfers() {
    let (mut chain, channel, mut pool) = start();
    let id = chain.chain.genesis_id();
    let pay = |from, nonce, fee| pay(&id, from, nonce, 3, 10, fee);
    assert_eq!(admit(&chain, &mut pool, &pay(2, 0, 300)), "added");
    assert_eq!(admit(&chain, &mut pool, &channel.fund()), "replaced");
    for who in [1, 2] {
        assert_eq!(admit(&chain, &mut pool, &pay(who, 0, 1_099)), "replacement-underpriced");
        assert_eq!(admit(&chain, &mut pool.clone(), &pay(who, 0, 1_100)), "replaced");
        assert_eq!(admit(&chain, &mut pool, &pay(who, 1, 300)), "added", "the nonce after it");
    }
    assert_eq!(pool.reserved(&address(1)), units(6_000 + 1_000 + 310));
    assert_eq!(pool.reserved(&address(2)), units(4_000 + 310));
    // Two transfers in the way of one funding: it must pay for both.
    let mut both = Mempool::default();
    for who in [1, 2] {
        assert_eq!(admit(&chain, &mut both, &pay(who, 0, 460)), "added");
    }
    assert_eq!(admit(&chain, &mut both, &channel.fund()), "replacement-underpriced");
    // A transfer that spends one nonce elsewhere ends it; what waited behind the other nonce waits on.
    let mut spent = pool.clone();
    chain.mine(vec![pay(2, 0, 700)]);
    spent.refresh(chain.chain.ledger());
    assert!(spent.get(&channel.fund().id()).is_none());
    assert_eq!(mine(&mut chain, &mut spent), ["transfer"], "the other party's waits for its gap");

    let (mut chain, channel, _) = start();
    assert_eq!(mine(&mut chain, &mut pool), ["fund", "transfer", "transfer"]);
    let ahead = channel.clone().with(|funding| funding.parties[0].nonce = tabchain::primitives::Nonce(70));
    assert_eq!(admit(&chain, &mut pool, &ahead.fund()), "nonce-too-far");
    // It expires in the pool.
    let (mut chain, channel, mut pool) = start();
    let late = channel.with(|funding| funding.parties[1].nonce = tabchain::primitives::Nonce(1));
    assert_eq!(admit(&chain, &mut pool, &late.fund()), "added");
    (0..9).for_each(|_| assert!(mine(&mut chain, &mut pool).is_empty()));
    assert_eq!(pool.len(), 1);
    mine(&mut chain, &mut pool);
    assert!(pool.is_empty());
}

/// Preimages wait side by side, one of each per channel, and go when they are registered or too late.
#[test]
fn places_of_revelations() {
    let (mut chain, channel, mut pool) = start();
    let other = Locked::new(channel.genesis, [2, 3], [6_000, 4_000]).with(|funding| funding.parties[0].nonce.0 = 1);
    chain.mine(vec![channel.fund(), other.fund()]);
    let reveal = |who, n, expiry, fee| {
        let revelation = Revelation { preimage: preimage(n), expiry: Height(expiry) };
        channel.step_for(who, FeeSource::Account, fee, DisputeStep::Reveal(revelation))
    };
    assert_eq!(admit(&chain, &mut pool, &reveal(1, 1, 9, 500)), "added");
    assert_eq!(admit(&chain, &mut pool, &reveal(1, 2, 2, 500)), "added", "another preimage");
    assert_eq!(admit(&chain, &mut pool, &other.reveal(3, 1, 9)), "added", "the same in another channel");
    assert_eq!(admit(&chain, &mut pool, &reveal(2, 1, 9, 549)), "replacement-underpriced");
    assert_eq!(admit(&chain, &mut pool, &reveal(2, 1, 7, 550)), "replaced", "whoever brings it, up to whatever height");
    assert_eq!(admit(&chain, &mut pool, &reveal(1, 3, 1, 500)), "too-late");
    assert_eq!(admit(&chain, &mut pool, &reveal(1, 3, 5_003, 500)), "expiry-too-far");
    assert_eq!(admit(&chain, &mut pool, &reveal(1, 3, 9, 10)), "fee-too-low");
    assert_eq!(admit(&chain, &mut pool, &channel.reveal_for(1, FeeSource::Reserve, 3, 9)), "reserve-not-open");
    assert_eq!(admit(&chain, &mut pool, &channel.publish(1, 1)), "added", "besides whatever else is to be done");
    let mut late = pool.clone();
    assert_eq!(mine(&mut chain, &mut pool), ["reveal", "reveal", "publish"], "one of the two of one preimage");
    assert!(pool.is_empty(), "the other one is past");
    assert_eq!(admit(&chain, &mut pool, &other.reveal(3, 1, 9)), "already-revealed");
    late.refresh(chain.chain.ledger());
    assert!(late.is_empty());
    // A settlement does not wait for an HTLC that is open.
    let (mut chain, channel, mut pool) = start();
    let state = channel.pending(1, vec![htlc(Side::Opener, 100, 1, 7)]);
    chain.mine(vec![channel.fund()]);
    chain.mine(vec![channel.step(1, DisputeStep::Publish(channel.commitment_to(1, &state)))]);
    (0..4).for_each(|_| drop(chain.mine(Vec::new())));
    let settle = channel.step(1, DisputeStep::Settle(state));
    assert_eq!(admit(&chain, &mut pool, &settle), "pending-htlc");
    chain.mine(Vec::new());
    assert_eq!(admit(&chain, &mut pool, &settle), "added");
    assert_eq!(mine(&mut chain, &mut pool), ["settle"]);
}

/// A resize takes the places of a funding, and the one of the end that both agree on. It goes with what it replaces.
#[test]
fn places_of_resizes() {
    let (mut chain, old, mut pool) = start();
    chain.mine(vec![old.fund()]);
    let next = old.resized([6_000, 4_000], [8_000, 2_500], [1, 1]);
    let id = chain.chain.genesis_id();
    assert_eq!(admit(&chain, &mut pool, &old.close(3, 400)), "added");
    assert_eq!(admit(&chain, &mut pool, &next.fund()), "replaced", "it pays more than the close");
    assert_eq!(admit(&chain, &mut pool, &old.close(3, 1_099)), "replacement-underpriced");
    assert_eq!(admit(&chain, &mut pool.clone(), &old.close(3, 1_100)), "replaced");
    let other = next.clone().with(|funding| funding.terms.window = 4);
    assert_eq!(admit(&chain, &mut pool, &other.fund()), "replacement-underpriced");
    assert_eq!(admit(&chain, &mut pool.clone(), &pay(&id, 2, 1, 3, 10, 1_100)), "replaced", "by its nonce");
    assert_eq!(pool.reserved(&address(1)), units(8_000 - 6_000 + 1_000), "only the difference");
    assert_eq!(pool.reserved(&address(2)), units(0), "what will be paid out is nothing to spend yet");
    // A publication is not kept out. What is taken first ends the other.
    assert_eq!(admit(&chain, &mut pool, &old.publish(1, 1)), "added");
    let (mut first, mut second) = (pool.clone(), pool.clone());
    let mut resized = chain_like(&chain);
    resized.mine(vec![next.fund()]);
    first.refresh(resized.chain.ledger());
    assert!(first.is_empty());
    chain.mine(vec![old.publish(1, 1)]);
    second.refresh(chain.chain.ledger());
    assert!(second.is_empty());
    assert_eq!(admit(&chain, &mut second, &next.fund()), "already-published");
}

/// After a reorg a funding and what replaces it wait again, one after the other; without the first the second goes.
#[test]
fn a_resize_waits_for_its_channel() {
    let (mut chain, old, mut pool) = start();
    let second = old.resized([6_000, 4_000], [8_000, 2_500], [1, 1]);
    let third = second.resized([8_000, 2_500], [5_000, 5_000], [2, 2]);
    assert_eq!(admit(&chain, &mut pool, &second.fund()), "unknown-channel");
    let id = chain.chain.genesis_id();
    for fund in [&old, &second, &third] {
        assert_eq!(admit(&chain, &mut pool, &fund.fund()), "added");
    }
    let wrong = second.resized([8_001, 2_499], [5_000, 5_000], [2, 2]);
    assert_eq!(admit(&chain, &mut pool, &wrong.fund()), "replacement-underpriced");
    let more = second.resized([8_000, 2_501], [5_000, 5_000], [3, 3]);
    assert_eq!(admit(&chain, &mut pool, &more.fund()), "wrong-split", "as it will be opened");
    pool.refresh(chain.chain.ledger());
    assert_eq!(pool.len(), 3);
    let mut gone = pool.clone();
    assert_eq!(mine(&mut chain, &mut pool), ["fund", "resize", "resize"]);
    // The nonce goes elsewhere: the channel will never be.
    let (mut chain, ..) = start();
    chain.mine(vec![pay(&id, 2, 0, 3, 10, 600)]);
    gone.refresh(chain.chain.ledger());
    assert!(gone.is_empty());
    // It expires, and those that would replace it with it, whatever they say of themselves.
    let (mut chain, mut pool) = (ChainBuilder::new(genesis(4, rules(1))), Mempool::default());
    let first = old.with(|funding| funding.terms.valid_until = Height(2));
    let second = first.resized([6_000, 4_000], [8_000, 2_500], [1, 1]);
    let gap = second.resized([8_000, 2_500], [5_000, 5_000], [2, 2]);
    for fund in [&first, &second, &gap] {
        assert_eq!(admit(&chain, &mut pool, &fund.fund()), "added");
    }
    chain.mine(Vec::new());
    pool.refresh(chain.chain.ledger());
    assert_eq!(pool.len(), 3);
    chain.mine(Vec::new());
    pool.refresh(chain.chain.ledger());
    assert!(pool.is_empty());
}

fn chain_like(chain: &ChainBuilder) -> ChainBuilder {
    let mut copy = ChainBuilder::new(chain.genesis.clone());
    chain.blocks.iter().for_each(|block| drop(copy.import(block.clone()).expect("valid")));
    copy
}

/// Everything that two channels of three people can bring, in any order and at any fee.
fn anything(chain: &ChainBuilder, kind: usize, who: u8, number: u64, fee: u64) -> Transaction {
    let people = [[1, 2], [2, 3]][usize::from(who == 3)];
    let nonces = people.map(|who| chain.chain.ledger().account(&address(who)).nonce);
    let first = Locked::new(chain.chain.genesis_id(), people, [6_000, 4_000]);
    let first = first.with(|funding| funding.parties[0].nonce.0 = u64::from(who == 3));
    let reserve = if number.is_multiple_of(2) { FeeSource::Reserve } else { FeeSource::Account };
    let step = |step| first.step_for(who, reserve, fee, step);
    match kind {
        0 => {
            let mut next = first.with(|funding| {
                funding.parties.iter_mut().zip(nonces).for_each(|(party, nonce)| party.nonce = nonce);
            });
            next.fee = fee;
            next.fund()
        }
        1 => step(DisputeStep::Publish(first.commitment(number))),
        2 => step(DisputeStep::Refute(first.commitment(number))),
        3 => step(DisputeStep::Punish(secret(Side::BOTH[usize::from(who == people[1])].other(), number))),
        4 => step(DisputeStep::Settle(first.state(number))),
        5 => first.close(number, fee),
        6 => {
            let expiry = chain.chain.height().0 + number;
            step(DisputeStep::Reveal(Revelation { preimage: preimage(number as u8), expiry: Height(expiry) }))
        }
        7 => {
            let deposits = [6_000 - 400 * number, 4_000 + 300 * number];
            let mut next = first.resized([6_000, 4_000], deposits, nonces.map(|nonce| nonce.0 + number / 4));
            next.fee = fee;
            next.fund()
        }
        8 => {
            let middle = first.resized([6_000, 4_000], [6_000, 4_000], nonces.map(|nonce| nonce.0));
            let mut next = middle.resized([6_000, 4_000], [5_000, 5_000], nonces.map(|nonce| nonce.0 + 1));
            next.fee = fee;
            if number < 3 { middle.fund() } else { next.fund() }
        }
        _ => {
            let nonce = chain.chain.ledger().account(&address(who)).nonce.0 + number % 3;
            pay(&chain.chain.genesis_id(), who, nonce, 4, 1_000 * fee, fee)
        }
    }
}

proptest! {
    #![proptest_config(properties(96))]

    /// Whatever is brought, the pool counts right, and a block of what it selects is valid.
    #[test]
    fn a_block_can_always_be_made(steps in prop::collection::vec((0usize..12, 1u8..=3, 0u64..6, 60u64..1_200, 0usize..5), 1..80)) {
        let (mut chain, channel, mut pool) = start();
        let other = Locked::new(channel.genesis, [2, 3], [6_000, 4_000]).with(|funding| funding.parties[0].nonce.0 = 1);
        chain.mine(vec![channel.fund(), other.fund()]);
        for (kind, who, number, fee, then) in steps {
            let transaction = anything(&chain, kind, who, number, fee);
            admit(&chain, &mut pool, &transaction);
            prop_assert_eq!(pool.iter().map(|pooled| pooled.size).sum::<usize>(), pool.bytes());
            prop_assert_eq!(pool.iter().count(), pool.len());
            for who in 1..=3 {
                prop_assert!(pool.reserved(&address(who)) <= chain.chain.ledger().account(&address(who)).balance);
            }
            if then == 0 {
                mine(&mut chain, &mut pool);
                let mut again = pool.clone();
                again.refresh(chain.chain.ledger());
                prop_assert_eq!(&again, &pool);
            }
        }
        mine(&mut chain, &mut pool);
    }
}

/// However full the pool and however dear a place in it: who is cheated is heard.
#[test]
fn a_crowd_keeps_nobody_from_justice() {
    let chain = &mut ChainBuilder::new(genesis(64, rules(1)));
    let channel = Locked::new(chain.chain.genesis_id(), [1, 2], [6_000, 4_000]);
    chain.mine(vec![channel.fund()]);
    let mut pool = Mempool::default();
    let from = |who: u8, nonce: u64| {
        let memo = Memo::new("m".repeat(256)).expect("short");
        let action =
            Action::Transfer { from: key(who).public(), nonce: Nonce(nonce), to: address(1), amount: units(1), memo };
        UnsignedTransaction { fee: units(7_000), action }.sign(&key(who), &channel.genesis)
    };
    let crowd = (4..64).flat_map(|who| (0..64).map(move |nonce| (who, nonce)));
    for (who, nonce) in crowd {
        if pool.bytes() * 16 / MAX_POOL_BYTES >= 15 {
            break;
        }
        assert_eq!(admit(chain, &mut pool, &from(who, nonce)), "added");
    }
    assert_eq!(pool.floor(), 100 << 7);
    assert_eq!(admit(chain, &mut pool, &chain.pay(3, 0, 1, 1, 1_000)), "fee-too-low");
    assert_eq!(admit(chain, &mut pool, &channel.close(1, 100)), "added");
    assert_eq!(admit(chain, &mut pool, &channel.publish(1, 1)), "added");
}
