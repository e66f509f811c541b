//! `tabchain replay`: a capsule, run again and compared.

use std::path::Path;

use clap::Args;

use super::{Failure, duration, progress, read};
use crate::{
    sim::Capsule,
    view::{Address, AddressError, Opens},
};

/// Events between two looks at the progress bar.
const SLICE: u64 = 20_000;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// A capsule file, as written by `simulate --record` or exported from the page, or a link to a run.
    #[arg(value_name = "FILE|LINK")]
    from: String,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    // Whatever is wrong with it, a replay that does not confirm it fails as a run, with exit code 1.
    let (name, capsule) = match options.from.split_once('#') {
        Some((_, fragment)) => ("the link", linked(fragment)),
        None => (options.from.as_str(), filed(Path::new(&options.from))),
    };
    let capsule = capsule.map_err(|error| Failure::Run(format!("{name}: {error}")))?;
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

fn filed(file: &Path) -> Result<Capsule, String> {
    // The failure names the file itself.
    let text = read(file).map_err(|failure| failure.to_string())?;
    Capsule::from_json(&text).map_err(|error| error.to_string())
}

fn linked(fragment: &str) -> Result<Capsule, String> {
    let address: Address = fragment.parse().map_err(|error: AddressError| error.to_string())?;
    match address.opens {
        Some(Opens::Run(run)) => Capsule::from_link(&run).map_err(|error| error.to_string()),
        _ => Err("there is no run in it".to_owned()),
    }
}
