//! Routes through a large network of channels, found and tried.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    hint::black_box,
};

use rand_chacha::{
    ChaCha12Rng,
    rand_core::{RngCore, SeedableRng},
};

use super::row::Piece;
use crate::{
    channel::routing::{
        Announcement, ChannelPolicy, Finder, Graph, Hop, Limits, Memory, Query, Route, Weights, logarithm,
    },
    primitives::{Amount, ChannelId, Height, PublicKey, Side, Signature, Tag, Timestamp},
};

const CHANNEL: Tag = Tag::new("tabchain/bench-channel");
const NODES: u32 = 6_000;
/// Channels that each node opens: 60,000 in all.
const OPENED: u32 = 10;
/// Queries taken in turn.
const QUERIES: usize = 64;
/// Payments of one piece of [`success`], by payers that pay ten times each.
const PAYMENTS: usize = 100;
const EACH: usize = 10;
/// Attempts of one payment.
const ATTEMPTS: usize = 20;
/// Between two attempts, ms.
const PAUSE: u64 = 1_000;

/// A network with what nobody sees of it: who owns how much in each channel.
struct Network {
    graph: Graph,
    keys: Vec<PublicKey>,
    balances: BTreeMap<ChannelId, [u64; 2]>,
    random: Random,
}

/// A payment to be made.
struct Payment {
    payer: u32,
    payee: u32,
    amount: Amount,
    spendable: BTreeMap<ChannelId, Amount>,
}

struct Random(ChaCha12Rng);

/// One piece: a route for each of 64 payments between nodes of a network of 6,000 nodes and 60,000 channels, by payers that remember what they
/// learned from paying before.
pub(super) fn routes() -> Piece {
    let (mut finder, mut network) = (Finder::new(), Network::new());
    let (payments, memory) = network.feasible(&mut finder);
    let mut turn = 0;
    Box::new(move || {
        let payment = &payments[turn % payments.len()];
        turn += 1;
        let query = network.query(payment, &memory, &EXCLUDED, Timestamp(0));
        black_box(finder.find(&network.graph, &query)).expect("chosen to have a route");
        1
    })
}

/// One piece: the same by Dijkstra's bare algorithm. A channel weighs its fee for the amount delivered and the doubt that its capacity leaves; nothing
/// adds up but that, nothing was learned, and only what a way costs comes out, not which it is.
pub(super) fn bound() -> Piece {
    let mut network = Network::new();
    let (payments, _) = network.feasible(&mut Finder::new());
    let mut turn = 0;
    let (mut best, mut heap) = (Vec::new(), BinaryHeap::new());
    Box::new(move || {
        let payment = &payments[turn % payments.len()];
        turn += 1;
        black_box(network.bare(payment, &mut best, &mut heap)).expect("chosen to have a route");
        1
    })
}

/// One piece: how many of 100 payments arrive. A payer tries again with what it learned, and remembers it for its next payments. What
/// arrives moves the balances.
pub(super) fn success() -> Piece {
    let mut network = Network::new();
    let before = network.balances.clone();
    let seed = network.random.below(u32::MAX);
    let mut finder = Finder::new();
    Box::new(move || {
        network.balances.clone_from(&before);
        network.random = Random::new(seed);
        network.pay_all(&mut finder)
    })
}

static EXCLUDED: BTreeSet<(ChannelId, Side)> = BTreeSet::new();

impl Network {
    /// Nodes attach to those that have many channels (Barabási and Albert, 1999).
    fn new() -> Self {
        let mut random = Random::new(1);
        let keys: Vec<PublicKey> = (0..NODES).map(|node| PublicKey::Ed25519(CHANNEL.hash_of(&node).0)).collect();
        let mut network = Self { graph: Graph::default(), keys, balances: BTreeMap::new(), random: Random::new(2) };
        // Whoever has a channel stands here once for each.
        let mut ends: Vec<u32> = (0..OPENED).collect();
        for node in 0..NODES {
            for _ in 0..OPENED {
                let peer = ends[random.below(ends.len() as u32) as usize];
                network.open(&mut random, node, if peer == node { (node + 1) % OPENED } else { peer });
                ends.extend([node, peer]);
            }
        }
        network
    }

