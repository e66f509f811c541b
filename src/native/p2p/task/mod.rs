//! The one task that owns the swarm: connections, who is dialled, which streams are opened and for what.
//!
//! It never waits for a line, nor for the driver. Conversations are begun and carried by tasks of their own, which report what came
//! of them.

mod connections;
mod discovery;
mod openings;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use futures::StreamExt;
use libp2p::{
    Multiaddr, PeerId, Swarm,
    swarm::{ConnectionId, SwarmEvent},
};
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tracing::{info, warn};

use self::connections::innermost;
use super::{
    DialError, Direction, FromNetwork, Line, Network, NetworkError, Settings, address,
    book::{Book, Deed, Target},
    lines::{Facts, Table},
    open::End,
    streams::{Protocol, Ticket},
    talk::NoTalk,
    transport::{self, Behaviour},
    wire::FrameError,
};
use crate::primitives::Address;

/// How often the task looks at what is due.
const TICK: Duration = Duration::from_millis(250);
/// Conversations that one peer may be beginning at a time; what it opens beyond is dropped.
const MAX_BEGINNING: usize = 16;
/// Conversations that this side begins with one peer at a time; the rest wait. Fewer, because the peer may be slower to see one begun.
const MAX_OPENING: usize = 4;
/// Streams that a peer may open in [`HASTE`]; what it opens beyond is dropped.
const MAX_STREAMS: u32 = 256;
const HASTE: Duration = Duration::from_secs(10);
/// A peer whose score has fallen so far by faults is banned by the network itself,
const HOPELESS: i32 = -100;
/// for this time.
const HOPELESS_BAN: Duration = Duration::from_secs(600);

/// What a [`Network`] wants of the task.
pub(super) enum Command {
    Dial { address: Multiaddr, reply: oneshot::Sender<Result<PeerId, DialError>> },
    Find { local: Address, remote: Address, reply: oneshot::Sender<Line> },
    Ban { peer: PeerId, ban: Duration },
    ShutDown { reply: oneshot::Sender<()> },
}

/// What other tasks tell it.
pub(super) enum Report {
    /// What came of a conversation that this side has begun.
    Offered { peer: PeerId, purpose: Purpose, result: Result<Line, NoTalk> },
    /// A peer has answered whom it knows.
    Learned { peer: PeerId, answer: Result<Vec<Multiaddr>, FrameError> },
    /// A peer has done what honest ones do not.
    Fault { peer: PeerId },
}

/// What a stream is opened for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// The conversation of the main accounts.
    Main,
    /// One with an account that may be there.
    Find { question: u64, local: Address, remote: Address },
    /// To ask whom the peer knows.
    Ask,
}

/// A connected peer.
struct Peer {
    links: BTreeMap<ConnectionId, Link>,
    /// When there was first seen to be a main line.
    talked: Option<Instant>,
    /// The last ping that was answered.
    heard: Instant,
    latency: Option<Duration>,
    agent: String,
    /// Where it says that it listens.
    listens: Vec<Multiaddr>,
    /// When the main conversation was last begun by this side; while `waiting_main`, it has not been answered.
    main_tried: Option<Instant>,
    waiting_main: bool,
    /// Who has dialled it and waits for the conversation.
    dialled: Vec<oneshot::Sender<Result<PeerId, DialError>>>,
    /// When it was last asked whom it knows.
    asked: Option<Instant>,
    /// How often.
    asks: u32,
    /// Minutes connected that its score has for.
    minutes: u64,
    beginning: Arc<Semaphore>,
    /// Streams that it has opened since then.
    opened: (Instant, u32),
    /// What is to be begun with it, and how many are being begun.
    wanted: VecDeque<Purpose>,
    opening: usize,
    /// Since when there has been no line with it.
    quiet: Option<Instant>,
}

struct Link {
    address: Multiaddr,
    direction: Direction,
}

/// A connection that is being made.
struct Dial {
    target: Target,
    replies: Vec<oneshot::Sender<Result<PeerId, DialError>>>,
}

struct Opening {
    peer: PeerId,
    connection: ConnectionId,
    purpose: Purpose,
}

