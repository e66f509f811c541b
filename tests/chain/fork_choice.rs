//! Fork choice against a naive model: trees of real blocks in any order, and every branch enumerated from genesis.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use proptest::prelude::*;
use ruint::{Uint, aliases::U256};
use tabchain::{
    chain::{BlockError, Chain, Genesis, Import, Ledger, Rules, check_body},
    primitives::{Action, Address, Amount, Block, BlockId, Checks, Hash, Nonce},
};

use crate::support::{LATER, address, child, genesis, pay, properties, rules};

const PEOPLE: u8 = 4;

/// What to build: which earlier block to build on, how long after it in ms, and transfers (from, to, amount, fee).
type Plan = Vec<(prop::sample::Index, u64, Vec<(u8, u8, u64, u64)>)>;

fn plans() -> impl Strategy<Value = Plan> {
    let people = || 1..=PEOPLE;
    let transfers = prop::collection::vec((people(), people(), 1..600_000u64, 0..50u64), 0..3);
    // Short times, so that neighbours weigh different amounts; equal ones, so that there are ties.
    let after = prop_oneof![Just(1_000u64), 1..6_000u64];
    prop::collection::vec((any::<prop::sample::Index>(), after, transfers), 1..14)
}

/// A tree of valid blocks, in an order in which parents come first.
struct Forest {
    genesis: Genesis,
    blocks: Vec<Block>,
    ledgers: BTreeMap<BlockId, Ledger>,
}

impl Forest {
    fn grow(plan: &Plan) -> Self {
        let genesis = genesis(PEOPLE, Rules { half_life: 1_500, ..rules(3) });
        let root = genesis.block();
        let mut ledgers = BTreeMap::from([(root.id(), genesis.ledger())]);
        let (mut blocks, mut headers, mut checks) = (Vec::new(), vec![root.header.clone()], Checks::forgetful());
        for (miner, (parent, after, transfers)) in (10..).zip(plan) {
            let parent = parent.get(&headers).clone();
            let mut ledger = ledgers[&parent.id()].clone();
            let (mut nonces, mut spent, mut body) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
            for (from, to, amount, fee) in transfers {
                let account = ledger.account(&address(*from));
                let (nonce, cost) = (nonces.entry(from).or_insert(account.nonce.0), spent.entry(from).or_insert(0));
                if *cost + amount + fee <= account.balance.units() {
                    body.push(pay(&root.id(), *from, *nonce, *to, *amount, *fee));
                    (*nonce, *cost) = (*nonce + 1, *cost + amount + fee);
                }
            }
            let block = child(&genesis, &ledger, &parent, *after, miner, body);
            apply_and_undo(&mut ledger, &block, &genesis, &mut checks);
            ledgers.insert(block.id(), ledger);
            headers.push(block.header.clone());
            blocks.push(block);
        }
        Self { genesis, blocks, ledgers }
    }

    /// Ids from above genesis to `id`, by looking for each parent.
    fn branch(&self, id: BlockId) -> Vec<BlockId> {
        let mut branch = Vec::new();
        let mut next = Some(id);
        while let Some(block) = next.and_then(|id| self.blocks.iter().find(|block| block.id() == id)) {
            branch.push(block.id());
            next = Some(block.header.parent);
        }
        branch.reverse();
        branch
    }

    /// The heaviest of these branches; the lower id among equals.
    fn best(&self, known: &BTreeSet<BlockId>) -> BlockId {
        let weight = |id: &BlockId| self.branch(*id).iter().map(|id| self.work(id)).sum::<Uint<320, 5>>();
        let best = known.iter().max_by_key(|id| (weight(id), Reverse(**id)));
        best.copied().unwrap_or_else(|| self.genesis.block().id())
    }

    /// ⌊2^256 / (target + 1)⌋, in a number that holds 2^256.
    fn work(&self, id: &BlockId) -> Uint<320, 5> {
        let target = self.blocks.iter().find(|block| block.id() == *id).expect("known").header.target;
        (Uint::from(U256::MAX) + Uint::ONE) / (Uint::from(target.number()) + Uint::ONE)
    }

