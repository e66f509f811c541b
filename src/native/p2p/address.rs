//! What a peer's address says: `/ip4/…/tcp/…`, with `/ws` for WebSocket and `/p2p/…` for who is expected there.

use std::net::{IpAddr, SocketAddr};

use libp2p::{Multiaddr, PeerId, multiaddr::Protocol};

/// Longest address that is read, in bytes.
pub(super) const MAX_ADDRESS_BYTES: usize = 256;

/// Whether a transport of ours can dial it: an IP address or a name, a TCP port that is not 0, perhaps WebSocket, perhaps a peer.
pub(super) fn is_dialable(address: &Multiaddr) -> bool {
    let host = |part: &Protocol<'_>| match part {
        Protocol::Ip4(ip) => !ip.is_unspecified() && !ip.is_multicast() && !ip.is_broadcast(),
        Protocol::Ip6(ip) => !ip.is_unspecified() && !ip.is_multicast(),
        Protocol::Dns(_) | Protocol::Dns4(_) | Protocol::Dns6(_) => true,
        _ => false,
    };
    let mut parts = address.iter().peekable();
    let begins =
        parts.next().as_ref().is_some_and(host) && matches!(parts.next(), Some(Protocol::Tcp(port)) if port != 0);
    if matches!(parts.peek(), Some(Protocol::Ws(path)) if path == "/") {
        parts.next();
    }
    if matches!(parts.peek(), Some(Protocol::P2p(_))) {
        parts.next();
    }
    begins && parts.next().is_none() && address.len() <= MAX_ADDRESS_BYTES
}

/// The IP address that it begins with; of an IPv4 address in IPv6 clothes, the IPv4 address.
pub(super) fn ip(address: &Multiaddr) -> Option<IpAddr> {
    socket(address).map(|socket| socket.ip().to_canonical())
}

/// The IP address and port that it begins with.
pub(super) fn socket(address: &Multiaddr) -> Option<SocketAddr> {
    let mut parts = address.iter();
    let ip = match parts.next()? {
        Protocol::Ip4(ip) => IpAddr::V4(ip),
        Protocol::Ip6(ip) => IpAddr::V6(ip),
        _ => return None,
    };
    match parts.next()? {
        Protocol::Tcp(port) => Some(SocketAddr::new(ip, port)),
        _ => None,
    }
}

/// Whether it leads to this machine.
pub(super) fn is_loopback(address: &Multiaddr) -> bool {
    ip(address).is_some_and(|ip| ip.is_loopback())
}

/// The peer that is expected there.
pub(super) fn peer_of(address: &Multiaddr) -> Option<PeerId> {
    match address.iter().last()? {
        Protocol::P2p(peer) => Some(peer),
        _ => None,
    }
}

/// The same address with this peer at its end.
pub(super) fn with_peer(address: Multiaddr, peer: PeerId) -> Multiaddr {
    without_peer(address).with(Protocol::P2p(peer))
}

/// The same address for whoever is there.
pub(super) fn without_peer(mut address: Multiaddr) -> Multiaddr {
    if peer_of(&address).is_some() {
        address.pop();
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_dialled() {
        let peer = PeerId::random();
        for good in
            ["/ip4/127.0.0.1/tcp/1", "/ip6/::1/tcp/65535/ws", "/dns/node-2/tcp/7000", "/dns4/a.example/tcp/1/ws"]
        {
            let address: Multiaddr = good.parse().expect("an address");
            assert!(is_dialable(&address), "{good}");
            let full = with_peer(address.clone(), peer);
            assert!(is_dialable(&full) && peer_of(&full) == Some(peer) && without_peer(full) == address, "{good}");
        }
        let long = format!("/dns/{}/tcp/1", "a".repeat(300));
        for bad in [
            "/ip4/127.0.0.1",
            "/tcp/1",
            "/ip4/127.0.0.1/tcp/0",
            "/ip4/0.0.0.0/tcp/1",
            "/ip4/224.0.0.1/tcp/1",
            "/ip4/127.0.0.1/udp/1",
            "/ip4/127.0.0.1/tcp/1/ws/ws",
            "/ip4/127.0.0.1/tcp/1/tls/ws",
            "/ip4/127.0.0.1/tcp/1/ip4/127.0.0.1/tcp/1",
            "/memory/1",
            &long,
        ] {
            assert!(!is_dialable(&bad.parse().expect("an address")), "{bad}");
        }
        assert!(!is_dialable(&Multiaddr::empty()));
    }

    #[test]
    fn where_it_leads() {
        for (text, loopback) in [
            ("/ip4/127.1.2.3/tcp/1", true),
            ("/ip6/::1/tcp/1", true),
            ("/ip6/::ffff:127.0.0.1/tcp/1", true),
            ("/ip4/192.0.2.1/tcp/1", false),
            ("/dns/localhost/tcp/1", false),
        ] {
            assert_eq!(is_loopback(&text.parse().expect("an address")), loopback, "{text}");
        }
    }
}
