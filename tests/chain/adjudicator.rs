//! The adjudicator's table: what every transaction about a channel comes to, at every stage of it, with the rule that stops it.

use std::collections::BTreeSet;

use tabchain::{
    chain::{ChannelError, Import, TransactionError, check_transaction},
    primitives::{
        Action, Amount, Checks, CoSigned, DisputeStep, FeeSource, Hash, Height, Htlc, Nonce, Policy, Side, State,
        Transaction,
    },
};

use crate::{
    locked::{Locked, htlc, split, total},
    support::{ChainBuilder, address, genesis, key, rules, units},
};

const DEPOSITS: [u64; 2] = [6_000, 4_000];

/// How far a channel of people 1 and 2 has come. The window of a publication at height 2 ends at height 5.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    /// Funded at height 1.
    Open,
    /// The opener has published commitment 1 at height 2: the next block is the first of the window.
    Published,
    /// The next block is the last of the window.
    Last,
    /// The window is over.
    After,
    /// It was paid out.
    Paid,
}

const STAGES: [Stage; 5] = [Stage::Open, Stage::Published, Stage::Last, Stage::After, Stage::Paid];

fn channel(chain: &ChainBuilder) -> Locked {
    Locked::new(chain.chain.genesis_id(), [1, 2], DEPOSITS)
}

fn start() -> (ChainBuilder, Locked) {
    let chain = ChainBuilder::new(genesis(4, rules(1)));
    let channel = channel(&chain);
    (chain, channel)
}

fn at(stage: Stage, change: impl FnOnce(Locked) -> Locked) -> (ChainBuilder, Locked) {
    let (mut chain, channel) = start();
    let channel = change(channel);
    mine(&mut chain, vec![channel.fund()]);
    if stage != Stage::Open {
        mine(&mut chain, vec![channel.publish(1, 1)]);
    }
    let more = match stage {
        Stage::Open | Stage::Published => 0,
        Stage::Last => 2,
        Stage::After | Stage::Paid => 3,
    };
    (0..more).for_each(|_| mine(&mut chain, Vec::new()));
    if stage == Stage::Paid {
        mine(&mut chain, vec![channel.settle(1, 1)]);
    }
    (chain, channel)
}

/// Mines, and looks at what must hold after every block: nothing is made or lost, and the block can be taken back and put again.
fn mine(chain: &mut ChainBuilder, body: Vec<Transaction>) {
    let block = chain.next(body);
    assert!(matches!(chain.import(block), Ok(Import::Extended(_))));
    let ledger = chain.chain.ledger();
    let balances = total(ledger.accounts().map(|(_, account)| account.balance));
    let locked = total(ledger.channels().map(|(_, record)| record.locked()));
    assert_eq!(balances + locked, ledger.supply().units());
    assert!(chain.chain.reconnects());
}

/// What a transaction in the next block would come to: a rule's code, or `ok`.
fn judge(chain: &ChainBuilder, transaction: &Transaction) -> &'static str {
    let judged = check_transaction(transaction, &chain.chain.genesis_id(), &mut Checks::forgetful())
        .and_then(|()| chain.chain.ledger().allows(transaction));
    match judged {
        Ok(()) => "ok",
        Err(error) => {
            let json = serde_json::to_value(&error).expect("plain data");
            assert_eq!(json["rule"], error.code(), "{json}");
            error.code()
        }
    }
}

/// How much the opener, the accepter and person 3 have after a block with this, more than before.
fn gains(chain: &mut ChainBuilder, transaction: Transaction) -> [i64; 3] {
    let balance = |chain: &ChainBuilder, who| chain.chain.ledger().account(&address(who)).balance.units() as i64;
    let before = [1, 2, 3].map(|who| balance(chain, who));
    mine(chain, vec![transaction]);
    [0, 1, 2].map(|at| balance(chain, at as u8 + 1) - before[at])
}

type Make = fn(&Locked) -> Transaction;

