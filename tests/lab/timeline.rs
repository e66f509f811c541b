//! The time machine: any moment can be seen again, and another future tried, without losing the first.

use tabchain::{
    primitives::{Hash, Timestamp},
    sim::{Action, ActionError, Capsule, Cursor, LinkQuality, Mismatch, Scenario, Timeline, World},
};

use crate::{
    lab::{Numbers, scale},
    worlds::{at, close, difference, name, open, pay, pay_through, ring, scenario, state},
};

/// Four nodes over lossy links, with a partition and a restart.
fn busy(seed: u64) -> Scenario {
    let quality = LinkQuality { jitter: 30, loss: 50_000, ..LinkQuality::default() };
    let mut scenario = scenario(seed, &[40, 40, 40, 0], &ring(4), quality);
    scenario.config.workload.transfers_per_hour = 600;
    scenario.script = vec![
        at(1_000, open(0, 1, 90_000, 90_000)),
        at(50_000, pay_through(0, 1, 30, 200)),
        at(50_000, pay_through(1, 0, 20, 200)),
        at(60_000, Action::Partition { nodes: vec![name(0), name(1)] }),
        at(100_000, Action::Stop { node: name(2) }),
        at(150_000, Action::Start { node: name(2) }),
        at(180_000, Action::HealAll),
        at(200_000, close(0, 1, true)),
        at(250_000, pay(0, 1, 7)),
    ];
    scenario
}

fn arrive(timeline: &mut Timeline, to: u64) {
    while !timeline.seek(Timestamp(to), 10_000) {}
}

fn arrive_at(timeline: &mut Timeline, cursor: Cursor) {
    while !timeline.seek_cursor(cursor, 10_000) {}
}

fn straight(scenario: &Scenario, to: u64) -> World {
    let mut world = World::new(scenario.clone());
    world.run_until(Timestamp(to));
    world
}

fn assert_same(what: &str, world: &World, expected: &World) {
    let (ours, theirs) = (state(world), state(expected));
    assert!(ours == theirs, "{what}: {}", difference(&ours, &theirs).unwrap_or_default());
}

#[test]
fn any_moment_is_seen_again_as_it_was() {
    for seed in 1..=scale() {
        let mut numbers = Numbers(seed);
        let scenario = busy(seed);
        let mut timeline = Timeline::new(World::new(scenario.clone()));
        arrive(&mut timeline, 300_000);
        let end = timeline.end();
        for _ in 0..12 {
            let to = numbers.next() % 300_001;
            let budget = 1 + numbers.next() % 5_000;
            while !timeline.seek(Timestamp(to), budget) {}
            assert_eq!(timeline.cursor().time, Timestamp(to));
            assert_same(&format!("seed {seed} at {to} ms"), timeline.world(), &straight(&scenario, to));
            assert_eq!(timeline.end(), end, "looking back takes nothing away");
        }
        arrive(&mut timeline, 300_000);
        assert_eq!(timeline.cursor(), end);
        assert!(timeline.branches().is_empty());
    }
}

/// Also between two events of one millisecond, event by event, and from a capsule made there.
#[test]
fn a_place_within_a_millisecond_is_a_place() {
    let scenario = busy(2);
    let mut world = World::new(scenario.clone());
    let (mut places, mut within) = (Vec::<(Cursor, Hash)>::new(), 0);
    for _ in 0..1_500 {
        world.step(Timestamp(300_000));
        let place = Cursor { time: world.now(), events: world.stats().events };
        within += usize::from(places.last().is_some_and(|(last, _)| last.time == place.time));
        places.push((place, world.digest()));
    }
    assert!(within > 20, "{within} events share their millisecond with the one before");
    let mut timeline = Timeline::new(World::new(scenario));
    arrive(&mut timeline, 300_000);
    let mut numbers = Numbers(9);
    for _ in 0..60 {
        let (place, digest) = places[numbers.below(places.len())];
        arrive_at(&mut timeline, place);
        assert_eq!((timeline.cursor(), timeline.digest()), (place, digest));
        let capsule = timeline.capsule();
        assert_eq!((capsule.cursor, capsule.digest), (place, digest));
        if numbers.below(10) == 0 {
            let replayed = capsule.replay().finish().expect("the same run");
            assert_eq!(replayed.digest(), digest);
        }
    }
    // One event back, again and again.
    let (place, _) = places[1_200];
    arrive_at(&mut timeline, place);
    for back in 1..40 {
        let (before, digest) = places[1_200 - back];
        while !timeline.seek_event(before.events, 10_000) {}
        assert_eq!((timeline.cursor(), timeline.digest()), (before, digest));
    }
}

