//! Three nodes with two channels in a line, driven by bytes: each is an action. What must hold is checked after every one; the money at the end.
#![allow(dead_code, unreachable_pub, reason = "each test binary is a crate that uses a part of it")]

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tabchain::{
    chain::{Chain, Genesis, Mempool, Rules},
    channel::{CLAIM_MARGIN, Channel, Notice},
    gossip::{Message, PROTOCOL_VERSION, PeerId, Status},
    node::{
        ChangeSet, Command, CommandResult, EventKind, Input, Keyring, Node, OpenChannel, Outcome, Output, PeerChange,
    },
    primitives::{
        Action, Amount, Block, ChannelId, Checks, CoSigned, Commitment, FeeSource, Htlc, Midstate, PaymentHash, Policy,
        SecretKey, State, Timestamp,
    },
};

/// Connections, by their ends.
const PAIRS: [(usize, usize); 2] = [(0, 1), (1, 2)];
/// Directions in which something can be said.
const WIRES: [(usize, usize); 4] = [(0, 1), (1, 0), (1, 2), (2, 1)];
/// The peer that brings blocks to everybody, at once and without loss: what the chain says is not what is tried here.
const MINER: PeerId = PeerId(9);
const DEPOSIT: u64 = 100_000;
const RESERVE: u64 = 5_000;
/// What closing together costs.
const CLOSING_FEE: u64 = 1_000;
/// Blocks in which all must be over in the end: the longest expiry, a window, and fees that rise.
const MOST_BLOCKS: usize = 260;

/// What a party has had, and would like to have again.
type Kept = BTreeMap<(usize, ChannelId), Vec<(CoSigned, State)>>;

#[derive(Clone)]
pub struct Trio {
    genesis: Genesis,
    nodes: Vec<Node>,
    disks: Vec<ChangeSet>,
    connected: [bool; 2],
    wires: [VecDeque<Vec<u8>>; 4],
    chain: Chain,
    /// The chain before its newest blocks, oldest first.
    before: Vec<Chain>,
    now: Timestamp,
    checks: Checks,
    result: Option<CommandResult>,
    /// Every commitment that anybody has signed, by channel and number.
    signed: BTreeMap<(ChannelId, u64), Commitment>,
    kept: Kept,
    /// The newest number of each party's channel, and the one that it had when it published.
    numbers: BTreeMap<(usize, ChannelId), (u64, Option<u64>)>,
    cheats: BTreeSet<usize>,
    /// Base units that each has promised directly, less those that it did not pay, and has received for good.
    given: [u64; 3],
    received: [u64; 3],
    closes: [u64; 3],
    /// Payments that their payee took at the last moment.
    late: BTreeSet<PaymentHash>,
    initial: [u64; 3],
    start: usize,
    reorg_at: usize,
}

fn key(node: usize) -> SecretKey {
    SecretKey::from_seed([node as u8 + 1; 32])
}

fn keyring(node: usize) -> Keyring {
    Keyring::new(key(node), [node as u8 + 40; 32])
}

fn units(units: u64) -> Amount {
    Amount::new(units).expect("small")
}

impl Trio {
    /// Both channels are open, buried and announced.
    pub fn open(policy: Policy) -> Self {
        let rules = Rules { initial_difficulty: 1, block_interval: 1_000, half_life: 10_000_000, ..Rules::default() };
        let allocations = (0..3).map(|node| (key(node).public().address(), units(1_000_000))).collect();
        let genesis = Genesis { rules, timestamp: Timestamp(1_000_000), allocations, validators: Vec::new() };
        let nodes: Vec<Node> = (0..3).map(|node| Node::new(&genesis, keyring(node))).collect();
        let mut trio = Self {
            chain: Chain::new(&genesis),
            now: genesis.timestamp,
            genesis,
            nodes,
            disks: vec![ChangeSet::default(); 3],
            connected: [false; 2],
            wires: Default::default(),
            before: Vec::new(),
            checks: Checks::remembering(),
            result: None,
            signed: BTreeMap::new(),
            kept: Kept::new(),
            numbers: BTreeMap::new(),
            cheats: BTreeSet::new(),
            given: [0; 3],
            received: [0; 3],
            closes: [0; 3],
            late: BTreeSet::new(),
            initial: [0; 3],
            start: 0,
            reorg_at: 0,
        };
        (0..3).for_each(|node| trio.greet(node));
        PAIRS.iter().enumerate().for_each(|(pair, _)| trio.toggle(pair));
        trio.talk(1_000);
        for (one, other) in PAIRS {
            let open = OpenChannel {
                peer: PeerId(other as u64),
                ours: units(DEPOSIT),
                theirs: units(DEPOSIT),
                fee: units(1_000),
                policy,
                window: 6,
                reserve: units(RESERVE),
            };
            trio.command(one, Command::OpenChannel(Box::new(open)));
        }
        for _ in 0..8 {
            trio.talk(1_000);
            trio.mine();
            trio.pass(6_000);
        }
        trio.talk(1_000);
        for node in 0..3 {
            assert!(trio.nodes[node].channels().all(|(_, channel)| channel.is_usable()), "node {node} cannot pay");
        }
        trio.start = trio.chain.best().len();
        trio.initial = [0, 1, 2].map(|node| trio.wealth(node));
        trio
    }