/// (what, transaction, what it comes to at each stage)
#[rustfmt::skip]
fn table() -> Vec<(&'static str, Make, [&'static str; 5])> {
    const GONE: &str = "unknown-channel";
    vec![
        ("publish the newest",       |c| c.publish(1, 3),  ["ok", "already-published", "already-published", "already-published", GONE]),
        ("the other publishes",      |c| c.publish(2, 3),  ["ok", "already-published", "already-published", "already-published", GONE]),
        ("a stranger publishes",     |c| c.publish(3, 3),  ["not-a-party", "already-published", "already-published", "already-published", GONE]),
        ("refute by a newer one",    |c| c.refute(2, 2),   ["not-published", "ok", "ok", "window-over", GONE]),
        ("refute by the newest",     |c| c.refute(2, 9),   ["not-published", "ok", "ok", "window-over", GONE]),
        ("a stranger refutes",       |c| c.refute(3, 2),   ["not-published", "ok", "ok", "window-over", GONE]),
        ("the publisher refutes",    |c| c.refute(1, 2),   ["not-published", "ok", "ok", "window-over", GONE]),
        ("refute by the same",       |c| c.refute(2, 1),   ["not-published", "not-newer", "not-newer", "window-over", GONE]),
        ("refute by an older one",   |c| c.refute(2, 0),   ["not-published", "not-newer", "not-newer", "window-over", GONE]),
        ("punish",                   |c| c.punish(2, Side::Opener, 1), ["not-published", "ok", "ok", "ok", GONE]),
        ("a stranger punishes",      |c| c.punish(3, Side::Opener, 1), ["not-published", "ok", "ok", "ok", GONE]),
        ("punish by own secret",     |c| c.punish(2, Side::Accepter, 1), ["not-published", "wrong-secret", "wrong-secret", "wrong-secret", GONE]),
        ("punish by another number", |c| c.punish(2, Side::Opener, 0), ["not-published", "wrong-secret", "wrong-secret", "wrong-secret", GONE]),
        ("settle",                   |c| c.settle(1, 1),   ["not-published", "window-open", "window-open", "ok", GONE]),
        ("a stranger settles",       |c| c.settle(3, 1),   ["not-published", "window-open", "window-open", "ok", GONE]),
        ("settle by another state",  |c| c.settle(1, 2),   ["not-published", "window-open", "window-open", "wrong-state", GONE]),
        ("close",                    |c| c.close(3, 700),  ["ok", "ok", "ok", "ok", GONE]),
        ("close by any split",       |c| c.close_with([0, 9_300], 700), ["ok", "ok", "ok", "ok", GONE]),
        ("close with too much",      |c| c.close_with([1, 9_300], 700), ["wrong-split", "wrong-split", "wrong-split", "wrong-split", GONE]),
        ("close with too little",    |c| c.close_with([0, 9_299], 700), ["wrong-split", "wrong-split", "wrong-split", "wrong-split", GONE]),
        ("fund again",               |c| c.fund(),         ["wrong-nonce", "wrong-nonce", "wrong-nonce", "wrong-nonce", "wrong-nonce"]),
    ]
}

#[test]
fn every_step_at_every_stage() {
    for (column, stage) in STAGES.into_iter().enumerate() {
        let (chain, channel) = at(stage, |channel| channel);
        for (what, make, expected) in table() {
            let transaction = make(&channel);
            assert_eq!(judge(&chain, &transaction), expected[column], "{what} at {stage:?}");
            let mut chain = chain_like(&chain);
            let block = chain.next(vec![transaction.clone()]);
            let imported = chain.import(block).is_ok();
            assert_eq!(imported, expected[column] == "ok", "{what} at {stage:?} in a block");
            // What was done once cannot be done again.
            assert!(!imported || judge(&chain, &transaction) != "ok", "{what} at {stage:?} again");
        }
    }
}

fn chain_like(chain: &ChainBuilder) -> ChainBuilder {
    let mut copy = ChainBuilder::new(chain.genesis.clone());
    chain.blocks.iter().for_each(|block| drop(copy.import(block.clone()).expect("valid")));
    copy
}

