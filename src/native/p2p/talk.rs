//! Conversations: how one begins, and the two tasks that carry it.

use std::{sync::Arc, time::Duration};

use futures::{AsyncReadExt, AsyncWriteExt, io};
use libp2p::{PeerId, Stream};
use tokio::{
    sync::{OwnedMutexGuard, OwnedSemaphorePermit, watch},
    time::timeout,
};
use tracing::{debug, info};

use super::{
    FromNetwork, Held, Line,
    lines::Table,
    open::{End, Ends, Open, Queue, Who, ended},
    wire::{self, FrameError, Hello, MAX_OPENING_BYTES, Opening, Refusal, VERSION},
};
use crate::primitives::Address;

/// Why a conversation has not begun.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoTalk {
    /// The other side said no, or this side did.
    #[error("{0}")]
    Refused(#[from] Refusal),
    #[error("{0}")]
    Frame(#[from] FrameError),
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("its greeting answers another one")]
    Confused,
    #[error("{0}")]
    NoStream(String),
}

impl NoTalk {
    /// Whether an honest peer never does this.
    pub(super) fn is_fault(&self) -> bool {
        matches!(self, Self::Confused) || matches!(self, Self::Frame(error) if error.is_fault())
    }
}

/// Begins a conversation of `from` with `to` at `peer` (its main account if none) on a stream that this side has opened.
pub(super) async fn offer(
    table: &Arc<Table>,
    peer: PeerId,
    mut stream: Stream,
    from: Address,
    to: Option<Address>,
) -> Result<Line, NoTalk> {
    let hello = Hello { version: VERSION, genesis: table.genesis, from, to };
    let within = table.limits.hello_time;
    wire::write_one(&mut stream, &Opening::Hello(hello), within).await?;
    let answer = match wire::read_one(&mut stream, MAX_OPENING_BYTES, within).await? {
        Opening::Hello(hello) => hello,
        Opening::Refused(refusal) => return Err(refusal.into()),
    };
    if answer.version != VERSION {
        return Err(Refusal::Version(answer.version).into());
    }
    if answer.genesis != table.genesis {
        return Err(Refusal::WrongChain(answer.genesis).into());
    }
    if answer.to != Some(from) || to.is_some_and(|to| to != answer.from) {
        return Err(NoTalk::Confused);
    }
    let (line, who) = (Line::with(from, &peer, &answer.from), Who::Peer { id: peer, account: answer.from });
    let ends = table.open(line, who, true, to.is_none())?;
    carry(table, ends, stream);
    Ok(line)
}

/// Answers a conversation that `peer` begins.
pub(super) async fn accept(table: &Arc<Table>, peer: PeerId, mut stream: Stream) -> Result<(), NoTalk> {
    let within = table.limits.hello_time;
    let Opening::Hello(hello) = wire::read_one(&mut stream, MAX_OPENING_BYTES, within).await? else {
        return Err(NoTalk::Confused);
    };
    match admit(table, peer, &hello) {
        Ok(ends) => {
            let local = ends.open.line.local;
            let answer = Hello { version: VERSION, genesis: table.genesis, from: local, to: Some(hello.from) };
            if let Err(error) = wire::write_one(&mut stream, &Opening::Hello(answer), within).await {
                table.remove(&ends.open);
                return Err(error.into());
            }
            carry(table, ends, stream);
            Ok(())
        }
        Err(refusal) => {
            wire::write_one(&mut stream, &Opening::Refused(refusal.clone()), within).await?;
            timeout(within, stream.close()).await.map_err(io::Error::other)??;
            Err(refusal.into())
        }
    }
}

/// Opens the line that a peer wants; a refusal says what this side has instead.
fn admit(table: &Table, peer: PeerId, hello: &Hello) -> Result<Ends, Refusal> {
    if hello.version != VERSION {
        return Err(Refusal::Version(VERSION));
    }
    if hello.genesis != table.genesis {
        return Err(Refusal::WrongChain(table.genesis));
    }
    let local = hello.to.unwrap_or(table.account);
    if !table.state().served.contains(&local) {
        return Err(Refusal::UnknownAccount);
    }
    let who = Who::Peer { id: peer, account: hello.from };
    table.open(Line::with(local, &peer, &hello.from), who, false, hello.to.is_none())
}

