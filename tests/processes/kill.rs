//! A node that is killed at any moment, under load, has lost nothing of what it acknowledged.

use std::{thread, time::Duration};

use serde_json::json;

use crate::client::{Client, Running, folder, ports, start};

/// Moments in a plain run; `make torture` tries twenty times as many.
const MOMENTS: u64 = 10;
/// The latest of them, in milliseconds.
const LATEST: u64 = 400;
const RECEIVER: &str = "tab1fr4ac0ehmv957jzv7nqfnhxwp09vrqd3psns0eh9ehr2sc5jq2vq84k4a7";

fn scale() -> u64 {
    std::env::var("TORTURE_SCALE").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

#[test]
fn a_killed_node_has_lost_nothing_that_it_acknowledged() {
    let (folder, first) = (folder("kill"), ports(2));
    let (data, log) = (folder.join("data"), folder.join("node.log"));
    let (http, listen) = (format!("127.0.0.1:{first}"), format!("/ip4/127.0.0.1/tcp/{}", first + 1));
    let arguments = ["node", "--dev", "--mine", "--data-dir", data.to_str().expect("UTF-8")];
    let arguments = [&arguments[..], &["--http", &http, "--listen", &listen]].concat();
    let (client, mut random, mut acknowledged, mut height) = (Client::new(first), 0x5eed_u64, Vec::new(), 0);
    let mut kept = 0;
    for moment in 0..MOMENTS * scale() {
        let node: Running = start(&arguments, &log);
        client.until("/api/health", |health| health["status"].is_string());
        // What it had said before.
        let now = client.get("/api/blockchain/height")["height"].as_u64().expect("a height");
        assert!(now >= height, "moment {moment}: height {now} < {height}");
        for hash in acknowledged.drain(..) {
            let (status, body) = client.try_get(&format!("/api/transactions/{hash}")).expect("it answers");
            assert_eq!(status, 200, "moment {moment}: {hash} was acknowledged: {body}");
            kept += 1;
        }
        assert_eq!(client.get("/api/blockchain/valid")["valid"], true, "moment {moment}");
        let sender = client.get("/api/node/status")["address"].clone();
        // Somebody sends all the time, and takes what is acknowledged by its word.
        let sending = thread::spawn(move || {
            let (client, mut hashes) = (Client::new(first), Vec::new());
            let new = json!({ "sender": sender, "receiver": RECEIVER, "amount": 1, "fee": 500 });
            while let Ok((status, body)) = client.try_post("/api/transactions", &new) {
                if status == 201 {
                    hashes.push(body["hash"].as_str().expect("a hash").to_owned());
                }
            }
            hashes
        });
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        thread::sleep(Duration::from_millis((random >> 33) % LATEST));
        height = client.get("/api/blockchain/height")["height"].as_u64().expect("a height");
        node.kill();
        acknowledged = sending.join().expect("it ends with the node");
    }
    assert!(kept > MOMENTS * scale(), "something was acknowledged between two kills, {kept}");
}