/// Signatures that are another's, another channel's or another chain's, and keys that are not the channel's.
#[test]
fn signatures_and_parties() {
    let (chain, channel) = at(Stage::Open, |channel| channel);
    let (good, id, genesis) = (channel.commitment(3), channel.id(), chain.chain.genesis_id());
    let publish = |shown| judge(&chain, &channel.step(1, DisputeStep::Publish(shown)));
    let signed = |keys: [u8; 2], genesis: &Hash, id: &Hash| CoSigned {
        signatures: keys.map(|who| good.commitment.sign(&key(who), genesis, id)),
        ..good
    };
    assert_eq!(publish(good.clone()), "ok");
    assert_eq!(publish(signed([1, 2], &genesis, &id)), "ok");
    for wrong in [
        signed([1, 1], &genesis, &id),
        signed([2, 2], &genesis, &id),
        signed([2, 1], &genesis, &id),
        signed([1, 2], &Hash([1; 32]), &id),
        signed([1, 2], &genesis, &Hash([1; 32])),
        CoSigned { commitment: tabchain::primitives::Commitment { number: 4, ..good.commitment }, ..good.clone() },
    ] {
        assert_eq!(publish(wrong), "bad-commitment");
    }
    let with = |change: fn(&mut Transaction)| {
        let mut transaction = channel.close(3, 700);
        change(&mut transaction);
        judge(&chain, &transaction)
    };
    assert_eq!(with(|_| {}), "ok");
    assert_eq!(with(|close| close.cosignature = Some(close.signature.clone())), "bad-signature");
    assert_eq!(with(|close| close.cosignature = None), "bad-signature");
    assert_eq!(with(|close| close.unsigned.fee = units(701)), "bad-signature");
    let mut publish = channel.publish(1, 3);
    publish.cosignature = Some(publish.signature.clone());
    assert_eq!(judge(&chain, &publish), "bad-signature", "one signature too many");
    // Two strangers sign a commitment and a close of a channel that is not theirs.
    let theirs = Locked::new(genesis, [3, 4], DEPOSITS);
    let foreign = |mut transaction: Transaction, theirs: &Locked| {
        match &mut transaction.unsigned.action {
            Action::Close(closing) => closing.channel = id,
            Action::Dispute(dispute) => dispute.channel = id,
            _ => {}
        }
        let keys = theirs.people.map(key);
        let both = transaction.cosignature.is_some();
        let unsigned = transaction.unsigned;
        if both { unsigned.sign_both([&keys[0], &keys[1]], &genesis) } else { unsigned.sign(&keys[0], &genesis) }
    };
    assert_eq!(judge(&chain, &foreign(theirs.close(3, 700), &theirs)), "wrong-parties");
    assert_eq!(judge(&chain, &foreign(theirs.settle(3, 3), &theirs)), "wrong-parties");
    let theirs = Locked::new(genesis, [2, 1], DEPOSITS);
    assert_eq!(judge(&chain, &foreign(theirs.close(3, 700), &theirs)), "wrong-parties", "the other way round");
}

/// (what, change, code); without a change it is `ok`.
type FundingRow = (&'static str, fn(&mut Locked), &'static str);

#[rustfmt::skip]
fn fundings() -> Vec<FundingRow> {
    vec![
        ("as it is",                  |_| {}, "ok"),
        ("opener's nonce too high",   |c| c.funding.parties[0].nonce = Nonce(1), "wrong-nonce"),
        ("accepter's nonce too high", |c| c.funding.parties[1].nonce = Nonce(1), "wrong-nonce"),
        ("opener's all",              |c| c.funding.parties[0].deposit = units(999_000), "ok"),
        ("opener's all and more",     |c| c.funding.parties[0].deposit = units(999_001), "insufficient-balance"),
        ("accepter's all",            |c| c.funding.parties[1].deposit = units(1_000_000), "ok"),
        ("accepter's all and more",   |c| c.funding.parties[1].deposit = units(1_000_001), "insufficient-balance"),
        ("a deposit beyond all money", |c| c.funding.parties[0].deposit = Amount::MAX, "cost-overflow"),
        ("a capacity beyond all money", |c| c.funding.parties[1].deposit = Amount::MAX, "bad-term"),
        ("the first block's height",  |c| c.funding.terms.valid_until = Height(1), "ok"),
        ("the height before",         |c| c.funding.terms.valid_until = Height(0), "funding-expired"),
        ("the same party twice",      |c| { c.people = [1, 1]; c.funding.parties[1].key = key(1).public() }, "same-party"),
        ("valid for ever",            |c| c.funding.terms.valid_until = Height(u64::MAX), "bad-term"),
        ("no window",                 |c| c.funding.terms.window = 0, "bad-term"),
        ("the shortest window",       |c| c.funding.terms.window = 1, "ok"),
        ("the longest window",        |c| c.funding.terms.window = 10_000, "ok"),
        ("too long a window",         |c| c.funding.terms.window = 10_001, "bad-term"),
        ("the smaller deposit kept",  |c| c.funding.terms.reserve = units(4_000), "ok"),
        ("more than the smaller one", |c| c.funding.terms.reserve = units(4_001), "bad-term"),
        ("one side pays nothing",     |c| { c.funding.terms.reserve = units(0); c.funding.parties[1].deposit = units(0) }, "ok"),
        ("nobody pays anything",      |c| { c.funding.terms.reserve = units(0); c.funding.parties.iter_mut().for_each(|party| party.deposit = units(0)) }, "bad-term"),
    ]
}

