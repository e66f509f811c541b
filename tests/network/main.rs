//! Nodes among each other: what they say, what they make of liars, and what becomes of money that goes through them.
#![cfg(not(target_arch = "wasm32"))]

#[path = "../support/court.rs"]
mod court;
#[path = "../support/lab.rs"]
mod lab;
#[path = "../support/ledgers.rs"]
mod ledgers;
#[path = "../support/locked.rs"]
mod locked;
#[path = "../support/pair.rs"]
mod pair;
#[path = "../support/runs.rs"]
mod runs;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/trio.rs"]
mod trio;
#[path = "../support/words.rs"]
mod words;
#[path = "../support/worlds.rs"]
mod worlds;

mod adversary;
mod announcements;
mod asking;
mod bytes;
mod channels;
mod forwarder;
mod payments_adversary;
mod resize;
mod simulation;
mod stake;
mod sync;
mod torture;
mod watchtower;
