//! Fixtures for chains of stake: validators that propose and vote as a test says.
#![allow(dead_code, unreachable_pub, reason = "each test binary is a crate that uses a part of it")]

use tabchain::{
    chain::{BlockError, Chain, Consensus, Genesis, GenesisValidator, Import, Mempool, Proposer, Rules, StakeRules},
    primitives::{
        Action, Block, Checks, Epoch, Header, Nonce, Offence, Proposal, Report, Reveal, Seal, SignedVote, Slot,
        Timestamp, Transaction, UnsignedTransaction, Vote,
    },
};

use crate::support::{address, genesis, key, units};

/// Milliseconds of a slot.
pub const INTERVAL: u64 = 1_000;
/// Slots of an epoch.
pub const SLOTS: u64 = 8;

/// Rules of stake with epochs of eight slots and short delays.
pub fn stake_rules() -> StakeRules {
    StakeRules { epoch_slots: SLOTS, weak_subjectivity: 3, evidence_epochs: 2, ..StakeRules::default() }
}

/// A chain on which the first people have these stakes, and a million each besides.
pub fn staked(stakes: &[u64], consensus: StakeRules) -> Genesis {
    let rules = Rules { consensus: Consensus::Stake(consensus), block_interval: INTERVAL, ..Rules::default() };
    let mut genesis = genesis(u8::try_from(stakes.len()).expect("few"), rules);
    let salt = genesis.stake_terms().expect("of stake").salt();
    genesis.validators = (1..)
        .zip(stakes)
        .map(|(who, stake)| GenesisValidator {
            key: key(who).public(),
            stake: units(*stake),
            commitment: Reveal::promise(&key(who), &salt, 0),
        })
        .collect();
    genesis.validate().expect("valid");
    genesis
}

/// A chain of stake with everybody who may act on it.
#[derive(Clone)]
pub struct Stakes {
    pub genesis: Genesis,
    pub chain: Chain,
    pub people: u8,
    /// Votes cast so far, to be included.
    pub votes: Vec<Transaction>,
    pub checks: Checks,
}

impl Stakes {
    pub fn new(stakes: &[u64]) -> Self {
        Self::with(stakes, stake_rules())
    }

    pub fn with(stakes: &[u64], rules: StakeRules) -> Self {
        let genesis = staked(stakes, rules);
        let people = u8::try_from(stakes.len()).expect("few");
        Self { chain: Chain::new(&genesis), genesis, people, votes: Vec::new(), checks: Checks::remembering() }
    }

    /// When a slot begins.
    pub fn time(&self, slot: u64) -> Timestamp {
        self.genesis.timestamp.after(slot * INTERVAL)
    }

    /// Who leads a slot on the tip.
    pub fn leader(&self, slot: u64) -> Option<u8> {
        (1..=self.people).find(|who| self.chain.duty(&address(*who), Slot(slot)).is_some_and(|duty| duty.proposes))
    }

    /// The block that the leader of a slot makes, with these transactions besides the votes.
    pub fn proposal(&self, slot: u64, body: Vec<Transaction>) -> Option<Block> {
        let who = self.leader(slot)?;
        let all: Vec<Transaction> = body.into_iter().chain(self.votes.iter().cloned()).collect();
        let by = Proposer { key: &key(who), to: address(who), votes: &all };
        Some(self.chain.propose(Slot(slot), by, &Mempool::default()).expect("a leader can propose"))
    }

    pub fn import(&mut self, block: Block) -> Result<Import, BlockError> {
        let now = block.header.timestamp;
        self.chain.import(now, block, &mut self.checks)
    }

