//! One scenario, one digest: natively, in wasm over loopback, and in wasm with every message travelling over a BroadcastChannel
//! (invariant 9). The digests are written here, so that a change of behaviour is seen; after a wanted one, run this test and copy what it prints.

use tabchain::{
    primitives::{Policy, Timestamp},
    sim::{Action, LinkQuality, Misbehaviour, Position, Scenario, ScriptEntry, World, preset},
};

/// (name, scenario, milliseconds, digest)
fn cases() -> Vec<(&'static str, Scenario, u64, &'static str)> {
    vec![
        ("one node", Scenario::generated(1, 11), 120_000, ONE_NODE),
        ("two nodes", Scenario::generated(2, 12), 180_000, TWO_NODES),
        ("five nodes", Scenario::generated(5, 13), 180_000, FIVE_NODES),
        ("what the page shows first", Scenario::first(), 120_000, FIRST),
        ("loss", lossy(), 180_000, LOSSY),
        ("a partition healed", partitioned(), 240_000, PARTITIONED),
        ("a node stopped, started and added", restarted(), 180_000, RESTARTED),
        ("channels", channels(LinkQuality::default()), 360_000, CHANNELS),
        ("channels and loss", channels(worst()), 360_000, CHANNELS_LOSSY),
        ("two kinds of keys", two_keys(), 270_000, TWO_KEYS),
        ("stake", Scenario::staked(5, 19), 600_000, STAKE),
        ("stake, a liar and a cut", staked_badly(), 900_000, STAKE_BADLY),
    ]
}

const ONE_NODE: &str = "f3343de58d0df1525ecd5bd24971e1063476901a66a28e07b7b5e5188f124f53";
const TWO_NODES: &str = "07e56477e77364ff031c0a6d47d5c80590819d927067b4839c170d189faa3ddd";
const FIVE_NODES: &str = "61e841674e7af06a6abe269ff93d4ec17165e3d6530a227a83425bef94a060a2";
const FIRST: &str = "f250de25350a9860d1a663f178cde654865ea70c2496fa93897302156171e47f";
const LOSSY: &str = "aaaa43103925e6755da57eb54b03144d67cb71c82066342364ed68c3d5b38706";
const PARTITIONED: &str = "1c3193e0416b8a6a3e226b776d4e9768fc5cd468ecfbdd5541518369465efaae";
const RESTARTED: &str = "2fc78d92576462556af72a20d433ab27abde340be74c1617e9270ccec7be6cc5";

const CHANNELS: &str = "56527131352459aff812f9e364aa8d11765536899a245590cf19ecb9c5656b2a";
const CHANNELS_LOSSY: &str = "fe6799cdd9471e04b9415c52f7bbad63cf47f022d82668e842d710f947831cf6";
const TWO_KEYS: &str = "ec9768f4e25dfa00d231635ea16b478c4b538b44faa54ed371fdb4d1d5f22f41";

const STAKE: &str = "0290e71b858cb34b5e9fd64050f577a342cb7a35ad3a3f9b09b30a2b7af30e1a";
const STAKE_BADLY: &str = "57cba0bbaf8a36f8c671f5546c84cdde6ce199f2f43675cc7c38c1a29bbbed22";

/// Validators, one that signs everything twice, a deposit, an exit, and a cut that heals.
fn staked_badly() -> Scenario {
    let mut scenario = Scenario::staked(7, 23);
    scenario.config.links.iter_mut().for_each(|link| link.quality.loss = 100_000);
    scenario.config.nodes[6].stake = tabchain::primitives::Amount::ZERO;
    let names: Vec<String> = scenario.config.nodes.iter().map(|node| node.name.clone()).collect();
    let units = |units| tabchain::primitives::Amount::new(units).expect("in range");
    let misbehave = |at: usize, how| Action::Misbehave { node: names[at].clone(), how: Some(how) };
    scenario.script = vec![
        at(20_000, Action::Stake { node: names[6].clone(), amount: units(500_000), fee: units(1_000) }),
        at(100_000, misbehave(1, Misbehaviour::Equivocate)),
        at(120_000, misbehave(2, Misbehaviour::VoteTwice)),
        at(300_000, Action::Partition { nodes: names[..2].to_vec() }),
        at(420_000, Action::HealAll),
        at(500_000, Action::Unstake { node: names[6].clone(), fee: units(1_000) }),
    ];
    scenario
}

fn worst() -> LinkQuality {
    LinkQuality { latency: 100, jitter: 200, bandwidth: 100_000, loss: 100_000 }
}

