//! Transactions, balances, accounts and fees.

use serde_json::{Value, json};
use tabchain::primitives::{Address, Hash, Nonce, SecretKey, merkle::InclusionProof};

use crate::place::{Place, WEALTH};

#[test]
fn a_signed_transaction_is_taken_found_and_proved() {
    let place = Place::new();
    let transaction = place.signed(1_000);
    let id = transaction.id();
    let reply = place.post("/api/transactions", &json!(transaction));
    let waiting = reply.is(201);
    assert_eq!(reply.headers["location"], format!("/api/transactions/{id}"));
    assert_eq!(
        (&waiting["hash"], &waiting["amount"], &waiting["data"]),
        (&json!(id), &json!(1_000), &json!("by hand"))
    );
    assert_eq!(waiting["signed"], json!(transaction));
    assert_eq!(waiting["confirmations"], Value::Null);
    assert_eq!(place.get("/api/transactions/pending").is(200), json!([waiting]));
    assert_eq!(place.get(&format!("/api/transactions/{id}")).is(200), waiting);
    place.get(&format!("/api/transactions/{id}/proof")).refused(409, "not-included");
    let block = place.mine(1);
    place.mine(2);
    let found = place.get(&format!("/api/transactions/{id}")).is(200);
    assert_eq!((&found["blockIndex"], &found["confirmations"]), (&json!(1), &json!(3)));
    assert_eq!(found["blockHash"], block["hash"]);
    let proof = place.get(&format!("/api/transactions/{id}/proof")).is(200);
    let number = |name: &str| u32::try_from(proof[name].as_u64().unwrap()).unwrap();
    let hash = |value: &Value| value.as_str().unwrap().parse::<Hash>().unwrap();
    let siblings = proof["siblings"].as_array().unwrap().iter().map(hash).collect();
    let inclusion = InclusionProof { index: number("index"), size: number("size"), siblings };
    assert!(inclusion.proves(hash(&proof["leaf"]), &hash(&block["merkleRoot"])));
    assert_eq!((&proof["merkleRoot"], &proof["blockHash"]), (&block["merkleRoot"], &block["hash"]));
    let missing = Hash([1; 32]);
    place.get(&format!("/api/transactions/{missing}")).refused(404, "unknown-transaction");
    place.get(&format!("/api/transactions/{missing}/proof")).refused(404, "unknown-transaction");
    place.get("/api/transactions/ABC").refused(400, "bad-path");
}

#[test]
fn an_account_of_the_keystore_sends_without_signing() {
    let place = Place::new();
    let new = |sender: Address, amount: u64| json!({ "sender": sender, "receiver": place.own, "amount": amount });
    for sender in [place.own, place.other] {
        for amount in [5, 6] {
            let sent = place.post("/api/transactions", &new(sender, amount)).is(201);
            assert_eq!((&sent["sender"], &sent["amount"]), (&json!(sender), &json!(amount)));
            assert_eq!(sent["fee"], sent["size"], "one base unit for each byte");
        }
    }
    let full = json!({ "sender": place.other, "receiver": place.own, "amount": 1, "fee": 777, "data": "tea" });
    let sent = place.post("/api/transactions", &full).is(201);
    assert_eq!((&sent["fee"], &sent["data"], &sent["nonce"]), (&json!(777), &json!("tea"), &json!(2)));
    assert_eq!(place.mine(1)["transactions"].as_array().unwrap().len(), 5);
    let stranger = place.key.public().address();
    place.post("/api/transactions", &new(stranger, 1)).refused(404, "unknown-account");
    let long = json!({ "sender": place.own, "receiver": place.own, "amount": 1, "data": "x".repeat(257) });
    place.post("/api/transactions", &long).refused(422, "data-too-long");
}

#[test]
fn a_broken_rule_is_named_with_what_it_compared() {
    let place = Place::new();
    let send = |transaction: &Value| place.post("/api/transactions", transaction);
    let mut forged = json!(place.signed_by(&place.key, Nonce(0), 5));
    forged["fee"] = json!(501);
    let problem = send(&forged).refused(422, "bad-signature");
    assert_eq!(problem["rule"], "bad-signature");
    let poor = place.signed_by(&place.key, Nonce(0), WEALTH);
    let problem = send(&json!(poor)).refused(402, "insufficient-balance");
    assert_eq!(problem["values"], json!({ "balance": WEALTH, "amount": WEALTH, "fee": 500 }));
    let problem = send(&json!(place.signed_by(&place.key, Nonce(100), 5))).refused(409, "nonce-too-far");
    assert_eq!(problem["values"]["expected"], json!(0));
    send(&json!(place.signed_by(&place.key, Nonce(0), 5))).is(201);
    send(&json!(place.signed_by(&place.key, Nonce(0), 6))).refused(409, "replacement-underpriced");
    send(&json!(place.signed_by(&place.key, Nonce(0), 5))).is(201);
    let problem = send(&json!(place.signed_by(&place.key, Nonce(1), WEALTH - 600))).refused(402, "overspent");
    assert_eq!(problem["values"], json!({ "balance": WEALTH, "required": WEALTH + 405 }));
    place.mine(1);
    let problem = send(&json!(place.signed_by(&place.key, Nonce(0), 7))).refused(409, "wrong-nonce");
    assert_eq!(problem["values"], json!({ "nonce": 0, "expected": 1 }));
    let nothing = json!({ "sender": place.own, "receiver": place.own, "amount": 0 });
    send(&nothing).refused(422, "zero-amount");
    let cheap = json!({ "sender": place.own, "receiver": place.own, "amount": 1, "fee": 1 });
    assert_eq!(send(&cheap).refused(422, "fee-too-low")["values"]["fee"], json!(1));
}

