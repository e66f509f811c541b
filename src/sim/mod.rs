//! Layer 3: the world.
//!
//! Owns virtual time: the queue of events, links, miners, the workload, scenarios and their scripts, adversaries, the timeline, capsules and
//! the invariants. A driver of nodes like any other: it must never change a node except through [`crate::node::Node::handle`].

mod action;
mod adversary;
mod capsule;
mod channels;
mod cheating;
mod connections;
mod generate;
mod invariants;
mod key;
mod link;
mod log;
mod miner;
mod mining;
mod node_key;
mod observe;
mod obstacles;
mod occurrence;
mod past;
mod payments;
mod place;
mod presets;
mod publish;
mod random;
mod remote;
mod scenario;
mod script;
mod series;
mod share;
mod stats;
mod summary;
mod timeline;
mod towers;
mod traffic;
mod undo;
mod workload;
mod world;

pub use action::ActionError;
pub use adversary::Misbehaviour;
pub use capsule::{CAPSULE_VERSION, Capsule, CapsuleError, Cursor, Mismatch, Replay};
pub use generate::name as generated_name;
pub use invariants::{Invariant, Tally, Violation, owned};
pub use key::{Class, EventKey};
pub use link::Link;
pub use log::{LogEntry, Record};
pub use node_key::NodeKey;
pub use obstacles::{Obstacle, Trace, Tried, Widest};
pub use occurrence::{Carried, Occurrence, Subject, What};
pub use past::{Deed, Loss, Lost, Mark, Passage};
pub(crate) use place::said;
pub use presets::{PRESETS, preset};
pub use publish::MAX_PUBLISHED;
pub use remote::{Departure, MAX_REMOTES, Payload, REMOTE_REDIAL, Remote, RemoteLink, remote_of, remote_peer};
pub use scenario::{
    Config, LinkConfig, LinkQuality, MAX_ALLOCATIONS, MAX_LENGTH, MAX_NODES, MAX_SCENARIO_BYTES, MAX_SCRIPT, MAX_TIME,
    NodeConfig, SCENARIO_VERSION, Scenario, ScenarioError, Workload,
};
pub use script::{Action, Position, ScriptEntry};
pub use series::{MAX_SAMPLES, Sample};
pub use share::LinkError;
pub use stats::Stats;
pub use summary::{SETTLE_MS, Summary, settle};
pub use timeline::{Branch, Timeline};
pub use traffic::{Carrier, Envelope, FillError, Flight};
pub use world::{NodeIndex, SimNode, Step, World};