/// Who serves an account, asked of every peer.
struct Question {
    reply: oneshot::Sender<Line>,
    unanswered: usize,
}

struct Task {
    swarm: Swarm<Behaviour>,
    table: Arc<Table>,
    max_peers: usize,
    commands: mpsc::UnboundedReceiver<Command>,
    reports: mpsc::Receiver<Report>,
    book: Book,
    peers: BTreeMap<PeerId, Peer>,
    dials: BTreeMap<ConnectionId, Dial>,
    openings: BTreeMap<Ticket, Opening>,
    questions: BTreeMap<u64, Question>,
    /// Numbers tickets and questions.
    next: u64,
}

/// See [`super::start`].
pub(super) async fn start(settings: Settings, events: mpsc::Sender<FromNetwork>) -> Result<Network, NetworkError> {
    let Settings { listen, boot, identity, genesis, account, max_peers, limits } = settings;
    if let Some(wrong) = boot.iter().find(|address| !address::is_dialable(address)) {
        return Err(NetworkError::Address(wrong.clone()));
    }
    let mut swarm = transport::swarm(&identity, max_peers, &limits)?;
    let local = *swarm.local_peer_id();
    let book = Book::new(local, boot, &limits);
    let (report, reports) = mpsc::channel(256);
    let table = Arc::new(Table::new(limits, genesis, account, local, events, report));
    table.state().listening = bind(&mut swarm, listen).await?;
    let (commands, inbox) = mpsc::unbounded_channel();
    let network = Network { table: Arc::clone(&table), commands };
    for address in network.listening() {
        info!(target: "p2p", %address, "listening");
    }
    let (peers, dials) = (BTreeMap::new(), BTreeMap::new());
    let (openings, questions) = (BTreeMap::new(), BTreeMap::new());
    let task =
        Task { swarm, table, max_peers, commands: inbox, reports, book, peers, dials, openings, questions, next: 0 };
    tokio::spawn(task.run());
    Ok(network)
}

