//! Invariant 6 with crashes: a payment over three hops, whose nodes are killed between any two things that they store or say.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

use tabchain::{
    chain::Mempool,
    channel::Invoice,
    gossip::{Message, PeerId},
    node::{Command, CommandResult, Node, OpenChannel, Outcome},
    primitives::{Action, ChannelId, DisputeStep, Policy, Preimage, Transaction},
};

use crate::{
    lab::{Lab, Numbers, keyring, scale},
    ledgers::books_of,
    support::{ChainBuilder, LATER, genesis, rules, units},
};

const PAYER: u64 = 1;
const PAYEE: u64 = 4;
const ALL: [u64; 4] = [PAYER, 2, 3, PAYEE];
const LINE: [(u64, u64); 3] = [(PAYER, 2), (2, 3), (3, PAYEE)];
const MINER: u64 = 66;
/// Base units that each node owns at first, and locks in each of its channels.
const MILLION: i64 = 1_000_000;
const DEPOSIT: u64 = 100_000;
const AMOUNT: u64 = 7_000;
/// Milliseconds from block to block.
const BLOCK: u64 = 10_000;
/// Blocks in which all must be over: the longest expiry, what is waited for after it, a window, and fees that rise.
const MOST_BLOCKS: usize = 160;

/// Runs that failed once.
const ROWS: [u64; 0] = [];

/// What a payee does with what it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Payee {
    Takes,
    /// After so many blocks.
    TakesLater(usize),
    Holds,
    /// It has never heard of it.
    Refuses,
}

/// For how long somebody is away after a kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Away {
    /// Blocks.
    For(usize),
    Ever,
}

/// What runs came to, so that they are known to have tried something.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    kills: usize,
    /// Payments that have arrived, and that were given up.
    paid: usize,
    unpaid: usize,
    /// Preimages that went to the chain.
    reveals: usize,
    /// States that were paid out with HTLCs.
    pending: usize,
}

#[derive(Clone)]
struct Line {
    lab: Lab,
    builder: ChainBuilder,
    channels: Vec<ChannelId>,
    /// What becomes of whoever is killed next.
    plans: BTreeMap<u64, Away>,
    /// When whoever comes back is killed again, to come back at once.
    again: BTreeMap<u64, Vec<usize>>,
    away: BTreeMap<u64, Away>,
    kills: usize,
    blocks: usize,
    takes: Option<usize>,
    /// If the payee does not take everything at once: what it has taken in time.
    promised: Option<i64>,
}

impl Line {
    /// Three channels, open and announced.
    fn open() -> Self {
        static OPEN: OnceLock<Line> = OnceLock::new();
        let open = || {
            let builder = ChainBuilder::new(genesis(8, rules(1)));
            let mut lab = Lab::new(builder.genesis.clone(), LATER);
            ALL.iter().for_each(|who| lab.add(*who, &[]));
            LINE.iter().for_each(|(a, b)| lab.connect(*a, *b));
            ALL.iter().for_each(|who| lab.greet(*who, MINER));
            lab.run(1_000);
            let mut line = Self {
                lab,
                builder,
                channels: Vec::new(),
                plans: BTreeMap::new(),
                again: BTreeMap::new(),
                away: BTreeMap::new(),
                kills: 0,
                blocks: 0,
                takes: None,
                promised: None,
            };
            for (a, b) in LINE {
                let (peer, ours, reserve, fee) = (PeerId(b), units(DEPOSIT), units(5_000), units(1_000));
                let open = OpenChannel { peer, ours, theirs: ours, fee, policy: Policy::Penalty, window: 4, reserve };
                line.lab.command(a, Command::OpenChannel(Box::new(open)));
                line.lab.run(1_000);
                line.block();
            }
            (0..4).for_each(|_| line.block());
            line.channels = LINE.map(|(a, b)| line.between(a, b)).to_vec();
            let known = |who: &u64| {
                line.lab.node(*who).graph().channels().filter(|known| !known.announcements.contains(&None)).count()
            };
            assert_eq!(ALL.map(|who| known(&who)), [3; 4], "announced");
            line.lab.events.clear();
            line
        };
        OPEN.get_or_init(open).clone()
    }

    fn between(&self, a: u64, b: u64) -> ChannelId {
        let mut channels = self.lab.node(a).channels();
        channels.find(|(peer, _)| peer.0 == b).expect("open").1.id()
    }

    fn node(&self, who: u64) -> Option<&Node> {
        self.lab.nodes.get(&who)
    }