    /// Balances and nonces after a branch, by obvious arithmetic over the blocks from genesis.
    fn accounts(&self, branch: &[BlockId]) -> BTreeMap<Address, (u64, u64)> {
        let start = self.genesis.allocations.iter().map(|(to, amount)| (*to, (amount.units(), 0)));
        let mut accounts: BTreeMap<Address, (u64, u64)> = start.collect();
        for id in branch {
            let block = self.blocks.iter().find(|block| block.id() == *id).expect("known");
            for tx in block.transactions.iter().map(|tx| &tx.unsigned) {
                let Action::Transfer { to, amount, .. } = &tx.action else { unreachable!() };
                let sender = accounts.entry(tx.sender().address()).or_default();
                *sender = (sender.0 - amount.units() - tx.fee.units(), sender.1 + 1);
                accounts.entry(*to).or_default().0 += amount.units();
            }
            accounts.entry(block.coinbase.to).or_default().0 += block.coinbase.amount.units();
        }
        accounts
    }

    /// What an import that moves the best chain from one block to another must report.
    fn import(&self, from: BlockId, to: BlockId) -> (Vec<BlockId>, Vec<BlockId>) {
        let (old, new) = (self.branch(from), self.branch(to));
        let shared = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
        (old[shared..].iter().rev().copied().collect(), new[shared..].to_vec())
    }

    /// Delivers in this order, comparing with the model after every block; returns what the chain has then.
    fn deliver(&self, order: &[usize], chain: &mut Chain, known: &mut BTreeSet<BlockId>) -> Result<(), TestCaseError> {
        let checks = &mut Checks::remembering();
        for at in order {
            let block = &self.blocks[*at];
            let (id, parent, before) = (block.id(), block.header.parent, chain.tip());
            let result = chain.import(LATER, block.clone(), checks);
            if known.contains(&id) {
                prop_assert_eq!(result, Ok(Import::Known));
            } else if parent != chain.genesis_id() && !known.contains(&parent) {
                prop_assert_eq!(result, Err(BlockError::UnknownParent { parent }));
            } else {
                known.insert(id);
                self.check_import(result.expect("every block is valid"), before, self.best(known), id)?;
            }
            self.check(chain, self.best(known))?;
        }
        Ok(())
    }

    fn check_import(&self, import: Import, from: BlockId, to: BlockId, id: BlockId) -> Result<(), TestCaseError> {
        let ids = |blocks: &[tabchain::chain::CheckedBlock]| blocks.iter().map(|block| block.id()).collect::<Vec<_>>();
        let moved = self.import(from, to);
        match import {
            Import::Extended(block) => prop_assert_eq!((vec![], vec![block.id()]), moved),
            Import::Reorged { disconnected, connected } => {
                prop_assert!(!disconnected.is_empty(), "a reorg that leaves nothing extends");
                prop_assert_eq!((ids(&disconnected), ids(&connected)), moved);
            }
            Import::SideBranch => prop_assert!(from == to && to != id),
            Import::Known => prop_assert!(false, "it was new"),
        }
        Ok(())
    }

    fn check(&self, chain: &Chain, tip: BlockId) -> Result<(), TestCaseError> {
        let branch = self.branch(tip);
        prop_assert_eq!(chain.tip(), tip);
        prop_assert_eq!(&chain.best()[1..], &branch[..]);
        prop_assert_eq!(chain.ledger().root(), self.ledgers[&tip].root());
        let accounts: BTreeMap<Address, (u64, u64)> =
            chain.ledger().accounts().map(|(to, account)| (to, (account.balance.units(), account.nonce.0))).collect();
        let supply = accounts.values().map(|(balance, _)| balance).sum();
        prop_assert_eq!(accounts, self.accounts(&branch));
        prop_assert_eq!(chain.ledger().supply(), Amount::new(supply).expect("in range"), "invariant 1");
        prop_assert!(chain.reconnects(), "invariant 3");
        Ok(())
    }

    fn everything(&self) -> BTreeSet<BlockId> {
        self.blocks.iter().map(Block::id).collect()
    }
}

/// Applies a block; undoing gives every account and the root back, and applying again the same as before.
fn apply_and_undo(ledger: &mut Ledger, block: &Block, genesis: &Genesis, checks: &mut Checks) {
    let id = genesis.block().id();
    let checked = check_body(block.clone(), block.id(), &genesis.rules, &id, checks).expect("valid");
    let entries = |ledger: &Ledger| (ledger.root(), ledger.supply(), ledger.accounts().collect::<Vec<_>>());
    let before = entries(ledger);
    let undo = ledger.apply(&checked, &genesis.rules).expect("valid");
    let after = entries(ledger);
    ledger.undo(&undo);
    assert_eq!(entries(ledger), before);
    assert_eq!(ledger.apply(&checked, &genesis.rules), Ok(undo));
    assert_eq!(entries(ledger), after);
}