    fn open(&mut self, random: &mut Random, opener: u32, accepter: u32) {
        let id = CHANNEL.hash_of(&(opener, accepter, random.0.next_u64()));
        let capacity = random.heavy(50_000, 1_000_000_000);
        let keys = [opener, accepter].map(|node| self.keys[node as usize].clone());
        self.graph.add(id, keys, amount(capacity)).expect("far fewer than a graph holds, and of two parties");
        let opener = random.share(capacity);
        self.balances.insert(id, [opener, capacity - opener]);
        for side in Side::BOTH {
            let policy = random.policy(capacity);
            let signature = Signature::Ed25519([0; 64]);
            self.graph.apply_verified(Announcement { channel: id, side, sequence: 0, policy, signature });
        }
    }

    fn payment(&mut self) -> Payment {
        let payer = self.random.below(NODES);
        let payee = (payer + 1 + self.random.below(NODES - 1)) % NODES;
        self.payment_of(payer, payee)
    }

    fn payment_of(&mut self, payer: u32, payee: u32) -> Payment {
        let amount = amount(self.random.heavy(1_000, 10_000_000));
        Payment { payer, payee, amount, spendable: self.spendable(payer) }
    }

    fn spendable(&self, payer: u32) -> BTreeMap<ChannelId, Amount> {
        let key = self.keys[payer as usize].clone();
        let own = self.graph.of(&key).filter_map(|known| {
            let side = Side::BOTH.into_iter().find(|side| known.keys[side.index()] == key)?;
            Some((known.id, amount(self.balances[&known.id][side.index()])))
        });
        own.collect()
    }

    /// Payments over several hops, what was learned from trying as many, and for all of which there still are routes then.
    fn feasible(&mut self, finder: &mut Finder) -> (Vec<Payment>, Memory) {
        let (mut memory, mut payments) = (Memory::default(), Vec::new());
        for _ in 0..QUERIES {
            let payment = self.payment();
            self.attempt(finder, &mut memory, &payment, &mut Timestamp(0));
        }
        while payments.len() < QUERIES {
            let payment = self.payment();
            let found = finder.find(&self.graph, &self.query(&payment, &memory, &EXCLUDED, Timestamp(0)));
            if found.is_ok_and(|route| route.hops.len() > 1) {
                payments.push(payment);
            }
        }
        (payments, memory)
    }

    fn query<'a>(
        &self,
        payment: &'a Payment,
        memory: &'a Memory,
        excluded: &'a BTreeSet<(ChannelId, Side)>,
        now: Timestamp,
    ) -> Query<'a> {
        Query {
            payer: self.keys[payment.payer as usize].clone(),
            payee: self.keys[payment.payee as usize].clone(),
            amount: payment.amount,
            height: Height(1_000),
            final_delta: 12,
            limits: Limits::of(payment.amount),
            weights: Weights::default(),
            spendable: &payment.spendable,
            memory,
            excluded,
            now,
        }
    }

    /// Tries until the payment would arrive, or there is no route left.
    fn attempt(
        &self,
        finder: &mut Finder,
        memory: &mut Memory,
        payment: &Payment,
        now: &mut Timestamp,
    ) -> Option<Route> {
        for _ in 0..ATTEMPTS {
            *now = now.after(PAUSE);
            let route = finder.find(&self.graph, &self.query(payment, memory, &EXCLUDED, *now)).ok()?;
            let lacking = |hop: &Hop| self.balances[&hop.channel][hop.side.index()] < hop.amount.units();
            let Some(failed) = route.hops.iter().position(lacking) else { return Some(route) };
            memory.learn_failure(&route, failed, *now);
        }
        None
    }

    fn pay_all(&mut self, finder: &mut Finder) -> u64 {
        let mut arrived = 0;
        for _ in 0..PAYMENTS / EACH {
            let (mut memory, mut now) = (Memory::default(), Timestamp(0));
            let payer = self.random.below(NODES);
            for _ in 0..EACH {
                let payee = (payer + 1 + self.random.below(NODES - 1)) % NODES;
                let payment = self.payment_of(payer, payee);
                if let Some(route) = self.attempt(finder, &mut memory, &payment, &mut now) {
                    memory.learn_success(&route, now);
                    self.settle(&route);
                    arrived += 1;
                }
            }
        }
        arrived
    }

    fn settle(&mut self, route: &Route) {
        for hop in &route.hops {
            let balances = self.balances.get_mut(&hop.channel).expect("a channel of the network");
            balances[hop.side.index()] -= hop.amount.units();
            balances[hop.side.other().index()] += hop.amount.units();
        }
    }

    /// What the cheapest way costs, in thousandths of a base unit.
    fn bare(&self, payment: &Payment, best: &mut Vec<u64>, heap: &mut BinaryHeap<Reverse<(u64, u32)>>) -> Option<u64> {
        let [payer, payee] = [payment.payer, payment.payee].map(|node| self.graph.node(&self.keys[node as usize]));
        let (payer, payee, amount) = (payer?, payee?, payment.amount.units());
        let weights = Weights::default();
        let doubt = weights.doubt_base.units() * 1_000 + amount * u64::from(weights.doubt_rate) / 1_000;
        best.clear();
        best.resize(self.graph.node_bound(), u64::MAX);
        heap.clear();
        best[payee as usize] = 0;
        heap.push(Reverse((0, payee)));
        while let Some(Reverse((cost, node))) = heap.pop() {
            if node == payer {
                return Some(cost);
            }
            if cost > best[node as usize] {
                continue;
            }
            for edge in self.graph.incoming(node).iter().filter(|edge| edge.maximum >= amount) {
                let fee = edge.fee_base + amount * u64::from(edge.fee_rate()) / 1_000_000;
                // The payer neither pays itself nor doubts what it has.
                let dearer = if edge.from == payer { cost } else { cost + fee * 1_000 };
                if dearer >= best[edge.from as usize] {
                    continue;
                }
                let bits = logarithm(edge.capacity + 1) - logarithm(edge.capacity + 1 - amount);
                let reached = if edge.from == payer { cost } else { dearer + ((bits * doubt) >> 16) };
                if reached < best[edge.from as usize] {
                    best[edge.from as usize] = reached;
                    heap.push(Reverse((reached, edge.from)));
                }
            }
        }
        None
    }
}