#[test]
fn checkpoints_stay_bounded_and_a_seek_stays_short() {
    let mut timeline = Timeline::new(World::new(busy(3)));
    for minute in 1..=60 {
        arrive(&mut timeline, minute * 60_000);
        assert!(timeline.checkpoints() <= 160, "{}", timeline.checkpoints());
    }
    let events = timeline.end().events;
    // By now they are too heavy for as many as are allowed.
    let kept = timeline.checkpoints();
    assert!((12..40).contains(&kept) && events > 20_000, "{kept} of {events}");
    let mut numbers = Numbers(4);
    for _ in 0..20 {
        let to = Timestamp(numbers.next() % 3_600_000);
        assert!(timeline.seek(to, events / 8), "no seek repeats more than an eighth of the run");
    }
}

#[test]
fn acting_in_the_past_keeps_the_old_future_as_a_branch() {
    let scenario = busy(5);
    let mut timeline = Timeline::new(World::new(scenario.clone()));
    arrive(&mut timeline, 300_000);
    let (end, digest) = (timeline.end(), timeline.digest());
    arrive(&mut timeline, 120_000);
    let here = timeline.cursor();
    let refused = timeline.act(Action::Stop { node: "Nobody".into() });
    assert_eq!(refused, Err(ActionError::UnknownNode("Nobody".into())));
    assert!(timeline.branches().is_empty() && timeline.end() == end, "nothing has changed");

    timeline.act(Action::HealAll).expect("possible");
    let [branch] = timeline.branches() else { panic!("one branch") };
    assert_eq!((branch.left_at, branch.end, &branch.scenario), (here, end, &scenario));
    assert_eq!(straight(&branch.scenario, 300_000).digest(), digest, "the old future is still there");

    arrive(&mut timeline, 300_000);
    assert_ne!(timeline.digest(), digest);
    assert_eq!(
        timeline.world().scenario().script.len(),
        6,
        "channels, partition, stop, and what was done instead of the rest"
    );
    let (second, scenario) = (timeline.digest(), timeline.world().scenario().clone());
    for to in [0, 119_999, 120_000, 299_999, 300_000] {
        arrive(&mut timeline, to);
        assert_same(&format!("{to} ms on the second branch"), timeline.world(), &straight(&scenario, to));
    }

    assert_eq!(timeline.switch(1), None, "there is one other future");
    let there = timeline.switch(0).expect("the first future");
    arrive_at(&mut timeline, there);
    assert_eq!((there, timeline.digest()), (end, digest), "the first future is taken up again");
    let back = timeline.switch(0).expect("the second future");
    arrive_at(&mut timeline, back);
    assert_eq!(timeline.digest(), second, "and the second");
    assert_eq!(timeline.branches().len(), 1);
    assert_eq!(timeline.digest(), second);
    assert_eq!(timeline.capsule().replay().finish().expect("the same run").digest(), second);
    assert_eq!(timeline.branches().len(), 1, "playing on makes no branch");
}

/// Acting again and again at random places: every branch, and what became of the last, replays.
#[test]
fn branches_of_branches_replay() {
    let mut numbers = Numbers(6);
    let mut timeline = Timeline::new(World::new(busy(6)));
    let mut futures = Vec::new();
    for round in 0..20 {
        arrive(&mut timeline, 100_000 + numbers.next() % 100_000);
        let whole = (timeline.end(), timeline.world().scenario().clone());
        let end = timeline.end();
        arrive_at(&mut timeline, end);
        let digest = timeline.digest();
        // Somewhere, most often in the middle of things.
        let events = 1 + numbers.next() % timeline.end().events;
        while !timeline.seek_event(events, 10_000) {}
        let before = timeline.branches().len();
        if timeline.act(pay(3, 0, 1 + round)).is_err() {
            continue;
        }
        if timeline.branches().len() > before {
            futures.push((whole, digest));
        }
    }
    assert!(futures.len() >= 10, "{}", futures.len());
    let kept: Vec<_> = timeline.branches().iter().map(|branch| (branch.end, branch.scenario.clone())).collect();
    for ((end, scenario), digest) in futures.iter().rev().take(5) {
        assert!(kept.contains(&(*end, scenario.clone())));
        let capsule = Capsule { capsule: 1, scenario: scenario.clone(), cursor: *end, digest: *digest };
        if let Err(mismatch) = capsule.replay().finish() {
            panic!("{mismatch}");
        }
    }
    arrive(&mut timeline, 220_000);
    assert_same("the last future", timeline.world(), &straight(timeline.world().scenario(), 220_000));
    assert!(timeline.branches().len() <= 16);
}

