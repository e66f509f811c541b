//! Payments among nodes of which one misbehaves: whatever it does, wherever it stands on the route, the honest keep their money.
#![cfg(not(target_arch = "wasm32"))]

#[path = "support/lab.rs"]
mod lab;
#[path = "support/ledgers.rs"]
mod ledgers;
mod support;
#[path = "support/worlds.rs"]
mod worlds;

use lab::scale;
use ledgers::{balance, books};
use tabchain::{
    channel::{Channel, Ending, FailureReason, Outgoing, Phase},
    node::{EventKind, Node, Outcome, PaymentNotice},
    primitives::{Amount, MAX_HTLCS, Timestamp},
    sim::{Action, Capsule, Invariant, LinkQuality, LogEntry, Misbehaviour, Scenario, Step, Workload, World, settle},
    view::{Focus, Inspector, WorldView},
};
use worlds::{at, close, keep, name, open, scenario};

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

fn send(from: usize, to: usize, amount: u64) -> Action {
    Action::Send { from: name(from), to: name(to), amount: support::units(amount), max_fee: None }
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

const KINDS: [Misbehaviour; 6] = [
    Misbehaviour::Silent,
    Misbehaviour::DoubleSign,
    Misbehaviour::Withhold,
    Misbehaviour::Jam,
    Misbehaviour::Race,
    Misbehaviour::PublishOld,
];

fn honest_keep_their_money(how: Misbehaviour) {
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
    }
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
