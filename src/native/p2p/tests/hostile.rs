//! Peers that do what ours never do.

use futures::{AsyncReadExt, AsyncWriteExt};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use super::*;
use crate::native::p2p::wire::{self, Hello, MAX_OPENING_BYTES, Opening, Refusal, VERSION};

fn hello(seed: u8) -> Hello {
    Hello { version: VERSION, genesis: CHAIN, from: account(seed), to: None }
}

async fn say(stream: &mut Stream, hello: Hello) -> Opening {
    wire::write_one(stream, &Opening::Hello(hello), PATIENCE).await.expect("it reads");
    wire::read_one(stream, MAX_OPENING_BYTES, PATIENCE).await.expect("it answers")
}

pub(super) async fn greet(stream: &mut Stream, seed: u8) {
    let answer = say(stream, hello(seed)).await;
    assert!(matches!(answer, Opening::Hello(Hello { to: Some(to), .. }) if to == account(seed)), "{answer:?}");
}

/// Writes bytes and reads until the other side ends the stream.
async fn write_and_end(stream: &mut Stream, bytes: &[u8]) {
    // It may end before it has read all.
    let _ = stream.write_all(bytes).await;
    let _ = stream.flush().await;
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
}

#[tokio::test]
async fn bad_greetings_end_the_stream_only() {
    let node = Node::of(1).await;
    let mut raw = Raw::new(7, &node).await;
    // A fifth would be one too many: see below.
    for bytes in [&[0; 4][..], &[255; 4], &[0, 0, 4, 1], &[0, 0, 0, 3, 0, 1, 2]] {
        let mut stream = raw.stream(Protocol::Gossip).await;
        raw.during(write_and_end(&mut stream, bytes)).await;
    }
    for (hello, refusal) in [
        (Hello { version: 9, ..hello(7) }, Refusal::Version(VERSION)),
        (Hello { genesis: Hash([9; 32]), ..hello(7) }, Refusal::WrongChain(CHAIN)),
        (Hello { to: Some(account(9)), ..hello(7) }, Refusal::UnknownAccount),
    ] {
        let mut stream = raw.stream(Protocol::Gossip).await;
        let answer = raw.during(say(&mut stream, hello)).await;
        assert_eq!(answer, Opening::Refused(refusal));
    }
    assert!(node.network.peers().is_empty());
    let mut stream = raw.stream(Protocol::Gossip).await;
    raw.during(greet(&mut stream, 7)).await;
    assert!(node.network.peers()[0].score < 0);
}

#[tokio::test]
async fn bad_frames_end_the_line_only() {
    let ((mut node, to_b), (mut b, to_node)) = pair(settings(1), settings(2)).await;
    let mut raw = Raw::new(7, &node).await;
    for bytes in [[255; 4], [0, 64, 0, 0], [0; 4]] {
        let mut stream = raw.stream(Protocol::Gossip).await;
        raw.during(greet(&mut stream, 7)).await;
        let line = node.connected().await;
        raw.during(write_and_end(&mut stream, &bytes)).await;
        assert_eq!(node.disconnected().await, line);
        b.network.send(to_node, vec![1]);
        assert_eq!(node.received().await, (to_b, vec![1]), "others go on");
        node.network.send(to_b, vec![2]);
        assert_eq!(b.received().await.1, [2]);
    }
    // Whoever goes on like this is banned by the network itself.
    let banned = async {
        loop {
            let mut stream = raw.stream(Protocol::Gossip).await;
            write_and_end_soon(&mut raw, &mut stream).await;
        }
    };
    let closed = until("the peer is banned", || node.network.peers().len() == 1);
    tokio::select! {
        () = banned => {}
        () = closed => {}
    }
}

async fn write_and_end_soon(raw: &mut Raw, stream: &mut Stream) {
    raw.during(async {
        let _ = timeout(Duration::from_secs(1), write_and_end(stream, &[255; 4])).await;
    })
    .await;
}

