//! Capsules and scenarios from anywhere: read as they are, or refused with a message that says where and why. Never a panic.
#![expect(clippy::disallowed_types, reason = "how long it takes is what is tested")]

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tabchain::{
    primitives::{Amount, Memo, Timestamp},
    sim::{
        Action, Capsule, LinkQuality, MAX_SCENARIO_BYTES, NodeConfig, Payload, Scenario, Step, Timeline, Workload,
        World,
    },
};

use crate::{
    lab::{Numbers, scale},
    worlds::{at, name, pay, ring, scenario},
};

/// A scenario with every action in its script.
fn every_action() -> Scenario {
    let mut scenario = scenario(u64::MAX, &[50, 0, 20], &ring(3), LinkQuality::default());
    let (a, b) = (name(0), name(1));
    let node = NodeConfig { name: "New".into(), hash_rate: 3, ..Default::default() };
    let memo = Memo::new("rent, \"for\" {June} ☂").expect("short");
    let actions = [
        Action::Transfer {
            from: a.clone(),
            to: b.clone(),
            amount: Amount::literal(5),
            fee: Amount::literal(300),
            memo,
        },
        Action::Cut { a: a.clone(), b: b.clone() },
        Action::Heal { a: a.clone(), b: b.clone() },
        Action::Partition { nodes: vec![a.clone()] },
        Action::HealAll,
        Action::SetLink { a: a.clone(), b: b.clone(), quality: LinkQuality { jitter: 3, ..LinkQuality::default() } },
        Action::AddNode { node, links: vec![a.clone(), b.clone()] },
        Action::Stop { node: b.clone() },
        Action::Start { node: b },
        Action::SetHashRate { node: a, hash_rate: 30 },
        Action::SetWorkload { workload: Workload { transfers_per_hour: 60, ..Workload::default() } },
        Action::AddRemote {
            remote: 0,
            name: "Far".into(),
            address: scenario.keyring("elsewhere", None).public().address(),
        },
        Action::ConnectRemote { node: name(2), remote: 0 },
        Action::External { node: name(2), remote: 0, bytes: Payload(vec![1, 2, 3].into()) },
        Action::DisconnectRemote { node: name(2), remote: 0 },
        Action::Quiesce,
    ];
    scenario.script = (1..).zip(actions).map(|(second, action)| at(second * 1_000, action)).collect();
    scenario
}

fn capsule() -> Capsule {
    let mut world = World::new(every_action());
    world.run_until(Timestamp(16_500));
    world.act_now(pay(0, 1, 6)).expect("possible");
    Capsule::of(&world)
}

fn numbers_within(value: &mut Value) -> Vec<&mut Value> {
    match value {
        Value::Array(items) => items.iter_mut().flat_map(numbers_within).collect(),
        Value::Object(fields) => fields.values_mut().flat_map(numbers_within).collect(),
        leaf => vec![leaf],
    }
}

/// A value of some type, most of them wrong anywhere.
fn swap(numbers: &mut Numbers) -> Value {
    let values = [
        json!(null),
        json!(-1),
        json!(0),
        json!(1),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1u64 << 53),
        json!(4_294_967_296u64),
        json!(1_000_000_000u64),
        json!(""),
        json!("x".repeat(1_000)),
        json!("\u{0}\u{202e}"),
        json!("18446744073709551616"),
        json!(true),
        json!([]),
        json!({}),
        json!([1, 2, 3, 4, 5]),
        json!([0, 9, 0, 0]),
        json!({"do": "quiesce"}),
        json!({"__proto__": {}}),
    ];
    values[numbers.below(values.len())].clone()
}

fn mutate(text: &str, numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    match numbers.below(5) {
        0 => bytes.truncate(numbers.below(bytes.len())),
        1 => (0..=numbers.below(4)).for_each(|_| {
            let at = numbers.below(bytes.len());
            bytes[at] = numbers.next() as u8;
        }),
        2 => {
            let at = numbers.below(bytes.len());
            let part = bytes[at..bytes.len().min(at + numbers.below(60))].to_vec();
            bytes.splice(at..at, part);
        }
        _ => {
            let mut value: Value = serde_json::from_str(text).expect("valid");
            for _ in 0..=numbers.below(2) {
                let swapped = swap(numbers);
                let mut leaves = numbers_within(&mut value);
                let at = numbers.below(leaves.len());
                *leaves[at] = swapped;
            }
            bytes = value.to_string().into_bytes();
        }
    }
    bytes
}

