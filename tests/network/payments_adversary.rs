//! Payments among nodes of which one misbehaves: whatever it does, wherever it stands on the route, the honest keep their money.

use tabchain::{
    channel::{Channel, Ending, FailureReason, GIVE_BACK, Phase, REORG_MARGIN},
    node::{EventKind, Node, Outcome, Payment},
    primitives::{Height, MAX_HTLCS, Side, Timestamp},
    sim::{
        Action, Capsule, Invariant, LinkQuality, LogEntry, Misbehaviour, Scenario, Step, Tally, Workload, World, settle,
    },
    view::{Focus, Inspector, WorldView},
};

use crate::{
    lab::scale,
    ledgers::{balance, books},
    worlds::{at, close, keep, name, open, scenario, send},
};

const MINUTE: u64 = 60_000;
const A: usize = 0;
const B: usize = 1;
const C: usize = 2;
const D: usize = 3;
/// Base units that each node owns at first.
const MILLION: i64 = 1_000_000;

/// A, B, C and D with a channel between neighbours, over links between all of them and a miner.
fn line(seed: u64) -> Scenario {
    let links: Vec<(usize, usize)> = (0..5).flat_map(|a| (0..a).map(move |b| (b, a))).collect();
    let quality = LinkQuality { jitter: 40, ..LinkQuality::default() };
    let mut scenario = scenario(seed, &[0, 0, 0, 0, 60], &links, quality);
    scenario.config.workload = Workload::default();
    scenario.script = [(A, B), (B, C), (C, D)].map(|(a, b)| at(1_000, open(a, b, 100_000, 100_000))).into();
    scenario
}

fn misbehave(node: usize, how: Misbehaviour) -> Action {
    Action::Misbehave { node: name(node), how: Some(how) }
}

/// The line with its channels open.
fn opened(seed: u64) -> World {
    let mut world = World::new(line(seed));
    world.run_until(Timestamp(20_000));
    let open = |world: &World| {
        let usable = |node: usize| on(world, node).channels().filter(|(_, channel)| channel.is_usable()).count();
        [A, B, C, D].map(usable) == [1, 2, 2, 1]
    };
    until(&mut world, "opens", 10, open);
    world.run_until(world.now().after(15_000));
    world
}

fn on(world: &World, node: usize) -> &Node {
    world.nodes()[node].node.as_ref().expect("on")
}

fn between(world: &World, a: usize, b: usize) -> &Channel {
    let found = on(world, a).channels().find(|(peer, _)| peer.0 == b as u64);
    found.expect("a channel").1
}

fn must(world: &mut World, action: Action) {
    world.act_now(action.clone()).unwrap_or_else(|error| panic!("{action:?}: {error}; {}", keep(world, "must")));
}

fn until(world: &mut World, what: &str, minutes: u64, so: impl Fn(&World) -> bool) {
    let end = world.now().after(minutes * MINUTE);
    while !so(world) {
        assert!(world.step(end) != Step::Idle, "{what}: {}", keep(world, "until"));
    }
}

/// Waits for what is pending, then has the honest close every channel, and waits until nothing is locked any more.
fn close_all(world: &mut World, bad: usize) {
    world.run_until(world.now().after(8 * MINUTE));
    for (a, b) in [(A, B), (B, C), (C, D)] {
        let (from, to) = if a == bad { (b, a) } else { (a, b) };
        if !between(world, from, to).is_over() {
            // Somebody may have begun already.
            drop(world.act_now(close(from, to, true)));
        }
    }
    until(world, "closes", 20, |world| on(world, 4).chain().ledger().channels().count() == 0);
    world.run_until(world.now().after(MINUTE));
}

/// What every honest node owns at least, in plain numbers: what it began with and was paid, less what it has paid and its own fees.
fn keeps(world: &World, node: usize) -> Result<(), String> {
    let books = books(world, node);
    let least = MILLION + books.received - books.sent - books.fees;
    let found = balance(world, 4, node);
    if found >= least { Ok(()) } else { Err(format!("{} owns {found} < {least}: {books:?}", name(node))) }
}

