//! `--ephemeral`: nothing outlives the process.

use super::{Batch, Store, StoreError, Stored};
use crate::primitives::Block;

/// Keeps nothing: what a node knows, it knows itself.
#[derive(Debug, Default)]
pub struct Memory;

impl Store for Memory {
    fn commit(&mut self, _: &Batch) -> Result<(), StoreError> {
        Ok(())
    }

    fn load(&self) -> Result<Stored, StoreError> {
        Ok(Stored::new())
    }

    fn blocks(&self, _: &mut dyn FnMut(Result<Block, String>)) -> Result<(), StoreError> {
        Ok(())
    }
}