/// Starts both tasks of a line.
fn carry(table: &Arc<Table>, ends: Ends, stream: Stream) {
    let (from, to) = stream.split();
    let Ends { open, queue, end } = ends;
    tokio::spawn(write(Arc::clone(&open), queue, end.clone(), to, table.limits.write_time));
    tokio::spawn(read(Arc::clone(table), open, end, from));
}

/// Until the line's end, or what comes first.
async fn unless_ended<T>(end: &mut watch::Receiver<Option<End>>, work: impl Future<Output = T>) -> Result<T, End> {
    tokio::select! {
        biased;
        end = ended(end) => Err(end),
        done = work => Ok(done),
    }
}

async fn read(table: Arc<Table>, open: Arc<Open>, end: watch::Receiver<Option<End>>, mut from: io::ReadHalf<Stream>) {
    let reading = table.reading(&open);
    let Some(mut voice) = Voice::begin(table, open, end).await else { return };
    let end = loop {
        let frame = match unless_ended(&mut voice.end, reading.next(&mut from)).await {
            Ok(Ok(Some(frame))) => frame,
            Ok(Ok(None)) => break End::Left,
            Ok(Err(error)) => {
                if error.is_fault() {
                    voice.blame();
                }
                break End::Broken(error.to_string());
            }
            Err(end) => break end,
        };
        if let Err(end) = voice.say(frame.0, frame.1).await {
            break end;
        }
    };
    voice.finish(end).await;
}

async fn write(
    open: Arc<Open>,
    mut queue: Queue,
    mut end: watch::Receiver<Option<End>>,
    mut to: io::WriteHalf<Stream>,
    stall: Duration,
) {
    while let Ok(Some(bytes)) = unless_ended(&mut end, queue.next()).await {
        if let Ok(Err(error)) = unless_ended(&mut end, wire::write(&mut to, &bytes, stall)).await {
            open.end(End::Broken(error.to_string()));
        }
    }
    // A peer that does not take even this has what it deserves.
    let _ = timeout(Duration::from_secs(1), to.close()).await;
}

/// Tells the driver of one line: that it has begun, what is said, that it has ended. Keeps the line's turn until it has told all.
pub(super) struct Voice {
    table: Arc<Table>,
    open: Arc<Open>,
    pub(super) end: watch::Receiver<Option<End>>,
    _turn: OwnedMutexGuard<()>,
}

impl Voice {
    /// Tells that the line has begun; nothing if it ends before that could be told.
    pub(super) async fn begin(
        table: Arc<Table>,
        open: Arc<Open>,
        mut end: watch::Receiver<Option<End>>,
    ) -> Option<Self> {
        let tell = async {
            let turn = Arc::clone(&open.turn).lock_owned().await;
            table.events.send(FromNetwork::Connected { line: open.line }).await.map(|()| turn)
        };
        match unless_ended(&mut end, tell).await {
            Ok(Ok(turn)) => {
                info!(target: "p2p", line = %open.line, with = %open.who, ours = open.ours, "conversation begins");
                Some(Self { table, open, end, _turn: turn })
            }
            ended => {
                debug!(target: "p2p", line = %open.line, with = %open.who, ?ended, "conversation ends before it begins");
                open.end(End::ShutDown);
                table.remove(&open);
                None
            }
        }
    }

    /// Hands a message over, as soon as there is room.
    pub(super) async fn say(&mut self, bytes: Vec<u8>, share: Option<OwnedSemaphorePermit>) -> Result<(), End> {
        let message = FromNetwork::Received { line: self.open.line, bytes, held: Held(share) };
        let sent = unless_ended(&mut self.end, self.table.events.send(message)).await?;
        sent.map_err(|_| End::ShutDown)
    }

    /// Notes that the peer has done what an honest one never does.
    fn blame(&self) {
        if let Who::Peer { id, .. } = self.open.who {
            self.table.blame(id);
        }
    }

    /// Tells that the line has ended.
    pub(super) async fn finish(self, end: End) {
        let Self { table, open, .. } = &self;
        let lasted = open.since.elapsed().as_secs();
        info!(target: "p2p", line = %open.line, with = %open.who, seconds = lasted, reason = %end, "conversation ends");
        open.end(end);
        // If nobody listens any more, nobody need be told.
        let _ = table.events.send(FromNetwork::Disconnected { line: open.line }).await;
        table.remove(open);
    }
}