    /// Time passes; whoever was killed is switched on again when its time has come.
    fn pass(&mut self, milliseconds: u64) {
        let end = self.lab.now.after(milliseconds);
        loop {
            let step = end.since(self.lab.now).min(500);
            self.lab.run(step);
            for who in std::mem::take(&mut self.lab.killed) {
                self.kills += 1;
                self.away.insert(who, self.plans.remove(&who).unwrap_or(Away::For(0)));
            }
            let due: Vec<u64> =
                self.away.iter().filter(|(_, away)| **away == Away::For(0)).map(|(who, _)| *who).collect();
            due.into_iter().for_each(|who| self.come_back(who));
            if self.lab.now >= end {
                return;
            }
        }
    }

    fn come_back(&mut self, who: u64) {
        self.away.remove(&who);
        self.lab.restart(who);
        if let Some(after) = self.again.get_mut(&who).and_then(Vec::pop) {
            self.lab.killings.insert(who, after);
        }
        for (a, b) in LINE.into_iter().filter(|(a, b)| *a == who || *b == who) {
            if self.node(a).is_some() && self.node(b).is_some() {
                self.lab.connect(a, b);
            }
        }
        self.lab.greet(who, MINER);
        let height = self.node(who).map_or(0, |node| node.chain().height().0);
        for block in self.builder.blocks.clone().into_iter().filter(|block| block.header.height.0 > height) {
            self.lab.say(MINER, who, &Message::Block(block));
        }
    }

    /// A block with what waits, for everybody who is on; then ten seconds.
    fn block(&mut self) {
        let mut pool = Mempool::default();
        let waiting = self.lab.nodes.values().flat_map(|node| node.mempool().iter().map(|pooled| &pooled.transaction));
        let waiting: Vec<Arc<Transaction>> = waiting.cloned().collect();
        for transaction in waiting {
            // Two nodes may bid for one place.
            drop(pool.admit(transaction, self.builder.chain.ledger()));
        }
        let body = pool.select(self.builder.chain.ledger(), 100_000);
        let block = self.builder.mine(body);
        ALL.iter().for_each(|who| self.lab.say(MINER, *who, &Message::Block(block.clone())));
        self.blocks += 1;
        for away in self.away.values_mut() {
            *away = match *away {
                Away::For(blocks) => Away::For(blocks.saturating_sub(1)),
                Away::Ever => Away::Ever,
            };
        }
        self.lab.inbox.clear();
        self.pass(BLOCK);
        if self.takes.is_some_and(|at| self.blocks >= at) && self.node(PAYEE).is_some() {
            self.take();
        }
    }

    /// The payee takes what is pending: all that it can still claim in time is promised to it.
    fn take(&mut self) {
        let node = self.lab.node(PAYEE);
        let height = node.chain().height().0;
        let pending = node.pending_here().filter_map(|(handle, id, _)| {
            let channel = node.channels().find(|(_, channel)| channel.handle_name() == handle)?.1;
            channel.htlc(id).copied()
        });
        let in_time = pending.filter(|htlc| htlc.expiry.0 >= height + 5).map(|htlc| htlc.amount.units());
        let promised = in_time.sum::<u64>().cast_signed();
        self.lab.command(PAYEE, Command::HoldPayments(false));
        // Killed before it has stored that, it has changed nothing.
        if self.lab.disks[&PAYEE].holds == Some(false) {
            (self.takes, self.promised) = (None, Some(promised));
        }
    }

    /// A payment under way from one end to the other.
    fn pay(&mut self, from: u64, to: u64, amount: u64, payee: Payee, numbers: &mut Numbers) {
        let invoice = match payee {
            Payee::Refuses => {
                let preimage = Preimage(numbers.id().0);
                Invoice::sign(keyring(to).key(), &self.builder.chain.genesis_id(), units(amount), preimage.payment())
            }
            _ => match self.lab.ask(to, Command::Invoice { amount: units(amount) }) {
                Some(CommandResult::Invoiced(invoice)) => *invoice,
                _ => return,
            },
        };
        self.lab.command(from, Command::PayInvoice { invoice: Box::new(invoice), max_fee: None });
    }

    fn set(&mut self, payee: Payee) {
        let holds = matches!(payee, Payee::Holds | Payee::TakesLater(_));
        self.promised = holds.then_some(0);
        self.lab.command(PAYEE, Command::HoldPayments(holds));
        if let Payee::TakesLater(blocks) = payee {
            self.takes = Some(self.blocks + blocks);
        }
    }

    fn force_close(&mut self, channel: usize, by: u64) {
        self.lab.command(by, Command::CloseChannel { channel: self.channels[channel], force: true });
    }

