//! Streams: what each is opened for, and what came of it.

use std::sync::Arc;

use libp2p::{PeerId, Stream};
use tokio::{sync::oneshot, time::Instant};
use tracing::{debug, info, warn};

use super::{MAX_OPENING, Opening, Protocol, Purpose, Question, Report, Task};
use crate::{
    native::p2p::{
        DialError, Line,
        lines::Table,
        open::End,
        streams, talk,
        talk::NoTalk,
        wire::{self, MAX_PEERS_BYTES, Refusal},
    },
    primitives::Address,
};

/// Accounts that are looked for at a time.
const MAX_QUESTIONS: usize = 256;

impl Task {
    /// Opens a stream for something, now or as soon as others have been dealt with.
    pub(super) fn open(&mut self, peer: PeerId, purpose: Purpose) {
        if let Some(known) = self.peers.get_mut(&peer) {
            known.wanted.push_back(purpose);
            self.open_next(peer);
        }
    }

    fn open_next(&mut self, peer: PeerId) {
        let Some(known) = self.peers.get_mut(&peer).filter(|known| known.opening < MAX_OPENING) else { return };
        let Some(connection) = known.links.keys().next().copied() else { return };
        let Some(purpose) = known.wanted.pop_front() else { return };
        known.opening += 1;
        let ticket = self.number();
        let protocol = if matches!(purpose, Purpose::Ask) { Protocol::Peers } else { Protocol::Gossip };
        self.openings.insert(ticket, Opening { peer, connection, purpose });
        self.swarm.behaviour_mut().streams.open(peer, connection, protocol, ticket);
    }

    /// One is dealt with: the next may begin.
    pub(super) fn opening_ended(&mut self, peer: PeerId) {
        if let Some(known) = self.peers.get_mut(&peer) {
            known.opening = known.opening.saturating_sub(1);
            self.open_next(peer);
        }
    }

    pub(super) fn on_stream(&mut self, event: streams::Event) {
        match event {
            streams::Event::Opened { ticket, stream } => self.on_opened(ticket, stream),
            streams::Event::Inbound { peer, protocol, stream } => self.on_inbound(peer, protocol, stream),
        }
    }

    /// A peer has opened a stream.
    fn on_inbound(&mut self, peer: PeerId, protocol: Protocol, mut stream: Stream) {
        let Some(known) = self.peers.get_mut(&peer).filter(|known| !known.links.is_empty()) else { return };
        if !known.may_open(Instant::now()) {
            debug!(target: "p2p", %peer, "peer opens streams too fast");
            return;
        }
        let Ok(share) = Arc::clone(&known.beginning).try_acquire_owned() else {
            debug!(target: "p2p", %peer, "peer begins too much at a time");
            return;
        };
        let table = Arc::clone(&self.table);
        match protocol {
            Protocol::Gossip => {
                tokio::spawn(async move {
                    if let Err(error) = talk::accept(&table, peer, stream).await {
                        debug!(target: "p2p", %peer, %error, "no conversation");
                        if error.is_fault() {
                            table.blame(peer);
                        }
                    }
                    drop(share);
                });
            }
            Protocol::Peers => {
                let answer = wire::encode(&self.told_to(peer));
                tokio::spawn(async move {
                    // Who asks and does not listen is not told.
                    let _ = wire::write_one(&mut stream, &answer, table.limits.hello_time).await;
                    drop(share);
                });
            }
        }
    }

    /// A stream of ours is open, or is not.
    pub(super) fn on_opened(&mut self, ticket: u64, stream: Result<Stream, String>) {
        let Some(Opening { peer, purpose, .. }) = self.openings.remove(&ticket) else { return };
        let table = Arc::clone(&self.table);
        let (stream, (from, to)) = match (stream, purpose) {
            (Ok(stream), Purpose::Ask) => {
                tokio::spawn(ask(table, peer, stream));
                return;
            }
            (Ok(stream), Purpose::Main) => (stream, (table.account, None)),
            (Ok(stream), Purpose::Find { local, remote, .. }) => (stream, (local, Some(remote))),
            (Err(reason), _) => return self.on_offered(peer, purpose, Err(NoTalk::NoStream(reason))),
        };
        tokio::spawn(async move {
            let result = talk::offer(&table, peer, stream, from, to).await;
            table.report(Report::Offered { peer, purpose, result }).await;
        });
    }

    pub(super) fn on_offered(&mut self, peer: PeerId, purpose: Purpose, result: Result<Line, NoTalk>) {
        if let Err(error) = &result {
            debug!(target: "p2p", %peer, ?purpose, %error, "no conversation");
            if error.is_fault() {
                self.on_fault(peer);
            }
        }
        match purpose {
            Purpose::Main => self.on_main(peer, result),
            Purpose::Find { question, .. } => self.on_answer(question, result),
            Purpose::Ask => {}
        }
        self.opening_ended(peer);
    }

    /// What came of the main conversation.
    fn on_main(&mut self, peer: PeerId, result: Result<Line, NoTalk>) {
        let result = match result {
            Ok(_) | Err(NoTalk::Refused(Refusal::Duplicate)) => Ok(peer),
            Err(NoTalk::Refused(Refusal::WrongChain(theirs))) => {
                self.on_wrong_chain(peer);
                Err(DialError::WrongChain(theirs))
            }
            Err(error) => Err(DialError::Refused(error.to_string())),
        };
        let Some(known) = self.peers.get_mut(&peer) else { return };
        known.waiting_main = false;
        for reply in known.dialled.drain(..) {
            let _ = reply.send(result.clone());
        }
        if result.is_ok() {
            self.ask_if_room(peer);
        }
    }

    fn on_wrong_chain(&mut self, peer: PeerId) {
        warn!(target: "p2p", %peer, "peer is on another chain");
        self.book.wrong_chain(peer, Instant::now());
        self.leave(peer, &End::Broken("it is on another chain".to_owned()));
    }

    /// Asks every peer for an account.
    pub(super) fn find(&mut self, local: Address, remote: Address, reply: oneshot::Sender<Line>) {
        self.questions.retain(|_, question| !question.reply.is_closed());
        let peers: Vec<PeerId> = self.peers.keys().copied().collect();
        if peers.is_empty() || self.questions.len() >= MAX_QUESTIONS {
            // The answer to a question that is dropped is no.
            return;
        }
        let question = self.number();
        self.questions.insert(question, Question { reply, unanswered: peers.len() });
        for peer in peers {
            self.open(peer, Purpose::Find { question, local, remote });
        }
    }

    pub(super) fn on_answer(&mut self, question: u64, result: Result<Line, NoTalk>) {
        let Some(asked) = self.questions.get_mut(&question) else { return };
        asked.unanswered -= 1;
        if result.is_err() && asked.unanswered > 0 {
            return;
        }
        if let Some(asked) = self.questions.remove(&question)
            && let Ok(line) = result
        {
            info!(target: "p2p", %line, "account found");
            let _ = asked.reply.send(line);
        }
    }
}

async fn ask(table: Arc<Table>, peer: PeerId, mut stream: Stream) {
    let answer = wire::read_one(&mut stream, MAX_PEERS_BYTES, table.limits.hello_time).await;
    table.report(Report::Learned { peer, answer: answer.map(wire::decode) }).await;
}
