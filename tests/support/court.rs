//! Two parties of a channel and a watchtower, each a whole node, before miners whom a test directs: who is away, what is in a block, what it costs.
#![allow(dead_code, unreachable_pub, reason = "each test binary is a crate that uses a part of it")]

use std::sync::Arc;

use tabchain::{
    chain::Mempool,
    channel::{Channel, TowerNotice},
    gossip::{Message, PeerId},
    node::{Command, CommandResult, EventKind, OpenChannel},
    primitives::{Action, ChannelId, CoSigned, FeeSource, Policy, Side, State, Transaction},
};

use crate::{
    lab::Lab,
    support::{ChainBuilder, LATER, address, genesis, key, rules, units},
};

/// The opener, the accepter, their tower, and whoever brings the blocks.
pub const OPENER: u64 = 1;
pub const ACCEPTER: u64 = 2;
pub const TOWER: u64 = 3;
pub const MINER: u64 = 66;
/// Base units that both lock.
pub const DEPOSITS: [u64; 2] = [50_000, 40_000];
/// Who pays how much in each update: every old commitment is better for one of the two than the newest.
pub const PAYMENTS: [(Side, u64); 8] = [
    (Side::Opener, 9_000),
    (Side::Accepter, 4_000),
    (Side::Opener, 20_000),
    (Side::Opener, 8_000),
    (Side::Accepter, 30_000),
    (Side::Opener, 12_000),
    (Side::Accepter, 5_000),
    (Side::Opener, 1_000),
];
const ALL: [u64; 3] = [OPENER, ACCEPTER, TOWER];
/// They pay the crowd's fees.
const CROWD: [u8; 3] = [5, 6, 7];

#[derive(Clone)]
pub struct Court {
    pub lab: Lab,
    pub builder: ChainBuilder,
    pub channel: ChannelId,
    /// Every commitment that each has had, by number.
    pub kept: [Vec<(CoSigned, State)>; 2],
    /// Bytes of a block that are left for transactions.
    pub room: usize,
    /// What each of many others offers for a place.
    pub crowd: Option<u64>,
    crowded: u64,
}

pub fn node_of(side: Side) -> u64 {
    [OPENER, ACCEPTER][side.index()]
}

impl Court {
    /// A channel that is open, with these watched by the tower.
    pub fn open(policy: Policy, window: u32, clients: &[Side]) -> Self {
        let builder = ChainBuilder::new(genesis(8, rules(1)));
        let mut lab = Lab::new(builder.genesis.clone(), LATER);
        ALL.iter().for_each(|who| lab.add(*who, &[]));
        [(OPENER, ACCEPTER), (OPENER, TOWER), (ACCEPTER, TOWER)].iter().for_each(|(a, b)| lab.connect(*a, *b));
        ALL.iter().for_each(|who| lab.greet(*who, MINER));
        lab.run(1_000);
        let (channel, kept) = (ChannelId::ZERO, [Vec::new(), Vec::new()]);
        let mut court = Self { lab, builder, channel, kept, room: 100_000, crowd: None, crowded: 0 };
        let [ours, theirs] = DEPOSITS.map(units);
        let peer = PeerId(ACCEPTER);
        let open = OpenChannel { peer, ours, theirs, fee: units(1_000), policy, window, reserve: units(0) };
        court.lab.command(OPENER, Command::OpenChannel(Box::new(open)));
        court.lab.run(1_000);
        if !clients.is_empty() {
            court.lab.command(TOWER, Command::ServeAsTower(true));
        }
        for side in clients {
            court.lab.command(node_of(*side), Command::SetTower(Some(PeerId(TOWER))));
        }
        (0..4).for_each(|_| court.mine());
        court.channel = court.lab.node(OPENER).channels().next().expect("open").1.id();
        assert!(Side::BOTH.iter().all(|side| court.held(*side).phase().name() == "idle"));
        court.keep();
        court
    }

    /// The same after all payments.
    pub fn paid(policy: Policy, window: u32, clients: &[Side]) -> Self {
        let mut court = Self::open(policy, window, clients);
        PAYMENTS.iter().for_each(|(from, amount)| court.pay(*from, *amount));
        court
    }

    pub fn pay(&mut self, from: Side, amount: u64) {
        let before = self.held(from).newest().0.commitment.number;
        let (channel, amount) = (self.channel, units(amount));
        self.lab.command(node_of(from), Command::Pay { channel, amount, times: 1 });
        self.lab.run(1_000);
        assert!(Side::BOTH.iter().all(|side| self.held(*side).newest().0.commitment.number == before + 1));
        self.keep();
    }

