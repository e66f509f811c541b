//! One line: what waits to be written to it, and its end.

use std::{
    fmt,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use libp2p::PeerId;
use tokio::{
    sync::{Semaphore, mpsc, watch},
    time::Instant,
};

use super::Line;
use crate::primitives::Address;

/// What a message costs in a queue besides its bytes.
const MESSAGE_OVERHEAD: usize = 64;

/// Who is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Peer { id: PeerId, account: Address },
    Guest { from: SocketAddr },
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer { id, account } => write!(f, "{} at {id}", account.short()),
            Self::Guest { from } => write!(f, "tab at {from}"),
        }
    }
}

/// Why a line ends, for the log.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum End {
    #[error("the peer has left")]
    Left,
    #[error("{0}")]
    Broken(String),
    #[error("the peer does not read: more than {0} bytes wait for it")]
    Slow(usize),
    #[error("a newer conversation takes its place")]
    Replaced,
    #[error("{0}")]
    Asked(String),
    #[error("the node shuts down")]
    ShutDown,
}

/// See [`Open::turn`].
pub(super) type Turn = Arc<tokio::sync::Mutex<()>>;

/// A line that stands.
pub(super) struct Open {
    pub(super) line: Line,
    pub(super) who: Who,
    /// Whether this side has opened it.
    pub(super) ours: bool,
    /// Whether it is the main conversation with a peer.
    pub(super) main: bool,
    pub(super) since: Instant,
    queue: mpsc::UnboundedSender<(Vec<u8>, Weight)>,
    pub(super) shared: Arc<Shared>,
    end: watch::Sender<Option<End>>,
    /// Held by whoever tells the driver of this line, so that the end of one conversation is told before the next begins.
    pub(super) turn: Turn,
}

/// What all lines with one peer have together.
pub(super) struct Shared {
    /// Bytes that wait to be written.
    pub(super) waiting: AtomicUsize,
    /// Long messages are read one at a time.
    pub(super) long: Arc<Semaphore>,
}

/// What a message counts while it waits.
struct Weight {
    of: Arc<Shared>,
    bytes: usize,
}

/// What a line's own tasks hold of it.
pub(super) struct Ends {
    pub(super) open: Arc<Open>,
    pub(super) queue: Queue,
    pub(super) end: watch::Receiver<Option<End>>,
}

/// What waits to be written.
pub(super) struct Queue {
    waiting: mpsc::UnboundedReceiver<(Vec<u8>, Weight)>,
    /// The one that was taken last still counts.
    taken: Option<Weight>,
}

impl Default for Shared {
    fn default() -> Self {
        Self { waiting: AtomicUsize::new(0), long: Arc::new(Semaphore::new(1)) }
    }
}

impl Drop for Weight {
    fn drop(&mut self) {
        self.of.waiting.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Open {
    /// A line, and what its tasks hold of it.
    pub(super) fn begin(line: Line, who: Who, ours: bool, main: bool, shared: Arc<Shared>, turn: Turn) -> Ends {
        let (queue, waiting) = mpsc::unbounded_channel();
        let (sender, end) = watch::channel(None);
        let open = Self { line, who, ours, main, since: Instant::now(), queue, shared, end: sender, turn };
        Ends { open: Arc::new(open), queue: Queue { waiting, taken: None }, end }
    }

    /// Puts a message into the queue, or ends the line if too much waits there.
    pub(super) fn send(&self, bytes: Vec<u8>, most: usize) {
        let size = bytes.len() + MESSAGE_OVERHEAD;
        let before = self.shared.waiting.fetch_add(size, Ordering::Relaxed);
        let weight = Weight { of: Arc::clone(&self.shared), bytes: size };
        if before + size > most + MESSAGE_OVERHEAD {
            self.end(End::Slow(before));
        } else {
            // If the line has ended, the message is lost.
            let _ = self.queue.send((bytes, weight));
        }
    }

    /// Whether this peer is at the other end.
    pub(super) fn is_with(&self, peer: &PeerId) -> bool {
        matches!(&self.who, Who::Peer { id, .. } if id == peer)
    }

    /// Ends it; the first reason counts.
    pub(super) fn end(&self, reason: End) {
        self.end.send_if_modified(|end| {
            let first = end.is_none();
            first.then(|| *end = Some(reason));
            first
        });
    }
}

impl Queue {
    /// The next message to write; what was taken before is written by now. Waits if there is none, and is never over before the line.
    pub(super) async fn next(&mut self) -> Option<Vec<u8>> {
        self.taken = None;
        let (next, weight) = self.waiting.recv().await?;
        self.taken = Some(weight);
        Some(next)
    }
}

/// Waits for the line's end.
pub(super) async fn ended(end: &mut watch::Receiver<Option<End>>) -> End {
    match end.wait_for(Option::is_some).await {
        Ok(end) => end.clone().unwrap_or(End::Left),
        Err(_) => End::Left,
    }
}
