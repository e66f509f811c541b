//! Where two chains part, and what one lacks of the other: what syncing reads.

use std::collections::BTreeMap;

use super::Chain;
use crate::primitives::{BlockId, Header};

/// Ids in a locator: ten recent ones, then at doubling distances.
const MAX_LOCATOR: usize = 32;

impl Chain {
    /// Bodies still needed to follow the heaviest headers, lowest first, at most `limit`.
    pub fn missing_bodies(&self, limit: usize) -> Vec<BlockId> {
        let (mut missing, mut depths) = (Vec::new(), BTreeMap::new());
        for leaf in self.wanted_leaves() {
            let (mut branch, mut depth) = (Vec::new(), 0);
            for (id, entry) in self.tree.ancestry(leaf) {
                if let Some(known) = depths.get(&id) {
                    depth = *known;
                }
                if depth > 0 || entry.body.is_some() {
                    break;
                }
                branch.push(id);
            }
            // The lowest half of the limit from each branch; what two share was walked, and counted, once.
            for id in branch.into_iter().rev() {
                depth += 1;
                depths.insert(id, depth);
                if depth <= limit.div_ceil(2) {
                    missing.push(id);
                }
            }
            if missing.len() >= limit {
                break;
            }
        }
        missing.truncate(limit);
        missing
    }

    /// Ids from which a peer can find where our best header chain and its own part.
    pub fn locator(&self) -> Vec<BlockId> {
        self.locator_from(self.tree.best_header())
    }

    /// The same for the chain that ends with `from`; empty if that is not known.
    pub fn locator_from(&self, from: BlockId) -> Vec<BlockId> {
        // What lies off the best chain is walked; the best chain is looked up by height.
        let off: Vec<BlockId> = self.tree.ancestry(from).map(|(id, _)| id).take_while(|id| !self.is_best(id)).collect();
        let fork = self.tree.get(off.last().unwrap_or(&from)).map(|entry| entry.header.height.0 as usize);
        let below = fork.map_or(0, |height| height + usize::from(off.is_empty()));
        let length = off.len() + below;
        let at = |distance: usize| off.get(distance).copied().unwrap_or_else(|| self.best[length - 1 - distance]);
        let (mut locator, mut distance, mut step) = (Vec::new(), 0, 1);
        while distance + 1 < length && locator.len() < MAX_LOCATOR - 1 {
            locator.push(at(distance));
            step *= if locator.len() >= 10 { 2 } else { 1 };
            distance += step;
        }
        locator.extend((length > 0).then(|| at(length - 1)));
        locator
    }

    /// Headers of our best chain after the first id of `locator` that lies on it, at most `limit`.
    pub fn headers_after(&self, locator: &[BlockId], limit: usize) -> Vec<Header> {
        let fork = locator.iter().find(|id| self.is_best(id)).and_then(|id| self.tree.get(id));
        let from = fork.map_or(0, |entry| entry.header.height.0 as usize) + 1;
        self.best
            .iter()
            .skip(from)
            .take(limit)
            .filter_map(|id| self.tree.get(id))
            .map(|entry| entry.header.clone())
            .collect()
    }

    /// Ends of branches whose blocks may become the best: with more work than the tip, or any for which stake may vote.
    fn wanted_leaves(&self) -> Vec<BlockId> {
        if self.is_staked() { self.tree.leaves() } else { self.tree.leaves_above(&self.tip()) }
    }
}