/// Opened, paid through both ways, closed both ways; and a cheat who is punished.
fn channels(quality: LinkQuality) -> Scenario {
    let mut scenario = Scenario::generated(4, 17);
    scenario.config.links.iter_mut().for_each(|link| link.quality = quality);
    let units = |units| tabchain::primitives::Amount::new(units).expect("in range");
    let names = || ["Alpha", "Bravo", "Charlie", "Delta"].map(str::to_owned);
    let two = |a: usize, b: usize| (names()[a].clone(), names()[b].clone());
    let open = |a, b| {
        let (from, to) = two(a, b);
        let (ours, theirs, fee, reserve) = (units(50_000), units(40_000), units(1_000), units(2_000));
        Action::OpenChannel { from, to, ours, theirs, fee, policy: Policy::Penalty, window: 5, reserve }
    };
    let pay = |a, b, amount, times| {
        let (from, to) = two(a, b);
        Action::Pay { from, to, amount: units(amount), times, channel: None }
    };
    let close = |a, b, force| {
        let (from, to) = two(a, b);
        Action::CloseChannel { from, to, force, channel: None }
    };
    let (from, to) = two(0, 2);
    scenario.script = vec![
        at(5_000, open(0, 1)),
        at(6_000, open(2, 3)),
        at(7_000, open(0, 2)),
        at(150_000, pay(0, 1, 100, 20)),
        at(150_000, pay(1, 0, 70, 20)),
        at(151_000, pay(2, 3, 1, 50)),
        at(152_000, pay(0, 2, 900, 10)),
        at(200_000, close(1, 0, false)),
        at(200_000, close(3, 2, true)),
        at(210_000, Action::Cheat { from, to, commitment: 3, channel: None }),
    ];
    scenario
}

/// Transfers and channels signed by Ed25519 and by RSA.
fn two_keys() -> Scenario {
    preset("two-keys").map(Scenario::from_json).expect("an example").expect("as shipped")
}

fn lossy() -> Scenario {
    let mut scenario = Scenario::generated(3, 14);
    for link in &mut scenario.config.links {
        link.quality = LinkQuality { latency: 200, jitter: 300, bandwidth: 20_000, loss: 200_000 };
    }
    scenario
}

fn partitioned() -> Scenario {
    let mut scenario = Scenario::generated(7, 15);
    let nodes = ["Alpha", "Bravo", "Charlie"].map(str::to_owned).to_vec();
    scenario.script = vec![at(20_000, Action::Partition { nodes }), at(140_000, Action::HealAll)];
    scenario
}

fn restarted() -> Scenario {
    let mut scenario = Scenario::generated(4, 16);
    let node = || "Bravo".to_owned();
    let config = tabchain::sim::NodeConfig { name: "Zulu".into(), hash_rate: 2_000, ..Default::default() };
    scenario.script = vec![
        at(30_000, Action::Stop { node: node() }),
        at(60_000, Action::AddNode { node: config, links: vec!["Alpha".into(), "Delta".into()] }),
        at(90_000, Action::Start { node: node() }),
        at(100_000, Action::SetHashRate { node: node(), hash_rate: 4_000 }),
    ];
    scenario
}

fn at(time: u64, action: Action) -> ScriptEntry {
    ScriptEntry { at: Position::Time(Timestamp(time)), action }
}

fn prepared(name: &str, scenario: Scenario) -> World {
    assert_eq!(scenario.validate(), Ok(()), "{name}");
    let json = serde_json::to_string(&scenario).expect("plain data");
    assert_eq!(Scenario::from_json(&json), Ok(scenario.clone()), "{name}: JSON and back");
    World::new(scenario)
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn natively() {
    let mut differ = Vec::new();
    for (name, scenario, until, expected) in cases() {
        let mut world = prepared(name, scenario);
        world.run_until(Timestamp(until));
        assert_eq!(world.violation(), None, "{name}");
        assert_eq!(world.stats().refused, 0, "{name}: {:?}", world.log().last());
        if world.digest().to_string() != expected {
            differ.push(format!("{name}: {}", world.digest()));
        }
    }
    assert!(differ.is_empty(), "{differ:#?}");
}

#[cfg(target_arch = "wasm32")]
mod in_a_browser {
    use tabchain::web::run_over_broadcast_channel;
    use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

    use super::*;

    wasm_bindgen_test_configure!(run_in_browser);

    #[wasm_bindgen_test]
    fn over_loopback() {
        for (name, scenario, until, expected) in cases() {
            let mut world = prepared(name, scenario);
            world.run_until(Timestamp(until));
            assert_eq!(world.digest().to_string(), expected, "{name}");
        }
    }

    #[wasm_bindgen_test]
    async fn over_a_broadcast_channel() {
        for (name, scenario, until, expected) in cases() {
            let mut world = prepared(name, scenario);
            run_over_broadcast_channel(&mut world, Timestamp(until)).await.expect("this browser has BroadcastChannel");
            assert_eq!(world.digest().to_string(), expected, "{name}");
        }
    }

    /// Half live, half handed over, changing in the middle of messages in flight.
    #[wasm_bindgen_test]
    async fn over_both_in_turn() {
        for (name, scenario, until, expected) in cases() {
            let mut world = prepared(name, scenario);
            for slice in 1..=10 {
                let limit = Timestamp(until * slice / 10);
                if slice % 2 == 0 {
                    world.run_until(limit);
                } else {
                    run_over_broadcast_channel(&mut world, limit).await.expect("this browser has BroadcastChannel");
                }
            }
            assert_eq!(world.digest().to_string(), expected, "{name}");
        }
    }
}
