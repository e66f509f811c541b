//! Moments in which HTLCs of a channel could come to harm, one by one: each was found by a search or by thinking, and went wrong once.

use tabchain::{
    channel::{Body, Effect, Event, FailureReason, News, Observation},
    primitives::{Action, Amount, DisputeStep, Height, Side},
};

use crate::{
    pair::{Pair, Setup, fail, fulfil, offer, preimage},
    support::units,
};
use Side::{Accepter, Opener};

fn at(height: u64) -> Observation {
    Observation { height: Height(height), funding: Some(Height(3)), ..Observation::default() }
}

/// The preimage of payment 1 is registered.
fn registered(height: u64, registered: u64) -> Observation {
    Observation { register: vec![(preimage(1), Height(registered))], ..at(height) }
}

fn open() -> Pair {
    Pair::open(&Setup::default())
}

fn failures(effects: &[Effect]) -> Vec<FailureReason> {
    let reason = |effect: &Effect| match effect {
        Effect::Htlc(News::Failed { failure, .. }) => Some(failure.reason),
        _ => None,
    };
    effects.iter().filter_map(reason).collect()
}

fn receipts(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::Htlc(News::Fulfilled { .. }))).count()
}

/// Fees of what is brought to reveal a preimage.
fn reveals(effects: &[Effect]) -> Vec<Amount> {
    let fee = |effect: &Effect| match effect {
        Effect::Submit(transaction) => match &transaction.unsigned.action {
            Action::Dispute(dispute) => {
                matches!(dispute.step, DisputeStep::Reveal(_)).then_some(transaction.unsigned.fee)
            }
            _ => None,
        },
        _ => None,
    };
    effects.iter().filter_map(fee).collect()
}

/// How often the opener has published.
fn published(pair: &Pair) -> usize {
    pair.submitted[0].iter().filter(|sent| sent.unsigned.action.kind() == "publish").count()
}

/// A channel that was quiet for years begins with a small fee, and never pays more than what it claims.
#[test]
fn a_claim_costs_less_than_it_brings() {
    let mut pair = open();
    pair.see(at(1_000));
    (1_001..1_100).for_each(|height| pair.see(at(height)));
    let [small, large] = [pair.offer(Opener, 100, 1, 1_150), pair.offer(Opener, 4_000, 2, 1_150)];
    (1_100..1_146).for_each(|height| pair.see(at(height)));
    pair.must(Accepter, fulfil(small, 1));
    pair.must(Accepter, fulfil(large, 2));
    let mut fees: Vec<Vec<Amount>> =
        (1_146..1_150).map(|height| reveals(&pair.must(Accepter, Event::Chain(at(height))))).collect();
    fees.iter_mut().for_each(|fees| fees.sort());
    assert!(fees[0] == [units(100), units(1_500)] || fees[0] == [units(100), units(1_875)], "{fees:?}");
    assert!(fees.windows(2).all(|fees| fees[0][1] < fees[1][1]), "{fees:?}");
    assert!(fees.iter().all(|fees| fees[0] == units(100) && fees[1] <= units(4_000)), "{fees:?}");
    assert_eq!(pair.channel(Accepter).phase().name(), "proposing");
}

/// A preimage that comes when hardly any time is left is on its way to the chain at once.
#[test]
fn a_late_preimage_is_revealed_at_once() {
    let mut pair = open();
    let id = pair.offer(Opener, 300, 1, 30);
    pair.see(at(29));
    assert_eq!(reveals(&pair.must(Accepter, fulfil(id, 1))).len(), 1);
    let mut pair = open();
    let id = pair.offer(Opener, 300, 1, 30);
    pair.see(at(30));
    assert_eq!(reveals(&pair.must(Accepter, fulfil(id, 1))).len(), 0, "it could not be included in time");
}

/// What nobody decides goes back by itself once nobody could claim it.
#[test]
fn what_nobody_decides_goes_back() {
    let mut pair = open();
    pair.offer(Opener, 300, 1, 30);
    pair.see(at(32));
    pair.talk();
    assert_eq!(pair.channel(Opener).newest().1.htlcs.len(), 1);
    pair.see(at(33));
    pair.talk();
    assert_eq!(pair.channel(Opener).newest().1.balances, [units(5_000), units(4_000)]);
}

/// An offer that waits for its turn is told of when it has expired, and not later.
#[test]
fn a_queued_offer_expires() {
    let mut pair = open();
    pair.must(Accepter, offer(300, 1, 15));
    assert_eq!(failures(&pair.must(Accepter, Event::Chain(at(14)))), []);
    assert_eq!(failures(&pair.must(Accepter, Event::Chain(at(15)))), [FailureReason::ExpiresTooSoon]);
    assert_eq!(pair.channel(Accepter).queued().count(), 0);
}

/// An offer that waits for its turn is told of when the funding is given up.
#[test]
fn a_queued_offer_ends_with_its_funding() {
    let mut pair = open();
    pair.must(Accepter, offer(300, 1, 100));
    let gone = Observation { funding: None, ..at(24) };
    let effects = pair.must(Accepter, Event::Chain(gone.clone()));
    assert_eq!(pair.channel(Accepter).phase().name(), "abandoned");
    assert_eq!(failures(&effects), [FailureReason::NotReady]);
    // A proposed one may still be signed, if the funding comes back: it is told once that means nothing.
    let mut pair = open();
    pair.must(Opener, offer(300, 1, 100));
    assert_eq!(failures(&pair.must(Opener, Event::Chain(gone.clone()))), []);
    let late = |height| Observation { funding: None, ..at(height) };
    assert_eq!(failures(&pair.must(Opener, Event::Chain(late(102)))), []);
    assert_eq!(failures(&pair.must(Opener, Event::Chain(late(103)))), [FailureReason::ExpiresTooSoon]);
}

