//! What a node keeps on disk: blocks, and for each of its accounts what must survive a restart.
//!
//! Owns the tables and their encoding (Borsh, as everywhere). Must never know what a change means: it is handed change sets, and gives
//! them back as one. A [`Batch`] is one transaction: a crash finds all of it or none.

mod disk;
mod memory;
mod rows;

use std::{collections::BTreeMap, path::PathBuf};

pub use disk::Disk;
pub use memory::Memory;

use crate::{
    chain::CheckedBlock,
    node::ChangeSet,
    primitives::{Address, Block, BlockId},
};

/// Everything that one round of the driver changes.
#[derive(Debug, Default)]
pub struct Batch {
    /// Blocks are the same for all accounts.
    pub blocks: BTreeMap<BlockId, CheckedBlock>,
    /// All else, by the account that it belongs to.
    pub accounts: BTreeMap<Address, ChangeSet>,
}

/// What was stored, but for the blocks.
pub type Stored = BTreeMap<Address, ChangeSet>;

/// Why something could not be stored, or be read again.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk, or the file, says no.
    #[error("{path}: {error}")]
    Disk {
        /// Which file.
        path: PathBuf,
        /// What the library met.
        error: Box<redb::Error>,
    },
    /// A row is not what was written: it cannot be left out, since channels depend on it.
    #[error("{path}: row {key} is damaged ({reason}): restore the data directory from a backup, or begin a new one")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// The row's key, hex.
        key: String,
        /// What the decoder met.
        reason: String,
    },
    /// Written by a later version.
    #[error("{path}: format {found}, this program knows {known}")]
    Format {
        /// Which file.
        path: PathBuf,
        /// As written there.
        found: u64,
        /// What this program writes.
        known: u64,
    },
}

/// Durable storage.
pub trait Store: Send + 'static {
    /// Stores a batch: durable when this returns.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing of it is stored.
    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError>;

    /// All but the blocks.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read.
    fn load(&self) -> Result<Stored, StoreError>;

    /// Shows every stored block, parents first. One that cannot be read is told of by its id and left out.
    ///
    /// # Errors
    /// [`StoreError`] if the disk says no.
    fn blocks(&self, each: &mut dyn FnMut(Result<Block, String>)) -> Result<(), StoreError>;
}

impl Store for Box<dyn Store> {
    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        (**self).commit(batch)
    }

    fn load(&self) -> Result<Stored, StoreError> {
        (**self).load()
    }

    fn blocks(&self, each: &mut dyn FnMut(Result<Block, String>)) -> Result<(), StoreError> {
        (**self).blocks(each)
    }
}

impl Batch {
    /// Adds what an account's node wants stored.
    pub fn add(&mut self, account: Address, mut changes: ChangeSet) {
        self.blocks.append(&mut changes.blocks);
        if changes != ChangeSet::default() {
            self.accounts.entry(account).or_default().merge(changes);
        }
    }

    /// Whether there is nothing to store.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.accounts.is_empty()
    }
}