    /// Does what a byte says, and checks all that must hold.
    pub fn act(&mut self, byte: u8) {
        let (small, amount) = (usize::from(byte), 100 + u64::from(byte % 16) * 700);
        match byte {
            0..=95 => self.deliver(small % 4),
            96..=127 => self.talk(20),
            128..=143 => drop(self.wires[small % 4].pop_front()),
            144..=151 => self.toggle(small % 2),
            152..=159 => self.restart(small % 3),
            160..=183 => self.mine(),
            184..=187 => self.reorg(1 + small % 2),
            188..=195 => self.send(0, 2, amount),
            196..=203 => self.send(2, 0, amount),
            204..=215 => {
                let (from, to) = WIRES[small % 4];
                self.send(from, to, amount);
            }
            216..=223 => self.pay(small % 4, amount),
            224..=229 => {
                let node = 2 * (small % 2);
                self.hold(node, !self.nodes[node].holds_payments());
            }
            230..=233 => self.close(small % 4, false),
            234..=237 => self.close(small % 4, true),
            238..=241 => self.cheat(small % 4),
            242..=255 => self.pass([1_000, 6_000, 61_000][small % 3]),
        }
        self.check();
    }

    /// Brings everything to its end and counts the money.
    pub fn finish(mut self) {
        (0..2).filter(|pair| !self.connected[*pair]).collect::<Vec<_>>().into_iter().for_each(|pair| self.toggle(pair));
        [0, 2].into_iter().for_each(|node| self.hold(node, false));
        for round in 0.. {
            assert!(round < MOST_BLOCKS, "not over after {round} blocks: {}", self.state());
            self.talk(10_000);
            self.pass(6_000);
            self.check();
            let pending = |node: &Node| {
                node.payments().any(|payment| payment.outcome.is_none())
                    || node.channels().any(|(_, channel)| !channel.newest().1.htlcs.is_empty() && !channel.is_over())
            };
            if self.chain.ledger().channels().next().is_none() && !self.nodes.iter().any(pending) {
                break;
            }
            if round > 3 && !self.nodes.iter().any(pending) {
                (0..4).for_each(|wire| self.close(wire, true));
            }
            self.mine();
        }
        // Deep enough that the last news is told.
        for _ in 0..5 {
            self.mine();
            self.talk(10_000);
        }
        self.count_money();
    }

    fn count_money(&self) {
        let mut owed: [i128; 3] = [0, 1, 2].map(|node| i128::from(self.initial[node]));
        for (payer, node) in self.nodes.iter().enumerate() {
            for payment in node.payments() {
                let payee = (0..3).find(|node| key(*node).public() == payment.invoice.payee).expect("one of us");
                match &payment.outcome {
                    Some(Outcome::Paid { fee, preimage }) => {
                        assert_eq!(preimage.payment(), payment.invoice.payment, "a receipt of something else");
                        owed[payer] -= i128::from(payment.invoice.amount.units() + fee.units());
                        let surely = !self.late.contains(&payment.invoice.payment);
                        owed[payee] += i128::from(if surely { payment.invoice.amount.units() } else { 0 });
                    }
                    Some(Outcome::Failed { .. }) => {}
                    None => panic!("payment {} of {payer} never ended", payment.invoice.payment),
                }
            }
        }
        let fees = self.fees();
        for node in (0..3).filter(|node| !self.cheats.contains(node)) {
            let flows = i128::from(self.received[node]) - i128::from(self.given[node]);
            let least = owed[node] + flows - i128::from(fees[node]) - i128::from(self.closes[node] * CLOSING_FEE);
            let has = i128::from(self.wealth(node));
            assert!(has >= least, "node {node} has {has}, should have at least {least}; {}", self.state());
        }
    }