impl Random {
    fn new(seed: u32) -> Self {
        Self(ChaCha12Rng::seed_from_u64(u64::from(seed)))
    }

    /// A number in 0 .. `bound`; its bias is below one in 2^32.
    fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.0.next_u32()) * u64::from(bound)) >> 32) as u32
    }

    /// A number from `least` to `most`, of which half are below twice the least, a quarter above four times that, and so on.
    fn heavy(&mut self, least: u64, most: u64) -> u64 {
        let doublings = self.0.next_u64().leading_zeros();
        let base = least.saturating_mul(1 << doublings.min(40));
        (base + self.share(base)).min(most)
    }

    /// A number from 0 to `all`.
    fn share(&mut self, all: u64) -> u64 {
        let parts = u64::from(self.0.next_u32() >> 8);
        u64::try_from((u128::from(all) * u128::from(parts)) >> 24).expect("less than all of it")
    }

    /// Terms as various as those of real networks: many alike, some dear.
    fn policy(&mut self, capacity: u64) -> ChannelPolicy {
        let pick = |random: &mut Self, values: [u32; 4]| values[random.below(4) as usize];
        ChannelPolicy {
            fee_base: amount(u64::from(pick(self, [0, 1, 1, 10]))),
            fee_rate: pick(self, [1, 100, 500, 2_500]) + self.below(200),
            expiry_delta: pick(self, [12, 40, 80, 144]),
            htlc_minimum: amount(u64::from(pick(self, [1, 1, 1, 1_000]))),
            htlc_maximum: amount(capacity - capacity / 100),
            enabled: self.below(50) > 0,
        }
    }
}

fn amount(units: u64) -> Amount {
    Amount::new(units).expect("far fewer than can exist")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_is_large_and_heavy_tailed() {
        let network = Network::new();
        assert_eq!((network.graph.nodes(), network.graph.len()), (6_000, 60_000));
        let mut degrees: Vec<usize> = network
            .keys
            .iter()
            .map(|key| network.graph.node(key).map_or(0, |node| network.graph.incoming(node).len()))
            .collect();
        degrees.sort_unstable();
        assert!(degrees[0] >= 10 && degrees[3_000] < 20 && degrees[5_999] > 200, "{:?}", degrees.last());
        let mut capacities: Vec<u64> = network.graph.channels().map(|known| known.capacity.units()).collect();
        capacities.sort_unstable();
        assert!(capacities[30_000] < 2 * capacities[0] + 50_000 && capacities[59_999] > 100_000_000);
    }

    /// The same payments arrive each time, nearly all of them.
    #[test]
    fn payments_arrive() {
        let mut piece = success();
        let arrived = piece();
        assert_eq!(arrived, piece());
        assert!((90..=100).contains(&arrived), "{arrived}");
    }
}
