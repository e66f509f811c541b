//! The search against a naive model that walks every way there is.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::primitives::{Amount, ChannelId, Hash, Height, PublicKey, Side, Signature, Timestamp};

const NOW: Timestamp = Timestamp(1_000);
const FINAL: u32 = 10;

const fn units(units: u64) -> Amount {
    Amount::literal(units)
}

pub(super) const fn key(number: u8) -> PublicKey {
    PublicKey::Ed25519([number; 32])
}

pub(super) const fn id(number: u8) -> ChannelId {
    Hash([number; 32])
}

/// An announcement that counts as verified.
pub(super) const fn announced(channel: u8, side: Side, sequence: u64, policy: ChannelPolicy) -> Announcement {
    Announcement { channel: id(channel), side, sequence, policy, signature: Signature::Ed25519([0; 64]) }
}

#[derive(Debug, Clone)]
struct Line {
    ends: [u8; 2],
    capacity: u64,
    policies: [Option<ChannelPolicy>; 2],
    /// What passes and what fails, opener's and accepter's direction.
    known: [(Option<u64>, Option<u64>); 2],
    /// What the payer could pay here, if it is the payer's.
    spendable: u64,
    excluded: [bool; 2],
}

#[derive(Debug, Clone)]
struct Case {
    lines: Vec<Line>,
    amount: u64,
    limits: Limits,
    weights: Weights,
}

struct World {
    graph: Graph,
    memory: Memory,
    spendable: BTreeMap<ChannelId, Amount>,
    excluded: BTreeSet<(ChannelId, Side)>,
}

fn policy() -> impl Strategy<Value = Option<ChannelPolicy>> {
    let values = (0u64..30, 0u32..200_000, 1u32..40, 0u64..60, 40u64..600, prop::bool::weighted(0.9));
    let policy = values.prop_map(|(base, fee_rate, expiry_delta, minimum, maximum, enabled)| ChannelPolicy {
        fee_base: units(base),
        fee_rate,
        expiry_delta,
        htlc_minimum: units(minimum),
        htlc_maximum: units(maximum.max(minimum)),
        enabled,
    });
    prop::option::weighted(0.9, policy)
}

fn line(nodes: u8) -> impl Strategy<Value = Line> {
    let known = || (prop::option::weighted(0.2, 1u64..200), prop::option::weighted(0.2, 1u64..400));
    let excluded = || prop::bool::weighted(0.05);
    let ends = (0..nodes, 0..nodes - 1).prop_map(|(one, other)| [one, if other >= one { other + 1 } else { other }]);
    let values = (ends, 50u64..600, [policy(), policy()], [known(), known()], 0u64..500, [excluded(), excluded()]);
    values.prop_map(|(ends, capacity, policies, known, spendable, excluded)| Line {
        ends,
        capacity,
        policies,
        known,
        spendable,
        excluded,
    })
}

fn case() -> impl Strategy<Value = Case> {
    let limits = (prop_oneof![Just(10_000u64), 0u64..60], prop_oneof![Just(5_000u32), 10u32..90], 1u32..8)
        .prop_map(|(fee, blocks, hops)| Limits { fee: units(fee), blocks, hops });
    let weights = (any::<u16>(), 0u64..20, 0u32..100_000).prop_map(|(risk, base, doubt_rate)| Weights {
        risk,
        doubt_base: units(base),
        doubt_rate,
    });
    let lines = (2u8..7).prop_flat_map(|nodes| prop::collection::vec(line(nodes), 1..11));
    (lines, 1u64..250, limits, weights).prop_map(|(lines, amount, limits, weights)| Case {
        lines,
        amount,
        limits,
        weights,
    })
}

