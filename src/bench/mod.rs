//! Layer 3: honest rates.
//!
//! Owns the rows of `tabchain bench` and how they are measured: every check switched on, nothing remembered between nodes, each rate beside
//! its *bound*, the cryptography (or, for routes, the search) that it cannot do without, called bare. Rows are measured in turns, in short
//! samples, so that whatever else the machine does hits a row and its bound alike; a value is the median of its samples. Must never know a
//! clock: the driver hands in a monotonic one.

mod bare;
mod chain;
mod channel;
mod keys;
mod measure;
mod network;
mod payment;
mod route;
mod row;

pub use measure::{Bench, MEASURED};
pub use row::{Row, UnknownRow, beside_bounds, names};
