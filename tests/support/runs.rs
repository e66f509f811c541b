//! Every way of running a scenario: they must all give the same run.
#![allow(dead_code, unreachable_pub, reason = "each test binary is a crate that uses a part of it")]

use proptest::prelude::*;
use tabchain::{
    primitives::Timestamp,
    sim::{Capsule, Carrier, Envelope, FillError, Invariant, Scenario, Step, Timeline, World, settle},
};

use crate::{
    lab::Numbers,
    worlds::{difference, keep, state},
};

/// Invariant 9, and the promises of the time machine, over the first five minutes of a scenario; invariant 7 after them.
pub fn all_the_same(scenario: &Scenario, seed: u64) -> Result<(), TestCaseError> {
    let mut numbers = Numbers(seed);
    let end = Timestamp(300_000);
    let world = straight(scenario, end);
    prop_assert!(world.violation().is_none(), "{:?} {}", world.violation(), keep(&world, "violated"));

    same("one event at a time", &stepped(scenario, end, &mut numbers), &world)?;
    same("by seeking", sought(scenario, end, &mut numbers).world(), &world)?;
    same("carried", &carried(scenario, end, &mut numbers)?, &world)?;

    let capsule = Capsule::of(&world);
    let read = Capsule::from_json(&capsule.to_json());
    prop_assert_eq!(read.as_ref(), Ok(&capsule));
    match read.expect("just compared").replay().finish() {
        Ok(replayed) => same("replayed", &replayed, &world)?,
        Err(mismatch) => prop_assert!(false, "{mismatch}; {}", keep(&world, "mismatch")),
    }

    let (mut clone, mut world) = (world.clone(), world);
    clone.run_until(end.after(60_000));
    world.run_until(end.after(60_000));
    same("a clone's future", &clone, &world)?;

    settle(&mut world);
    let agreement = world.invariants().into_iter().find(|(kind, _)| *kind == Invariant::Agreement).expect("listed");
    prop_assert_eq!((agreement.1.checked, agreement.1.violated), (1, 0), "{}", keep(&world, "disagreement"));
    prop_assert!(Capsule::of(&world).replay().finish().is_ok());
    Ok(())
}

/// In one piece.
pub fn straight(scenario: &Scenario, end: Timestamp) -> World {
    let mut world = World::new(scenario.clone());
    world.run_until(end);
    world
}

fn same(what: &str, world: &World, expected: &World) -> Result<(), TestCaseError> {
    let (ours, theirs) = (state(world), state(expected));
    prop_assert!(
        ours == theirs,
        "{what}: {}\n{}",
        keep(expected, "differs"),
        difference(&ours, &theirs).unwrap_or_default()
    );
    Ok(())
}

fn stepped(scenario: &Scenario, end: Timestamp, numbers: &mut Numbers) -> World {
    let mut world = World::new(scenario.clone()).without_memo();
    while world.now() < end {
        let limit = Timestamp(end.0.min(world.now().0 + numbers.next() % 7_000));
        // Several futures are looked at, one is taken.
        let _ = world.clone().step(end);
        if world.step(limit) == Step::Idle && numbers.below(50) == 0 {
            world = world.clone();
        }
    }
    world.run_until(end);
    world
}

fn sought(scenario: &Scenario, end: Timestamp, numbers: &mut Numbers) -> Timeline {
    let mut timeline = Timeline::new(World::new(scenario.clone()));
    for _ in 0..6 {
        let to = Timestamp(numbers.next() % (end.0 + 1));
        while !timeline.seek(to, 1 + numbers.next() % 900) {}
    }
    while !timeline.seek(end, u64::MAX) {}
    timeline
}

/// An external carrier at its worst: it holds envelopes back, shuffles and repeats them, and brings things that nobody sent.
fn carried(scenario: &Scenario, end: Timestamp, numbers: &mut Numbers) -> Result<World, TestCaseError> {
    let mut world = World::new(scenario.clone());
    world.set_carrier(Carrier::External);
    let (mut held, mut old): (Vec<Envelope>, Vec<Envelope>) = (Vec::new(), Vec::new());
    loop {
        let step = world.step(end);
        held.extend(world.take_outgoing());
        match step {
            Step::Idle => break,
            Step::Done(_) if numbers.below(4) > 0 => continue,
            Step::Done(_) | Step::Searching => {}
            Step::Waiting(key) => prop_assert!(held.iter().any(|envelope| envelope.sequence == key.sequence)),
        }
        for _ in 0..1 + numbers.below(4) {
            if held.is_empty() {
                break;
            }
            let envelope = held.swap_remove(numbers.below(held.len()));
            let before = (world.digest(), world.unfilled());
            let mut bad = envelope.clone();
            let refused = match numbers.below(4) {
                0 => {
                    let at = numbers.below(bad.bytes.len());
                    bad.bytes[at] ^= 1;
                    matches!(world.fill(bad), Err(FillError::Altered { .. }))
                }
                1 => {
                    bad.to += 1;
                    matches!(world.fill(bad), Err(FillError::Unexpected { .. }))
                }
                2 => {
                    bad.deliver_at = bad.deliver_at.after(1);
                    matches!(world.fill(bad), Err(FillError::Unexpected { .. }))
                }
                _ => old.last().is_none_or(|old| matches!(world.fill(old.clone()), Err(FillError::Unexpected { .. }))),
            };
            prop_assert!(refused && before == (world.digest(), world.unfilled()));
            prop_assert!(world.fill(envelope.clone()).is_ok());
            prop_assert!(matches!(world.fill(envelope.clone()), Err(FillError::Unexpected { .. })), "twice");
            old.push(envelope);
        }
    }
    Ok(world)
}
