//! Channels as both parties see them.

mod detail;
mod htlc;
mod pair;
mod trail;

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};

pub use detail::{ChannelDetail, OnChain, SideView};
pub use htlc::{HtlcView, Stage};
pub(super) use pair::{Held, Pair};
pub(super) use trail::Trail;

use crate::{
    channel::{Channel, Ending, Phase, WaitingFor},
    primitives::{Amount, ChannelId, Hash, Policy, Side},
    sim::{NodeIndex, World},
};

/// Channels that are listed: those that are not over first.
const MAX_ROWS: usize = 40;

/// All channels of a world.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ChannelsView {
    /// Those that are listed.
    pub rows: Vec<ChannelRow>,
    /// How many there are in all.
    pub count: usize,
    /// How many are open.
    pub open: usize,
    /// How many ended with a penalty.
    pub punished: usize,
    /// Base units that channels hold, by the ledger of the heaviest chain.
    pub locked: Amount,
    /// Updates that were completed.
    pub updates: u64,
}

/// One channel.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ChannelRow {
    /// Its id.
    pub id: Hash,
    /// Base units that both have locked.
    pub capacity: Amount,
    /// Base units that each side keeps.
    pub reserve: Amount,
    /// What becomes of cheats.
    pub policy: Policy,
    /// Blocks of the dispute window.
    pub window: u32,
    /// The number of the newest commitment that either side holds.
    pub number: u64,
    /// Where it stands.
    pub status: Status,
    /// Opener, accepter.
    pub parties: [PartyView; 2],
    /// Whose turn it is, if it is open: 0 for the opener.
    pub turn: Option<usize>,
    /// Payments that are pending in it; none once it is over.
    pub htlcs: Vec<HtlcView>,
    /// The channel whose place it takes, or took.
    pub resizes: Option<Hash>,
    /// The channel that is to take its place, or has.
    pub resized_by: Option<Hash>,
}

/// Where a channel stands, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Status {
    /// Being opened.
    Opening,
    /// Payments can flow.
    Open,
    /// Another channel is to take its place.
    Resizing,
    /// Both agree to close.
    Closing,
    /// One side has lost what it signed; the other is to close.
    Lost,
    /// Closed by one side; a dispute window goes on, or its end is awaited.
    Disputed,
    /// Ended as both agreed.
    Closed,
    /// Ended by the newest commitment that was shown.
    Settled,
    /// Ended with a penalty.
    Punished,
    /// Another channel took its place.
    Resized,
    /// Never funded.
    Abandoned,
}

/// One side of a channel, by its own node.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PartyView {
    /// The node.
    pub name: String,
    /// Its balance in the newest commitment that it holds, or what a penalty has left it, base units.
    pub balance: Amount,
    /// Payments that wait for their turn.
    pub queued: u64,
    /// HTLCs that wait for their turn to be offered.
    pub offers: usize,
    /// The phase of its protocol; nothing while it is off.
    pub phase: Option<String>,
    /// What it waits for.
    pub waits: Option<Wait>,
    /// The oldest and the newest of its commitments that a cheat could publish.
    pub kept: Option<(u64, u64)>,
    /// Who watches this channel for it.
    pub tower: Option<Watcher>,
}

/// A watchtower, as its client knows it.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Watcher {
    /// The node.
    pub name: String,
    /// The newest commitment that it has said to hold.
    pub number: Option<u64>,
}

/// What a side waits for: a code and what its sentence is filled with.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Wait {
    /// `message`, `turn`, `resumption`, `htlcs`, `expiry`, `burial`, `inclusion`, `window`, `successor`, …
    pub code: String,
    /// In order.
    pub values: Vec<String>,
}

impl ChannelsView {
    pub(super) fn of(world: &World, known: &BTreeMap<ChannelId, Pair<'_>>) -> Self {
        let count = known.len();
        let mut rows: Vec<ChannelRow> = known.values().filter_map(|pair| ChannelRow::of(world, pair)).collect();
        rows.sort_by_key(|row| (row.status.is_over(), row.id));
        let open = rows.iter().filter(|row| row.status == Status::Open).count();
        let punished = rows.iter().filter(|row| row.status == Status::Punished).count();
        rows.truncate(MAX_ROWS);
        let best = world.running().max_by_key(|(_, node)| node.chain().tree().weight(&node.chain().tip()));
        let records = best.into_iter().flat_map(|(_, node)| node.chain().ledger().channels());
        let locked = Amount::checked_sum(records.map(|(_, record)| record.locked())).unwrap_or_default();
        Self { rows, count, open, punished, locked, updates: world.stats().channel_updates }
    }
}