    /// Another channel of the same two.
    pub fn open_another(&mut self) -> ChannelId {
        let known: Vec<ChannelId> = self.lab.node(OPENER).channels().map(|(_, channel)| channel.id()).collect();
        let [ours, theirs] = DEPOSITS.map(units);
        let (policy, window) = (Policy::Penalty, 4);
        let peer = PeerId(ACCEPTER);
        let open = OpenChannel { peer, ours, theirs, fee: units(1_000), policy, window, reserve: units(0) };
        self.lab.command(OPENER, Command::OpenChannel(Box::new(open)));
        self.lab.run(1_000);
        (0..4).for_each(|_| self.mine());
        let mut ids = self.lab.node(OPENER).channels().map(|(_, channel)| channel.id());
        ids.find(|id| !known.contains(id)).expect("it is open")
    }

    /// A payer pays these, whose payee keeps them waiting.
    pub fn hold(&mut self, payer: Side, amounts: &[u64]) {
        let payee = node_of(payer.other());
        self.lab.command(payee, Command::HoldPayments(true));
        for amount in amounts {
            let invoiced = self.lab.ask(payee, Command::Invoice { amount: units(*amount) });
            let Some(CommandResult::Invoiced(invoice)) = invoiced else { panic!("{invoiced:?}") };
            self.lab.command(node_of(payer), Command::PayInvoice { invoice, max_fee: None });
            self.lab.run(1_000);
        }
        assert_eq!(self.lab.node(payee).pending_here().count(), amounts.len(), "all arrive");
    }

    /// How many preimages a payer has heard.
    pub fn receipts(&self, payer: Side) -> usize {
        self.lab.node(node_of(payer)).payments().filter(|payment| payment.outcome.is_some()).count()
    }

    /// A payer begins to pay these, and hears of so many preimages; from then on neither party hears the other.
    pub fn stall(&mut self, payer: Side, amounts: &[u64], receipts: usize) {
        self.hold(payer, amounts);
        let held = self.clone();
        for words in 1..20 {
            *self = held.clone();
            self.lab.words_left = Some(words);
            self.lab.command(node_of(payer.other()), Command::HoldPayments(false));
            self.lab.run(1_000);
            if self.receipts(payer) == receipts {
                self.lab.words_left = Some(0);
                return;
            }
        }
        panic!("the payer never hears of it");
    }

    /// When the newest commitment's first HTLC expires.
    pub fn expiry(&self, side: Side) -> u64 {
        self.held(side).newest().1.htlcs.iter().map(|htlc| htlc.expiry.0).min().expect("one is pending")
    }

    fn keep(&mut self) {
        for side in Side::BOTH {
            let (shown, state) = self.held(side).newest();
            let newest = (shown.clone(), state.clone());
            self.kept[side.index()].push(newest);
        }
    }

    pub fn held(&self, side: Side) -> &Channel {
        self.lab.node(node_of(side)).channel(&self.channel).expect("its channel").1
    }

    /// What a side owns in a commitment.
    pub fn owns(&self, side: Side, number: u64) -> u64 {
        self.kept[side.index()][number as usize].1.balances[side.index()].units()
    }

    pub fn newest(&self) -> u64 {
        self.kept[0].len() as u64 - 1
    }

    /// What the tower of a side has said to hold.
    pub fn acknowledged(&self, side: Side) -> Option<u64> {
        self.lab.node(node_of(side)).tower_of(&self.channel)?.1
    }

    /// Switches a node off.
    pub fn leave(&mut self, who: u64) {
        self.lab.stop(who);
    }

    /// Switches it on again; it hears of all that happened.
    pub fn come_back(&mut self, who: u64) {
        self.lab.restart(who);
        for other in ALL.into_iter().filter(|other| *other != who) {
            if self.lab.nodes.contains_key(&other) {
                self.lab.connect(who, other);
            }
        }
        self.lab.greet(who, MINER);
        for block in self.builder.blocks.clone() {
            self.lab.say(MINER, who, &Message::Block(block));
        }
        self.lab.run(1_000);
    }

    /// A side publishes what it had revoked, and a block includes it.
    pub fn cheat(&mut self, thief: Side, number: u64) {
        let (channel, old) = (self.channel, self.kept[thief.index()][number as usize].clone());
        self.lab.command(node_of(thief), Command::PublishOld { channel, old: Box::new(old) });
        self.lab.run(100);
        self.mine_only(&["publish"]);
        assert!(self.window_ends() > 0, "it is published");
    }

    /// The last height at which the publication can be refuted.
    pub fn window_ends(&self) -> u64 {
        let record = self.builder.chain.ledger().channel(&self.channel);
        record.and_then(|record| record.publication).map_or(0, |at| at.window_ends.0)
    }

