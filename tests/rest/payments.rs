//! Payments by invoice.

use serde_json::json;
use tabchain::primitives::Hash;

use crate::place::Place;

#[test]
fn an_account_of_this_keystore_is_paid_over_a_route() {
    let place = Place::new();
    let channel = place.channel(200_000, 50_000);
    let new = json!({ "from": place.own, "to": place.other, "amount": 2_000 });
    let begun = place.post("/api/payments", &new);
    let id = begun.is(202)["id"].as_str().unwrap().to_owned();
    assert_eq!(begun.headers["location"], format!("/api/payments/{id}"));
    let path = format!("/api/payments/{id}");
    let paid = place.until(&path, |reply| reply.is(200)["state"] != "underWay");
    assert_eq!((&paid["state"], &paid["fee"], &paid["amount"]), (&json!("paid"), &json!(0), &json!(2_000)));
    assert_eq!(paid["route"], json!([{ "channel": channel, "to": place.other, "amount": 2_000 }]));
    assert_eq!(paid["attempts"][0]["failedAt"], json!(null));
    assert_eq!(place.get("/api/payments").is(200), json!([paid]));
    let balances = place.get(&format!("/api/channels/{channel}")).is(200)["balances"].clone();
    assert_eq!(balances[place.other.to_string()], json!(52_000));
}

#[test]
fn an_invoice_is_made_here_and_paid_there() {
    let place = Place::new();
    place.channel(200_000, 50_000);
    let invoice = place.post("/api/invoices", &json!({ "account": place.other, "amount": 1_500 })).is(201);
    let new = json!({ "from": place.own, "invoice": invoice, "maxFee": 7 });
    let begun = place.post("/api/payments", &new).is(202);
    assert_eq!((&begun["id"], &begun["maxFee"], &begun["amount"]), (&invoice["payment"], &json!(7), &json!(1_500)));
    let path = format!("/api/payments/{}", invoice["payment"].as_str().unwrap());
    place.until(&path, |reply| reply.is(200)["state"] == "paid");
    place.post("/api/payments", &new).refused(409, "payment-known");
    let mut forged = invoice.clone();
    forged["amount"] = json!(1_501);
    place.post("/api/payments", &json!({ "from": place.own, "invoice": forged })).refused(422, "bad-invoice");
    let mut more = invoice;
    more["note"] = json!("x");
    place.post("/api/payments", &json!({ "from": place.own, "invoice": more })).refused(400, "unknown-field");
}

#[test]
fn what_cannot_be_paid_says_why() {
    let place = Place::new();
    let stranger = place.key.public().address();
    let pay = |from, to, amount: u64| place.post("/api/payments", &json!({ "from": from, "to": to, "amount": amount }));
    let problem = pay(place.own, stranger, 2_000).refused(504, "unreachable");
    assert!(problem["detail"].as_str().unwrap().contains("/api/invoices"));
    pay(stranger, place.own, 2_000).refused(404, "unknown-account");
    pay(place.own, place.own, 2_000).refused(422, "payment-to-oneself");
    pay(place.own, place.other, 1).refused(422, "payment-too-small");
    let failed = pay(place.own, place.other, 2_000).is(202);
    let path = format!("/api/payments/{}", failed["id"].as_str().unwrap());
    let failed = place.until(&path, |reply| reply.is(200)["state"] == "failed");
    assert!(failed["error"].is_string() && failed["route"] == json!([]));
    place.get(&format!("/api/payments/{}", Hash([5; 32]))).refused(404, "unknown-payment");
    place.get("/api/payments/1").refused(400, "bad-path");
    place.post("/api/invoices", &json!({ "account": stranger, "amount": 2_000 })).refused(404, "unknown-account");
    place.post("/api/invoices", &json!({ "account": place.own, "amount": 1 })).refused(422, "payment-too-small");
    place.post("/api/payments", &json!({ "from": place.own })).refused(400, "missing-field");
}
