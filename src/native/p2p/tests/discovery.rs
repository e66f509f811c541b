//! Finding each other, and coming back.

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

use super::*;

fn booting(seed: u8, boot: &[Multiaddr]) -> Settings {
    Settings { boot: boot.to_vec(), ..settings(seed) }
}

#[tokio::test]
async fn three_find_each_other_through_one() {
    let a = Node::of(1).await;
    let b = Node::new(booting(2, &[a.address()])).await;
    until("b knows a", || b.knows(&a) && a.knows(&b)).await;
    let c = Node::new(booting(3, &[address::without_peer(a.address())])).await;
    until("all know all", || c.knows(&a) && c.knows(&b) && b.knows(&c)).await;
    for node in [&a, &b, &c] {
        assert_eq!(node.network.peers().len(), 2);
        assert!(node.network.peers().iter().all(|peer| peer.lines.len() == 1));
    }
}

#[tokio::test]
async fn a_boot_node_that_comes_back_is_found_again() {
    // With its name in the address and as itself; then, without, as somebody else.
    for (named, seed) in [(true, 1), (false, 4)] {
        let mut boot = Node::of(1).await;
        let address = if named { boot.address() } else { address::without_peer(boot.address()) };
        let listen = vec![address::without_peer(boot.address())];
        let mut b = Node::new(booting(2, &[address])).await;
        let line = b.connected().await;
        boot.connected().await;
        boot.network.shut_down().await;
        assert_eq!(b.disconnected().await, line);
        let boot = Node::new(Settings { listen, ..settings(seed) }).await;
        until("b is back", || b.knows(&boot)).await;
        assert_eq!(b.connected().await == line, named);
    }
}

#[tokio::test]
async fn a_boot_node_that_comes_late_is_found() {
    let late = Node::of(1).await;
    let (address, listen) = (late.address(), vec![address::without_peer(late.address())]);
    late.network.shut_down().await;
    let b = Node::new(booting(2, &[address])).await;
    assert!(b.network.peers().is_empty());
    let late = Node::new(Settings { listen, ..settings(1) }).await;
    until("b finds it", || b.knows(&late)).await;
}

#[tokio::test]
async fn a_boot_node_is_found_by_name() {
    let a = Node::of(1).await;
    let port = address::socket(&a.address()).expect("a port").port();
    let name = format!("/dns4/localhost/tcp/{port}").parse().expect("an address");
    let b = Node::new(booting(2, &[name])).await;
    until("b finds it", || b.knows(&a)).await;
}

#[tokio::test]
async fn a_node_among_its_own_boot_nodes_leaves_itself_alone() {
    let a = Node::of(1).await;
    let (listen, boot) = (vec![address::without_peer(a.address())], vec![address::without_peer(a.address())]);
    a.network.shut_down().await;
    let a = Node::new(Settings { listen, boot, ..settings(1) }).await;
    let b = Node::of(2).await;
    a.dial(&b).await.expect("it is there");
    assert_eq!(a.network.peers().len(), 1);
}

/// A cable between a node and whoever dials this address; it is cut when what is given back is dropped. Nobody is told.
async fn cable(to: &Node) -> (Multiaddr, watch::Sender<()>) {
    let end = |address: &Multiaddr| address::socket(address).expect("a port");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let here = listener.local_addr().expect("it listens").port();
    let (there, whole) = (end(&to.address()), watch::channel(()));
    let mut cut = whole.1;
    tokio::spawn(async move {
        let mut near = listener.accept().await.expect("a connection").0;
        let mut far = TcpStream::connect(there).await.expect("it listens");
        tokio::select! {
            _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
            _ = cut.changed() => std::future::pending().await,
        }
    });
    (format!("/ip4/127.0.0.1/tcp/{here}").parse().expect("an address"), whole.0)
}

#[tokio::test]
async fn a_peer_that_falls_silent_is_dropped() {
    let (ping, silence) = (Duration::from_millis(100), Duration::from_secs(2));
    let limits = Limits { ping, silence, write_time: silence, queue_bytes: 100_000_000, ..Limits::default() };
    let mut a = Node::new(Settings { limits, max_peers: 1, ..settings(1) }).await;
    let (b, c) = (Node::of(2).await, Node::of(3).await);
    let (address, cable) = cable(&b).await;
    a.network.dial(address).await.expect("it is there");
    let line = a.connected().await;
    assert_eq!(a.dial(&c).await, Err(DialError::Full(1)));
    drop(cable);
    // More than the system takes: the connection cannot even be closed in order.
    (0..20).for_each(|_| a.network.send(line, vec![0; 4_000_000]));
    assert_eq!(a.disconnected().await, line);
    let free = async { while a.dial(&c).await.is_err() {} };
    timeout(PATIENCE, free).await.expect("there is room for another");
}
