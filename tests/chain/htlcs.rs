//! HTLCs and resizes on the chain: when a preimage counts, what a settlement pays, and what it takes to replace a channel by another.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tabchain::{
    chain::{
        BlockError, ChannelError, Genesis, Import, Ledger, REGISTRY_BLOCKS, Register, Revealed, Rules, Undo,
        check_body, check_transaction, minimum_fee, resolve,
    },
    primitives::{
        Amount, Checks, DisputeStep, FeeSource, Header, Height, Htlc, MAX_EXPIRY, Nonce, PaymentHash, Resizing, Side,
        State, Transaction, WINDOW_RANGE,
    },
};

use crate::{
    locked::{self, Locked, htlc, preimage, total},
    support::{ChainBuilder, address, child, genesis, key, pay, properties, rules, units},
};

const DEPOSITS: [u64; 2] = [6_000, 4_000];

/// A channel of people 1 and 2, funded at height 1.
fn start() -> (ChainBuilder, Locked) {
    let mut chain = ChainBuilder::new(genesis(4, rules(1)));
    let channel = Locked::new(chain.chain.genesis_id(), [1, 2], DEPOSITS);
    mine(&mut chain, vec![channel.fund()]);
    (chain, channel)
}

fn mine(chain: &mut ChainBuilder, body: Vec<Transaction>) {
    let block = chain.next(body);
    assert!(matches!(chain.import(block), Ok(Import::Extended(_))));
    is_whole(chain.chain.ledger());
    assert!(chain.chain.reconnects());
}

/// Mines until the next block is the one at `height`.
fn wait_for(chain: &mut ChainBuilder, height: u64) {
    while chain.chain.height().0 + 1 < height {
        mine(chain, Vec::new());
    }
}

/// Invariant 1.
fn is_whole(ledger: &Ledger) {
    let balances = total(ledger.accounts().map(|(_, account)| account.balance));
    let locked = total(ledger.channels().map(|(_, record)| record.locked()));
    assert_eq!(balances + locked, ledger.supply().units());
}

fn judge(chain: &ChainBuilder, transaction: &Transaction) -> &'static str {
    let judged = check_transaction(transaction, &chain.chain.genesis_id(), &mut Checks::forgetful())
        .and_then(|()| chain.chain.ledger().allows(transaction));
    judged.map_or_else(|error| error.code(), |()| "ok")
}

fn balances(chain: &ChainBuilder) -> [i64; 3] {
    [1, 2, 3].map(|who| chain.chain.ledger().account(&address(who)).balance.units() as i64)
}

/// How much more the opener, the accepter and person 3 have after a block with this.
fn gains(chain: &mut ChainBuilder, transaction: Transaction) -> [i64; 3] {
    let before = balances(chain);
    mine(chain, vec![transaction]);
    let after = balances(chain);
    [0, 1, 2].map(|at| after[at] - before[at])
}

/// The next block is at height 2. (what, transaction, code)
#[test]
fn when_a_preimage_is_registered() {
    let (mut chain, channel) = start();
    let far = 2 + MAX_EXPIRY;
    #[rustfmt::skip]
    let rows = [
        ("by the opener",                channel.reveal(1, 1, 10), "ok"),
        ("by the accepter",              channel.reveal(2, 1, 10), "ok"),
        ("by anybody",                   channel.reveal(3, 1, 10), "ok"),
        ("in the last block",            channel.reveal(3, 1, 2), "ok"),
        ("one block later",              channel.reveal(3, 1, 1), "too-late"),
        ("as far ahead as can be",       channel.reveal(3, 1, far), "ok"),
        ("one block farther",            channel.reveal(3, 1, far + 1), "expiry-too-far"),
        ("for ever",                     channel.reveal(3, 1, (1 << 53) - 1), "expiry-too-far"),
        ("beyond numbers",               channel.reveal(3, 1, 1 << 53), "bad-term"),
        ("beyond all numbers",           channel.reveal(3, 1, u64::MAX), "bad-term"),
        ("out of the opener's reserve",  channel.reveal_for(1, FeeSource::Reserve, 1, 10), "reserve-not-open"),
        ("out of a stranger's reserve",  channel.reveal_for(3, FeeSource::Reserve, 1, 10), "reserve-not-open"),
        ("in a channel that is not",     Locked::new(channel.genesis, [1, 3], DEPOSITS).reveal(1, 1, 10), "unknown-channel"),
        ("by who has nothing",           channel.reveal(8, 1, 10), "insufficient-balance"),
    ];
    for (what, reveal, code) in rows {
        assert_eq!(judge(&chain, &reveal), code, "{what}");
    }
    let mut forged = channel.reveal(1, 1, 10);
    forged.unsigned.fee = units(400);
    assert_eq!(judge(&chain, &forged), "bad-signature");

    // It costs whoever brings it, and the channel goes on as it is.
    let record = chain.chain.ledger().channel(&channel.id());
    assert_eq!(gains(&mut chain, channel.reveal(3, 1, 10)), [0, 0, -500]);
    assert_eq!(chain.chain.ledger().channel(&channel.id()), record);
    let ledger = chain.chain.ledger();
    let revealed = ledger.revealed(&preimage(1).payment()).expect("just registered");
    assert_eq!((revealed.preimage, revealed.height), (preimage(1), Height(2)));
    assert_eq!(ledger.revealed(&preimage(2).payment()), None);
    assert_eq!(ledger.preimages().collect::<Vec<_>>(), [(preimage(1).payment(), revealed)]);
    for again in [channel.reveal(3, 1, 10), channel.reveal(1, 1, 11)] {
        assert_eq!(judge(&chain, &again), "already-revealed");
    }
    assert_eq!(judge(&chain, &channel.close(0, 700)), "ok", "a close knows of nothing");
}

