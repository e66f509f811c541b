//! Layer 2: a node, as a state machine without I/O.
//!
//! Owns the wiring of chain, mempool, channels and gossip, and the wallet. [`Node::handle`] is the only way its state changes; what it wants from
//! the world comes back as [`Output`]s, to be done in order. Must never know whether it runs in a tab, a test or a server.

mod announce;
mod change_set;
mod channels;
mod direct;
mod event;
mod io;
mod keyring;
mod network;
mod opening;
mod payments;
mod relay;
mod resizing;
mod source;
mod tower;
mod validator;
mod votes;
mod wallet;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use serde::Serialize;

pub use change_set::{ChangeSet, StoredChannel};
pub use channels::ChannelRefusal;
use channels::Channels;
pub use event::EventKind;
pub use io::{Command, CommandId, CommandResult, Input, InputSequence, OpenChannel, Output, PeerChange, Transfer};
pub use keyring::Keyring;
use network::Network;
use payments::Payments;
pub use payments::{Attempt, FINAL_DELTA, Invoiced, Outcome, Payment, PaymentNotice, PaymentRefusal, Unpaid};
use source::NodeSource;
pub use tower::TowerSettings;
use tower::Towers;
pub use validator::Signed;
use validator::Validating;
use wallet::Own;

use crate::{
    chain::{BlockTemplate, Chain, Genesis, Mempool},
    channel::{Event, Wish},
    gossip::{Gossip, PeerId, Source as _, Status},
    primitives::{
        Address, Block, BlockId, Checks, Hash, PublicKey, Tag, Timestamp, Transaction, TransactionId, ordered,
    },
};

const DIGEST: Tag = Tag::new("tabchain/node-digest");
/// Milliseconds after which a template is rebuilt, so that it carries new transactions and a true time.
const TEMPLATE_REFRESH: u64 = 5_000;
/// Milliseconds after which an own transaction that still waits is announced again.
const REBROADCAST: u64 = 30_000;
/// Blocks from the future that are held.
const MAX_HELD: usize = 32;

/// A node.
#[derive(Debug, Clone, Serialize)]
pub struct Node {
    address: Address,
    chain: Chain,
    mempool: Mempool,
    gossip: Gossip,
    channels: Channels,
    network: Network,
    payments: Payments,
    towers: Towers,
    validating: Validating,
    mining: bool,
    template: Option<BlockTemplate>,
    template_due: Timestamp,
    held: BTreeMap<BlockId, Held>,
    own: Own,
    inputs: InputSequence,
    #[serde(skip)]
    keyring: Keyring,
    #[serde(skip)]
    outbox: VecDeque<Output>,
}

/// A block that waits for its time.
#[derive(Debug, Clone, Serialize)]
struct Held {
    due: Timestamp,
    from: Option<PeerId>,
    block: Block,
}

impl Node {
    /// A node that knows only the genesis block.
    pub fn new(genesis: &Genesis, keyring: Keyring) -> Self {
        Self::with_chain(Chain::new(genesis), keyring)
    }

    /// A node that knows this chain; many nodes of one genesis need not work it out again and again.
    pub fn with_chain(chain: Chain, keyring: Keyring) -> Self {
        Self {
            address: keyring.public().address(),
            network: Network::of(chain.ledger()),
            chain,
            mempool: Mempool::default(),
            gossip: Gossip::default(),
            channels: Channels::default(),
            payments: Payments::default(),
            towers: Towers::default(),
            validating: Validating::default(),
            mining: false,
            template: None,
            template_due: Timestamp::default(),
            held: BTreeMap::new(),
            own: Own::default(),
            inputs: 0,
            keyring,
            outbox: VecDeque::new(),
        }
    }

    /// A node as it was when these changes were stored. Blocks are judged again.
    pub fn from_change_set(
        genesis: &Genesis,
        keyring: Keyring,
        stored: &ChangeSet,
        now: Timestamp,
        checks: &mut Checks,
    ) -> Self {
        let mut blocks: Vec<_> = stored.blocks.values().collect();
        blocks.sort_by_key(|block| block.header.height);
        let blocks = blocks.into_iter().map(|block| Block::clone(block));
        Self::restored(Chain::new(genesis), keyring, blocks, stored, now, checks)
    }

