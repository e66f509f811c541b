//! The least chain that a channel needs: real blocks on the real ledger, a heap of transactions, and blocks taken back at will.
#![allow(dead_code, unreachable_pub, reason = "each test binary is a crate that uses a part of it")]

use tabchain::{
    chain::{CheckedBlock, Genesis, Ledger, Undo, check_body, check_transaction},
    channel::{Channel, Ending, Observation, Seen},
    primitives::{Action, Address, Checks, DisputeStep, Hash, Header, Side, Transaction},
};

use crate::support::{child, genesis, rules};

#[derive(Clone)]
pub struct Chainlet {
    pub genesis: Genesis,
    pub ledger: Ledger,
    pub pool: Vec<Transaction>,
    blocks: Vec<(CheckedBlock, Undo, Hash)>,
    checks: Checks,
}

impl Chainlet {
    pub fn new() -> Self {
        let genesis = genesis(3, rules(1));
        let ledger = genesis.ledger();
        Self { genesis, ledger, pool: Vec::new(), blocks: Vec::new(), checks: Checks::remembering() }
    }

    pub fn genesis_id(&self) -> Hash {
        self.genesis.block().id()
    }

    /// Somebody brings a transaction; only well-signed ones are kept.
    pub fn submit(&mut self, transaction: &Transaction) {
        check_transaction(transaction, &self.genesis_id(), &mut self.checks).expect("well signed");
        if !self.pool.contains(transaction) {
            self.pool.push(transaction.clone());
        }
    }

    fn tip(&self) -> Header {
        self.blocks.last().map_or_else(|| self.genesis.block().header, |(block, ..)| block.header.clone())
    }

    /// A block with all that waits and can be included, or with nothing.
    pub fn mine(&mut self, full: bool) {
        let (parent, rules) = (self.tip(), self.genesis.rules.clone());
        let mut body: Vec<Transaction> = Vec::new();
        for transaction in self.pool.iter().filter(|_| full) {
            body.push(transaction.clone());
            let coinbase = crate::support::coinbase(&rules, parent.height.next(), crate::support::address(9), &body);
            if self.ledger.root_after(&rules, parent.height.next(), &coinbase, &body).is_err() {
                body.pop();
            }
        }
        let block = child(&self.genesis, &self.ledger, &parent, 1_000, 9, body);
        let id = block.id();
        let checked = check_body(block, id, &rules, &self.genesis_id(), &mut self.checks).expect("a valid body");
        let before = self.ledger.root();
        let undo = self.ledger.apply(&checked, &rules).expect("a valid block");
        self.pool.retain(|waiting| !checked.transactions.contains(waiting));
        self.blocks.push((checked, undo, before));
        self.check_supply();
    }

    /// Takes back the newest blocks; what was in them waits again, before all else.
    pub fn take_back(&mut self, count: usize) {
        for _ in 0..count {
            let Some((block, undo, before)) = self.blocks.pop() else { return };
            self.ledger.undo(&undo);
            assert_eq!(self.ledger.root(), before, "taking a block back gives the ledger before it");
            self.pool.splice(0..0, block.transactions.iter().cloned());
            self.check_supply();
        }
    }

    /// Invariant 1.
    fn check_supply(&self) {
        let balances: u64 = self.ledger.accounts().map(|(_, account)| account.balance.units()).sum();
        let locked: u64 = self.ledger.channels().map(|(_, record)| record.locked().units()).sum();
        assert_eq!(balances + locked, self.ledger.supply().units());
    }

    pub fn height(&self) -> u64 {
        self.ledger.height().0
    }

    pub fn balance(&self, of: &Address) -> u64 {
        self.ledger.account(of).balance.units()
    }

    /// All transactions of the chain with their heights.
    pub fn transactions(&self) -> impl Iterator<Item = (tabchain::primitives::Height, &Transaction)> {
        self.blocks.iter().flat_map(|(block, ..)| block.transactions.iter().map(|tx| (block.header.height, tx)))
    }

    /// What it says of a channel.
    pub fn observe(&self, channel: &Channel) -> Observation {
        let (id, keys) = (channel.id(), channel.funding().keys());
        let record = self.ledger.channel(&id);
        let charged = record.as_ref().map(|record| record.charged).unwrap_or_default();
        let publication = record.and_then(|record| record.publication).map(|at| Seen {
            publisher: at.publisher,
            published: at.published,
            number: at.number,
            window_ends: at.window_ends,
            charged,
        });
        let (mut funding, mut ending, mut publisher) = (None, None, None);
        for (height, transaction) in self.transactions() {
            match &transaction.unsigned.action {
                Action::Fund(_) if transaction.id() == id => funding = Some(height),
                Action::Close(closing) if closing.channel == id => ending = Some((height, Ending::Cooperative)),
                Action::Dispute(dispute) if dispute.channel == id => match &dispute.step {
                    DisputeStep::Publish(_) => {
                        publisher = Side::BOTH.into_iter().find(|side| keys[side.index()] == dispute.payer);
                    }
                    DisputeStep::Refute(_) | DisputeStep::Reveal(_) => {}
                    DisputeStep::Punish(_) => ending = publisher.map(|loser| (height, Ending::Punished(loser))),
                    DisputeStep::Settle(_) => ending = Some((height, Ending::Settled)),
                },
                _ => {}
            }
        }
        let parties = &channel.funding().parties;
        let possible = parties.iter().all(|party| self.ledger.account(&party.key.address()).nonce <= party.nonce);
        let known = |payment| self.ledger.revealed(&payment).map(|revealed| (revealed.preimage, revealed.height));
        let register = channel.payments().into_iter().filter_map(known).collect();
        Observation { height: self.ledger.height(), funding, possible, publication, ending, register }
    }
}
