//! One step of a search backwards: what carrying a payment over one more channel costs. Shared by both searches.

use super::{
    Edge, Graph, MAX_HOPS, Query, Remembered,
    graph::{other_way, tag},
};
use crate::primitives::{Amount, ChannelId, MAX_AMOUNT, Side};

/// Tags are told apart by as many values.
const TAGS: u32 = 1 << 15;
/// Thousandths of a base unit that every hop costs: of two equal routes the shorter one, and no step is free.
pub(super) const HOP: u64 = 1;

/// What is asked, in plain numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demand {
    pub(super) payer: u32,
    pub(super) payee: u32,
    /// To be delivered.
    pub(super) amount: u64,
    /// The most that any hop may carry: with all fees that are allowed.
    pub(super) most: u64,
    /// Blocks that hops may add to the payee's own.
    pub(super) blocks: u32,
    pub(super) hops: u32,
    /// Billionths of the amount for each block.
    pub(super) risk: u64,
    /// Thousandths of a base unit for each halving of the chance.
    pub(super) doubt: u64,
}

/// What a hop would carry, with divisions done once for all channels that could bring it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) amount: u64,
    /// The most that its fee may be.
    pub(super) room: u64,
    millions: u64,
    rest: u64,
    risk_millions: u64,
    risk_rest: u64,
}

/// What is known beyond announcements.
#[derive(Debug, Default)]
pub(super) struct Knowledge {
    /// By channel and side.
    notes: Vec<((ChannelId, Side), Note)>,
    /// Tags of what there may be notes of.
    noted: Bits,
    /// The payer's own channels that it says it can use, by neighbour, then id.
    pub(super) own: Vec<Own>,
    /// Neighbours of the payer; and those that it can pay the most that the search under way lets anybody carry.
    beside: Bits,
    within_reach: Bits,
}

/// Bounds of one direction: it carries `passes`, and not `fails`.
#[derive(Debug, Clone, Copy)]
struct Note {
    fails: u64,
    passes: u64,
}

/// A channel of the payer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Own {
    pub(super) peer: u32,
    /// The direction in which the payer pays.
    pub(super) link: u32,
    pub(super) spendable: u64,
}

/// A set of small numbers.
#[derive(Debug, Default)]
struct Bits(Vec<u64>);

impl Demand {
    /// The numbers of a query whose payer and payee have these.
    pub(super) fn new(query: &Query<'_>, payer: u32, payee: u32) -> Self {
        let (amount, weights) = (query.amount.units(), &query.weights);
        let rate = u128::from(amount) * u128::from(weights.doubt_rate) / 1_000;
        let doubt = u128::from(weights.doubt_base.units()) * 1_000 + rate;
        Self {
            payer,
            payee,
            amount,
            most: (amount + query.limits.fee.units()).min(MAX_AMOUNT),
            blocks: query.limits.blocks.saturating_sub(query.final_delta),
            hops: query.limits.hops.clamp(1, MAX_HOPS),
            risk: u64::from(weights.risk),
            doubt: u64::try_from(doubt).unwrap_or(u64::MAX),
        }
    }

    /// What the hop before one that carries `amount` would have to bring.
    pub(super) const fn load(&self, amount: u64) -> Load {
        let (millions, rest) = (amount / 1_000_000, amount % 1_000_000);
        let room = self.most - amount;
        Load { amount, room, millions, rest, risk_millions: millions * self.risk, risk_rest: rest * self.risk }
    }

    /// What the doubt costs whether `edge` can carry `amount`, which is at most its maximum; nothing if it is known that it cannot.
    ///
    /// What its payer has in it is taken to be anything between what is known to pass and what is known to fail, alike (Pickhardt and
    /// Richter, 2021): the chance is (fails − amount) / (fails − passes). Logarithms are to 2, interpolated, at most 0.09 too low.
    #[inline]
    pub(super) fn doubt(&self, graph: &Graph, knowledge: &Knowledge, edge: &Edge, amount: u64) -> Option<u64> {
        let mut note = Note { fails: edge.capacity + 1, passes: 0 };
        if let Some(known) = knowledge.note(graph, edge) {
            note = Note { fails: known.fails.min(note.fails), passes: known.passes };
        }
        if amount >= note.fails {
            return None;
        }
        if amount <= note.passes {
            return Some(0);
        }
        let bits = logarithm(note.fails - note.passes) - logarithm(note.fails - amount);
        let cost = (u128::from(bits) * u128::from(self.doubt)) >> 16;
        Some(u64::try_from(cost).unwrap_or(u64::MAX))
    }
}

impl Load {
    /// The fee for it over `edge`: exactly [`super::ChannelPolicy::fee`]. Cannot overflow, as a load is below 2^53 and a rate at most a million.
    #[inline]
    pub(super) const fn fee(&self, edge: &Edge) -> u64 {
        let rate = edge.fee_rate() as u64;
        edge.fee_base + self.millions * rate + self.rest * rate / 1_000_000
    }

