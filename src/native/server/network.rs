//! The network, as the HTTP interface asks for it.

use std::net::{Ipv4Addr, SocketAddr};

use futures::future::BoxFuture;
use tokio::sync::mpsc;

use crate::{
    gossip::PeerId,
    native::{
        driver::Handle,
        http::{Guest, Network, NetworkError, PeerDirection, PeerInfo},
        p2p::{self, DialError, Direction, Multiaddr, multiaddr::Protocol},
    },
    node::{Command, CommandResult},
    primitives::Address,
};

/// Messages of a tab that wait for the driver.
const TAB_QUEUE: usize = 16;

/// What peers there are, and what their nodes say of themselves.
pub(super) struct Peers {
    pub(super) network: p2p::Network,
    pub(super) handle: Handle,
}

impl Network for Peers {
    fn peers(&self) -> BoxFuture<'_, Vec<PeerInfo>> {
        Box::pin(async { self.shown(self.network.peers()).await })
    }

    fn count(&self) -> usize {
        self.network.peers().len()
    }

    fn connect(&self, address: String) -> BoxFuture<'_, Result<PeerInfo, NetworkError>> {
        Box::pin(async move {
            let address = parse(&address)?;
            let info = self.network.dial(address).await.map_err(|error| match error {
                DialError::Address(_) | DialError::Myself => NetworkError::BadAddress(error.to_string()),
                DialError::Full(_) => NetworkError::Full,
                error => NetworkError::Unreachable(error.to_string()),
            })?;
            self.shown(vec![info]).await.pop().ok_or(NetworkError::NoPeers)
        })
    }

    fn sync(&self) -> BoxFuture<'_, Result<(), NetworkError>> {
        Box::pin(async move {
            let asked = self.handle.command(self.handle.own(), Command::Sync).await;
            if asked == Ok(CommandResult::Done) { Ok(()) } else { Err(NetworkError::NoPeers) }
        })
    }

    fn peer_of(&self, local: Address, remote: Address) -> BoxFuture<'_, Option<PeerId>> {
        Box::pin(async move { self.network.line_to(local, remote).await.ok().map(|line| line.peer) })
    }

    fn serve(&self, account: Address) {
        self.network.serve(account);
    }

    fn join(&self, from: Option<SocketAddr>) -> Result<Guest, NetworkError> {
        let from = from.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let p2p::Guest { incoming, mut outgoing, .. } = self.network.join(from).map_err(|_| NetworkError::Full)?;
        let (says, mut said) = mpsc::channel::<Vec<u8>>(TAB_QUEUE);
        let (tells, told) = mpsc::channel(TAB_QUEUE);
        tokio::spawn(async move {
            while let Some(bytes) = said.recv().await {
                if incoming.deliver(bytes).await.is_err() {
                    return;
                }
            }
        });
        tokio::spawn(async move {
            while let Some(bytes) = outgoing.next().await {
                if tells.send(bytes).await.is_err() {
                    return;
                }
            }
        });
        Ok(Guest { incoming: says, outgoing: told })
    }
}

impl Peers {
    /// With the heights that they last told.
    async fn shown(&self, peers: Vec<p2p::PeerInfo>) -> Vec<PeerInfo> {
        let lines: Vec<PeerId> = peers.iter().filter_map(|peer| peer.lines.first().copied()).collect();
        let heights = self.handle.ask(move |view| {
            let height = |line: PeerId| {
                let mut peers = view.nodes().flat_map(|node| node.gossip().peers());
                peers
                    .find(|(peer, status)| *peer == line && status.is_some())
                    .and_then(|(_, status)| status.map(|s| s.height.0))
            };
            lines.into_iter().map(height).collect::<Vec<_>>()
        });
        let heights = heights.await.unwrap_or_default().into_iter().chain(std::iter::repeat(None));
        peers.into_iter().zip(heights).map(|(peer, height)| show(peer, height)).collect()
    }
}

fn show(peer: p2p::PeerInfo, height: Option<u64>) -> PeerInfo {
    let direction = match peer.direction {
        Direction::Inbound => PeerDirection::Inbound,
        Direction::Outbound => PeerDirection::Outbound,
    };
    let (latency_ms, score) = (peer.latency_ms, i64::from(peer.score));
    PeerInfo { id: peer.id, account: peer.account, address: peer.address, direction, height, latency_ms, score }
}

/// A multiaddr, or `ws://host:port`.
fn parse(text: &str) -> Result<Multiaddr, NetworkError> {
    let bad = |reason: String| NetworkError::BadAddress(format!("{text:.80}: {reason}"));
    let Some(rest) = text.strip_prefix("ws://") else {
        return text.parse().map_err(|error: p2p::multiaddr::Error| bad(error.to_string()));
    };
    let (host, port) = rest.trim_end_matches('/').rsplit_once(':').ok_or_else(|| bad("no port".to_owned()))?;
    let port: u16 = port.parse().map_err(|_| bad("the port is no number up to 65535".to_owned()))?;
    let host = match host.trim_start_matches('[').trim_end_matches(']').parse() {
        Ok(std::net::IpAddr::V4(address)) => Protocol::Ip4(address),
        Ok(std::net::IpAddr::V6(address)) => Protocol::Ip6(address),
        Err(_) => Protocol::Dns(host.to_owned().into()),
    };
    Ok(Multiaddr::empty().with(host).with(Protocol::Tcp(port)).with(Protocol::Ws("/".into())))
}
