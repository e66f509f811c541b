//! The built program, as a person at a terminal or a script meets it.
#![cfg(all(not(target_arch = "wasm32"), feature = "native"))]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::{Value, json};

fn tabchain(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tabchain")).args(arguments).output().expect("the program starts")
}

/// Exit code, standard output, standard error.
fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = tabchain(arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("not killed"), text(output.stdout), text(output.stderr))
}

fn json_of(arguments: &[&str]) -> Value {
    let (code, out, err) = run(arguments);
    assert_eq!((code, err.as_str()), (0, ""), "{arguments:?}");
    assert_eq!(out.lines().count(), 1, "one line: {out}");
    serde_json::from_str(&out).expect("JSON")
}

/// A folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).expect("writable");
    folder
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("writable");
    path.to_str().expect("UTF-8").to_owned()
}

/// Refused with this exit code, nothing on standard output, and one line that says all of this.
fn refused(arguments: &[&str], expected_code: i32, says: &[&str]) {
    let (code, out, err) = run(arguments);
    assert_eq!((code, out.as_str()), (expected_code, ""), "{arguments:?}: {err}");
    assert_eq!(err.trim_end().lines().count(), 1, "one line: {err}");
    assert!(err.starts_with("error: ") && says.iter().all(|word| err.contains(word)), "{arguments:?}: {err}");
}

const SHORT: [&str; 7] = ["simulate", "--nodes", "4", "--seed", "7", "--for", "3m"];

#[test]
fn simulate_prints_one_object_that_only_the_scenario_determines() {
    let arguments = [&SHORT[..], &["--json"]].concat();
    let (mut one, mut other) = (json_of(&arguments), json_of(&arguments));
    let keys: Vec<&String> = one.as_object().expect("an object").keys().collect();
    let expected = [
        "blocks",
        "channelUpdates",
        "channelsClosed",
        "channelsOpened",
        "checks",
        "deliveries",
        "digest",
        "events",
        "invariants",
        "nodes",
        "payments",
        "paymentsFailed",
        "penalties",
        "reorgs",
        "slashed",
        "staleBlocks",
        "staleRate",
        "transactions",
        "virtualMs",
        "wallMs",
    ];
    assert_eq!(keys, expected);
    assert!(one["wallMs"].is_u64());
    (one["wallMs"], other["wallMs"]) = (json!(0), json!(0));
    assert_eq!(one, other);
    assert_eq!((&one["nodes"], &one["invariants"]["violated"]), (&json!(4), &json!(0)));
    let [blocks, stale, rate] = ["blocks", "staleBlocks", "staleRate"].map(|key| one[key].as_u64().expect("a number"));
    assert_eq!(rate, stale * 1_000_000 / blocks);
    assert!(blocks > 5 && one["checks"]["remembered"].as_u64() > Some(0));

    let mut plain = json_of(&[&arguments[..], &["--no-memo"]].concat());
    assert_eq!(plain["checks"]["remembered"], json!(0));
    plain["checks"] = one["checks"].clone();
    plain["wallMs"] = json!(0);
    assert_eq!(plain, one, "sharing checks changes no result");

    let reseeded = json_of(&["simulate", "--nodes", "4", "--seed", "8", "--for", "3m", "--json"]);
    assert_ne!(reseeded["digest"], one["digest"]);
    let (code, out, err) = run(&SHORT);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains(one["digest"].as_str().expect("text")) && out.contains("0 violated"), "{out}");
    let percent = format!("{blocks} mined, {stale} of them stale ({}.{} %)\n", rate / 10_000, rate / 1_000 % 10);
    assert!(out.contains(&percent), "{out}");
}

