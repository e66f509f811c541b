//! Durations as people write them: `90s`, `10m`, `1h 30m`.

use crate::sim::MAX_LENGTH;

/// Milliseconds, 1 to the end of virtual time.
pub(super) fn parse(text: &str) -> Result<u64, String> {
    let duration = humantime::parse_duration(text).map_err(|error| format!("{error} (examples: 90s, 10m, 1h30m)"))?;
    let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if milliseconds == 0 || milliseconds > MAX_LENGTH {
        return Err(format!("a run takes 1 ms to {}", show(MAX_LENGTH)));
    }
    Ok(milliseconds)
}

/// `1h 30m`.
pub(super) fn show(milliseconds: u64) -> String {
    humantime::format_duration(std::time::Duration::from_millis(milliseconds)).to_string()
}
