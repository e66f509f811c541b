//! Peers, and tabs that become some.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::future::BoxFuture;
use serde_json::json;
use tabchain::{
    gossip::PeerId,
    native::http::{Alone, Guest, Network, NetworkError, PeerDirection, PeerInfo, Settings},
    primitives::{Address, Height, SecretKey},
    room::Invitation,
};
use tokio::sync::mpsc;

use crate::place::Place;

/// A network with one peer, which says back what tabs say.
#[derive(Default)]
struct Echo(Mutex<Vec<String>>);

fn peer() -> PeerInfo {
    PeerInfo {
        id: "12D3".to_owned(),
        account: Some(SecretKey::from_seed([3; 32]).public().address()),
        address: "/ip4/10.0.0.1/tcp/1".to_owned(),
        direction: PeerDirection::Outbound,
        height: Some(5),
        latency_ms: None,
        score: 0,
    }
}

impl Network for Echo {
    fn peers(&self) -> BoxFuture<'_, Vec<PeerInfo>> {
        Box::pin(async { vec![peer()] })
    }

    fn count(&self) -> usize {
        1
    }

    fn connect(&self, address: String) -> BoxFuture<'_, Result<PeerInfo, NetworkError>> {
        let bad = !address.starts_with('/');
        self.0.lock().unwrap().push(address);
        Box::pin(async move { if bad { Err(NetworkError::BadAddress("no multiaddr".to_owned())) } else { Ok(peer()) } })
    }

    fn sync(&self) -> BoxFuture<'_, Result<(), NetworkError>> {
        Box::pin(async { Ok(()) })
    }

    fn peer_of(&self, _: Address, _: Address) -> BoxFuture<'_, Option<PeerId>> {
        Box::pin(async { None })
    }

    fn serve(&self, _: Address) {}

    fn join(&self, from: Option<SocketAddr>) -> Result<Guest, NetworkError> {
        assert!(from.is_some_and(|from| from.ip().is_loopback()));
        let (incoming, mut said) = mpsc::channel::<Vec<u8>>(4);
        let (tell, outgoing) = mpsc::channel(4);
        tokio::spawn(async move {
            while let Some(bytes) = said.recv().await {
                let _ = tell.send(bytes.into_iter().rev().collect()).await;
            }
        });
        Ok(Guest { incoming, outgoing })
    }
}

#[test]
fn peers_are_listed_called_and_asked() {
    let echo = Arc::new(Echo::default());
    let place = Place::with(Settings::default(), Arc::clone(&echo) as Arc<dyn Network>);
    let account = SecretKey::from_seed([3; 32]).public().address();
    let shown = json!({ "id": "12D3", "account": account, "address": "/ip4/10.0.0.1/tcp/1", "direction": "outbound", "height": 5,
        "latencyMs": null, "score": 0 });
    assert_eq!(place.get("/api/p2p/peers").is(200), json!([shown]));
    assert_eq!(place.post("/api/p2p/connect", &json!({ "peerAddress": "/ip4/10.0.0.1/tcp/1" })).is(200), shown);
    place.post("/api/p2p/connect", &json!({ "peerAddress": "x" })).refused(400, "bad-address");
    place.post("/api/p2p/connect", &json!({ "peerAddress": "x".repeat(600) })).refused(400, "bad-address");
    place.post("/api/p2p/connect", &json!({ "address": "x" })).refused(400, "missing-field");
    assert_eq!(*echo.0.lock().unwrap(), ["/ip4/10.0.0.1/tcp/1", "x"]);
    place.post("/api/p2p/sync", &json!({})).is(202);
    assert_eq!(place.get("/api/health").is(200)["peers"], json!(1));
    let alone = Place::with(Settings::default(), Arc::new(Alone));
    alone.post("/api/p2p/connect", &json!({ "peerAddress": "/ip4/10.0.0.1/tcp/1" })).refused(504, "unreachable");
    alone.post("/api/p2p/sync", &json!({})).refused(409, "no-peers");
}

/// The answer to an attempt to upgrade, and the connection.
fn upgrade(place: &Place, origin: &str) -> (String, TcpStream) {
    let mut stream = TcpStream::connect(place.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let head = "GET /api/p2p/ws HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    write!(stream, "{head}{origin}\r\n").unwrap();
    let (mut answer, mut byte) = (Vec::new(), [0]);
    while !answer.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
        answer.push(byte[0]);
    }
    (String::from_utf8(answer).unwrap(), stream)
}

#[test]
fn a_tab_is_told_what_it_needs_to_join() {
    let settings = Settings { token: Some("sesame".to_owned()), ..Settings::default() };
    let place = Place::with(settings, Arc::new(Echo::default()));
    let told = place.get("/api/p2p/network").text();
    let invitation = Invitation::from_json(&told).unwrap();
    assert_eq!((invitation.genesis.block().id(), invitation.account), (place.genesis, place.own));
    let peers: Vec<_> = invitation.peers.iter().map(|peer| (peer.account, peer.height)).collect();
    assert_eq!(peers, [(peer().account.unwrap(), Some(Height(5)))]);
    assert_eq!((invitation.height, invitation.difficulty.as_str(), invitation.hashes), (Height(0), "1", 0));
    assert!(invitation.time.0.abs_diff(place.handle.now().0) < 60_000);
}

#[test]
fn a_tab_of_this_nodes_page_joins_and_no_other() {
    let place = Place::with(Settings::default(), Arc::new(Echo::default()));
    let (answer, mut stream) = upgrade(&place, "origin: http://localhost\r\n");
    assert!(answer.starts_with("HTTP/1.1 101") && answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{answer}");
    // A masked binary frame of three bytes; the mask is zero.
    stream.write_all(&[0x82, 0x83, 0, 0, 0, 0, 1, 2, 3]).unwrap();
    let mut frame = [0; 5];
    stream.read_exact(&mut frame).unwrap();
    assert_eq!(frame, [0x82, 3, 3, 2, 1]);
    stream.write_all(&[0x81, 0x81, 0, 0, 0, 0, b'x']).unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert_eq!(rest[0], 0x88, "a text is no message: the conversation is closed");
    let (answer, mut stream) = upgrade(&place, "");
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    let length = (1_u64 << 40).to_be_bytes();
    stream.write_all(&[&[0x82, 0xff][..], &length, &[0; 64]].concat()).unwrap();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    for foreign in ["origin: http://evil.example\r\n", "origin: null\r\n"] {
        assert!(upgrade(&place, foreign).0.starts_with("HTTP/1.1 403"), "{foreign}");
    }
    place.get("/api/p2p/ws").refused(426, "not-a-websocket");
    let alone = Place::new();
    assert!(upgrade(&alone, "").0.starts_with("HTTP/1.1 503"));
}
