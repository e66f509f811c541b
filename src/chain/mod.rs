//! Layer 1: the chain of one node.
//!
//! Owns the block tree, fork choice, the ledger, the mempool and the rules of consensus. Must never know a peer, a wire message or a clock:
//! time is handed in. Fork choice by work follows Nakamoto (2008): the most cumulative work, ties to the lower block id; by stake it is in `stake`.

mod adjudicator;
mod asert;
mod audit;
mod check;
mod draft;
mod error;
mod ledger;
mod locator;
mod mempool;
mod register;
mod rules;
mod settle;
mod stake;
mod state_map;
mod template;
mod tree;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use serde::Serialize;

pub use adjudicator::{
    ChannelError, ChannelRecord, Outcome, Publication, check_funding, check_state, check_step, resolve,
};
pub use asert::next_target;
pub use audit::{BlockAudit, BlockFinding};
pub use check::{CheckedBlock, HeaderContext, check_body, check_drift, check_header, check_transaction};
pub use error::{BlockError, TransactionError};
pub use ledger::{Ledger, Undo};
pub use mempool::{Admission, Dropped, MAX_POOL_BYTES, Mempool, NextBlock, PoolError, Pooled, fee_of, minimum_fee};
pub use register::{REGISTRY_BLOCKS, Register, Revealed, decide};
pub use rules::{Genesis, Rules, RulesError, VERSION};
use stake::Staked;
pub use stake::{
    Beacon, Committee, Consensus, Duty, GenesisValidator, MAX_VALIDATORS, Member, Proposer, StakeError, StakeRules,
    StakeTerms, Validator, VoteError, first_secret,
};
pub use state_map::{Account, StateKey, StateMap, StateProof, StateValue};
pub use template::BlockTemplate;
pub use tree::{BlockTree, Entry, MAX_STALE, MAX_STALE_BYTES};

use crate::primitives::{Block, BlockId, Checks, Hash, Header, Height, Tag, Target, Timestamp, Verdict};

const DIGEST: Tag = Tag::new("tabchain/chain-digest");
/// Invalid blocks remembered, oldest forgotten first.
const MAX_INVALID: usize = 1_024;

/// What importing a block did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Import {
    /// It was here already.
    Known,
    /// It is the new tip, on top of the old one.
    Extended(CheckedBlock),
    /// Another branch became the best chain.
    Reorged {
        /// Blocks that left it, from the old tip down.
        disconnected: Vec<CheckedBlock>,
        /// Blocks that joined it, from the fork up.
        connected: Vec<CheckedBlock>,
    },
    /// It is kept, on a branch that is not the best.
    SideBranch,
}

/// The block tree with the ledger at its best tip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Chain {
    rules: Rules,
    genesis: Header,
    genesis_id: BlockId,
    tree: BlockTree,
    best: Vec<BlockId>,
    ledger: Ledger,
    undo: BTreeMap<BlockId, Arc<Undo>>,
    invalid: Invalid,
    stake: Option<Staked>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
struct Invalid {
    rules: BTreeMap<BlockId, &'static str>,
    order: VecDeque<BlockId>,
}

impl Chain {
    /// A chain that has only its genesis block.
    pub fn new(genesis: &Genesis) -> Self {
        let block = CheckedBlock::genesis(genesis.block());
        let (id, ledger) = (block.id(), genesis.ledger());
        Self {
            stake: ledger.stake_terms().map(|terms| Staked::new(terms, id, &ledger)),
            rules: genesis.rules.clone(),
            genesis: block.header.clone(),
            genesis_id: id,
            tree: BlockTree::new(block),
            best: vec![id],
            ledger,
            undo: BTreeMap::new(),
            invalid: Invalid::default(),
        }
    }

    /// The rules.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The id of the genesis block, which names the chain.
    pub fn genesis_id(&self) -> BlockId {
        self.genesis_id
    }

    /// The best block.
    pub fn tip(&self) -> BlockId {
        *self.best.last().expect("the best chain begins with genesis")
    }

    /// The best block's header.
    pub fn tip_header(&self) -> &Header {
        &self.tree.get(&self.tip()).expect("the tip is in the tree").header
    }

