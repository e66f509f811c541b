//! Four nodes, each in a network of its own: a tenth of all packets is lost, and for a while half of them cannot reach the other half.
//!
//! Needs Linux, root, `ip` and `nft`: `make namespaces`.

use std::{fs, path::Path, process::Command, thread, time::Duration};

use serde_json::Value;

use crate::client::{Client, Running, folder, start_in};

const NODES: usize = 4;
/// Seconds of the cut; `make torture` takes thirty times as long.
const CUT: u64 = 20;
/// Of a hundred packets, how many are lost.
const LOSS: u32 = 10;
const TOKEN: &str = "open sesame";

/// One network: a bridge in a namespace of its own, a namespace for each node, and a way in for this process, on which nothing is lost.
struct Net {
    tag: String,
}

fn run(words: &str) {
    let words: Vec<&str> = words.split_whitespace().collect();
    let output = Command::new(words[0]).args(&words[1..]).output().expect("the program is there");
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Addresses are of a range that is set aside for trying things (RFC 2544).
fn address(node: usize) -> String {
    format!("198.18.77.{}", node + 1)
}

impl Net {
    fn new() -> Self {
        let net = Self { tag: format!("tab{}", std::process::id() % 100_000) };
        let (hub, door) = (net.hub(), net.door());
        run(&format!("ip netns add {hub}"));
        run(&format!("ip -n {hub} link add bridge type bridge"));
        run(&format!("ip -n {hub} link set bridge up"));
        run(&format!("ip link add {door} type veth peer name door netns {hub}"));
        run(&format!("ip -n {hub} link set door master bridge up"));
        run(&format!("ip addr add 198.18.77.254/24 dev {door}"));
        run(&format!("ip link set {door} up"));
        for node in 0..NODES {
            let name = net.name(node);
            run(&format!("ip netns add {name}"));
            run(&format!("ip -n {name} link add eth type veth peer name port{node} netns {hub}"));
            run(&format!("ip -n {hub} link set port{node} master bridge up"));
            run(&format!("ip -n {name} addr add {}/24 dev eth", address(node)));
            run(&format!("ip -n {name} link set eth up"));
            run(&format!("ip -n {name} link set lo up"));
        }
        net.rules(false);
        net
    }

    fn hub(&self) -> String {
        format!("{}-hub", self.tag)
    }

    fn door(&self) -> String {
        format!("{}-door", self.tag)
    }

    fn name(&self, node: usize) -> String {
        format!("{}-{node}", self.tag)
    }

    /// What each node loses of what comes in: a tenth, and all that comes from the other half while the network is cut.
    fn rules(&self, cut: bool) {
        for node in 0..NODES {
            let far = |other: &usize| cut && other * 2 / NODES != node * 2 / NODES;
            let others: Vec<String> = (0..NODES).filter(far).map(address).collect();
            let gone = match others.is_empty() {
                true => String::new(),
                false => format!("ip saddr {{ {} }} drop\n", others.join(", ")),
            };
            let rules = format!(
                "flush ruleset\ntable inet lossy {{ chain incoming {{ type filter hook input priority 0;\n\
                 iif lo accept\nip saddr 198.18.77.254 accept\n{gone}numgen random mod 100 < {LOSS} drop\n}}\n}}\n"
            );
            let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.nft", self.name(node)));
            fs::write(&file, rules).expect("writable");
            run(&format!("ip netns exec {} nft -f {}", self.name(node), file.display()));
        }
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        let names = (0..NODES).map(|node| self.name(node)).chain([self.hub()]);
        for name in names {
            // What was not made cannot be taken away.
            let _ = Command::new("ip").args(["netns", "del", &name]).output();
        }
        let _ = Command::new("ip").args(["link", "del", &self.door()]).output();
    }
}

fn height(client: &Client) -> u64 {
    client.get("/api/health")["height"].as_u64().expect("a height")
}

fn block(client: &Client, height: u64) -> Value {
    client.get(&format!("/api/block/{height}"))["hash"].clone()
}

/// Whether all are on one chain, but for its last blocks.
fn agree(clients: &[Client]) -> Option<u64> {
    let low = clients.iter().map(height).min().expect("some").checked_sub(3)?;
    let first = block(&clients[0], low);
    clients.iter().all(|client| block(client, low) == first).then_some(low)
}

#[test]
#[ignore = "needs root, ip and nft: make namespaces"]
fn four_nodes_over_a_bad_network_converge_after_a_cut() {
    let (folder, net) = (folder("namespaces"), Net::new());
    let path = |name: &str| folder.join(name).to_str().expect("UTF-8").to_owned();
    let words = ["genesis", "--difficulty", "200000", "--block-interval", "1s"];
    let genesis = Command::new(env!("CARGO_BIN_EXE_tabchain")).args(words).output().expect("it starts");
    fs::write(path("genesis.json"), genesis.stdout).expect("writable");
    fs::write(path("passphrase"), "sesame\n").expect("writable");
    let peers: Vec<String> = (0..NODES).map(|node| format!("--peer=/ip4/{}/tcp/4000", address(node))).collect();
    let nodes: Vec<Running> = (0..NODES)
        .map(|node| {
            let name = net.name(node);
            let (genesis, data) =
                (format!("--genesis={}", path("genesis.json")), format!("--data-dir={}", path(&name)));
            let passphrase = format!("--passphrase-file={}", path("passphrase"));
            let (http, listen) =
                (format!("--http={}:3000", address(node)), format!("--listen=/ip4/{}/tcp/4000", address(node)));
            let token = format!("--api-token={TOKEN}");
            // One miner in each half.
            let mine = format!("--mine={}", usize::from(node % 2 == 0));
            let mut words = vec!["node", &genesis, &data, &passphrase, &http, &listen, &token, &mine];
            words.extend(peers.iter().enumerate().filter(|(other, _)| *other != node).map(|(_, peer)| peer.as_str()));
            start_in(&name, &words, &folder.join(format!("{node}.log")))
        })
        .collect();
    let clients: Vec<Client> =
        (0..NODES).map(|node| Client::at(&format!("http://{}:3000", address(node)), TOKEN)).collect();
    for client in &clients {
        client
            .until("/api/health", |health| health["peers"].as_u64() >= Some(3) && health["height"].as_u64() >= Some(5));
    }
    until("they agree", || agree(&clients));

    net.rules(true);
    let before = clients.iter().map(height).max().expect("some");
    let scale = std::env::var("TORTURE_SCALE").is_ok();
    thread::sleep(Duration::from_secs(if scale { 30 * CUT } else { CUT }));
    // However slow the machine is: both halves go on, each by itself.
    let top = until("the halves part", || {
        let top = clients.iter().map(height).min().expect("some");
        (top > before && block(&clients[0], top) != block(&clients[2], top)).then_some(top)
    });

    net.rules(false);
    until("they agree again", || agree(&clients).filter(|common| *common > top));
    for client in &clients {
        assert_eq!(client.get("/api/blockchain/valid")["valid"], true);
    }
    nodes.into_iter().for_each(|node| assert_eq!(node.stop(), Some(0)));
}

fn until<T>(what: &str, holds: impl Fn() -> Option<T>) -> T {
    for _ in 0..1_800 {
        if let Some(seen) = holds() {
            return seen;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("{what}: never");
}
