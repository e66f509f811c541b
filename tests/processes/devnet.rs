//! `tabchain devnet`: three real nodes on this machine do business with each other.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use crate::client::{Client, Running, folder, ports, start};

const PAYMENTS: u64 = 1_000;

struct Devnet {
    nodes: Vec<Client>,
    accounts: Vec<String>,
    folder: PathBuf,
    /// Where the first listens for peers; its interface's port is three below.
    door: u16,
    process: Running,
}

impl Devnet {
    fn start(name: &str, more: &[&str]) -> Self {
        let (folder, first) = (folder(name), ports(6));
        let text = [first, first + 3].map(|port| port.to_string());
        let dir = folder.join("net");
        let arguments = ["devnet", "--nodes=3", "--block-interval=1s", "--data-dir", dir.to_str().expect("UTF-8")];
        let arguments = [&arguments[..], &["--http-port", &text[0], "--peer-port", &text[1]], more].concat();
        let process = start(&arguments, &folder.join("devnet.log"));
        let nodes: Vec<Client> = (first..first + 3).map(Client::new).collect();
        let mut accounts = Vec::new();
        for node in &nodes {
            node.until("/api/health", |health| health["peers"] == 2);
            let status = node.get("/api/node/status");
            accounts.push(status["address"].as_str().expect("an address").to_owned());
        }
        Self { nodes, accounts, folder, door: first + 3, process }
    }

    fn open(&self, one: usize, other: usize) -> String {
        let (a, b) = (&self.accounts[one], &self.accounts[other]);
        let new = json!({ "participants": [a, b], "initialBalances": { a: 500_000, b: 500_000 } });
        let opened = self.nodes[one].post("/api/channels", &new);
        let id = opened["id"].as_str().expect("an id").to_owned();
        for node in [one, other] {
            self.nodes[node].until(&format!("/api/channels/{id}"), |channel| channel["state"] == "open");
        }
        id
    }
}

#[test]
fn three_nodes_do_business() {
    let net = Devnet::start("devnet", &[]);
    // Sent to the second, mined by the first, seen by the third.
    let new = json!({ "sender": net.accounts[1], "receiver": net.accounts[2], "amount": 1_234 });
    let sent = net.nodes[1].post("/api/transactions", &new);
    let hash = sent["hash"].as_str().expect("a hash");
    let path = format!("/api/transactions/{hash}");
    let seen = net.nodes[2].until(&path, |transaction| transaction["blockHash"].is_string());
    let block = net.nodes[2].get(&format!("/api/block/hash/{}", seen["blockHash"].as_str().expect("a hash")));
    assert_eq!(block["coinbase"]["to"], json!(net.accounts[0]), "{block}");

    // A channel between accounts of two nodes, used a thousand times.
    let id = net.open(0, 1);
    let pay = json!({ "sender": net.accounts[0], "receiver": net.accounts[1], "amount": 3 });
    let path = format!("/api/channels/{id}/transactions");
    for number in 1..=PAYMENTS {
        assert_eq!(net.nodes[0].post(&path, &pay)["commitmentNumber"], number);
    }
    for node in &net.nodes[..2] {
        let balance = |channel: &Value, who: usize| channel["balances"][&net.accounts[who]].clone();
        node.until(&format!("/api/channels/{id}"), |channel| {
            balance(channel, 0) == json!(500_000 - 3 * PAYMENTS) && balance(channel, 1) == json!(500_000 + 3 * PAYMENTS)
        });
    }

    // Paid over the node in the middle.
    net.open(1, 2);
    let announced = |channel: &Value| channel["policies"].as_array().is_some_and(|said| !said.contains(&Value::Null));
    let known = |graph: &Value| {
        graph["channels"].as_array().is_some_and(|channels| channels.len() == 2 && channels.iter().all(announced))
    };
    net.nodes[0].until("/api/graph", known);
    let invoice = net.nodes[2].post("/api/invoices", &json!({ "account": net.accounts[2], "amount": 5_000 }));
    let payment = net.nodes[0].post("/api/payments", &json!({ "from": net.accounts[0], "invoice": invoice }));
    let path = format!("/api/payments/{}", payment["id"].as_str().expect("an id"));
    let paid = net.nodes[0].until(&path, |payment| payment["state"] != "underWay");
    assert_eq!(paid["state"], "paid", "{paid}");
    assert_eq!(paid["route"].as_array().map(Vec::len), Some(2), "{paid}");

    // The same without an invoice: the payee's node is asked for one.
    let new = json!({ "from": net.accounts[0], "to": net.accounts[2], "amount": 4_000 });
    let payment = net.nodes[0].post("/api/payments", &new);
    let path = format!("/api/payments/{}", payment["id"].as_str().expect("an id"));
    let paid = net.nodes[0].until(&path, |payment| payment["state"] != "underWay");
    assert_eq!((&paid["state"], &paid["to"]), (&json!("paid"), &json!(net.accounts[2])), "{paid}");

    // Asked for what is new.
    assert_eq!(net.nodes[0].try_post("/api/p2p/sync", &json!({})).expect("it answers").0, 202);

    // Closed by both.
    net.nodes[0].post(&format!("/api/channels/{id}/settle"), &json!({}));
    net.nodes[1].until(&format!("/api/channels/{id}"), |channel| channel["state"] == "closed");
    assert_eq!(net.process.stop(), Some(0));
    assert!(net.nodes[0].try_get("/api/health").is_err(), "no node outlives the devnet");
}

