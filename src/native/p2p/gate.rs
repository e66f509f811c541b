//! Who may be connected: bans, and how many connections one address of the network may have.
//!
//! Owns both lists, bounded. The limits that need no address are libp2p's own (`connection_limits`, set in `transport.rs`).

use std::{
    collections::BTreeMap,
    convert::Infallible,
    net::IpAddr,
    task::{Context, Poll},
};

use libp2p::{
    Multiaddr, PeerId,
    core::{Endpoint, transport::PortUse},
    swarm::{
        ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent,
        ToSwarm,
        behaviour::{ConnectionClosed, ListenFailure},
        dummy,
    },
};
use tokio::time::Instant;

use super::address::ip;

/// Bans that are remembered; of more, those that end first are forgotten.
const MAX_BANS: usize = 4_096;

/// Why the gate lets a connection not through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Denied {
    #[error("the peer is banned")]
    Banned,
    #[error("too many connections from one address")]
    TooManyFromOneAddress,
}

pub(super) struct Gate {
    banned: BTreeMap<PeerId, Instant>,
    /// Inbound connections, also those that are still being made, by where they come from; none from this machine.
    inbound: BTreeMap<ConnectionId, IpAddr>,
    per_address: usize,
}

impl Gate {
    /// A gate that lets `per_address` connections of each other machine in.
    pub(super) fn new(per_address: usize) -> Self {
        Self { banned: BTreeMap::new(), inbound: BTreeMap::new(), per_address }
    }

    /// Lets this peer neither in nor out before `until`.
    pub(super) fn ban(&mut self, peer: PeerId, until: Instant) {
        let now = Instant::now();
        self.banned.retain(|_, until| *until > now);
        self.banned.insert(peer, until);
        while self.banned.len() > MAX_BANS {
            let first = self.banned.iter().min_by_key(|(_, until)| **until).map(|(peer, _)| *peer);
            first.map(|peer| self.banned.remove(&peer));
        }
    }

    /// Whether this peer is banned now.
    pub(super) fn is_banned(&self, peer: &PeerId) -> bool {
        self.banned.get(peer).is_some_and(|until| *until > Instant::now())
    }

    fn check(&self, peer: PeerId) -> Result<dummy::ConnectionHandler, ConnectionDenied> {
        if self.is_banned(&peer) {
            return Err(ConnectionDenied::new(Denied::Banned));
        }
        Ok(dummy::ConnectionHandler)
    }
}

impl NetworkBehaviour for Gate {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        let Some(from) = ip(remote).filter(|from| !from.is_loopback()) else { return Ok(()) };
        if self.inbound.values().filter(|other| **other == from).count() >= self.per_address {
            return Err(ConnectionDenied::new(Denied::TooManyFromOneAddress));
        }
        self.inbound.insert(connection, from);
        Ok(())
    }

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.check(peer)
    }

    fn handle_pending_outbound_connection(
        &mut self,
        _: ConnectionId,
        peer: Option<PeerId>,
        _: &[Multiaddr],
        _: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        peer.map_or(Ok(()), |peer| self.check(peer).map(|_| ()))?;
        Ok(Vec::new())
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.check(peer)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionClosed(ConnectionClosed { connection_id, .. })
            | FromSwarm::ListenFailure(ListenFailure { connection_id, .. }) => {
                self.inbound.remove(&connection_id);
            }
            _ => {}
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Infallible, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn bans_end_and_are_bounded() {
        let mut gate = Gate::new(1);
        let (now, peer) = (Instant::now(), PeerId::random());
        gate.ban(peer, now);
        assert!(!gate.is_banned(&peer), "a ban that has ended");
        gate.ban(peer, now + Duration::from_secs(10_000));
        assert!(gate.is_banned(&peer) && gate.check(peer).is_err() && gate.check(PeerId::random()).is_ok());
        for extra in 0..=MAX_BANS as u64 {
            gate.ban(PeerId::random(), now + Duration::from_secs(60 + extra));
        }
        assert_eq!(gate.banned.len(), MAX_BANS);
        assert!(gate.is_banned(&peer), "the longest ban stays");
    }

    #[test]
    fn one_machine_has_few_connections_and_this_one_any() {
        let mut gate = Gate::new(2);
        let mut come = |from: &str, id| {
            let address: Multiaddr = from.parse().expect("an address");
            gate.handle_pending_inbound_connection(ConnectionId::new_unchecked(id), &address, &address).is_ok()
        };
        assert!(come("/ip4/192.0.2.1/tcp/1", 1) && come("/ip4/192.0.2.1/tcp/2", 2));
        assert!(!come("/ip4/192.0.2.1/tcp/3", 3) && come("/ip4/192.0.2.2/tcp/3", 4));
        assert!((5..50).all(|id| come("/ip4/127.0.0.1/tcp/3", id)));
        assert_eq!(gate.inbound.len(), 3);
    }
}
