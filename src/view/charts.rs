//! A run in numbers, up to now.

use borsh::{BorshDeserialize, BorshSerialize};

use super::Focus;
use crate::sim::{Sample, World};

/// What the charts show.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ChartsView {
    /// By time, at equal distances; the last one is now.
    pub samples: Vec<Sample>,
    /// Virtual milliseconds between two.
    pub spacing: u64,
    /// The interval that blocks should have, ms.
    pub block_interval: u64,
}

impl ChartsView {
    pub(super) fn of(world: &World, focus: &Focus) -> Option<Self> {
        let (samples, spacing) = world.series();
        focus.charts.then(|| Self {
            samples: samples.iter().copied().filter(|sample| sample.at < world.now()).chain([world.sample()]).collect(),
            spacing,
            block_interval: world.scenario().config.rules.block_interval,
        })
    }
}
