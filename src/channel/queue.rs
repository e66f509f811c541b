//! Payments that wait for their turn, in order: equal ones that follow one another are kept as one run, so ten thousand cost no more than one.

use std::collections::VecDeque;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use crate::primitives::Amount;

/// Runs of equal payments: base units each, and how many.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, BorshSerialize, BorshDeserialize)]
pub(super) struct Queue(VecDeque<(Amount, u32)>);

impl Queue {
    /// How many payments wait.
    pub(super) fn count(&self) -> u64 {
        self.0.iter().map(|(_, times)| u64::from(*times)).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All together, base units; nothing if that is more than can exist.
    pub(super) fn total(&self) -> Option<Amount> {
        self.0.iter().try_fold(Amount::ZERO, |sum, (amount, times)| sum.checked_add(product(*amount, *times)?))
    }

    pub(super) fn push(&mut self, amount: Amount, times: u32) {
        match self.0.back_mut() {
            Some((last, count)) if *last == amount => *count += times,
            _ => self.0.push_back((amount, times)),
        }
    }

    pub(super) fn pop(&mut self) -> Option<Amount> {
        let (amount, times) = self.0.front_mut()?;
        let amount = *amount;
        *times -= 1;
        if *times == 0 {
            self.0.pop_front();
        }
        Some(amount)
    }

    /// Empties it; its runs.
    pub(super) fn take(&mut self) -> Vec<(Amount, u32)> {
        self.0.drain(..).collect()
    }

    /// Empties it; what each run comes to.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Amount> + '_ {
        self.0.drain(..).map(|(amount, times)| product(amount, times).unwrap_or(Amount::MAX))
    }
}

/// So many payments together; nothing if that is more than can exist.
pub(super) fn product(amount: Amount, times: u32) -> Option<Amount> {
    amount.units().checked_mul(u64::from(times)).and_then(|units| Amount::new(units).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_a_list_in_little_room() {
        let (mut queue, amount) = (Queue::default(), Amount::literal);
        for (units, times) in [(5, 2), (5, 1), (7, 10_000), (5, 1)] {
            queue.push(amount(units), times);
        }
        assert_eq!((queue.0.len(), queue.count(), queue.total()), (3, 10_004, Some(amount(70_020))));
        let popped: Vec<u64> = (0..5).filter_map(|_| queue.pop()).map(Amount::units).collect();
        assert_eq!(popped, [5, 5, 5, 7, 7]);
        assert_eq!((queue.count(), queue.total()), (9_999, Some(amount(69_991))));
        assert_eq!(queue.drain().collect::<Vec<_>>(), [amount(69_986), amount(5)]);
        assert!(queue.is_empty() && queue.pop().is_none());
        assert_eq!(product(Amount::MAX, 2), None);
    }
}
