//! The two parties of a channel, without nodes.
#![cfg(not(target_arch = "wasm32"))]

#[path = "../support/chainlet.rs"]
mod chainlet;
#[path = "../support/columns.rs"]
mod columns;
#[path = "../support/duel.rs"]
mod duel;
#[path = "../support/events.rs"]
mod events;
#[path = "../support/lab.rs"]
mod lab;
#[path = "../support/owed.rs"]
mod owed;
#[path = "../support/pair.rs"]
mod pair;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/trouble.rs"]
mod trouble;

mod hostile;
mod lost;
mod messages;
mod moments;
mod moves;
mod properties;
mod table;
