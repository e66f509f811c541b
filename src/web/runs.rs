//! Runs apart from what is shown, in slices so that the engine stays responsive.

use wasm_bindgen::JsValue;

use super::{
    carrier::{Channels, unique_name},
    clock::{now, now_ms},
    protocol::{BenchOptions, Seed, SimulateOptions},
};
use crate::{
    bench::{Bench, MEASURED, Row},
    primitives::Timestamp,
    sim::{Capsule, Carrier, MAX_LENGTH, MAX_NODES, Scenario, Step, Summary, World, settle},
};

/// Virtual milliseconds between two moments in which others may work.
const SLICE: u64 = 1_000;
/// Events of a replay between two such moments.
const REPLAY_SLICE: u64 = 2_000;

/// Lets a world run to `until` with every message travelling over a BroadcastChannel of its own.
///
/// # Errors
/// The browser's error, if it has no BroadcastChannel here.
pub async fn run_over_broadcast_channel(world: &mut World, until: Timestamp) -> Result<(), JsValue> {
    let channels = Channels::open(&unique_name(), || {})?;
    world.set_carrier(Carrier::External);
    loop {
        match world.step(until) {
            Step::Done(_) | Step::Searching => {}
            Step::Idle => break,
            Step::Waiting(_) => {
                channels.post_outgoing(world);
                channels.arrival().await;
                channels.take_arrived(world);
            }
        }
    }
    // What is still in flight must be brought home before loopback can go on.
    channels.post_outgoing(world);
    while world.unfilled() > 0 {
        channels.arrival().await;
        channels.take_arrived(world);
    }
    world.set_carrier(Carrier::Loopback);
    Ok(())
}

/// A headless run with the options of the command line.
///
/// # Errors
/// What is wrong with the options, by name.
pub async fn simulate(options: SimulateOptions) -> Result<Summary, String> {
    let length = options.length.unwrap_or(600_000);
    if length == 0 || length > MAX_LENGTH {
        return Err(format!("for: is {length}, allowed are 1 to {MAX_LENGTH} ms"));
    }
    let started = now_ms();
    let live = options.live;
    let mut world = World::new(scenario(options)?);
    while world.now().0 < length {
        let next = Timestamp(length.min(world.now().0 + SLICE));
        if live {
            let error = |error: JsValue| format!("live: {error:?}");
            run_over_broadcast_channel(&mut world, next).await.map_err(error)?;
        } else {
            world.run_until(next);
            pause().await;
        }
    }
    settle(&mut world);
    Ok(Summary::of(&world, now_ms() - started))
}

/// Replays a capsule given as JSON.
///
/// # Errors
/// What is wrong with the capsule, or how the run differs from it.
pub(super) async fn replay_text(text: &str) -> Result<Capsule, String> {
    replay(Capsule::from_json(text).map_err(|error| error.to_string())?).await
}

/// Replays a capsule.
///
/// # Errors
/// How the run differs from it.
pub(super) async fn replay(capsule: Capsule) -> Result<Capsule, String> {
    let mut replay = capsule.replay();
    while !replay.advance(REPLAY_SLICE) {
        pause().await;
    }
    replay.finish().map_err(|mismatch| mismatch.to_string())?;
    Ok(capsule)
}

/// Measures rates; `progress` is told percents.
///
/// # Errors
/// That there is no such row, with those there are.
pub(super) async fn bench(options: BenchOptions, progress: impl Fn(u32)) -> Result<Vec<Row>, String> {
    let mut bench = Bench::new(options.only.as_deref()).map_err(|error| error.to_string())?;
    let mut told = 0;
    while !bench.advance(&now) {
        let percent = (bench.measured().as_secs_f64() / MEASURED.as_secs_f64() * 100.0) as u32;
        if percent != told {
            told = percent;
            progress(percent);
        }
        pause().await;
    }
    Ok(bench.rows())
}

fn scenario(options: SimulateOptions) -> Result<Scenario, String> {
    if options.scenario.is_some() && options.nodes.is_some() {
        return Err("nodes: a scenario has its own".to_owned());
    }
    let seed = options.seed.map(read_seed).transpose()?;
    if let Some(mut scenario) = options.scenario {
        scenario.seed = seed.unwrap_or(scenario.seed);
        scenario.validate().map_err(|error| format!("scenario.{error}"))?;
        return Ok(scenario);
    }
    let nodes = options.nodes.unwrap_or(3) as usize;
    if nodes == 0 || nodes > MAX_NODES {
        return Err(format!("nodes: is {nodes}, allowed are 1 to {MAX_NODES}"));
    }
    match options.consensus.as_deref() {
        None | Some("pow") => Ok(Scenario::generated(nodes, seed.unwrap_or(1))),
        Some("pos") => Ok(Scenario::staked(nodes, seed.unwrap_or(1))),
        Some(other) => Err(format!("consensus: is {other:?}, allowed are pow and pos")),
    }
}

fn read_seed(seed: Seed) -> Result<u64, String> {
    match seed {
        Seed::Number(number) => Ok(number),
        Seed::Text(text) => text.parse().map_err(|_| format!("seed: {text:?} is not a decimal number below 2^64")),
    }
}

async fn pause() {
    gloo_timers::future::TimeoutFuture::new(0).await;
}
