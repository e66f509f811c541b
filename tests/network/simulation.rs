//! Whole networks: they agree in the end, keep their promises on the way, and every way of running one gives the same run.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tabchain::{
    node::EventKind,
    primitives::Timestamp,
    sim::{Action, Invariant, LinkQuality, LogEntry, NodeConfig, Scenario, Tally, Workload, World, settle},
};

use crate::{
    lab::{Numbers, scale},
    runs::{all_the_same, straight},
    support,
    worlds::{at, keep, name, pay, ring, scenario, scripts},
};

const MINUTE: u64 = 60_000;

/// What a row of the table expects besides agreement.
#[derive(Clone, Copy, PartialEq)]
enum Expect {
    /// Nothing more.
    Agreement,
    /// Somebody left a branch of at least so many blocks.
    Reorg(u64),
    /// Nobody ever left a branch.
    NoReorg,
}

struct Row {
    what: &'static str,
    scenario: Scenario,
    minutes: u64,
    expect: Expect,
}

fn row(what: &'static str, scenario: Scenario, minutes: u64, expect: Expect) -> Row {
    Row { what, scenario, minutes, expect }
}

fn good() -> LinkQuality {
    LinkQuality { jitter: 10, ..LinkQuality::default() }
}

fn scripted(mut scenario: Scenario, script: impl IntoIterator<Item = (u64, Action)>) -> Scenario {
    scenario.script = script.into_iter().map(|(time, action)| at(time, action)).collect();
    scenario
}

fn table(seed: u64) -> Vec<Row> {
    let of = |rates: &[u32]| scenario(seed, rates, &ring(rates.len()), good());
    let lossy = LinkQuality { loss: 200_000, ..good() };
    let slow = LinkQuality { bandwidth: 2_000, ..good() };
    let late = LinkQuality { latency: 9_000, jitter: 2_000, ..good() };
    let partition = |sides: &[usize]| Action::Partition { nodes: sides.iter().map(|index| name(*index)).collect() };
    let (a, b, c) = (name(0), name(1), name(2));
    let newcomer = Action::AddNode {
        node: NodeConfig { name: "New".into(), hash_rate: 30, ..Default::default() },
        links: vec![a.clone(), b.clone()],
    };
    let rate = |node: &str, hash_rate| Action::SetHashRate { node: node.to_owned(), hash_rate };
    vec![
        row("one", of(&[100]), 10, Expect::NoReorg),
        row("two", of(&[50, 50]), 10, Expect::Agreement),
        row("three", of(&[50, 50, 0]), 10, Expect::Agreement),
        row("seven", of(&[20, 0, 20, 0, 20, 0, 20]), 10, Expect::Agreement),
        row("nine, lossy", scenario(seed, &[20; 9], &ring(9), lossy), 10, Expect::Agreement),
        row("slow", scenario(seed, &[50, 50, 0], &ring(3), slow), 10, Expect::Agreement),
        row("late", scenario(seed, &[50, 50, 50], &ring(3), late), 20, Expect::Reorg(1)),
        row(
            "partition",
            scripted(of(&[30, 30, 30, 30]), [(5 * MINUTE, partition(&[0, 1])), (15 * MINUTE, Action::HealAll)]),
            18,
            Expect::Reorg(3),
        ),
        row(
            "stopped",
            scripted(
                of(&[50, 50, 50]),
                [(3 * MINUTE, Action::Stop { node: b.clone() }), (9 * MINUTE, Action::Start { node: b.clone() })],
            ),
            10,
            Expect::Agreement,
        ),
        row("added", scripted(of(&[50, 50]), [(8 * MINUTE, newcomer)]), 10, Expect::Agreement),
        row(
            "hash rates",
            scripted(
                of(&[50, 50]),
                [(MINUTE, rate("A", 500)), (5 * MINUTE, rate("A", 0)), (6 * MINUTE, rate("B", 10))],
            ),
            10,
            Expect::Agreement,
        ),
        row(
            "cut while syncing",
            scripted(
                scenario(seed, &[50, 50, 0], &[(0, 1), (1, 2)], slow),
                [
                    (0, Action::Cut { a: b.clone(), b: c.clone() }),
                    (10 * MINUTE, Action::Heal { a: b.clone(), b: c.clone() }),
                    (10 * MINUTE + 12_000, Action::Cut { a: b.clone(), b: c.clone() }),
                    (11 * MINUTE, Action::Heal { a: b.clone(), b: c.clone() }),
                    (11 * MINUTE + 8_000, Action::SetLink { a: b, b: c, quality: lossy }),
                ],
            ),
            12,
            Expect::Agreement,
        ),
    ]
}

/// A partition of hours: each side has more blocks than one answer has headers.
fn long_partition(seed: u64) -> Row {
    let mut scenario = scenario(seed, &[3, 2], &ring(2), good());
    scenario.config.workload = Workload::default();
    let cut = Action::Partition { nodes: vec![name(0)] };
    row("long partition", scripted(scenario, [(MINUTE, cut), (121 * MINUTE, Action::HealAll)]), 122, Expect::Reorg(300))
}

