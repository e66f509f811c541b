//! Nodes as processes of their own, as people run them: a network on this machine, and nodes that are killed.
#![cfg(all(not(target_arch = "wasm32"), feature = "native"))]

mod client;
mod commands;
mod crowd;
mod devnet;
mod kill;
mod namespaces;
