//! Where things stand on the best chain: transactions by id and by account. Follows the chain block by block, also back.
#![expect(clippy::disallowed_types, reason = "looked up, never gone through in order")]

use std::collections::HashMap;

use super::Blocks;
use crate::{
    chain::{Chain, CheckedBlock},
    primitives::{Action, Address, BlockId, Height, PublicKey, Transaction, TransactionId},
};

/// A place on the best chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Of the block.
    pub height: Height,
    /// Which of its transactions, from 0.
    pub position: usize,
}

/// The best chain, block by block, and what is in it.
#[derive(Debug, Clone, Default)]
pub struct Index {
    blocks: Blocks,
    transactions: HashMap<TransactionId, Place>,
    /// Oldest first.
    accounts: HashMap<Address, Vec<Place>>,
}

impl Index {
    /// The best chain.
    pub fn blocks(&self) -> &Blocks {
        &self.blocks
    }

    /// Where a transaction is, if it is on the best chain.
    pub fn place(&self, transaction: &TransactionId) -> Option<Place> {
        self.transactions.get(transaction).copied()
    }

    /// Transactions that name an account, newest first.
    pub fn of(&self, account: &Address) -> impl Iterator<Item = Place> + '_ {
        self.accounts.get(account).into_iter().flatten().rev().copied()
    }

    /// Brings it to the chain's tip; costs what has changed.
    pub(super) fn follow(&mut self, chain: &Chain) {
        let best = chain.best();
        let same = |block: &CheckedBlock, best: &[BlockId]| {
            best.get(block.header.height.0 as usize).is_some_and(|id| *id == block.id())
        };
        while let Some(block) = self.blocks.last().filter(|block| !same(block, best)).cloned() {
            self.leave(&block);
        }
        for id in &best[self.blocks.len()..] {
            let block = chain.tree().block(id).expect("the best chain has its bodies").clone();
            self.join(block);
        }
    }

    fn join(&mut self, block: CheckedBlock) {
        for (position, transaction) in block.transactions.iter().enumerate() {
            let place = Place { height: block.header.height, position };
            self.transactions.insert(transaction.id(), place);
            for account in named(transaction) {
                self.accounts.entry(account).or_default().push(place);
            }
        }
        self.blocks.push(block);
    }

    fn leave(&mut self, block: &CheckedBlock) {
        self.blocks.pop();
        for transaction in block.transactions.iter().rev() {
            self.transactions.remove(&transaction.id());
            for account in named(transaction) {
                if let Some(places) = self.accounts.get_mut(&account) {
                    places.pop();
                }
            }
        }
    }
}

/// The accounts that a transaction names, each once.
pub fn named(transaction: &Transaction) -> Vec<Address> {
    let mut accounts = match &transaction.unsigned.action {
        Action::Transfer { from, to, .. } => vec![from.address(), *to],
        Action::Fund(funding) => funding.keys().map(|key| key.address()).to_vec(),
        Action::Close(_) => Vec::new(),
        Action::Report(report) => {
            report.offence.offender().into_iter().chain([&report.from]).map(PublicKey::address).collect()
        }
        Action::Stake(_) | Action::Unstake(_) | Action::Attest(_) | Action::Dispute(_) => {
            vec![transaction.unsigned.sender().address()]
        }
    };
    accounts.sort_unstable();
    accounts.dedup();
    accounts
}