/// Whoever may have lost what came after leaves it to the chain whether what it was to offer was paid.
#[test]
fn doubtful_offers_are_for_the_chain_to_decide() {
    for queued in [false, true] {
        for shown in [false, true] {
            let mut pair = open();
            // Its backup: an offer proposed, or waiting for its turn. Afterwards the channel went on.
            let side = if queued { Accepter } else { Opener };
            pair.must(side, offer(300, 1, 30));
            let backup = pair.clone();
            pair.talk();
            pair.pay(side, 10);
            let number = backup.channel(side).newest().0.commitment.number;
            let secret = pair.channel(side.other()).revealed(number).expect("revoked since");
            let mut old = backup;
            old.must(side, Event::Connected);
            if shown {
                let resume = Body::Resume { number: number + 2, revoked: Some((number, secret)), heard: true };
                let effects = old.must(side, Event::Message(resume));
                assert_eq!(old.channel(side).phase().name(), "lost");
                assert_eq!(failures(&effects), []);
            }
            assert_eq!(old.channel(side).payments(), [preimage(1).payment()], "the chain is asked");
            for height in [29, 30, 32] {
                assert_eq!(failures(&old.must(side, Event::Chain(at(height)))), [], "{height}");
            }
            let mut paid = old.clone();
            assert_eq!(receipts(&paid.must(side, Event::Chain(registered(32, 30)))), 1);
            assert_eq!(failures(&paid.must(side, Event::Chain(registered(33, 30)))), []);
            assert_eq!(failures(&old.must(side, Event::Chain(registered(33, 31)))).len(), 1);
            assert_eq!(receipts(&old.must(side, Event::Chain(registered(34, 30)))), 0, "it was told");
        }
    }
}

/// Told by the chain that it is paid, before the other party had signed it: when it has, it takes the HTLC as any.
#[test]
fn what_was_paid_before_it_was_signed_is_taken() {
    let mut pair = open();
    pair.must(Opener, offer(300, 1, 30));
    pair.wires = Default::default();
    pair.must(Opener, Event::Connected);
    assert_eq!(receipts(&pair.must(Opener, Event::Chain(registered(12, 12)))), 1);
    pair.must(Accepter, Event::Chain(registered(12, 12)));
    pair.now = pair.now.after(5_000);
    pair.must(Opener, Event::Wake);
    pair.talk();
    let id = pair.channel(Accepter).newest().1.htlcs.first().expect("signed").id;
    pair.must(Accepter, fulfil(id, 1));
    pair.talk();
    for side in Side::BOTH {
        assert_eq!(pair.channel(side).phase().name(), "idle");
        assert_eq!(pair.channel(side).newest().1.balances, [units(4_700), units(4_300)]);
    }
}

/// What expired while we were away does not make us publish before the other party could show that we forgot something.
#[test]
fn an_old_backup_waits_to_be_told() {
    let mut pair = open();
    pair.offer(Opener, 300, 1, 30);
    let mut old = pair.clone();
    let number = old.channel(Opener).newest().0.commitment.number;
    pair.must(Accepter, fail(Accepter, number));
    pair.talk();
    let secret = pair.channel(Accepter).revealed(number).expect("revoked since");
    old.must(Opener, Event::Connected);
    (31..200).for_each(|height| drop(old.must(Opener, Event::Chain(at(height)))));
    assert_eq!(published(&old), 0);
    let mut waits = old.clone();
    waits.now = waits.now.after(60_000);
    waits.must(Opener, Event::Chain(at(201)));
    assert_eq!(waits.channel(Opener).phase().name(), "publishing", "nobody is waited for longer than a minute");
    let resume = Body::Resume { number: number + 1, revoked: Some((number, secret)), heard: true };
    old.must(Opener, Event::Message(resume));
    old.now = old.now.after(600_000);
    (201..300).for_each(|height| drop(old.must(Opener, Event::Chain(at(height)))));
    assert_eq!((old.channel(Opener).phase().name(), published(&old)), ("lost", 0));
}

/// A force close, or one that a reorg took back, does not keep a preimage from the chain.
#[test]
fn a_preimage_does_not_wait_for_a_publication() {
    let mut pair = open();
    let id = pair.offer(Opener, 300, 1, 30);
    pair.must(Accepter, fulfil(id, 1));
    pair.must(Accepter, Event::ForceClose);
    assert_eq!(reveals(&pair.must(Accepter, Event::Chain(at(11)))).len(), 1);
}

/// What overtakes a revocation is kept until that has come: nobody waits for a repetition, though every message overtakes those before it.
#[test]
fn words_that_overtake_are_not_lost() {
    let mut pair = open();
    let before = pair.channel(Opener).newest().1.balances;
    let mut overtaken = 0;
    for round in 0..20 {
        pair.must(Opener, Event::Pay { amount: units(1), times: 3 });
        pair.must(Accepter, Event::Pay { amount: units(2), times: 3 });
        pair.must(Accepter, offer(100, round, 1_000));
        while let Some(to) = Side::BOTH.into_iter().find(|side| !pair.wires[side.index()].is_empty()) {
            overtaken += pair.wires[to.index()].len() - 1;
            let body = pair.wires[to.index()].pop_back().expect("just seen");
            pair.must(to, Event::Message(body));
        }
    }
    let (commitment, state) = pair.channel(Opener).newest();
    assert!(overtaken > 20, "{overtaken}");
    assert_eq!((commitment.commitment.number, state.htlcs.len()), (20 * 7, 20));
    assert_eq!(state.balances, [units(before[0].units() + 60), units(before[1].units() - 60 - 20 * 100)]);
}
