//! `tabchain replay`: a capsule, run again and compared.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, duration, progress, read};
use crate::sim::Capsule;

/// Events between two looks at the progress bar.
const SLICE: u64 = 20_000;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// A capsule file, as written by `simulate --record` or exported from the page.
    file: PathBuf,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let name = options.file.display();
    // Whatever is wrong with the file, a replay that does not confirm it fails as a run, with exit code 1.
    let text = read(&options.file).map_err(|failure| Failure::Run(failure.to_string()))?;
    let capsule = Capsule::from_json(&text).map_err(|error| Failure::Run(format!("{name}: {error}")))?;
    let mut replay = capsule.replay();
    let bar = progress(capsule.cursor.events, "of events");
    while !replay.advance(SLICE) {
        bar.set_position(replay.progress().0);
    }
    bar.finish_and_clear();
    let world = replay.finish().map_err(|mismatch| Failure::Run(format!("{name}: {mismatch}")))?;
    let (events, time) = (world.stats().events, duration::show(world.now().0));
    println!("{name}: the same digest after {events} events, {time}: {}", world.digest());
    Ok(())
}