/// Ten thousand of each in `make torture`. What is read runs, too: for as many events as a page does at a time.
#[test]
fn mutated_files_are_read_or_refused() {
    let (whole, inner) = (capsule().to_json(), serde_json::to_string(&every_action()).expect("plain data"));
    let mut numbers = Numbers(1);
    let (mut read, started) = (0, Instant::now());
    for index in 0..1_000 * scale() {
        let of_capsule = index % 2 == 0;
        let Ok(text) = String::from_utf8(mutate(if of_capsule { &whole } else { &inner }, &mut numbers)) else {
            continue;
        };
        let again = |text: &str| match of_capsule {
            true => Capsule::from_json(text).map(|capsule| capsule.to_json()).map_err(|error| error.to_string()),
            false => Scenario::from_json(text)
                .map(|scenario| serde_json::to_string(&scenario).expect("plain data"))
                .map_err(|error| error.to_string()),
        };
        match again(&text) {
            Ok(json) => {
                read += 1;
                assert_eq!(again(&json), Ok(json), "what was written is read as it was: {text}");
                if let Ok(capsule) = Capsule::from_json(&text) {
                    capsule.replay().advance(20);
                }
            }
            Err(message) => assert!(!message.is_empty() && message.len() < 2_000, "{} bytes for {text}", message.len()),
        }
    }
    let spent = started.elapsed();
    assert!(read > 20 && spent < Duration::from_secs(20 * scale()), "{read} read in {spent:?}");
}

/// Whoever opens a file or a link and saves it again has the same bytes, also after having been elsewhere in the run.
#[test]
fn import_after_export_is_byte_identical() {
    for seed in 0..5 * scale() {
        let mut numbers = Numbers(seed);
        let mut timeline = Timeline::new(World::new(match seed {
            0 => every_action(),
            seed => Scenario::generated(2 + numbers.below(4), seed),
        }));
        while !timeline.seek(Timestamp(numbers.next() % 60_000), 1_000) {}
        timeline.act(pay_first(&timeline)).expect("possible");
        while !timeline.seek(timeline.cursor().time.after(500 + numbers.next() % 5_000), 1_000) {}
        let (file, link) = (timeline.capsule().to_json(), timeline.capsule().to_link());
        for capsule in [Capsule::from_json(&file).expect("a file"), Capsule::from_link(&link).expect("a link")] {
            assert_eq!((capsule.to_json(), capsule.to_link()), (file.clone(), link.clone()), "as it was read");
            let mut opened = Timeline::new(World::new(capsule.scenario));
            while !opened.seek_cursor(capsule.cursor, 1_000) {}
            assert_eq!(opened.capsule().to_json(), file, "as it was opened");
            while !opened.seek(Timestamp(capsule.cursor.time.0 / 2), 1_000) {}
            while !opened.seek_cursor(capsule.cursor, 1_000) {}
            assert_eq!(opened.capsule().to_json(), file, "after a look back");
        }
    }
}

/// A transfer from the first node to the second.
fn pay_first(timeline: &Timeline) -> Action {
    let names: Vec<String> = timeline.world().nodes().iter().map(|sim| sim.name.clone()).collect();
    let (amount, fee) = (Amount::literal(6), Amount::literal(300));
    let memo = Memo::new("by hand").expect("short");
    Action::Transfer { from: names[0].clone(), to: names[1].clone(), amount, fee, memo }
}

#[test]
fn depth_and_length_are_bounded() {
    for open in ["[", "{\"a\":", "{\"capsule\":1,\"scenario\":[", "{\"config\":{\"nodes\":["] {
        let text = open.repeat(200_000);
        assert!(Capsule::from_json(&text).is_err());
        assert!(Scenario::from_json(&text).is_err());
    }
    let long = " ".repeat(MAX_SCENARIO_BYTES + 1);
    for error in [
        Capsule::from_json(&long).expect_err("too long").to_string(),
        Scenario::from_json(&long).expect_err("too long").to_string(),
    ] {
        assert!(error.contains("4194305") && error.contains("4194304"), "{error}");
    }
}

/// At every level, whatever the reader does not know is an error: a misspelt option must not be ignored.
#[test]
fn unknown_fields_are_errors_at_every_level() {
    fn paths(value: &Value, path: String, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                found.push(path.clone());
                fields.iter().for_each(|(name, field)| paths(field, format!("{path}/{name}"), found));
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(index, item)| paths(item, format!("{path}/{index}"), found));
            }
            _ => {}
        }
    }
    let capsule = serde_json::to_value(capsule()).expect("plain data");
    let mut found = Vec::new();
    paths(&capsule, String::new(), &mut found);
    assert!(found.len() > 30, "{found:?}");
    let mut ignored = Vec::new();
    for path in &found {
        let mut changed = capsule.clone();
        changed.pointer_mut(path).expect("there")["hashrate"] = json!(1);
        if Capsule::from_json(&changed.to_string()).is_ok() {
            ignored.push(format!("{path}: {}", capsule.pointer(path).expect("there")));
        }
    }
    assert!(ignored.is_empty(), "unknown fields are ignored in {ignored:#?}");
}

