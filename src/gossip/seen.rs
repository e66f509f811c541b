//! A bounded memory of ids: two generations, the older one forgotten when the younger is full.

use std::collections::BTreeSet;

use serde::Serialize;

/// Ids a generation holds.
const GENERATION: usize = 2_048;

/// Remembers at least the last [`GENERATION`] ids, at most twice as many.
#[derive(Debug, Clone, Serialize)]
pub struct Seen<T: Ord> {
    recent: BTreeSet<T>,
    older: BTreeSet<T>,
}

impl<T: Ord> Default for Seen<T> {
    fn default() -> Self {
        Self {
            recent: BTreeSet::new(),
            older: BTreeSet::new(),
        }
    }
}

impl<T: Ord> Seen<T> {
    /// Whether it is remembered.
    pub fn contains(&self, id: &T) -> bool {
        self.recent.contains(id) || self.older.contains(id)
    }

    /// Remembers it; true if it was not remembered before.
    pub fn insert(&mut self, id: T) -> bool {
        if self.contains(&id) {
            return false;
        }
        if self.recent.len() == GENERATION {
            self.older = std::mem::take(&mut self.recent);
        }
        self.recent.insert(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recent_ids_are_kept_and_memory_is_bounded() {
        let mut seen = Seen::default();
        for id in 0..10 * GENERATION {
            assert!(seen.insert(id));
            assert!(!seen.insert(id));
            assert!(seen.contains(&id.saturating_sub(GENERATION - 1)));
            assert!(seen.recent.len() + seen.older.len() <= 2 * GENERATION);
        }
        assert!(!seen.contains(&0));
    }
}