/// A scenario in a file, with a channel that lives from funding to penalty: the object counts it all.
#[test]
fn simulate_counts_channels() {
    let path = file(&folder("simulate-channels"), "run.json", "to be overwritten");
    json_of(&[&SHORT[..], &["--json", "--record", &path]].concat());
    let capsule: Value = serde_json::from_str(&std::fs::read_to_string(&path).expect("written")).expect("JSON");
    let mut scenario = capsule["scenario"].clone();
    let act = |at: u64, mut action: Value, what: &str| {
        (action["do"], action["from"], action["to"]) = (json!(what), json!("Alpha"), json!("Bravo"));
        json!({ "at": at, "action": action })
    };
    scenario["script"] = json!([
        act(1_000, json!({ "ours": 50_000, "theirs": 40_000, "window": 5 }), "openChannel"),
        act(120_000, json!({ "amount": 10, "times": 7 }), "pay"),
        act(140_000, json!({ "commitment": 2 }), "cheat"),
    ]);
    let path = file(&folder("simulate-channels"), "scenario.json", &scenario.to_string());
    let summary = json_of(&["simulate", &path, "--for", "6m", "--json"]);
    let counts = ["channelsOpened", "channelUpdates", "channelsClosed", "penalties"].map(|name| summary[name].clone());
    assert_eq!(counts, [1, 7, 1, 1].map(|count| json!(count)), "{summary}");
    assert_eq!(summary["invariants"]["violated"], json!(0));
}

#[test]
fn what_was_recorded_replays() {
    let folder = folder("record");
    let path = file(&folder, "run.json", "to be overwritten");
    let summary = json_of(&[&SHORT[..], &["--json", "--record", &path]].concat());
    let digest = summary["digest"].as_str().expect("text");
    let (code, out, err) = run(&["replay", &path]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains(digest) && out.lines().count() == 1, "{out}");

    let capsule = std::fs::read_to_string(&path).expect("written");
    let changed = |name: &str, change: fn(&mut Value)| {
        let mut value: Value = serde_json::from_str(&capsule).expect("JSON");
        change(&mut value);
        file(&folder, name, &value.to_string())
    };
    let digest_of = changed("digest.json", |capsule| capsule["digest"] = json!("00".repeat(32)));
    refused(&["replay", &digest_of], 1, &["digest.json", digest, &"00".repeat(32)]);
    let seed = changed("seed.json", |capsule| capsule["scenario"]["seed"] = json!("8"));
    refused(&["replay", &seed], 1, &["seed.json", "events"]);
    let place = changed("place.json", |capsule| capsule["cursor"]["events"] = json!(999_999_999));
    refused(&["replay", &place], 1, &["place.json", "999999999"]);
    let version = changed("version.json", |capsule| capsule["capsule"] = json!(2));
    refused(&["replay", &version], 1, &["version.json", "version 2", "version 1"]);
    let unknown = changed("unknown.json", |capsule| capsule["scenario"]["config"]["nodes"][1]["hashrate"] = json!(1));
    refused(&["replay", &unknown], 1, &["unknown.json", "hashrate", "line 1"]);
    let name = changed("name.json", |capsule| capsule["scenario"]["config"]["links"][0]["a"] = json!("Nobody"));
    refused(&["replay", &name], 1, &["name.json", "config.links[0].a", "Nobody"]);
    refused(&["replay", &file(&folder, "cut.json", &capsule[..capsule.len() / 2])], 1, &["cut.json", "EOF"]);
    refused(&["replay", &file(&folder, "empty.json", "")], 1, &["empty.json"]);
    refused(&["replay", &file(&folder, "huge.json", &" ".repeat(5 << 20))], 1, &["huge.json", "4194304"]);
    refused(&["replay", "no-such-file.json"], 1, &["no-such-file.json"]);
    refused(&["replay", folder.to_str().expect("UTF-8")], 1, &["record"]);
    std::fs::write(folder.join("bytes.json"), [0xff, 0xfe, 0x00]).expect("writable");
    refused(&["replay", folder.join("bytes.json").to_str().expect("UTF-8")], 1, &["bytes.json", "UTF-8"]);
}

