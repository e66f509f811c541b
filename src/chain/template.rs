//! Building a block for a miner to seal.

use serde::Serialize;

use super::{BlockError, Chain, Mempool, NextBlock, rules::VERSION, stake::Turn};
use crate::primitives::{
    Address, Amount, Block, BlockId, Coinbase, Hash, Header, Seal, Timestamp, Transaction, UnsealedHeader, encode,
    merkle,
};

/// Bytes of the largest seal of stake: an RSA key of 4,096 bits, its signature, two hashes, tags and lengths.
const SEAL_BYTES: usize = 512 + 512 + 64 + 12;

/// A block that lacks only its seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BlockTemplate {
    /// What the miner searches a nonce for.
    pub header: UnsealedHeader,
    /// Pays the miner.
    pub coinbase: Coinbase,
    /// Best fee rate first, within each sender's nonce order.
    pub transactions: Vec<Transaction>,
}

impl BlockTemplate {
    /// What names this template: the hash that the seal is made over.
    pub fn id(&self) -> Hash {
        self.header.hash()
    }

    /// The block built upon.
    pub fn parent(&self) -> BlockId {
        self.header.parent
    }

    /// The block that `nonce` makes of it.
    pub fn seal(self, nonce: u64) -> Block {
        Block {
            header: Header { unsealed: self.header, seal: Seal::Work { nonce } },
            coinbase: self.coinbase,
            transactions: self.transactions,
        }
    }
}

impl Chain {
    /// The best block that can be built now on the tip, paying `to`.
    ///
    /// # Errors
    /// [`BlockError::SupplyExceeded`] if no more money may be created; the mempool never makes it fail otherwise.
    pub fn template(&self, now: Timestamp, to: Address, pool: &Mempool) -> Result<BlockTemplate, BlockError> {
        let timestamp = now.max(self.next_context().median.after(1));
        self.build(timestamp, to, None, &[], pool)
    }

    /// A block of a time: in the slot of a turn on a chain of stake, with what comes first.
    pub(super) fn build(
        &self,
        timestamp: Timestamp,
        to: Address,
        turn: Option<&Turn>,
        first: &[Transaction],
        pool: &Mempool,
    ) -> Result<BlockTemplate, BlockError> {
        let context = self.next_context();
        let height = context.parent.height.next();
        let mut header = UnsealedHeader {
            version: VERSION,
            parent: self.tip(),
            height,
            merkle_root: Hash::ZERO,
            state_root: Hash::ZERO,
            timestamp,
            target: context.target,
        };
        let mut draft = self.ledger().draft();
        turn.into_iter().for_each(|turn| draft.begin(turn));
        let transactions = pool.select_into(&mut draft, first, self.ledger(), self.room(&header, to));
        let subsidy = self.rules().subsidy_at(height);
        let fees =
            Amount::checked_sum(transactions.iter().map(|tx| tx.unsigned.fee)).expect("fees are within the supply");
        let coinbase = Coinbase { to, amount: subsidy.checked_add(fees).unwrap_or(Amount::MAX) };
        header.state_root = self.ledger().root_after_turn(turn, self.rules(), height, &coinbase, &transactions)?;
        header.merkle_root = merkle::root(&Block::leaves(&coinbase, &transactions));
        Ok(BlockTemplate { header, coinbase, transactions })
    }

    /// What the next block would take of a pool if it were found now.
    ///
    /// # Panics
    /// Never: the tip's body is known.
    pub fn next_block(&self, pool: &Mempool) -> NextBlock {
        let tip = self.tree().block(&self.tip()).expect("the tip's body is known");
        pool.next_block(self.ledger(), self.room(&tip.header.unsealed, tip.coinbase.to))
    }

    /// Bytes left for transactions in a block with this header.
    fn room(&self, header: &UnsealedHeader, to: Address) -> usize {
        let empty = Block {
            header: Header { unsealed: header.clone(), seal: Seal::Work { nonce: 0 } },
            coinbase: Coinbase { to, amount: Amount::ZERO },
            transactions: Vec::new(),
        };
        let seal = if self.is_staked() { SEAL_BYTES } else { 0 };
        (self.rules().max_block_bytes as usize).saturating_sub(encode(&empty).len() + seal)
    }
}