/// Validators of three processes agree on what is final. Whoever comes late and is told a checkpoint of theirs follows them; whoever is told another does not.
#[test]
fn validators_agree_and_checkpoints_are_kept() {
    let net = Devnet::start("validators", &["--consensus=pos"]);
    let epoch = |told: &Value| told["finalized"]["epoch"].as_u64().unwrap_or_default();
    let told = net.nodes[0].until("/api/validators", |told| epoch(told) >= 2);
    for node in &net.nodes {
        node.until("/api/validators", |other| epoch(other) >= epoch(&told));
    }
    let block = told["finalized"]["block"].as_str().expect("a block");
    let file = net.folder.join("net").join("node-1").join("chain.json");
    let chain: Value = serde_json::from_str(&fs::read_to_string(file).expect("readable")).expect("JSON");
    let genesis = net.folder.join("genesis.json");
    fs::write(&genesis, chain["genesis"].to_string()).expect("writable");

    let door = format!("/ip4/127.0.0.1/tcp/{}", net.door);
    let follow = |name: &str, checkpoint: &str| {
        let first = ports(2);
        let ports = [first, first + 1].map(|port| port.to_string());
        let (http, listen) = (format!("127.0.0.1:{}", ports[0]), format!("/ip4/127.0.0.1/tcp/{}", ports[1]));
        let genesis = genesis.to_str().expect("UTF-8");
        let arguments = ["node", "--dev", "--ephemeral", "--genesis", genesis, "--peer", &door, "--http", &http];
        let arguments = [&arguments[..], &["--listen", &listen, "--checkpoint", checkpoint]].concat();
        (start(&arguments, &net.folder.join(name)), Client::new(first))
    };
    let (_right, informed) = follow("informed.log", &format!("{}:{block}", epoch(&told)));
    let (_wrong, misled) = follow("misled.log", &format!("1:{}", "0".repeat(64)));
    let height = |told: &Value| told["height"].as_u64().unwrap_or_default();
    let there = height(&net.nodes[0].get("/api/blockchain/height"));
    informed.until("/api/blockchain/height", |told| height(told) >= there);
    informed.until("/api/validators", |told| epoch(told) >= 3);
    // It has been reached, has taken what comes before its checkpoint, and takes no more while the others go on.
    misled.until("/api/blockchain/height", |told| height(told) > 0);
    informed.until("/api/blockchain/height", |told| height(told) >= there + 5);
    let taken = height(&misled.get("/api/blockchain/height"));
    let slots = chain["genesis"]["rules"]["consensus"]["epochSlots"].as_u64().expect("a number");
    assert!(taken < 2 * slots && 2 * slots <= there, "{taken} of {there}");
    assert_eq!(net.process.stop(), Some(0));
}
