//! Layer 3: what people see, as plain values.
//!
//! View models are made from a world, compared with `==`, and hold windows of it, never clones of all. They know no framework and no
//! language: whatever is worded carries a code and its values, and the page words it.

mod anatomy;
mod chain;
mod channel;
mod log;
mod network;
mod node;
mod number;

use serde::{Deserialize, Serialize};

pub use anatomy::{Anatomy, Annotate, Annotator, Field};
pub use chain::{BlockBox, BlockDetail, ChainView, ChainWindow, TransactionRow};
pub use channel::{ChannelRow, ChannelsView, PartyView, Status, Wait};
pub use log::LogLine;
pub use network::{FlightDot, LinkLine, NetworkView, NodeDot};
pub use node::{AccountRow, NodeDetail, PeerRow, PoolRow};
pub use number::grouped;

use crate::{
    primitives::Hash,
    sim::{Invariant, World},
};

/// Lines of the log that are shown.
const LOG_LINES: usize = 60;

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Focus {
    /// The node in the side panel.
    pub node: Option<String>,
    /// The block in the side panel.
    pub block: Option<Hash>,
    /// Which part of the chain.
    pub window: ChainWindow,
}

/// One moment of a world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorldView {
    /// The network as a picture.
    pub network: NetworkView,
    /// The block tree.
    pub chain: ChainView,
    /// The channels.
    pub channels: ChannelsView,
    /// The node looked at.
    pub node: Option<NodeDetail>,
    /// The block looked at.
    pub block: Option<BlockDetail>,
    /// The invariants.
    pub lights: Vec<Light>,
    /// What happened, newest first.
    pub log: Vec<LogLine>,
    /// Transfers that every node makes per virtual hour by itself.
    pub transfers_per_hour: u32,
    /// Payments that every node makes per virtual hour through its channels by itself.
    pub payments_per_hour: u32,
    /// Times a node left its best chain for another.
    pub reorgs: u64,
    /// Blocks found by all nodes.
    pub mined: u64,
}

/// An invariant and how often it was evaluated. Not yet evaluated is not the same as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Light {
    /// Its number in the design's list.
    pub number: u8,
    /// Evaluations.
    pub checked: u64,
    /// Of these, how many failed.
    pub violated: u64,
}

impl WorldView {
    /// What there is to see of a world.
    pub fn of(world: &World, focus: &Focus) -> Self {
        Self {
            network: NetworkView::of(world),
            chain: ChainView::of(world, focus.window),
            channels: ChannelsView::of(world),
            node: focused(world, focus).and_then(|name| NodeDetail::of(world, name)),
            block: focus.block.as_ref().and_then(|id| BlockDetail::of(world, id)),
            lights: world.invariants().into_iter().map(light).collect(),
            log: world.log().rev().filter_map(|record| LogLine::of(world, record)).take(LOG_LINES).collect(),
            transfers_per_hour: world.workload().transfers_per_hour,
            payments_per_hour: world.workload().payments_per_hour,
            reorgs: world.stats().reorgs,
            mined: world.stats().mined,
        }
    }
}

/// The node that is looked at: the first one if none was chosen, or the chosen one is not there.
fn focused<'a>(world: &'a World, focus: &'a Focus) -> Option<&'a str> {
    let chosen = focus.node.as_deref().filter(|name| world.index_of(name).is_some());
    chosen.or_else(|| world.nodes().first().map(|sim| sim.name.as_str()))
}

fn light((invariant, tally): (Invariant, crate::sim::Tally)) -> Light {
    let number = match invariant {
        Invariant::Supply => 1,
        Invariant::Balances => 2,
        Invariant::Reconnect => 3,
        Invariant::Commitments => 4,
        Invariant::Payout => 5,
        Invariant::Agreement => 7,
    };
    Light { number, checked: tally.checked, violated: tally.violated }
}
