//! Lines: how they begin, what they carry, which stay, how they end.

use super::*;
use crate::{
    gossip::MAX_MESSAGE_BYTES,
    native::p2p::{Closed, Direction, JoinError, NetworkError, NotFound},
};

#[tokio::test]
async fn messages_go_both_ways_over_tcp_and_websocket() {
    for listen in [TCP, WEBSOCKET] {
        let there = Settings { listen: vec![listen.parse().expect("an address")], ..settings(2) };
        let ((mut a, to_b), (mut b, to_a)) = pair(settings(1), there).await;
        assert_eq!((to_b.local, to_a.local), (account(1), account(2)));
        assert_eq!((a.network.account_of(to_b), b.network.account_of(to_a)), (Some(account(2)), Some(account(1))));
        for size in [1, 1_000, 100_000, MAX_MESSAGE_BYTES] {
            a.network.send(to_b, vec![7; size]);
            assert_eq!(b.received().await, (to_a, vec![7; size]), "{listen}");
            b.network.send(to_a, vec![8; size]);
            assert_eq!(a.received().await, (to_b, vec![8; size]), "{listen}");
        }
        (0..200u8).for_each(|number| a.network.send(to_b, vec![number]));
        for number in 0..200 {
            assert_eq!(b.received().await.1, [number], "in order");
        }
        let (at_a, at_b) = (a.network.peers().remove(0), b.network.peers().remove(0));
        assert_eq!((at_a.direction, at_b.direction), (Direction::Outbound, Direction::Inbound));
        assert_eq!((at_a.id, at_a.lines, at_a.account), (b.network.local_id(), vec![to_b.peer], Some(account(2))));
        assert!(at_a.address.parse::<Multiaddr>().is_ok_and(|address| address::is_dialable(&address)));
        let agent =
            || a.network.peers().iter().any(|peer| peer.agent.starts_with("tabchain/") && peer.latency_ms.is_some());
        until("the peer says what it is, and answers a ping", agent).await;
    }
}

#[tokio::test]
async fn a_line_is_the_same_after_a_restart() {
    let ((mut a, to_b), (b, _)) = pair(settings(1), settings(2)).await;
    b.network.shut_down().await;
    assert_eq!(a.disconnected().await, to_b);
    let b = Node::of(2).await;
    a.dial(&b).await.expect("it is there again");
    assert_eq!(a.connected().await, to_b);
}

#[tokio::test]
async fn why_there_is_no_connection() {
    let other = Settings { genesis: Hash([2; 32]), ..settings(3) };
    let (a, b, other) = (Node::of(1).await, Node::of(2).await, Node::new(other).await);
    assert_eq!(a.dial(&other).await, Err(DialError::WrongChain(Hash([2; 32]))));
    assert_eq!(other.dial(&a).await, Err(DialError::WrongChain(CHAIN)));
    assert!(a.network.peers().is_empty() && other.network.peers().is_empty());
    assert_eq!(a.dial(&a).await, Err(DialError::Myself));
    assert_eq!(a.network.dial(address::without_peer(a.address())).await, Err(DialError::Myself));
    let nowhere: Multiaddr = "/ip4/127.0.0.1/udp/1".parse().expect("an address");
    assert_eq!(a.network.dial(nowhere.clone()).await, Err(DialError::Address(nowhere)));
    let somebody_else = address::with_peer(b.address(), PeerId::random());
    assert!(matches!(a.network.dial(somebody_else).await, Err(DialError::Unreachable(_))));
    let gone = b.address();
    b.network.shut_down().await;
    assert!(matches!(a.network.dial(gone.clone()).await, Err(DialError::Unreachable(_))));
    a.network.clone().shut_down().await;
    assert_eq!(a.network.dial(gone).await, Err(DialError::Stopped));
}

#[tokio::test]
async fn a_port_that_is_taken() {
    let a = Node::of(1).await;
    let listen = vec![address::without_peer(a.address())];
    let second = start(Settings { listen, ..settings(2) }, mpsc::channel(1).0).await;
    assert!(matches!(second, Err(NetworkError::Listen { .. })), "{second:?}");
    let boot = vec!["/memory/1".parse().expect("an address")];
    let third = start(Settings { boot, ..settings(2) }, mpsc::channel(1).0).await;
    assert!(matches!(third, Err(NetworkError::Address(_))));
}

