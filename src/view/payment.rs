//! Payments over routes: what the payer knows of each, and what really happened.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};

use super::{
    channel::{HtlcView, Pair, Stage},
    number::grouped,
};
use crate::{
    channel::{
        Failure, FailureReason,
        routing::{NoRoute, Route},
    },
    node::{Attempt, Outcome, Payment, Unpaid},
    primitives::{Address, Amount, ChannelId, Hash, Height, PaymentHash, PublicKey, Timestamp},
    sim::{NodeIndex, Obstacle, Trace, Widest, World},
};

/// Payments that are listed.
const MAX_ROWS: usize = 30;

/// Payments over routes.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PaymentsView {
    /// Those under way first, newest first.
    pub rows: Vec<PaymentRow>,
    /// How many have arrived.
    pub arrived: u64,
    /// How many were given up.
    pub failed: u64,
    /// How many are under way.
    pub under_way: usize,
}

/// One payment.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PaymentRow {
    /// What it is paid to.
    pub payment: Hash,
    /// Who pays.
    pub from: String,
    /// Who is paid.
    pub to: String,
    /// Base units that are to arrive.
    pub amount: Amount,
    /// Base units of fees: paid, or of the route that was tried last.
    pub fee: Option<Amount>,
    /// How far it is.
    pub state: PaymentState,
    /// When it began, by the payer's clock.
    pub began: Timestamp,
    /// Each route tried, in order.
    pub attempts: Vec<AttemptView>,
    /// Why it was given up, as the payer knows it.
    pub why: Option<Cause>,
    /// What was really so then.
    pub truth: Option<Cause>,
}

/// How far a payment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum PaymentState {
    /// On its way.
    UnderWay,
    /// Its payee has been offered it and keeps it waiting.
    Held,
    /// The payer has the receipt.
    Arrived,
    /// Given up.
    Failed,
}

/// One route that was tried.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AttemptView {
    /// From the payer on.
    pub hops: Vec<HopView>,
    /// The hop that failed; nothing if none has, or if that was the payee.
    pub failed_at: Option<usize>,
    /// What the payer was told.
    pub said: Option<Cause>,
    /// What nobody told it.
    pub truth: Option<Cause>,
}

/// One channel of a route.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct HopView {
    /// Who pays in it.
    pub from: String,
    /// Who is paid in it.
    pub to: String,
    /// Which channel.
    pub channel: Hash,
    /// Base units it carries.
    pub amount: Amount,
    /// When its HTLC expires.
    pub expiry: Height,
    /// Blocks until then, by the payer's chain; nothing if that is over.
    pub left: Option<u64>,
    /// How far it is now.
    pub stage: Stage,
}

/// Why something is as it is: a code and what its sentence is filled with.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Cause {
    /// The key of its sentence.
    pub code: String,
    /// In order.
    pub values: Vec<String>,
}

impl Cause {
    fn of(code: String, values: impl IntoIterator<Item = String>) -> Self {
        Self { code, values: values.into_iter().collect() }
    }
}

impl PaymentsView {
    pub(super) fn of(world: &World, pairs: &BTreeMap<ChannelId, Pair<'_>>) -> Self {
        let tried = world.tried();
        let newest = |is_over: bool| world.traces().rev().filter(move |trace| trace.is_over == is_over);
        let rows = newest(false).chain(newest(true)).take(MAX_ROWS);
        Self {
            rows: rows.filter_map(|trace| Some(PaymentRow::of(world, pairs, trace, world.traced(trace)?))).collect(),
            arrived: tried.arrived,
            failed: tried.failed,
            under_way: tried.under_way,
        }
    }
}

impl PaymentRow {
    fn of(world: &World, pairs: &BTreeMap<ChannelId, Pair<'_>>, trace: &Trace, paid: &Payment) -> Self {
        let payer = world.node(trace.payer);
        let from = payer.map(|sim| sim.name.clone()).unwrap_or_default();
        let height = payer.and_then(|sim| sim.node.as_ref()).map(|node| node.chain().height());
        let seen = Seen {
            world,
            pairs,
            payment: paid.invoice.payment,
            payee: paid.invoice.payee.clone(),
            from: &from,
            height,
        };
        let mut obstacles = trace.obstacles.as_slice();
        let attempts: Vec<AttemptView> =
            paid.attempts.iter().map(|attempt| seen.attempt(attempt, paid, &mut obstacles)).collect();
        let (why, fee) = match &paid.outcome {
            Some(Outcome::Paid { fee, .. }) => (None, Some(*fee)),
            Some(Outcome::Failed { why }) => (Some(seen.unpaid(why)), None),
            None => (None, None),
        };
        let last = attempts.last().and_then(|attempt| attempt.hops.last());
        let held = last.is_some_and(|hop| hop.stage == Stage::Committed) && seen.payee_holds();
        Self {
            payment: paid.invoice.payment,
            to: name(world, &paid.invoice.payee),
            amount: paid.invoice.amount,
            fee: fee.or_else(|| paid.attempts.last().map(|attempt| attempt.route.fee)),
            state: match &paid.outcome {
                Some(Outcome::Paid { .. }) => PaymentState::Arrived,
                Some(Outcome::Failed { .. }) => PaymentState::Failed,
                None if held => PaymentState::Held,
                None => PaymentState::UnderWay,
            },
            began: paid.began,
            attempts,
            truth: trace.widest.as_ref().map(|widest| really(world, widest, paid.invoice.amount)),
            why,
            from,
        }
    }
}

