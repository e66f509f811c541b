//! Many streams on one connection, by yamux.
//!
//! libp2p's own wrapping lets a peer have up to 1 GiB waiting unread on one connection, and has no way to say less.

use std::{
    collections::VecDeque,
    future::{Ready, ready},
    io, iter,
    pin::Pin,
    task::{Context, Poll, Waker, ready},
};

use futures::{AsyncRead, AsyncWrite};
use libp2p::core::{
    muxing::{StreamMuxer, StreamMuxerEvent},
    upgrade::{InboundConnectionUpgrade, OutboundConnectionUpgrade, UpgradeInfo},
};
use yamux::{Connection, ConnectionError, DEFAULT_CREDIT, Mode};

/// Streams on one connection, ours and the peer's, those of libp2p included; a peer that opens more loses the connection.
const MAX_STREAMS: usize = 128;
/// Bytes that may wait unread on one connection: what yamux gives to each stream, and some more for those that are busy.
const MAX_UNREAD: usize = MAX_STREAMS * DEFAULT_CREDIT as usize + 4 * 1_024 * 1_024;
/// Streams of the peer's that wait to be taken; more are dropped.
const MAX_WAITING: usize = 16;

/// Makes a connection into many streams.
#[derive(Clone)]
pub(super) struct Yamux(yamux::Config);

/// A connection with its streams.
pub(super) struct Muxer<C> {
    connection: Connection<C>,
    inbound: VecDeque<yamux::Stream>,
    waits: Option<Waker>,
}

impl Yamux {
    pub(super) fn new() -> Self {
        let mut config = yamux::Config::default();
        config.set_max_num_streams(MAX_STREAMS).set_max_connection_receive_window(Some(MAX_UNREAD));
        Self(config)
    }

    fn begin<C: AsyncRead + AsyncWrite + Unpin>(self, connection: C, mode: Mode) -> Ready<io::Result<Muxer<C>>> {
        let connection = Connection::new(connection, self.0, mode);
        ready(Ok(Muxer { connection, inbound: VecDeque::new(), waits: None }))
    }
}

impl UpgradeInfo for Yamux {
    type Info = &'static str;
    type InfoIter = iter::Once<&'static str>;

    fn protocol_info(&self) -> Self::InfoIter {
        iter::once("/yamux/1.0.0")
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin> InboundConnectionUpgrade<C> for Yamux {
    type Output = Muxer<C>;
    type Error = io::Error;
    type Future = Ready<io::Result<Muxer<C>>>;

    fn upgrade_inbound(self, connection: C, _: &'static str) -> Self::Future {
        self.begin(connection, Mode::Server)
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin> OutboundConnectionUpgrade<C> for Yamux {
    type Output = Muxer<C>;
    type Error = io::Error;
    type Future = Ready<io::Result<Muxer<C>>>;

    fn upgrade_outbound(self, connection: C, _: &'static str) -> Self::Future {
        self.begin(connection, Mode::Client)
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin> Muxer<C> {
    /// Everything on the connection moves only while this is called.
    fn drive(&mut self, context: &mut Context<'_>) -> Poll<Result<yamux::Stream, ConnectionError>> {
        self.connection.poll_next_inbound(context).map(|next| next.unwrap_or(Err(ConnectionError::Closed)))
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin> StreamMuxer for Muxer<C> {
    type Substream = yamux::Stream;
    type Error = ConnectionError;

    fn poll_inbound(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<yamux::Stream, ConnectionError>> {
        if let Some(stream) = self.inbound.pop_front() {
            return Poll::Ready(Ok(stream));
        }
        let next = self.drive(context);
        if next.is_pending() {
            self.waits = Some(context.waker().clone());
        }
        next
    }

    fn poll_outbound(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<yamux::Stream, ConnectionError>> {
        self.connection.poll_new_outbound(context)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        self.connection.poll_close(context)
    }

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<StreamMuxerEvent, ConnectionError>> {
        loop {
            let stream = ready!(self.drive(context))?;
            if self.inbound.len() < MAX_WAITING {
                self.inbound.push_back(stream);
            }
            if let Some(waits) = self.waits.take() {
                waits.wake();
            }
        }
    }
}
