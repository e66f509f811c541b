//! The commands that speak to a node, as a person types them.

use std::process::Command;

use serde_json::{Value, json};

use crate::client::{Client, folder, ports, start};

/// Exit code, standard output, standard error.
fn tabchain(arguments: &[&str], passphrase: &str) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tabchain"));
    let output = command.args(arguments).env("TABCHAIN_PASSPHRASE", passphrase).output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("not killed"), text(output.stdout), text(output.stderr))
}

fn done(arguments: &[&str]) -> String {
    let (code, out, err) = tabchain(arguments, "open sesame");
    assert_eq!((code, err.as_str()), (0, ""), "{arguments:?}");
    out
}

fn json_of(arguments: &[&str]) -> Value {
    serde_json::from_str(&done(arguments)).expect("JSON")
}

fn refused(arguments: &[&str], passphrase: &str, expected_code: i32, says: &str) {
    let (code, out, err) = tabchain(arguments, passphrase);
    assert_eq!((code, out.as_str()), (expected_code, ""), "{arguments:?}: {err}");
    assert!(err.starts_with("error: ") && err.lines().next().is_some_and(|line| line.contains(says)), "{err}");
}

#[test]
fn a_key_on_this_machine_is_paid_and_pays() {
    let (folder, first) = (folder("commands"), ports(2));
    let path = |name: &str| folder.join(name).to_str().expect("UTF-8").to_owned();
    let (data, keys, url) = (path("data"), path("keys"), format!("http://127.0.0.1:{first}"));
    let (http, listen) = (format!("127.0.0.1:{first}"), format!("/ip4/127.0.0.1/tcp/{}", first + 1));
    // Blocks that are found at once: a search of 30 seconds is all that a request gets.
    let begin = ["node", "--dev", "--block-interval", "100ms", "--data-dir", &data];
    let arguments = [&begin[..], &["--http", &http, "--listen", &listen]].concat();
    let node = start(&arguments, &folder.join("node.log"));
    let client = Client::new(first);
    client.until("/api/health", |health| health["status"].is_string());
    let own = json_of(&["status", "--node", &url])["address"].as_str().expect("an address").to_owned();
    let mine = || client.post("/api/mine", &json!({ "miningRewardAddress": own }));

    // Money comes to a key that the node never sees, and goes on from there.
    let mine_address = done(&["keygen", "--keys", &keys, "--label", "purse", "--scheme", "rsa"]).trim().to_owned();
    assert_eq!(done(&["address", "--keys", &keys]), format!("{mine_address}  rsa      purse\n"));
    refused(&["address", "--keys", &keys], "open barley", 2, "does not open the keystore");
    refused(&["address", "--keys", &path("nowhere")], "", 2, "no keys there");
    refused(&["keygen", "--keys", &keys, "--scheme", "dsa"], "", 2, "dsa");
    (0..5).for_each(|_| drop(mine()));
    json_of(&["send", "--node", &url, "--from", &own, "--to", &mine_address, "--amount", "70000"]);
    mine();
    assert_eq!(json_of(&["balance", "--node", &url, &mine_address])["balance"], 70_000);
    let pay = ["--keys", &keys, "--from", &mine_address, "--to", &own, "--amount", "5000", "--data", "thanks"];
    let signed = done(&[&["sign", "--node", &url], &pay[..]].concat());
    let file = path("signed.json");
    std::fs::write(&file, &signed).expect("writable");
    let sent = json_of(&["send", "--node", &url, &file]);
    assert_eq!((&sent["sender"], &sent["amount"]), (&json!(mine_address), &json!(5_000)));
    mine();
    assert_eq!(json_of(&["balance", "--node", &url, &mine_address])["balance"], 70_000 - 5_000 - 500);
    // Once is enough, and one byte more or less is another signature's.
    refused(&["send", "--node", &url, &file], "", 1, "(");
    std::fs::write(&file, signed.replace("5000", "5001")).expect("writable");
    refused(&["send", "--node", &url, &file], "", 1, "signature");
    refused(&["send", "--node", &url, "--from", &own, "--to", &own, "--amount", "5.0"], "", 2, "5.0");

    // A channel between two accounts of the node, of either scheme.
    let other = client.post("/api/accounts", &json!({ "scheme": "rsa" }));
    assert_eq!(other["scheme"], "rsa");
    let other = other["address"].as_str().expect("an address").to_owned();
    json_of(&["send", "--node", &url, "--from", &own, "--to", &other, "--amount", "90000"]);
    mine();
    let shares = [format!("{own}=40000"), format!("{other}=40000")];
    let opened = json_of(&["channel", "open", "--node", &url, &shares[0], &shares[1]]);
    let id = opened["id"].as_str().expect("an id").to_owned();
    (0..4).for_each(|_| drop(mine()));
    client.until(&format!("/api/channels/{id}"), |channel| channel["state"] == "open");
    json_of(&["channel", "pay", "--node", &url, &id, "--from", &other, "--to", &own, "--amount", "250"]);
    let shown = json_of(&["channel", "show", "--node", &url, &id]);
    assert_eq!((&shown["balances"][&own], &shown["commitmentNumber"]), (&json!(40_250), &json!(1)), "{shown}");
    // Over a route: to an account, and by invoice.
    let paid = json_of(&["pay", "--node", &url, "--from", &other, "--to", &own, "--amount", "1500"]);
    assert_eq!((&paid["state"], &paid["amount"]), (&json!("paid"), &json!(1_500)));
    let invoice = path("invoice.json");
    std::fs::write(&invoice, done(&["invoice", "--node", &url, "--account", &own, "--amount", "1200"]))
        .expect("writable");
    assert_eq!(json_of(&["pay", "--node", &url, "--from", &other, &invoice])["state"], "paid");
    refused(&["pay", "--node", &url, "--from", &other, &invoice], "", 1, "payment-known");
    let (code, out, err) = tabchain(&["pay", "--node", &url, "--from", &other, "--to", &own, "--amount", "900000"], "");
    assert!(code == 1 && out.contains("failed") && err.starts_with("error: not paid: "), "{code} {out} {err}");
    json_of(&["channel", "settle", "--node", &url, &id]);
    mine();
    client.until(&format!("/api/channels/{id}"), |channel| channel["state"] == "closed");
    assert_eq!(json_of(&["channel", "list", "--node", &url]).as_array().map(Vec::len), Some(1));
    assert_eq!(node.stop(), Some(0));
    refused(&["status", "--node", &url], "", 1, "does the node run?");
}

