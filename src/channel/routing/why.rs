//! Why there is no route.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use super::{
    Finder, Graph, MAX_HOPS, Query,
    bottleneck::{
        self,
        Minimum::{OfCarried, OfDemand},
    },
    labels::MAX_LABELS,
    step::{Demand, Knowledge},
};
use crate::primitives::{Amount, MAX_AMOUNT};

/// What stands in the way of a payment. Found out only after a search failed: a few searches more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, BorshSerialize, BorshDeserialize)]
#[serde(tag = "code", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum NoRoute {
    /// A payment of nothing.
    #[error("a payment moves at least 1 base unit")]
    NothingToPay,
    /// The payer is the payee.
    #[error("payer and payee are one")]
    ToOneself,
    /// The payee has no channel.
    #[error("the payee has no channel on the chain")]
    UnknownPayee,
    /// The payer has none that it could use.
    #[error("the payer has no channel to pay from")]
    NoChannel,
    /// None of the payer's channels has enough.
    #[error("no channel of the payer can pay {amount}: the best can pay {best}")]
    OwnFunds {
        /// To be delivered.
        amount: Amount,
        /// The most that one of its channels can pay.
        best: Amount,
    },
    /// No way leads to the payee.
    #[error("no way of announced channels leads from the payer to the payee")]
    NoWay,
    /// Channels on every way are too small.
    #[error("channels can carry at most {largest} to the payee, not {amount}")]
    Capacity {
        /// To be delivered.
        amount: Amount,
        /// The most that could be, by what is announced.
        largest: Amount,
    },
    /// Channels on every way are too small, or failed lately.
    #[error("after what failed lately at most {largest} of {announced} can reach the payee, not {amount}")]
    FailedLately {
        /// To be delivered.
        amount: Amount,
        /// The most that could be, by all that is known.
        largest: Amount,
        /// The most that could be, by what is announced.
        announced: Amount,
    },
    /// Every way that could carry it has a channel that does not carry so little.
    #[error("no way carries as little as {amount}, but one carries {possible}")]
    Minimum {
        /// To be delivered.
        amount: Amount,
        /// What could be instead: not always the least.
        possible: Amount,
    },
    /// Only longer routes.
    #[error("a route takes {hops} hops, at most {limit} are allowed")]
    HopLimit {
        /// Of the cheapest route within the other limits.
        hops: u32,
        /// What is allowed.
        limit: u32,
    },
    /// Only slower routes.
    #[error("a route may take {blocks} blocks, at most {limit} are allowed")]
    ExpiryLimit {
        /// Of the cheapest route within the other limits, from now on.
        blocks: u64,
        /// What is allowed.
        limit: u32,
    },
    /// Only dearer routes.
    #[error("a route costs a fee of {fee}, at most {limit} is allowed")]
    FeeLimit {
        /// Of the cheapest route within the other limits.
        fee: Amount,
        /// What is allowed.
        limit: Amount,
    },
    /// Routes exist, but each goes beyond several limits.
    #[error("a route takes {hops} hops, {blocks} blocks and a fee of {fee}: beyond several limits")]
    Limits {
        /// Of the cheapest route.
        hops: u32,
        /// Of the cheapest route, from now on.
        blocks: u64,
        /// Of the cheapest route.
        fee: Amount,
    },
    /// Too many ways to compare them all.
    #[error("no route found among {limit} ways")]
    GaveUp {
        /// How many were looked at.
        limit: usize,
    },
}

impl NoRoute {
    /// A stable name.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NothingToPay => "nothing-to-pay",
            Self::ToOneself => "to-oneself",
            Self::UnknownPayee => "unknown-payee",
            Self::NoChannel => "no-channel",
            Self::OwnFunds { .. } => "own-funds",
            Self::NoWay => "no-way",
            Self::Capacity { .. } => "capacity",
            Self::FailedLately { .. } => "failed-lately",
            Self::Minimum { .. } => "minimum",
            Self::HopLimit { .. } => "hop-limit",
            Self::ExpiryLimit { .. } => "expiry-limit",
            Self::FeeLimit { .. } => "fee-limit",
            Self::Limits { .. } => "limits",
            Self::GaveUp { .. } => "gave-up",
        }
    }
}

