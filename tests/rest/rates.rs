//! What the interface costs, beside bare handlers on the same machine: `cargo test --release --test rest rates -- --ignored --nocapture`.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use axum::{Router, body::Bytes, http::header, routing::get};
use serde_json::json;
use tabchain::primitives::{Checks, Nonce};
use tokio::{net::TcpListener, time::Instant};

use crate::place::Place;

/// Requests of each client of a measurement.
const EACH: usize = 10_000;
/// Clients, which share the machine with the server.
const CLIENTS: usize = 4;

/// Requests a second over kept connections, each written whole and answered with so many bytes of body.
fn rate(address: SocketAddr, request: &str, bytes: usize) -> f64 {
    let client = || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut buffer = vec![0; 64 << 10];
        for _ in 0..EACH {
            stream.write_all(request.as_bytes()).unwrap();
            let (mut read, mut needed) = (0, usize::MAX);
            while read < needed {
                read += stream.read(&mut buffer[read..]).unwrap();
                if needed == usize::MAX
                    && let Some(head) = buffer[..read].windows(4).position(|four| four == b"\r\n\r\n")
                {
                    needed = head + 4 + bytes;
                }
            }
        }
    };
    let began = Instant::now();
    std::thread::scope(|scope| (0..CLIENTS).for_each(|_| drop(scope.spawn(client))));
    (CLIENTS * EACH) as f64 / began.elapsed().as_secs_f64()
}

#[test]
#[ignore = "measures: run it alone, optimised"]
fn a_block_costs_little_more_than_a_bare_handler() {
    let place = Place::new();
    place.mine(1);
    let body = Bytes::from(place.get("/api/block/1").body);
    let length = body.len();
    let bare = place.runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = bare.local_addr().unwrap();
    let handler = move || async move { ([(header::CONTENT_TYPE, "application/json")], body) };
    place.runtime.spawn(async move { axum::serve(bare, Router::new().route("/x", get(handler))).await });
    let request = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let (mut bare, mut ours) = (0.0_f64, 0.0_f64);
    for _ in 0..3 {
        bare = bare.max(rate(address, &request("/x"), length));
        ours = ours.max(rate(place.address, &request("/api/block/1"), length));
    }
    println!("block of {length} bytes: {ours:.0} a second, bare {bare:.0}: {:.0} %", 100.0 * ours / bare);
    assert!(ours >= 0.85 * bare);
}

#[test]
#[ignore = "measures: run it alone, optimised"]
fn a_signed_transaction_costs_little_more_than_its_check() {
    const NONCES: u64 = 60;
    let place = Place::new();
    let new = |round: u64| (0..NONCES).map(move |nonce| (round * NONCES + nonce, 1));
    let transactions: Vec<_> =
        (0..20).flat_map(new).map(|(nonce, amount)| place.signed_with(Nonce(nonce), amount)).collect();
    let began = Instant::now();
    assert!(transactions.iter().all(|one| one.is_signed(&place.genesis, &mut Checks::forgetful())));
    let bare = transactions.len() as f64 / began.elapsed().as_secs_f64();
    let mut took = Duration::ZERO;
    for round in transactions.chunks(NONCES as usize) {
        let bodies: Vec<String> = round.iter().map(|one| json!(one).to_string()).collect();
        let began = Instant::now();
        std::thread::scope(|scope| {
            for part in bodies.chunks(NONCES as usize / CLIENTS) {
                let place = &place;
                scope.spawn(move || {
                    for body in part {
                        place.send("/api/transactions", "application/json", body.as_bytes()).is(201);
                    }
                });
            }
        });
        took += began.elapsed();
        place.mine(1);
    }
    let ours = transactions.len() as f64 / took.as_secs_f64();
    println!("signed transactions: {ours:.0} a second, one core checks {bare:.0}: {:.0} %", 100.0 * ours / bare);
    assert!(ours >= 0.7 * bare);
}