    pub fn height(&self) -> u64 {
        self.builder.chain.height().0
    }

    /// A block with what pays best.
    pub fn mine(&mut self) {
        self.mine_if(|_| true);
    }

    pub fn mine_without(&mut self, kinds: &[&str]) {
        self.mine_if(|kind| !kinds.contains(&kind));
    }

    pub fn mine_only(&mut self, kinds: &[&str]) {
        self.mine_if(|kind| kinds.contains(&kind));
    }

    fn mine_if(&mut self, wanted: impl Fn(&str) -> bool) {
        let mut pool = Mempool::default();
        let crowd = self.crowd_of_this_block();
        let waiting = self.lab.nodes.values().flat_map(|node| node.mempool().iter().map(|pooled| &pooled.transaction));
        let waiting: Vec<Arc<Transaction>> = waiting.cloned().chain(crowd.into_iter().map(Arc::new)).collect();
        for transaction in waiting {
            if wanted(transaction.unsigned.action.kind()) {
                // Two nodes may bid for one place.
                drop(pool.admit(transaction, self.builder.chain.ledger()));
            }
        }
        let body = pool.select(self.builder.chain.ledger(), self.room);
        let block = self.builder.mine(body);
        for who in ALL {
            self.lab.say(MINER, who, &Message::Block(block.clone()));
        }
        self.lab.run(1_000);
    }

    /// As many transfers as there is room for.
    fn crowd_of_this_block(&mut self) -> Vec<Transaction> {
        let Some(fee) = self.crowd else { return Vec::new() };
        let ledger = self.builder.chain.ledger();
        let count = (self.room / 150).min(60) as u64;
        let of = |who: u8| {
            let next = ledger.account(&address(who)).nonce.0;
            (next..next + count.div_ceil(3)).map(move |nonce| (who, nonce))
        };
        CROWD.into_iter().flat_map(of).map(|(who, nonce)| self.builder.pay(who, nonce, 8, 1, fee)).collect()
    }

    /// Blocks until the channel has ended.
    pub fn finish(&mut self) {
        for _ in 0..40 {
            if self.builder.chain.ledger().channel(&self.channel).is_none() {
                return;
            }
            self.mine();
        }
        panic!("it never ends");
    }

    /// Another chain becomes the best one: `other` is built on instead.
    pub fn replace_chain(&mut self, other: ChainBuilder) {
        let new = &other.blocks[other.blocks.len() - (other.chain.height().0 as usize)..];
        for (who, block) in ALL.iter().flat_map(|who| new.iter().map(move |block| (*who, block.clone()))) {
            self.lab.say(MINER, who, &Message::Block(block));
        }
        self.builder = other;
        self.lab.run(1_000);
        for node in self.lab.nodes.values() {
            assert_eq!(node.chain().tip(), self.builder.chain.tip(), "everybody follows");
        }
    }

    /// Transactions of the best chain about the channel, with their heights.
    pub fn steps(&self) -> Vec<(u64, Transaction)> {
        let chain = &self.builder.chain;
        let blocks = chain.best().iter().filter_map(|id| chain.tree().block(id));
        let all = blocks.flat_map(|block| block.transactions.iter().map(|tx| (block.header.height.0, tx.clone())));
        all.filter(|(_, tx)| tx.unsigned.action.channel() == Some(&self.channel)).collect()
    }

    /// Kinds of these.
    pub fn kinds(&self) -> Vec<&'static str> {
        self.steps().iter().map(|(_, tx)| tx.unsigned.action.kind()).collect()
    }

    /// What a side got out of the channel, before all fees.
    pub fn gained(&self, side: Side) -> u64 {
        let who = u8::try_from(node_of(side)).expect("few");
        let balance = self.builder.chain.ledger().account(&address(who)).balance.units();
        let paid = |tx: &Transaction| match &tx.unsigned.action {
            Action::Dispute(dispute) if dispute.payer == key(who).public() => {
                assert_eq!(dispute.fee_from, FeeSource::Account);
                tx.unsigned.fee.units()
            }
            _ => 0,
        };
        let fees: u64 = self.steps().iter().map(|(_, tx)| paid(tx)).sum();
        let funding = if side == Side::Opener { 1_000 } else { 0 };
        balance + fees + funding + DEPOSITS[side.index()] - 1_000_000
    }

    /// What the tower has told.
    pub fn told(&self) -> Vec<TowerNotice> {
        let notice = |(who, event): &(u64, EventKind)| match event {
            EventKind::Tower { notice, .. } if *who == TOWER => Some(*notice),
            _ => None,
        };
        self.lab.events.iter().filter_map(notice).collect()
    }
}
