//! Whole networks over the sockets of this machine.

mod discovery;
mod hostile;
mod lines;

use std::time::Duration;

use libp2p::{
    PeerId, Stream, Swarm,
    futures::StreamExt,
    swarm::{ConnectionId, SwarmEvent},
};
use tokio::{sync::mpsc, time::timeout};

use super::{
    DialError, FromNetwork, Guest, Identity, Limits, Line, Multiaddr, Network, Settings, address, start,
    streams::{Event, Protocol},
    transport::{self, Behaviour, BehaviourEvent},
};
use crate::primitives::{Address, BlockId, Hash, SecretKey};

/// Long enough for a busy machine; nothing waits so long unless it fails.
const PATIENCE: Duration = Duration::from_secs(90);
const TCP: &str = "/ip4/127.0.0.1/tcp/0";
const WEBSOCKET: &str = "/ip4/127.0.0.1/tcp/0/ws";
const CHAIN: BlockId = Hash([1; 32]);

fn account(seed: u8) -> Address {
    SecretKey::from_seed([seed; 32]).public().address()
}

fn settings(seed: u8) -> Settings {
    Settings {
        listen: vec![TCP.parse().expect("an address")],
        boot: Vec::new(),
        identity: Identity::from_secret(&mut [seed; 32]),
        genesis: CHAIN,
        account: account(seed),
        max_peers: 16,
        limits: Limits { retry_first: Duration::from_millis(100), ..Limits::default() },
    }
}

struct Node {
    network: Network,
    events: mpsc::Receiver<FromNetwork>,
}

impl Node {
    async fn new(settings: Settings) -> Self {
        let (sender, events) = mpsc::channel(16);
        Self { network: start(settings, sender).await.expect("it listens"), events }
    }

    async fn of(seed: u8) -> Self {
        Self::new(settings(seed)).await
    }

    fn address(&self) -> Multiaddr {
        self.network.listening().remove(0)
    }

    async fn event(&mut self) -> FromNetwork {
        timeout(PATIENCE, self.events.recv()).await.expect("an event in time").expect("a running network")
    }

    /// The next line that begins; other events are passed over.
    async fn connected(&mut self) -> Line {
        loop {
            if let FromNetwork::Connected { line } = self.event().await {
                return line;
            }
        }
    }

    /// The next line that ends.
    async fn disconnected(&mut self) -> Line {
        loop {
            if let FromNetwork::Disconnected { line } = self.event().await {
                return line;
            }
        }
    }

    /// The next message.
    async fn received(&mut self) -> (Line, Vec<u8>) {
        loop {
            if let FromNetwork::Received { line, bytes, .. } = self.event().await {
                return (line, bytes);
            }
        }
    }

    async fn dial(&self, other: &Self) -> Result<super::PeerInfo, DialError> {
        self.network.dial(other.address()).await
    }

    fn knows(&self, other: &Self) -> bool {
        self.network.peers().iter().any(|peer| peer.id == other.network.local_id())
    }
}

/// Waits until something holds.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("in vain: {what}"));
}

/// Two nodes that talk: the first has dialled.
async fn pair(first: Settings, second: Settings) -> ((Node, Line), (Node, Line)) {
    let (mut a, mut b) = (Node::new(first).await, Node::new(second).await);
    a.dial(&b).await.expect("it is there");
    let (from_a, from_b) = (a.connected().await, b.connected().await);
    ((a, from_a), (b, from_b))
}

/// A peer that does as it likes: it has a connection, and opens streams by hand.
struct Raw {
    swarm: Swarm<Behaviour>,
    connection: ConnectionId,
    to: PeerId,
}

impl Raw {
    async fn new(seed: u8, to: &Node) -> Self {
        let mut swarm =
            transport::swarm(&Identity::from_secret(&mut [seed; 32]), 16, &Limits::default()).expect("a swarm");
        swarm.dial(to.address()).expect("an address");
        let connected = async {
            loop {
                match swarm.select_next_some().await {
                    SwarmEvent::ConnectionEstablished { connection_id, .. } => return connection_id,
                    SwarmEvent::OutgoingConnectionError { error, .. } => panic!("{error}"),
                    _ => {}
                }
            }
        };
        let connection = timeout(PATIENCE, connected).await.expect("a connection in time");
        let to = address::peer_of(&to.address()).expect("a whole address");
        Self { swarm, connection, to }
    }

    async fn stream(&mut self, protocol: Protocol) -> Stream {
        self.swarm.behaviour_mut().streams.open(self.to, self.connection, protocol, 0);
        let opened = async {
            loop {
                let event = self.swarm.select_next_some().await;
                if let SwarmEvent::Behaviour(BehaviourEvent::Streams(Event::Opened { stream, .. })) = event {
                    return stream.expect("a stream");
                }
            }
        };
        timeout(PATIENCE, opened).await.expect("a stream in time")
    }

    /// Does something while the connection lives.
    async fn during<T>(&mut self, work: impl Future<Output = T>) -> T {
        let live = async {
            loop {
                self.swarm.select_next_some().await;
            }
        };
        tokio::select! {
            done = timeout(PATIENCE, work) => done.expect("done in time"),
            () = live => unreachable!("it lives for ever"),
        }
    }
}

/// What a tab is told next.
async fn told(guest: &mut Guest) -> Option<Vec<u8>> {
    timeout(PATIENCE, guest.outgoing.next()).await.expect("a word in time")
}
