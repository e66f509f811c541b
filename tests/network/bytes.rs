//! Three nodes, two channels, and bytes that say what happens: deliver one message, drop one, disconnect, restart, mine, reorg, pay, close, cheat.
//! `fuzz/fuzz_targets/trio.rs` drives the same by coverage.

use std::cell::RefCell;

use proptest::prelude::*;
use tabchain::primitives::Policy;

use crate::{support::properties, trio::Trio};

thread_local! {
    /// Opening takes longer than most runs.
    static OPEN: RefCell<[Option<Trio>; 2]> = const { RefCell::new([None, None]) };
}

fn run(policy: Policy, bytes: &[u8]) {
    let mut trio = OPEN.with_borrow_mut(|open| open[policy as usize].get_or_insert_with(|| Trio::open(policy)).clone());
    bytes.iter().for_each(|byte| trio.act(*byte));
    trio.finish();
}

/// Runs that failed once.
#[test]
fn what_failed_once() {
    let rows: [(Policy, &[u8]); 2] = [
        (Policy::Penalty, &[]),
        (
            Policy::Replace,
            &[229, 188, 160, 160, 96, 0, 160, 160, 160, 160, 160, 0, 160, 160, 225, 160, 238, 160, 0, 0, 185],
        ),
    ];
    for (policy, bytes) in rows {
        run(policy, bytes);
    }
}

proptest! {
    // 50,000 actions; a million in `make torture`.
    #![proptest_config(properties(125))]

    /// Invariants 1, 2 and 4 hold after every byte; nobody honest is ever blamed; everything ends; and whoever is honest has in the end what it should have.
    #[test]
    fn each_byte_is_an_action(
        policy in prop_oneof![Just(Policy::Penalty), Just(Policy::Replace)],
        bytes in prop::collection::vec(any::<u8>(), 300..500),
    ) {
        run(policy, &bytes);
    }
}