/// Out of the reserve only while something is published, and then as any fee.
#[test]
fn what_a_revelation_costs() {
    let (mut chain, channel) = start();
    let from_reserve = |who, n| channel.reveal_for(who, FeeSource::Reserve, n, 100);
    mine(&mut chain, vec![channel.publish(1, 3)]);
    assert_eq!(judge(&chain, &from_reserve(3, 1)), "not-a-party");
    assert_eq!(gains(&mut chain, from_reserve(2, 1)), [0, 0, 0]);
    let record = chain.chain.ledger().channel(&channel.id()).expect("disputed");
    assert_eq!((record.charged, record.locked()), ([units(0), units(500)], units(9_500)));
    (2..=4).for_each(|n| mine(&mut chain, vec![from_reserve(2, n)]));
    assert_eq!(judge(&chain, &from_reserve(2, 5)), "fee-above-reserve", "four times 500 of 2,000");
    assert_eq!(judge(&chain, &from_reserve(1, 5)), "ok");
    assert_eq!(judge(&chain, &channel.reveal(2, 5, 100)), "ok");
    // After the window, too.
    let [opener, accepter] = locked::split(DEPOSITS, 3).map(|units| units as i64);
    wait_for(&mut chain, 8);
    mine(&mut chain, vec![from_reserve(1, 5)]);
    assert_eq!(gains(&mut chain, channel.settle(3, 3)), [opener - 500, accepter - 2_000, -500]);
    assert_eq!(judge(&chain, &from_reserve(1, 6)), "unknown-channel");
}

/// Publishes a state at height 2; the window ends at height 5.
fn published(state: &State) -> (ChainBuilder, Locked, Transaction) {
    let (mut chain, channel) = start();
    mine(&mut chain, vec![channel.step(1, DisputeStep::Publish(channel.commitment_to(3, state)))]);
    let settle = channel.step(3, DisputeStep::Settle(state.clone()));
    (chain, channel, settle)
}

