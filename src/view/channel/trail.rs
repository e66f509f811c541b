//! The transactions of a channel on a chain.

use crate::{
    chain::Chain,
    primitives::{Action, BlockId, ChannelId, Transaction},
    view::Place,
};

/// Where the transactions of a channel lie on a chain, as far as it was read.
#[derive(Debug)]
pub(in crate::view) struct Trail {
    channel: ChannelId,
    /// How many of the chain's blocks were read, and the last of them.
    read: usize,
    last: Option<BlockId>,
    pub(in crate::view) places: Vec<Place>,
}

impl Trail {
    /// All transactions of a channel on the best branch of a chain. What is `known` is not read again, unless a reorg took it back.
    pub(in crate::view) fn of(known: Option<Self>, chain: &Chain, channel: &ChannelId) -> Self {
        let best = chain.best();
        let stands = |trail: &Self| {
            trail.channel == *channel && trail.read.checked_sub(1).and_then(|at| best.get(at)) == trail.last.as_ref()
        };
        let fresh = Self { channel: *channel, read: 0, last: None, places: Vec::new() };
        let mut trail = known.filter(stands).unwrap_or(fresh);
        for id in best.get(trail.read..).unwrap_or_default() {
            let Some(block) = chain.tree().block(id) else { break };
            let concern = block.transactions.iter().enumerate().filter(|(_, one)| concerns(one, channel));
            let place = |index| Place { block: *id, height: block.header.height, index, best: true };
            trail.places.extend(concern.map(|(index, _)| place(index)));
            (trail.read, trail.last) = (trail.read + 1, Some(*id));
        }
        trail
    }
}

fn concerns(transaction: &Transaction, channel: &ChannelId) -> bool {
    match &transaction.unsigned.action {
        Action::Fund(_) if transaction.id() == *channel => true,
        action => action.channel() == Some(channel),
    }
}
