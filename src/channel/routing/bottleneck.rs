//! Widest ways, to say what stands in the way of a payment: from the payer forwards, by Dijkstra's order with the widest first.

use std::collections::BinaryHeap;

use super::{
    Edge, Graph,
    step::{Demand, Knowledge},
};

/// Which channels of a way are too small for what a payment leaves there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Minimum {
    /// Those that take only more than the demand's amount, as a search has it.
    OfDemand,
    /// Those that take only more than could be carried: the amount may be another.
    OfCarried,
}

/// The most that can be delivered at all, fees paid, whatever the fees, blocks and hops; by what is announced, and by what `knowledge` adds to it.
pub(super) fn largest(
    graph: &Graph,
    demand: &Demand,
    own: &[(u32, u64)],
    minimum: Minimum,
    knowledge: Option<&Knowledge>,
) -> u64 {
    widest(graph, demand, own, |most, edge| {
        let learned = knowledge.map_or(u64::MAX, |knowledge| knowledge.bound(edge.link));
        let carried = before_fee(most, edge).min(edge.maximum).min(learned);
        let compared = if minimum == Minimum::OfDemand { demand.amount } else { carried };
        if compared >= edge.minimum { carried } else { 0 }
    })
}

/// The least payment that no channel of some way finds too small, where every channel of it can carry the demand's amount.
pub(super) fn least(graph: &Graph, demand: &Demand, own: &[(u32, u64)]) -> u64 {
    let able = own.iter().filter(|(_, spendable)| *spendable >= demand.amount);
    let own: Vec<(u32, u64)> = able.map(|(peer, _)| (*peer, u64::MAX - 1)).collect();
    let below = widest(graph, demand, &own, |below, edge| {
        if edge.maximum >= demand.amount { below.min(u64::MAX - 1 - edge.minimum) } else { 0 }
    });
    u64::MAX - 1 - below
}

/// The widest way to the payee, 0 if there is none: `own` are the payer's neighbours and how wide the way to each is, `narrow` what is left of a
/// width behind an edge (never more).
fn widest(graph: &Graph, demand: &Demand, own: &[(u32, u64)], narrow: impl Fn(u64, &Edge) -> u64) -> u64 {
    let mut widths = vec![0; graph.node_bound()];
    let mut heap = BinaryHeap::new();
    for (peer, width) in own {
        if *width > widths[*peer as usize] {
            widths[*peer as usize] = *width;
            heap.push((*width, *peer));
        }
    }
    while let Some((width, node)) = heap.pop() {
        if node == demand.payee {
            return width;
        }
        if width < widths[node as usize] {
            continue;
        }
        for arriving in graph.incoming(node) {
            let (to, edge) = (arriving.from, graph.back(arriving));
            let left = narrow(width, edge);
            if to != demand.payer && left > widths[to as usize] {
                widths[to as usize] = left;
                heap.push((left, to));
            }
        }
    }
    0
}

/// The most that can be carried over `edge` out of `most`: the largest x with x + fee(x) ≤ most.
fn before_fee(most: u64, edge: &Edge) -> u64 {
    let Some(left) = most.checked_sub(edge.fee_base) else { return 0 };
    // x + ⌊x·r / 10^6⌋ ≤ left  ⇔  x·(10^6 + r) < (left + 1)·10^6
    let most = ((u128::from(left) + 1) * 1_000_000 - 1) / (1_000_000 + u128::from(edge.fee_rate));
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
            let edge = Edge {
                maximum: 0,
                minimum: 0,
                fee_base: base,
                capacity: 0,
                fee_rate: rate,
                expiry_delta: 1,
                from: 0,
                link: 0,
            };
            let policy = ChannelPolicy { fee_base: Amount::literal(base), fee_rate: rate, ..ChannelPolicy::default() };
            let needs = |amount: u64| amount + policy.fee(Amount::literal(amount)).map_or(0, Amount::units);
            for most in (base..2_000).chain([1 << 40, (1 << 53) - 1]) {
                let carried = before_fee(most, &edge);
                assert!(needs(carried) <= most && needs(carried + 1) > most, "{base} {rate} {most}: {carried}");
            }
            assert!(base == 0 || before_fee(base - 1, &edge) == 0);
        }
    }
}
