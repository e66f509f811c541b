//! Widest ways, to say what stands in the way of a payment: from the payer forwards, by Dijkstra's order with the widest first.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{
    Edge, Graph,
    step::{Demand, Knowledge, Own},
};

/// Which channels of a way are too small for what a payment leaves there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Minimum {
    /// Those that take only more than the demand's amount, as a search has it.
    OfDemand,
    /// Those that take only more than could be carried: the amount may be another.
    OfCarried,
}

/// The widest way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Widest {
    /// The most that can be delivered at all, fees paid, whatever the fees, blocks and hops; 0 if there is no way.
    pub(super) amount: u64,
    /// The highest minimum on that way: this way carries whatever lies between the two.
    pub(super) minimum: u64,
}

impl Widest {
    /// Of ways as wide, the one with the lowest minimum: so it does not matter in which order channels are known.
    fn key(self) -> (u64, Reverse<u64>) {
        (self.amount, Reverse(self.minimum))
    }
}

/// The widest way by what is announced, and by what `knowledge` adds to it. `own` are the payer's channels.
pub(super) fn widest(
    graph: &Graph,
    demand: &Demand,
    own: &[Own],
    minimum: Minimum,
    knowledge: Option<&Knowledge>,
) -> Widest {
    let mut ways = vec![Widest::default(); graph.node_bound()];
    let mut heap = BinaryHeap::new();
    for Own { peer, spendable, .. } in own {
        if *spendable > ways[*peer as usize].amount {
            ways[*peer as usize].amount = *spendable;
            heap.push((ways[*peer as usize].key(), *peer));
        }
    }
    while let Some((key, node)) = heap.pop() {
        let way = ways[node as usize];
        if node == demand.payee {
            return way;
        }
        if key < way.key() {
            continue;
        }
        for arriving in graph.incoming(node) {
            let (to, edge) = (arriving.from, graph.back(arriving));
            let learned = knowledge.map_or(u64::MAX, |knowledge| knowledge.bound(graph, edge));
            let carried = before_fee(way.amount, edge).min(edge.maximum).min(learned);
            let compared = if minimum == Minimum::OfDemand { demand.amount } else { carried };
            let there = Widest { amount: carried, minimum: way.minimum.max(edge.minimum) };
            let fits = carried > 0 && compared >= edge.minimum;
            if to != demand.payer && fits && there.key() > ways[to as usize].key() {
                ways[to as usize] = there;
                heap.push((there.key(), to));
            }
        }
    }
    Widest::default()
}

/// The most that can be carried over `edge` out of `most`: the largest x with x + fee(x) ≤ most.
fn before_fee(most: u64, edge: &Edge) -> u64 {
    let Some(left) = most.checked_sub(edge.fee_base) else { return 0 };
    // x + ⌊x·r / 10^6⌋ ≤ left  ⇔  x·(10^6 + r) < (left + 1)·10^6
    let most = ((u128::from(left) + 1) * 1_000_000 - 1) / (1_000_000 + u128::from(edge.fee_rate()));
    u64::try_from(most).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::routing::ChannelPolicy;
    use crate::primitives::Amount;

    #[test]
    fn fees_are_taken_off_exactly() {
        for (base, rate) in [(0, 0), (0, 1), (3, 1_000), (7, 333_333), (0, 1_000_000), (50, 999_999)] {
            let policy = ChannelPolicy { fee_base: Amount::literal(base), fee_rate: rate, ..ChannelPolicy::default() };
            let edge = Edge::of(&policy);
            let needs = |amount: u64| amount + policy.fee(Amount::literal(amount)).map_or(0, Amount::units);
            for most in (base..2_000).chain([1 << 40, 1 << 52]) {
                let carried = before_fee(most, &edge);
                assert!(needs(carried) <= most && needs(carried + 1) > most, "{base} {rate} {most}: {carried}");
            }
            assert!(base == 0 || before_fee(base - 1, &edge) == 0);
        }
    }
}
