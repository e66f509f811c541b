//! Blocks, and mining them.

use serde_json::{Value, json};
use tabchain::primitives::Hash;

use crate::place::{Place, WEALTH};

#[test]
fn the_chain_is_read_from_a_height_upwards_page_by_page() {
    let place = Place::new();
    place.mine(7);
    let all = place.get("/api/blockchain").is(200);
    let heights = |page: &Value| -> Vec<u64> {
        page["chain"].as_array().unwrap().iter().map(|block| block["height"].as_u64().unwrap()).collect()
    };
    assert_eq!(heights(&all), (0..8).collect::<Vec<_>>());
    assert_eq!((&all["height"], &all["pendingTransactions"]), (&json!(7), &json!([])));
    assert_eq!(all["tip"], all["chain"][7]["hash"]);
    assert!(all["difficulty"].is_string());
    let first = place.get("/api/blockchain?from=2&limit=3");
    assert_eq!(heights(&first.is(200)), [2, 3, 4]);
    assert_eq!(first.headers["link"], "</api/blockchain?limit=3&from=5>; rel=\"next\"");
    let last = place.get("/api/blockchain?limit=3&from=5");
    assert_eq!(heights(&last.is(200)), [5, 6, 7]);
    assert!(!last.headers.contains_key("link"));
    assert_eq!(place.get("/api/blockchain?from=100").is(200)["chain"], json!([]));
    for bad in
        ["from=-1", "from=1e3", "from=%2B1", "from=x", "limit=0", "limit=501", "limit=99999999999999999999", "a=1"]
    {
        place.get(&format!("/api/blockchain?{bad}")).refused(400, "bad-query");
    }
}

#[test]
fn height_tip_and_validity() {
    let place = Place::new();
    assert_eq!(place.get("/api/blockchain/height").is(200), json!({ "height": 0 }));
    let block = place.mine(3);
    assert_eq!(place.get("/api/blockchain/height").is(200), json!({ "height": 3 }));
    let tip = place.get("/api/blockchain/tip").is(200);
    assert_eq!((&tip["hash"], &tip["height"], &tip["timestamp"]), (&block["hash"], &json!(3), &block["timestamp"]));
    assert_eq!(tip["work"], "4", "each block took one hash on average");
    assert_eq!(place.get("/api/blockchain/valid").is(200), json!({ "valid": true, "height": 3 }));
    place.mine(1);
    assert_eq!(place.get("/api/blockchain/valid").is(200), json!({ "valid": true, "height": 4 }));
}

#[test]
fn blocks_are_found_by_height_and_by_hash() {
    let place = Place::new();
    let block = place.mine(2);
    assert_eq!(place.get("/api/block/2").is(200), block);
    assert_eq!(place.get("/api/block/0").is(200)["hash"], json!(place.genesis));
    place.get("/api/block/3").refused(404, "unknown-block");
    for bad in ["x", "-1", "1.0", "+1", "99999999999999999999", "%ff"] {
        place.get(&format!("/api/block/{bad}")).refused(400, "bad-path");
    }
    let path = format!("/api/block/hash/{}", block["hash"].as_str().unwrap());
    let found = place.get(&path);
    let mut placed = block.clone();
    placed["inBestChain"] = json!(true);
    assert_eq!(found.is(200), placed);
    assert_eq!(found.headers["cache-control"], "no-cache", "a reorg may take it back");
    let again = place.get_with(&path, ("if-none-match", &found.headers["etag"]));
    assert_eq!((again.status, again.body.len()), (304, 0));
    place.get(&format!("/api/block/hash/{}", Hash([9; 32]))).refused(404, "unknown-block");
    place.get("/api/block/hash/xyz").refused(400, "bad-path");
}

#[test]
fn mining_takes_what_waits_and_pays_who_was_named() {
    let place = Place::new();
    let reply = place.post("/api/mine", &json!({ "miningRewardAddress": place.other }));
    let block = reply.is(201);
    assert_eq!(reply.headers["location"], format!("/api/block/hash/{}", block["hash"].as_str().unwrap()));
    assert_eq!((&block["height"], &block["transactions"]), (&json!(1), &json!([])));
    assert_eq!(block["coinbase"]["to"], json!(place.other));
    let subsidy = block["coinbase"]["amount"].as_u64().unwrap();
    let balance = place.get(&format!("/api/balance/{}", place.other)).is(200);
    assert_eq!(balance["balance"], json!(WEALTH + subsidy));
    let transaction = place.signed(10);
    place.post("/api/transactions", &json!(transaction)).is(201);
    let block = place.mine(1);
    assert_eq!(block["transactions"][0]["hash"], json!(transaction.id()));
    assert_eq!(block["coinbase"]["amount"], json!(subsidy + 500));
    place.post("/api/mine", &json!({})).refused(400, "missing-field");
    place.post("/api/mine", &json!({ "miningRewardAddress": "tab1xyz" })).refused(400, "bad-field");
    place.post("/api/mine", &json!({ "miningRewardAddress": place.own, "threads": 3 })).refused(400, "unknown-field");
}

/// A chain of stake makes its own blocks; nothing can be mined on it, and who validates is told.
#[test]
fn validators_of_a_chain_of_stake() {
    let place = Place::staked();
    assert_eq!(place.get("/api/node/status").is(200)["consensus"], "proof-of-stake");
    place.post("/api/mine", &json!({ "miningRewardAddress": place.own })).refused(409, "wrong-consensus");
    // Whoever is not asked to has no duties, whatever its stake.
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    assert_eq!(place.get("/api/blockchain/height").is(200), json!({ "height": 0 }));
    let begin = place.handle.command(place.own, tabchain::node::Command::SetMining(true));
    place.runtime.block_on(begin).expect("it runs");
    let is_final = |told: &Value| told["finalized"]["epoch"].as_u64() > Some(14);
    let looks = (0..300).map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(200));
        place.get("/api/validators").is(200)
    });
    let told = looks.into_iter().find(is_final).expect("something becomes final within a minute");
    let validator = &told["validators"][0];
    // Nobody voted before it began: a little of the stake has leaked.
    let stake = validator["stake"].as_u64().expect("a number");
    assert!(stake <= WEALTH && stake > WEALTH / 100 * 99, "{stake}");
    assert_eq!(validator["address"], json!(place.own));
    assert_eq!(told["slots"].as_array().map(Vec::len), Some(2));
    assert!(told["attestations"].as_array().is_some_and(|votes| !votes.is_empty()), "{told}");
    assert_eq!(told["slots"][0]["leader"], json!(place.own));
    let block = place.get("/api/block/1").is(200);
    assert_eq!((&block["proposer"], block.get("nonce")), (&json!(place.own), None));
    assert_eq!(place.get(&format!("/api/balance/{}", place.own)).is(200)["staked"], stake);
    assert_eq!(place.get("/api/blockchain/valid").is(200)["valid"], true);
    Place::new().get("/api/validators").refused(409, "wrong-consensus");
}
