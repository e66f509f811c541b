//! What nodes do by themselves: transfers, and payments through their channels. Each node from streams of its own.

use super::{Class, EventKey, NodeIndex, World, random::Stream, world::Pending};
use crate::{
    node::{Command, Node, Transfer},
    primitives::{Amount, Memo},
};

/// Fees the workload offers, in base units.
const FEES: (u32, u32) = (50, 400);
/// Amounts the workload transfers, in base units.
const AMOUNTS: (u32, u32) = (1, 2_000);
/// Amounts the workload pays through channels, in base units.
const PAYMENTS: (u32, u32) = (1, 500);

/// Amounts the workload sends over routes, in base units.
const SENDS: (u32, u32) = (100, 1_000);

/// What a node does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Job {
    Transfer,
    Payment,
    Send,
}

/// One node's streams and timers.
#[derive(Debug, Clone)]
pub(super) struct Jobs {
    transfers: (Stream, Option<EventKey>),
    payments: (Stream, Option<EventKey>),
    sends: (Stream, Option<EventKey>),
}

impl Jobs {
    pub(super) fn new(seed: u64, name: &str) -> Self {
        let stream = |purpose| (Stream::new(seed, purpose, name), None);
        Self { transfers: stream("workload"), payments: stream("payments"), sends: stream("sends") }
    }

    /// The timers that are set; none is afterwards.
    pub(super) fn take_timers(&mut self) -> [Option<EventKey>; 3] {
        [self.transfers.1.take(), self.payments.1.take(), self.sends.1.take()]
    }

    fn of(&mut self, job: Job) -> &mut (Stream, Option<EventKey>) {
        match job {
            Job::Transfer => &mut self.transfers,
            Job::Payment => &mut self.payments,
            Job::Send => &mut self.sends,
        }
    }
}

impl World {
    pub(super) fn plan_workload(&mut self, index: NodeIndex) {
        for job in [Job::Transfer, Job::Payment, Job::Send] {
            self.plan_job(index, job);
        }
    }

    /// Does what a timer was set for, and sets the next.
    pub(super) fn do_job(&mut self, index: NodeIndex, job: Job) {
        self.nodes[index as usize].jobs.of(job).1 = None;
        match job {
            Job::Transfer => self.make_transfer(index),
            Job::Payment => self.make_payment(index),
            Job::Send => self.make_send(index),
        }
        self.plan_job(index, job);
    }

    fn plan_job(&mut self, index: NodeIndex, job: Job) {
        let now = self.now();
        let per_hour = match job {
            Job::Transfer => self.workload.transfers_per_hour,
            Job::Payment => self.workload.payments_per_hour,
            Job::Send => self.workload.sends_per_hour,
        };
        let sim = &mut self.nodes[index as usize];
        let off = sim.node.is_none();
        let (stream, planned) = sim.jobs.of(job);
        if let Some(planned) = planned.take() {
            self.queue.remove(&planned);
        }
        if per_hour == 0 || off {
            return;
        }
        let time = now.after(stream.exponential(3_600_000 / u64::from(per_hour)));
        let key = EventKey { time, class: Class::Workload, actor: index, sequence: self.next_sequence(index) };
        self.schedule(key, Pending::Workload(index, job));
        self.nodes[index as usize].jobs.of(job).1 = Some(key);
    }

    fn make_transfer(&mut self, index: NodeIndex) {
        let others = u32::try_from(self.nodes.len()).expect("at most a thousand") - 1;
        let stream = &mut self.nodes[index as usize].jobs.transfers.0;
        let pick = stream.below(others.max(1));
        let amount = AMOUNTS.0 + stream.below(AMOUNTS.1);
        let fee = FEES.0 + stream.below(FEES.1);
        if others == 0 {
            return;
        }
        let to = self.nodes[(pick + u32::from(pick >= index)) as usize].address;
        let transfer = Transfer { to, amount: units(amount), fee: units(fee), memo: Memo::default(), nonce: None };
        self.command(index, Command::Transfer(transfer));
    }

    /// Pays through one of the node's open channels that can carry it.
    fn make_payment(&mut self, index: NodeIndex) {
        let sim = &mut self.nodes[index as usize];
        let stream = &mut sim.jobs.payments.0;
        let (amount, pick) = (units(PAYMENTS.0 + stream.below(PAYMENTS.1)), stream.below(u32::MAX));
        let channels = sim.node.iter().flat_map(|node| node.channels()).map(|(_, channel)| channel);
        let able: Vec<_> = channels.filter(|held| held.phase().is_live() && held.spendable() >= amount).collect();
        let chosen = able.get(pick as usize % able.len().max(1)).map(|channel| channel.id());
        if let Some(channel) = chosen {
            self.command(index, Command::Pay { channel, amount, times: 1 });
        }
    }
}

impl World {
    /// Pays any other node that has a channel too, over whatever route there is.
    fn make_send(&mut self, index: NodeIndex) {
        let stream = &mut self.nodes[index as usize].jobs.sends.0;
        let (pick, amount) = (stream.below(u32::MAX), SENDS.0 + stream.below(SENDS.1));
        let has_channel = |node: &Node| node.channels().any(|(_, channel)| channel.phase().is_live());
        let able: Vec<NodeIndex> =
            self.running().filter(|(_, node)| has_channel(node)).map(|(index, _)| index).collect();
        let others: Vec<NodeIndex> = able.iter().copied().filter(|other| *other != index).collect();
        let payee = others.get(pick as usize % others.len().max(1));
        if let Some(payee) = payee.filter(|_| able.contains(&index)) {
            self.send_payment(index, *payee, units(amount), None);
        }
    }
}

fn units(units: u32) -> Amount {
    Amount::new(u64::from(units)).expect("small")
}