/// Whoever wrote a file by hand is told where it is wrong.
#[test]
fn messages_name_the_place() {
    let table: [(&str, Value, &str); 17] = [
        ("/version", json!(2), "version: is 2"),
        ("/config/nodes", json!([]), "config.nodes: is 0"),
        ("/config/nodes/1/name", json!("A"), "config.nodes[1].name: \"A\" is taken"),
        ("/config/nodes/1/name", json!(" x"), "config.nodes[1].name"),
        ("/config/nodes/1/hashRate", json!(10_000_001), "config.nodes[1].hashRate: is 10000001"),
        ("/config/links/2/a", json!("Nobody"), "config.links[2].a: no node is named \"Nobody\""),
        ("/config/links/0/b", json!("A"), "config.links[0]: links \"A\" with itself"),
        ("/config/links/0/quality/latency", json!(0), "config.links[0].quality.latency: is 0"),
        ("/config/links/0/quality/loss", json!(1_000_001), "config.links[0].quality.loss"),
        ("/config/workload/transfersPerHour", json!(36_001), "config.workload.transfersPerHour"),
        ("/config/rules/blockInterval", json!(99), "config.rules.blockInterval: is 99"),
        ("/config/rules/subsidy", json!((1u64 << 53) - 1), "config.rules.subsidy"),
        ("/script/3/at", json!(1), "script[3].at: comes before"),
        ("/script/3/action/nodes", json!(vec!["A"; 1_001]), "script[3].action.nodes: is 1001"),
        ("/script/13/action/bytes", json!("AQI="), "line 1 column"),
        ("/seed", json!(5), "line 1 column"),
        ("/script/0/action/amount", json!(-5), "line 1 column"),
    ];
    let inner = serde_json::to_value(every_action()).expect("plain data");
    let outer = serde_json::to_value(capsule()).expect("plain data");
    for (path, value, expected) in table {
        let (mut scenario, mut capsule) = (inner.clone(), outer.clone());
        *scenario.pointer_mut(path).expect("there") = value.clone();
        *capsule.pointer_mut(&format!("/scenario{path}")).expect("there") = value;
        let error = Scenario::from_json(&scenario.to_string()).expect_err(expected).to_string();
        assert!(error.contains(expected), "{path}: {error}");
        let error = Capsule::from_json(&capsule.to_string()).expect_err(expected).to_string();
        assert!(error.contains(expected), "{path} in a capsule: {error}");
    }
    let of = |capsule: Value| Capsule::from_json(&capsule.to_string()).expect_err("wrong").to_string();
    let mut changed = outer.clone();
    changed["capsule"] = json!(7);
    assert_eq!(of(changed), "capsule version 7, this program reads version 1");
    let mut changed = outer.clone();
    changed["cursor"]["events"] = json!(1u64 << 40);
    assert_eq!(of(changed), "cursor.events is 1099511627776, at most 1000000000 is allowed");
    assert!(of(json!({"scenario": inner})).contains("\"capsule\""));
    assert!(of(json!([1])).contains("not a capsule"));
}

/// Allowed, however absurd: a step still ends soon, and the page that runs it stays alive.
#[test]
fn absurd_scenarios_do_not_hang() {
    let mut fast =
        scenario(1, &[10_000_000, 10_000_000], &ring(2), LinkQuality { latency: 1, ..LinkQuality::default() });
    fast.config.rules.initial_difficulty = 1;
    fast.config.rules.block_interval = 100;
    fast.config.workload.transfers_per_hour = 36_000;

    let mut hub = Scenario::generated(900, 2);
    let everybody: Vec<String> = hub.config.nodes.iter().map(|node| node.name.clone()).collect();
    let node = |index| NodeConfig { name: format!("Hub {index}"), hash_rate: 0, ..NodeConfig::default() };
    hub.script = (0..5).map(|index| at(1, Action::AddNode { node: node(index), links: everybody.clone() })).collect();

    for (what, scenario, events) in [("fast", fast, 300), ("hub", hub, 3_000)] {
        assert_eq!(scenario.validate(), Ok(()), "{what}");
        let mut timeline = Timeline::new(World::new(scenario));
        let mut slowest = Duration::ZERO;
        for _ in 0..events {
            let started = Instant::now();
            let limit = timeline.cursor().time.after(10);
            let step = timeline.step(limit);
            slowest = slowest.max(started.elapsed());
            assert!(!matches!(step, Step::Waiting(_)));
        }
        assert!(slowest < Duration::from_secs(2), "{what}: {slowest:?} for one step");
    }
}

/// Who owns what at genesis is said once: by the nodes' balances, or by allocations, which a network that joins another chain has.
#[test]
fn allocations_replace_balances() {
    let first = scenario(1, &[50, 50], &ring(2), LinkQuality::default());
    let mut second = scenario(2, &[50], &ring(1), LinkQuality::default());
    second.config.rules = first.config.rules.clone();
    second.config.allocations = Some(first.genesis().allocations);
    let refused = second.validate().expect_err("owns something").to_string();
    assert_eq!(refused, "config.nodes[0].balance: is 1000000, but config.allocations says who owns what");
    second.config.nodes.clear();
    assert_eq!((second.validate(), second.genesis()), (Ok(()), first.genesis()));
    let json = serde_json::to_string(&second).expect("plain data");
    assert_eq!(Scenario::from_json(&json), Ok(second.clone()));
    let mut world = World::new(second);
    world.run_until(Timestamp(60_000));
    assert_eq!(world.stats().events, 0, "an empty world waits for its script");
    let wrong = json.replacen("tab1", "tab2", 1);
    assert!(Scenario::from_json(&wrong).expect_err("no address").to_string().contains("line 1 column"));
}
