//! Real proof of work at a budget: hash k of a search lands at start + ⌈1000 k / rate⌉ ms of virtual time.
//!
//! What a search finds is a function of its template, start and rate only; how far ahead it was computed cannot be observed.

use crate::{
    chain::BlockTemplate,
    primitives::{Hash, Midstate, Target, Timestamp},
};

/// One node's search for one template.
#[derive(Debug, Clone)]
pub(super) struct Search {
    template: Hash,
    midstate: Midstate,
    target: Target,
    start: Timestamp,
    rate: u32,
    first_nonce: u64,
    tried: u64,
    found: Option<(Timestamp, u64)>,
}

impl Search {
    /// Starts at `now` with `rate` hashes per virtual second (at least 1).
    pub(super) fn new(template: &BlockTemplate, now: Timestamp, rate: u32) -> Self {
        let id = template.id();
        Self {
            template: id,
            midstate: Midstate::new(&id),
            target: template.header.target,
            start: now,
            rate: rate.max(1),
            first_nonce: 0,
            tried: 0,
            found: None,
        }
    }

    /// The same search at another rate from `now` on; what was tried stays tried.
    pub(super) fn at_rate(&self, now: Timestamp, rate: u32) -> Self {
        let first_nonce = self.first_nonce.wrapping_add(self.landed(now));
        Self { start: now, rate: rate.max(1), first_nonce, tried: 0, found: None, ..self.clone() }
    }

    /// Searches every hash that lands by `horizon`; returns when one was found (by then), and where.
    pub(super) fn advance(&mut self, horizon: Timestamp) -> Option<(Timestamp, u64)> {
        let budget = self.landed(horizon);
        if self.found.is_none() && budget > self.tried {
            let from = self.first_nonce.wrapping_add(self.tried);
            if let Some(nonce) = self.midstate.search(self.target, from, budget - self.tried) {
                let count = nonce.wrapping_sub(self.first_nonce) + 1;
                self.found = Some((self.start.after((count * 1_000).div_ceil(u64::from(self.rate))), nonce));
            }
            self.tried = budget;
        }
        self.found.filter(|(at, _)| *at <= horizon)
    }

    /// Hashes to be tried up to `horizon`.
    pub(super) fn pending(&self, horizon: Timestamp) -> u64 {
        if self.found.is_some() { 0 } else { self.landed(horizon).saturating_sub(self.tried) }
    }

    /// Which template it is for.
    pub(super) fn template(&self) -> Hash {
        self.template
    }

    /// Hashes that have landed by `time`.
    pub(super) fn landed(&self, time: Timestamp) -> u64 {
        time.since(self.start) * u64::from(self.rate) / 1_000
    }
}
