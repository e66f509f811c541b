//! Channels in whole networks: opened, used and closed through losses, restarts, partitions and reorgs.

use proptest::prelude::*;
use tabchain::{
    channel::{Channel, Ending, Phase},
    primitives::{Policy, Timestamp},
    sim::{Action, LinkQuality, Scenario, Step, Summary, Workload, World, settle},
};

use crate::{
    lab::scale,
    runs::all_the_same,
    support,
    worlds::{self, at, channel_actions, cheat, close, keep, name, open, open_with, pay, pay_through, ring, scenario},
};

const MINUTE: u64 = 60_000;

/// Four nodes in a ring, nothing going on but what a script says.
fn quiet(seed: u64, loss: u32) -> Scenario {
    let quality = LinkQuality { jitter: 60, loss, ..LinkQuality::default() };
    let mut scenario = scenario(seed, &[60, 60, 60, 0], &ring(4), quality);
    scenario.config.workload = Workload::default();
    scenario
}

fn world(seed: u64, script: Vec<(u64, Action)>) -> World {
    let mut scenario = quiet(seed, 0);
    scenario.script = script.into_iter().map(|(time, action)| at(time, action)).collect();
    World::new(scenario)
}

/// The only channel of a node.
fn channel(world: &World, node: usize) -> Option<&Channel> {
    world.nodes()[node].node.as_ref()?.channels().next().map(|(_, channel)| channel)
}

fn phase(world: &World, node: usize) -> &'static str {
    channel(world, node).map_or("none", |channel| channel.phase().name())
}

/// Runs until something is so; how long that took.
fn until(world: &mut World, what: &str, minutes: u64, so: impl Fn(&World) -> bool) {
    let end = world.now().after(minutes * MINUTE);
    while !so(world) {
        assert!(world.step(end) != Step::Idle, "{what}: {}", keep(world, "until"));
        assert_eq!(world.violation(), None, "{}", keep(world, "violated"));
    }
}

fn must(world: &mut World, action: Action) {
    world.act_now(action.clone()).unwrap_or_else(|error| panic!("{action:?}: {error}; {}", keep(world, "must")));
}

fn closed(world: &World) -> bool {
    [0, 1].iter().all(|node| phase(world, *node) == "closed")
}

#[test]
fn a_life_of_channels() {
    for (seed, loss) in (1..=2 * scale()).flat_map(|seed| [(seed, 0), (seed, 150_000)]) {
        let mut scenario = quiet(seed, loss);
        scenario.script = vec![
            at(1_000, open(0, 1, 100_000, 80_000)),
            at(1_000, open(1, 2, 50_000, 0)),
            // Long enough to see a publication over lossy links, and to get justice into the chain that wins.
            at(1_000, open_with(3, 0, [40_000, 40_000], Policy::Penalty, 12, 0)),
            at(240_000, pay_through(0, 1, 150, 15)),
            at(240_000, pay_through(1, 0, 100, 15)),
            at(240_000, pay_through(1, 2, 50, 20)),
            at(240_000, pay_through(3, 0, 1_000, 20)),
            at(540_000, close(1, 0, false)),
            at(540_000, close(1, 2, true)),
            at(540_000, cheat(3, 0, 5)),
        ];
        let mut world = World::new(scenario);
        world.run_until(Timestamp(15 * MINUTE));
        let summary = Summary::of(&world, 0);
        let told = keep(&world, "life");
        assert_eq!(world.stats().refused, 0, "{told}");
        assert_eq!((summary.channels_opened, summary.channels_closed, summary.penalties), (3, 3, 1), "{told}");
        assert_eq!(summary.channel_updates, 70, "{told}");
        settle(&mut world);
        assert_eq!(world.violation(), None, "{told}");
        let endings: Vec<(usize, &Phase)> = (0..4)
            .flat_map(|at| {
                world.nodes()[at].node.iter().flat_map(|node| node.channels()).map(move |(_, c)| (at, c.phase()))
            })
            .collect();
        assert!(endings.iter().all(|(_, phase)| matches!(phase, Phase::Closed(_))), "{endings:?} {told}");
        let punished = endings.iter().filter(|(_, phase)| matches!(phase, Phase::Closed(Ending::Punished(_))));
        assert_eq!(punished.map(|(at, _)| *at).collect::<Vec<_>>(), [0, 3], "{told}");
    }
}