/// What one payment is looked at with.
struct Seen<'a> {
    world: &'a World,
    pairs: &'a BTreeMap<ChannelId, Pair<'a>>,
    payment: PaymentHash,
    payee: PublicKey,
    from: &'a str,
    height: Option<Height>,
}

impl Seen<'_> {
    /// One attempt, with the obstacle that it met, which is taken off those that are left.
    fn attempt(&self, attempt: &Attempt, paid: &Payment, obstacles: &mut &[Obstacle]) -> AttemptView {
        let route = &attempt.route;
        let on_route = |obstacle: &Obstacle| route.hops.iter().position(|hop| hop.channel == obstacle.channel);
        let met = obstacles.first().copied().filter(|met| match &attempt.failure {
            Some(failure) => failure.channel == Some(met.channel),
            None => on_route(met).is_some(),
        });
        if met.is_some() {
            *obstacles = &obstacles[1..];
        }
        let blocked = met.as_ref().and_then(on_route);
        let stages = match &attempt.failure {
            Some(_) => failed(route, attempt.failed_at().or(blocked)),
            None if paid.outcome.as_ref().is_some_and(Outcome::is_paid) => vec![Stage::Fulfilled; route.hops.len()],
            None => self.stages(route, blocked),
        };
        let truth = met.map(|met| self.truth(route, &met));
        AttemptView {
            hops: self.hops(route, &stages),
            failed_at: attempt.failed_at(),
            said: attempt.failure.as_ref().map(|failure| self.said(route, failure)),
            truth: truth.filter(|_| attempt.failure.is_some()),
        }
    }

    fn hops(&self, route: &Route, stages: &[Stage]) -> Vec<HopView> {
        let mut from = self.from.to_owned();
        let hop = |(hop, stage): (&crate::channel::routing::Hop, &Stage)| {
            let to = name(self.world, &hop.to);
            let left = self.height.filter(|_| matches!(stage, Stage::Waiting | Stage::Offered | Stage::Committed));
            HopView {
                from: std::mem::replace(&mut from, to.clone()),
                to,
                channel: hop.channel,
                amount: hop.amount,
                expiry: hop.expiry,
                left: left.map(|height| hop.expiry.0.saturating_sub(height.0)),
                stage: *stage,
            }
        };
        route.hops.iter().zip(stages).map(hop).collect()
    }

    /// How far each hop of an attempt is that may still succeed. What is gone from a channel has gone the way of what follows.
    fn stages(&self, route: &Route, blocked: Option<usize>) -> Vec<Stage> {
        let there = |hop: &crate::channel::routing::Hop| {
            let pair = self.pairs.get(&hop.channel)?;
            HtlcView::stage(pair, hop.side, &self.payment)
        };
        let taken = self.payee_has_it();
        let stage = |(at, hop): (usize, &crate::channel::routing::Hop)| {
            there(hop).unwrap_or(match blocked {
                Some(blocked) if at <= blocked => Stage::Failed,
                None if taken => Stage::Fulfilled,
                _ => Stage::Waiting,
            })
        };
        route.hops.iter().enumerate().map(stage).collect()
    }

    fn payee_node(&self) -> Option<&crate::node::Node> {
        let address = Address::of(&self.payee);
        self.world.nodes().iter().find(|sim| sim.address == address)?.node.as_ref()
    }

    fn payee_holds(&self) -> bool {
        self.payee_node().is_some_and(|node| node.holds_payments())
    }

    /// Whether the payee has been offered it, whatever it did then.
    fn payee_has_it(&self) -> bool {
        let invoiced = self.payee_node().and_then(|node| node.invoice(&self.payment));
        invoiced.is_some_and(|invoiced| invoiced.paid_by.is_some())
    }

    /// Who pays whom in the hop through a channel.
    fn ends(&self, route: &Route, channel: &ChannelId) -> Option<[String; 2]> {
        let at = route.hops.iter().position(|hop| hop.channel == *channel)?;
        let from = at.checked_sub(1).map(|before| name(self.world, &route.hops[before].to));
        Some([from.unwrap_or_else(|| self.from.to_owned()), name(self.world, &route.hops[at].to)])
    }

    /// What a failure tells the payer: who says so, from whom to whom, and the reason's values.
    fn said(&self, route: &Route, failure: &Failure) -> Cause {
        let ends = failure.channel.and_then(|channel| self.ends(route, &channel)).unwrap_or_default();
        let values = std::iter::once(name(self.world, &failure.at)).chain(ends).chain(values_of(&failure.reason));
        Cause::of(format!("said-{}", failure.reason.code()), values)
    }

    /// What a forwarder saw: from whom to whom, what was needed, what there was, and the difference.
    fn truth(&self, route: &Route, met: &Obstacle) -> Cause {
        let ends = self.ends(route, &met.channel).unwrap_or_default();
        let short = met.needed.checked_sub(met.available).unwrap_or_default();
        let code = match met.reason {
            FailureReason::Insufficient => "truth-short",
            FailureReason::NotReady => "truth-not-ready",
            FailureReason::UnknownChannel => "truth-no-channel",
            _ => "truth-terms",
        };
        let amounts = [met.needed, met.available, short].map(grouped);
        Cause::of(code.to_owned(), ends.into_iter().chain(amounts))
    }

    fn unpaid(&self, why: &Unpaid) -> Cause {
        match why {
            Unpaid::Route(no_route) => {
                let amounts = route_values(no_route);
                Cause::of(format!("unpaid-{}", no_route.code()), amounts)
            }
            Unpaid::Payee(reason) => {
                let who = [name(self.world, &self.payee), String::new(), String::new()];
                Cause::of(format!("said-{}", reason.code()), who.into_iter().chain(values_of(reason)))
            }
            Unpaid::Attempts => Cause::of("unpaid-attempts".to_owned(), []),
        }
    }
}

