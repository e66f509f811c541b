//! Browser tabs: lines that come over the HTTP server's WebSocket instead of libp2p.
//!
//! A tab has no identity that lasts and says nothing of an account, so its line has a random number.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

use super::{
    Line,
    lines::Table,
    open::{End, Ends, Open, Queue, Who, ended},
    random,
    talk::Voice,
    wire::{PIECE, Refusal},
};
use crate::gossip;

/// A tab that has joined. Its line ends when either half is dropped, or the driver wants it.
#[derive(Debug)]
pub struct Guest {
    /// Its line.
    pub line: Line,
    /// What the tab says.
    pub incoming: Incoming,
    /// What is said to it.
    pub outgoing: Outgoing,
}

/// Takes what a tab says.
#[derive(Debug)]
pub struct Incoming {
    to: mpsc::Sender<Vec<u8>>,
    most: usize,
}

/// Gives what is said to a tab.
pub struct Outgoing {
    open: Arc<Open>,
    queue: Queue,
    end: watch::Receiver<Option<End>>,
}

/// Why a tab may not join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// Too many tabs are here, or from this address.
    #[error("no room for another tab")]
    Full,
    /// A tab from there has misbehaved.
    #[error("tabs from this address are banned for some time")]
    Banned,
}

/// Why a message is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// The line has ended.
    #[error("the line has ended")]
    Ended,
    /// It is empty or too long: the WebSocket is to be closed.
    #[error("a message of {bytes} bytes, between 1 and {most} are allowed")]
    Size {
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        most: usize,
    },
}

impl Incoming {
    /// Hands over one message; waits while the driver is busy.
    ///
    /// # Errors
    /// If the line has ended, or the message's size is not allowed.
    pub async fn deliver(&self, bytes: Vec<u8>) -> Result<(), Closed> {
        if bytes.is_empty() || bytes.len() > self.most {
            return Err(Closed::Size { bytes: bytes.len(), most: self.most });
        }
        self.to.send(bytes).await.map_err(|_| Closed::Ended)
    }

    /// Waits until the line has ended.
    pub async fn closed(&self) {
        self.to.closed().await;
    }
}

impl Outgoing {
    /// The next message to the tab; the one before is taken to be written. Nothing when the line has ended.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        tokio::select! {
            biased;
            _ = ended(&mut self.end) => None,
            next = self.queue.next() => next,
        }
    }
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Outgoing({})", self.open.line)
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        self.open.end(End::Left);
    }
}

/// A tab joins.
pub(super) fn join(table: &Arc<Table>, from: SocketAddr) -> Result<Guest, JoinError> {
    let from = SocketAddr::new(from.ip().to_canonical(), from.port());
    if table.state().banned.get(&from.ip()).is_some_and(|until| *until > Instant::now()) {
        return Err(JoinError::Banned);
    }
    let attempt = |_| {
        let line = Line { local: table.account, peer: gossip::PeerId(random()) };
        table.open(line, Who::Guest { from }, false, false)
    };
    // A number that is taken is no reason to be turned away.
    let opened = (0..3).map(attempt).find(|opened| !matches!(opened, Err(Refusal::Duplicate)));
    let Some(Ok(Ends { open, queue, end })) = opened else { return Err(JoinError::Full) };
    let (to, from) = mpsc::channel(1);
    tokio::spawn(carry(Arc::clone(table), Arc::clone(&open), end.clone(), from));
    let incoming = Incoming { to, most: table.limits.message_bytes };
    Ok(Guest { line: open.line, incoming, outgoing: Outgoing { open, queue, end } })
}

async fn carry(
    table: Arc<Table>,
    open: Arc<Open>,
    end: watch::Receiver<Option<End>>,
    mut from: mpsc::Receiver<Vec<u8>>,
) {
    let reading = table.reading(&open);
    let Some(mut voice) = Voice::begin(table, open, end).await else { return };
    let end = loop {
        let bytes = tokio::select! {
            biased;
            end = ended(&mut voice.end) => break end,
            bytes = from.recv() => match bytes {
                Some(bytes) => bytes,
                None => break End::Left,
            },
        };
        let share = match bytes.len() > PIECE {
            true => tokio::select! {
                biased;
                end = ended(&mut voice.end) => break end,
                share = reading.share(bytes.len()) => share.ok(),
            },
            false => None,
        };
        if let Err(end) = voice.say(bytes, share).await {
            break end;
        }
    };
    voice.finish(end).await;
}