/// (expiry, height of the revelation, height of the settlement, what it comes to: to the receiver, to the offerer, or a code)
#[test]
fn when_an_htlc_is_decided() {
    const PAID: &str = "receiver";
    const BACK: &str = "offerer";
    let rows = [
        (10, Some(3), 6, PAID, "long before"),
        (10, Some(10), 11, PAID, "in the last block"),
        (10, Some(10), 10, PAID, "in the last block, and settled in the same"),
        (10, None, 9, "pending-htlc", "while it may still come"),
        (10, None, 10, "pending-htlc", "in the last block in which it may come"),
        (10, None, 11, BACK, "in the next"),
        (10, None, 30, BACK, "and ever after"),
        (2, None, 6, BACK, "expired before anything"),
        (5, Some(5), 6, PAID, "at the end of the window"),
        (3, Some(4), 6, BACK, "registered for another HTLC of this hash, too late for this one"),
    ];
    for offerer in Side::BOTH {
        for (expiry, revealed, height, expected, what) in rows {
            let like = Locked::new(Default::default(), [1, 2], DEPOSITS);
            let state = like.pending(3, vec![htlc(offerer, 1_000, 1, expiry)]);
            let (mut chain, channel, settle) = published(&state);
            let same = revealed == Some(height);
            if let Some(revealed) = revealed {
                wait_for(&mut chain, revealed);
                if !same {
                    mine(&mut chain, vec![channel.reveal(4, 1, expiry.max(revealed))]);
                }
            }
            wait_for(&mut chain, height);
            let before = balances(&chain);
            let body = if same { vec![channel.reveal(4, 1, expiry), settle.clone()] } else { vec![settle.clone()] };
            if expected == "pending-htlc" {
                assert_eq!(judge(&chain, &settle), expected, "{what}");
                let error = chain.chain.ledger().allows(&settle).expect_err("pending");
                let values = format!("is open up to height {expiry}, this is {height}");
                assert!(error.to_string().ends_with(&values), "{error}");
                continue;
            }
            mine(&mut chain, body);
            let after = balances(&chain);
            let paid = if expected == PAID { offerer.other() } else { offerer };
            let mut owned = state.balances.map(|units| units.units() as i64);
            owned[paid.index()] += 1_000;
            assert_eq!([0, 1].map(|at| after[at] - before[at]), owned, "{what}, offered by {offerer:?}");
        }
    }
}

/// Many at once: two of one hash are both paid, one of them may have expired before; names are nobody's business.
#[test]
fn mixed_outcomes() {
    let list = vec![
        htlc(Side::Opener, 100, 1, 10),
        htlc(Side::Opener, 200, 1, 10),
        htlc(Side::Opener, 400, 1, 3),
        htlc(Side::Accepter, 800, 1, 10),
        htlc(Side::Accepter, 50, 2, 5),
        Htlc { id: 0, ..htlc(Side::Opener, 25, 2, 5) },
        Htlc { id: 0, ..htlc(Side::Accepter, 12, 3, 10) },
        Htlc { id: 7, ..htlc(Side::Opener, 6, 3, 10) },
        htlc(Side::Opener, 0, 4, 0),
    ];
    let like = Locked::new(Default::default(), [1, 2], DEPOSITS);
    let state = like.pending(3, list);
    let (mut chain, channel, settle) = published(&state);
    wait_for(&mut chain, 4);
    mine(&mut chain, vec![channel.reveal(3, 1, 10), channel.reveal_for(2, FeeSource::Reserve, 3, 10)]);
    wait_for(&mut chain, 6);
    let [opener, accepter] = state.balances.map(|units| units.units() as i64);
    let (to_opener, to_accepter) = (400 + 800 + 25 + 12, 100 + 200 + 50 + 6);
    assert_eq!(gains(&mut chain, settle), [opener + to_opener, accepter + to_accepter - 500, -500]);
    assert!(chain.chain.ledger().channels().next().is_none());
}

/// A side that has less than its fees is left with nothing, whatever HTLCs bring the other; one that HTLCs bring enough pays them all.
#[test]
fn fees_come_out_of_what_htlcs_bring() {
    for (revealed, gained) in [(true, [0, 8_500]), (false, [8_500, 0])] {
        let state = State { balances: [units(0); 2], htlcs: vec![htlc(Side::Opener, 10_000, 1, 5)] };
        let (mut chain, channel, settle) = published(&state);
        let from = |who, n| channel.reveal_for(who, FeeSource::Reserve, n, 5);
        mine(&mut chain, vec![from(1, 2), from(1, 3), from(2, if revealed { 1 } else { 4 })]);
        wait_for(&mut chain, 6);
        let [opener, accepter, _] = gains(&mut chain, settle);
        assert_eq!([opener, accepter], gained, "revealed: {revealed}");
    }
}

