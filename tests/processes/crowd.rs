//! Very many connections that say little: the node answers others as before, its memory stays small, and nobody stays who says nothing.
#![expect(clippy::disallowed_types, reason = "it measures another process")]

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use crate::client::{Client, folder, ports, start};

const CROWD: usize = 10_000;
/// Bytes that one of them may cost.
const EACH: usize = 32 << 10;

/// Bytes that a process holds in memory.
fn memory(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it has memory");
    line.trim_end_matches("kB").trim().parse::<usize>().expect("a number") << 10
}

/// What an answer takes, the middle of many.
fn latency(client: &Client) -> Duration {
    let one = || {
        let began = Instant::now();
        client.get("/api/health");
        began.elapsed()
    };
    let mut all: Vec<Duration> = (0..201).map(|_| one()).collect();
    all.sort_unstable();
    all[all.len() / 2]
}

#[test]
#[ignore = "opens ten thousand connections: ulimit -n 32768; make torture"]
fn a_crowd_that_says_nothing_keeps_nobody_out() {
    let (folder, first) = (folder("crowd"), ports(2));
    let (http, listen) = (format!("127.0.0.1:{first}"), format!("/ip4/127.0.0.1/tcp/{}", first + 1));
    let node = start(&["node", "--dev", "--ephemeral", "--http", &http, "--listen", &listen], &folder.join("node.log"));
    let client = Client::new(first);
    client.until("/api/health", |health| health["status"] == "ok");
    let (alone, small) = (latency(&client), memory(node.0.id()));
    let mut crowd: Vec<TcpStream> = (0..CROWD)
        .map(|_| {
            let mut one = TcpStream::connect(&http).expect("there is room");
            one.write_all(b"GET /api/health HTTP/1.1\r\nhost: local").expect("it is read");
            one
        })
        .collect();
    let (crowded, large) = (latency(&client), memory(node.0.id()));
    println!("{CROWD} connections: {alone:?} -> {crowded:?} for an answer, {small} -> {large} bytes of memory");
    assert!(large.saturating_sub(small) <= CROWD * EACH, "{small} -> {large} bytes");
    // Who does not finish its header in time is cut off.
    let last = crowd.last_mut().expect("there are some");
    last.set_read_timeout(Some(Duration::from_secs(60))).expect("a time");
    let mut rest = Vec::new();
    last.read_to_end(&mut rest).expect("it ends");
    assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&rest));
    drop(crowd);
    assert_eq!(node.stop(), Some(0));
}
