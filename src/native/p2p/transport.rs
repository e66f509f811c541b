//! How nodes reach each other: TCP and WebSocket, names resolved, Noise for secrecy, yamux for streams.

use std::num::NonZeroUsize;

use libp2p::{
    PeerId, Swarm, Transport,
    connection_limits::{self, ConnectionLimits},
    core::{muxing::StreamMuxerBox, transport::Boxed, upgrade::Version},
    dns, identify, noise, ping,
    swarm::{self, NetworkBehaviour},
    tcp, websocket,
};

use super::{Identity, Limits, NetworkError, gate::Gate, hasty::Hasty, muxer::Yamux, streams};

/// Longest WebSocket frame in bytes. What is sent in one is a Noise message, of at most 64 KiB.
const MAX_WEBSOCKET_BYTES: usize = 131_072;
/// What this side says that it is.
const AGENT: &str = concat!("tabchain/", env!("CARGO_PKG_VERSION"));

/// Everything that takes part in a connection.
#[derive(NetworkBehaviour)]
#[behaviour(prelude = "libp2p::swarm::derive_prelude")]
pub(super) struct Behaviour {
    pub(super) gate: Gate,
    limits: connection_limits::Behaviour,
    pub(super) streams: streams::Behaviour,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
}

/// Inbound connections that leave room for the peers that this side dials.
fn inbound(max_peers: usize, limits: &Limits) -> usize {
    max_peers - limits.outbound.min(max_peers / 4)
}

/// A swarm that listens nowhere yet.
pub(super) fn swarm(identity: &Identity, max_peers: usize, limits: &Limits) -> Result<Swarm<Behaviour>, NetworkError> {
    let count = |count: usize| Some(u32::try_from(count).unwrap_or(u32::MAX));
    let connections = ConnectionLimits::default()
        .with_max_pending_incoming(Some(limits.pending))
        .with_max_pending_outgoing(Some(limits.pending))
        .with_max_established_incoming(count(inbound(max_peers, limits)))
        .with_max_established(count(max_peers))
        // Two sides that dial each other at once have two, and one that comes back has its old one for a while.
        .with_max_established_per_peer(Some(3));
    let identify = identify::Config::new("/tabchain/1".to_owned(), identity.0.public())
        .with_agent_version(AGENT.to_owned())
        .with_push_listen_addr_updates(true)
        // Addresses are in our own book.
        .with_cache_size(0);
    let ping = ping::Config::new().with_interval(limits.ping).with_timeout(limits.ping);
    let behaviour = Behaviour {
        gate: Gate::new(limits.per_address),
        limits: connection_limits::Behaviour::new(connections),
        streams: streams::Behaviour::default(),
        identify: identify::Behaviour::new(identify),
        ping: ping::Behaviour::new(ping),
    };
    let config = swarm::Config::with_tokio_executor()
        .with_idle_connection_timeout(limits.idle)
        .with_max_negotiating_inbound_streams(16)
        .with_notify_handler_buffer_size(NonZeroUsize::MIN.saturating_add(15));
    let transport = transport(identity, limits)?;
    Ok(Swarm::new(transport, behaviour, identity.0.public().to_peer_id(), config))
}

fn transport(identity: &Identity, limits: &Limits) -> Result<Boxed<(PeerId, StreamMuxerBox)>, NetworkError> {
    let noise = noise::Config::new(&identity.0).map_err(|error| NetworkError::Encryption(error.to_string()))?;
    let tcp = || tcp::tokio::Transport::new(tcp::Config::default().nodelay(true));
    // Without the system's list of name servers, addresses with numbers still work.
    let named = |tcp: fn() -> tcp::tokio::Transport| {
        dns::tokio::Transport::system(tcp()).unwrap_or_else(|_| {
            dns::tokio::Transport::custom(tcp(), dns::ResolverConfig::default(), dns::ResolverOpts::default())
        })
    };
    let mut websocket = websocket::Config::new(named(tcp));
    websocket.set_max_data_size(MAX_WEBSOCKET_BYTES).set_max_redirects(0);
    Ok(websocket
        .or_transport(named(tcp))
        .map({
            let stall = limits.write_time;
            move |connection, _| Hasty::new(connection, stall)
        })
        .upgrade(Version::V1Lazy)
        .authenticate(noise)
        .multiplex(Yamux::new())
        .timeout(limits.hello_time)
        .boxed())
}