/// The largest settlement is relayed for a small fee, and fits into the smallest block that rules may ask for.
#[test]
fn sixty_htlcs() {
    let list = Side::BOTH.map(|side| (0..30).map(|n| htlc(side, 100, n, 100)).collect::<Vec<_>>()).concat();
    let mut genesis = genesis(4, rules(1));
    genesis.rules.max_block_bytes = 5_000;
    assert_eq!(genesis.validate(), Ok(()));
    let mut chain = ChainBuilder::new(genesis);
    let channel = Locked::new(chain.chain.genesis_id(), [1, 2], DEPOSITS);
    let state = channel.pending(0, list);
    mine(&mut chain, vec![channel.fund()]);
    mine(&mut chain, vec![channel.step(1, DisputeStep::Publish(channel.commitment_to(3, &state)))]);
    for n in 0..15 {
        mine(&mut chain, vec![channel.reveal(4, 2 * n, 100)]);
    }
    wait_for(&mut chain, 101);
    let settle = channel.step(1, DisputeStep::Settle(state));
    assert!((3_500..4_000).contains(&settle.size()), "{} bytes", settle.size());
    assert!(minimum_fee(settle.size()) <= units(400));
    let [opener, accepter] = [6_000 - 3_000, 4_000 - 3_000];
    assert_eq!(gains(&mut chain, settle), [opener + 3_000 - 500, accepter + 3_000, 0]);
    let small = Rules { max_block_bytes: 4_999, ..rules(1) };
    assert!(small.validate().is_err());
}

/// A ledger alone, so that twenty thousand blocks are quick.
#[derive(Clone)]
struct Long {
    genesis: Genesis,
    ledger: Ledger,
    parent: Header,
    last: Option<(Undo, Header)>,
}

impl Long {
    fn new() -> Self {
        let genesis = genesis(4, rules(1));
        Self { ledger: genesis.ledger(), parent: genesis.block().header, genesis, last: None }
    }

    fn apply(&mut self, body: Vec<Transaction>) {
        let block = child(&self.genesis, &self.ledger, &self.parent, 1_000, 9, body);
        let (id, rules, chain) = (block.id(), &self.genesis.rules, self.genesis.block().id());
        let block = check_body(block, id, rules, &chain, &mut Checks::forgetful()).expect("valid");
        let undo = self.ledger.apply(&block, rules).expect("valid");
        self.last = Some((undo, std::mem::replace(&mut self.parent, block.header.clone())));
    }

    fn take_back(&mut self) {
        let (undo, parent) = self.last.take().expect("applied");
        self.ledger.undo(&undo);
        self.parent = parent;
        assert_eq!(self.ledger.root(), self.parent.state_root);
    }

    fn judge(&self, transaction: &Transaction) -> &'static str {
        self.ledger.allows(transaction).map_or_else(|error| error.code(), |()| "ok")
    }

    /// The heights at which the preimages of 1, 2 and 3 are registered.
    fn known(&self) -> [Option<u64>; 3] {
        [1, 2, 3].map(|n| self.ledger.revealed(&preimage(n).payment()).map(|revealed| revealed.height.0))
    }

    /// What opener and accepter gain by a block with this, on a copy.
    fn gains(&self, transaction: &Transaction) -> [u64; 2] {
        let balance = |long: &Self| [1, 2].map(|who| long.ledger.account(&address(who)).balance.units());
        let (mut after, before) = (self.clone(), balance(self));
        after.apply(vec![transaction.clone()]);
        is_whole(&after.ledger);
        [0, 1].map(|at| balance(&after)[at] - before[at])
    }
}

