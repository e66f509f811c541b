//! The time: milliseconds since 1970 by the clock of the wall, but never backwards while the process runs.
#![expect(clippy::disallowed_types, reason = "the one place where a live node reads the clock of the wall")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use crate::primitives::Timestamp;

/// A clock that its copies share.
#[derive(Debug, Clone, Default)]
pub struct Clock(Arc<AtomicU64>);

impl Clock {
    /// Now, or the latest time ever told if the wall's clock was set back.
    pub fn now(&self) -> Timestamp {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let wall = u64::try_from(wall).unwrap_or(u64::MAX);
        Timestamp(self.0.fetch_max(wall, Ordering::Relaxed).max(wall))
    }
}
