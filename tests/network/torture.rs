//! Long random tests: `make torture`, or `cargo test --release --test network torture:: -- --ignored`. TORTURE_SCALE says how long.

use proptest::prelude::*;
use tabchain::{
    primitives::{Amount, Policy, Timestamp},
    sim::{Action, Capsule, LinkQuality, Misbehaviour, Scenario, Timeline, Workload, World, settle},
};

use crate::{
    lab::{Numbers, scale},
    runs::all_the_same,
    support,
    worlds::{at, keep, scripts},
};

const MINUTE: u64 = 60_000;

proptest! {
    #![proptest_config(support::properties(25))]

    #[test]
    #[ignore = "long"]
    fn every_way_of_running_a_script_gives_the_same_run(scenario in scripts(), seed: u64) {
        all_the_same(&scenario, seed)?;
    }
}

const KINDS: [Option<Misbehaviour>; 7] = [
    None,
    Some(Misbehaviour::Silent),
    Some(Misbehaviour::DoubleSign),
    Some(Misbehaviour::Withhold),
    Some(Misbehaviour::Jam),
    Some(Misbehaviour::Race),
    Some(Misbehaviour::PublishOld),
];

/// Thirty nodes over bad links, half an hour of partitions, restarts and changing hash power.
fn stormy(seed: u64) -> Scenario {
    let mut numbers = Numbers(seed);
    let mut scenario = Scenario::generated(30, seed);
    for link in &mut scenario.config.links {
        let bandwidth = [0, 10_000, 100_000][numbers.below(3)];
        let (latency, loss) = (20 + numbers.below(2_000) as u32, numbers.below(250_000) as u32);
        link.quality = LinkQuality { latency, jitter: latency, bandwidth, loss };
    }
    let names: Vec<String> = scenario.config.nodes.iter().map(|node| node.name.clone()).collect();
    let mut time = 0;
    while time < 30 * MINUTE {
        time += numbers.next() % MINUTE;
        let (node, to) = (names[numbers.below(30)].clone(), names[numbers.below(30)].clone());
        let (from, amount) = (node.clone(), Amount::literal(1 + numbers.next() % 20_000));
        let action = match numbers.below(23) {
            6..=9 => Action::OpenChannel {
                from,
                to,
                ours: amount,
                theirs: amount,
                fee: Amount::literal(1_000),
                policy: Policy::Penalty,
                window: 1 + numbers.below(10) as u32,
                reserve: Amount::ZERO,
            },
            10..=13 => Action::Pay { from, to, amount, times: 1, channel: None },
            14 => Action::CloseChannel { from, to, force: numbers.below(2) == 0, channel: None },
            15 => Action::Cheat { from, to, commitment: numbers.next() % 5, channel: None },
            18..=20 => Action::Send { from, to, amount, max_fee: None },
            21 => Action::Hold { node, on: numbers.below(2) == 0 },
            22 => Action::Misbehave { node, how: KINDS[numbers.below(KINDS.len())] },
            16 | 17 => Action::Watch { client: node, tower: (numbers.below(4) > 0).then_some(to) },
            0 => Action::Partition { nodes: names.iter().filter(|_| numbers.below(2) == 0).cloned().collect() },
            1 => Action::HealAll,
            2 => Action::Stop { node },
            3 => Action::Start { node },
            4 => Action::SetHashRate { node, hash_rate: numbers.below(600) as u32 },
            _ => Action::SetWorkload {
                workload: Workload { transfers_per_hour: numbers.below(600) as u32, ..Workload::default() },
            },
        };
        scenario.script.push(at(time, action));
    }
    scenario
}

#[test]
#[ignore = "long"]
fn storms_pass() {
    for seed in 0..scale() {
        let mut timeline = Timeline::new(World::new(stormy(seed)));
        let mut numbers = Numbers(seed);
        while !timeline.seek(Timestamp(31 * MINUTE), u64::MAX) {}
        let digest = timeline.digest();
        while !timeline.seek(Timestamp(numbers.next() % (31 * MINUTE)), u64::MAX) {}
        while !timeline.seek(Timestamp(31 * MINUTE), u64::MAX) {}
        let mut world = timeline.world().clone();
        assert_eq!(world.digest(), digest, "{}", keep(&world, "storm-seek"));
        settle(&mut world);
        assert_eq!(world.violation(), None, "{}", keep(&world, "storm"));
        let replayed = Capsule::of(&world).replay().finish();
        assert!(replayed.is_ok(), "{:?}; {}", replayed.err(), keep(&world, "storm-replay"));
    }
}

/// Others, once each.
#[test]
#[ignore = "long"]
fn more_storms_come_to_rest() {
    for seed in scale()..10 * scale() {
        let mut world = World::new(stormy(seed));
        world.run_until(Timestamp(31 * MINUTE));
        settle(&mut world);
        assert_eq!(world.violation(), None, "{}", keep(&world, "storm"));
        println!("storm {seed}: {} at {}", world.digest(), world.now());
    }
}