/// Hops of an attempt that has come back from the one at `place`, or from the payee.
fn failed(route: &Route, place: Option<usize>) -> Vec<Stage> {
    let stage = |at| if place.is_none_or(|place| at <= place) { Stage::Failed } else { Stage::Waiting };
    (0..route.hops.len()).map(stage).collect()
}

/// What the channels could really carry when a payment found no route.
fn really(world: &World, widest: &Widest, wanted: Amount) -> Cause {
    let Widest { way, amount, narrowest } = widest;
    let named = |index: &NodeIndex| world.node(*index).map(|sim| sim.name.clone()).unwrap_or_default();
    let names: Vec<String> = way.iter().map(named).collect();
    let end = |at: usize| names.get(at).cloned().unwrap_or_default();
    let code = match names.is_empty() {
        true => "truth-no-way",
        false if *amount >= wanted => "truth-wide-enough",
        false => "truth-widest",
    };
    Cause::of(code.to_owned(), [names.join(" → "), grouped(*amount), end(*narrowest), end(narrowest + 1)])
}

fn values_of(reason: &FailureReason) -> Vec<String> {
    match reason {
        FailureReason::WrongAmount { expected: amount }
        | FailureReason::BelowMinimum { minimum: amount }
        | FailureReason::AboveMaximum { maximum: amount } => vec![grouped(*amount)],
        FailureReason::FeeTooLow { found, needed } => vec![grouped(*found), grouped(*needed)],
        FailureReason::DeltaTooSmall { found, needed } => vec![grouped(*found), grouped(*needed)],
        _ => Vec::new(),
    }
}

fn route_values(no_route: &NoRoute) -> Vec<String> {
    match no_route {
        NoRoute::OwnFunds { amount, best: found }
        | NoRoute::Capacity { amount, largest: found }
        | NoRoute::Minimum { amount, possible: found } => vec![grouped(*amount), grouped(*found)],
        NoRoute::FailedLately { amount, largest, announced } => {
            [amount, largest, announced].map(|amount| grouped(*amount)).into()
        }
        NoRoute::HopLimit { hops, limit } => vec![grouped(*hops), grouped(*limit)],
        NoRoute::ExpiryLimit { blocks, limit } => vec![grouped(*blocks), grouped(*limit)],
        NoRoute::FeeLimit { fee, limit } => vec![grouped(*fee), grouped(*limit)],
        NoRoute::Limits { hops, blocks, fee } => vec![grouped(*hops), grouped(*blocks), grouped(*fee)],
        NoRoute::GaveUp { limit } => vec![grouped(*limit)],
        NoRoute::NothingToPay | NoRoute::ToOneself | NoRoute::UnknownPayee | NoRoute::NoChannel | NoRoute::NoWay => {
            Vec::new()
        }
    }
}

/// Whose key this is; its address in short if nobody here has it.
fn name(world: &World, key: &PublicKey) -> String {
    let address = Address::of(key);
    world.name_of(&address).map_or_else(|| address.short(), str::to_owned)
}