fn check(row: Row) -> World {
    let Row { what, scenario, minutes, expect } = row;
    let mut world = World::new(scenario);
    world.run_until(Timestamp(minutes * MINUTE));
    settle(&mut world);
    let (stats, violation) = (world.stats(), world.violation().cloned());
    let kept = |world: &World| format!("{what}: {}", keep(world, &what.replace([' ', ','], "-")));
    assert!(violation.is_none(), "{violation:?}; {}", kept(&world));
    assert_eq!(stats.refused, 0, "{}", kept(&world));
    assert!(stats.mined >= minutes, "{} blocks in {minutes} min; {}", stats.mined, kept(&world));
    let as_expected = match expect {
        Expect::Agreement => true,
        Expect::NoReorg => stats.reorgs == 0,
        Expect::Reorg(depth) => stats.deepest_reorg >= depth,
    };
    assert!(as_expected, "deepest reorg {}; {}", stats.deepest_reorg, kept(&world));
    let tallies = world.invariants();
    let of_others =
        [Invariant::Balances, Invariant::Commitments, Invariant::Payout, Invariant::Forwarding, Invariant::Finality];
    let evaluated = |(kind, tally): &(Invariant, Tally)| tally.checked > 0 || of_others.contains(kind);
    assert!(tallies.iter().all(evaluated), "{tallies:?}");
    assert!(world.nodes().iter().all(|sim| sim.node.is_some()));
    world
}

#[test]
fn networks_come_to_rest_and_agree() {
    for seed in 1..=3 * scale() {
        table(seed).into_iter().for_each(|row| drop(check(row)));
    }
    check(long_partition(1));
}

/// Nobody is blamed in a network of honest nodes, however bad the links.
#[test]
fn honest_nodes_never_blame_each_other() {
    for seed in 10..12 + scale() {
        for row in table(seed) {
            let mut world = World::new(row.scenario);
            world.run_until(Timestamp(row.minutes * MINUTE));
            let blamed =
                world.log().find(|record| matches!(record.entry, LogEntry::Node(EventKind::PeerBlamed { .. })));
            assert!(blamed.is_none(), "{blamed:?}; {}", keep(&world, "blame"));
        }
    }
}

/// What a node has acknowledged is confirmed in the end, although it is stopped at once, cut off, and its blocks are left.
#[test]
fn a_restart_loses_no_acknowledged_transaction() {
    for seed in 0..6 * scale() {
        let mut numbers = Numbers(seed);
        let mut scenario = scenario(seed, &[40, 40, 40], &ring(3), LinkQuality { loss: 100_000, ..good() });
        scenario.config.workload = Workload::default();
        let mut world = World::new(scenario);
        for round in 1..=10 {
            world.run_until(Timestamp(round * MINUTE + numbers.next() % MINUTE));
            for amount in 0..numbers.next() % 4 {
                world.act_now(pay(0, 1, 1_000 * round + amount)).expect("A is on and rich");
            }
            match numbers.below(3) {
                0 => world.act_now(Action::Partition { nodes: vec![name(0)] }).expect("possible"),
                1 => world.act_now(Action::HealAll).expect("possible"),
                _ => {}
            }
            world.act_now(Action::Stop { node: name(0) }).expect("it is on");
            world.act_now(Action::Start { node: name(0) }).expect("it is off");
        }
        world.act_now(Action::HealAll).expect("possible");
        world.run_until(world.now().after(10 * MINUTE));
        let paid = world.index_of("A").and_then(|index| world.node(index)).expect("there");
        let waiting = paid.node.as_ref().expect("on").mempool().len();
        let sent =
            world.log().filter(|record| matches!(record.entry, LogEntry::Action(Action::Transfer { .. }))).count();
        let nonce = paid.node.as_ref().expect("on").chain().ledger().account(&paid.address).nonce.0;
        assert_eq!((waiting, nonce), (0, sent as u64), "{}", keep(&world, "lost"));
    }
}

proptest! {
    #![proptest_config(support::properties(6))]

    #[test]
    fn every_way_of_running_a_script_gives_the_same_run(scenario in scripts(), seed: u64) {
        all_the_same(&scenario, seed)?;
    }
}

/// Every actor draws from its own stream: whoever is added at the end without links changes nothing for the others.
#[test]
fn a_newcomer_without_links_disturbs_nobody() {
    let mut alone = scenario(5, &[50, 50, 0], &ring(3), LinkQuality { loss: 50_000, jitter: 50, ..good() });
    alone.config.workload = Workload::default();
    alone.script = (1..20).map(|round| at(round * 20_000, pay(0, 1, round))).collect();
    let mut joined = alone.clone();
    joined.config.nodes.push(NodeConfig { name: "New".into(), hash_rate: 0, ..Default::default() });
    let (alone, joined) = (straight(&alone, Timestamp(400_000)), straight(&joined, Timestamp(400_000)));
    assert_ne!(alone.digest(), joined.digest());
    let nodes = |world: &World| {
        let nodes = world.nodes()[..3].iter();
        nodes
            .map(|sim| (sim.name.clone(), serde_json::to_string(&sim.node).expect("plain")))
            .collect::<BTreeMap<_, _>>()
    };
    assert!(nodes(&alone) == nodes(&joined));
    assert!(alone.stats().mined > 10);
}

/// Nodes that nothing connects need not agree, and that is no broken promise.
#[test]
fn only_connected_nodes_must_agree() {
    let mut scenario = scenario(3, &[50, 50, 50], &[(0, 1)], good());
    scenario.script = vec![at(
        MINUTE,
        Action::AddNode {
            node: NodeConfig { name: "Hermit".into(), hash_rate: 50, ..Default::default() },
            links: Vec::new(),
        },
    )];
    let mut world = straight(&scenario, Timestamp(5 * MINUTE));
    settle(&mut world);
    assert_eq!(world.violation(), None);
    assert!(world.now() < Timestamp(7 * MINUTE), "rest is noticed");
}