/// Whichever of the two is switched off and on again in whichever phase, all that was agreed on happens.
#[test]
fn a_restart_in_every_phase() {
    let phases =
        ["accepted", "funding", "idle", "proposing", "answering", "revoking", "closing", "publishing", "disputed"];
    let mut met = Vec::new();
    for (at_phase, node, force) in
        phases.iter().flat_map(|phase| [(phase, 0, false), (phase, 1, false), (phase, 0, true), (phase, 1, true)])
    {
        let mut world = world(7, vec![(1_000, open(0, 1, 100_000, 80_000))]);
        let mut restarted = false;
        let mut restart = |world: &mut World| {
            if !restarted && phase(world, node) == *at_phase {
                restarted = true;
                met.push((*at_phase, node));
                must(world, Action::Stop { node: name(node) });
                world.run_until(world.now().after(15_000));
                must(world, Action::Start { node: name(node) });
            }
        };
        let mut run = |world: &mut World, what: &str, so: &dyn Fn(&World) -> bool| {
            let end = world.now().after(8 * MINUTE);
            while !so(world) {
                assert!(world.step(end) != Step::Idle, "{what} {at_phase} {node} {force}: {}", keep(world, "restart"));
                restart(world);
            }
        };
        let up = |world: &World| [0, 1].iter().all(|node| channel(world, *node).is_some_and(|c| c.phase().is_live()));
        if *at_phase == "accepted" && node == 0 {
            continue;
        }
        run(&mut world, "opens", &up);
        must(&mut world, pay_through(0, 1, 100, 5));
        must(&mut world, pay_through(1, 0, 30, 5));
        let done = |world: &World| {
            [0, 1].iter().all(|node| {
                let [mine, theirs] = [*node, 1 - *node].map(|node| channel(world, node));
                mine.zip(theirs)
                    .is_some_and(|(a, b)| a.phase().name() == "idle" && a.waiting() == 0 && a.newest() == b.newest())
            })
        };
        run(&mut world, "pays", &done);
        let newest = channel(&world, 0).expect("open").newest().1.balances.map(|units| units.units());
        assert_eq!(newest, [100_000 - 350, 80_000 + 350], "{}", keep(&world, "paid"));
        let closer = usize::from(force);
        must(&mut world, close(closer, 1 - closer, force));
        run(&mut world, "closes", &closed);
        settle(&mut world);
        assert_eq!(world.violation(), None, "{}", keep(&world, "violated"));
    }
    for phase in phases {
        assert!(met.iter().any(|(met, _)| *met == phase), "never {phase}");
    }
}

/// A minority opens, closes or publishes; a majority without the two has the heavier chain. What was taken back is done again.
#[test]
fn reorgs_take_back_every_step() {
    for what in ["funding", "closing", "publication"] {
        let mut scenario = quiet(11, 0);
        for (node, rate) in scenario.config.nodes.iter_mut().zip([20, 0, 120, 60]) {
            node.hash_rate = rate;
        }
        let mut world = World::new(scenario);
        world.run_until(Timestamp(20_000));
        let up = |world: &World| [0, 1].iter().all(|node| channel(world, *node).is_some_and(|c| c.phase().is_live()));
        let part = |world: &mut World| must(world, Action::Partition { nodes: vec![name(0), name(1)] });
        if what != "funding" {
            must(&mut world, open(0, 1, 100_000, 80_000));
            until(&mut world, "opens", 6, up);
            must(&mut world, pay_through(0, 1, 500, 3));
            world.run_until(world.now().after(10_000));
        }
        part(&mut world);
        let seen = |world: &World| match what {
            "funding" => channel(world, 0).is_some_and(|c| c.seen().funding.is_some()),
            "closing" => phase(world, 0) == "closed",
            _ => phase(world, 0) == "disputed",
        };
        must(
            &mut world,
            match what {
                "funding" => open(0, 1, 100_000, 80_000),
                "closing" => close(0, 1, false),
                _ => close(0, 1, true),
            },
        );
        until(&mut world, what, 10, seen);
        world.run_until(world.now().after(20_000));
        must(&mut world, Action::HealAll);
        until(&mut world, "is taken back", 3, |world| !seen(world));
        if what == "funding" {
            until(&mut world, "opens again", 10, up);
            must(&mut world, pay_through(0, 1, 500, 3));
            world.run_until(world.now().after(10_000));
            must(&mut world, close(1, 0, false));
        }
        until(&mut world, "ends again", 15, closed);
        assert_eq!(channel(&world, 1).expect("kept").newest().0.commitment.number, 3);
        settle(&mut world);
        assert_eq!(world.violation(), None, "{}", keep(&world, "violated"));
    }
}

