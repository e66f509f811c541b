//! Miners in the world: searches that advance with time, within a budget of hashes per step.

use super::{Class, EventKey, NodeIndex, World};
use crate::{
    node::{Command, Input},
    primitives::Timestamp,
};

/// Hashes one step may take; a search that needs more goes on in the next one.
const MAX_HASHES: u64 = 50_000;

/// A search that needs another step.
pub(super) struct Unfinished;

impl World {
    pub(super) fn change_hash_rate(&mut self, index: NodeIndex, rate: u32) {
        let now = self.now();
        let sim = &mut self.nodes[index as usize];
        let was_mining = sim.hash_rate > 0;
        sim.hash_rate = rate;
        sim.search = sim.search.as_ref().filter(|_| rate > 0).map(|search| search.at_rate(now, rate));
        if was_mining != (rate > 0) {
            self.command(index, Command::SetMining(rate > 0));
        }
    }

    /// Searches up to the next known event; returns the earliest find, if it comes before. An error if that takes more hashes than one
    /// step may: what was searched stays searched.
    pub(super) fn search(&mut self, limit: Timestamp) -> Result<Option<(EventKey, u64)>, Unfinished> {
        let due = self.next_due().map_or(limit, |due| due.min(limit));
        let affordable = self.affordable(due);
        let mut horizon = affordable;
        let mut earliest = None;
        for (index, sim) in (0..).zip(&mut self.nodes) {
            let Some((time, nonce)) = sim.search.as_mut().and_then(|search| search.advance(horizon)) else {
                continue;
            };
            let key = EventKey { time, class: Class::Mined, actor: index, sequence: sim.sequence };
            if earliest.is_none_or(|(best, _)| key < best) {
                earliest = Some((key, nonce));
            }
            horizon = horizon.min(time);
        }
        if earliest.is_none() && affordable < due { Err(Unfinished) } else { Ok(earliest) }
    }

    /// The latest time up to `due` that can be searched within one step's hashes; at least a little later than was searched.
    pub(super) fn affordable(&self, due: Timestamp) -> Timestamp {
        let hashes =
            |time| self.nodes.iter().flat_map(|sim| &sim.search).map(|search| search.pending(time)).sum::<u64>();
        if hashes(due) <= MAX_HASHES {
            return due;
        }
        let (mut within, mut beyond) = (0, due.0);
        while beyond - within > 1 {
            let middle = within + (beyond - within) / 2;
            if hashes(Timestamp(middle)) <= MAX_HASHES { within = middle } else { beyond = middle }
        }
        Timestamp(if hashes(Timestamp(within)) > 0 { within } else { beyond })
    }

    pub(super) fn finish_search(&mut self, index: NodeIndex, nonce: u64) {
        let Some(search) = self.nodes[index as usize].search.take() else {
            return;
        };
        self.absorb(&nonce);
        self.hand(index, Input::Mined { template: search.template(), nonce });
    }
}