/// Listens, and waits until the system has said where.
async fn bind(swarm: &mut Swarm<Behaviour>, listen: Vec<Multiaddr>) -> Result<Vec<Multiaddr>, NetworkError> {
    let mut waiting = Vec::new();
    for address in listen {
        if let Err(error) = probe(&address) {
            return Err(NetworkError::Listen { address, reason: error.to_string() });
        }
        match swarm.listen_on(address.clone()) {
            Ok(id) => waiting.push((id, address)),
            Err(error) => return Err(NetworkError::Listen { address, reason: innermost(&error) }),
        }
    }
    let mut found = Vec::new();
    while let Some((first, address)) = waiting.first().cloned() {
        let fail = |reason: String| NetworkError::Listen { address: address.clone(), reason };
        let event = timeout(Duration::from_secs(5), swarm.select_next_some()).await;
        match event.map_err(|_| fail("the system does not say where".to_owned()))? {
            SwarmEvent::NewListenAddr { listener_id, address } => {
                waiting.retain(|(id, _)| *id != listener_id);
                found.push(address);
            }
            SwarmEvent::ListenerClosed { listener_id, reason: Err(error), .. } if listener_id == first => {
                return Err(fail(error.to_string()));
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Whether the port is free: libp2p listens so that two processes may share one, each then having a part of the connections.
fn probe(address: &Multiaddr) -> std::io::Result<()> {
    match address::socket(address) {
        Some(socket) => std::net::TcpListener::bind(socket).map(drop),
        None => Ok(()),
    }
}

impl Task {
    async fn run(mut self) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let reply = loop {
            tokio::select! {
                event = self.swarm.select_next_some() => self.on_swarm(event),
                Some(report) = self.reports.recv() => self.on_report(report),
                command = self.commands.recv() => match command {
                    Some(Command::ShutDown { reply }) => break Some(reply),
                    Some(command) => self.on_command(command),
                    None => break None,
                },
                _ = tick.tick() => self.on_tick(Instant::now()),
            }
        };
        self.close().await;
        reply.map(|reply| reply.send(()));
    }

    fn on_command(&mut self, command: Command) {
        match command {
            Command::Dial { address, reply } => self.dial_asked(address, reply),
            Command::Find { local, remote, reply } => self.find(local, remote, reply),
            Command::Ban { peer, ban } => {
                self.book.note(peer, Deed::Banned);
                self.ban(peer, ban, &End::Asked("the peer is banned".to_owned()));
            }
            // The loop takes it.
            Command::ShutDown { .. } => {}
        }
    }

    fn on_report(&mut self, report: Report) {
        match report {
            Report::Offered { peer, purpose, result } => self.on_offered(peer, purpose, result),
            Report::Learned { peer, answer } => self.on_learned(peer, answer),
            Report::Fault { peer } => self.on_fault(peer),
        }
    }

    fn on_fault(&mut self, peer: PeerId) {
        self.book.note(peer, Deed::Fault);
        if self.book.score(&peer) <= HOPELESS {
            warn!(target: "p2p", %peer, "peer has broken the protocol too often and is banned");
            self.ban(peer, HOPELESS_BAN, &End::Broken("it has broken the protocol too often".to_owned()));
        }
        self.show(peer);
    }

    fn ban(&mut self, peer: PeerId, ban: Duration, reason: &End) {
        self.swarm.behaviour_mut().gate.ban(peer, Instant::now() + ban);
        self.leave(peer, reason);
    }

    /// Ends all that there is with a peer. Its lines first: closing a connection to one that does not listen takes a while.
    fn leave(&mut self, peer: PeerId, reason: &End) {
        self.table.end_all(&peer, reason);
        // It may have gone by itself.
        let _ = self.swarm.disconnect_peer_id(peer);
    }

    /// Publishes what is known of a peer, for people.
    fn show(&mut self, peer: PeerId) {
        let facts = self.peers.get(&peer).and_then(|known| {
            let link = known.links.values().next()?;
            let agent = known.agent.clone();
            let (address, score) = (address::with_peer(link.address.clone(), peer), self.book.score(&peer));
            Some(Facts { address, direction: link.direction, latency: known.latency, score, agent })
        });
        let mut state = self.table.state();
        match facts {
            Some(facts) => state.facts.insert(peer, facts),
            None => state.facts.remove(&peer),
        };
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Ends all lines, then all connections.
    async fn close(mut self) {
        let lines: Vec<_> = {
            let mut state = self.table.state();
            state.closed = true;
            state.lines.values().cloned().collect()
        };
        lines.iter().for_each(|open| open.end(End::ShutDown));
        let connected: Vec<PeerId> = self.peers.keys().copied().collect();
        for peer in connected {
            let _ = self.swarm.disconnect_peer_id(peer);
        }
        let gone = async {
            while self.swarm.connected_peers().next().is_some() {
                self.swarm.select_next_some().await;
            }
        };
        // A peer that does not say goodbye is not waited for.
        let _ = timeout(Duration::from_secs(1), gone).await;
        info!(target: "p2p", "network is shut down");
    }
}

impl Peer {
    fn new(now: Instant) -> Self {
        Self {
            links: BTreeMap::new(),
            talked: None,
            heard: now,
            latency: None,
            agent: String::new(),
            listens: Vec::new(),
            main_tried: None,
            waiting_main: false,
            dialled: Vec::new(),
            asked: None,
            asks: 0,
            minutes: 0,
            beginning: Arc::new(Semaphore::new(MAX_BEGINNING)),
            opened: (now, 0),
            wanted: VecDeque::new(),
            opening: 0,
            quiet: None,
        }
    }

    /// Whether this side has dialled it.
    fn is_outbound(&self) -> bool {
        self.links.values().any(|link| link.direction == Direction::Outbound)
    }

    /// Whether it opens streams no faster than it may.
    fn may_open(&mut self, now: Instant) -> bool {
        if now - self.opened.0 >= HASTE {
            self.opened = (now, 0);
        }
        self.opened.1 += 1;
        self.opened.1 <= MAX_STREAMS
    }

    fn is_loopback(&self) -> bool {
        self.links.values().all(|link| address::is_loopback(&link.address))
    }
}