/// An entry goes with the block that lies so far above it, comes back with that block, and what was signed once cannot be brought again.
#[test]
fn the_register_forgets() {
    assert!(REGISTRY_BLOCKS >= u64::from(WINDOW_RANGE.1) + MAX_EXPIRY + 5_000);
    let mut long = Long::new();
    let channel = Locked::new(long.genesis.block().id(), [1, 2], DEPOSITS);
    let end = 2 + REGISTRY_BLOCKS;
    let state = channel.pending(3, vec![htlc(Side::Opener, 1_000, 1, 2), htlc(Side::Opener, 500, 3, 100)]);
    let publish = channel.step(1, DisputeStep::Publish(channel.commitment_to(3, &state)));
    let settle = channel.step(3, DisputeStep::Settle(state.clone()));
    let [opener, accepter] = state.balances.map(Amount::units);
    long.apply(vec![channel.fund(), publish]);
    let old = [channel.reveal(1, 1, 2), channel.reveal(2, 2, 2 + MAX_EXPIRY)];
    long.apply(old.to_vec());
    long.apply(vec![channel.reveal(1, 3, 100)]);
    assert_eq!(long.known(), [Some(2), Some(2), Some(3)]);

    // Brought again in every block from here on: first it is registered, then it is late, never anything else.
    while long.ledger.height().0 + 1 < end {
        let height = long.ledger.height().0 + 1;
        let late = |expiry: u64| if height > expiry { "too-late" } else { "already-revealed" };
        let codes = old.each_ref().map(|reveal| long.judge(reveal));
        assert_eq!(codes, [late(2), late(2 + MAX_EXPIRY)]);
        if height == end - 1 {
            assert_eq!(long.gains(&settle), [opener, accepter + 1_500], "all still count");
        }
        long.apply(Vec::new());
    }
    // The next block drops what the second one registered: also for what is in it.
    assert_eq!(long.known(), [Some(2), Some(2), Some(3)]);
    assert_eq!(long.judge(&channel.reveal(3, 3, end)), "already-revealed", "of the third one, a block longer");
    assert_eq!(long.gains(&settle), [opener + 1_000, accepter + 500], "as if it had never been revealed");
    let again = channel.reveal(4, 1, end + 10);
    assert_eq!(long.judge(&again), "ok");
    let before = long.clone();
    for (body, known) in [(vec![], [None, None, Some(3)]), (vec![again.clone()], [Some(end), None, Some(3)])] {
        long.apply(body);
        assert_eq!(long.known(), known);
        assert_eq!(old.each_ref().map(|reveal| long.judge(reveal)), ["too-late"; 2]);
        long.take_back();
        assert_eq!((&long.ledger, long.known()), (&before.ledger, [Some(2), Some(2), Some(3)]));
    }
    long.apply(Vec::new());
    assert_eq!(long.gains(&settle), [opener + 1_500, accepter]);
    long.apply(vec![again]);
    assert_eq!(long.known(), [Some(end + 1), None, None]);
    assert_eq!(long.ledger.preimages().count(), 1);
}

type Row = (&'static str, fn(&mut Locked), &'static str);

fn resizing(channel: &mut Locked) -> &mut Resizing {
    channel.funding.resizes.as_mut().expect("a resize")
}

/// The next block is at height 2, nonces are 1 and 1, opener's account has 993,000 and accepter's 996,000. As it is, the opener tops up by
/// 2,000 and the accepter withdraws 1,500.
#[rustfmt::skip]
fn resizes() -> Vec<Row> {
    vec![
        ("as it is",                     |_| {}, "ok"),
        ("shared anew",                  |c| resizing(c).balances = [units(0), units(10_000)], "ok"),
        ("one unit too much",            |c| resizing(c).balances[0] = units(6_001), "wrong-split"),
        ("one unit too little",          |c| resizing(c).balances[1] = units(3_999), "wrong-split"),
        ("more than can exist",          |c| resizing(c).balances = [Amount::MAX; 2], "wrong-split"),
        ("of no channel",                |c| resizing(c).channel = preimage(1).payment(), "unknown-channel"),
        ("opener's nonce spent",         |c| c.funding.parties[0].nonce = Nonce(0), "wrong-nonce"),
        ("accepter's nonce too high",    |c| c.funding.parties[1].nonce = Nonce(2), "wrong-nonce"),
        ("valid up to here",             |c| c.funding.terms.valid_until = Height(2), "ok"),
        ("valid up to the block before", |c| c.funding.terms.valid_until = Height(1), "funding-expired"),
        ("too long a window",            |c| c.funding.terms.window = 10_001, "bad-term"),
        ("opener's all",                 |c| c.funding.parties[0].deposit = units(993_000 + 6_000 - 1_000), "ok"),
        ("opener's all and more",        |c| c.funding.parties[0].deposit = units(993_000 + 6_000 - 999), "insufficient-balance"),
        ("accepter's all",               |c| c.funding.parties[1].deposit = units(996_000 + 4_000), "ok"),
        ("accepter's all and more",      |c| c.funding.parties[1].deposit = units(996_000 + 4_001), "insufficient-balance"),
        ("a deposit beyond all money",   |c| { c.funding.parties[0].deposit = Amount::MAX; resizing(c).balances = [units(0), units(10_000)] }, "cost-overflow"),
        ("nothing left in it",           |c| { c.funding.terms.reserve = units(0); c.funding.parties.iter_mut().for_each(|party| party.deposit = units(0)) }, "bad-term"),
        ("the whole out of one side",    |c| { c.funding.terms.reserve = units(0); c.funding.parties[0].deposit = units(0) }, "ok"),
        ("the other way round",          |c| { c.people.reverse(); c.funding.parties.reverse(); resizing(c).balances.reverse() }, "ok"),
        ("by two others",                |c| others(c, [3, 4]), "wrong-parties"),
        ("by one other",                 |c| others(c, [1, 3]), "wrong-parties"),
    ]
}