/// The numbers of payer and payee, or what is wrong before any search.
pub(super) fn ends(graph: &Graph, query: &Query<'_>) -> Result<(u32, u32), NoRoute> {
    if query.amount == Amount::ZERO {
        return Err(NoRoute::NothingToPay);
    }
    if query.payer == query.payee {
        return Err(NoRoute::ToOneself);
    }
    let payee = graph.node(&query.payee).ok_or(NoRoute::UnknownPayee)?;
    let payer = graph.node(&query.payer).ok_or(NoRoute::NoChannel)?;
    Ok((payer, payee))
}

/// Whether the payer has a channel with enough.
pub(super) fn own_funds(knowledge: &Knowledge, query: &Query<'_>) -> Result<(), NoRoute> {
    let best = knowledge.own.iter().map(|own| own.spendable).max().ok_or(NoRoute::NoChannel)?;
    if best < query.amount.units() {
        return Err(NoRoute::OwnFunds { amount: query.amount, best: amount(best) });
    }
    Ok(())
}

/// What stands in the way, once both searches have failed.
pub(super) fn explain(finder: &mut Finder, graph: &Graph, query: &Query<'_>, demand: &Demand) -> NoRoute {
    let of = |minimum, knowledge| bottleneck::widest(graph, demand, &finder.knowledge().own, minimum, knowledge);
    let most = |minimum, knowledge| amount(of(minimum, knowledge).amount);
    if most(OfDemand, Some(finder.knowledge())) >= query.amount {
        return beyond(finder, graph, query, demand).unwrap_or(NoRoute::GaveUp { limit: MAX_LABELS });
    }
    let (wanted, widest) = (query.amount, of(OfCarried, None));
    let announced = amount(widest.amount);
    if most(OfDemand, None) >= wanted {
        let largest = most(OfDemand, Some(finder.knowledge()));
        return NoRoute::FailedLately { amount: wanted, largest, announced };
    }
    match announced {
        Amount::ZERO => NoRoute::NoWay,
        _ if announced < wanted => NoRoute::Capacity { amount: wanted, largest: announced },
        _ => NoRoute::Minimum { amount: wanted, possible: amount(widest.minimum.min(widest.amount)) },
    }
}

/// Which limit is in the way: the one without which there would be a route.
fn beyond(finder: &mut Finder, graph: &Graph, query: &Query<'_>, demand: &Demand) -> Option<NoRoute> {
    let (most, blocks, hops) = (MAX_AMOUNT, u32::MAX / 2, u32::MAX / 2);
    let mut without = |lifted: Demand| {
        let route = finder.search(graph, query, &lifted)?;
        let hops = u32::try_from(route.hops.len()).unwrap_or(u32::MAX);
        let blocks = route.hops.first().map_or(0, |hop| hop.expiry.0.saturating_sub(query.height.0));
        Some((route.fee, blocks, hops))
    };
    let limits = &query.limits;
    if let Some((fee, ..)) = without(Demand { most, ..*demand }) {
        return Some(NoRoute::FeeLimit { fee, limit: limits.fee });
    }
    if let Some((_, blocks, _)) = without(Demand { blocks, ..*demand }) {
        return Some(NoRoute::ExpiryLimit { blocks, limit: limits.blocks });
    }
    if let Some((.., hops)) = without(Demand { hops, ..*demand }) {
        return Some(NoRoute::HopLimit { hops, limit: limits.hops.min(MAX_HOPS) });
    }
    let (fee, blocks, hops) = without(Demand { most, blocks, hops, ..*demand })?;
    Some(NoRoute::Limits { hops, blocks, fee })
}

fn amount(units: u64) -> Amount {
    Amount::new(units.min(MAX_AMOUNT)).expect("just bounded")
}