/// One of the four misbehaves in the middle of a run with payments in all directions.
fn run(how: Misbehaviour, bad: usize, seed: u64) -> World {
    let mut world = opened(seed);
    for (from, to, amount) in [(A, D, 5_000), (D, A, 3_000), (B, D, 900), (C, A, 700)] {
        must(&mut world, send(from, to, amount));
    }
    world.run_until(world.now().after(2_000));
    for (from, to, amount) in [(A, D, 8_000), (A, C, 600), (D, B, 2_000), (A, D, 150)] {
        must(&mut world, send(from, to, amount));
    }
    world.run_until(world.now().after(seed % 7 * 60));
    must(&mut world, misbehave(bad, how));
    if how == Misbehaviour::Jam {
        must(&mut world, misbehave(if bad == D { A } else { D }, Misbehaviour::Withhold));
    }
    for round in 0..6 {
        for (from, to, amount) in [(A, D, 1_000 + round), (B, D, 400 + round), (D, A, 500 + round)] {
            // Whoever is banned may have no peer.
            drop(world.act_now(send(from, to, amount)));
        }
        world.run_until(world.now().after(9_000));
    }
    world
}

fn honest_keep_their_money(how: Misbehaviour) {
    let mut evaluated = 0;
    for (bad, seed) in [B, C, D].into_iter().flat_map(|bad| (1..=2 * scale()).map(move |seed| (bad, seed))) {
        let mut world = run(how, bad, seed);
        close_all(&mut world, bad);
        let told = format!("{how:?} by {}, {}", name(bad), keep(&world, "misbehaves"));
        for node in [A, B, C, D].into_iter().filter(|node| world.is_honest(*node as u32)) {
            assert_eq!(keeps(&world, node), Ok(()), "{told}");
            assert_eq!(on(&world, node).payments().filter(|payment| payment.outcome.is_none()).count(), 0, "{told}");
        }
        settle(&mut world);
        assert_eq!(world.violation(), None, "{told}");
        let (kind, Tally { checked, .. }) = world.invariants()[5];
        assert_eq!(kind, Invariant::Forwarding);
        evaluated += checked;
    }
    assert!(evaluated > 0, "{how:?}: nobody has passed anything on");
}

#[test]
fn silence_costs_nobody_else_anything() {
    honest_keep_their_money(Misbehaviour::Silent);
}

#[test]
fn double_signing_costs_nobody_else_anything() {
    honest_keep_their_money(Misbehaviour::DoubleSign);
}

#[test]
fn withholding_costs_nobody_else_anything() {
    honest_keep_their_money(Misbehaviour::Withhold);
}

#[test]
fn jamming_costs_nobody_else_anything() {
    honest_keep_their_money(Misbehaviour::Jam);
}

#[test]
fn racing_costs_nobody_else_anything() {
    honest_keep_their_money(Misbehaviour::Race);
}

#[test]
fn publishing_old_commitments_costs_nobody_else_anything() {
    honest_keep_their_money(Misbehaviour::PublishOld);
}

/// The last payment of a node.
fn last(world: &World, payer: usize) -> &Payment {
    let payments = on(world, payer).payments();
    payments.max_by_key(|payment| (payment.began, payment.invoice.amount)).expect("a payment")
}

fn is_paid(payment: &Payment) -> bool {
    payment.outcome.as_ref().is_some_and(Outcome::is_paid)
}

fn pending(world: &World, a: usize, b: usize) -> usize {
    between(world, a, b).newest().1.htlcs.len()
}

fn height(world: &World) -> Height {
    on(world, 4).chain().height()
}

