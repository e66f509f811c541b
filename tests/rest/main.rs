//! The HTTP interface, over real sockets: every row of its table, and whoever wants to break it.
#![cfg(all(not(target_arch = "wasm32"), feature = "native"))]

mod chain;
mod channels;
mod events;
mod hostile;
mod node;
mod payments;
mod peers;
mod place;
mod transactions;
