//! What page and engine say to each other, by `postMessage`: bytes, each request with its number. What comes from scripts is JSON within, for the engine
//! to check.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;

use crate::{
    bench::Row,
    primitives::{Height, Timestamp},
    sim::{Action, Scenario},
    view::{Change, Focus, RoomView, WorldView},
};

/// What the page can ask of the engine.
#[derive(Debug, Clone, BorshSerialize, BorshDeserialize)]
pub(super) enum Request {
    /// Begin with a generated network.
    Generate { nodes: u32, seed: String, staked: bool },
    /// Begin with a scenario or capsule given as text.
    LoadText { text: String },
    /// Begin with a ready-made scenario.
    Preset { name: String },
    /// The present scenario: answers its JSON, for people to read.
    Scenario,
    /// Whether a scenario is good: answers nothing, or the number of a line and, after it, what is wrong there.
    Check { text: String },
    /// What a word of the glossary means: answers its sentence.
    Glossary { word: String },
    /// Where nodes with these links are best drawn, some of which have a place: answers a pair of ten-thousandths for each, [`as_text`].
    Arrange { links: Vec<(usize, usize)>, fixed: Vec<Option<(u16, u16)>> },
    /// Let time pass.
    Play,
    /// Stop it.
    Pause,
    /// One event on.
    StepEvent,
    /// On to the next block.
    StepBlock,
    /// One event back.
    StepBack,
    /// To a time, on or back.
    Seek { time: Timestamp },
    /// Virtual time per real time, in percent.
    Speed { percent: u32 },
    /// Where time is to stop by itself.
    Breaks { breaks: Breaks },
    /// Do something here and now.
    Act { action: Action },
    /// Take back what was done by hand last.
    Undo,
    /// Do again what was taken back last.
    Redo,
    /// Change the copy of what is looked at.
    Edit { change: Change },
    /// Have a node publish the copy of what is looked at.
    Publish { node: String },
    /// Take up a future that was left.
    Branch { index: u32 },
    /// Join the room of this name, or begin it.
    OpenRoom { name: String },
    /// Join the native node that serves this page.
    JoinNode,
    /// Leave the room; the run stays.
    LeaveRoom,
    /// Come back into the room that was left by leaving its present.
    Rejoin,
    /// Look at something.
    Focus { focus: Focus },
    /// The newest moment is on the screen: the next one may come.
    Shown,
    /// How messages travel.
    Carrier { live: bool },
    /// To the place after so many events, on or back.
    SeekEvent { events: u64 },
    /// A capsule of where we are: answers its JSON.
    Capsule,
    /// The same as it stands in a link.
    Link,
    /// Begin with the run of a link.
    OpenLink { run: String },
    /// What a height, an id or the name of a node is of: answers what the address of it ends with, or nothing.
    Find { text: String },
    /// The blocks from a height on, as lines of a file: answers none above the highest.
    Blocks { from: Height },
    /// The counts of this run: answers the JSON of `simulate`.
    State,
    /// A run of its own, headless, by [`SimulateOptions`] as JSON: answers its JSON.
    Simulate { options: String },
    /// Replays a capsule apart from what is shown: answers `{digest, events, virtualMs}`.
    Replay { text: String },
    /// Measures rates apart from what is shown, by [`BenchOptions`] as JSON: answers an array of rows, and tells of progress meanwhile.
    Bench { options: String },
}

/// What time stops at by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Breaks {
    /// A node leaves two blocks or more of its chain.
    pub(super) reorg: bool,
    /// A channel ends with a penalty.
    pub(super) penalty: bool,
    /// Nobody claimed a payment in time.
    pub(super) expired: bool,
    /// An invariant does not hold.
    pub(super) violated: bool,
    /// Time passes slowly while a message travels.
    pub(super) slow: bool,
}

/// Why time has stopped by itself.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Stop {
    /// The key of its sentence.
    pub(super) code: String,
    /// What fills its places.
    pub(super) values: Vec<String>,
}

/// As on the command line.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SimulateOptions {
    /// A scenario; without one a network is generated.
    pub scenario: Option<Scenario>,
    /// Nodes of the generated network, 1 ..= 1000 (3).
    pub nodes: Option<u32>,
    /// What seals the blocks of the generated network: "pow" or "pos" ("pow").
    pub consensus: Option<String>,
    /// Where randomness comes from: a decimal string, or a number below 2^53 ("1").
    pub seed: Option<Seed>,
    /// Virtual milliseconds to run before the network comes to rest (600,000).
    #[serde(rename = "for")]
    pub length: Option<u64>,
    /// Whether messages really travel over a BroadcastChannel (no).
    pub live: bool,
}

/// As on the command line.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct BenchOptions {
    /// A row, or the rows of a group, with their bound (all).
    pub(super) only: Option<String>,
}

/// A seed as scripts write it.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Seed {
    /// Any number below 2^64.
    Text(String),
    /// A number that JavaScript holds exactly.
    Number(u64),
}

/// What the engine says.
#[derive(Debug, Clone, BorshSerialize, BorshDeserialize)]
pub(super) enum Reply {
    /// The engine runs.
    Ready,
    /// What there is to see.
    Moment(Box<Moment>),
    /// How much of the measuring under way is done, in percent.
    Measured { percent: u32 },
    /// What was measured; the answer follows.
    Rates(Vec<Row>),
    /// A request is done; JSON text, or nothing.
    Done { id: u32, json: String },
    /// A request was refused; nothing has changed.
    Failed { id: u32, code: String, message: String },
}

/// One moment of the run and how it is played.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub(super) struct Moment {
    pub(super) transport: Transport,
    pub(super) world: WorldView,
    /// The room this tab is in, or has left into the past.
    pub(super) room: Option<RoomView>,
}

/// How the run is played.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Transport {
    pub(super) name: String,
    pub(super) seed: String,
    pub(super) block_interval: u64,
    pub(super) now: Timestamp,
    pub(super) events: u64,
    /// When its first nodes appeared, and how far it is known.
    pub(super) begin: Timestamp,
    pub(super) end: Timestamp,
    pub(super) playing: bool,
    /// Things done by hand since this run was begun or opened.
    pub(super) acts: u32,
    /// Percent of real time.
    pub(super) speed: u32,
    /// Percent of real time, measured over the last second; nothing while paused.
    pub(super) achieved: Option<u32>,
    pub(super) seeking: bool,
    /// Why time has stopped by itself, until it goes on.
    pub(super) stopped: Option<Stop>,
    /// Where to, if that is a time.
    pub(super) target: Option<Timestamp>,
    /// Whether messages travel over a BroadcastChannel.
    pub(super) live: bool,
    /// Whether the carrier, not the computing, holds time back.
    pub(super) carrier_slow: bool,
    /// Messages on the tab's channel that were not ours.
    pub(super) foreign: u64,
    /// What can be taken back and what can be done again: the key of its sentence and what fills its places.
    pub(super) deeds: [Option<(String, Vec<String>)>; 2],
    /// Futures that were left: when, and how far they had been seen.
    pub(super) branches: Vec<(Timestamp, Timestamp)>,
}

/// A value as text, where a string is wanted that nobody reads. The page has nothing to read or write JSON with.
pub(super) fn as_text(value: &impl BorshSerialize) -> String {
    hex::encode(borsh::to_vec(value).expect("memory takes all"))
}

/// The value that [`as_text`] has written; of anything else, nothing.
pub(super) fn from_text<T: BorshDeserialize>(text: &str) -> Option<T> {
    borsh::from_slice(&hex::decode(text).ok()?).ok()
}