fn others(channel: &mut Locked, people: [u8; 2]) {
    channel.people = people;
    for (party, who) in channel.funding.parties.iter_mut().zip(people) {
        party.key = key(who).public();
        party.nonce = Nonce(u64::from(who < 3));
    }
}

#[test]
fn resizes_in_and_out_of_range() {
    for (what, change, expected) in resizes() {
        let (mut chain, old) = start();
        let mut next = old.resized([6_000, 4_000], [8_000, 2_500], [1, 1]);
        change(&mut next);
        assert_eq!(judge(&chain, &next.fund()), expected, "{what}");
        let imported = expected != "ok" && {
            let block = chain.next(vec![next.fund()]);
            !matches!(chain.import(block), Err(BlockError::Transaction { index: 0, .. }))
        };
        assert!(!imported, "{what}, in a block");
        if expected == "ok" {
            let (before, brought) = (balances(&chain), next.funding.brought().map(|units| units.units() as i64));
            mine(&mut chain, vec![next.fund()]);
            let (after, deposits) = (balances(&chain), next.deposits().map(|units| units as i64));
            for (at, who) in next.people.into_iter().enumerate() {
                let fee = if at == 0 { 1_000 } else { 0 };
                let place = usize::from(who) - 1;
                assert_eq!(after[place] - before[place], brought[at] - deposits[at] - fee, "{what}: person {who}");
            }
            let ledger = chain.chain.ledger();
            assert!(ledger.channel(&old.id()).is_none());
            let record = ledger.channel(&next.id()).expect("open");
            assert_eq!((record.locked().units(), record.opened), (next.deposits().iter().sum(), Height(2)));
            assert_ne!(judge(&chain, &next.fund()), "ok", "once");
            assert_eq!(judge(&chain, &old.publish(1, 3)), "unknown-channel");
        }
    }
}

/// A party whose account is empty tops up out of nothing but what it withdraws, down to the last unit; fees included.
#[test]
fn a_resize_needs_only_the_difference() {
    let (mut chain, old) = start();
    let id = chain.chain.genesis_id();
    mine(&mut chain, vec![pay(&id, 1, 1, 3, 992_400, 600), pay(&id, 2, 1, 3, 995_400, 600)]);
    assert_eq!(balances(&chain)[..2], [0, 0]);
    let try_for = |chain: &ChainBuilder, deposits| judge(chain, &old.resized([6_000, 4_000], deposits, [2, 2]).fund());
    assert_eq!(try_for(&chain, [5_000, 4_000]), "ok", "the fee comes out of what is withdrawn");
    assert_eq!(try_for(&chain, [5_001, 4_000]), "insufficient-balance");
    assert_eq!(try_for(&chain, [5_000, 4_001]), "insufficient-balance");
    assert_eq!(try_for(&chain, [5_000, 5_000]), "insufficient-balance", "one's withdrawal is not the other's");
    let error = chain.chain.ledger().allows(&old.resized([6_000, 4_000], [5_600, 4_000], [2, 2]).fund());
    assert_eq!(error.expect_err("600 short").to_string(), "balance 0 < amount 0 + fee 600");
    mine(&mut chain, vec![old.resized([6_000, 4_000], [5_000, 4_000], [2, 2]).fund()]);
    assert_eq!(balances(&chain)[..2], [0, 0]);
}

/// What came between: a publication, a close, another resize; all in one block, too.
#[test]
fn what_a_resize_is_too_late_for() {
    let (chain, old) = start();
    let resize = || old.resized([6_000, 4_000], [8_000, 2_500], [1, 1]);
    let after = |body: Vec<Transaction>| {
        let mut chain = copy(&chain);
        mine(&mut chain, body);
        judge(&chain, &resize().fund())
    };
    assert_eq!(after(vec![]), "ok");
    assert_eq!(after(vec![old.reveal(3, 1, 10)]), "ok");
    assert_eq!(after(vec![old.publish(1, 3)]), "already-published");
    assert_eq!(after(vec![old.close(3, 700)]), "unknown-channel");
    assert_eq!(after(vec![resize().with(|funding| funding.terms.window = 4).fund()]), "unknown-channel");
    // Opened, resized twice and closed in one block.
    let mut chain = ChainBuilder::new(genesis(4, rules(1)));
    let second = resize();
    let third = second.resized([8_000, 2_500], [1_000, 9_000], [2, 2]).with(|funding| funding.terms.reserve = units(0));
    let before = balances(&chain);
    mine(&mut chain, vec![old.fund(), second.fund(), third.fund(), third.close_with([5_000, 4_700], 300)]);
    assert!(chain.chain.ledger().channels().next().is_none());
    let after = balances(&chain);
    let opener = -(6_000 + 1_000) + (6_000 - 8_000 - 1_000) + (8_000 - 1_000 - 1_000) + 5_000;
    let accepter = -4_000 + (4_000 - 2_500) + (2_500 - 9_000) + 4_700;
    assert_eq!([0, 1].map(|at| after[at] - before[at]), [opener, accepter]);
}

