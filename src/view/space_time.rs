//! Space and time: a lane per node, messages from lane to lane as time passes, and what happened on the lanes.

use std::collections::{BTreeMap, BTreeSet};

use borsh::{BorshDeserialize, BorshSerialize};

use super::{Focus, Selection};
use crate::{
    primitives::{Hash, Timestamp, ordered},
    sim::{Deed, EventKey, Mark, NodeIndex, Passage, Subject, World},
};

/// Lanes drawn at most.
pub const MAX_LANES: usize = 24;
/// Messages drawn at most.
pub const MAX_DIAGONALS: usize = 400;
/// Marks drawn at most.
const MAX_LANE_MARKS: usize = 300;
/// The longest window, ms.
const MAX_SPACE_TIME: u64 = 300_000;

/// A window of time over all nodes.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SpaceTimeView {
    /// Where the window ends: now.
    pub now: Timestamp,
    /// Its length, ms.
    pub window: u64,
    /// What ended up to then may be forgotten, if that lies in the window.
    pub forgotten: Option<Timestamp>,
    /// In the order of nodes.
    pub lanes: Vec<Lane>,
    /// Nodes without a lane.
    pub other_lanes: usize,
    /// By the time of their sending.
    pub messages: Vec<Diagonal>,
    /// Messages of the window that are not drawn.
    pub other_messages: usize,
    /// Of all messages of the window, how many are on their way.
    pub in_flight: usize,
    /// How many were lost.
    pub lost: usize,
    /// In the order of time.
    pub marks: Vec<LaneMark>,
}

/// A node's lane.
#[derive(Debug, Clone, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Lane {
    /// The node's name.
    pub name: String,
    /// Whether it runs now.
    pub on: bool,
}

/// A message. It never changes but for how it ends, and whether it belongs to what is selected.
#[derive(Debug, Clone, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Diagonal {
    /// Which: the event of its arrival.
    pub key: EventKey,
    /// The sender's lane, from 0.
    pub from: u32,
    /// The receiver's.
    pub to: u32,
    /// Which message.
    pub kind: String,
    /// When it was sent.
    pub sent: Timestamp,
    /// What came of it.
    pub fate: Fate,
    /// Whether it is selected, or brings or names what is.
    pub of_selection: bool,
}

/// What came of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub enum Fate {
    /// It has arrived, at `key.time`.
    Arrived,
    /// It will arrive then.
    InFlight,
    /// Nobody has received it; it would have arrived then, or found its receiver off.
    Lost,
}

/// Something that happened on a lane.
#[derive(Debug, Clone, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct LaneMark {
    /// The event in which it happened.
    pub key: EventKey,
    /// On which lane, from 0.
    pub lane: u32,
    /// A stable code: `found`, `reorg`, `on`, `off`, `cut` or `healed`.
    pub code: String,
    /// The height found, the blocks that were left, or the other end.
    pub value: String,
    /// The block that it is about.
    pub block: Option<Hash>,
}

impl SpaceTimeView {
    pub(super) fn of(world: &World, focus: &Focus) -> Option<Self> {
        let window = focus.space_time?.clamp(1, MAX_SPACE_TIME);
        let from = Timestamp(world.now().0.saturating_sub(window));
        let over = world.passages().filter(|passage| passage.key.time >= from).map(|passage| (passage.clone(), true));
        let all: Vec<(Passage, bool)> = over.chain(world.under_way().map(|passage| (passage, false))).collect();
        let lanes = lanes(world, focus, &all);
        let (messages, other_messages) = choose(&all, &lanes, focus);
        let mut marks: Vec<LaneMark> = world
            .marks()
            .take_while(|mark| mark.key.time >= from)
            .filter_map(|mark| Some(lane_mark(world, mark, *lanes.get(&mark.node)?)))
            .take(MAX_LANE_MARKS)
            .collect();
        marks.reverse();
        Some(Self {
            now: world.now(),
            window,
            forgotten: Some(world.remembers_after()).filter(|until| *until > from),
            other_lanes: world.nodes().len() - lanes.len(),
            lanes: lanes.keys().filter_map(|index| world.node(*index)).map(lane).collect(),
            messages,
            other_messages,
            in_flight: all.iter().filter(|(_, over)| !over).count(),
            lost: all.iter().filter(|(passage, _)| passage.lost.is_some()).count(),
            marks,
        })
    }
}

