//! What everybody else talks to the driver by.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::{mpsc, oneshot, watch};

use super::{EventLog, Snapshot, View};
use crate::{
    native::clock::Clock,
    node::{Command, CommandResult, Node},
    primitives::{Address, Checks, Timestamp},
};

pub(super) type Answer = oneshot::Sender<CommandResult>;
pub(super) type Question = Box<dyn FnOnce(&View<'_>) + Send>;

/// Something for the driver to do.
pub(super) enum Job {
    Command { account: Address, command: Command, checks: Option<Box<Checks>>, answer: Answer },
    Ask(Question),
    Join { node: Box<Node> },
    Stop(oneshot::Sender<()>),
}

/// The driver has ended, or is about to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the node is shutting down")]
pub struct Stopped;

/// A way to the driver; cheap to clone.
#[derive(Debug, Clone)]
pub struct Handle {
    own: Address,
    jobs: mpsc::Sender<Job>,
    snapshot: watch::Receiver<Snapshot>,
    events: EventLog,
    clock: Clock,
    hashes: Arc<AtomicU64>,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Command { .. } => "Command",
            Self::Ask(_) => "Ask",
            Self::Join { .. } => "Join",
            Self::Stop(_) => "Stop",
        })
    }
}

impl Handle {
    pub(super) fn new(
        own: Address,
        jobs: mpsc::Sender<Job>,
        snapshot: watch::Receiver<Snapshot>,
        events: EventLog,
        clock: Clock,
        hashes: Arc<AtomicU64>,
    ) -> Self {
        Self { own, jobs, snapshot, events, clock, hashes }
    }

    /// The node's own account.
    pub fn own(&self) -> Address {
        self.own
    }

    /// Now, as the driver sees it.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Hashes that the mining threads have made so far, to within a slice of their work.
    pub fn hashes(&self) -> u64 {
        self.hashes.load(Ordering::Relaxed)
    }

    /// The chain as it was after the last round: reading it keeps nobody waiting.
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot.borrow().clone()
    }

    /// Reads a little of the same without a copy: whatever is stored next waits for it.
    pub fn with_snapshot<R>(&self, read: impl FnOnce(&Snapshot) -> R) -> R {
        read(&self.snapshot.borrow())
    }

    /// Comes back when the chain, or anything else that is stored, has changed.
    ///
    /// # Errors
    /// [`Stopped`] once the driver has ended.
    pub async fn changed(&mut self) -> Result<(), Stopped> {
        self.snapshot.changed().await.map_err(|_| Stopped)
    }

    /// What has happened, and what will.
    pub fn events(&self) -> &EventLog {
        &self.events
    }

    /// Hands a command to an account's node, which must be there: its result, once everything that it changed is stored.
    ///
    /// # Errors
    /// [`Stopped`] if the driver has ended: whether the command was done is not known.
    pub async fn command(&self, account: Address, command: Command) -> Result<CommandResult, Stopped> {
        self.checked(account, command, None).await
    }

    /// The same with signature checks that were made already.
    ///
    /// # Errors
    /// As [`Handle::command`].
    pub async fn checked(
        &self,
        account: Address,
        command: Command,
        checks: Option<Box<Checks>>,
    ) -> Result<CommandResult, Stopped> {
        let (answer, result) = oneshot::channel();
        self.jobs.send(Job::Command { account, command, checks, answer }).await.map_err(|_| Stopped)?;
        result.await.map_err(|_| Stopped)
    }

    /// Asks something of the nodes. What is answered is stored. The question is asked on the driver's own task: it must be short.
    ///
    /// # Errors
    /// [`Stopped`] if the driver has ended.
    pub async fn ask<R: Send + 'static>(
        &self,
        question: impl FnOnce(&View<'_>) -> R + Send + 'static,
    ) -> Result<R, Stopped> {
        let (answer, result) = oneshot::channel();
        let question = move |view: &View<'_>| drop(answer.send(question(view)));
        self.jobs.send(Job::Ask(Box::new(question))).await.map_err(|_| Stopped)?;
        result.await.map_err(|_| Stopped)
    }

    /// Gives another account of the keystore a node of its own, which is a peer of the first.
    ///
    /// # Errors
    /// [`Stopped`] if the driver has ended.
    pub async fn join(&self, node: Node) -> Result<(), Stopped> {
        self.jobs.send(Job::Join { node: Box::new(node) }).await.map_err(|_| Stopped)
    }

    /// Ends the driver after the round under way.
    pub async fn stop(&self) {
        let (done, ended) = oneshot::channel();
        if self.jobs.send(Job::Stop(done)).await.is_ok() {
            let _ = ended.await;
        }
    }
}