#[test]
fn capsules_come_back_byte_by_byte() {
    let mut world = straight(&busy(7), 130_000);
    world.act_now(pay(1, 0, 3)).expect("possible");
    world.act_now(pay(1, 0, 4)).expect("possible");
    let text = Capsule::of(&world).to_json();
    let capsule = Capsule::from_json(&text).expect("a capsule");
    assert_eq!(capsule.to_json(), text);
    let replayed = capsule.replay().finish().expect("the same run");
    assert_same("replayed", &replayed, &world);
    assert_eq!(Capsule::of(&replayed).to_json(), text);

    let other = Capsule { digest: Hash([1; 32]), ..capsule.clone() };
    assert!(matches!(other.replay().finish(), Err(Mismatch::Digest { .. })));
    let mut late = capsule.clone();
    late.cursor.events += 1;
    assert!(matches!(late.replay().finish(), Err(Mismatch::Place { .. })));
    let mut early = capsule.clone();
    early.cursor.time = Timestamp(early.cursor.time.0 - 1);
    assert!(matches!(early.replay().finish(), Err(Mismatch::Place { .. })));
    let mut reseeded = capsule;
    reseeded.scenario.seed += 1;
    assert!(reseeded.replay().finish().is_err());
}

/// Undoing takes back the last thing done, wherever one stands, as if it had never been done; redoing does it again.
#[test]
fn what_was_done_is_undone_and_done_again() {
    let scenario = busy(4);
    let mut timeline = Timeline::new(World::new(scenario.clone()));
    assert_eq!((timeline.undo(), timeline.redo()), (None, None), "what the scenario does is nobody's deed");
    let deeds = [(70_000, pay(0, 1, 5)), (90_000, Action::Cut { a: name(2), b: name(3) }), (90_000, pay(3, 0, 9))];
    let mut states = vec![];
    for (time, deed) in &deeds {
        arrive(&mut timeline, *time);
        states.push((timeline.cursor(), timeline.digest(), timeline.world().scenario().script.clone()));
        timeline.act(deed.clone()).expect("possible");
    }
    arrive(&mut timeline, 260_000);
    let end = (timeline.cursor(), timeline.digest(), timeline.world().scenario().script.clone());
    // Undone from wherever one looks.
    arrive(&mut timeline, 20_000);
    for (place, digest, script) in states.iter().rev() {
        assert!(timeline.undoable().is_some());
        let back = timeline.undo().expect("done by hand");
        arrive_at(&mut timeline, back);
        assert_eq!((back, timeline.digest()), (*place, *digest));
        assert_eq!(&timeline.world().scenario().script, script, "what the script held is there again");
        assert!(timeline.branches().is_empty());
    }
    assert_eq!((timeline.undo(), timeline.undoable()), (None, None));
    arrive(&mut timeline, 200_000);
    assert_same("never done", timeline.world(), &straight(&scenario, 200_000));
    for (_, deed) in &deeds {
        assert_eq!(timeline.redoable(), Some(deed));
        let there = timeline.redo().expect("undone");
        arrive_at(&mut timeline, there);
    }
    assert_eq!(timeline.redo(), None);
    arrive(&mut timeline, 260_000);
    assert_eq!((timeline.cursor(), timeline.digest(), timeline.world().scenario().script.clone()), end);
}

/// Acting in the past leaves a future; undoing that takes the future up again, with what was done in it. Doing something else forgets what was undone.
#[test]
fn undoing_what_was_done_in_the_past_brings_the_future_back() {
    let mut timeline = Timeline::new(World::new(busy(5)));
    arrive(&mut timeline, 120_000);
    timeline.act(pay(0, 1, 5)).expect("possible");
    arrive(&mut timeline, 200_000);
    let (end, digest) = (timeline.end(), timeline.digest());
    arrive(&mut timeline, 80_000);
    timeline.act(pay(1, 0, 6)).expect("possible");
    arrive(&mut timeline, 100_000);
    assert_eq!((timeline.branches().len(), timeline.undoable()), (1, Some(&pay(1, 0, 6))));
    let back = timeline.undo().expect("done by hand");
    arrive_at(&mut timeline, back);
    assert_eq!((back.time, timeline.end(), timeline.branches().len()), (Timestamp(80_000), end, 0));
    assert_eq!(timeline.undoable(), Some(&pay(0, 1, 5)), "what was done in that future can be undone, too");
    arrive_at(&mut timeline, end);
    assert_eq!(timeline.digest(), digest);
    // Done again, the future is left again.
    let there = timeline.redo().expect("undone");
    arrive_at(&mut timeline, there);
    assert_eq!((timeline.branches().len(), timeline.undoable()), (1, Some(&pay(1, 0, 6))));
    let back = timeline.undo().expect("done by hand");
    arrive_at(&mut timeline, back);
    timeline.act(pay(2, 0, 7)).expect("possible");
    assert_eq!((timeline.redo(), timeline.redoable()), (None, None));
    // Another future has its own deeds.
    let taken = timeline.switch(0).expect("a future");
    arrive_at(&mut timeline, taken);
    assert_eq!((timeline.digest(), timeline.undoable()), (digest, None));
}