fn lane(sim: &crate::sim::SimNode) -> Lane {
    Lane { name: sim.name.clone(), on: sim.node.is_some() }
}

/// Which nodes have a lane: those that the selection is about, then the first. By index, with the place of the lane.
fn lanes(world: &World, focus: &Focus, all: &[(Passage, bool)]) -> BTreeMap<NodeIndex, u32> {
    let selected: Vec<NodeIndex> = match &focus.selection {
        Some(Selection::Node { name }) => world.index_of(name).into_iter().collect(),
        Some(Selection::Message { key }) => {
            let of = all.iter().map(|(passage, _)| passage).filter(|passage| passage.key == *key);
            of.flat_map(|passage| [passage.key.actor, passage.to]).collect()
        }
        Some(Selection::Block { id }) => {
            let found = world.marks().find(|mark| matches!(mark.deed, Deed::Found { block, .. } if block == *id));
            found.map(|mark| mark.node).into_iter().collect()
        }
        _ => Vec::new(),
    };
    let mut chosen: BTreeSet<NodeIndex> = BTreeSet::new();
    for index in selected.into_iter().chain((0..).zip(world.nodes()).map(|(index, _)| index)) {
        if chosen.len() < MAX_LANES {
            chosen.insert(index);
        }
    }
    ordered(chosen.into_iter().zip(0..))
}

/// At most [`MAX_DIAGONALS`] of the messages between lanes, and how many messages are left out. What belongs to the selection goes first, then
/// blocks, then what was lost, then the newest.
fn choose(all: &[(Passage, bool)], lanes: &BTreeMap<NodeIndex, u32>, focus: &Focus) -> (Vec<Diagonal>, usize) {
    let mut drawn: Vec<Diagonal> = all
        .iter()
        .filter_map(|(passage, over)| {
            let fate = match (passage.lost.is_some(), over) {
                (true, _) => Fate::Lost,
                (false, true) => Fate::Arrived,
                (false, false) => Fate::InFlight,
            };
            Some(Diagonal {
                key: passage.key,
                from: *lanes.get(&passage.key.actor)?,
                to: *lanes.get(&passage.to)?,
                kind: passage.kind.to_owned(),
                sent: passage.sent,
                fate,
                of_selection: is_of(passage, focus.selection.as_ref()),
            })
        })
        .collect();
    let is_it = |message: &Diagonal| focus.selection == Some(Selection::Message { key: message.key });
    let weight = |message: &Diagonal| {
        (is_it(message), message.of_selection, message.kind == "block", message.fate == Fate::Lost, message.sent)
    };
    drawn.sort_by_key(|message| std::cmp::Reverse((weight(message), message.key)));
    drawn.truncate(MAX_DIAGONALS);
    drawn.sort_by_key(|message| (message.sent, message.key));
    let others = all.len() - drawn.len();
    (drawn, others)
}

fn is_of(passage: &Passage, selection: Option<&Selection>) -> bool {
    match selection {
        Some(Selection::Message { key }) => passage.key == *key,
        Some(Selection::Block { id } | Selection::Transaction { id, .. }) => {
            passage.about.map(Subject::id) == Some(*id)
        }
        _ => false,
    }
}

fn lane_mark(world: &World, mark: &Mark, lane: u32) -> LaneMark {
    let name = |index: NodeIndex| world.node(index).map(|sim| sim.name.clone()).unwrap_or_default();
    let (code, value, block) = match mark.deed {
        Deed::Found { block, height } => ("found", height.to_string(), Some(block)),
        Deed::Reorged { to, disconnected } => ("reorg", disconnected.to_string(), Some(to)),
        Deed::On => ("on", String::new(), None),
        Deed::Off => ("off", String::new(), None),
        Deed::Cut(other) => ("cut", name(other), None),
        Deed::Healed(other) => ("healed", name(other), None),
    };
    LaneMark { key: mark.key, lane, code: code.to_owned(), value, block }
}