#[test]
fn a_scenario_file_is_run_or_its_error_placed() {
    let folder = folder("scenario");
    let scenario = json!({
        "version": 1,
        "seed": "18446744073709551615",
        "config": {
            "nodes": [{"name": "A", "hashRate": 100, "balance": 1_000}, {"name": "B"}, {"name": "Hermit"}],
            "links": [{"a": "A", "b": "B", "quality": {"loss": 10_000}}],
        },
        "script": [{"at": 60_000, "action": {"do": "transfer", "from": "A", "to": "B", "amount": 5, "fee": 100}}],
    });
    let good = file(&folder, "good.json", &scenario.to_string());
    let summary = json_of(&["simulate", &good, "--for", "2m", "--json"]);
    assert_eq!(summary["nodes"], json!(3));
    let path = folder.join("good-run.json");
    let path = path.to_str().expect("UTF-8");
    assert_eq!(json_of(&["simulate", &good, "--for", "2m", "--json", "--record", path])["digest"], summary["digest"]);
    assert_eq!(run(&["replay", path]).0, 0);
    assert_ne!(json_of(&["simulate", &good, "--for", "2m", "--json", "--seed", "3"])["digest"], summary["digest"]);

    let bad = |name: &str, pointer: &str, value: Value| {
        let mut changed = scenario.clone();
        *changed.pointer_mut(pointer).expect("there") = value;
        file(&folder, name, &serde_json::to_string_pretty(&changed).expect("plain"))
    };
    let simulate = |path: &str, says: &[&str]| refused(&["simulate", path], 2, says);
    simulate(
        &bad("rate.json", "/config/nodes/0/hashRate", json!(99_999_999)),
        &["rate.json", "config.nodes[0].hashRate", "99999999"],
    );
    simulate(&bad("type.json", "/config/nodes/0/hashRate", json!("fast")), &["type.json", "at line", "column"]);
    simulate(&bad("link.json", "/config/links/0/b", json!("C")), &["link.json", "config.links[0].b", "\"C\""]);
    simulate(&bad("action.json", "/script/0/action/do", json!("explode")), &["action.json", "explode", "line"]);
    simulate(&bad("version.json", "/version", json!(9)), &["version.json", "version", "9"]);
    simulate("no-such-file.json", &["no-such-file.json"]);
}

/// Never how fast: machines differ, and this is a debug build.
#[test]
fn bench_measures_each_row_for_a_second_beside_its_bound() {
    let rows = json_of(&["bench", "--only", "pow", "--json"]);
    let rows = rows.as_array().expect("an array");
    let names: Vec<&Value> = rows.iter().map(|row| &row["name"]).collect();
    assert_eq!(names, ["pow.hash", "pow.bound"]);
    for row in rows {
        let keys: Vec<&String> = row.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["name", "samples", "seconds", "unit", "value"]);
        assert!(row["value"].as_f64() > Some(0.0) && row["seconds"].as_f64() >= Some(1.0), "{row}");
        assert!(row["samples"].as_u64() > Some(1) && row["unit"] == "hashes/s", "{row}");
    }
    let (code, out, _) = run(&["bench", "--only", "pow.hash"]);
    assert_eq!((code, out.lines().count()), (0, 2), "{out}");
    assert!(out.contains("pow.hash") && out.contains("hashes/s") && out.contains(" %"), "{out}");
    assert!(out.lines().all(|line| line.chars().count() <= 80), "{out}");
    refused(&["bench", "--only", "speed"], 2, &["\"speed\"", "pow.hash", "chain.transactions", "sim.deliveries"]);
}

/// A request that makes no sense ends with 2, and says on standard error what would.
#[test]
fn nonsense_is_refused() {
    for arguments in [
        &["simulate", "--nodes", "0"][..],
        &["simulate", "--nodes", "1001"],
        &["simulate", "--nodes", "-3"],
        &["simulate", "--seed", "x"],
        &["simulate", "--seed", "18446744073709551616"],
        &["simulate", "--for", "0s"],
        &["simulate", "--for", "soon"],
        &["simulate", "--for", "400days"],
        &["simulate", "--fast"],
        &["simulate", "file.json", "--nodes", "3"],
        &["simulate", "--nodes", "2", "--for", "1s", "--record", "/no/such/folder/file.json"],
        &["replay"],
        &["bench", "--only"],
        &["bench", "pow"],
        &["explode"],
        &[],
    ] {
        let (code, out, err) = run(arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}: {err}");
        assert!(!err.is_empty() && !err.contains("panicked"), "{arguments:?}: {err}");
    }
    let (code, out, _) = run(&["--version"]);
    assert_eq!((code, out.trim()), (0, concat!("tabchain ", env!("CARGO_PKG_VERSION"))));
    for help in [&["--help"][..], &["simulate", "--help"], &["replay", "--help"], &["bench", "--help"]] {
        let (code, out, _) = run(help);
        assert!(code == 0 && out.contains("Usage"), "{out}");
    }
}