    /// The same where blocks come one by one, parents first; those among the changes are not looked at. A block that breaks a rule now (a damaged
    /// store) is left out; its absence is healed by syncing.
    pub fn restored(
        chain: Chain,
        keyring: Keyring,
        blocks: impl IntoIterator<Item = Block>,
        stored: &ChangeSet,
        now: Timestamp,
        checks: &mut Checks,
    ) -> Self {
        let mut node = Self::with_chain(chain, keyring);
        for block in blocks {
            drop(node.chain.import(now, block, checks));
        }
        for transaction in stored.transactions.values().flatten() {
            if node.mempool.admit(Arc::clone(transaction), node.chain.ledger()).is_ok() {
                node.own.insert(transaction.id(), now);
            }
        }
        node.restore_signed(stored.signed);
        node.restore_network(stored);
        node.restore_payments(stored);
        node.restore_channels(now, stored, checks);
        node.restore_towers(now, stored, checks);
        node
    }

    /// The only way the state changes. Every output must be taken and done, in order.
    #[must_use = "dropping outputs loses messages"]
    pub fn handle(&mut self, now: Timestamp, input: Input, checks: &mut Checks) -> impl Iterator<Item = Output> + '_ {
        self.inputs += 1;
        match input {
            Input::Peer { peer, change } => self.on_peer(now, peer, change, checks),
            Input::Received { from, bytes } => self.on_received(now, from, &bytes, checks),
            Input::Command { id, command } => self.on_command(now, id, command, checks),
            Input::Mined { template, nonce } => self.on_mined(now, &template, nonce, checks),
            Input::Wake => self.on_wake(now, checks),
        }
        self.take_gossip_effects();
        self.store_first();
        self.outbox.drain(..)
    }

    /// When [`Input::Wake`] is due; earlier ones do no harm.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let template = self.template.as_ref().map(|_| self.template_due);
        let held = self.held.values().map(|held| held.due);
        held.chain(self.own.next_due())
            .chain(template)
            .chain(self.gossip.next_wake())
            .chain(self.next_channel_wake())
            .chain(self.next_guard_wake())
            .chain(self.next_duty())
            .min()
    }

    /// This node's account.
    pub fn address(&self) -> Address {
        self.address
    }

    /// The key that signs for it.
    pub fn public(&self) -> PublicKey {
        self.keyring.public()
    }

    /// The chain it follows.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The transactions it knows that wait.
    pub fn mempool(&self) -> &Mempool {
        &self.mempool
    }

    /// Its conversations.
    pub fn gossip(&self) -> &Gossip {
        &self.gossip
    }

    /// What it tells its peers of itself: on connecting, and again every ten seconds.
    pub fn status(&self) -> Status {
        NodeSource::of(&self.chain, &self.mempool, &self.network, &self.validating).status()
    }

    /// Whether it asks for blocks to be mined.
    pub fn is_mining(&self) -> bool {
        self.mining
    }

    /// What is being mined.
    pub fn template(&self) -> Option<&BlockTemplate> {
        self.template.as_ref()
    }

    /// Inputs handled so far.
    pub fn inputs(&self) -> InputSequence {
        self.inputs
    }

    /// A hash over the chain, the mempool, the channels, what is watched and what others announce, and the count of inputs.
    pub fn digest(&self) -> Hash {
        let channels: Vec<Hash> = self.channels().map(|(_, channel)| channel.digest()).collect();
        DIGEST.hash_of(&(
            self.chain.digest(),
            self.mempool.digest(),
            self.inputs,
            self.mining,
            channels,
            self.towers.digest(),
            self.network.digest(),
            self.payments_digest(),
        ))
    }

    /// Everything that one input changes is stored at once, before anything is said: a crash finds all of it or none.
    fn store_first(&mut self) {
        let mut changes: Option<ChangeSet> = None;
        self.outbox.retain_mut(|output| {
            let Output::Persist(change) = output else {
                return true;
            };
            let change = std::mem::take(change);
            match &mut changes {
                Some(all) => all.merge(change),
                None => changes = Some(change),
            }
            false
        });
        if let Some(changes) = changes {
            self.outbox.push_front(Output::Persist(changes));
        }
    }

    fn on_peer(&mut self, now: Timestamp, peer: PeerId, change: PeerChange, checks: &mut Checks) {
        let source = NodeSource::of(&self.chain, &self.mempool, &self.network, &self.validating);
        match change {
            PeerChange::Connected => {
                self.gossip.connected(now, peer, &source);
                self.channels_connected(now, peer, checks);
                self.tower_connected(now, peer);
            }
            PeerChange::Disconnected => self.gossip.disconnected(now, peer),
        }
    }

    fn on_command(&mut self, now: Timestamp, id: CommandId, command: Command, checks: &mut Checks) {
        let result = match command {
            Command::Transfer(transfer) => self.transfer(now, transfer, checks),
            Command::Submit(transaction) => self.submit(now, *transaction, checks),
            Command::SubmitBlock(block) => {
                self.take_block(now, None, *block, checks);
                CommandResult::Done
            }
            Command::SetMining(on) => {
                self.mining = on;
                self.rebuild_template(now);
                CommandResult::Done
            }
            Command::Stake { amount, fee } => self.stake(now, Some(amount), fee, checks),
            Command::Unstake { fee } => self.stake(now, None, fee, checks),
            Command::Trust(checkpoint) => self.trust(checkpoint),
            Command::Sync => {
                let source = NodeSource::of(&self.chain, &self.mempool, &self.network, &self.validating);
                if self.gossip.sync(&source) { CommandResult::Done } else { CommandResult::NoPeers }
            }
            Command::SetPolicy(policy) => self.set_policy(now, *policy),
            Command::SetTower(tower) => self.set_tower(now, tower),
            Command::ServeAsTower(serves) => self.serve_as_tower(serves),
            Command::OpenChannel(open) => self.open_channel(now, &open, checks),
            Command::Pay { channel, amount, times } => {
                self.on_channel_command(now, &channel, Event::Pay { amount, times }, checks)
            }
            Command::Invoice { amount } => self.make_invoice(now, amount),
            Command::AskForInvoice { peer, amount } => self.ask_for_invoice(peer, amount),
            Command::PayInvoice { invoice, max_fee } => self.pay_invoice(now, *invoice, max_fee, checks),
            Command::HoldPayments(holds) => self.hold_payments(now, holds, checks),
            Command::PublishOld { channel, old } => {
                self.on_channel_command(now, &channel, Event::PublishOld(old), checks)
            }
            Command::Resize { channel, ours, fee } => self.resize(now, &channel, Wish { ours, fee }, checks),
            Command::CloseChannel { channel, force } => {
                let event = if force { Event::ForceClose } else { Event::Close };
                self.on_channel_command(now, &channel, event, checks)
            }
        };
        self.outbox.push_back(Output::Done { id, result });
    }

    fn on_mined(&mut self, now: Timestamp, template: &Hash, nonce: u64, checks: &mut Checks) {
        let current = self.template.as_ref().is_some_and(|current| current.id() == *template);
        let Some(template) = self.template.take_if(|_| current) else {
            self.event(EventKind::MinedLate);
            return;
        };
        let block = template.seal(nonce);
        let (block_id, height) = (block.id(), block.header.height);
        self.event(EventKind::Mined { block: block_id, height });
        self.take_block(now, None, block, checks);
        if self.template.is_none() {
            self.rebuild_template(now);
        }
    }

    fn on_wake(&mut self, now: Timestamp, checks: &mut Checks) {
        let due: Vec<BlockId> = self.held.iter().filter(|(_, held)| held.due <= now).map(|(id, _)| *id).collect();
        for id in due {
            if let Some(held) = self.held.remove(&id) {
                self.take_block(now, held.from, held.block, checks);
            }
        }
        self.rebroadcast(now);
        self.do_duties(now, checks);
        self.wake_channels(now, checks);
        self.wake_guards(now);
        if self.template.is_some() && self.template_due <= now {
            self.rebuild_template(now);
        }
        let (source, keyring) =
            (NodeSource::of(&self.chain, &self.mempool, &self.network, &self.validating), &mut self.keyring);
        self.gossip.tick(now, &mut |bound| keyring.draw(bound), &source);
    }

    fn rebuild_template(&mut self, now: Timestamp) {
        let had = self.template.take().is_some();
        if self.mining
            && !self.chain.is_staked()
            && let Ok(template) = self.chain.template(now, self.address, &self.mempool)
        {
            self.template = Some(template.clone());
            self.template_due = now.after(TEMPLATE_REFRESH);
            self.outbox.push_back(Output::Mine(template));
        } else if had {
            self.outbox.push_back(Output::StopMining);
        }
    }

    fn event(&mut self, event: EventKind) {
        self.outbox.push_back(Output::Event { cause: self.inputs, event });
    }

    fn persist_transaction(&mut self, id: TransactionId, transaction: Option<Arc<Transaction>>) {
        let transactions = ordered([(id, transaction)]);
        self.outbox.push_back(Output::Persist(ChangeSet { transactions, ..ChangeSet::default() }));
    }
}