    /// What a fee that there is room for, and the blocks for which `edge` holds the load, cost.
    #[inline]
    pub(super) const fn cost(&self, fee: u64, edge: &Edge) -> u64 {
        let delta = edge.expiry_delta() as u64;
        fee * 1_000 + self.risk_millions * delta + self.risk_rest * delta / 1_000_000 + HOP
    }
}

/// The logarithm of a positive number to 2, in parts of 2^16, interpolated between powers.
#[inline]
pub(crate) const fn logarithm(number: u64) -> u64 {
    let zeros = number.leading_zeros();
    let mantissa = ((number << zeros) << 1) >> 48;
    ((63 - zeros as u64) << 16) | mantissa
}

impl Knowledge {
    /// Looks up the payer's channels.
    pub(super) fn load_own(&mut self, graph: &Graph, query: &Query<'_>, payer: u32) {
        self.own.clear();
        self.own.extend(graph.incoming(payer).iter().filter_map(|edge| {
            let link = other_way(edge.link);
            let (channel, side) = graph.channel_side(link);
            let spendable = query.spendable.get(channel)?.units();
            let usable = !query.excluded.contains(&(*channel, side));
            usable.then_some(Own { peer: edge.from, link, spendable })
        }));
        self.own.sort_unstable_by_key(|own| (own.peer, graph.id(own.link)));
        self.beside.reset(graph.node_bound(), self.own.iter().map(|own| own.peer));
    }

    /// Takes in what was learned, and what is excluded.
    pub(super) fn load_notes(&mut self, query: &Query<'_>) {
        self.notes.clear();
        let learned = query.memory.iter(query.now).map(|(id, side, known)| ((*id, side), Note::of(known)));
        self.notes.extend(learned.filter(|(direction, _)| !query.excluded.contains(direction)));
        if !query.excluded.is_empty() {
            let never = Note { fails: 0, passes: 0 };
            self.notes.extend(query.excluded.iter().map(|direction| (*direction, never)));
            self.notes.sort_unstable_by_key(|(direction, _)| *direction);
        }
        self.noted.reset(TAGS as usize, self.notes.iter().map(|((id, _), _)| tag(id) % TAGS));
    }

    /// What is noted of a direction.
    #[inline]
    fn note(&self, graph: &Graph, edge: &Edge) -> Option<Note> {
        if self.noted.has(edge.tag % TAGS) { self.look_up(graph, edge.link) } else { None }
    }

    fn look_up(&self, graph: &Graph, link: u32) -> Option<Note> {
        let (id, side) = graph.channel_side(link);
        let found = self.notes.binary_search_by(|((channel, payer), _)| (channel, payer).cmp(&(id, &side)));
        found.ok().map(|at| self.notes[at].1)
    }

    /// The payer's own channels to `node`, by id.
    #[inline]
    pub(super) fn own_to(&self, node: u32) -> &[Own] {
        if !self.beside.has(node) {
            return &[];
        }
        let from = self.own.partition_point(|own| own.peer < node);
        let to = self.own.partition_point(|own| own.peer <= node);
        &self.own[from..to]
    }

    /// Finds out which neighbours the payer can pay whatever this search may ask for.
    pub(super) fn reach(&mut self, graph: &Graph, demand: &Demand) {
        let able = self.own.iter().filter(|own| own.spendable >= demand.most);
        self.within_reach.reset(graph.node_bound(), able.map(|own| own.peer));
    }

    /// Whether the payer can pay a node whatever this search may ask for.
    #[inline]
    pub(super) fn reaches(&self, node: u32) -> bool {
        self.within_reach.has(node)
    }

    /// The most that a direction can carry, by what is noted of it.
    pub(super) fn bound(&self, graph: &Graph, edge: &Edge) -> u64 {
        self.note(graph, edge).map_or(u64::MAX, |note| note.fails.saturating_sub(1))
    }
}

impl Note {
    fn of(known: Remembered) -> Self {
        let units = |bound: Option<(Amount, _)>| bound.map(|(amount, _)| amount.units());
        Self { fails: units(known.fails).unwrap_or(u64::MAX), passes: units(known.passes).unwrap_or(0) }
    }
}

impl Bits {
    fn reset(&mut self, bound: usize, members: impl Iterator<Item = u32>) {
        self.0.clear();
        self.0.resize(bound.div_ceil(64), 0);
        members.for_each(|member| self.0[member as usize / 64] |= 1 << (member % 64));
    }

    #[inline]
    fn has(&self, member: u32) -> bool {
        self.0[member as usize / 64] & (1 << (member % 64)) != 0
    }
}