    /// Whether anybody who is here waits for a payment, or for an HTLC.
    fn is_pending(&self) -> bool {
        let waits = |node: &Node| {
            node.payments().any(|payment| payment.outcome.is_none())
                || node.channels().any(|(_, channel)| !channel.is_over() && channel.unsettled().count() > 0)
        };
        self.lab.nodes.values().any(waits) || self.away.values().any(|away| *away != Away::Ever)
    }

    /// Everything comes to its end on the chain.
    fn finish(&mut self) -> Result<(), String> {
        self.settle(Self::is_pending)?;
        self.lab.killings.clear();
        self.again.clear();
        self.lab.loss = 0;
        for ((a, b), at) in LINE.into_iter().zip(0..) {
            let here = [a, b].into_iter().find(|who| self.node(*who).is_some());
            if let Some(by) = here.filter(|_| self.is_locked(at)) {
                self.force_close(at, by);
            }
        }
        self.settle(|line| {
            LINE.into_iter()
                .zip(0..)
                .any(|((a, b), at)| line.is_locked(at) && [a, b].iter().any(|who| line.node(*who).is_some()))
        })
    }

    fn is_locked(&self, channel: usize) -> bool {
        self.builder.chain.ledger().channel(&self.channels[channel]).is_some()
    }

    fn settle(&mut self, waits: impl Fn(&Self) -> bool) -> Result<(), String> {
        for _ in 0..MOST_BLOCKS {
            if !waits(self) {
                return Ok(());
            }
            self.block();
        }
        let phases = |node: &Node| node.channels().map(|(_, channel)| channel.phase().name()).collect::<Vec<_>>();
        Err(format!(
            "never ends: {:?}",
            self.lab.nodes.iter().map(|(who, node)| (who, phases(node))).collect::<Vec<_>>()
        ))
    }

    /// Everybody who is here in the end owns what it began with, less what it paid and holds the receipt of, and its fees.
    fn check(&self) -> Result<(), String> {
        let ledger = self.builder.chain.ledger();
        let by = self.lab.nodes.values().max_by_key(|node| node.chain().height()).ok_or("nobody is here")?;
        for (who, node) in &self.lab.nodes {
            let mut books = books_of(node, by);
            if let Some(promised) = self.promised.filter(|_| *who == PAYEE) {
                books.received = promised;
            }
            let found = ledger.account(&node.address()).balance.units().cast_signed();
            let open = LINE.into_iter().zip(0..).filter(|((a, b), at)| (a == who || b == who) && self.is_locked(*at));
            let least =
                MILLION + books.received - books.sent - books.fees - open.count() as i64 * DEPOSIT.cast_signed();
            if found < least {
                return Err(format!("node {who} owns {found}, should own {least}: {books:?}"));
            }
        }
        Ok(())
    }
}

impl Line {
    fn tally(&self) -> Tally {
        let outcomes = self.lab.nodes.values().flat_map(Node::payments).filter_map(|payment| payment.outcome.as_ref());
        let paid: Vec<bool> = outcomes.map(Outcome::is_paid).collect();
        let steps = self.builder.blocks.iter().flat_map(|block| &block.transactions);
        let steps: Vec<&DisputeStep> = steps
            .filter_map(|found| match &found.unsigned.action {
                Action::Dispute(dispute) => Some(&dispute.step),
                _ => None,
            })
            .collect();
        let settled = |step: &&&DisputeStep| matches!(step, DisputeStep::Settle(state) if !state.htlcs.is_empty());
        Tally {
            kills: self.kills,
            paid: paid.iter().filter(|paid| **paid).count(),
            unpaid: paid.iter().filter(|paid| !**paid).count(),
            reveals: steps.iter().filter(|step| matches!(step, DisputeStep::Reveal(_))).count(),
            pending: steps.iter().filter(settled).count(),
        }
    }
}

impl Tally {
    fn add(&mut self, other: Self) {
        let Self { kills, paid, unpaid, reveals, pending } = other;
        let all = [&mut self.kills, &mut self.paid, &mut self.unpaid, &mut self.reveals, &mut self.pending];
        all.into_iter().zip([kills, paid, unpaid, reveals, pending]).for_each(|(sum, more)| *sum += more);
    }
}