#[test]
fn fundings_in_and_out_of_range() {
    for (what, change, expected) in fundings() {
        let (mut chain, mut channel) = start();
        change(&mut channel);
        assert_eq!(judge(&chain, &channel.fund()), expected, "{what}");
        if expected == "ok" {
            let before = [1, 2].map(|who| chain.chain.ledger().account(&address(who)));
            mine(&mut chain, vec![channel.fund()]);
            let after = [1, 2].map(|who| chain.chain.ledger().account(&address(who)));
            for side in [0, 1] {
                let paid = before[side].balance.units() - after[side].balance.units();
                assert_eq!(paid, channel.deposits()[side] + if side == 0 { 1_000 } else { 0 });
                assert_eq!(after[side].nonce, Nonce(1));
            }
        }
    }
    // The last height at which it is valid, and the next.
    let (mut chain, channel) = start();
    (0..9).for_each(|_| mine(&mut chain, Vec::new()));
    assert_eq!(judge(&chain, &channel.fund()), "ok");
    mine(&mut chain, Vec::new());
    assert_eq!(judge(&chain, &channel.fund()), "funding-expired");
    let (chain, channel) = start();
    let mut half = channel.fund();
    half.cosignature = None;
    assert_eq!(judge(&chain, &half), "bad-signature");
}

#[test]
fn fees_from_account_and_reserve() {
    let publish = |channel: &Locked, who, from, fee| {
        channel.step_for(who, from, fee, DisputeStep::Publish(channel.commitment(3)))
    };
    let (mut chain, channel) = at(Stage::Open, |channel| channel);
    let of = |who, from, fee| judge(&chain, &publish(&channel, who, from, fee));
    assert_eq!(of(1, FeeSource::Reserve, 2_000), "ok");
    assert_eq!(of(1, FeeSource::Reserve, 2_001), "fee-above-reserve");
    assert_eq!(of(1, FeeSource::Account, 993_000), "ok");
    assert_eq!(of(1, FeeSource::Account, 993_001), "insufficient-balance");
    assert_eq!(of(3, FeeSource::Reserve, 10), "not-a-party");
    assert_eq!(gains(&mut chain, publish(&channel, 1, FeeSource::Reserve, 1_500)), [0, 0, 0]);
    let record = chain.chain.ledger().channel(&channel.id()).expect("open");
    assert_eq!((record.locked(), record.charged), (units(8_500), [units(1_500), units(0)]));
    assert_eq!(judge(&chain, &channel.close_with([0, 9_300], 700)), "wrong-split", "the fee is gone");
    assert_eq!(judge(&chain, &channel.close_with([0, 7_800], 700)), "ok");
    let refute = |who, fee| channel.step_for(who, FeeSource::Reserve, fee, DisputeStep::Refute(channel.commitment(4)));
    assert_eq!(judge(&chain, &refute(1, 501)), "fee-above-reserve", "1,500 were charged before");
    assert_eq!(judge(&chain, &refute(1, 500)), "ok");
    assert_eq!(judge(&chain, &refute(2, 2_000)), "ok", "the other has its own");
    assert_eq!(gains(&mut chain, refute(2, 300)), [0, 0, 0]);
    (0..3).for_each(|_| mine(&mut chain, Vec::new()));
    let [opener, accepter] = split(DEPOSITS, 4).map(|units| units as i64);
    let settle = channel.step_for(1, FeeSource::Reserve, 400, DisputeStep::Settle(channel.state(4)));
    assert_eq!(gains(&mut chain, settle), [opener - 1_900, accepter - 300, 0], "each pays its own fees");
}

