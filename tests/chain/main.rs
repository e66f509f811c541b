//! The chain: blocks, transactions and their signatures, the pool, and channels as the chain sees them.
#![cfg(not(target_arch = "wasm32"))]

#[path = "../support/locked.rs"]
mod locked;
#[path = "../support/stakes.rs"]
mod stakes;
#[path = "../support/mod.rs"]
mod support;

mod adjudicator;
mod adjudicator_model;
mod block_rules;
mod branches;
mod channel_mempool;
mod fork_choice;
mod hostile;
mod htlcs;
mod mempool;
mod retarget;
#[cfg(feature = "native")]
mod rsa;
mod signatures;
mod stake;
