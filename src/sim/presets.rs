//! The scenarios of `examples/`, by name.

/// The names of all, in the order in which they are best met.
pub const PRESETS: [&str; 15] = [
    "first-steps",
    "partition",
    "slow-links",
    "bad-line",
    "majority",
    "rush",
    "two-keys",
    "stake",
    "pay-and-close",
    "route",
    "channels",
    "theft",
    "watchtower",
    "jam",
    "resize",
];

/// The JSON of a scenario. Only whoever calls this carries them all.
pub fn preset(name: &str) -> Option<&'static str> {
    Some(match name {
        "first-steps" => include_str!("../../examples/first-steps.json"),
        "partition" => include_str!("../../examples/partition.json"),
        "slow-links" => include_str!("../../examples/slow-links.json"),
        "bad-line" => include_str!("../../examples/bad-line.json"),
        "majority" => include_str!("../../examples/majority.json"),
        "rush" => include_str!("../../examples/rush.json"),
        "two-keys" => include_str!("../../examples/two-keys.json"),
        "stake" => include_str!("../../examples/stake.json"),
        "pay-and-close" => include_str!("../../examples/pay-and-close.json"),
        "route" => include_str!("../../examples/route.json"),
        "channels" => include_str!("../../examples/channels.json"),
        "theft" => include_str!("../../examples/theft.json"),
        "watchtower" => include_str!("../../examples/watchtower.json"),
        "jam" => include_str!("../../examples/jam.json"),
        "resize" => include_str!("../../examples/resize.json"),
        _ => return None,
    })
}