#[test]
fn history_is_newest_first_page_by_page() {
    let place = Place::new();
    let mut sent = Vec::new();
    for _ in 0..3 {
        for _ in 0..2 {
            let transaction = place.signed(5);
            place.post("/api/transactions", &json!(transaction)).is(201);
            sent.push(json!(transaction.id()));
        }
        if sent.len() < 6 {
            place.mine(1);
        }
    }
    let address = place.key.public().address();
    let (mut path, mut seen) = (format!("/api/transactions/history/{address}?limit=1"), Vec::new());
    loop {
        let reply = place.get(&path);
        let page = reply.is(200);
        seen.extend(page.as_array().unwrap().iter().cloned());
        let Some(link) = reply.headers.get("link") else { break };
        path = link[1..link.find('>').unwrap()].to_owned();
    }
    assert_eq!(seen.len(), 6);
    assert!(seen[..2].iter().all(|waiting| waiting["blockIndex"].is_null()));
    let confirmed: Vec<_> = seen[2..].iter().map(|transaction| transaction["hash"].clone()).collect();
    assert_eq!(confirmed, sent[..4].iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(place.get(&format!("/api/transactions/history/{address}")).is(200), json!(seen));
    let nobody = SecretKey::from_seed([99; 32]).public().address();
    assert_eq!(place.get(&format!("/api/transactions/history/{nobody}")).is(200), json!([]));
    place.get("/api/transactions/history/tab1x").refused(400, "bad-path");
    place.get(&format!("/api/transactions/history/{address}?cursor=x")).refused(400, "bad-query");
    assert_eq!(place.get("/api/transactions/pending?limit=1").headers["link"].matches("cursor=").count(), 1);
}

#[test]
fn balances_also_of_who_has_none() {
    let place = Place::new();
    place.post("/api/transactions", &json!(place.signed(1_000))).is(201);
    let address = place.key.public().address();
    let balance = place.get(&format!("/api/balance/{address}")).is(200);
    let expected = json!({ "address": address, "balance": WEALTH, "nonce": 0, "nextNonce": 1, "locked": 0, "staked": 0,
        "pending": 1_500 });
    assert_eq!(balance, expected);
    let nobody = SecretKey::from_seed([99; 32]).public().address();
    assert_eq!(place.get(&format!("/api/balance/{nobody}")).is(200)["balance"], json!(0));
    place.get("/api/balance/tab1qqqq").refused(400, "bad-path");
}

#[test]
fn accounts_are_listed_and_made() {
    let place = Place::new();
    let made = place.post("/api/accounts", &json!({ "scheme": "ed25519", "label": "savings" }));
    let account = made.is(201);
    assert_eq!((&account["scheme"], &account["label"]), (&json!("ed25519"), &json!("savings")));
    assert_eq!(made.headers["location"], format!("/api/balance/{}", account["address"].as_str().unwrap()));
    assert!(!made.text().contains("secret"));
    let all = place.get("/api/accounts").is(200);
    assert_eq!((&all[0], &all[2]["address"]), (&account, &json!(place.own)));
    let page = place.get("/api/accounts?limit=2");
    assert_eq!(page.is(200).as_array().unwrap().len(), 2);
    assert!(page.headers.contains_key("link"));
    let rsa = place.post("/api/accounts", &json!({ "scheme": "rsa" })).is(201);
    assert_eq!((&rsa["scheme"], &rsa["label"]), (&json!("rsa"), &json!("")));
    assert_eq!(place.get("/api/accounts?limit=1").is(200)[0], rsa);
    place.post("/api/accounts", &json!({ "scheme": "rot13" })).refused(422, "unknown-scheme");
    let long = json!({ "scheme": "ed25519", "label": "x".repeat(65) });
    place.post("/api/accounts", &long).refused(422, "label-too-long");
    place.post("/api/accounts", &json!({})).refused(400, "missing-field");
}

#[test]
fn fees_show_what_waits_and_what_the_next_block_takes() {
    let place = Place::new();
    let empty = place.get("/api/fees").is(200);
    assert_eq!(
        empty["nextBlock"],
        json!({ "transactions": 0, "bytes": 0, "fees": 0, "lowestFeeRate": null,
        "enoughFeeRate": 100 })
    );
    let waiting = place.post("/api/transactions", &json!(place.signed(5))).is(201);
    let fees = place.get("/api/fees").is(200);
    let (size, rate) = (waiting["size"].as_u64().unwrap(), 500_000 / waiting["size"].as_u64().unwrap());
    let expected = json!({ "transactions": 1, "bytes": size, "fees": 500, "lowestFeeRate": rate,
        "enoughFeeRate": 100 });
    assert_eq!(fees["nextBlock"], expected);
    let ranges = fees["histogram"].as_array().unwrap();
    let counted: Vec<_> = ranges.iter().filter(|range| range["transactions"] == json!(1)).collect();
    assert!(counted.len() == 1 && counted[0]["from"].as_u64().unwrap() <= rate && counted[0]["bytes"] == json!(size));
}
