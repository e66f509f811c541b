//! Tables: what comes of announcements, and what stands in the way of a payment.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    model::{announced, id, key},
    *,
};
use crate::primitives::{Amount, ChannelId, Checks, Hash, Height, SecretKey, Side, Timestamp};

const GENESIS: Hash = Hash([7; 32]);

const fn units(units: u64) -> Amount {
    Amount::literal(units)
}

/// What a payment asks for, to be changed.
#[derive(Clone)]
struct Asked {
    graph: Graph,
    payee: u8,
    amount: u64,
    limits: Limits,
    spendable: BTreeMap<ChannelId, Amount>,
    memory: Memory,
    excluded: BTreeSet<(ChannelId, Side)>,
}

impl Asked {
    /// A line of this many channels, from node 0 on; each opener pays, for 1 and 10 %, within 5 blocks, up to 1,000.
    fn line(channels: u8) -> Self {
        let mut graph = Graph::default();
        for number in 0..channels {
            assert_eq!(graph.add(id(number), [key(number), key(number + 1)], units(1_000)), Ok(true));
            graph.apply_verified(announced(number, Side::Opener, 1, policy()));
        }
        Self {
            graph,
            payee: channels,
            amount: 100,
            limits: Limits { fee: units(100_000), blocks: 1_000, hops: MAX_HOPS },
            spendable: [(id(0), units(900))].into(),
            memory: Memory::default(),
            excluded: BTreeSet::new(),
        }
    }

    fn find(&self) -> Result<Route, NoRoute> {
        let query = Query {
            payer: key(0),
            payee: key(self.payee),
            amount: units(self.amount),
            height: Height(50),
            final_delta: 10,
            limits: self.limits,
            weights: Weights::default(),
            spendable: &self.spendable,
            memory: &self.memory,
            excluded: &self.excluded,
            now: Timestamp(0),
        };
        Finder::new().find(&self.graph, &query)
    }

