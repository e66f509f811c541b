//! Runs as text: what kind of text it is, and whether it is a good one.

use super::Refusal;
use crate::sim::{MAX_NODES, MAX_SCENARIO_BYTES, Scenario};

/// Nothing if a text is a good scenario; else the number of a line and, after it, what is wrong there.
pub(super) fn check(text: &str) -> String {
    Scenario::from_json(text).map_or_else(|error| format!("{}\n{error}", error.line_in(text)), |_| String::new())
}

/// Whether a text is meant as a capsule (and not a scenario).
pub(in crate::web) fn is_capsule(text: &str) -> bool {
    serde_json::from_str(text).is_ok_and(|value: serde_json::Value| value.get("capsule").is_some())
}

/// Whether a text is a JSON object at all.
pub(in crate::web) fn is_json(text: &str) -> bool {
    text.len() <= MAX_SCENARIO_BYTES
        && serde_json::from_str(text).is_ok_and(|value: serde_json::Value| value.is_object())
}

pub(super) fn generated(nodes: u32, seed: &str, staked: bool) -> Result<Scenario, Refusal> {
    let seed = seed.parse().map_err(|_| Refusal::new("seed", format!("{seed:?} is not a whole number below 2^64")))?;
    let count = nodes as usize;
    if count == 0 || count > MAX_NODES {
        return Err(Refusal::new("nodes", format!("{count} nodes: 1 to {MAX_NODES} are possible")));
    }
    Ok(if staked { Scenario::staked(count, seed) } else { Scenario::generated(count, seed) })
}