/// Who does not take a payment ends it for nobody but itself: it expires, and everybody upstream has its money back.
#[test]
fn what_is_withheld_comes_back() {
    let mut world = opened(7);
    must(&mut world, misbehave(D, Misbehaviour::Withhold));
    let before = [(A, B), (B, C), (C, D)].map(|(a, b)| between(&world, a, b).newest().1.balances);
    must(&mut world, send(A, D, 5_000));
    until(&mut world, "is offered", 1, |world| pending(world, D, C) == 1);
    let expiry = between(&world, A, B).newest().1.htlcs[0].expiry;
    until(&mut world, "comes back", 15, |world| last(world, A).outcome.is_some());
    let told = keep(&world, "withheld");
    assert!(height(&world) <= expiry, "upstream waits no longer than that; {told}");
    assert!(matches!(last(&world, A).outcome, Some(Outcome::Failed { .. })), "{told}");
    let first = last(&world, A).attempts[0].failure.clone().expect("it came back");
    assert_eq!(first.reason, FailureReason::Expired, "{told}");
    until(&mut world, "is gone", 10, |world| {
        let channel = between(world, C, D);
        channel.is_over() || channel.newest().1.htlcs.is_empty()
    });
    assert!(
        between(&world, A, B).is_usable() && between(&world, B, C).is_usable(),
        "only the withholder's closes; {told}"
    );
    let after = [(A, B), (B, C)].map(|(a, b)| between(&world, a, b).newest().1.balances);
    assert_eq!(after[..], before[..2], "{told}");
    settle(&mut world);
    assert_eq!(world.violation(), None, "{told}");
}

/// Claimed in the last blocks, on the chain or off it: each forwarder still has its own blocks to claim upstream.
#[test]
fn whoever_claims_last_leaves_time_to_everybody() {
    let mut world = opened(9);
    must(&mut world, misbehave(D, Misbehaviour::Race));
    for amount in 0..8 {
        must(&mut world, send(A, D, 1_000 + amount));
    }
    until(&mut world, "arrive", 15, |world| on(world, A).payments().all(|payment| payment.outcome.is_some()));
    let told = keep(&world, "race");
    assert_eq!(on(&world, A).payments().filter(|payment| is_paid(payment)).count(), 8, "{told}");
    let revealed = on(&world, 4).chain().best().iter().filter_map(|id| on(&world, 4).chain().tree().block(id));
    let kinds = revealed.flat_map(|block| &block.transactions).map(|found| found.unsigned.action.kind());
    assert!(kinds.filter(|kind| *kind == "reveal").count() > 0, "some on the chain; {told}");
    close_all(&mut world, D);
    for node in [A, B, C] {
        assert_eq!(keeps(&world, node), Ok(()), "{told}");
    }
    for node in [B, C] {
        let gain = balance(&world, 4, node) + books(&world, node).fees - MILLION;
        assert!(gain >= 8, "{} has earned {gain}; {told}", name(node));
    }
    assert_eq!(world.violation(), None, "{told}");
}

/// Silence in the middle of an update: what is in it is fetched by force, not later than was agreed.
#[test]
fn who_goes_silent_is_closed_on_by_the_deadline() {
    for seed in [3, 4, 5] {
        let mut world = opened(seed);
        must(&mut world, misbehave(C, Misbehaviour::Silent));
        for (from, to) in [(A, D), (D, A), (B, C)] {
            must(&mut world, send(from, to, 2_000));
        }
        world.run_until(world.now().after(20_000));
        let told = keep(&world, "silent");
        let deadline = |world: &World, from: usize, to: usize| {
            let htlcs = between(world, from, to).newest().1.htlcs.iter().map(|htlc| htlc.expiry.0);
            let drafted = between(world, from, to).pending().into_iter().flat_map(|draft| &draft.state.htlcs);
            htlcs.chain(drafted.map(|htlc| htlc.expiry.0)).max().expect("pending") + REORG_MARGIN + GIVE_BACK
        };
        let latest = deadline(&world, B, C).max(deadline(&world, D, C));
        until(&mut world, "B closes", 12, |world| !between(world, B, C).phase().is_live());
        until(&mut world, "D closes", 12, |world| !between(world, D, C).phase().is_live());
        assert!(height(&world).0 <= latest + 1, "at {} after {latest}; {told}", height(&world));
        assert!(on(&world, A).payments().all(|payment| payment.outcome.is_some()), "A was told in time; {told}");
        assert!(between(&world, A, B).is_usable(), "{told}");
        close_all(&mut world, C);
        for node in [A, B, D] {
            assert_eq!(keeps(&world, node), Ok(()), "{told}");
        }
        settle(&mut world);
        assert_eq!(world.violation(), None, "{told}");
    }
}