    /// The best block's height.
    pub fn height(&self) -> Height {
        Height(self.best.len() as u64 - 1)
    }

    /// The state after the best block.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// All known blocks and headers.
    pub fn tree(&self) -> &BlockTree {
        &self.tree
    }

    /// Ids of the best chain by height.
    pub fn best(&self) -> &[BlockId] {
        &self.best
    }

    /// Whether a block is on the best chain.
    pub fn is_best(&self, id: &BlockId) -> bool {
        self.tree.get(id).is_some_and(|entry| self.best.get(entry.header.height.0 as usize) == Some(id))
    }

    /// Why a block is remembered as invalid.
    pub fn invalid_rule(&self, id: &BlockId) -> Option<&'static str> {
        self.invalid.rules.get(id).copied()
    }

    /// Takes headers that follow one another; returns how many were new.
    ///
    /// # Errors
    /// The [`BlockError`] of the first bad one; those before it are kept.
    pub fn accept_headers(&mut self, now: Timestamp, headers: &[Header]) -> Result<usize, BlockError> {
        let new = self.insert_headers(now, headers);
        self.tree.prune(&self.best);
        new
    }

    /// Takes a block whose parent's body is here, judges it by every rule, and follows it if its chain is now the best.
    ///
    /// # Errors
    /// The [`BlockError`] that stopped it. The best chain and the ledger are as before then.
    pub fn import(&mut self, now: Timestamp, block: Block, checks: &mut Checks) -> Result<Import, BlockError> {
        let id = block.id();
        if self.tree.block(&id).is_some() {
            return Ok(Import::Known);
        }
        self.judge_header(now, &block.header, &id)?;
        if self.tree.block(&block.header.parent).is_none() {
            return Err(BlockError::UnknownParent { parent: block.header.parent });
        }
        if self.is_staked() {
            return self.import_staked(now, id, block, checks);
        }
        let checked = check_body(block, id, &self.rules, &self.genesis_id, checks)
            .inspect_err(|error| self.reject(&id, error))?;
        self.tree.insert(id, checked.header.clone(), Some(checked));
        if self.tree.weight(&id) < self.tree.weight(&self.tip()) {
            self.tree.prune(&self.best);
            return Ok(Import::SideBranch);
        }
        let import = self.switch_to(id)?;
        self.tree.prune(&self.best);
        Ok(import)
    }

    /// What a child of the best tip is judged against.
    pub fn next_context(&self) -> HeaderContext<'_> {
        self.context(self.tip_header(), self.tip())
    }

    /// Disconnects and reconnects the best block and says whether the ledger came back the same (invariant 3). True for genesis.
    pub fn reconnects(&self) -> bool {
        let (tip, mut ledger) = (self.tip(), self.ledger.clone());
        let (Some(undo), Some(block)) = (self.undo.get(&tip), self.tree.block(&tip)) else {
            return true;
        };
        ledger.undo(undo);
        let parent_root = self.tree.get(&block.header.parent).map(|entry| entry.header.state_root);
        let undone = Some(ledger.root()) == parent_root;
        undone && ledger.apply(block, &self.rules).is_ok() && ledger == self.ledger
    }

    /// A hash over the tree, the best chain and the ledger.
    pub fn digest(&self) -> Hash {
        let ids: Vec<(&BlockId, bool)> = self.tree.iter().map(|(id, entry)| (id, entry.body.is_some())).collect();
        DIGEST.hash_of(&(ids, self.tip(), self.ledger.root()))
    }

    fn insert_headers(&mut self, now: Timestamp, headers: &[Header]) -> Result<usize, BlockError> {
        let mut new = 0;
        for header in headers {
            let id = header.id();
            if self.tree.get(&id).is_none() {
                self.judge_header(now, header, &id)?;
                self.judge_proposer(header)?;
                self.tree.insert(id, header.clone(), None);
                new += 1;
            }
        }
        Ok(new)
    }

    fn context<'a>(&'a self, parent: &'a Header, parent_id: BlockId) -> HeaderContext<'a> {
        let target = if self.is_staked() { Target::MAX } else { next_target(&self.rules, &self.genesis, parent) };
        HeaderContext { parent, median: self.tree.median_time(parent_id), target, terms: self.stake_terms() }
    }

    /// Whether neither a block nor its parent was found invalid before.
    fn known_invalid(&self, id: &BlockId, header: &Header) -> Verdict<BlockError> {
        let known = [*id, header.parent].into_iter().find_map(|block| Some((block, self.invalid_rule(&block)?)));
        let (block, rule) = known.unwrap_or((*id, ""));
        Verdict::compare(known.is_none(), BlockError::KnownInvalid { block, rule })
    }

    fn judge_header(&self, now: Timestamp, header: &Header, id: &BlockId) -> Result<(), BlockError> {
        self.known_invalid(id, header).into_result()?;
        let parent = self.tree.get(&header.parent).ok_or(BlockError::UnknownParent { parent: header.parent })?;
        check_header(header, id, &self.context(&parent.header, header.parent))?;
        check_drift(header, now, &self.rules)
    }

    /// Makes `target` the tip; its weight is the greatest among blocks whose bodies are all here.
    fn switch_to(&mut self, target: BlockId) -> Result<Import, BlockError> {
        let mut branch: Vec<BlockId> =
            self.tree.ancestry(target).map(|(id, _)| id).take_while(|id| !self.is_best(id)).collect();
        branch.reverse();
        let above = usize::from(branch.is_empty());
        let lowest = branch.first().unwrap_or(&target);
        let fork_height = self.tree.get(lowest).expect("just walked").header.height.0 as usize + above;
        let (before, mut disconnected) = (self.ledger.clone(), Vec::new());
        for id in self.best.drain(fork_height..).rev() {
            self.ledger.undo(&self.undo[&id]);
            disconnected.push(self.tree.block(&id).expect("best blocks have bodies").clone());
        }
        let mut connected = Vec::new();
        for id in branch {
            match self.connect(id) {
                Ok(block) => connected.push(block),
                Err(error) => {
                    self.best.truncate(fork_height);
                    self.best.extend(disconnected.iter().rev().map(|block| block.id()));
                    self.ledger = before;
                    connected.iter().for_each(|block| drop(self.undo.remove(&block.id())));
                    self.reject(&id, &error);
                    return Err(self.blame(id, target, error));
                }
            }
        }
        disconnected.iter().for_each(|block| drop(self.undo.remove(&block.id())));
        self.tree.moved(&disconnected, &connected);
        if disconnected.is_empty() && connected.len() == 1 {
            return Ok(Import::Extended(connected.remove(0)));
        }
        Ok(Import::Reorged { disconnected, connected })
    }

    fn connect(&mut self, id: BlockId) -> Result<CheckedBlock, BlockError> {
        let block = self.tree.block(&id).expect("a branch is switched to once all its bodies are here").clone();
        let applied = self.stake.as_ref().and_then(|staked| staked.applied(&id));
        let undo = match applied {
            Some((ledger, undo)) => {
                self.ledger = ledger;
                undo
            }
            None => Arc::new(self.ledger.apply(&block, &self.rules)?),
        };
        self.undo.insert(id, undo);
        self.best.push(id);
        Ok(block)
    }

    fn blame(&self, broken: BlockId, imported: BlockId, error: BlockError) -> BlockError {
        if broken == imported { error } else { BlockError::KnownInvalid { block: broken, rule: error.code() } }
    }

    /// Remembers a block as invalid, unless the fault may lie with one copy of it or with our clock.
    fn reject(&mut self, id: &BlockId, error: &BlockError) {
        if error.is_open() {
            return;
        }
        self.tree.remove(id);
        self.invalid.remember(*id, error.code());
    }
}

impl Invalid {
    fn remember(&mut self, id: BlockId, rule: &'static str) {
        if self.rules.insert(id, rule).is_none() {
            self.order.push_back(id);
        }
        if self.order.len() > MAX_INVALID
            && let Some(oldest) = self.order.pop_front()
        {
            self.rules.remove(&oldest);
        }
    }
}