/// A plan and two orders of delivery, the first with duplicates and gaps.
fn cases() -> impl Strategy<Value = (Plan, Vec<usize>, Vec<usize>)> {
    plans().prop_flat_map(|plan| {
        let all: Vec<usize> = (0..plan.len()).collect();
        let twice = [all.clone(), all.clone()].concat();
        (Just(plan), Just(twice).prop_shuffle(), Just(all).prop_shuffle())
    })
}

proptest! {
    #![proptest_config(properties(96))]

    #[test]
    fn the_best_branch_is_followed_after_every_delivery((plan, shuffled, other) in cases()) {
        let forest = Forest::grow(&plan);
        let (mut chain, mut known) = (Chain::new(&forest.genesis), BTreeSet::new());
        // Again and again, until every block found its parent there.
        while known.len() < forest.everything().len() {
            forest.deliver(&shuffled, &mut chain, &mut known)?;
        }
        let (mut second, mut known) = (Chain::new(&forest.genesis), BTreeSet::new());
        while known.len() < forest.everything().len() {
            forest.deliver(&other, &mut second, &mut known)?;
        }
        prop_assert_eq!(chain.digest(), second.digest());
        prop_assert_eq!(chain, second);
    }

    /// Headers of every branch first, in any order, then the bodies that the chain asks for, in the order in which it asks.
    #[test]
    fn headers_first_ends_at_the_same_tip((plan, shuffled, _) in cases(), limit in 1..6usize) {
        let forest = Forest::grow(&plan);
        let (mut chain, mut seen) = (Chain::new(&forest.genesis), BTreeSet::new());
        for at in shuffled {
            let branch = forest.branch(forest.blocks[at].id());
            let headers: Vec<_> = branch.iter().map(|id| {
                forest.blocks.iter().find(|block| block.id() == *id).expect("known").header.clone()
            }).collect();
            let new = branch.iter().filter(|id| seen.insert(**id)).count();
            prop_assert_eq!(chain.accept_headers(LATER, &headers), Ok(new));
            prop_assert_eq!(chain.tree().best_header(), forest.best(&seen));
            prop_assert_eq!(chain.locator()[0], forest.best(&seen));
        }
        prop_assert_eq!(chain.tip(), chain.genesis_id(), "headers alone move nothing");
        let (checks, mut requests) = (&mut Checks::remembering(), 0);
        loop {
            let missing = chain.missing_bodies(limit);
            let Some(first) = missing.first() else { break };
            prop_assert!(missing.len() <= limit && missing.iter().collect::<BTreeSet<_>>().len() == missing.len());
            prop_assert!(forest.branch(forest.best(&seen)).contains(first), "the heaviest first");
            requests += 1;
            prop_assert!(requests <= forest.blocks.len(), "every answer brings it nearer");
            for id in missing {
                let block = forest.blocks.iter().find(|block| block.id() == id).expect("known").clone();
                prop_assert!(chain.import(LATER, block, checks).is_ok(), "parents are asked for first");
            }
        }
        forest.check(&chain, forest.best(&forest.everything()))?;
        prop_assert_eq!(chain.headers_after(&[chain.genesis_id()], 99).len() as u64, chain.height().0);
    }
}

/// Two blocks of equal work: the lower id wins, whichever came first.
#[test]
fn a_tie_goes_to_the_lower_id() {
    let genesis = genesis(1, rules(3));
    let root = genesis.block().header;
    let mut rivals = [10, 11].map(|miner| child(&genesis, &genesis.ledger(), &root, 1_000, miner, Vec::new()));
    rivals.sort_by_key(Block::id);
    let [lower, higher] = rivals;
    let checks = &mut Checks::forgetful();
    let mut first = Chain::new(&genesis);
    assert!(matches!(first.import(LATER, lower.clone(), checks), Ok(Import::Extended(_))));
    assert_eq!(first.import(LATER, higher.clone(), checks), Ok(Import::SideBranch));
    let mut second = Chain::new(&genesis);
    assert!(matches!(second.import(LATER, higher, checks), Ok(Import::Extended(_))));
    assert!(matches!(second.import(LATER, lower.clone(), checks), Ok(Import::Reorged { .. })));
    assert_eq!((first.tip(), first.digest()), (lower.id(), second.digest()));
    assert_eq!(first.ledger().account(&address(9)).nonce, Nonce(0));
    assert_ne!(first.digest(), Hash::ZERO);
}
