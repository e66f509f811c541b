//! The HTTP interface, over real sockets: every row of its table, and whoever wants to break it.
#![cfg(all(not(target_arch = "wasm32"), feature = "native"))]
#![allow(clippy::unwrap_used, reason = "what a test cannot go on without")]

mod chain;
mod channels;
mod events;
mod hostile;
mod node;
mod payments;
mod peers;
mod place;
mod rates;
mod transactions;