/// A second commitment of one number is no one's but the forger's: its peer and everybody who is shown it say so.
#[test]
fn who_signs_twice_is_blamed() {
    let mut world = opened(5);
    must(&mut world, misbehave(C, Misbehaviour::DoubleSign));
    must(&mut world, send(A, D, 5_000));
    world.run_until(world.now().after(2 * MINUTE));
    let told = keep(&world, "double");
    let blames: Vec<(usize, String)> = world
        .log()
        .filter_map(|record| match &record.entry {
            LogEntry::Node(EventKind::PeerBlamed { peer, fault }) if peer.0 == C as u64 => {
                Some((record.node? as usize, fault.to_string()))
            }
            LogEntry::Node(EventKind::PeerBlamed { peer, fault }) => panic!("{peer:?} {fault}; {told}"),
            _ => None,
        })
        .collect();
    let by = |node: usize, word: &str| blames.iter().any(|(by, fault)| *by == node && fault.contains(word));
    assert!(by(B, "the signature of commitment"), "{blames:?} {told}");
    assert!([A, 4].iter().all(|node| by(*node, "bad-commitment")), "shown to everybody; {blames:?} {told}");
    assert!(on(&world, 4).chain().ledger().channels().all(|(_, record)| record.publication.is_none()), "{told}");
    world.run_until(world.now().after(14 * MINUTE));
    close_all(&mut world, C);
    for node in [A, B, D] {
        assert_eq!(keeps(&world, node), Ok(()), "{told}");
    }
    assert_eq!(world.violation(), None, "{told}");
}

/// A jammer with an accomplice fills one direction of each channel on its way, up to the limit; the other direction is free.
#[test]
fn a_jam_ends_at_the_limit() {
    let mut world = opened(6);
    must(&mut world, misbehave(D, Misbehaviour::Withhold));
    must(&mut world, misbehave(A, Misbehaviour::Jam));
    until(&mut world, "is full", 5, |world| pending(world, B, C) == MAX_HTLCS);
    world.run_until(world.now().after(15_000));
    let told = keep(&world, "jam");
    for (a, b) in [(A, B), (B, C), (C, D)] {
        let htlcs = &between(&world, a, b).newest().1.htlcs;
        let payer = between(&world, a, b).side();
        assert!(htlcs.len() <= MAX_HTLCS && htlcs.iter().all(|htlc| htlc.offerer == payer), "{told}");
    }
    must(&mut world, send(B, C, 700));
    must(&mut world, send(C, B, 900));
    world.run_until(world.now().after(20_000));
    assert!(matches!(last(&world, B).outcome, Some(Outcome::Failed { .. })), "no room; {:?} {told}", last(&world, B));
    assert!(is_paid(last(&world, C)), "the other direction works; {:?} {told}", last(&world, C));
    must(&mut world, Action::Misbehave { node: name(A), how: None });
    must(&mut world, Action::Misbehave { node: name(D), how: None });
    until(&mut world, "ends", 15, |world| pending(world, B, C) == 0);
    must(&mut world, send(B, C, 800));
    world.run_until(world.now().after(20_000));
    assert!(is_paid(last(&world, B)), "there is room again; {told}");
    settle(&mut world);
    assert_eq!(world.violation(), None, "{told}");
}

/// The best moment to publish what was revoked is none.
#[test]
fn who_publishes_what_it_has_revoked_loses_everything() {
    for away in [false, true] {
        let mut world = opened(8);
        let paid = if away { 5_000 } else { 40_000 };
        must(&mut world, send(C, A, paid));
        world.run_until(world.now().after(5_000));
        assert!(is_paid(last(&world, C)), "{:?}", last(&world, C));
        must(&mut world, misbehave(C, Misbehaviour::PublishOld));
        if away {
            world.run_until(world.now().after(MINUTE));
            assert!(between(&world, B, C).phase().is_live(), "not worth it while B looks; {}", keep(&world, "old"));
            must(&mut world, Action::Cut { a: name(B), b: name(C) });
        }
        until(&mut world, "is punished", 5, |world| between(world, B, C).is_over());
        let told = keep(&world, "published");
        let loser = between(&world, B, C).side().other();
        assert_eq!(*between(&world, B, C).phase(), Phase::Closed(Ending::Punished(loser)), "{told}");
        assert_eq!(loser, Side::Accepter);
        close_all(&mut world, C);
        let gain = balance(&world, 4, B) + books(&world, B).fees - MILLION;
        assert!(gain >= 100_000 - paid.cast_signed(), "all that C had: {gain}; {told}");
        for node in [A, B, D] {
            assert_eq!(keeps(&world, node), Ok(()), "{told}");
        }
        assert_eq!(world.violation(), None, "{told}");
    }
}