    /// What each has paid miners since the beginning.
    fn fees(&self) -> [u64; 3] {
        let mut fees = [0; 3];
        let blocks = self.chain.best()[self.start..].iter().filter_map(|id| self.chain.tree().block(id));
        for transaction in blocks.flat_map(|block| &block.transactions) {
            let payer = (0..3).find(|node| key(*node).public() == *transaction.unsigned.sender());
            match (&transaction.unsigned.action, payer) {
                (Action::Close(_), _) | (_, None) => {}
                (Action::Dispute(dispute), Some(payer)) => {
                    assert!(matches!(dispute.fee_from, FeeSource::Account | FeeSource::Reserve));
                    fees[payer] += transaction.unsigned.fee.units();
                }
                (_, Some(payer)) => fees[payer] += transaction.unsigned.fee.units(),
            }
        }
        fees
    }

    /// Account and channels.
    fn wealth(&self, node: usize) -> u64 {
        let address = key(node).public().address();
        let open = self.chain.ledger().channels().map(|(id, _)| id).collect::<BTreeSet<_>>();
        let channels = self.nodes[node].channels().filter(|(_, channel)| open.contains(&channel.id()));
        let inside = channels.map(|(_, channel)| channel.newest().1.balances[channel.side().index()].units());
        self.chain.ledger().account(&address).balance.units() + inside.sum::<u64>()
    }

    fn state(&self) -> String {
        let channels = self.nodes.iter().enumerate().flat_map(|(index, node)| {
            node.channels().map(move |(_, channel)| {
                let (shown, state) = channel.newest();
                let (number, phase) = (shown.commitment.number, channel.phase().name());
                let waits = channel.waiting_for();
                format!("{index}: {phase} {number} {:?} {} HTLCs {waits:?}", state.balances, state.htlcs.len())
            })
        });
        channels.collect::<Vec<_>>().join("; ")
    }

    fn check(&mut self) {
        let ledger = self.chain.ledger();
        let free = Amount::checked_sum(ledger.accounts().map(|(_, account)| account.balance)).expect("in range");
        let locked = Amount::checked_sum(ledger.channels().map(|(_, record)| record.locked())).expect("in range");
        assert_eq!(free.checked_add(locked), Some(ledger.supply()), "invariant 1");
    }

    /// What must hold of a channel whenever it is stored, that is, before anything is said because of it.
    fn check_channel(&mut self, node: usize, channel: &Channel) {
        let (shown, state) = channel.newest();
        let (id, number) = (channel.id(), shown.commitment.number);
        assert_eq!(state.total(), channel.funding().capacity(), "invariant 2");
        let reserve = channel.funding().terms.reserve;
        assert!(state.balances.iter().all(|balance| *balance >= reserve), "the reserve is gone");
        let drafts = channel.pending().filter(|draft| draft.ours.is_some()).map(|draft| draft.commitment);
        let complete = channel.is_cosigned().then_some(shown.commitment);
        for commitment in complete.into_iter().chain(drafts) {
            let known = self.signed.entry((id, commitment.number)).or_insert(commitment);
            assert_eq!(*known, commitment, "invariant 4: two commitments of one number");
        }
        let (last, published) = self.numbers.entry((node, id)).or_insert((number, None));
        assert!(number == *last || number == *last + 1, "invariant 2: from {last} to {number}");
        *last = number;
        if channel.published().is_some() {
            assert_eq!(*published.get_or_insert(number), number, "invariant 4: signed after publishing");
        }
    }

    fn deliver(&mut self, wire: usize) {
        if let Some(bytes) = self.wires[wire].pop_front() {
            let (from, to) = WIRES[wire];
            self.give(to, Input::Received { from: PeerId(from as u64), bytes });
        }
    }

    /// Delivers so many messages, in turns.
    fn talk(&mut self, mut most: usize) {
        while most > 0 && self.wires.iter().any(|wire| !wire.is_empty()) {
            (0..4).for_each(|wire| self.deliver(wire));
            most = most.saturating_sub(4);
        }
    }

