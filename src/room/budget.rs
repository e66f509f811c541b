//! How much one tab may say: a bucket that fills with time.

use super::Wall;

/// What may come at once and then per second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    pub(super) burst: u64,
    pub(super) per_second: u64,
}

/// What is left to say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    limit: Limit,
    left: u64,
    filled: Wall,
}

impl Budget {
    pub(super) const fn new(limit: Limit, now: Wall) -> Self {
        Self { limit, left: limit.burst, filled: now }
    }

    /// Whether `amount` may be said now; then it is taken.
    pub(super) fn take(&mut self, now: Wall, amount: u64) -> bool {
        let gained = now.since(self.filled).saturating_mul(self.limit.per_second) / 1_000;
        if gained > 0 || now < self.filled {
            self.left = self.left.saturating_add(gained).min(self.limit.burst);
            self.filled = now;
        }
        let enough = amount <= self.left;
        if enough {
            self.left -= amount;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_gets_its_share_and_no_more() {
        let mut budget = Budget::new(Limit { burst: 10, per_second: 100 }, Wall(0));
        let taken =
            |budget: &mut Budget, from: u64| (from..from + 1_000).filter(|now| budget.take(Wall(*now), 1)).count();
        assert!((0..20).filter(|_| budget.take(Wall(0), 1)).count() == 10);
        assert!((95..=101).contains(&taken(&mut budget, 0)));
        assert!(!budget.take(Wall(5_000), 11), "more than a burst never");
        assert!(budget.take(Wall(5_000), 10));
    }
}
