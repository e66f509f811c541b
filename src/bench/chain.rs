//! Two chains without a network between them: one mines, the other imports.

use std::sync::Arc;

use super::row::Piece;
use crate::{
    chain::{Chain, Genesis, Import, Mempool, Rules, check_transaction},
    gossip::Message,
    primitives::{
        Action, Address, Amount, Block, Checks, Memo, Midstate, SecretKey, Timestamp, Transaction, UnsignedTransaction,
    },
};

/// Transfers of one piece: those of a block.
const TRANSFERS: u8 = 96;
/// Expected hashes of a block: real work, but beside 96 transfers a small part of the time.
const DIFFICULTY: u64 = 1_000;
/// Bytes of a full block. Less than a network has by default, so that importing one is a short piece of work in a browser too.
const BLOCK_BYTES: u32 = 16_000;
const BALANCE: Amount = Amount::literal(1_000_000_000);
const AMOUNT: Amount = Amount::literal(1);
const FEE: Amount = Amount::literal(100);

struct Pair {
    miner: Chain,
    other: Chain,
    pool: Mempool,
    senders: Vec<SecretKey>,
    now: Timestamp,
}

/// One piece: 96 transfers go their whole way, from the sender's key to the ledger of the second chain. Every signature is verified three
/// times: for the miner's pool, when the miner imports its own block, and by the second chain.
pub(super) fn transactions() -> Piece {
    let mut pair = Pair::new(TRANSFERS);
    Box::new(move || {
        pair.offer();
        let block = pair.mine();
        let confirmed = block.transactions.len() as u64;
        let bytes = Message::Block(block.clone()).to_bytes();
        import(&mut pair.miner, pair.now, block);
        pair.pool.refresh(pair.miner.ledger());
        import(&mut pair.other, pair.now, parse(&bytes));
        confirmed
    })
}

/// One piece: a full block of 16,000 bytes, imported by a chain that has its parent.
pub(super) fn verify() -> Piece {
    // More than fit into the block.
    let mut pair = Pair::new(u8::MAX);
    pair.offer();
    let block = pair.mine();
    let (contained, bytes) = (block.transactions.len() as u64, Message::Block(block).to_bytes());
    Box::new(move || {
        import(&mut pair.other.clone(), pair.now, parse(&bytes));
        contained
    })
}

impl Pair {
    fn new(senders: u8) -> Self {
        let senders: Vec<SecretKey> = (1..=senders).map(|number| SecretKey::from_seed([number; 32])).collect();
        let rules = Rules { initial_difficulty: DIFFICULTY, max_block_bytes: BLOCK_BYTES, ..Rules::default() };
        let allocations = senders.iter().map(|sender| (sender.public().address(), BALANCE)).collect();
        let genesis = Genesis { rules, timestamp: Timestamp(0), allocations, validators: Vec::new() };
        let miner = Chain::new(&genesis);
        Self { other: miner.clone(), miner, pool: Mempool::default(), senders, now: genesis.timestamp }
    }

    /// Everybody pays somebody; the miner checks each transfer and takes it into its pool.
    fn offer(&mut self) {
        let mut checks = Checks::forgetful();
        for (index, sender) in self.senders.iter().enumerate() {
            let to = self.senders[(index + 1) % self.senders.len()].public().address();
            let transfer = self.transfer(sender, to);
            check_transaction(&transfer, &self.miner.genesis_id(), &mut checks).expect("signed by its sender");
            self.pool.admit(Arc::new(transfer), self.miner.ledger()).expect("affordable, and the pool has room");
        }
    }

    fn transfer(&self, sender: &SecretKey, to: Address) -> Transaction {
        let public = sender.public();
        let nonce = self.miner.ledger().account(&public.address()).nonce;
        let action = Action::Transfer { from: public, nonce, to, amount: AMOUNT, memo: Memo::default() };
        UnsignedTransaction { fee: FEE, action }.sign(sender, &self.miner.genesis_id())
    }

    /// The next block, one interval after the one before, so that the difficulty stays.
    fn mine(&mut self) -> Block {
        self.now = self.now.after(self.miner.rules().block_interval);
        let to = self.senders[0].public().address();
        let template = self.miner.template(self.now, to, &self.pool).expect("subsidies end long before the supply cap");
        let search = Midstate::new(&template.id());
        let nonce = search.search(template.header.target, 0, u64::MAX).expect("2^64 hashes are enough for 1,000");
        template.seal(nonce)
    }
}

fn parse(bytes: &[u8]) -> Block {
    match Message::parse(bytes) {
        Ok(Message::Block(block)) => block,
        other => panic!("a block came back as {other:?}"),
    }
}

fn import(chain: &mut Chain, now: Timestamp, block: Block) {
    let import = chain.import(now, block, &mut Checks::forgetful()).expect("a valid block");
    assert!(matches!(import, Import::Extended(_)), "each block extends the one before");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_transfer_gets_into_a_block_round_after_round() {
        let mut piece = transactions();
        assert_eq!([piece(), piece(), piece()], [96; 3]);
    }

    #[test]
    fn the_block_is_full() {
        let mut pair = Pair::new(u8::MAX);
        pair.offer();
        let block = pair.mine();
        let another = block.transactions[0].size();
        assert!(block.size() <= BLOCK_BYTES as usize && block.size() + another > BLOCK_BYTES as usize);
        let mut piece = verify();
        assert_eq!([piece(), piece()], [block.transactions.len() as u64; 2]);
    }
}