    fn toggle(&mut self, pair: usize) {
        let (one, other) = PAIRS[pair];
        self.connected[pair] = !self.connected[pair];
        self.wires[2 * pair].clear();
        self.wires[2 * pair + 1].clear();
        let change = if self.connected[pair] { PeerChange::Connected } else { PeerChange::Disconnected };
        self.give(one, Input::Peer { peer: PeerId(other as u64), change });
        self.give(other, Input::Peer { peer: PeerId(one as u64), change });
    }

    fn restart(&mut self, node: usize) {
        let lost: Vec<usize> =
            (0..2).filter(|pair| self.connected[*pair] && [PAIRS[*pair].0, PAIRS[*pair].1].contains(&node)).collect();
        lost.iter().for_each(|pair| self.toggle(*pair));
        let stored = &self.disks[node];
        self.nodes[node] = Node::from_change_set(&self.genesis, keyring(node), stored, self.now, &mut self.checks);
        self.greet(node);
        lost.into_iter().for_each(|pair| self.toggle(pair));
    }

    /// Whoever brings the blocks says hello.
    fn greet(&mut self, node: usize) {
        let work = self.chain.tree().get(&self.chain.genesis_id()).expect("genesis").work;
        let genesis = self.chain.genesis_id();
        let height = Default::default();
        let status = Status { version: PROTOCOL_VERSION, genesis, tip: genesis, height, work, announcements: 0 };
        self.give(node, Input::Peer { peer: MINER, change: PeerChange::Connected });
        self.give(node, Input::Received { from: MINER, bytes: Message::Status(status).to_bytes() });
    }

    /// A block with all that waits anywhere.
    fn mine(&mut self) {
        let pool = self.pool(&self.chain);
        self.before.push(self.chain.clone());
        if self.before.len() > 2 {
            self.before.remove(0);
        }
        self.now = self.now.after(1_000);
        let block = build(&mut self.chain, self.now, &pool, &mut self.checks);
        self.bring(&block);
    }

    /// A branch takes the place of so many blocks; what waits is not in it before its end. Reorgs follow one another slowly: whoever counts on the
    /// chain counts on being heard within four blocks.
    fn reorg(&mut self, depth: usize) {
        let Some(mut branch) = self.before.len().checked_sub(depth).map(|at| self.before[at].clone()) else {
            return;
        };
        if branch.best().len() < self.start.max(1) || self.chain.best().len() < self.reorg_at + 6 {
            return;
        }
        self.now = self.now.after(1_000);
        for at in 0..=depth {
            let pool = if at < depth { Mempool::default() } else { self.pool(&branch) };
            let block = build(&mut branch, self.now, &pool, &mut self.checks);
            drop(self.chain.import(self.now, block.clone(), &mut self.checks));
            self.bring(&block);
        }
        self.before.clear();
        self.reorg_at = self.chain.best().len();
    }

    /// All that waits anywhere and fits upon a chain.
    fn pool(&self, chain: &Chain) -> Mempool {
        let mut pool = Mempool::default();
        for pooled in self.nodes.iter().flat_map(|node| node.mempool().iter()) {
            drop(pool.admit(pooled.transaction.clone(), chain.ledger()));
        }
        pool
    }

    fn bring(&mut self, block: &Block) {
        let bytes = Message::Block(block.clone()).to_bytes();
        for node in 0..3 {
            self.give(node, Input::Received { from: MINER, bytes: bytes.clone() });
            assert_eq!(self.nodes[node].chain().tip(), self.chain.tip(), "node {node} does not follow");
        }
    }

    /// Pays over a route.
    fn send(&mut self, payer: usize, payee: usize, amount: u64) {
        self.command(payee, Command::Invoice { amount: units(amount) });
        if let Some(CommandResult::Invoiced(invoice)) = self.result.take() {
            self.command(payer, Command::PayInvoice { invoice, max_fee: None });
        }
    }

    fn channel(&self, wire: usize) -> Option<(usize, ChannelId)> {
        let (from, to) = WIRES[wire];
        let found = self.nodes[from].channels().find(|(peer, _)| peer.0 == to as u64);
        found.map(|(_, channel)| (from, channel.id()))
    }