    /// Votes of a slot by some of those who have the turn, seen by this chain.
    pub fn vote(&mut self, slot: u64, voters: impl Fn(u8) -> bool) {
        for who in (1..=self.people).filter(|who| voters(*who)) {
            let duty = self.chain.duty(&address(who), Slot(slot));
            if let Some(vote) = duty.and_then(|duty| duty.votes) {
                let now = self.time(slot).after(INTERVAL / 3);
                let counted = self.chain.vote(now, address(who), &vote);
                assert_eq!(counted, Ok(()), "{who} {vote:?}");
                self.votes.push(vote.cast(&key(who), &self.chain.genesis_id()));
            }
        }
        let old = slot.saturating_sub(3 * SLOTS);
        self.votes.retain(|vote| vote_of(vote).slot.0 >= old);
    }

    /// A slot in which everybody proposes and only some vote.
    pub fn slot(&mut self, slot: u64, voters: impl Fn(u8) -> bool) {
        if let Some(block) = self.proposal(slot, Vec::new()) {
            self.import(block).expect("valid");
        }
        self.vote(slot, voters);
    }

    /// Slots of whole epochs, in which these vote and propose.
    pub fn epochs(&mut self, from: u64, to: u64, active: impl Fn(u8) -> bool + Copy) {
        for slot in (from * SLOTS).max(1)..to * SLOTS {
            if let Some(block) = self.proposal(slot, Vec::new()).filter(|_| self.leader(slot).is_some_and(active)) {
                self.import(block).expect("valid");
            }
            self.vote(slot, active);
        }
    }

    /// Imports the block of the first leader from a slot on, with these transactions; returns the slot.
    pub fn include(&mut self, mut slot: u64, body: &[Transaction]) -> u64 {
        loop {
            if let Some(block) = self.proposal(slot, body.to_vec()) {
                let has = |one: &Transaction| block.transactions.contains(one);
                assert!(body.iter().all(has), "a transaction was left out");
                self.import(block).expect("valid");
                return slot;
            }
            slot += 1;
        }
    }

    pub fn nonce(&self, who: u8) -> Nonce {
        self.chain.ledger().account(&address(who)).nonce
    }

    /// A signed transaction of somebody.
    pub fn signed(&self, who: u8, fee: u64, action: Action) -> Transaction {
        UnsignedTransaction { fee: units(fee), action }.sign(&key(who), &self.chain.genesis_id())
    }

    /// Evidence that somebody brings.
    pub fn report(&self, who: u8, offence: Offence) -> Transaction {
        let report = Report { from: key(who).public(), nonce: self.nonce(who), offence };
        self.signed(who, 1_000, Action::Report(Box::new(report)))
    }

    /// Somebody's vote with a signature of somebody.
    pub fn signed_vote(&self, who: u8, vote: Vote) -> SignedVote {
        SignedVote::of(&vote.cast(&key(who), &self.chain.genesis_id())).expect("a vote")
    }

    pub fn finalized(&self) -> Epoch {
        self.chain.checkpoints().expect("of stake")[1].epoch
    }

    /// Seals a header again as somebody, so that only what a test broke on purpose is broken.
    pub fn resealed(&self, who: u8, header: &Header) -> Header {
        let reveal = header.seal.proposal().expect("of stake").reveal;
        let proposal = Proposal::sign(&key(who), &self.chain.genesis_id(), &header.unsealed.hash(), reveal);
        Header { unsealed: header.unsealed.clone(), seal: Seal::Stake(Box::new(proposal)) }
    }

    /// Free, staked and burned: all that there is.
    pub fn owned(&self) -> u64 {
        let ledger = self.chain.ledger();
        let free: u64 = ledger.accounts().map(|(_, account)| account.balance.units()).sum();
        let staked: u64 = ledger.validators().map(|(_, validator)| validator.stake.units()).sum();
        free + staked + ledger.beacon().expect("of stake").burned.units()
    }

    pub fn stake_of(&self, who: u8) -> u64 {
        self.chain.ledger().validator(&address(who)).map_or(0, |validator| validator.stake.units())
    }
}

/// The vote that a transaction carries.
pub fn vote_of(transaction: &Transaction) -> Vote {
    SignedVote::of(transaction).expect("a vote").attestation.vote
}

/// Everybody.
pub fn all(_: u8) -> bool {
    true
}