impl Case {
    fn world(&self, order: impl Iterator<Item = usize>) -> World {
        let (mut graph, mut memory) = (Graph::default(), Memory::default());
        let (mut spendable, mut excluded) = (BTreeMap::new(), BTreeSet::new());
        for at in order {
            let (line, number) = (&self.lines[at], at as u8);
            assert_eq!(graph.add(id(number), line.ends.map(key), units(line.capacity)), Ok(true));
            if line.ends.contains(&0) {
                spendable.insert(id(number), units(line.spendable));
            }
            for side in Side::BOTH {
                if let Some(policy) = line.policies[side.index()] {
                    assert_eq!(graph.apply_verified(announced(number, side, 1, policy)), Applied::News);
                }
                let (passes, fails) = line.known[side.index()];
                passes.inspect(|passes| memory.passed(id(number), side, units(*passes), NOW));
                fails.inspect(|fails| memory.failed(id(number), side, units(*fails), NOW));
                if line.excluded[side.index()] {
                    excluded.insert((id(number), side));
                }
            }
        }
        World { graph, memory, spendable, excluded }
    }

    fn query<'a>(&self, world: &'a World) -> Query<'a> {
        Query {
            payer: key(0),
            payee: key(1),
            amount: units(self.amount),
            height: Height(100),
            final_delta: FINAL,
            limits: self.limits,
            weights: self.weights,
            spendable: &world.spendable,
            memory: &world.memory,
            excluded: &world.excluded,
            now: NOW,
        }
    }

    /// The least cost over every way that visits no node twice.
    fn cheapest(&self, world: &World, limits: &Limits) -> Option<u64> {
        let mut best = None;
        let end = Walk { node: 1, amount: self.amount, blocks: FINAL, hops: 0, cost: 0 };
        self.walk(world, limits, end, &mut vec![1], &mut best);
        best
    }

    fn walk(&self, world: &World, limits: &Limits, to: Walk, visited: &mut Vec<u8>, best: &mut Option<u64>) {
        for (number, line) in (0..).zip(&self.lines) {
            for side in Side::BOTH {
                let (from, end) = (line.ends[side.index()], line.ends[side.other().index()]);
                if end != to.node || visited.contains(&from) {
                    continue;
                }
                let Some(reached) = self.step(world, number, side, from, to) else { continue };
                let fee = reached.amount - self.amount;
                if fee > limits.fee.units() || reached.blocks > limits.blocks || reached.hops > limits.hops {
                    continue;
                }
                if from == 0 {
                    *best = Some(best.map_or(reached.cost, |best| best.min(reached.cost)));
                    continue;
                }
                visited.push(from);
                self.walk(world, limits, reached, visited, best);
                visited.pop();
            }
        }
    }

    /// One channel more, from the rules as they are written down.
    fn step(&self, world: &World, number: u8, side: Side, from: u8, to: Walk) -> Option<Walk> {
        let line = &self.lines[number as usize];
        if line.excluded[side.index()] {
            return None;
        }
        if from == 0 {
            let able = line.spendable >= to.amount;
            return able.then_some(Walk { node: 0, hops: to.hops + 1, cost: to.cost + 1, ..to });
        }
        let policy = line.policies[side.index()].filter(|policy| policy.enabled)?;
        let fits =
            policy.htlc_minimum.units() <= self.amount && to.amount <= policy.htlc_maximum.units().min(line.capacity);
        let known = world.memory.of(&id(number), side, NOW);
        let bound = |bound: Option<(Amount, _)>| bound.map(|(amount, _)| amount.units());
        let (passes, fails) = (bound(known.passes).unwrap_or(0), bound(known.fails).unwrap_or(u64::MAX));
        let fails = fails.min(line.capacity + 1);
        if !fits || to.amount >= fails {
            return None;
        }
        let fee = policy.fee(units(to.amount))?.units();
        let delta = u64::from(policy.expiry_delta);
        // Billionths of a unit are millionths of a thousandth.
        let millions = to.amount / 1_000_000 * u64::from(self.weights.risk) * delta;
        let risk = millions + to.amount % 1_000_000 * u64::from(self.weights.risk) * delta / 1_000_000;
        let bits = if to.amount <= passes { 0 } else { log(fails - passes) - log(fails - to.amount) };
        let weight = self.weights.doubt_base.units() * 1_000 + self.amount * u64::from(self.weights.doubt_rate) / 1_000;
        let cost = to.cost + fee * 1_000 + risk + 1 + bits * weight / 65_536;
        let blocks = to.blocks + policy.expiry_delta;
        Some(Walk { node: from, amount: to.amount + fee, blocks, hops: to.hops + 1, cost })
    }

    /// Everything a route says is right, judged hop by hop.
    fn judge(&self, world: &World, route: &Route) {
        let query = self.query(world);
        let hops = &route.hops;
        assert!((1..=self.limits.hops as usize).contains(&hops.len()) && route.fee <= self.limits.fee);
        assert_eq!(
            hops.last().map(|hop| (hop.to.clone(), hop.amount, hop.expiry)),
            Some((key(1), query.amount, Height(110)))
        );
        assert_eq!(Some(route.sent()), query.amount.checked_add(route.fee));
        assert!(hops[0].expiry.0 <= 100 + u64::from(self.limits.blocks));
        let mut at = key(0);
        for hop in hops {
            let known = world.graph.channel(&hop.channel).expect("a channel of the graph");
            assert_eq!(
                (known.keys[hop.side.index()].clone(), known.keys[hop.side.other().index()].clone()),
                (at, hop.to.clone())
            );
            assert!(!world.excluded.contains(&(hop.channel, hop.side)) && hop.amount <= known.capacity.max(units(500)));
            at = hop.to.clone();
        }
        assert!(world.spendable[&hops[0].channel] >= hops[0].amount);
        for pair in hops.windows(2) {
            let known = world.graph.channel(&pair[1].channel).expect("a channel of the graph");
            let announcement = known.announcements[pair[1].side.index()].clone().expect("announced");
            let (incoming, outgoing) = ((pair[0].amount, pair[0].expiry), (pair[1].amount, pair[1].expiry));
            assert_eq!(announcement.policy.admit(incoming, outgoing), Ok(()));
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Walk {
    node: u8,
    amount: u64,
    blocks: u32,
    hops: u32,
    cost: u64,
}

fn log(number: u64) -> u64 {
    let power = (0..).take_while(|power| 1 << (power + 1) <= number).count() as u64;
    power * 65_536 + (number - (1 << power)) * 65_536 / (1 << power)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// There is a route exactly if the model finds one. The second search finds the cheapest; the first is not cheaper, and as cheap
    /// where no cost depends on what later hops take.
    #[test]
    fn agrees_with_every_way_walked(mut case in case(), flat: bool) {
        if flat {
            case.weights = Weights { risk: 0, doubt_base: Amount::ZERO, doubt_rate: 0 };
            case.limits = Limits { fee: units(10_000), blocks: 5_000, hops: 8 };
            let policies = case.lines.iter_mut().flat_map(|line| line.policies.iter_mut().flatten());
            policies.for_each(|policy| policy.fee_rate = 0);
            case.lines.iter_mut().for_each(|line| line.known = [(None, None); 2]);
        }
        let world = case.world(0..case.lines.len());
        let (query, expected) = (case.query(&world), case.cheapest(&world, &case.limits));
        let mut finder = Finder::new();
        let found = finder.find(&world.graph, &query);
        found.iter().for_each(|route| case.judge(&world, route));
        match (&found, expected) {
            (Ok(route), Some(cost)) => prop_assert!(if flat { route.cost == cost } else { route.cost >= cost }, "{} {cost}", route.cost),
            (Err(_), None) => {}
            _ => prop_assert!(false, "found {found:?}, but the cheapest costs {expected:?}"),
        }
        if let Some((payer, payee)) = world.graph.node(&key(0)).zip(world.graph.node(&key(1))) {
            let demand = step::Demand::new(&query, payer, payee);
            let mut knowledge = step::Knowledge::default();
            knowledge.load_own(&world.graph, &query, payer);
            knowledge.load_notes(&query);
            let exact = labels::search(&world.graph, &query, &demand, &knowledge);
            exact.iter().for_each(|route| case.judge(&world, route));
            prop_assert_eq!(exact.map(|route| route.cost), expected);
        }
    }

    /// Whatever order the graph was built in, whatever was searched before, the route is the same.
    #[test]
    fn the_order_of_arrival_does_not_matter(case in case(), extra in case()) {
        let forwards = case.world(0..case.lines.len());
        let mut backwards = case.world((0..case.lines.len()).rev());
        for number in 100..110 {
            prop_assert_eq!(backwards.graph.add(id(number), [key(number), key(number % 3)], units(9)), Ok(true));
        }
        for number in 100..110 {
            prop_assert!(backwards.graph.remove(&id(number)).is_some());
        }
        prop_assert_eq!(&forwards.graph, &backwards.graph);
        let mut used = Finder::new();
        let other = extra.world(0..extra.lines.len());
        let _ = used.find(&other.graph, &extra.query(&other));
        let found = Finder::new().find(&forwards.graph, &case.query(&forwards));
        prop_assert_eq!(found, used.find(&backwards.graph, &case.query(&backwards)));
    }

    /// What an error says is true: what it names as possible is, and no more.
    #[test]
    fn errors_tell_the_truth(mut case in case(), small: bool) {
        if small {
            let policies = case.lines.iter_mut().flat_map(|line| line.policies.iter_mut().flatten());
            policies.for_each(|policy| policy.htlc_minimum = Amount::ZERO);
        }
        let world = case.world(0..case.lines.len());
        let Err(error) = Finder::new().find(&world.graph, &case.query(&world)) else { return Ok(()) };
        let open = Limits { fee: Amount::MAX, blocks: u32::MAX, hops: MAX_HOPS };
        let bare = Case { limits: open, ..case.clone() };
        let anything = bare.cheapest(&world, &open);
        match error {
            NoRoute::UnknownPayee => prop_assert!(case.lines.iter().all(|line| !line.ends.contains(&1))),
            NoRoute::NoChannel => {
                let mine = case.lines.iter().filter(|line| line.ends.contains(&0));
                prop_assert!(mine.clone().all(|line| line.excluded[usize::from(line.ends[1] == 0)]));
            }
            NoRoute::OwnFunds { best, .. } => prop_assert!(world.spendable.values().all(|spendable| *spendable <= best || best < units(case.amount))),
            NoRoute::HopLimit { .. } | NoRoute::FeeLimit { .. } | NoRoute::ExpiryLimit { .. } | NoRoute::Limits { .. } => {
                prop_assert!(anything.is_some(), "{error}");
            }
            NoRoute::NoWay => prop_assert_eq!(anything, None),
            NoRoute::Minimum { amount, possible } => {
                prop_assert_eq!(anything, None);
                prop_assert!(possible > amount && !small);
            }
            NoRoute::Capacity { largest, amount } => {
                prop_assert_eq!(anything, None);
                prop_assert!(largest < amount && largest > Amount::ZERO);
                let able = |units| {
                    let mut without = Case { amount: units, ..bare.clone() };
                    let lines = without.lines.iter_mut();
                    lines.for_each(|line| (line.excluded[0], line.excluded[1], line.known) = (false, false, [(None, None); 2]));
                    without.cheapest(&without.world(0..case.lines.len()), &open).is_some()
                };
                let excluded = case.lines.iter().any(|line| line.excluded.contains(&true));
                prop_assert!(!small || excluded || (able(largest.units()) && !able(largest.units() + 1)));
            }
            NoRoute::FailedLately { largest, amount, .. } => {
                prop_assert_eq!(anything, None);
                prop_assert!(largest < amount);
            }
            NoRoute::NothingToPay | NoRoute::ToOneself | NoRoute::GaveUp { .. } => prop_assert!(false, "{error}"),
        }
    }
}
