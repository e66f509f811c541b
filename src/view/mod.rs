//! Layer 3: what people see, as plain values.
//!
//! View models are made from a world, compared with `==`, and hold windows of it, never clones of all. They know no framework and no
//! language: whatever is worded carries a code and its values, and the page words it.

mod address;
mod anatomy;
mod chain;
mod channel;
mod charts;
mod csv;
mod edit;
mod find;
mod focus;
mod glossary;
mod inspector;
mod log;
mod log_filter;
mod message;
mod network;
mod node;
mod number;
mod payment;
mod room;
mod rules;
mod space_time;
mod stake;
mod transaction;
mod why;

use borsh::{BorshDeserialize, BorshSerialize};

pub use address::{Address, AddressError, Opens, Page};
pub use anatomy::{Anatomy, Annotate, Annotator, Evidence, Field};
pub use chain::{BlockBox, BlockDetail, ChainView, ChainWindow, FILE_HEIGHTS, TransactionRow, chain_file};
pub use channel::{
    ChannelDetail, ChannelRow, ChannelsView, HtlcView, OnChain, PartyView, SideView, Stage, Status, Wait, Watcher,
};
pub use charts::ChartsView;
pub use csv::csv;
pub use edit::{Change, Difference, EditField, EditView, SearchView};
pub use focus::{Focus, Selection, Tab};
pub use glossary::meaning;
pub use inspector::{Inspection, Inspector, Summary};
pub use log::{LogLine, deed};
pub use log_filter::{LogFilter, LogKind};
pub use message::{MessageDetail, MessageRow, Thing};
pub use network::{FlightDot, LinkLine, NetworkView, NodeDot};
pub use node::{AccountRow, NextBlockFacts, NodeDetail, PeerRow, PoolRow};
pub use number::grouped;
pub use payment::{AttemptView, Cause, HopView, PaymentRow, PaymentState, PaymentsView};
pub use room::{RoomView, TabNode, TabView};
pub use rules::{Outcome, RuleRow, RulesView};
pub use space_time::{Diagonal, Fate, Lane, LaneMark, MAX_DIAGONALS, MAX_LANES, SpaceTimeView};
pub use stake::{OffenceView, SlotBox, StakeView, ValidatorRow};
pub use transaction::{KeyFacts, Place, TransactionDetail};
pub use why::{CauseRow, WhyPart, WhyView};

use crate::sim::{Invariant, World};

/// Lines of the log that are shown.
const LOG_LINES: usize = 60;

/// One moment of a world.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct WorldView {
    /// The network as a picture.
    pub network: NetworkView,
    /// The block tree.
    pub chain: ChainView,
    /// The channels.
    pub channels: ChannelsView,
    /// Payments over routes.
    pub payments: PaymentsView,
    /// Slots, votes and finality, on a chain of stake.
    pub stake: Option<StakeView>,
    /// Space and time, if somebody looks.
    pub space_time: Option<SpaceTimeView>,
    /// The run in numbers, if somebody looks.
    pub charts: Option<ChartsView>,
    /// What is inspected; nothing while there is no node.
    pub inspection: Option<Inspection>,
    /// The invariants.
    pub lights: Vec<Light>,
    /// What happened, newest first.
    pub log: Vec<LogLine>,
    /// The newest line that nobody should miss.
    pub news: Option<LogLine>,
    /// Transfers that every node makes per virtual hour by itself.
    pub transfers_per_hour: u32,
    /// Payments that every node makes per virtual hour through its channels by itself.
    pub payments_per_hour: u32,
    /// Payments that every node with a channel makes per virtual hour over routes by itself.
    pub sends_per_hour: u32,
    /// Times a node left its best chain for another.
    pub reorgs: u64,
    /// Blocks found by all nodes.
    pub mined: u64,
}

/// An invariant and how often it was evaluated. Not yet evaluated is not the same as kept.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
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
    pub fn of(world: &World, focus: &Focus, inspector: &mut Inspector) -> Self {
        let pairs = channel::Pair::all(world);
        Self {
            network: NetworkView::of(world),
            chain: ChainView::of(world, focus.window),
            channels: ChannelsView::of(world, &pairs),
            payments: PaymentsView::of(world, &pairs),
            stake: StakeView::of(world, focus),
            space_time: SpaceTimeView::of(world, focus),
            charts: ChartsView::of(world, focus),
            inspection: inspector.look(world, focus),
            lights: lights(world),
            log: focus.log.lines(world).take(LOG_LINES).collect(),
            news: LogLine::news(world),
            transfers_per_hour: world.workload().transfers_per_hour,
            payments_per_hour: world.workload().payments_per_hour,
            sends_per_hour: world.workload().sends_per_hour,
            reorgs: world.stats().reorgs,
            mined: world.stats().mined,
        }
    }
}

/// Of all invariants that can be evaluated on this kind of chain.
fn lights(world: &World) -> Vec<Light> {
    let staked = !world.genesis().rules.consensus.is_work();
    let shown = world.invariants().into_iter().filter(|(invariant, _)| staked || *invariant != Invariant::Finality);
    shown.map(light).collect()
}

fn light((invariant, tally): (Invariant, crate::sim::Tally)) -> Light {
    let number = match invariant {
        Invariant::Supply => 1,
        Invariant::Balances => 2,
        Invariant::Reconnect => 3,
        Invariant::Commitments => 4,
        Invariant::Payout => 5,
        Invariant::Forwarding => 6,
        Invariant::Agreement => 7,
        // 8 and 9 are promises that tests keep.
        Invariant::Finality => 10,
    };
    Light { number, checked: tally.checked, violated: tally.violated }
}