#[test]
fn a_node_says_what_it_needs_before_it_makes_anything() {
    let folder = folder("needs");
    let path = |name: &str| folder.join(name).to_str().expect("UTF-8").to_owned();
    let (new, nowhere) = (path("new"), path("nowhere"));
    refused(&["node", "--data-dir", &new], "", 2, "which chain?");
    refused(&["node", "--ephemeral"], "", 2, "which chain?");
    refused(&["node", "--data-dir", &new, "--dev", "--passphrase-file", &nowhere], "", 2, "nowhere");
    refused(&["node", "--data-dir", &new, "--dev", "--rate-limit", "0"], "", 2, "--rate-limit");
    refused(&["node", "--data-dir", &new, "--dev", "--http", "0.0.0.0:0"], "", 2, "--api-token");
    std::fs::write(path("genesis.json"), done(&["genesis"])).expect("writable");
    let given = ["node", "--data-dir", &new, "--genesis", &path("genesis.json")];
    refused(&[&given[..], &["--block-interval", "1s"]].concat(), "", 2, "--block-interval and --consensus");
    refused(&["node", "--data-dir", &new, "--dev", "--block-interval", "soon"], "", 2, "soon");
    refused(&["node", "--data-dir", &new, "--dev", "--block-interval", "2h"], "", 2, "blockInterval");
    std::fs::write(path("node.toml"), "dev = true\nblock-interval = \"50ms\"\n").expect("writable");
    refused(&["node", "--data-dir", &new, "--config", &path("node.toml")], "", 2, "node.toml");
    assert!(!folder.join("new/keystore.json").exists());
    std::fs::write(path("empty"), "\n").expect("writable");
    refused(&["keygen", "--keys", &new, "--passphrase-file", &path("empty")], "", 2, "no passphrase");
}

#[test]
fn shells_learn_the_commands_and_the_help_fits_a_terminal() {
    assert!(done(&["completions", "bash"]).contains("devnet"));
    for command in ["node", "devnet", "send", "pay", "invoice", "sign", "channel", "keygen", "genesis"] {
        let help = done(&[command, "--help"]);
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{command}: {help}");
    }
}