/// Nobody answers, or says no, or goes away: the nonce that was promised does not hold up what is sent meanwhile.
#[test]
fn offers_that_come_to_nothing() {
    let transfers = |world: &World| {
        let node = world.nodes()[3].node.as_ref().expect("on");
        node.chain()
            .best()
            .iter()
            .filter_map(|id| node.chain().tree().block(id))
            .flat_map(|block| &block.transactions)
            .filter(|tx| {
                tx.unsigned.sender().address() == world.nodes()[0].address && tx.unsigned.action.kind() == "transfer"
            })
            .count()
    };
    for silent in ["cut", "off", "refuses", "twice", "restarted"] {
        let mut world = world(13, Vec::new());
        world.run_until(Timestamp(20_000));
        if silent == "cut" || silent == "twice" || silent == "restarted" {
            must(&mut world, Action::Cut { a: name(0), b: name(1) });
        }
        must(&mut world, open(0, 1, 10_000, if silent == "refuses" { 900_000 } else { 10_000 }));
        if silent == "twice" {
            must(&mut world, open(0, 1, 10_000, 10_000));
        }
        if silent == "off" {
            must(&mut world, Action::Stop { node: name(1) });
        }
        must(&mut world, pay(0, 2, 100));
        must(&mut world, pay(0, 2, 200));
        if silent == "restarted" {
            world.run_until(world.now().after(1_000));
            must(&mut world, Action::Stop { node: name(0) });
            must(&mut world, Action::Start { node: name(0) });
        }
        let least = if silent == "refuses" { 2 } else { 3 };
        until(&mut world, silent, 8, |world| transfers(world) >= least);
        assert_eq!(channel(&world, 0), None);
        let idle = |world: &World| world.nodes()[0].node.as_ref().expect("on").mempool().is_empty();
        until(&mut world, "is paid for", 3, idle);
        settle(&mut world);
        assert_eq!(world.violation(), None, "{}", keep(&world, "violated"));
    }
}

/// Two minutes of opening, then anything that can be done with channels, and with the network.
fn scripts() -> impl Strategy<Value = Scenario> {
    let entry = || (0u64..12_000, prop_oneof![5 => channel_actions(3).boxed(), 1 => worlds::actions(3).boxed()]);
    (any::<u64>(), 0u32..200_000, proptest::collection::vec(entry(), 0..20)).prop_map(|(seed, loss, entries)| {
        let quality = LinkQuality { latency: 30, jitter: 40, bandwidth: 0, loss };
        let mut scenario = scenario(seed, &[60, 60, 60], &ring(3), quality);
        scenario.script = [(0, 1), (1, 2), (2, 0)].map(|(a, b)| at(1_000, open(a, b, 100_000, 50_000))).into();
        let mut time = 120_000;
        for (wait, action) in entries {
            time += wait;
            scenario.script.push(at(time, action));
        }
        scenario
    })
}

proptest! {
    #![proptest_config(support::properties(4))]

    #[test]
    fn every_way_of_running_gives_the_same_run(scenario in scripts(), seed: u64) {
        all_the_same(&scenario, seed)?;
    }
}
