//! What the interface costs, beside bare handlers on the same machine: `cargo test --release --test rest rates -- --ignored --nocapture --test-threads 1`.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use axum::{Router, body::Bytes, http::header, routing::get};
use serde_json::json;
use tabchain::primitives::{Checks, Nonce, SecretKey, Transaction};
use tokio::{net::TcpListener, time::Instant};

use crate::place::Place;

/// Rounds of a measurement in which each connection asks once.
const EACH: usize = 1_500;
/// Clients, which share the machine with the server, and the connections of each: every connection waits for its answer before it asks again.
const CLIENTS: usize = 2;
const CONNECTIONS: usize = 16;

/// A kept connection, over which requests are written whole.
struct Kept {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Kept {
    fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: vec![0; 64 << 10] }
    }

    fn ask(&mut self, request: &[u8]) {
        self.stream.write_all(request).unwrap();
    }

    /// The whole answer.
    fn answer(&mut self) -> &[u8] {
        let (mut read, mut needed) = (0, usize::MAX);
        while read < needed {
            read += self.stream.read(&mut self.buffer[read..]).unwrap();
            if needed == usize::MAX
                && let Some(head) = self.buffer[..read].windows(4).position(|four| four == b"\r\n\r\n")
            {
                let text = std::str::from_utf8(&self.buffer[..head]).unwrap().to_ascii_lowercase();
                let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
                needed = head + 4 + length.parse::<usize>().unwrap();
            }
        }
        &self.buffer[..read]
    }
}

/// How long all threads of this process that still run have computed.
fn computing() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let spent = |task: std::fs::DirEntry| {
        // One may end meanwhile.
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        Some(text.split(' ').next().unwrap().parse().map(Duration::from_nanos).unwrap())
    };
    tasks.filter_map(|task| spent(task.ok()?)).sum()
}

/// Requests a second.
fn rate(address: SocketAddr, request: &str) -> f64 {
    let client = || {
        let mut all: Vec<Kept> = (0..CONNECTIONS).map(|_| Kept::new(address)).collect();
        for _ in 0..EACH {
            all.iter_mut().for_each(|kept| kept.ask(request.as_bytes()));
            all.iter_mut().for_each(|kept| assert!(kept.answer().starts_with(b"HTTP/1.1 200")));
        }
    };
    let began = Instant::now();
    std::thread::scope(|scope| (0..CLIENTS).for_each(|_| drop(scope.spawn(client))));
    (CLIENTS * CONNECTIONS * EACH) as f64 / began.elapsed().as_secs_f64()
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
    // What else the machine does weighs on both: they take turns, and the middle of the shares counts.
    let mut shares: Vec<f64> = (0..15)
        .map(|_| {
            let bare = rate(address, &request("/x"));
            let ours = rate(place.address, &request("/api/block/1"));
            println!("block of {length} bytes: {ours:.0} a second, bare {bare:.0}: {:.0} %", 100.0 * ours / bare);
            ours / bare
        })
        .collect();
    shares.sort_unstable_by(f64::total_cmp);
    println!("median: {:.0} %", 100.0 * shares[shares.len() / 2]);
    assert!(shares[shares.len() / 2] >= 0.85);
}

#[test]
#[ignore = "measures: run it alone, optimised"]
fn a_signed_transaction_costs_little_more_than_its_check() {
    const ROUNDS: u64 = 20;
    const NONCES: u64 = 60;
    let place = Place::new();
    let (mut bare, mut ours, mut computed) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let nonces = move || (round * NONCES..(round + 1) * NONCES).map(Nonce);
        let of = |key: &SecretKey| nonces().map(|nonce| place.signed_by(key, nonce, 1)).collect();
        let accounts: Vec<Vec<Transaction>> = place.more.iter().map(of).collect();
        let began = Instant::now();
        let valid = |one: &Transaction| one.is_signed(&place.genesis, &mut Checks::forgetful());
        assert!(accounts.iter().flatten().all(valid));
        bare.push(began.elapsed());
        let request = |one: &Transaction| {
            let body = json!(one).to_string();
            let head = "POST /api/transactions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
            format!("{head}content-length: {}\r\n\r\n{body}", body.len())
        };
        let requests: Vec<Vec<String>> = accounts.iter().map(|account| account.iter().map(request).collect()).collect();
        let (began, before) = (Instant::now(), computing());
        // A connection for each account, whose transactions must come in order.
        let send = |accounts: &[Vec<String>]| {
            let mut all: Vec<Kept> = accounts.iter().map(|_| Kept::new(place.address)).collect();
            for nonce in 0..NONCES as usize {
                all.iter_mut().zip(accounts).for_each(|(kept, requests)| kept.ask(requests[nonce].as_bytes()));
                for kept in &mut all {
                    let answer = kept.answer();
                    assert!(answer.starts_with(b"HTTP/1.1 201"), "{}", String::from_utf8_lossy(answer));
                }
            }
        };
        std::thread::scope(|scope| requests.chunks(CONNECTIONS).for_each(|part| drop(scope.spawn(|| send(part)))));
        ours.push(began.elapsed());
        // The clients' threads have ended: theirs is not among it.
        computed.push(computing() - before);
        while place.get("/api/transactions/pending?limit=1").json() != json!([]) {
            place.mine(1);
        }
    }
    let count = NONCES as f64 * place.more.len() as f64;
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        count / times[times.len() / 2].as_secs_f64()
    };
    let (bare, ours, computed) = (median(&mut bare), median(&mut ours), median(&mut computed));
    println!("signed transactions: {ours:.0} a second, one core checks {bare:.0}: {:.0} %", 100.0 * ours / bare);
    let [check, each] = [bare, computed].map(|rate| 1e6 / rate);
    println!("the server computes {each:.0} µs for each, of which its check takes {check:.0}");
    assert!(ours >= 0.7 * bare);
}
