//! Ready-made scenarios.

use super::{
    Action, Config, LinkConfig, LinkQuality, NodeConfig, Position, SCENARIO_VERSION, Scenario, ScriptEntry, Workload,
    random::Stream,
};
use crate::{
    chain::{Consensus, Rules, StakeRules},
    primitives::{Amount, Policy, Timestamp},
};

const NAMES: [&str; 26] = [
    "Alpha", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliett", "Kilo", "Lima",
    "Mike", "November", "Oscar", "Papa", "Quebec", "Romeo", "Sierra", "Tango", "Uniform", "Victor", "Whiskey", "Xray",
    "Yankee", "Zulu",
];
/// Hashes per virtual second of the whole network.
const HASH_RATE: u32 = 6_000;
/// Nodes that mine, at most.
const MAX_MINERS: usize = 32;
/// Payments per virtual hour and node through the channels that the first network has: one every thirty seconds.
const PAYMENTS_PER_HOUR: u32 = 120;
/// Payments per virtual hour and node over its routes: one every minute.
const SENDS_PER_HOUR: u32 = 60;
/// When these begin, in virtual milliseconds: the channels are open then, and everybody has heard of them.
const SENDS_FROM: u64 = 75_000;
/// Who has a channel with whom there, and what each of the two locks: a line, so that payments take one to four hops.
const CHANNELS: [([usize; 2], [u64; 2]); 4] =
    [([0, 1], [100_000, 60_000]), ([1, 2], [80_000, 80_000]), ([2, 3], [100_000, 30_000]), ([3, 4], [60_000, 60_000])];
/// Transfers per virtual hour of the whole network: one every two seconds.
const TRANSFERS_PER_HOUR: u32 = 1_800;

impl Scenario {
    /// A connected network of `nodes` (1 ..= [`super::MAX_NODES`]) nodes: a ring with chords, so that it has short paths and survives single
    /// cuts; two nodes of three mine; latencies 20 to 120 ms.
    pub fn generated(nodes: usize, seed: u64) -> Self {
        let count = nodes.clamp(1, super::MAX_NODES);
        let mut stream = Stream::new(seed, "topology", "");
        let names: Vec<String> = (0..count).map(name).collect();
        let miners = (0..count).filter(|index| mines(*index)).take(MAX_MINERS).count();
        let hash_rate = HASH_RATE / u32::try_from(miners).expect("few");
        let nodes: Vec<NodeConfig> = (names.iter().enumerate())
            .map(|(index, name)| NodeConfig {
                name: name.clone(),
                hash_rate: if mines(index) && index < MAX_MINERS * 3 / 2 { hash_rate } else { 0 },
                balance: Amount::literal(1_000_000),
                stake: Amount::ZERO,
                key: None,
            })
            .collect();
        let links =
            pairs(count, &mut stream).into_iter().map(|(a, b)| link(&names[a], &names[b], &mut stream)).collect();
        let each = TRANSFERS_PER_HOUR / u32::try_from(count).expect("at most a thousand");
        let total = nodes.iter().map(|node| u64::from(node.hash_rate)).sum::<u64>();
        let rules = Rules { initial_difficulty: (total * 10).max(1), ..Rules::default() };
        let config = Config {
            rules,
            begins: Timestamp(0),
            allocations: None,
            validators: Vec::new(),
            nodes,
            links,
            workload: Workload { transfers_per_hour: each.max(1), ..Workload::default() },
        };
        Self { version: SCENARIO_VERSION, name: String::new(), seed, config, script: Vec::new() }
    }
}

impl Scenario {
    /// The same network on a chain of stake: every node is a validator, each with as much. Nobody is early by more than half a second.
    pub fn staked(nodes: usize, seed: u64) -> Self {
        let mut scenario = Self::generated(nodes, seed);
        for node in &mut scenario.config.nodes {
            node.hash_rate = 0;
            node.stake = Amount::literal(1_000_000);
        }
        scenario.config.rules = Rules {
            consensus: Consensus::Stake(StakeRules::default()),
            max_future_drift: 500,
            initial_difficulty: 1,
            ..Rules::default()
        };
        scenario
    }

    /// What the page shows first: seven nodes so far apart that messages can be seen and forks happen, five of them in a line of channels. With
    /// this seed blocks come soon.
    pub fn first() -> Self {
        let mut scenario = Self::generated(7, 4);
        "Seven distant nodes".clone_into(&mut scenario.name);
        for link in &mut scenario.config.links {
            link.quality.latency *= 8;
            link.quality.jitter = 50;
        }
        scenario.config.workload.payments_per_hour = PAYMENTS_PER_HOUR;
        scenario.script = CHANNELS.map(|(ends, deposits)| open_channel(&scenario, ends, deposits)).into();
        let workload = Workload { sends_per_hour: SENDS_PER_HOUR, ..scenario.config.workload };
        let at = Position::Time(Timestamp(SENDS_FROM));
        scenario.script.push(ScriptEntry { at, action: Action::SetWorkload { workload } });
        scenario
    }
}

/// Two neighbours lock money soon after the beginning.
fn open_channel(scenario: &Scenario, [from, to]: [usize; 2], deposits: [u64; 2]) -> ScriptEntry {
    let name = |index: usize| scenario.config.nodes[index].name.clone();
    let [ours, theirs] = deposits.map(Amount::literal);
    let action = Action::OpenChannel {
        from: name(from),
        to: name(to),
        ours,
        theirs,
        fee: Amount::literal(1_000),
        policy: Policy::Penalty,
        window: 6,
        reserve: Amount::literal(5_000),
    };
    ScriptEntry { at: Position::Time(Timestamp(2_000)), action }
}

fn mines(index: usize) -> bool {
    index % 3 != 2
}

/// `Alpha` … `Zulu`, `Alpha 2` …
pub fn name(index: usize) -> String {
    let word = NAMES[index % NAMES.len()];
    match index / NAMES.len() {
        0 => word.to_owned(),
        round => format!("{word} {}", round + 1),
    }
}

fn pairs(count: usize, stream: &mut Stream) -> Vec<(usize, usize)> {
    let mut pairs: Vec<(usize, usize)> = match count {
        1 => vec![],
        2 => vec![(0, 1)],
        _ => (0..count).map(|index| (index, (index + 1) % count)).collect(),
    };
    for index in (0..count).filter(|_| count > 4) {
        let other = stream.below(u32::try_from(count).expect("at most a thousand")) as usize;
        let pair = (index.min(other), index.max(other));
        if index != other && !pairs.contains(&pair) && !pairs.contains(&(pair.1, pair.0)) {
            pairs.push(pair);
        }
    }
    pairs
}

fn link(a: &str, b: &str, stream: &mut Stream) -> LinkConfig {
    let quality = LinkQuality { latency: 20 + stream.below(101), jitter: 10, bandwidth: 1_000_000, loss: 0 };
    LinkConfig { a: a.to_owned(), b: b.to_owned(), quality }
}