    fn changed(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

fn policy() -> ChannelPolicy {
    ChannelPolicy { fee_base: units(1), fee_rate: 100_000, expiry_delta: 5, ..ChannelPolicy::default() }
}

/// What BOLT 7 says of fees and expiries, with numbers worked out by hand.
#[test]
fn amounts_and_expiries_add_up_backwards() {
    let route = Asked::line(3).find().expect("a line");
    let hops: Vec<_> =
        route.hops.iter().map(|hop| (hop.channel, hop.to.clone(), hop.amount.units(), hop.expiry.0)).collect();
    assert_eq!(
        hops,
        [(id(0), key(1), 123, 70), (id(1), key(2), 111, 65), (id(2), key(3), 100, 60)],
        "100, then 1 + 10 more, then 1 + 11 more; the payer's own channel is free"
    );
    assert_eq!((route.fee, route.sent(), route.delivered()), (units(23), units(123), units(100)));
}

#[test]
fn what_stands_in_the_way_is_said_with_values() {
    let line = || Asked::line(3);
    let fail = |memory: &mut Memory, amount| memory.failed(id(1), Side::Opener, units(amount), Timestamp(0));
    let table: [(Asked, &str); 15] = [
        (line().changed(|asked| asked.amount = 0), "a payment moves at least 1 base unit"),
        (line().changed(|asked| asked.payee = 0), "payer and payee are one"),
        (line().changed(|asked| asked.payee = 9), "the payee has no channel on the chain"),
        (line().changed(|asked| asked.spendable.clear()), "the payer has no channel to pay from"),
        (
            line().changed(|asked| asked.excluded = [(id(0), Side::Opener)].into()),
            "the payer has no channel to pay from",
        ),
        (line().changed(|asked| asked.amount = 901), "no channel of the payer can pay 901: the best can pay 900"),
        (
            line().changed(|asked| {
                let off = ChannelPolicy { enabled: false, ..policy() };
                asked.graph.apply_verified(announced(1, Side::Opener, 2, off));
            }),
            "no way of announced channels leads from the payer to the payee",
        ),
        // 743 + 75 + 82 = 900.
        (line().changed(|asked| asked.amount = 744), "channels can carry at most 743 to the payee, not 744"),
        (
            line().changed(|asked| fail(&mut asked.memory, 111)),
            "after what failed lately at most 99 of 743 can reach the payee, not 100",
        ),
        (
            line().changed(|asked| {
                let dear = ChannelPolicy { htlc_minimum: units(500), ..policy() };
                asked.graph.apply_verified(announced(2, Side::Opener, 2, dear));
            }),
            "no way carries as little as 100, but one carries 500",
        ),
        (line().changed(|asked| asked.limits.fee = units(22)), "a route costs a fee of 23, at most 22 is allowed"),
        (line().changed(|asked| asked.limits.blocks = 19), "a route may take 20 blocks, at most 19 are allowed"),
        (line().changed(|asked| asked.limits.hops = 2), "a route takes 3 hops, at most 2 are allowed"),
        (
            line().changed(|asked| (asked.limits.hops, asked.limits.blocks) = (2, 19)),
            "a route takes 3 hops, 20 blocks and a fee of 23: beyond several limits",
        ),
        (Asked::line(21).changed(|asked| asked.amount = 1), "a route takes 21 hops, at most 20 are allowed"),
    ];
    for (asked, expected) in table {
        assert_eq!(asked.find().map_err(|error| error.to_string()), Err(expected.to_owned()));
    }
    assert_eq!(Asked::line(20).changed(|asked| asked.amount = 1).find().map(|route| route.hops.len()), Ok(20));
}

/// The cheap way is too long; a dearer one of its last part is shorter. One label a node would lose it.
#[test]
fn a_hop_limit_finds_the_shorter_way() {
    let mut asked = Asked::line(4);
    asked.graph.add(id(9), [key(2), key(4)], units(1_000)).expect("new");
    asked.graph.apply_verified(announced(9, Side::Opener, 1, ChannelPolicy { fee_base: units(200), ..policy() }));
    let hops = |limit| asked.clone().changed(|asked| asked.limits.hops = limit).find().map(|route| route.hops.len());
    assert_eq!((hops(4), hops(3)), (Ok(4), Ok(3)));
    assert_eq!(hops(2), Err(NoRoute::HopLimit { hops: 4, limit: 2 }));
}

#[test]
fn the_best_of_parallel_channels_is_taken() {
    let mut asked = Asked::line(2);
    let taken = |asked: &Asked| asked.find().map(|route| route.hops[1].channel);
    for (number, fee_base, capacity) in [(10, 1, 1_000), (11, 0, 1_000), (12, 0, 99)] {
        asked.graph.add(id(number), [key(1), key(2)], units(capacity)).expect("new");
        let policy = ChannelPolicy { fee_base: units(fee_base), ..policy() };
        asked.graph.apply_verified(announced(number, Side::Opener, 1, policy));
    }
    assert_eq!(taken(&asked), Ok(id(11)), "the cheapest that is large enough");
    asked.excluded.insert((id(11), Side::Opener));
    assert_eq!(taken(&asked), Ok(id(1)), "of two alike that with the lower id");
    asked.memory.failed(id(1), Side::Opener, units(100), Timestamp(0));
    assert_eq!(taken(&asked), Ok(id(10)));
    asked.memory.passed(id(1), Side::Opener, units(100), Timestamp(0));
    assert_eq!(taken(&asked), Ok(id(1)), "known to pass: no doubt");
}

#[test]
fn only_news_of_the_right_side_is_applied() {
    let secrets = [[1; 32], [2; 32]].map(SecretKey::from_seed);
    let keys = [secrets[0].public(), secrets[1].public()];
    let sign = |signer: usize, side, sequence| {
        let policy = ChannelPolicy { fee_base: units(sequence), ..policy() };
        Announcement::sign(&secrets[signer], &GENESIS, id(1), side, sequence, policy).expect("in range")
    };
    let mut graph = Graph::default();
    let mut checks = Checks::forgetful();
    let mut apply = |graph: &mut Graph, announcement| graph.apply(announcement, &GENESIS, &mut checks);
    assert_eq!(apply(&mut graph, sign(0, Side::Opener, 5)), Applied::UnknownChannel);
    assert_eq!(graph.add(id(1), keys.clone(), units(1_000)), Ok(true));
    assert_eq!(graph.add(id(1), keys.clone(), units(9)), Ok(false), "known: nothing changes");
    assert_eq!(
        graph.add(id(2), [keys[0].clone(), keys[0].clone()], units(9)),
        Err(GraphError::SameParty { channel: id(2) })
    );
    let table = [
        (sign(0, Side::Opener, 5), Applied::News),
        (sign(0, Side::Opener, 5), Applied::Stale { known: 5 }),
        (sign(0, Side::Opener, 4), Applied::Stale { known: 5 }),
        (sign(1, Side::Opener, 6), Applied::BadSigner),
        (sign(0, Side::Accepter, 6), Applied::BadSigner),
        (Announcement { sequence: 7, ..sign(0, Side::Opener, 6) }, Applied::BadSigner),
        (Announcement { sequence: 1 << 53, ..sign(0, Side::Opener, 6) }, Applied::OutOfRange),
        (sign(1, Side::Accepter, 0), Applied::News),
        (sign(0, Side::Opener, 6), Applied::News),
    ];
    for (announcement, expected) in table {
        assert_eq!(apply(&mut graph, announcement.clone()), expected, "{announcement:?}");
    }
    let known = graph.remove(&id(1)).expect("known");
    assert_eq!(known.announcements.map(|newest| newest.map(|newest| newest.sequence)), [Some(6), Some(0)]);
    assert!(graph.is_empty() && graph.nodes() == 0 && graph.remove(&id(1)).is_none());
}

/// Channels come and go: what is left is found as if nothing else had ever been there, in no more memory.
#[test]
fn places_are_used_again() {
    let mut graph = Asked::line(5).graph;
    let before = graph.clone();
    for round in 0..50 {
        for number in 100..120 {
            let ends = [key(number % 6), key(100 + (number + round) % 20)];
            assert_eq!(graph.add(id(number), ends, units(10)), Ok(true));
            graph.apply_verified(announced(number, Side::Accepter, 1, policy()));
        }
        for number in (100..120).rev() {
            assert!(graph.remove(&id(number)).is_some());
        }
    }
    assert_eq!((&graph, graph.nodes(), graph.node_bound() <= 26), (&before, 6, true));
    assert_eq!(borsh::to_vec(&graph).ok(), borsh::to_vec(&before).ok());
    let asked = Asked::line(5);
    assert_eq!(Asked { graph, ..asked.clone() }.find(), asked.find());
}
