//! Worlds for tests: small scenarios, random scripts, and what is kept of a failure.
#![allow(dead_code, unreachable_pub, reason = "each test binary is a crate that uses a part of it")]

use proptest::prelude::*;
use tabchain::{
    chain::Rules,
    primitives::{Amount, Memo, Policy, Timestamp},
    sim::{
        Action, Capsule, Config, Flight, LinkConfig, LinkQuality, Misbehaviour, NodeConfig, Position, SCENARIO_VERSION,
        Scenario, ScriptEntry, Workload, World,
    },
};

/// A scenario with a block every ten seconds, `hash_rates` of the nodes A, B, C, and links between them by index.
pub fn scenario(seed: u64, hash_rates: &[u32], links: &[(usize, usize)], quality: LinkQuality) -> Scenario {
    let nodes: Vec<NodeConfig> = (hash_rates.iter().enumerate())
        .map(|(index, hash_rate)| NodeConfig {
            name: name(index),
            hash_rate: *hash_rate,
            balance: Amount::literal(1_000_000),
            stake: Amount::ZERO,
            key: None,
        })
        .collect();
    let links = links.iter().map(|(a, b)| LinkConfig { a: name(*a), b: name(*b), quality }).collect();
    let total: u64 = hash_rates.iter().map(|rate| u64::from(*rate)).sum();
    Scenario {
        version: SCENARIO_VERSION,
        name: String::new(),
        seed,
        config: Config {
            begins: Timestamp(0),
            rules: Rules { initial_difficulty: (total * 10).max(1), ..Rules::default() },
            allocations: None,
            validators: Vec::new(),
            nodes,
            links,
            workload: Workload { transfers_per_hour: 120, ..Workload::default() },
        },
        script: Vec::new(),
    }
}

/// `A`, `B`, …
pub fn name(index: usize) -> String {
    char::from(b'A' + u8::try_from(index).expect("few")).to_string()
}

pub fn ring(count: usize) -> Vec<(usize, usize)> {
    match count {
        1 => Vec::new(),
        2 => vec![(0, 1)],
        _ => (0..count).map(|index| (index, (index + 1) % count)).collect(),
    }
}

pub fn at(time: u64, action: Action) -> ScriptEntry {
    ScriptEntry { at: Position::Time(Timestamp(time)), action }
}

pub fn pay(from: usize, to: usize, amount: u64) -> Action {
    Action::Transfer {
        from: name(from),
        to: name(to),
        amount: Amount::new(amount).expect("in range"),
        fee: Amount::literal(300),
        memo: Memo::default(),
    }
}

/// Opens a channel with a window of four blocks and a penalty.
pub fn open(from: usize, to: usize, ours: u64, theirs: u64) -> Action {
    open_with(from, to, [ours, theirs], Policy::Penalty, 4, 0)
}

pub fn open_with(from: usize, to: usize, deposits: [u64; 2], policy: Policy, window: u32, reserve: u64) -> Action {
    let [ours, theirs, reserve] =
        [deposits[0], deposits[1], reserve].map(|amount| Amount::new(amount).expect("in range"));
    let fee = Amount::literal(1_000);
    Action::OpenChannel { from: name(from), to: name(to), ours, theirs, fee, policy, window, reserve }
}

/// Pays `times` times through a channel.
pub fn pay_through(from: usize, to: usize, amount: u64, times: u32) -> Action {
    let amount = Amount::new(amount).expect("in range");
    Action::Pay { from: name(from), to: name(to), amount, times, channel: None }
}

pub fn close(from: usize, to: usize, force: bool) -> Action {
    Action::CloseChannel { from: name(from), to: name(to), force, channel: None }
}

pub fn cheat(from: usize, to: usize, commitment: u64) -> Action {
    Action::Cheat { from: name(from), to: name(to), commitment, channel: None }
}

/// Pays over whatever route is found.
pub fn send(from: usize, to: usize, amount: u64) -> Action {
    let amount = Amount::new(amount).expect("in range");
    Action::Send { from: name(from), to: name(to), amount, max_fee: None }
}

pub fn watch(client: usize, tower: Option<usize>) -> Action {
    Action::Watch { client: name(client), tower: tower.map(name) }
}

/// Leaves a capsule of the world where a failed run can be looked at, and says so.
pub fn keep(world: &World, what: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/failed-capsules");
    let file = folder.join(format!("{what}-{}.json", world.scenario().seed));
    let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, Capsule::of(world).to_json()));
    format!("seed {}, capsule {} ({written:?})", world.scenario().seed, file.display())
}

/// A random scenario of two to six nodes with a script of things that people do, over about five minutes.
pub fn scripts() -> impl Strategy<Value = Scenario> {
    let size = 2usize..=6;
    (any::<u64>(), size, 0u32..200_000, 0u32..3).prop_flat_map(|(seed, nodes, loss, speed)| {
        let entry = (0u64..30_000, actions(nodes));
        proptest::collection::vec(entry, 0..12).prop_map(move |entries| {
            let quality =
                LinkQuality { latency: 30, jitter: 40, bandwidth: [0, 20_000, 2_000_000][speed as usize], loss };
            let rates: Vec<u32> = (0..nodes).map(|index| if index % 3 == 2 { 0 } else { 60 }).collect();
            let mut scenario = scenario(seed, &rates, &ring(nodes), quality);
            let mut time = 0;
            for (wait, action) in entries {
                time += wait;
                scenario.script.push(at(time, action));
            }
            scenario
        })
    })
}

