//! The streams of our protocols, as a libp2p behaviour.
//!
//! Owns opening streams on a given connection and handing over those that a peer has opened. Dials nobody by itself, keeps nothing of
//! a connection that has closed, and drops what a peer opens faster than it is taken.

use std::{
    collections::VecDeque,
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use libp2p::{
    Multiaddr, PeerId, Stream,
    core::{
        Endpoint,
        transport::PortUse,
        upgrade::{InboundUpgrade, OutboundUpgrade, UpgradeInfo},
    },
    swarm::{
        ConnectionDenied, ConnectionHandler, ConnectionHandlerEvent, ConnectionId, FromSwarm, NetworkBehaviour,
        NotifyHandler, StreamUpgradeError, SubstreamProtocol, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
        handler::{ConnectionEvent, DialUpgradeError, FullyNegotiatedInbound, FullyNegotiatedOutbound},
    },
};

/// Streams that wait in one connection to be taken; what a peer opens beyond them is dropped.
const MAX_WAITING: usize = 16;

/// What a stream is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// A conversation.
    Gossip,
    /// One answer to "whom do you know?".
    Peers,
}

/// Which opening an answer belongs to; the opener's number.
pub(super) type Ticket = u64;

/// What comes of streams.
#[derive(Debug)]
pub(super) enum Event {
    /// The peer has opened a stream.
    Inbound { peer: PeerId, protocol: Protocol, stream: Stream },
    /// A stream that we wanted is open, or why not. Nothing comes if the connection closes first.
    Opened { ticket: Ticket, stream: Result<Stream, String> },
}

#[derive(Default)]
pub(super) struct Behaviour {
    events: VecDeque<ToSwarm<Event, Open>>,
}

/// To a connection: open a stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open {
    protocol: Protocol,
    ticket: Ticket,
}

/// From a connection.
#[derive(Debug)]
pub(super) enum FromHandler {
    Inbound(Protocol, Stream),
    Opened(Ticket, Result<Stream, String>),
}

/// One connection's side.
#[derive(Default)]
pub(super) struct Handler {
    open: VecDeque<Open>,
    events: VecDeque<FromHandler>,
}

/// Agrees on one of these protocols.
#[derive(Clone, Copy)]
pub(super) struct Agree(&'static [Protocol]);

impl Protocol {
    const fn alone(self) -> Agree {
        match self {
            Self::Gossip => Agree(&[Self::Gossip]),
            Self::Peers => Agree(&[Self::Peers]),
        }
    }
}

impl AsRef<str> for Protocol {
    fn as_ref(&self) -> &str {
        match self {
            Self::Gossip => "/tabchain/gossip/1",
            Self::Peers => "/tabchain/peers/1",
        }
    }
}

impl UpgradeInfo for Agree {
    type Info = Protocol;
    type InfoIter = std::iter::Copied<std::slice::Iter<'static, Protocol>>;

    fn protocol_info(&self) -> Self::InfoIter {
        self.0.iter().copied()
    }
}

impl InboundUpgrade<Stream> for Agree {
    type Output = (Protocol, Stream);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_inbound(self, stream: Stream, protocol: Protocol) -> Self::Future {
        ready(Ok((protocol, stream)))
    }
}

impl OutboundUpgrade<Stream> for Agree {
    type Output = Stream;
    type Error = Infallible;
    type Future = Ready<Result<Stream, Infallible>>;

    fn upgrade_outbound(self, stream: Stream, _: Protocol) -> Self::Future {
        ready(Ok(stream))
    }
}

impl Behaviour {
    /// Opens a stream on this connection; [`Event::Opened`] follows.
    pub(super) fn open(&mut self, peer: PeerId, connection: ConnectionId, protocol: Protocol, ticket: Ticket) {
        let handler = NotifyHandler::One(connection);
        self.events.push_back(ToSwarm::NotifyHandler { peer_id: peer, handler, event: Open { protocol, ticket } });
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = Handler;
    type ToSwarm = Event;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::default())
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::default())
    }

    fn on_swarm_event(&mut self, _: FromSwarm<'_>) {}

    fn on_connection_handler_event(&mut self, peer: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        let event = match event {
            FromHandler::Inbound(protocol, stream) => Event::Inbound { peer, protocol, stream },
            FromHandler::Opened(ticket, stream) => Event::Opened { ticket, stream },
        };
        self.events.push_back(ToSwarm::GenerateEvent(event));
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Event, THandlerInEvent<Self>>> {
        // Whoever calls `open` polls the swarm next, so nobody need be woken.
        self.events.pop_front().map_or(Poll::Pending, Poll::Ready)
    }
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Open;
    type ToBehaviour = FromHandler;
    type InboundProtocol = Agree;
    type OutboundProtocol = Agree;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = Ticket;

    fn listen_protocol(&self) -> SubstreamProtocol<Agree> {
        SubstreamProtocol::new(Agree(&[Protocol::Gossip, Protocol::Peers]), ())
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ConnectionHandlerEvent<Agree, Ticket, FromHandler>> {
        // A connection's task polls its handler after every event that it gave to it.
        if let Some(event) = self.events.pop_front() {
            return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(event));
        }
        let Some(Open { protocol, ticket }) = self.open.pop_front() else { return Poll::Pending };
        let protocol = SubstreamProtocol::new(protocol.alone(), ticket);
        Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest { protocol })
    }

    fn on_behaviour_event(&mut self, open: Open) {
        self.open.push_back(open);
    }

    fn on_connection_event(&mut self, event: ConnectionEvent<'_, Agree, Agree, (), Ticket>) {
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound {
                protocol: (protocol, stream), ..
            }) if self.events.len() < MAX_WAITING => {
                self.events.push_back(FromHandler::Inbound(protocol, stream));
            }
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound { protocol: stream, info }) => {
                self.events.push_back(FromHandler::Opened(info, Ok(stream)));
            }
            ConnectionEvent::DialUpgradeError(DialUpgradeError { info, error }) => {
                let error = match error {
                    StreamUpgradeError::Timeout => "the peer did not answer in time".to_owned(),
                    StreamUpgradeError::NegotiationFailed => "the peer does not speak our protocol".to_owned(),
                    StreamUpgradeError::Io(error) => error.to_string(),
                    StreamUpgradeError::Apply(never) => match never {},
                };
                self.events.push_back(FromHandler::Opened(info, Err(error)));
            }
            _ => {}
        }
    }
}