    /// Payments to a node are left pending from now on, or taken. Whoever takes them too late to be surely heard by the chain may have shown the
    /// preimage for nothing.
    fn hold(&mut self, node: usize, on: bool) {
        let (here, height) = (&self.nodes[node], self.chain.height().0);
        for (handle, id, preimage) in here.pending_here().filter(|_| !on) {
            let channel = here.channels().map(|(_, channel)| channel).find(|channel| channel.handle_name() == handle);
            let late = |htlc: &&Htlc| height + CLAIM_MARGIN > htlc.expiry.0;
            if channel.and_then(|channel| channel.htlc(id)).filter(late).is_some() {
                self.late.insert(preimage.payment());
            }
        }
        self.command(node, Command::HoldPayments(on));
    }

    /// Pays through a channel.
    fn pay(&mut self, wire: usize, amount: u64) {
        let Some((payer, channel)) = self.channel(wire) else { return };
        // Before whatever is told of it.
        self.given[payer] += amount;
        self.command(payer, Command::Pay { channel, amount: units(amount), times: 1 });
        if !matches!(self.result, Some(CommandResult::Done)) {
            self.given[payer] -= amount;
        }
    }

    fn close(&mut self, wire: usize, force: bool) {
        let Some((node, channel)) = self.channel(wire) else { return };
        self.command(node, Command::CloseChannel { channel, force });
        if !force && matches!(self.result, Some(CommandResult::Done)) {
            self.closes[node] += 1;
        }
    }

    /// Publishes the oldest commitment that its party has had.
    fn cheat(&mut self, wire: usize) {
        let Some((node, channel)) = self.channel(wire) else { return };
        let Some(old) = self.kept.get(&(node, channel)).and_then(|kept| kept.first().cloned()) else { return };
        self.command(node, Command::PublishOld { channel, old: Box::new(old) });
        if matches!(self.result, Some(CommandResult::Done)) {
            self.cheats.insert(node);
        }
    }

    fn pass(&mut self, time: u64) {
        self.now = self.now.after(time);
        for node in 0..3 {
            if self.nodes[node].next_wake().is_some_and(|due| due <= self.now) {
                self.give(node, Input::Wake);
            }
        }
    }

    fn command(&mut self, node: usize, command: Command) {
        self.result = None;
        self.give(node, Input::Command { id: 1, command });
    }

    fn give(&mut self, node: usize, input: Input) {
        let outputs: Vec<Output> = self.nodes[node].handle(self.now, input, &mut self.checks).collect();
        for output in outputs {
            match output {
                Output::Persist(changes) => self.store(node, changes),
                Output::Send { to, message } => {
                    let wire = WIRES.iter().position(|(from, other)| *from == node && *other as u64 == to.0);
                    if let Some(wire) = wire.filter(|wire| self.connected[wire / 2]) {
                        self.wires[wire].push_back(message.to_bytes());
                    }
                }
                Output::Disconnect { peer, fault } => {
                    panic!("node {node} closes the connection to {peer:?}: {fault:?}")
                }
                Output::Done { result, .. } => self.result = Some(result),
                Output::Event { event, .. } => self.note(node, &event),
                Output::Mine(_) | Output::StopMining => {}
            }
        }
    }

    fn note(&mut self, node: usize, event: &EventKind) {
        match event {
            EventKind::PeerBlamed { peer, fault } => panic!("node {node} blames {peer:?}: {fault:?}"),
            EventKind::Channel { notice: Notice::Received { amount, .. }, .. } => {
                self.received[node] += amount.units();
            }
            EventKind::Channel { notice: Notice::NotPaid { amount, .. }, .. } => self.given[node] -= amount.units(),
            _ => {}
        }
    }

    fn store(&mut self, node: usize, changes: ChangeSet) {
        changes.channels.values().flatten().for_each(|stored| self.check_channel(node, &stored.channel));
        for stored in changes.channels.values().flatten().filter(|stored| stored.channel.is_cosigned()) {
            let (shown, state) = stored.channel.newest();
            let kept = self.kept.entry((node, stored.channel.id())).or_default();
            if kept.last().is_none_or(|(last, _)| last.commitment.number < shown.commitment.number) {
                kept.push((shown.clone(), state.clone()));
            }
        }
        self.disks[node].apply(changes);
    }
}

fn build(chain: &mut Chain, now: Timestamp, pool: &Mempool, checks: &mut Checks) -> Block {
    let template = chain.template(now, key(7).public().address(), pool).expect("subsidies last");
    let search = Midstate::new(&template.id());
    let nonce = search.search(template.header.target, 0, u64::MAX).expect("the target is easy");
    let block = template.seal(nonce);
    chain.import(now, block.clone(), checks).expect("a valid block");
    block
}
