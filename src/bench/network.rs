//! A simulated network as a whole.

use super::row::Piece;
use crate::{
    primitives::Timestamp,
    sim::{Scenario, World},
};

const NODES: usize = 10;
/// Virtual time before the first measured message: connected, synchronised and a few blocks old.
const WARM_UP: Timestamp = Timestamp(30_000);
/// Virtual milliseconds of one piece: one block, more or less, and the transfers of that time.
const STRETCH: u64 = 10_000;

/// One piece: the same ten virtual seconds of a generated network of ten nodes, with its proof of work, its workload and its invariants;
/// every node computes every signature check. One unit a message delivered.
pub(super) fn deliveries() -> Piece {
    let mut world = World::new(Scenario::generated(NODES, 1));
    world.run_until(WARM_UP);
    let before = world.without_memo();
    Box::new(move || {
        let mut world = before.clone();
        world.run_until(WARM_UP.after(STRETCH));
        world.stats().deliveries - before.stats().deliveries
    })
}
