//! Routes of payments over channels of others, as the payer finds them.
//!
//! Owns what channels announce of themselves, the graph of them, the search for the cheapest route and what a payer remembers of
//! attempts. Must never know a ledger, a peer or a wire: which channels exist comes from whoever reads the chain, announcements from whoever
//! carries them. Fees, expiries and who announces them follow BOLT 7, routes known to the payer alone BOLT 4; the search is
//! Dijkstra's (1959), run backwards from the payee, because what a hop carries depends on the fees of all after it.

mod announcement;
mod bottleneck;
mod find;
mod graph;
mod labels;
mod memory;
#[cfg(test)]
mod model;
mod policy;
mod query;
mod step;
#[cfg(test)]
mod tables;
mod why;

pub use announcement::{Announcement, AnnouncementError, MAX_ANNOUNCEMENT_BYTES, MAX_SEQUENCE};
pub use find::Finder;
pub(crate) use graph::Edge;
pub use graph::{Applied, Graph, GraphError, KnownChannel, MAX_CHANNELS};
pub use memory::{FORGET_AFTER, MAX_REMEMBERED, Memory, Remembered};
pub use policy::{ChannelPolicy, ForwardError, MAX_EXPIRY_DELTA, MAX_FEE_RATE, MIN_OWN_EXPIRY_DELTA, PolicyError};
pub use query::{Hop, Limits, MAX_HOPS, Query, Route, Weights};
pub(crate) use step::logarithm;
pub use why::NoRoute;
