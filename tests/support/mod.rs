//! Fixtures for the tests of the chain: a small builder of real blocks, mined at low difficulty.
#![allow(dead_code, unreachable_pub, reason = "each test binary is a crate that uses a part of it")]

use std::{collections::BTreeMap, sync::Arc};

use proptest::test_runner::{Config as ProptestConfig, FileFailurePersistence};
use tabchain::{
    chain::{BlockError, Chain, Genesis, Import, Ledger, Mempool, Rules, next_target},
    primitives::{
        Action, Address, Amount, Block, Checks, Coinbase, Hash, Header, Memo, Midstate, Nonce, Seal, SecretKey,
        Timestamp, Transaction, UnsealedHeader, UnsignedTransaction,
    },
};

/// How many times as much as in a plain run: `make torture` says 20.
pub fn torture_scale() -> u64 {
    std::env::var("TORTURE_SCALE").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// Runs `cases` properties, times the environment's TORTURE_SCALE; failures are kept beside the test.
pub fn properties(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases: cases * u32::try_from(torture_scale()).unwrap_or(u32::MAX),
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("proptest-regressions"))),
        ..ProptestConfig::default()
    }
}

/// A moment that no block of a test lies ahead of.
pub const LATER: Timestamp = Timestamp(1 << 40);

/// One of a few people with a key.
pub fn key(who: u8) -> SecretKey {
    SecretKey::from_seed([who; 32])
}

/// Their address.
pub fn address(who: u8) -> Address {
    key(who).public().address()
}

/// A number of base units.
pub fn units(units: u64) -> Amount {
    Amount::new(units).expect("in range")
}

/// Rules that cost about `difficulty` hashes a block.
pub fn rules(difficulty: u64) -> Rules {
    Rules { initial_difficulty: difficulty, block_interval: 1_000, half_life: 10_000_000, ..Rules::default() }
}

/// A genesis in which the first `people` own a million each.
pub fn genesis(people: u8, rules: Rules) -> Genesis {
    let allocations: BTreeMap<Address, Amount> = (1..=people).map(|who| (address(who), units(1_000_000))).collect();
    Genesis { rules, timestamp: Timestamp(1_000_000), allocations, validators: Vec::new() }
}

/// An unsigned transfer.
pub fn transfer(from: u8, nonce: u64, to: Address, amount: u64, fee: u64) -> UnsignedTransaction {
    UnsignedTransaction {
        fee: units(fee),
        action: Action::Transfer {
            from: key(from).public(),
            nonce: Nonce(nonce),
            to,
            amount: units(amount),
            memo: Memo::default(),
        },
    }
}

/// A signed transfer.
pub fn pay(chain: &Hash, from: u8, nonce: u64, to: u8, amount: u64, fee: u64) -> Transaction {
    transfer(from, nonce, address(to), amount, fee).sign(&key(from), chain)
}

/// Searches a seal for a header.
pub fn seal(unsealed: UnsealedHeader) -> Header {
    let nonce = Midstate::new(&unsealed.hash()).search(unsealed.target, 0, 1 << 24).expect("low difficulty");
    Header { unsealed, seal: Seal::Work { nonce } }
}

/// Commits to the body again and seals again, so that only what a test broke on purpose is broken.
pub fn remine(mut block: Block) -> Block {
    block.header.unsealed.merkle_root = block.merkle_root();
    block.header = seal(block.header.unsealed);
    block
}

/// Pays subsidy and fees, and nothing else.
pub fn coinbase(rules: &Rules, height: tabchain::primitives::Height, to: Address, body: &[Transaction]) -> Coinbase {
    let fees = Amount::checked_sum(body.iter().map(|tx| tx.unsigned.fee)).expect("in range");
    Coinbase { to, amount: fees.checked_add(rules.subsidy_at(height)).expect("in range") }
}

/// Builds on the tip of a chain that has every block it ever built.
#[derive(Clone)]
pub struct ChainBuilder {
    /// Its genesis.
    pub genesis: Genesis,
    /// The chain so far.
    pub chain: Chain,
    /// Blocks in the order they were imported.
    pub blocks: Vec<Block>,
    checks: Checks,
}

impl ChainBuilder {
    /// A chain that begins with `genesis`.
    pub fn new(genesis: Genesis) -> Self {
        Self { chain: Chain::new(&genesis), genesis, blocks: Vec::new(), checks: Checks::remembering() }
    }

    /// A signed transfer for this chain.
    pub fn pay(&self, from: u8, nonce: u64, to: u8, amount: u64, fee: u64) -> Transaction {
        pay(&self.chain.genesis_id(), from, nonce, to, amount, fee)
    }

    /// A valid block on the tip, one interval after it. Its state root is only right if every transaction applies.
    pub fn next(&self, body: Vec<Transaction>) -> Block {
        let parent = self.chain.tip_header().clone();
        child(&self.genesis, self.chain.ledger(), &parent, 1_000, 9, body)
    }

    /// Imports the valid next block with these transactions.
    pub fn mine(&mut self, body: Vec<Transaction>) -> Block {
        let block = self.next(body);
        self.import(block.clone()).expect("a valid block");
        block
    }

    /// Mines `count` empty blocks.
    pub fn grow(mut self, count: usize) -> Self {
        for _ in 0..count {
            self.mine(Vec::new());
        }
        self
    }

    /// Imports at a time when every timestamp is past.
    pub fn import(&mut self, block: Block) -> Result<Import, BlockError> {
        self.import_at(LATER, block)
    }

    /// Imports at a given time.
    pub fn import_at(&mut self, now: Timestamp, block: Block) -> Result<Import, BlockError> {
        let import = self.chain.import(now, block.clone(), &mut self.checks)?;
        self.blocks.push(block);
        Ok(import)
    }
}

/// A sealed child of `parent`, whose state is `ledger`; the state root is zero if a transaction does not apply.
pub fn child(
    genesis: &Genesis,
    ledger: &Ledger,
    parent: &Header,
    after: u64,
    miner: u8,
    body: Vec<Transaction>,
) -> Block {
    let (rules, height) = (&genesis.rules, parent.height.next());
    let coinbase = coinbase(rules, height, address(miner), &body);
    let unsealed = UnsealedHeader {
        version: 1,
        parent: parent.id(),
        height,
        merkle_root: Hash::ZERO,
        state_root: ledger.root_after(rules, height, &coinbase, &body).unwrap_or_default(),
        timestamp: parent.timestamp.after(after),
        target: next_target(rules, &genesis.block().header, parent),
    };
    remine(Block { header: Header { unsealed, seal: Seal::Work { nonce: 0 } }, coinbase, transactions: body })
}

/// A pool with these transactions.
pub fn pool(ledger: &Ledger, transactions: impl IntoIterator<Item = Transaction>) -> Mempool {
    let mut pool = Mempool::default();
    for transaction in transactions {
        pool.admit(Arc::new(transaction), ledger).expect("admitted");
    }
    pool
}

/// Thirteen blocks, so that the median is a real one, and 4 expected hashes a block, so that targets and work matter.
pub fn start() -> ChainBuilder {
    ChainBuilder::new(genesis(3, rules(4))).grow(13)
}

/// The block with another unsealed header, sealed again.
pub fn with(block: &Block, change: impl FnOnce(&mut UnsealedHeader)) -> Block {
    let mut block = block.clone();
    change(&mut block.header.unsealed);
    block.header = seal(block.header.unsealed);
    block
}
