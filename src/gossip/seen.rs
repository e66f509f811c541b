//! A bounded memory of ids: two generations, the older one forgotten when the younger is full.

use std::{collections::BTreeSet, sync::Arc};

use serde::Serialize;

/// Remembers at least the last `GENERATION` ids, at most twice as many. Copies share the older half.
#[derive(Debug, Clone, Serialize)]
pub struct Seen<T: Ord, const GENERATION: usize> {
    recent: BTreeSet<T>,
    older: Arc<BTreeSet<T>>,
}

impl<T: Ord, const GENERATION: usize> Default for Seen<T, GENERATION> {
    fn default() -> Self {
        Self { recent: BTreeSet::new(), older: Arc::default() }
    }
}

impl<T: Ord, const GENERATION: usize> Seen<T, GENERATION> {
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
            self.older = Arc::new(std::mem::take(&mut self.recent));
        }
        self.recent.insert(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recent_ids_are_kept_and_memory_is_bounded() {
        const GENERATION: usize = 100;
        let mut seen = Seen::<usize, GENERATION>::default();
        for id in 0..10 * GENERATION {
            assert!(seen.insert(id));
            assert!(!seen.insert(id));
            assert!(seen.contains(&id.saturating_sub(GENERATION - 1)));
            assert!(seen.recent.len() + seen.older.len() <= 2 * GENERATION);
        }
        assert!(!seen.contains(&0));
    }
}