fn copy(chain: &ChainBuilder) -> ChainBuilder {
    let mut copy = ChainBuilder::new(chain.genesis.clone());
    chain.blocks.iter().for_each(|block| drop(copy.import(block.clone()).expect("valid")));
    copy
}

/// Heights by payment.
struct Paper(BTreeMap<PaymentHash, u64>);

impl Register for Paper {
    fn revealed(&self, payment: &PaymentHash) -> Option<Revealed> {
        self.0.get(payment).map(|height| Revealed { preimage: preimage(0), height: Height(*height) })
    }
}

fn any_htlc() -> impl Strategy<Value = Htlc> {
    let amount = prop_oneof![8 => 0u64..300, 1 => Just(Amount::MAX.units()), 1 => 0..=Amount::MAX.units()];
    let expiry = prop_oneof![20 => 0u64..12, 1 => Just((1 << 53) - 1), 1 => any::<u64>()];
    let id = prop_oneof![20 => 0u64..3, 1 => any::<u64>()];
    (id, any::<bool>(), amount, 0u8..4, expiry).prop_map(|(id, opener, amount, n, expiry)| Htlc {
        id,
        ..htlc(if opener { Side::Opener } else { Side::Accepter }, amount, n, expiry)
    })
}

proptest! {
    #![proptest_config(properties(2_000))]

    /// Whatever two parties have signed: it is refused, or every unit of the capacity is one's or the other's.
    #[test]
    fn no_unit_is_lost_or_made(
        balances in [0u64..2_000, 0u64..2_000],
        htlcs in prop::collection::vec(any_htlc(), 0..70),
        few in 0usize..70,
        revealed in prop::collection::btree_map(0u8..4, 0u64..12, 0..4),
        height in 0u64..16,
        off in prop_oneof![4 => Just(0u64), 1 => 1u64..3],
    ) {
        let state = State { balances: balances.map(units), htlcs: htlcs.into_iter().take(few).collect() };
        let register = Paper(revealed.iter().map(|(n, height)| (preimage(*n).payment(), *height)).collect());
        let total = state.total().unwrap_or(Amount::MAX);
        let capacity = Amount::new(total.units().saturating_sub(off)).expect("in range");
        let decided = |htlc: &Htlc| height > htlc.expiry.0 || register.0.get(&htlc.payment).is_some_and(|at| *at <= htlc.expiry.0);
        let to_opener = |htlc: &&Htlc| {
            (htlc.offerer == Side::Opener) != register.0.get(&htlc.payment).is_some_and(|at| *at <= htlc.expiry.0)
        };
        match resolve(&state, capacity, Height(height), &register) {
            Ok([opener, accepter]) => {
                prop_assert!(state.htlcs.iter().all(decided));
                prop_assert_eq!(opener.checked_add(accepter), Some(capacity));
                let won: u64 = state.htlcs.iter().filter(to_opener).map(|htlc| htlc.amount.units()).sum();
                prop_assert_eq!(opener.units(), balances[0] + won);
            }
            Err(ChannelError::PendingHtlc { payment, expiry, .. }) => {
                let first = state.htlcs.iter().find(|htlc| !decided(htlc)).map(|htlc| (htlc.payment, htlc.expiry));
                prop_assert_eq!(first, Some((payment, expiry)));
            }
            Err(ChannelError::WrongTotal { .. }) => prop_assert!(state.total() != Some(capacity)),
            Err(ChannelError::BadTerm { value, .. }) => prop_assert!(value >= 1 << 48),
            Err(error) => prop_assert_eq!(error.code(), "too-many-htlcs"),
        }
    }
}
