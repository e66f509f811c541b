//! A run in numbers: samples at equal distances of virtual time. No run depends on them.

use std::{cmp::Reverse, sync::Arc};

use borsh::{BorshDeserialize, BorshSerialize};

use super::World;
use crate::{
    chain::Chain,
    node::Node,
    primitives::{Amount, Height, Timestamp},
};

/// Samples kept at most; when there are more, every second one is dropped and their distance doubles.
pub const MAX_SAMPLES: usize = 240;
/// Virtual milliseconds between two samples at first.
const FIRST_SPACING: u64 = 1_000;
/// Blocks over which their interval is a mean.
const INTERVALS: u64 = 10;

/// A world in numbers, at one moment. Chain and mempool are those of the first node on the heaviest tip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Sample {
    /// When: everything up to then has happened.
    pub at: Timestamp,
    /// Hashes per virtual second of all nodes that are on.
    pub hash_rate: u64,
    /// Hashes per virtual second for which the difficulty is right.
    pub expected_rate: u64,
    /// Mean distance of the last ten blocks by their timestamps, ms; nothing before the first.
    pub interval: Option<u64>,
    /// Transactions in the mempool.
    pub waiting: u64,
    /// The lowest of their fee rates, base units per 1,000 bytes.
    pub lowest_fee: Option<u64>,
    /// The one in the middle.
    pub median_fee: Option<u64>,
    /// Of a thousand blocks that were found, how many are not on the heaviest chain; nothing before the first, or if other tabs find some too.
    pub stale: Option<u64>,
    /// Base units that channels lock.
    pub locked: Amount,
}

/// The samples of a run up to now. Copies share them until one goes on.
#[derive(Debug, Clone)]
pub(super) struct Series {
    samples: Arc<Vec<Sample>>,
    spacing: u64,
    next: Timestamp,
}

impl Series {
    /// Samples from a time on.
    pub(super) fn new(from: Timestamp) -> Self {
        let next = Timestamp(from.0.div_ceil(FIRST_SPACING) * FIRST_SPACING);
        Self { samples: Arc::default(), spacing: FIRST_SPACING, next }
    }

    fn push(&mut self, sample: Sample) {
        let samples = Arc::make_mut(&mut self.samples);
        samples.push(sample);
        if samples.len() > MAX_SAMPLES {
            self.spacing *= 2;
            samples.retain(|sample| sample.at.0 % self.spacing == 0);
        }
        self.next = Timestamp((sample.at.0 / self.spacing + 1) * self.spacing);
    }
}

impl World {
    /// Samples of the run so far, and how many virtual ms lie between two.
    pub fn series(&self) -> (&[Sample], u64) {
        (&self.series.samples, self.series.spacing)
    }

    /// The world in numbers, now.
    pub fn sample(&self) -> Sample {
        let best = self.running().map(|(index, node)| {
            let chain = node.chain();
            ((chain.tree().weight(&chain.tip()), chain.tip(), Reverse(index)), node)
        });
        let node = best.max_by_key(|(weight, _)| *weight).map(|(_, node)| node);
        let on = self.nodes().iter().filter(|sim| sim.node.is_some());
        let rates = node.map(fee_rates).unwrap_or_default();
        let locked = node.into_iter().flat_map(|node| node.chain().ledger().channels());
        Sample {
            at: self.now(),
            hash_rate: on.map(|sim| u64::from(sim.hash_rate)).sum(),
            expected_rate: node.map_or(0, |node| expected_rate(node.chain())),
            interval: node.and_then(|node| interval(node.chain())),
            waiting: rates.len() as u64,
            lowest_fee: rates.first().copied(),
            median_fee: rates.get(rates.len() / 2).copied(),
            stale: node.and_then(|node| self.stale_rate(node.chain().height())).map(|rate| rate / 1_000),
            locked: Amount::checked_sum(locked.map(|(_, record)| record.locked())).unwrap_or_default(),
        }
    }

    /// Takes the samples that are due before something happens at `time`. Nothing has changed since the first of them was due.
    pub(super) fn sample_before(&mut self, time: Timestamp) {
        if self.series.next >= time {
            return;
        }
        if self.nodes.is_empty() {
            self.series = Series::new(time);
            return;
        }
        let sample = self.sample();
        while self.series.next < time {
            self.series.push(Sample { at: self.series.next, ..sample });
        }
    }

    /// Of a million blocks that were found, how many are not on a best chain of this height; nothing before the first, or if other tabs find
    /// some too.
    pub(super) fn stale_rate(&self, height: Height) -> Option<u64> {
        let stale = self.remotes().is_empty().then(|| self.stats().stale(height))?;
        (stale * 1_000_000).checked_div(self.stats().mined)
    }
}

fn fee_rates(node: &Node) -> Vec<u64> {
    let mut rates: Vec<u64> = node.mempool().iter().map(|pooled| pooled.fee_rate).collect();
    rates.sort_unstable();
    rates
}

fn expected_rate(chain: &Chain) -> u64 {
    let hashes = chain.tip_header().target.work().hashes();
    u64::try_from(u128::from(hashes) * 1_000 / u128::from(chain.rules().block_interval.max(1))).unwrap_or(u64::MAX)
}

fn interval(chain: &Chain) -> Option<u64> {
    let height = chain.height().0;
    let blocks = height.min(INTERVALS);
    let time = |height: u64| {
        let id = chain.best().get(usize::try_from(height).ok()?)?;
        Some(chain.tree().get(id)?.header.timestamp)
    };
    time(height)?.since(time(height - blocks)?).checked_div(blocks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_bounded_and_stand_at_equal_distances() {
        let mut series = Series::new(Timestamp(0));
        let nothing = crate::sim::World::new(crate::sim::Scenario::generated(1, 1)).sample();
        for _ in 0..5_000 {
            let at = series.next;
            series.push(Sample { at, ..nothing });
            assert!(series.samples.len() <= MAX_SAMPLES);
            let spacing = series.spacing;
            assert!((0..).zip(series.samples.iter()).all(|(index, sample)| sample.at.0 == index * spacing));
            assert_eq!(series.next.0, series.samples.len() as u64 * spacing);
        }
        assert!(series.spacing > 16 * FIRST_SPACING);
    }
}
