//! Connections: made, lost, and failed.

use libp2p::{
    Multiaddr, PeerId,
    connection_limits::Exceeded,
    core::{ConnectedPoint, transport::TransportError},
    identify, ping,
    swarm::{
        ConnectionDenied, ConnectionId, DialError as Failure, SwarmEvent,
        dial_opts::{DialOpts, PeerCondition},
    },
};
use tokio::{sync::oneshot, time::Instant};
use tracing::{debug, info, warn};

use super::{Dial, Direction, Link, Peer, Purpose, Target, Task};
use crate::native::p2p::{DialError, address, gate::Denied, talk::NoTalk, tame, transport::BehaviourEvent};

/// Addresses that are kept of those where a peer says that it listens.
const MAX_LISTENS: usize = 8;
/// Connections that are being made at a time.
const MAX_DIALS: usize = 32;

impl Task {
    pub(super) fn on_swarm(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Streams(event)) => self.on_stream(event),
            SwarmEvent::Behaviour(BehaviourEvent::Identify(event)) => self.on_identify(event),
            SwarmEvent::Behaviour(BehaviourEvent::Ping(event)) => self.on_ping(event),
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                self.on_connected(peer_id, connection_id, &endpoint);
            }
            SwarmEvent::ConnectionClosed { peer_id, connection_id, cause, .. } => {
                let cause = cause.map(|cause| cause.to_string()).unwrap_or_default();
                debug!(target: "p2p", peer = %peer_id, cause = %tame(&cause), "connection closed");
                self.on_closed(peer_id, connection_id);
            }
            SwarmEvent::OutgoingConnectionError { connection_id, error, .. } => {
                self.on_failed(connection_id, &error);
            }
            SwarmEvent::IncomingConnectionError { send_back_addr, error, .. } => {
                debug!(target: "p2p", from = %send_back_addr, %error, "connection not let in");
            }
            SwarmEvent::NewListenAddr { address, .. } => {
                info!(target: "p2p", %address, "listening");
                self.table.state().listening.push(address);
            }
            SwarmEvent::ExpiredListenAddr { address, .. } => {
                warn!(target: "p2p", %address, "no longer listening");
                self.table.state().listening.retain(|other| *other != address);
            }
            SwarmEvent::ListenerClosed { addresses, reason, .. } => {
                warn!(target: "p2p", ?addresses, ?reason, "no longer listening");
                self.table.state().listening.retain(|address| !addresses.contains(address));
            }
            SwarmEvent::ListenerError { error, .. } => warn!(target: "p2p", %error, "cannot take a connection"),
            _ => {}
        }
    }

    fn on_connected(&mut self, peer: PeerId, connection: ConnectionId, endpoint: &ConnectedPoint) {
        let now = Instant::now();
        let direction = if endpoint.is_dialer() { Direction::Outbound } else { Direction::Inbound };
        let address = address::without_peer(endpoint.get_remote_address().clone());
        debug!(target: "p2p", %peer, %address, ?direction, "connected");
        if direction == Direction::Outbound {
            self.book.learn(peer, [address.clone()]);
        }
        let known = self.peers.entry(peer).or_insert_with(|| Peer::new(now));
        known.links.insert(connection, Link { address, direction });
        if let Some(dial) = self.dials.remove(&connection) {
            known.dialled.extend(dial.replies);
            self.book.reached(dial.target, peer);
        }
        self.show(peer);
        if direction == Direction::Outbound {
            self.talk(peer);
        }
    }

    fn on_closed(&mut self, peer: PeerId, connection: ConnectionId) {
        if let Some(known) = self.peers.get_mut(&peer) {
            known.links.remove(&connection);
        }
        let closed: Vec<_> =
            self.openings.iter().filter(|(_, opening)| opening.connection == connection).map(|(at, _)| *at).collect();
        for ticket in closed {
            self.on_opened(ticket, Err("the connection was closed".to_owned()));
        }
        let Some(known) = self.peers.get_mut(&peer) else { return };
        if known.links.is_empty() {
            let now = Instant::now();
            for reply in known.dialled.drain(..) {
                let reason = "it has closed the connection; perhaps it is full, or does not want this node";
                // Whoever has asked may have given up.
                let _ = reply.send(Err(DialError::Refused(reason.to_owned())));
            }
            let (lasted, wanted) = (known.talked.map(|talked| now - talked), std::mem::take(&mut known.wanted));
            self.peers.remove(&peer);
            self.book.lost(peer, lasted, now);
            for purpose in wanted {
                self.on_offered(peer, purpose, Err(NoTalk::NoStream("it has left".to_owned())));
            }
        }
        self.show(peer);
    }

    fn on_identify(&mut self, event: identify::Event) {
        let identify::Event::Received { peer_id, info, .. } = event else { return };
        let Some(known) = self.peers.get_mut(&peer_id) else { return };
        known.agent = tame(&info.agent_version);
        let here = known.is_loopback();
        let fits = |address: &Multiaddr| address::is_dialable(address) && (here || !address::is_loopback(address));
        known.listens = info.listen_addrs.into_iter().filter(fits).take(MAX_LISTENS).collect();
        self.book.learn(peer_id, known.listens.clone());
        self.show(peer_id);
    }

    fn on_ping(&mut self, event: ping::Event) {
        let Some(known) = self.peers.get_mut(&event.peer) else { return };
        match event.result {
            Ok(latency) => {
                known.latency = Some(latency);
                known.heard = Instant::now();
                self.show(event.peer);
            }
            Err(failure) => debug!(target: "p2p", peer = %event.peer, %failure, "ping is not answered"),
        }
    }

    /// Somebody wants a connection to this address.
    pub(super) fn dial_asked(&mut self, address: Multiaddr, reply: oneshot::Sender<Result<PeerId, DialError>>) {
        let peer = address::peer_of(&address);
        let refused = match peer {
            Some(peer) if peer == *self.swarm.local_peer_id() => Some(DialError::Myself),
            Some(peer) if self.swarm.behaviour().gate.is_banned(&peer) => Some(DialError::Banned),
            Some(peer) if self.table.main_with(&peer).is_some() => {
                let _ = reply.send(Ok(peer));
                return;
            }
            _ if self.peers.len() >= self.max_peers => Some(DialError::Full(self.peers.len())),
            _ if self.dials.len() >= MAX_DIALS => Some(DialError::Full(self.dials.len())),
            _ => None,
        };
        match refused {
            Some(refused) => drop(reply.send(Err(refused))),
            None => self.dial(Target::Asked, peer, vec![address], vec![reply]),
        }
    }

    pub(super) fn dial(
        &mut self,
        target: Target,
        peer: Option<PeerId>,
        addresses: Vec<Multiaddr>,
        replies: Vec<oneshot::Sender<Result<PeerId, DialError>>>,
    ) {
        let options = match (peer, addresses.first()) {
            (Some(peer), _) => DialOpts::peer_id(peer).addresses(addresses).condition(PeerCondition::Always).build(),
            (None, Some(address)) => DialOpts::unknown_peer_id().address(address.clone()).build(),
            (None, None) => return,
        };
        let connection = options.connection_id();
        debug!(target: "p2p", ?target, "dialling");
        self.dials.insert(connection, Dial { target, replies });
        if let Err(error) = self.swarm.dial(options) {
            self.on_failed(connection, &error);
        }
    }

    fn on_failed(&mut self, connection: ConnectionId, error: &Failure) {
        let Some(Dial { target, replies }) = self.dials.remove(&connection) else { return };
        debug!(target: "p2p", ?target, error = %tame(&error.to_string()), "dialling failed");
        // Of all addresses that it is given, the swarm leaves those out where it listens itself.
        if matches!(error, Failure::LocalPeerId { .. } | Failure::NoAddresses) {
            self.book.is_myself(target);
        } else {
            self.book.failed(target, Instant::now());
        }
        let reason = self.reason(error);
        for reply in replies {
            let _ = reply.send(Err(reason.clone()));
        }
    }

    fn reason(&self, error: &Failure) -> DialError {
        match error {
            Failure::LocalPeerId { .. } | Failure::NoAddresses => DialError::Myself,
            Failure::WrongPeerId { obtained, .. } => DialError::Unreachable(format!("{obtained} is there instead")),
            Failure::Denied { cause } => self.denied(cause),
            Failure::Transport(failures) => {
                let causes = failures.iter().map(|(_, failure)| match failure {
                    TransportError::MultiaddrNotSupported(address) => format!("{address} is no address of ours"),
                    TransportError::Other(error) => innermost(error),
                });
                DialError::Unreachable(causes.collect::<Vec<_>>().join("; "))
            }
            other => DialError::Unreachable(tame(&other.to_string())),
        }
    }

    fn denied(&self, cause: &ConnectionDenied) -> DialError {
        if cause.downcast_ref::<Exceeded>().is_some() {
            return DialError::Full(self.peers.len());
        }
        match cause.downcast_ref::<Denied>() {
            Some(Denied::Banned) => DialError::Banned,
            _ => DialError::Refused(tame(&cause.to_string())),
        }
    }

    /// Begins the main conversation with a peer that this side has dialled, unless there is one.
    pub(super) fn talk(&mut self, peer: PeerId) {
        let stands = self.table.main_with(&peer).is_some();
        let Some(known) = self.peers.get_mut(&peer) else { return };
        if stands {
            known.dialled.drain(..).for_each(|reply| drop(reply.send(Ok(peer))));
        } else if !known.waiting_main {
            (known.waiting_main, known.main_tried) = (true, Some(Instant::now()));
            self.open(peer, Purpose::Main);
        }
    }
}

/// What went wrong underneath: the layers above only repeat that something did.
pub(super) fn innermost(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    tame(&deepest.to_string())
}
