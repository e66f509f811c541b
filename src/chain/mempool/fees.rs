//! What a transaction has to offer: a least fee rate that rises as the pool fills, and what the next block would take.

use super::{MAX_POOL_BYTES, Mempool, Pooled};
use crate::{
    chain::Ledger,
    primitives::{Action, Amount, Transaction},
};

/// Base units per 1,000 bytes below which nothing is ever relayed.
const MIN_FEE_RATE: u64 = 100;
/// The pool's room in parts: from the middle on, each part that is full doubles the least fee rate.
const PARTS: usize = 16;

/// Bytes of a transfer with a short memo.
const USUAL_BYTES: usize = 300;

/// What the next block would take if it were found now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextBlock {
    /// How many transactions.
    pub transactions: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Their fees.
    pub fees: Amount,
    /// The lowest fee rate that it takes, base units per 1,000 bytes; nothing if it takes none.
    pub lowest: Option<u64>,
    /// The fee rate with which one more would be in it.
    pub enough: u64,
}

impl Mempool {
    /// Base units per 1,000 bytes below which nothing more is taken: 100 while the pool is less than half full, then twice as much with every
    /// sixteenth. Money that is spent on filling the pool so grows faster than what it keeps out.
    pub fn floor(&self) -> u64 {
        MIN_FEE_RATE << (self.bytes() * PARTS / MAX_POOL_BYTES).saturating_sub(PARTS / 2)
    }

    /// What a new transaction has to pay here at least. Ends and disputes of channels pay the least that there is, however full the pool: who
    /// is cheated must be heard, and each channel has few places. So does evidence.
    pub(super) fn least_fee(&self, new: &Pooled) -> Amount {
        match &new.transaction.unsigned.action {
            Action::Close(_) | Action::Dispute(_) | Action::Report(_) => minimum_fee(new.size),
            _ => fee_of(self.floor(), new.size),
        }
    }

    /// What a block of so much room for transactions would take of the pool.
    pub fn next_block(&self, ledger: &Ledger, room: usize) -> NextBlock {
        let chosen = self.select(ledger, room);
        let bytes = chosen.iter().map(Transaction::size).sum();
        let lowest = chosen.iter().map(|one| rate_of(one.unsigned.fee, one.size())).min();
        // While there is room left for one of the usual size, the least will do.
        let full = room.saturating_sub(bytes) < USUAL_BYTES;
        let enough = lowest.filter(|_| full).map_or(0, |lowest| lowest + 1).max(self.floor());
        let fees = Amount::checked_sum(chosen.iter().map(|one| one.unsigned.fee)).unwrap_or(Amount::MAX);
        NextBlock { transactions: chosen.len(), bytes, fees, lowest, enough }
    }
}

/// Base units below which a transaction of `bytes` is never relayed.
pub fn minimum_fee(bytes: usize) -> Amount {
    fee_of(MIN_FEE_RATE, bytes)
}

/// What a fee rate comes to, rounded up.
pub fn fee_of(rate: u64, bytes: usize) -> Amount {
    Amount::new(rate.saturating_mul(bytes as u64).div_ceil(1_000)).unwrap_or(Amount::MAX)
}

/// Base units per 1,000 bytes, rounded down.
pub(super) fn rate_of(fee: Amount, bytes: usize) -> u64 {
    fee.units().saturating_mul(1_000) / bytes as u64
}