/// Who publishes what it had revoked loses everything: at once, after it was replaced, after the window; not after the end.
#[test]
fn penalties() {
    for (replaced, waited) in [(false, 0), (true, 0), (true, 2), (false, 3), (true, 3), (true, 30)] {
        let (mut chain, channel) = at(Stage::Published, |channel| channel);
        if replaced {
            mine(&mut chain, vec![channel.refute(1, 3)]);
        }
        (0..waited).for_each(|_| mine(&mut chain, Vec::new()));
        assert_eq!(judge(&chain, &channel.punish(2, Side::Opener, 3)), "wrong-secret", "what it published counts");
        assert_eq!(gains(&mut chain, channel.punish(2, Side::Opener, 1)), [0, 9_500, 0]);
        assert_eq!(judge(&chain, &channel.punish(2, Side::Opener, 1)), "unknown-channel");
    }
    // The accepter is punished alike, also by a stranger, who gets nothing for it.
    let (mut chain, channel) = at(Stage::Open, |channel| channel);
    mine(&mut chain, vec![channel.publish(2, 1)]);
    assert_eq!(judge(&chain, &channel.punish(1, Side::Opener, 1)), "wrong-secret");
    assert_eq!(gains(&mut chain, channel.punish(3, Side::Accepter, 1)), [10_000, 0, -500]);
    // All in one block.
    let (mut chain, channel) = at(Stage::Open, |channel| channel);
    mine(&mut chain, vec![channel.publish(1, 1), channel.refute(2, 2), channel.punish(2, Side::Opener, 1)]);
    assert!(chain.chain.ledger().channels().next().is_none());
    assert_eq!(chain.chain.ledger().account(&address(2)).balance, units(1_000_000 - 4_000 + 10_000 - 1_000));
}

/// Under the other policy the newest simply wins, and nobody is punished.
#[test]
fn replacement() {
    let replace = |channel: Locked| channel.with(|funding| funding.terms.policy = Policy::Replace);
    for refuted in [1, 2, 5] {
        let (mut chain, channel) = at(Stage::Published, replace);
        assert_eq!(judge(&chain, &channel.punish(2, Side::Opener, 1)), "no-penalty");
        if refuted > 1 {
            mine(&mut chain, vec![channel.refute(2, refuted)]);
            assert_eq!(judge(&chain, &channel.refute(2, refuted)), "not-newer");
        }
        (0..if refuted > 1 { 2 } else { 3 }).for_each(|_| mine(&mut chain, Vec::new()));
        assert_eq!(chain.chain.height(), Height(5), "the window does not restart");
        assert_eq!(judge(&chain, &channel.punish(2, Side::Opener, 1)), "no-penalty");
        let [opener, accepter] = split(DEPOSITS, refuted).map(|units| units as i64);
        assert_eq!(gains(&mut chain, channel.settle(1, refuted)), [opener - 500, accepter, 0]);
    }
}

