//! `tabchain simulate`: a world, headless.
#![expect(clippy::disallowed_types, reason = "the wall clock is only printed")]

use std::time::Instant;
use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{Failure, Kind, duration, progress, read, write};
use crate::{
    primitives::Timestamp,
    sim::{Capsule, Scenario, Summary, World, settle},
};

/// Virtual milliseconds between two looks at the progress bar.
const SLICE: u64 = 5_000;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// A scenario file; without one a network is generated from --nodes and --seed.
    scenario: Option<PathBuf>,
    /// Nodes of the generated network, 1 to 1000 [default: 3].
    #[arg(long, conflicts_with = "scenario", value_parser = clap::value_parser!(u64).range(1..=1000))]
    nodes: Option<u64>,
    /// What seals the blocks of the generated network.
    #[arg(long, conflicts_with = "scenario", value_enum, default_value = "pow")]
    consensus: Kind,
    /// Where all randomness comes from [default: 1, or the scenario's].
    #[arg(long)]
    seed: Option<u64>,
    /// Virtual time to run, before the network comes to rest.
    #[arg(long = "for", default_value = "10m", value_name = "DURATION", value_parser = duration::parse)]
    length: u64,
    /// Print one JSON object instead of a summary.
    #[arg(long)]
    json: bool,
    /// Write a capsule that repeats this run.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Compute every signature check, share none between nodes.
    #[arg(long)]
    no_memo: bool,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let scenario = scenario(options)?;
    check_script_fits(&scenario, options.length)?;
    let world = World::new(scenario);
    let mut world = if options.no_memo { world.without_memo() } else { world };
    let started = Instant::now();
    run_with_progress(&mut world, options.length, started);
    settle(&mut world);
    let wall_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let summary = Summary::of(&world, wall_ms);
    if let Some(path) = &options.record {
        write(path, &Capsule::of(&world).to_json())?;
    }
    if options.json {
        println!("{}", serde_json::to_string(&summary).expect("plain data"));
    } else {
        print_summary(&world, &summary);
    }
    match world.violation() {
        None => Ok(()),
        Some(violation) => Err(Failure::Run(format!(
            "invariant {:?} violated: {} (seed {})",
            violation.invariant,
            violation.detail,
            world.scenario().seed
        ))),
    }
}

/// Whatever the script asks for is done: one that goes on after the end of the run is refused, not cut short.
fn check_script_fits(scenario: &Scenario, length: u64) -> Result<(), Failure> {
    let late = scenario.script.iter().position(|entry| entry.at.key().time.0 > length);
    late.map_or(Ok(()), |index| {
        let (at, length) = (duration::show(scenario.script[index].at.key().time.0), duration::show(length));
        Err(Failure::Input(format!(
            "script[{index}] is at {at}, after the end of the run: give a longer --for than {length}"
        )))
    })
}

fn scenario(options: &Options) -> Result<Scenario, Failure> {
    let Some(path) = &options.scenario else {
        let nodes = usize::try_from(options.nodes.unwrap_or(3)).expect("at most a thousand");
        let seed = options.seed.unwrap_or(1);
        return Ok(match options.consensus {
            Kind::Pow => Scenario::generated(nodes, seed),
            Kind::Pos => Scenario::staked(nodes, seed),
        });
    };
    let mut scenario =
        Scenario::from_json(&read(path)?).map_err(|error| Failure::Input(format!("{}: {error}", path.display())))?;
    scenario.seed = options.seed.unwrap_or(scenario.seed);
    Ok(scenario)
}

fn run_with_progress(world: &mut World, length: u64, started: Instant) {
    let bar = progress(length, "of virtual time,");
    bar.enable_steady_tick(Duration::from_millis(200));
    while world.now().0 < length {
        world.run_until(Timestamp(length.min(world.now().0 + SLICE)));
        bar.set_position(world.now().0);
        let wall = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        bar.set_message(format!("{}x real time", world.now().0 / wall));
    }
    bar.finish_and_clear();
}

fn stale_percent(summary: &Summary) -> String {
    let tenths = summary.stale_rate.map(|rate| rate / 1_000);
    tenths.map_or_else(String::new, |tenths| format!(" ({}.{} %)", tenths / 10, tenths % 10))
}

fn print_summary(world: &World, summary: &Summary) {
    let Summary { checks, invariants, .. } = summary;
    let rows = [
        ("nodes", summary.nodes.to_string()),
        ("virtual time", duration::show(summary.virtual_ms)),
        ("real time", duration::show(summary.wall_ms)),
        ("events", format!("{} ({} deliveries)", summary.events, summary.deliveries)),
        (
            "blocks",
            format!("{} mined, {} of them stale{}", summary.blocks, summary.stale_blocks, stale_percent(summary)),
        ),
        ("finality", finality(summary)),
        ("reorgs", format!("{} (deepest {})", summary.reorgs, world.stats().deepest_reorg)),
        ("transactions", format!("{} confirmed", summary.transactions)),
        (
            "channels",
            format!(
                "{} opened, {} closed, {} by penalty",
                summary.channels_opened, summary.channels_closed, summary.penalties
            ),
        ),
        ("channel updates", summary.channel_updates.to_string()),
        ("payments", format!("{}, {} failed", summary.payments, summary.payments_failed)),
        ("signature checks", format!("{} computed, {} remembered", checks.computed, checks.remembered)),
        ("invariants", format!("{} evaluated, {} violated", invariants.checked, invariants.violated)),
        ("digest", summary.digest.to_string()),
    ];
    for (name, value) in rows.into_iter().filter(|(_, value)| !value.is_empty()) {
        println!("{name:<17}{value}");
    }
}

/// How far finality has come; nothing on a chain of work.
fn finality(summary: &Summary) -> String {
    match (summary.justified_epoch, summary.finalized_epoch) {
        (Some(justified), Some(finalized)) => {
            format!("epoch {finalized} final, {justified} justified, {} slashed", summary.slashed)
        }
        _ => String::new(),
    }
}
