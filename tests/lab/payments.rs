//! What is shown of payments over routes: both sides of every failure, in words.

use std::collections::BTreeMap;

use tabchain::{
    channel::{FailureReason, routing::NoRoute},
    primitives::{Amount, Timestamp},
    sim::{Action, Position, Scenario, ScriptEntry, World},
    view::{Cause, Focus, Inspector, PaymentRow, PaymentState, Stage, WorldView},
};

use crate::words;

const SECOND: u64 = 1_000;

/// As many values as the sentence of a code has places.
fn is_worded(strings: &BTreeMap<String, usize>, cause: &Cause) {
    let places = *strings.get(&cause.code).unwrap_or_else(|| panic!("no words: {cause:?}"));
    assert!(places <= cause.values.len(), "{places} {cause:?}");
}

/// The first network without traffic of its own, and what is done to it, each at its second.
fn world(script: &[(u64, Action)]) -> World {
    let mut scenario = Scenario::first();
    scenario.config.workload.payments_per_hour = 0;
    scenario.script.retain(|entry| matches!(entry.action, Action::OpenChannel { .. }));
    let entry = |(second, action): &(u64, Action)| ScriptEntry {
        at: Position::Time(Timestamp(second * SECOND)),
        action: action.clone(),
    };
    scenario.script.extend(script.iter().map(entry));
    World::new(scenario)
}

fn send(from: &str, to: &str, amount: u64) -> Action {
    Action::Send { from: from.to_owned(), to: to.to_owned(), amount: Amount::literal(amount), max_fee: None }
}

fn seen(world: &World) -> WorldView {
    WorldView::of(world, &Focus::default(), &mut Inspector::default())
}

fn only(world: &World) -> PaymentRow {
    let [row] = &seen(world).payments.rows[..] else {
        panic!("one payment: {:#?}", seen(world).payments);
    };
    row.clone()
}

#[test]
fn every_failure_has_words() {
    let strings = words::words();
    let (amount, found, needed) = (Amount::literal(1), 2, 3);
    use FailureReason as F;
    let reasons = [
        F::UnknownPayment,
        F::WrongAmount { expected: amount },
        F::BadPacket,
        F::UnknownChannel,
        F::NotReady,
        F::Insufficient,
        F::TooManyHtlcs,
        F::BelowMinimum { minimum: amount },
        F::AboveMaximum { maximum: amount },
        F::FeeTooLow { found: amount, needed: amount },
        F::DeltaTooSmall { found, needed },
        F::ExpiresTooSoon,
        F::ExpiresTooLate,
        F::Expired,
        F::Cancelled,
    ];
    assert!(reasons.iter().all(|reason| strings.contains_key(&format!("said-{}", reason.code()))));
    use NoRoute as N;
    let why = [
        N::NothingToPay,
        N::ToOneself,
        N::UnknownPayee,
        N::NoChannel,
        N::OwnFunds { amount, best: amount },
        N::NoWay,
        N::Capacity { amount, largest: amount },
        N::FailedLately { amount, largest: amount, announced: amount },
        N::Minimum { amount, possible: amount },
        N::HopLimit { hops: 1, limit: 1 },
        N::ExpiryLimit { blocks: 1, limit: 1 },
        N::FeeLimit { fee: amount, limit: amount },
        N::Limits { hops: 1, blocks: 1, fee: amount },
        N::GaveUp { limit: 1 },
    ];
    assert!(why.iter().all(|why| strings.contains_key(&format!("unpaid-{}", why.code()))));
}

/// A payment that its payee keeps waiting is locked in every channel of its route, and seen there; then it is taken.
#[test]
fn a_payment_is_seen_hop_by_hop() {
    let hold = |on| Action::Hold { node: "Charlie".to_owned(), on };
    let mut world = world(&[(150, hold(true)), (151, send("Alpha", "Charlie", 1_000)), (221, hold(false))]);
    let mut reached = Vec::new();
    while world.now() < Timestamp(220 * SECOND) {
        world.run_until(world.now().after(100));
        if let Some(row) = seen(&world).payments.rows.first() {
            let stages: Vec<Stage> = row.attempts[0].hops.iter().map(|hop| hop.stage).collect();
            if reached.last() != Some(&stages) {
                reached.push(stages);
            }
        }
    }
    use Stage::{Committed as C, Offered as O, Waiting as W};
    assert_eq!(reached, [[O, W], [C, O], [C, C]]);
    let view = seen(&world);
    let row = &view.payments.rows[0];
    assert_eq!((row.state, row.attempts[0].hops[1].amount), (PaymentState::Held, Amount::literal(1_000)));
    let pending: Vec<_> = view.channels.rows.iter().filter(|row| !row.htlcs.is_empty()).collect();
    assert_eq!(pending.len(), 2);
    assert!(pending.iter().all(|channel| channel.htlcs[0].payment == row.payment && channel.htlcs[0].stage == C));
    world.run_until(Timestamp(280 * SECOND));
    let row = only(&world);
    assert_eq!((row.state, row.why, row.truth), (PaymentState::Arrived, None, None));
    assert!(row.attempts[0].hops.iter().all(|hop| hop.stage == Stage::Fulfilled));
    assert!(seen(&world).channels.rows.iter().all(|row| row.htlcs.is_empty()));
    let counts = seen(&world).payments;
    assert_eq!((counts.arrived, counts.failed, counts.under_way), (1, 0, 0));
}

