//! The promise about finality, on chains of stake.

use super::{Invariant, Violation};
use crate::sim::{NodeIndex, World};

/// Final checkpoints that are compared with what others hold for final.
const KEPT: usize = 256;

impl World {
    /// Evaluates what an honest node holds for final against its own chain and what others do, while the promise stands.
    pub(super) fn check_finality(&mut self, index: NodeIndex) {
        let Some(chain) = self.node(index).and_then(|sim| sim.node.as_ref()).map(|node| node.chain()) else {
            return;
        };
        let Some([_, last]) = chain.checkpoints().filter(|_| self.is_honest(index) && self.is_finality_promised())
        else {
            return;
        };
        let finals = &self.lights.finals;
        let earlier = finals.range(..=last.epoch).next_back();
        let kept = chain.is_best(&last.block);
        let agrees = earlier.is_none_or(
            |(epoch, block)| {
                if *epoch == last.epoch { *block == last.block } else { chain.is_best(block) }
            },
        );
        let detail = format!("final here: {last:?}, on the best chain: {kept}; final elsewhere: {earlier:?}");
        self.lights.finals.insert(last.epoch, last.block);
        if self.lights.finals.len() > KEPT {
            self.lights.finals.pop_first();
        }
        let violation = Violation { invariant: Invariant::Finality, key: self.last_key(), node: Some(index), detail };
        self.lights.tally(violation, kept && agrees);
    }

    /// Whether less than a third of the stake of the beginning was ever misused.
    fn is_finality_promised(&self) -> bool {
        let stake = |index: NodeIndex| {
            let key = self.node(index).map(|sim| sim.address)?;
            let stakers = &self.genesis().validators;
            stakers.iter().find(|staker| staker.key.address() == key).map(|staker| staker.stake.units())
        };
        let bad: u64 =
            (0..).zip(self.nodes()).filter(|(at, _)| !self.is_honest(*at)).filter_map(|(at, _)| stake(at)).sum();
        let all: u64 = self.genesis().validators.iter().map(|staker| staker.stake.units()).sum();
        bad * 3 < all
    }
}
