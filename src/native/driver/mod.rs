//! The one task that owns the node: everything that happens to it comes in here, one input at a time.
//!
//! A round takes a bounded number of inputs, hands each to the node, stores all that they changed in one transaction, and only then
//! sends, answers and publishes. So nothing is said or acknowledged that a crash could take back. An account of the keystore that has channels of its own
//! has a node of its own; the nodes of one process are peers over lines that never leave it. If storing fails, the driver ends: what it knows is
//! ahead of the disk, and only a restart brings both together again.

mod events;
mod handle;
mod index;
mod line;
mod miner;
mod nodes;
mod round;
mod snapshot;

use std::time::Duration;

use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};

pub use events::{Event, EventLog, Topic, What};
pub use handle::{Handle, Stopped};
pub use index::{Index, Place, named};
pub use line::{Alone, Carrier};
pub use miner::{Search, Solved};
pub use nodes::View;
pub use snapshot::{Blocks, Snapshot};

use handle::Job;
use miner::Miner;
use nodes::Nodes;
use round::Round;

use super::{
    clock::Clock,
    p2p::{FromNetwork, Line},
    store::StoreError,
};
use crate::{
    node::{Input, Node},
    primitives::Address,
};

/// Inputs and questions of one round at most.
const ROUND: usize = 512;
/// Jobs that wait for the driver; whoever brings more waits.
const QUEUE: usize = 1_024;
/// The longest sleep: the clock of the wall may be set.
const NAP: Duration = Duration::from_secs(1);

/// What ended the driver, but for being told to.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// What the node knows cannot be stored any more.
    #[error("cannot store what has happened, so the node stops: {0}")]
    Store(#[from] StoreError),
}

/// The driver: [`Driver::run`] is its whole life.
pub struct Driver<S, C> {
    nodes: Nodes,
    store: S,
    carrier: C,
    clock: Clock,
    miner: Miner,
    jobs: mpsc::Receiver<Job>,
    network: mpsc::Receiver<FromNetwork>,
    solved: mpsc::Receiver<Solved>,
    publish: watch::Sender<Snapshot>,
    events: EventLog,
}

/// What a driver is made of.
pub struct Parts<S, C> {
    /// The node of the first account.
    pub node: Node,
    /// Nodes of other accounts, restored.
    pub others: Vec<Node>,
    /// Where all is kept.
    pub store: S,
    /// The network.
    pub carrier: C,
    /// What the network says.
    pub network: mpsc::Receiver<FromNetwork>,
    /// The time.
    pub clock: Clock,
    /// Threads that search for proof of work; none leaves mining to others.
    pub mining_threads: usize,
}

impl<S: super::store::Store, C: Carrier> Driver<S, C> {
    /// A driver, and what everybody else talks to it by.
    pub fn new(parts: Parts<S, C>) -> (Self, Handle) {
        let Parts { node, others, store, carrier, network, clock, mining_threads } = parts;
        let own = node.address();
        let nodes = Nodes::new(node, others);
        let (jobs_in, jobs) = mpsc::channel(QUEUE);
        let (solved_in, solved) = mpsc::channel(16);
        let (publish, snapshot) = watch::channel(nodes.snapshot());
        let events = EventLog::new(clock.now());
        let miner = Miner::start(mining_threads, solved_in);
        let handle = Handle::new(own, jobs_in, snapshot, events.clone(), clock.clone(), miner.hashes());
        (Self { nodes, store, carrier, clock, miner, jobs, network, solved, publish, events }, handle)
    }

    /// Runs until it is told to stop.
    ///
    /// # Errors
    /// [`DriverError`] if what has happened cannot be stored.
    pub async fn run(mut self) -> Result<(), DriverError> {
        self.nodes.greet();
        loop {
            let mut round = Round::default();
            let local = self.nodes.take_local();
            if local.is_empty() {
                self.wait(&mut round).await;
            } else {
                local.into_iter().for_each(|(account, input)| self.hand(&mut round, account, input));
            }
            self.drain(&mut round);
            let last = round.ends();
            self.finish(round)?;
            if last {
                return Ok(());
            }
            // Whoever else is ready has a turn: a round takes as long as the disk.
            tokio::task::yield_now().await;
        }
    }

    /// Waits for something to happen.
    async fn wait(&mut self, round: &mut Round) {
        let now = self.clock.now();
        let due = self.nodes.next_wake().map_or(NAP, |due| Duration::from_millis(due.since(now)).min(NAP));
        tokio::select! {
            Some(job) = self.jobs.recv() => self.take_job(round, job),
            Some(said) = self.network.recv() => self.take_network(round, said),
            Some(solved) = self.solved.recv() => self.take_solved(round, &solved),
            () = sleep(due) => {}
        }
        self.wake(round);
    }

    /// Takes what else has come meanwhile, from each source in turn.
    fn drain(&mut self, round: &mut Round) {
        while round.length() < ROUND {
            let before = round.length();
            if let Ok(said) = self.network.try_recv() {
                self.take_network(round, said);
            }
            if let Ok(solved) = self.solved.try_recv() {
                self.take_solved(round, &solved);
            }
            if !round.ends()
                && let Ok(job) = self.jobs.try_recv()
            {
                self.take_job(round, job);
            }
            if round.length() == before {
                return;
            }
        }
    }

    fn take_job(&mut self, round: &mut Round, job: Job) {
        match job {
            Job::Stop(done) => round.end(done),
            Job::Ask(question) => round.ask(question),
            Job::Command { account, command, checks, answer } => {
                if let Some(checks) = checks {
                    self.nodes.checks.learn(*checks);
                }
                let id = round.expect(answer);
                self.hand(round, account, Input::Command { id, command });
            }
            Job::Join { node } => self.nodes.join(*node),
        }
    }

    fn take_network(&mut self, round: &mut Round, said: FromNetwork) {
        let (account, input) = line::input_of(said);
        self.hand(round, account, input);
    }

    fn take_solved(&mut self, round: &mut Round, solved: &Solved) {
        let own = self.nodes.own();
        self.hand(round, own, Input::Mined { template: solved.template, nonce: solved.nonce });
    }

    fn wake(&mut self, round: &mut Round) {
        let now = self.clock.now();
        for account in self.nodes.due(now) {
            self.hand(round, account, Input::Wake);
        }
    }

    fn hand(&mut self, round: &mut Round, account: Address, input: Input) {
        let now = self.clock.now();
        let outputs = self.nodes.handle(now, &account, input);
        round.take(account, outputs);
    }

    /// Stores, then does and says what the round came to, in order.
    fn finish(&mut self, round: Round) -> Result<(), DriverError> {
        if !round.batch.is_empty() {
            self.store.commit(&round.batch)?;
            self.nodes.follow();
            self.publish.send_replace(self.nodes.snapshot());
        }
        let now = self.clock.now();
        round.perform(&mut self.nodes, &self.carrier, &self.miner, &self.events, now);
        Ok(())
    }
}
