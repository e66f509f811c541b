//! Random streams: one per actor, seeded from the scenario's seed and the actor's name.
//!
//! So adding an actor disturbs no other. Integers only; nothing draws `usize`, whose width differs between targets.

use rand_chacha::{
    ChaCha12Rng,
    rand_core::{RngCore, SeedableRng},
};

use crate::primitives::Tag;

const STREAM: Tag = Tag::new("tabchain/stream");

/// −ln(1 − (i + ½)/256) · 1024: the quantiles of the exponential distribution with mean 1024 (their mean is 1023).
#[rustfmt::skip]
const EXPONENTIAL: [u32; 256] = [
    2, 6, 10, 14, 18, 22, 26, 30, 35, 39, 43, 47, 51, 55, 60, 64,
    68, 73, 77, 81, 85, 90, 94, 99, 103, 107, 112, 116, 121, 125, 130, 134,
    139, 144, 148, 153, 158, 162, 167, 172, 176, 181, 186, 191, 196, 200, 205, 210,
    215, 220, 225, 230, 235, 240, 245, 250, 255, 260, 266, 271, 276, 281, 287, 292,
    297, 303, 308, 313, 319, 324, 330, 335, 341, 347, 352, 358, 364, 369, 375, 381,
    387, 392, 398, 404, 410, 416, 422, 428, 434, 441, 447, 453, 459, 465, 472, 478,
    484, 491, 497, 504, 510, 517, 524, 530, 537, 544, 551, 558, 565, 572, 579, 586,
    593, 600, 607, 614, 622, 629, 636, 644, 651, 659, 667, 674, 682, 690, 698, 706,
    714, 722, 730, 738, 746, 755, 763, 772, 780, 789, 797, 806, 815, 824, 833, 842,
    851, 860, 870, 879, 889, 898, 908, 917, 927, 937, 947, 957, 968, 978, 988, 999,
    1010, 1020, 1031, 1042, 1054, 1065, 1076, 1088, 1099, 1111, 1123, 1135, 1147, 1160, 1172, 1185,
    1197, 1210, 1224, 1237, 1250, 1264, 1278, 1292, 1306, 1321, 1335, 1350, 1365, 1380, 1396, 1412,
    1428, 1444, 1460, 1477, 1494, 1512, 1529, 1547, 1565, 1584, 1603, 1622, 1642, 1662, 1683, 1704,
    1725, 1747, 1769, 1792, 1815, 1839, 1863, 1888, 1914, 1940, 1967, 1995, 2023, 2052, 2082, 2113,
    2145, 2179, 2213, 2248, 2285, 2322, 2362, 2403, 2445, 2490, 2537, 2585, 2637, 2690, 2747, 2808,
    2872, 2940, 3013, 3092, 3177, 3270, 3373, 3487, 3615, 3762, 3933, 4138, 4395, 4740, 5263, 6388,
];

/// A deterministic stream of integers.
#[derive(Debug, Clone)]
pub(super) struct Stream(ChaCha12Rng);

/// 32 bytes that only this seed, purpose and name give.
pub(super) fn derive(seed: u64, purpose: &str, name: &str) -> [u8; 32] {
    let length = [u8::try_from(purpose.len()).expect("purposes are short literals")];
    STREAM.hash(&[&seed.to_le_bytes(), &length, purpose.as_bytes(), name.as_bytes()]).0
}

impl Stream {
    /// The stream of one actor for one purpose.
    pub(super) fn new(seed: u64, purpose: &str, name: &str) -> Self {
        Self(ChaCha12Rng::from_seed(derive(seed, purpose, name)))
    }

    /// A number in 0 .. `bound`, without bias (Lemire 2019, "Fast Random Integer Generation in an Interval"); 0 if `bound` is 0.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        let threshold = bound.wrapping_neg().checked_rem(bound).unwrap_or(0);
        loop {
            let product = u64::from(self.0.next_u32()) * u64::from(bound);
            if product as u32 >= threshold {
                return (product >> 32) as u32;
            }
        }
    }

    /// True `parts` times in a million.
    pub(super) fn per_million(&mut self, parts: u32) -> bool {
        self.below(1_000_000) < parts
    }

    /// An exponentially distributed time with this mean, in the unit of the mean; at least 1.
    pub(super) fn exponential(&mut self, mean: u64) -> u64 {
        let quantile = u64::from(EXPONENTIAL[(self.0.next_u32() >> 24) as usize]);
        (mean.saturating_mul(quantile) / 1_024).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_seed_purpose_and_name_and_repeat() {
        let draw = |seed, purpose, name| Stream::new(seed, purpose, name).below(u32::MAX);
        assert_eq!(draw(1, "a", "b"), draw(1, "a", "b"));
        let all = [draw(1, "a", "b"), draw(2, "a", "b"), draw(1, "b", "a"), draw(1, "ab", ""), draw(1, "", "ab")];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[..at].contains(one));
        }
    }

    #[test]
    fn draws_stay_in_range_and_means_are_right() {
        let mut stream = Stream::new(7, "test", "");
        assert_eq!(stream.below(0), 0);
        let (mut counts, mut sum) = ([0u32; 6], 0);
        for _ in 0..60_000 {
            counts[stream.below(6) as usize] += 1;
            sum += stream.exponential(1_000);
        }
        assert!(counts.iter().all(|count| count.abs_diff(10_000) < 400), "{counts:?}");
        assert!((sum / 60_000).abs_diff(1_000) < 20, "{sum}");
    }
}