/// Delta can pay Charlie 25,000 at first. The payer is told that it is too little; the world knows by how much.
#[test]
fn a_failure_has_two_explanations() {
    let mut world = world(&[(150, send("Echo", "Bravo", 30_000))]);
    world.run_until(Timestamp(250 * SECOND));
    let (row, strings) = (only(&world), words::words());
    assert_eq!(row.state, PaymentState::Failed);
    let [attempt] = &row.attempts[..] else { panic!("one attempt: {row:#?}") };
    assert_eq!(attempt.failed_at, Some(1));
    let stages: Vec<Stage> = attempt.hops.iter().map(|hop| hop.stage).collect();
    assert_eq!(stages, [Stage::Failed, Stage::Failed, Stage::Waiting]);
    let (said, truth) = (attempt.said.as_ref().expect("told"), attempt.truth.as_ref().expect("known"));
    assert_eq!(
        (&*said.code, &said.values[..]),
        ("said-insufficient", &["Delta", "Delta", "Charlie"].map(str::to_owned)[..])
    );
    assert_eq!(
        (&*truth.code, &truth.values[..]),
        ("truth-short", &["Delta", "Charlie", "30,031", "25,000", "5,031"].map(str::to_owned)[..])
    );
    let (why, really) = (row.why.as_ref().expect("told"), row.truth.as_ref().expect("known"));
    assert_eq!((&*why.code, &*really.code), ("unpaid-failed-lately", "truth-widest"));
    assert_eq!(really.values, ["Echo → Delta → Charlie → Bravo", "25,000", "Delta", "Charlie"]);
    [said, truth, why, really].into_iter().for_each(|cause| is_worded(&strings, cause));
    assert_eq!(seen(&world).payments.failed, 1);
}

/// Nothing can be said of a way that does not exist; of one that the payer must not take for its fee it can.
#[test]
fn what_has_no_route_says_what_was_so() {
    let mut world = world(&[
        (150, send("Alpha", "Golf", 500)),
        (
            160,
            Action::Send {
                from: "Alpha".to_owned(),
                to: "Charlie".to_owned(),
                amount: Amount::literal(5_000),
                max_fee: Some(Amount::ZERO),
            },
        ),
    ]);
    world.run_until(Timestamp(200 * SECOND));
    let rows = seen(&world).payments.rows;
    let causes: Vec<_> =
        rows.iter().map(|row| (row.why.clone().expect("told"), row.truth.clone().expect("known"))).collect();
    let codes: Vec<[&str; 2]> = causes.iter().map(|(why, truth)| [&*why.code, &*truth.code]).collect();
    assert_eq!(codes, [["unpaid-fee-limit", "truth-wide-enough"], ["unpaid-unknown-payee", "truth-no-way"]]);
    for (why, truth) in &causes {
        is_worded(&words::words(), why);
        is_worded(&words::words(), truth);
    }
}

/// Whatever is under way stands first; what is over is forgotten, the oldest first.
#[test]
fn the_list_is_bounded_and_what_waits_stays() {
    let hold = Action::Hold { node: "Charlie".to_owned(), on: true };
    let mut script = vec![(150, hold), (151, send("Alpha", "Charlie", 1_000))];
    script.extend((0..65).map(|at| (155 + at, send("Alpha", "Golf", 200 + at))));
    let mut world = world(&script);
    world.run_until(Timestamp(225 * SECOND));
    let payments = seen(&world).payments;
    assert_eq!((payments.failed, payments.under_way, payments.rows.len()), (65, 1, 30));
    assert_eq!((payments.rows[0].state, payments.rows[0].amount), (PaymentState::Held, Amount::literal(1_000)));
    assert_eq!(payments.rows[1].amount, Amount::literal(264));
    assert_eq!(world.traces().count(), 61);
}
