//! Numbers as people read them.

pub(super) use crate::view::grouped;
use crate::{
    primitives::Timestamp,
    view::KeyFacts,
    web::strings::{fill, text},
};

/// Times from here on, September 2001, are of a chain that counts as Unix does.
const UNIX: Timestamp = Timestamp(1_000_000_000_000);

/// `12 min 3.4 s`, with tenths of a second; of a chain that counts as Unix does, the time of day.
pub(super) fn clock(time: Timestamp) -> String {
    let tenths = time.0 / 100;
    if time >= UNIX {
        let (hours, minutes) = (tenths / 36_000 % 24, tenths / 600 % 60);
        let (seconds, tenths) = (tenths / 10 % 60, tenths % 10);
        return fill("clock-utc", &[&format!("{hours:02}:{minutes:02}:{seconds:02}.{tenths}")]);
    }
    let (hours, minutes) = (tenths / 36_000, tenths / 600 % 60);
    let seconds = format!("{}.{}", tenths / 10 % 60, tenths % 10);
    match (hours, minutes) {
        (0, 0) => fill("clock-seconds", &[&seconds]),
        (0, _) => fill("clock-minutes", &[&minutes.to_string(), &seconds]),
        _ => fill("clock-hours", &[&hours.to_string(), &minutes.to_string(), &seconds]),
    }
}

/// A speed in percent as `0.5×`, `10×`.
pub(super) fn speed(percent: u32) -> String {
    let (whole, part) = (percent / 100, percent % 100);
    match part {
        0 => format!("{whole}×"),
        part if part % 10 == 0 => format!("{whole}.{}×", part / 10),
        part => format!("{whole}.{part:02}×"),
    }
}

/// 10^0 … 10^18 as `1`, `10`, `100`, `1 k`, …
pub(super) fn power_of_ten(power: i32) -> String {
    let (thousands, rest) = (power / 3, power % 3);
    let prefix = [" k", " M", " G", " T", " P", " E"];
    let prefix = usize::try_from(thousands - 1).ok().and_then(|index| prefix.get(index)).unwrap_or(&"");
    format!("1{}{prefix}", "0".repeat(usize::try_from(rest).unwrap_or(0)))
}

/// Parts in a million as a percentage: `12.5 %`.
pub(super) fn per_cent(per_million: u32) -> String {
    let (whole, part) = (per_million / 10_000, per_million % 10_000 / 1_000);
    if part == 0 { format!("{whole} %") } else { format!("{whole}.{part} %") }
}

/// A key's scheme and sizes.
pub(super) fn key(key: &KeyFacts) -> String {
    let [size, signature] = [key.key, key.signature].map(|bytes| bytes.to_string());
    match key.rsa_bits {
        None => fill("scheme-ed25519", &[&size, &signature]),
        Some(bits) => fill("scheme-rsa", &[&size, &signature, &bits.to_string()]),
    }
}

/// `1.2 kH/s`.
pub(super) fn hash_rate(per_second: u32) -> String {
    match per_second {
        0 => text("no-hash-rate").to_owned(),
        1..1_000 => format!("{per_second} H/s"),
        1_000..1_000_000 => format!("{}.{} kH/s", per_second / 1_000, per_second % 1_000 / 100),
        _ => format!("{}.{} MH/s", per_second / 1_000_000, per_second % 1_000_000 / 100_000),
    }
}