impl ChannelRow {
    fn of(world: &World, pair: &Pair<'_>) -> Option<Self> {
        let Pair { id, views, ends } = *pair;
        let newest = views.into_iter().flatten().max_by_key(|channel| channel.newest().0.commitment.number)?;
        let statuses = views.into_iter().flatten().map(|channel| Status::of(channel.phase()));
        let status = statuses.max_by_key(|status| *status as u8)?;
        let punished = match newest.phase() {
            Phase::Closed(Ending::Punished(loser)) => Some(*loser),
            _ => None,
        };
        let capacity = newest.funding().capacity().unwrap_or_default();
        let party = |side: Side| {
            let (view, index) = (views[side.index()], ends[side.index()]);
            let balances = view.unwrap_or(newest).newest().1.balances;
            let kept = world.kept(index, &id);
            PartyView {
                name: world.node(index).map(|sim| sim.name.clone()).unwrap_or_default(),
                balance: match punished {
                    Some(loser) => {
                        if loser == side {
                            Amount::ZERO
                        } else {
                            capacity
                        }
                    }
                    None => balances[side.index()],
                },
                queued: view.map_or(0, |channel| channel.waiting()),
                offers: view.map_or(0, |channel| channel.queued().count()),
                phase: view.map(|channel| channel.phase().name().to_owned()),
                waits: view.and_then(Channel::waiting_for).map(Wait::of),
                kept: kept.fold(None, |range, number| Some((range.map_or(number, |(first, _)| first), number))),
                tower: Watcher::of(world, index, &id),
            }
        };
        let terms = &newest.funding().terms;
        Some(Self {
            id,
            capacity,
            reserve: terms.reserve,
            policy: terms.policy,
            window: terms.window,
            number: newest.newest().0.commitment.number,
            status,
            parties: [party(Side::Opener), party(Side::Accepter)],
            turn: (status == Status::Open).then(|| newest.holder().index()),
            htlcs: if status.is_over() { Vec::new() } else { HtlcView::all(pair) },
            resizes: newest.funding().resizes.map(|resizing| resizing.channel),
            resized_by: resized_by(world, pair, status),
        })
    }
}

impl Watcher {
    fn of(world: &World, client: NodeIndex, channel: &ChannelId) -> Option<Self> {
        let (tower, number) = world.node(client)?.node.as_ref()?.tower_of(channel)?;
        let tower = u32::try_from(tower.0).ok().and_then(|index| world.node(index))?;
        Some(Self { name: tower.name.clone(), number })
    }
}

/// The channel in its place, as soon as either party has it.
fn resized_by(world: &World, pair: &Pair<'_>, status: Status) -> Option<Hash> {
    let made_room = matches!(status, Status::Resizing | Status::Resized);
    let next = pair.known().filter(|_| made_room).find_map(Channel::successor)?;
    let nodes = pair.ends.iter().filter_map(|end| world.node(*end)?.node.as_ref());
    let mut channels = nodes.flat_map(|node| node.channels()).map(|(_, channel)| channel);
    channels.find(|channel| channel.handle_name() == next.handle).map(Channel::id)
}

impl Status {
    /// What both sides together come to is the greater of what each is.
    fn of(phase: &Phase) -> Self {
        match phase {
            Phase::Accepted | Phase::Funding => Self::Opening,
            Phase::Idle | Phase::Proposing | Phase::Answering | Phase::Revoking(..) => Self::Open,
            Phase::Resizing => Self::Resizing,
            Phase::Closing => Self::Closing,
            Phase::Lost => Self::Lost,
            Phase::Publishing | Phase::Disputed(_) => Self::Disputed,
            Phase::Closed(Ending::Cooperative) => Self::Closed,
            Phase::Closed(Ending::Settled) => Self::Settled,
            Phase::Closed(Ending::Punished(_)) => Self::Punished,
            Phase::Closed(Ending::Resized) => Self::Resized,
            Phase::Abandoned => Self::Abandoned,
        }
    }

    /// Whether nothing will happen to it any more.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Closed | Self::Settled | Self::Punished | Self::Resized | Self::Abandoned)
    }
}

impl Wait {
    fn of(waiting: WaitingFor) -> Self {
        let (code, values) = match waiting {
            WaitingFor::Counterparty { message } => ("message", vec![message.to_owned()]),
            WaitingFor::Turn => ("turn", vec![]),
            WaitingFor::Resumption => ("resumption", vec![]),
            WaitingFor::Htlcs { pending } => ("htlcs", vec![pending.to_string()]),
            WaitingFor::Expiry { expiry, height } => {
                ("expiry", vec![expiry.to_string(), expiry.0.saturating_sub(height.0).to_string()])
            }
            WaitingFor::Burial { have, need } => ("burial", vec![have.to_string(), need.to_string()]),
            WaitingFor::Successor { valid_until, height } => {
                ("successor", vec![valid_until.to_string(), valid_until.0.saturating_sub(height.0).to_string()])
            }
            WaitingFor::Inclusion { transaction } => ("inclusion", vec![transaction.to_owned()]),
            WaitingFor::Window { ends, height } => {
                ("window", vec![ends.to_string(), ends.0.saturating_sub(height.0).to_string()])
            }
        };
        Self { code: code.to_owned(), values }
    }
}
