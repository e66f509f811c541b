//! Tabchain: a real blockchain small enough to run as a whole network inside a browser tab.
//!
//! The modules are layers; each may use only those above it in this list (`tests/layers.rs` keeps it so):
//! [`primitives`] → [`chain`], [`gossip`] → [`node`] → [`sim`] → [`room`] → [`view`], [`bench`](mod@bench) → `native`, `web`.

pub mod bench;
#[deny(clippy::float_arithmetic)]
pub mod chain;
#[deny(clippy::float_arithmetic)]
pub mod channel;
pub mod entry;
#[deny(clippy::float_arithmetic)]
pub mod gossip;
#[deny(clippy::float_arithmetic)]
pub mod node;
#[deny(clippy::float_arithmetic)]
pub mod primitives;
#[deny(clippy::float_arithmetic)]
pub mod room;
#[deny(clippy::float_arithmetic)]
pub mod sim;
#[deny(clippy::float_arithmetic)]
pub mod view;

#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
pub mod native;
#[cfg(target_arch = "wasm32")]
pub mod web;