#[tokio::test]
async fn two_that_dial_each_other_at_once_have_one_line() {
    for round in 0..8 {
        let (mut a, mut b) = (Node::of(1).await, Node::of(2).await);
        let dialled = tokio::join!(a.dial(&b), b.dial(&a));
        assert!(dialled.0.is_ok() && dialled.1.is_ok(), "{round}: {dialled:?}");
        let (to_b, to_a) = (a.connected().await, b.connected().await);
        // A message on the stream that does not stay is lost: until both have heard the other on the one that does, both go on talking.
        let talk = async {
            loop {
                a.network.send(to_b, vec![1]);
                b.network.send(to_a, vec![2]);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let heard = async { tokio::join!(a_received(&mut a.events, to_b), a_received(&mut b.events, to_a)) };
        tokio::select! {
            () = talk => unreachable!("it talks for ever"),
            heard = timeout(PATIENCE, heard) => assert!(heard.is_ok(), "{round}"),
        }
        assert_eq!((a.network.peers()[0].lines.len(), b.network.peers()[0].lines.len()), (1, 1));
    }
}

async fn a_received(events: &mut mpsc::Receiver<FromNetwork>, expected: Line) {
    while let Some(event) = events.recv().await {
        if matches!(event, FromNetwork::Received { line, .. } if line == expected) {
            return;
        }
    }
}

#[tokio::test]
async fn an_account_is_found_where_it_is_served() {
    let (mut a, b, mut c) = (Node::of(1).await, Node::of(2).await, Node::of(3).await);
    a.dial(&b).await.expect("it is there");
    a.dial(&c).await.expect("it is there");
    let missing = a.network.line_to(account(1), account(9)).await;
    assert_eq!(missing, Err(NotFound::Nowhere(account(9))));
    assert_eq!(a.network.line_to(account(9), account(3)).await, Err(NotFound::NotServed(account(9))));
    a.connected().await;
    a.connected().await;
    c.connected().await;
    c.network.serve(account(9));
    let line = a.network.line_to(account(1), account(9)).await.expect("c serves it");
    assert_eq!((a.connected().await, a.network.account_of(line)), (line, Some(account(9))));
    assert_eq!(a.network.line_to(account(1), account(9)).await, Ok(line), "the same");
    let back = c.connected().await;
    assert_eq!((back.local, c.network.account_of(back)), (account(9), Some(account(1))));
    a.network.send(line, vec![5]);
    assert_eq!(c.received().await, (back, vec![5]));
    c.network.send(back, vec![6]);
    assert_eq!(a.received().await, (line, vec![6]));
    let main = a.network.line_to(account(1), account(3)).await.expect("its main account");
    assert!(a.network.peers().iter().any(|peer| peer.account == Some(account(3)) && peer.lines.contains(&main.peer)));
    // From another account here, it is another line.
    a.network.serve(account(8));
    let other = a.network.line_to(account(8), account(9)).await.expect("c serves it");
    assert!(other.peer == line.peer && other.local == account(8));
}

#[tokio::test]
async fn many_accounts_are_found_at_once() {
    let ((a, _), (b, _)) = pair(settings(1), settings(2)).await;
    let accounts: Vec<Address> = (100..124).map(account).collect();
    accounts.iter().for_each(|account| b.network.serve(*account));
    let found = accounts.iter().map(|remote| a.network.line_to(account(1), *remote));
    let found = futures::future::join_all(found).await;
    assert!(found.iter().all(Result::is_ok), "{found:?}");
}

#[tokio::test]
async fn a_line_that_is_ended_is_begun_again_and_a_banned_peer_is_not() {
    let ((mut a, to_b), (mut b, to_a)) = pair(settings(1), settings(2)).await;
    b.network.disconnect(to_a, "as a test", None);
    assert_eq!((a.disconnected().await, b.disconnected().await), (to_b, to_a));
    // Whoever has dialled begins anew.
    assert_eq!((a.connected().await, b.connected().await), (to_b, to_a));
    let score = b.network.peers()[0].score;
    b.network.disconnect(to_a, "as a test", Some(Duration::from_secs(3_600)));
    assert_eq!((a.disconnected().await, b.disconnected().await), (to_b, to_a));
    assert_eq!(b.dial(&a).await, Err(DialError::Banned));
    until("the connection is closed", || a.network.peers().is_empty()).await;
    assert!(matches!(a.dial(&b).await, Err(DialError::Refused(_) | DialError::Unreachable(_))));
    assert!(b.network.peers().is_empty() && score == 0);
}

#[tokio::test]
async fn a_ban_ends() {
    let ((mut a, to_b), (mut b, to_a)) = pair(settings(1), settings(2)).await;
    b.network.disconnect(to_a, "as a test", Some(Duration::from_millis(300)));
    assert_eq!((a.disconnected().await, b.disconnected().await), (to_b, to_a));
    until("the ban is over", || b.network.peers().is_empty()).await;
    let again = async {
        while b.dial(&a).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, again).await.expect("in time");
    assert!(b.network.peers()[0].score < 0, "but it is remembered");
}

#[tokio::test]
async fn no_more_peers_than_allowed() {
    let full = Settings { max_peers: 1, ..settings(1) };
    let (a, b, c) = (Node::new(full).await, Node::of(2).await, Node::of(3).await);
    b.dial(&a).await.expect("there is room");
    assert!(matches!(c.dial(&a).await, Err(DialError::Refused(_) | DialError::Unreachable(_))));
    assert_eq!(a.dial(&c).await, Err(DialError::Full(1)));
    assert!(a.network.peers().len() == 1 && a.knows(&b));
    b.network.shut_down().await;
    until("the room is free", || a.network.peers().is_empty()).await;
    let come = async { while c.dial(&a).await.is_err() {} };
    timeout(PATIENCE, come).await.expect("in time");
}

#[tokio::test]
async fn tabs_come_and_go() {
    let mut node = Node::new(Settings { limits: Limits { guests: 2, ..Limits::default() }, ..settings(1) }).await;
    let from = "127.0.0.1:9".parse().expect("an address");
    let mut guest = node.network.join(from).expect("there is room");
    assert_eq!(node.connected().await, guest.line);
    assert_eq!((guest.line.local, node.network.account_of(guest.line)), (account(1), None));
    guest.incoming.deliver(vec![1; 100_000]).await.expect("it is taken");
    assert_eq!(node.received().await, (guest.line, vec![1; 100_000]));
    for number in 0..3 {
        node.network.send(guest.line, vec![number]);
        assert_eq!(told(&mut guest).await, Some(vec![number]));
    }
    assert!(matches!(guest.incoming.deliver(vec![]).await, Err(Closed::Size { bytes: 0, .. })));
    let long = vec![0; MAX_MESSAGE_BYTES + 1];
    assert!(matches!(guest.incoming.deliver(long).await, Err(Closed::Size { .. })));
    let second = node.network.join(from).expect("there is room");
    assert_eq!(node.connected().await, second.line);
    assert!(second.line != guest.line && matches!(node.network.join(from), Err(JoinError::Full)));
    assert!(node.network.peers().iter().all(|peer| peer.id.starts_with("tab-") && peer.account.is_none()));
    drop(second);
    node.disconnected().await;
    node.network.disconnect(guest.line, "as a test", Some(Duration::from_secs(9)));
    assert_eq!(node.disconnected().await, guest.line);
    assert_eq!(told(&mut guest).await, None);
    guest.incoming.closed().await;
    assert_eq!(guest.incoming.deliver(vec![1]).await, Err(Closed::Ended));
    // This machine is not banned, others are.
    let there = "192.0.2.7:1".parse().expect("an address");
    let guest = node.network.join(there).expect("there is room");
    node.network.disconnect(guest.line, "as a test", Some(Duration::from_secs(9)));
    assert_eq!(node.network.join(there).map(|guest| guest.line), Err(JoinError::Banned));
    assert!(node.network.join(from).is_ok());
}

#[tokio::test]
async fn a_tab_that_does_not_read_is_left() {
    let limits = Limits { queue_bytes: 10_000, ..Limits::default() };
    let mut node = Node::new(Settings { limits, ..settings(1) }).await;
    let guest = node.network.join("127.0.0.1:9".parse().expect("an address")).expect("there is room");
    node.connected().await;
    (0..11).for_each(|_| node.network.send(guest.line, vec![0; 1_000]));
    assert_eq!(node.disconnected().await, guest.line);
}
