//! What a run is counted by.

use serde::Serialize;

use crate::{
    channel::Notice,
    node::{EventKind, PaymentNotice},
    primitives::Height,
};

/// What happened so far, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Events done.
    pub events: u64,
    /// Messages delivered.
    pub deliveries: u64,
    /// Messages lost on their way.
    pub lost: u64,
    /// Blocks found by all nodes.
    pub mined: u64,
    /// Times a node left its best chain for another.
    pub reorgs: u64,
    /// The most blocks that one of these took back.
    pub deepest_reorg: u64,
    /// Actions of the script that could not be carried out.
    pub refused: u64,
    /// Updates of channels that were completed.
    pub channel_updates: u64,
    /// Payments that arrived over a route.
    pub payments: u64,
    /// Payments that were given up.
    pub payments_failed: u64,
}

impl Stats {
    /// Of the blocks that were found, how many are not on a best chain of this height.
    pub fn stale(&self, height: Height) -> u64 {
        self.mined.saturating_sub(height.0)
    }

    /// Counts what a node reports.
    pub(super) fn count(&mut self, event: &EventKind) {
        match event {
            EventKind::Mined { .. } => self.mined += 1,
            EventKind::Reorged { disconnected, .. } => {
                self.reorgs += 1;
                self.deepest_reorg = self.deepest_reorg.max(*disconnected as u64);
            }
            EventKind::Channel { notice: Notice::Paid { .. }, .. } => self.channel_updates += 1,
            EventKind::Payment { notice: PaymentNotice::Paid { .. }, .. } => self.payments += 1,
            EventKind::Channel { notice: Notice::NotPaid { .. }, .. }
            | EventKind::Payment { notice: PaymentNotice::Failed { .. }, .. } => self.payments_failed += 1,
            _ => {}
        }
    }
}