#[tokio::test]
async fn a_frame_that_does_not_come_whole_ends_the_line() {
    let limits = Limits { read_time: Duration::from_millis(300), ..Limits::default() };
    let mut node = Node::new(Settings { limits, ..settings(1) }).await;
    let mut raw = Raw::new(7, &node).await;
    let mut stream = raw.stream(Protocol::Gossip).await;
    raw.during(greet(&mut stream, 7)).await;
    let line = node.connected().await;
    raw.during(write_and_end(&mut stream, &[0, 0, 1, 0, 7, 7])).await;
    assert_eq!(node.disconnected().await, line);
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_left() {
    // Too much waits; or little, but for too long.
    let (patient, hasty) = (PATIENCE, Duration::from_millis(500));
    for (queue_bytes, write_time, messages) in [(5_000_000, patient, usize::MAX), (50_000_000, hasty, 40)] {
        let limits = Limits { queue_bytes, write_time, ..Limits::default() };
        let mut node = Node::new(Settings { limits, ..settings(1) }).await;
        let mut raw = Raw::new(7, &node).await;
        let mut stream = raw.stream(Protocol::Gossip).await;
        raw.during(greet(&mut stream, 7)).await;
        let line = node.connected().await;
        let mut sent = 0;
        let network = node.network.clone();
        let send = async {
            // The writer takes what it can between two messages.
            while network.account_of(line).is_some() {
                if sent < messages {
                    network.send(line, vec![0; 1_000_000]);
                    sent += 1;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let left = async { tokio::join!(send, node.disconnected()).1 };
        assert_eq!(raw.during(left).await, line);
        assert!(sent <= 40, "{sent} MB: what waits, and what the system takes");
    }
}

#[tokio::test]
async fn a_busy_driver_slows_its_peers_and_loses_nothing() {
    let limits = Limits { queue_bytes: 100_000_000, ..Limits::default() };
    let ((a, to_b), (mut b, _)) = pair(Settings { limits, ..settings(1) }, settings(2)).await;
    // Nobody takes b's events: after the sixteen that its channel holds, and what fits on the way, the rest waits at a.
    (0..60u8).for_each(|number| a.network.send(to_b, vec![number; 1_000_000]));
    let waits = || b.events.len() == 16;
    until("the channel is full", waits).await;
    for number in 0..60 {
        let (_, bytes) = b.received().await;
        assert!(bytes.len() == 1_000_000 && bytes.iter().all(|byte| *byte == number), "{number}");
    }
}

#[tokio::test]
async fn what_long_messages_take_is_bounded() {
    let limits = Limits { budget_bytes: 2_500_000, message_bytes: 1_000_000, ..Limits::default() };
    let ((a, to_b), (mut b, _)) = pair(settings(1), Settings { limits, ..settings(2) }).await;
    (0..4u8).for_each(|number| a.network.send(to_b, vec![number; 1_000_000]));
    let mut kept = Vec::new();
    while kept.len() < 2 {
        if let FromNetwork::Received { held, .. } = b.event().await {
            kept.push(held);
        }
    }
    let third = timeout(Duration::from_millis(500), b.events.recv()).await;
    assert!(third.is_err(), "no share is left: {third:?}");
    kept.pop();
    assert_eq!(b.received().await.1, vec![2; 1_000_000]);
    assert_eq!(b.received().await.1, vec![3; 1_000_000], "what is received is dropped, and its share with it");
}

#[tokio::test]
async fn silent_connections_do_not_keep_others_out_for_long() {
    let limits = Limits { pending: 8, hello_time: Duration::from_millis(500), ..Limits::default() };
    let node = Node::new(Settings { limits, ..settings(1) }).await;
    let address = node.address().to_string();
    let port: u16 = address.split('/').nth(4).and_then(|port| port.parse().ok()).expect("a port");
    let mut idle = Vec::new();
    for number in 0..100 {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the system lets it in");
        if number % 2 == 0 {
            let _ = stream.write_all(&[255; 100]).await;
        }
        idle.push(stream);
    }
    let friend = Node::of(2).await;
    let come = async { while friend.dial(&node).await.is_err() {} };
    timeout(PATIENCE, come).await.expect("in time");
}

#[tokio::test]
async fn a_peer_that_never_talks_is_dropped() {
    let (hello_time, silence) = (PATIENCE, Duration::from_secs(2));
    let limits = Limits { hello_time, silence, ping: Duration::from_millis(200), ..Limits::default() };
    let node = Node::new(Settings { limits, ..settings(1) }).await;
    let mut raw = Raw::new(7, &node).await;
    // It keeps its connection busy with a stream on which it says nothing, and answers every ping.
    let stream = raw.stream(Protocol::Gossip).await;
    let closed = async { while !matches!(raw.swarm.select_next_some().await, SwarmEvent::ConnectionClosed { .. }) {} };
    timeout(PATIENCE, closed).await.expect("in time");
    drop((stream, node));
}

#[tokio::test]
async fn lies_about_peers_do_no_harm() {
    let node = Node::of(1).await;
    let mut raw = Raw::new(7, &node).await;
    // Nobody asks it anything, so it asks: nobody else is here.
    let mut stream = raw.stream(Protocol::Peers).await;
    let answer = raw.during(wire::read_one::<Vec<Vec<u8>>>(&mut stream, 9_999, PATIENCE)).await;
    assert_eq!(answer.expect("an answer"), Vec::<Vec<u8>>::new());
    // Many at a time are dropped, and the connection goes on.
    for _ in 0..100 {
        drop(raw.stream(Protocol::Peers).await);
    }
    let mut stream = raw.stream(Protocol::Gossip).await;
    raw.during(greet(&mut stream, 7)).await;
    until("it is a peer", || node.network.peers().len() == 1).await;
}