/// States that the chain cannot pay out.
#[test]
fn states_that_cannot_be_settled() {
    let like = Locked::new(Hash::ZERO, [1, 2], DEPOSITS);
    let state = |balances: [u64; 2], htlcs| State { balances: balances.map(units), htlcs };
    let one = |amount| vec![htlc(Side::Opener, amount, 1, 4)];
    let beyond = State { balances: [Amount::MAX; 2], htlcs: Vec::new() };
    let pile = |offerer, count| (0..count).map(|_| htlc(offerer, 10, 1, 4)).collect::<Vec<_>>();
    #[rustfmt::skip]
    let rows: Vec<(&str, State, &str)> = vec![
        ("as it is",                   like.state(3), "ok"),
        ("more than was locked",       state([6_000, 4_001], vec![]), "wrong-total"),
        ("less than was locked",       state([6_000, 3_999], vec![]), "wrong-total"),
        ("more than can exist",        beyond, "wrong-total"),
        ("with an HTLC",               state([5_000, 4_000], one(1_000)), "ok"),
        ("with an HTLC of nothing",    state([6_000, 4_000], one(0)), "ok"),
        ("all in an HTLC",             state([0, 0], one(10_000)), "ok"),
        ("an HTLC from nowhere",       state([6_000, 4_000], one(1)), "wrong-total"),
        ("HTLCs beyond all money",     state([0, 0], vec![Htlc { amount: Amount::MAX, ..one(1)[0] }; 2]), "wrong-total"),
        ("as many as one may offer",   like.pending(3, pile(Side::Opener, 30)), "ok"),
        ("as many as both may offer",  like.pending(3, [pile(Side::Accepter, 30), pile(Side::Opener, 30)].concat()), "ok"),
        ("one more of the opener",     like.pending(3, pile(Side::Opener, 31)), "too-many-htlcs"),
        ("one more of the accepter",   like.pending(3, pile(Side::Accepter, 31)), "too-many-htlcs"),
        ("too many of nothing",        state([6_000, 4_000], vec![one(0)[0]; 31]), "too-many-htlcs"),
        ("one that never expires",     state([5_000, 4_000], vec![Htlc { expiry: Height(u64::MAX), ..one(1_000)[0] }]), "bad-term"),
        ("one of another number",      state([5_000, 4_000], vec![Htlc { id: u64::MAX, ..one(1_000)[0] }]), "bad-term"),
        ("one that is not decided",    state([5_000, 4_000], vec![htlc(Side::Opener, 1_000, 1, 7)]), "pending-htlc"),
    ];
    for (what, state, code) in rows {
        let (mut chain, channel) = at(Stage::Open, |channel| channel);
        mine(&mut chain, vec![channel.step(1, DisputeStep::Publish(channel.commitment_to(3, &state)))]);
        (0..4).for_each(|_| mine(&mut chain, Vec::new()));
        let settle = channel.step(1, DisputeStep::Settle(state));
        assert_eq!(judge(&chain, &settle), code, "{what}");
        assert_eq!(judge(&chain, &channel.close(3, 700)), "ok", "together they still can");
        if code == "ok" {
            mine(&mut chain, vec![settle]);
        }
    }
}

/// Every rule of the adjudicator stands in a row above.
#[test]
fn every_rule_has_a_row() {
    let rows = table().into_iter().flat_map(|(_, _, codes)| codes);
    let mut codes: BTreeSet<&str> = rows.chain(fundings().into_iter().map(|(_, _, code)| code)).collect();
    codes.extend(["wrong-parties", "fee-above-reserve", "no-penalty", "bad-commitment"]);
    // Of states and revelations: the test before this one, and tests/chain/htlcs.rs.
    codes.extend(["pending-htlc", "too-many-htlcs", "wrong-total"]);
    codes.extend(["too-late", "expiry-too-far", "already-revealed", "reserve-not-open"]);
    let (hash, zero, height) = (Hash::ZERO, units(0), Height(0));
    #[rustfmt::skip]
    let rules = [
        ChannelError::UnknownChannel { channel: hash }, ChannelError::SameParty,
        ChannelError::BadTerm { term: "", value: 0, min: 0, max: 0 },
        ChannelError::FundingExpired { valid_until: height, height }, ChannelError::WrongParties { channel: hash },
        ChannelError::NotAParty { act: "" }, ChannelError::WrongSplit { opener: zero, accepter: zero, fee: zero, expected: zero },
        ChannelError::AlreadyPublished { published: 0 }, ChannelError::NotPublished, ChannelError::NotNewer { number: 0, newest: 0 },
        ChannelError::WindowOver { window_ends: height, height }, ChannelError::WindowOpen { window_ends: height, height },
        ChannelError::NoPenalty, ChannelError::WrongSecret { found: hash, expected: hash, published: 0 },
        ChannelError::WrongState { found: hash, expected: hash, number: 0 }, ChannelError::PendingHtlc { payment: hash, expiry: height, height },
        ChannelError::TooManyHtlcs { offerer: Side::Opener, count: 0, limit: 0 },
        ChannelError::WrongTotal { opener: zero, accepter: zero, pending: zero, expected: zero },
        ChannelError::TooLate { expiry: height, height }, ChannelError::ExpiryTooFar { expiry: height, height, limit: 0 },
        ChannelError::AlreadyRevealed { payment: hash, height }, ChannelError::ReserveNotOpen,
        ChannelError::FeeAboveReserve { fee: zero, charged: zero, reserve: zero },
    ];
    for rule in rules {
        assert!(codes.contains(rule.code()), "{}", rule.code());
        assert_eq!(serde_json::to_value(TransactionError::from(rule.clone())).expect("JSON")["rule"], rule.code());
    }
}
