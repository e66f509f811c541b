//! What answers look like.

mod block;
mod channel;
mod transaction;

pub(super) use block::{BlockShape, PlacedBlock};
pub(super) use channel::{ChannelShape, state_of};
pub(super) use transaction::{PlacedTransaction, SignedTransaction, TransactionShape};
