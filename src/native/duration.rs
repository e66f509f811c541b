//! Durations as people write them: `90s`, `10m`, `1h 30m`.

use serde::{Deserialize, Deserializer, de::Error};

use crate::{chain::Rules, sim::MAX_LENGTH};

/// Milliseconds, 1 to the end of virtual time.
pub(super) fn parse(text: &str) -> Result<u64, String> {
    let duration = humantime::parse_duration(text).map_err(|error| format!("{error} (examples: 90s, 10m, 1h30m)"))?;
    let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if milliseconds == 0 || milliseconds > MAX_LENGTH {
        return Err(format!("a run takes 1 ms to {}", show(MAX_LENGTH)));
    }
    Ok(milliseconds)
}

/// Milliseconds between blocks.
pub(super) fn block_interval(text: &str) -> Result<u64, String> {
    let block_interval = parse(text)?;
    let rules = Rules { block_interval, ..Rules::default() };
    rules.validate().map_err(|error| error.to_string())?;
    Ok(block_interval)
}

/// Milliseconds between blocks, from a file.
pub(super) fn read_block_interval<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let text = String::deserialize(deserializer)?;
    block_interval(&text).map(Some).map_err(D::Error::custom)
}

/// `1h 30m`.
pub(super) fn show(milliseconds: u64) -> String {
    humantime::format_duration(std::time::Duration::from_millis(milliseconds)).to_string()
}
