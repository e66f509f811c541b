//! The retarget rule: ASERT, `aserti3-2d`, in integers only.
//!
//! Source: "Absolutely Scheduled Exponentially Rising Targets" (Lundeberg, Toomim et al.), as specified for Bitcoin Cash in
//! CHIP ASERT (November 2020): target = anchor · 2^((time − ideal) / half-life), with 2^x for x in [0, 1) by the specification's cubic in
//! 16-bit fixed point. Anchored at genesis.

use ruint::{Uint, aliases::U256};

use super::Rules;
use crate::primitives::{Header, Target};

/// Wide enough for a target times a 17-bit factor.
type Wide = Uint<320, 5>;

/// The target a child of `parent` must carry on the chain that begins with `genesis`.
pub fn next_target(rules: &Rules, genesis: &Header, parent: &Header) -> Target {
    let elapsed = i128::from(parent.timestamp.0) - i128::from(genesis.timestamp.0);
    let ideal = i128::from(rules.block_interval) * i128::from(parent.height.0);
    // Rounded towards zero, as the specification's test vectors are.
    let exponent = ((elapsed - ideal) << 16) / i128::from(rules.half_life);
    scale(genesis.target, exponent)
}

/// anchor · 2^(exponent / 65536), between 1 and the largest target.
fn scale(anchor: Target, exponent: i128) -> Target {
    let fraction = u128::try_from(exponent & 0xffff).expect("sixteen bits");
    let factor = 65_536
        + ((195_766_423_245_049 * fraction
            + 971_821_376 * fraction * fraction
            + 5_127 * fraction * fraction * fraction
            + (1 << 47))
            >> 48);
    let shift = (exponent >> 16).clamp(-512, 512) - 16;
    let scaled = Wide::from(anchor.number()) * Wide::from(factor);
    let magnitude = usize::try_from(shift.unsigned_abs()).expect("clamped");
    let number = if shift <= 0 {
        scaled >> magnitude
    } else if scaled.leading_zeros() < magnitude {
        Wide::MAX
    } else {
        scaled << magnitude
    };
    Target::from_number(if number > Wide::from(U256::MAX) { U256::MAX } else { number.to::<U256>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_schedule_nothing_changes_and_a_half_life_doubles_or_halves() {
        let anchor = Target::from_number(U256::from(1u64) << 200);
        assert_eq!(scale(anchor, 0), anchor);
        assert_eq!(scale(anchor, 1 << 16).number(), anchor.number() << 1);
        assert_eq!(scale(anchor, -(1 << 16)).number(), anchor.number() >> 1);
        assert_eq!(scale(anchor, 3 << 16).number(), anchor.number() << 3);
    }

    #[test]
    fn the_ends_of_the_range_saturate() {
        assert_eq!(scale(Target::MAX, 1 << 16), Target::MAX);
        assert_eq!(scale(Target::MAX, i128::from(i64::MAX) << 16), Target::MAX);
        assert_eq!(scale(Target::MAX, -(i128::from(i64::MAX) << 16)).number(), U256::ONE);
        assert_eq!(scale(Target::from_number(U256::ONE), 600 << 16), Target::MAX);
    }

    /// The cubic is within 0.013 % of 2^x (the bound the specification gives), checked against exact squarings:
    /// (2^(1/2))² = 2 and (2^(1/4))⁴ = 2.
    #[test]
    fn fractions_are_close_to_powers_of_two() {
        let unit = U256::from(1u64) << 128;
        let at = |exponent| (scale(Target::from_number(unit), exponent).number() >> 112usize).to::<u128>();
        let squared = at(1 << 15).pow(2) >> 16;
        assert!(squared.abs_diff(2 << 16) * 1_000_000 / (2 << 16) < 260, "{squared}");
        let fourth = (at(1 << 14).pow(2) >> 16).pow(2) >> 16;
        assert!(fourth.abs_diff(2 << 16) * 1_000_000 / (2 << 16) < 520, "{fourth}");
    }

    #[test]
    fn it_is_monotonic() {
        let anchor = Target::from_expected_hashes(60_000);
        let targets: Vec<Target> = (-200_000..200_000).step_by(997).map(|exponent| scale(anchor, exponent)).collect();
        assert!(targets.is_sorted());
    }
}