/// The same numbers find a loss where there is one: a forwarder who pays, and sleeps until it cannot claim any more.
#[test]
fn a_forwarder_who_sleeps_too_long_loses() {
    let mut world = opened(4);
    must(&mut world, Action::Hold { node: name(D), on: true });
    must(&mut world, send(A, D, 5_000));
    until(&mut world, "is held", 1, |world| pending(world, D, C) == 1);
    for other in [B, A, 4] {
        must(&mut world, Action::Cut { a: name(C), b: name(other) });
    }
    must(&mut world, Action::Hold { node: name(D), on: false });
    until(&mut world, "is paid", 1, |world| pending(world, C, D) == 0 && pending(world, D, C) == 0);
    must(&mut world, Action::Stop { node: name(C) });
    must(&mut world, Action::HealAll);
    until(&mut world, "comes back", 20, |world| last(world, A).outcome.is_some());
    world.run_until(world.now().after(4 * MINUTE));
    must(&mut world, Action::Start { node: name(C) });
    world.run_until(world.now().after(MINUTE));
    close_all(&mut world, usize::MAX);
    let told = keep(&world, "sleeper");
    for node in [A, B, D] {
        assert_eq!(keeps(&world, node), Ok(()), "{told}");
    }
    let lost = keeps(&world, C).expect_err("it was paid for by nobody");
    let loss = MILLION - balance(&world, 4, C) - books(&world, C).fees;
    assert!((5_000..5_010).contains(&loss), "{loss}: {lost}");
}

/// A script says who misbehaves, a capsule repeats it, and the picture shows it.
#[test]
fn misbehaviour_is_part_of_a_run() {
    let mut scenario = line(2);
    scenario.script.extend([
        at(100_000, misbehave(C, Misbehaviour::DoubleSign)),
        at(110_000, send(A, D, 700)),
        at(140_000, Action::Misbehave { node: name(C), how: None }),
        at(150_000, misbehave(D, Misbehaviour::Withhold)),
        at(151_000, misbehave(A, Misbehaviour::Jam)),
    ]);
    let json = serde_json::to_string(&scenario).expect("plain data");
    assert!(json.contains(r#"{"do":"misbehave","node":"C","how":"doubleSign"}"#), "{json}");
    assert!(json.contains(r#"{"do":"misbehave","node":"C","how":null}"#), "{json}");
    assert_eq!(Scenario::from_json(&json).as_ref(), Ok(&scenario));
    let mut world = World::new(scenario.clone());
    world.run_until(Timestamp(130_000));
    let shown = |world: &World| {
        let view = WorldView::of(world, &Focus::default(), &mut Inspector::default());
        view.network.nodes.iter().map(|dot| dot.misbehaves).collect::<Vec<_>>()
    };
    assert_eq!(shown(&world), [None, None, Some(Misbehaviour::DoubleSign), None, None]);
    world.run_until(Timestamp(240_000));
    assert_eq!(shown(&world), [Some(Misbehaviour::Jam), None, None, Some(Misbehaviour::Withhold), None]);
    assert!([0, 2, 3].iter().all(|node| !world.is_honest(*node)), "nobody who ever misbehaved");
    assert_eq!(world.stats().refused, 0);
    assert!(Capsule::of(&world).replay().finish().is_ok());
    let mut honest = scenario;
    honest.script.retain(|entry| !matches!(entry.action, Action::Misbehave { .. }));
    let mut other = World::new(honest);
    other.run_until(Timestamp(240_000));
    assert_ne!(world.digest(), other.digest());
}
