//! Every ready-made scenario runs without a violated invariant, and what its sentence on the page promises really happens.

use std::{collections::BTreeSet, fs, path::Path};

use tabchain::{
    channel::{Ending, Notice, TowerNotice},
    node::{EventKind, PaymentNotice},
    primitives::{Action, Timestamp, Transaction},
    sim::{LogEntry, PRESETS, Scenario, Stats, Summary, World, preset},
};

use crate::words;

/// Virtual milliseconds within which it happens.
const LONG_ENOUGH: u64 = 8 * 60_000;

fn scenario(name: &str) -> Scenario {
    Scenario::from_json(preset(name).expect("each has its file")).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A scenario after a time.
fn run(name: &str, length: u64) -> (Summary, Stats, World) {
    let mut world = World::new(scenario(name));
    world.run_until(Timestamp(length));
    (Summary::of(&world, 0), world.stats(), world)
}

#[test]
fn names_files_and_words_belong_together() {
    let words = words::words();
    for name in PRESETS {
        assert!(
            words.contains_key(&format!("preset-{name}")) && words.contains_key(&format!("watch-{name}")),
            "{name}"
        );
    }
    let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")).expect("examples/");
    let names = files.map(|file| file.expect("readable").path());
    let names = names.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let names: BTreeSet<String> =
        names.map(|path| path.file_stem().expect("a name").to_str().expect("UTF-8").to_owned()).collect();
    assert_eq!(names, PRESETS.map(str::to_owned).into());
    assert_eq!(preset("nothing"), None);
}

#[test]
fn what_is_promised_happens() {
    for name in PRESETS {
        let (summary, stats, world) = run(name, LONG_ENOUGH);
        assert_eq!(world.violation(), None, "{name}");
        assert_eq!((summary.invariants.violated, stats.refused), (0, 0), "{name}");
        let kept = match name {
            "first-steps" => summary.transactions == 3,
            "partition" => stats.deepest_reorg >= 2,
            "slow-links" => summary.stale_blocks * 3 > summary.blocks && stats.reorgs > 10,
            "bad-line" => stats.lost > 20 && summary.transactions > 100,
            "majority" => stats.deepest_reorg >= 10,
            "rush" => summary.transactions == 160,
            "pay-and-close" => {
                stats.channel_updates == 500 && summary.channels_closed == 1 && summary.transactions == 2
            }
            "two-keys" => {
                let sizes = sizes(&world);
                (sizes.len(), summary.channels_closed, stats.payments) == (3, 1, 1)
                    && sizes[0] * 3 < sizes[1]
                    && sizes[1] + 512 <= sizes[2]
            }
            "stake" => summary.slashed == 2 && summary.finalized_epoch.is_some_and(|epoch| epoch >= 4),
            "route" => stats.payments == 4 && stats.payments_failed == 0,
            "channels" => summary.penalties == 1 && summary.channels_closed == 2,
            "theft" => summary.penalties == 0 && summary.channels_closed == 1,
            "watchtower" => summary.penalties == 1 && summary.channels_closed == 1,
            "jam" => stats.payments_failed > 30 && troubled(&world, 0) > 0,
            "resize" => summary.channels_opened == 3 && resized(&world) == 2,
            _ => panic!("{name} promises nothing"),
        };
        assert!(kept, "{name}: {summary:?} {stats:?}");
    }
}

/// Bytes of all transfers in blocks, the smallest first.
fn sizes(world: &World) -> Vec<usize> {
    let chain = world.node(0).and_then(|sim| sim.node.as_ref()).expect("on").chain();
    let blocks = chain.best().iter().filter_map(|id| chain.tree().block(id));
    let transfers = blocks.flat_map(|block| block.transactions.iter());
    let transfers = transfers.filter(|transaction| matches!(transaction.unsigned.action, Action::Transfer { .. }));
    let mut sizes: Vec<usize> = transfers.map(Transaction::size).collect();
    sizes.sort_unstable();
    sizes
}

/// Payments of a node that found no room on a route.
fn troubled(world: &World, payer: u32) -> usize {
    let is = |entry: &LogEntry| {
        let LogEntry::Node(EventKind::Payment { notice, .. }) = entry else { return false };
        matches!(notice, PaymentNotice::Failed { .. } | PaymentNotice::Retried { .. })
    };
    world.log().filter(|record| record.node == Some(payer) && is(&record.entry)).count()
}

/// Times a channel took another's place, as its opener saw it.
fn resized(world: &World) -> usize {
    let is = |entry: &LogEntry| {
        let LogEntry::Node(EventKind::Channel { notice, .. }) = entry else { return false };
        matches!(notice, Notice::Closed { ending: Ending::Resized, .. })
    };
    world.log().filter(|record| record.node == Some(0) && is(&record.entry)).count()
}

/// Nobody answers the old state of a thief whose victim is away, but a watchtower.
#[test]
fn a_watchtower_makes_the_difference() {
    let answers = |name| {
        let (_, _, world) = run(name, LONG_ENOUGH);
        let is = |entry: &LogEntry| match entry {
            LogEntry::Node(EventKind::Tower { notice: TowerNotice::Punishing { .. }, .. }) => true,
            LogEntry::Node(EventKind::Channel { notice, .. }) => {
                matches!(notice, Notice::Refuting { .. } | Notice::Punishing { .. })
            }
            _ => false,
        };
        world.log().filter(|record| is(&record.entry)).count()
    };
    assert_eq!(answers("theft"), 0);
    assert!(answers("watchtower") > 0);
}

/// The dear ones go first when there is not room for all.
#[test]
fn a_rush_is_served_by_fee() {
    let (_, _, world) = run("rush", 45_000);
    let node = world.nodes()[0].node.as_ref().expect("on");
    let blocks = node.chain().best().iter().filter_map(|id| node.chain().tree().block(id));
    let counts: Vec<usize> = blocks.map(|block| block.transactions.len()).filter(|count| *count > 0).collect();
    assert!(counts.len() >= 2, "not all fit into one block: {counts:?}");
}