/// A run drawn from a seed.
fn run(seed: u64) -> Result<Tally, String> {
    let mut numbers = Numbers(seed);
    let mut line = Line::open();
    let payee = match numbers.below(8) {
        0..=3 => Payee::Takes,
        4 | 5 => Payee::TakesLater(1 + numbers.below(6)),
        6 => Payee::Holds,
        _ => Payee::Refuses,
    };
    line.lab.loss = [0, 0, 10, 30][numbers.below(4)];
    line.set(payee);
    let mut victims = BTreeSet::new();
    for _ in 0..1 + numbers.below(3) {
        let who = ALL[numbers.below(ALL.len())];
        let away = if numbers.below(8) == 0 { Away::Ever } else { Away::For(numbers.below(3)) };
        if victims.insert(who) {
            let most = [12, 40, 150][numbers.below(3)];
            line.lab.killings.insert(who, numbers.below(most));
            line.plans.insert(who, away);
            line.again.insert(who, (0..numbers.below(3)).map(|_| numbers.below(60)).collect());
        }
    }
    line.pay(PAYER, PAYEE, AMOUNT, payee, &mut numbers);
    if numbers.below(3) == 0 {
        line.pay(PAYER, PAYEE, AMOUNT / 2, payee, &mut numbers);
    }
    if numbers.below(4) == 0 {
        line.pay(PAYEE, PAYER, AMOUNT / 3, Payee::Takes, &mut numbers);
    }
    let closes = (numbers.below(4) == 0).then(|| (numbers.below(20), numbers.below(3), numbers.below(2)));
    for round in 0..20 {
        line.pass(30 + numbers.next() % 250);
        if let Some((_, channel, end)) = closes.filter(|(at, ..)| *at == round) {
            let (a, b) = LINE[channel];
            line.force_close(channel, [a, b][end]);
        }
        if numbers.below(12) == 0 {
            line.block();
        }
    }
    line.finish()?;
    line.check()?;
    Ok(line.tally())
}

fn told(seed: u64) -> impl FnOnce(String) -> String {
    move |what| format!("seed {seed}: {what}")
}

#[test]
fn what_failed_once() {
    for seed in ROWS {
        assert_eq!(run(seed).map(drop).map_err(told(seed)), Ok(()));
    }
}

/// 500 runs; 10,000 in `make torture`.
#[test]
fn a_forwarder_never_loses() {
    let (mut tally, mut failed) = (Tally::default(), Vec::new());
    for seed in 0..500 * scale() {
        match run(seed).map_err(told(seed)) {
            Ok(more) => tally.add(more),
            Err(error) => failed.push(error),
        }
    }
    assert!(failed.is_empty(), "{} failed: {:#?}", failed.len(), &failed[..failed.len().min(10)]);
    let Tally { kills, paid, unpaid, reveals, pending } = tally;
    println!("{tally:?}");
    assert!([kills, paid, unpaid, reveals, pending].iter().all(|count| *count > 20), "{tally:?}");
}

/// Each node, before each thing that it stores or says, as long as the payment goes on.
#[test]
fn a_kill_at_every_step() {
    for payee in [Payee::Takes, Payee::Refuses] {
        for who in ALL {
            for (after, away) in (0..).map(|after| (after, Away::For(after % 3))) {
                let mut line = Line::open();
                line.lab.killings.insert(who, after);
                line.plans.insert(who, away);
                line.pay(PAYER, PAYEE, AMOUNT, payee, &mut Numbers(1));
                line.pass(8_000);
                let killed = line.kills > 0;
                let done = line.finish().and_then(|()| line.check());
                assert_eq!(done, Ok(()), "{payee:?}: node {who} killed after {after}");
                if !killed {
                    assert!(after >= 8, "{who} says more than {after}");
                    break;
                }
            }
        }
    }
}

/// The same numbers find a loss where there is one: a forwarder who has paid, and sleeps until it cannot claim any more.
#[test]
fn a_forwarder_who_sleeps_loses() {
    let mut line = Line::open();
    line.set(Payee::Holds);
    line.pay(PAYER, PAYEE, AMOUNT, Payee::Takes, &mut Numbers(1));
    line.pass(10_000);
    line.lab.disconnect(2, 3);
    line.take();
    line.pass(5_000);
    let paid = line.lab.node(PAYEE).channels().next().expect("open").1.newest().1.balances;
    assert_eq!(paid[1].units(), DEPOSIT + AMOUNT, "it is paid");
    line.lab.stop(3);
    line.away.insert(3, Away::For(60));
    line.finish().expect("ends");
    let lost = line.check().expect_err("nobody pays it");
    assert!(lost.starts_with("node 3 owns"), "{lost}");
    let paid = |who: u64| books_of(line.lab.node(who), line.lab.node(who)).sent;
    assert_eq!(paid(PAYER), 0, "{lost}");
}
