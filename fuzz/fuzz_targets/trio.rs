//! Three nodes and two channels, each byte an action: as `tests/network/bytes.rs`, driven by coverage. The first byte chooses the policy.
#![no_main]

#[path = "../../tests/support/trio.rs"]
mod trio;

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use tabchain::primitives::Policy;
use trio::Trio;

thread_local! {
    static OPEN: RefCell<[Option<Trio>; 2]> = const { RefCell::new([None, None]) };
}

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let policy = if first % 2 == 0 { Policy::Penalty } else { Policy::Replace };
    let mut trio = OPEN.with_borrow_mut(|open| open[policy as usize].get_or_insert_with(|| Trio::open(policy)).clone());
    bytes.iter().take(2_000).for_each(|byte| trio.act(*byte));
    trio.finish();
});