/// Things that can be done to a world of `nodes` nodes; not all of them are possible at every time.
pub fn actions(nodes: usize) -> impl Strategy<Value = Action> {
    let node = move || (0..nodes).prop_map(name);
    let link = move || (0..nodes).prop_map(move |a| (name(a), name((a + 1) % nodes)));
    let quality = (1u32..500, 0u32..200, 0u32..3, 0u32..300_000).prop_map(|(latency, jitter, speed, loss)| {
        LinkQuality { latency, jitter, bandwidth: [0, 5_000, 50_000][speed as usize], loss }
    });
    prop_oneof![
        4 => (0..nodes, 0..nodes, 1u64..400_000).prop_map(|(from, to, amount)| pay(from, to, amount)),
        2 => link().prop_map(|(a, b)| Action::Cut { a, b }),
        2 => link().prop_map(|(a, b)| Action::Heal { a, b }),
        2 => proptest::collection::vec(node(), 0..nodes).prop_map(|nodes| Action::Partition { nodes }),
        1 => Just(Action::HealAll),
        1 => (link(), quality).prop_map(|((a, b), quality)| Action::SetLink { a, b, quality }),
        2 => node().prop_map(|node| Action::Stop { node }),
        2 => node().prop_map(|node| Action::Start { node }),
        2 => (node(), 0u32..300).prop_map(|(node, hash_rate)| Action::SetHashRate { node, hash_rate }),
        1 => (0u32..2_000).prop_map(|transfers_per_hour| Action::SetWorkload { workload: Workload { transfers_per_hour, ..Workload::default() } }),
        1 => (0..3usize, node()).prop_map(|(index, link)| Action::AddNode {
            node: NodeConfig { name: format!("New {index}"), hash_rate: 20, ..NodeConfig::default() },
            links: vec![link],
        }),
        1 => Just(Action::Quiesce),
        12 => channel_actions(nodes),
    ]
}

/// Things that can be done with channels; most need one that is open.
pub fn channel_actions(nodes: usize) -> impl Strategy<Value = Action> {
    let two = move || (0..nodes, 1..nodes.max(2)).prop_map(move |(from, by)| (from, (from + by) % nodes));
    let deposits = prop_oneof![3 => 1_000u64..300_000, 1 => 0u64..3_000];
    let policy = prop_oneof![2 => Just(Policy::Penalty), 1 => Just(Policy::Replace)];
    let reserve = prop_oneof![2 => Just(0u64), 1 => 0u64..5_000];
    prop_oneof![
        3 => (two(), deposits.clone(), deposits, policy, 1u32..8, reserve)
            .prop_map(|((from, to), ours, theirs, policy, window, reserve)| {
                open_with(from, to, [ours, theirs], policy, window, reserve)
            }),
        6 => (two(), 1u64..20_000, 1u32..20).prop_map(|((from, to), amount, times)| pay_through(from, to, amount, times)),
        2 => (two(), any::<bool>()).prop_map(|((from, to), force)| close(from, to, force)),
        1 => (two(), 0u64..30).prop_map(|((from, to), commitment)| cheat(from, to, commitment)),
        1 => (two(), any::<bool>()).prop_map(|((client, tower), some)| watch(client, some.then_some(tower))),
        4 => (two(), 100u64..20_000).prop_map(|((from, to), amount)| send(from, to, amount)),
        1 => (0..nodes, any::<bool>()).prop_map(|(node, on)| Action::Hold { node: name(node), on }),
        1 => (0..nodes, misbehaviour()).prop_map(|(node, how)| Action::Misbehave { node: name(node), how }),
    ]
}

fn misbehaviour() -> impl Strategy<Value = Option<Misbehaviour>> {
    use Misbehaviour::{DoubleSign, Jam, PublishOld, Race, Silent, Withhold};
    proptest::sample::select(vec![
        None,
        Some(Silent),
        Some(DoubleSign),
        Some(Withhold),
        Some(Jam),
        Some(Race),
        Some(PublishOld),
    ])
}

/// Everything that can be seen of a world, not only what its digest covers.
pub fn state(world: &World) -> String {
    let nodes: Vec<_> = world.nodes().iter().map(|sim| serde_json::to_string(&sim.node).expect("plain data")).collect();
    let log: Vec<_> = world.log().map(|record| serde_json::to_string(record).expect("plain data")).collect();
    // Whether the bytes have come already is the carrier's business.
    let flights: Vec<_> = world.flights().map(|flight| Flight { bytes: None, ..flight }).collect();
    format!("{}\n{:?}\n{}\n{}\n{flights:?}", world.digest(), world.stats(), nodes.join("\n"), log.join("\n"))
}

/// Where two texts part, for a message.
pub fn difference(a: &str, b: &str) -> Option<String> {
    let (one, other) = a.lines().zip(b.lines()).find(|(one, other)| one != other)?;
    let at = one.bytes().zip(other.bytes()).position(|(x, y)| x != y).unwrap_or(0);
    let part = |text: &str| text.chars().skip(at.saturating_sub(200)).take(400).collect::<String>();
    Some(format!("{}\n!=\n{}", part(one), part(other)))
}
