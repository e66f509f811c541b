//! HTLCs of a channel, as far as each is.

use borsh::{BorshDeserialize, BorshSerialize};

use super::Pair;
use crate::{
    channel::{Channel, NewHtlc},
    primitives::{Amount, Hash, Height, Htlc, PaymentHash, Side},
};

/// HTLCs of one channel that are listed: all that may be pending, and some that wait for their turn.
const MAX_LISTED: usize = 80;

/// A payment that is pending in a channel.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct HtlcView {
    /// The number of the commitment that added it; nothing while it waits for its turn.
    pub id: Option<u64>,
    /// Who pays: 0 for the opener.
    pub offerer: usize,
    /// Base units.
    pub amount: Amount,
    /// The payment it belongs to.
    pub payment: Hash,
    /// The last height at which its preimage counts on the chain.
    pub expiry: Height,
    /// Blocks until then.
    pub left: u64,
    /// How far it is.
    pub stage: Stage,
}

/// How far a payment is in one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub enum Stage {
    /// It is not there yet.
    Waiting,
    /// It waits for the turn, or its update is under way.
    Offered,
    /// Both sides hold a commitment with it.
    Committed,
    /// Its preimage is known.
    Fulfilled,
    /// It goes back, or never came.
    Failed,
}

impl HtlcView {
    /// Those of the newest commitment, and those that wait for their turn.
    pub(super) fn all(pair: &Pair<'_>) -> Vec<Self> {
        let newest = pair.known().max_by_key(|channel| channel.newest().0.commitment.number);
        let height = pair.known().map(|channel| channel.seen().height).max().unwrap_or_default();
        let left = |expiry: Height| expiry.0.saturating_sub(height.0);
        let held = newest.into_iter().flat_map(|channel| &channel.newest().1.htlcs).map(|htlc| {
            let Htlc { id, offerer, amount, payment, expiry } = *htlc;
            let stage = stage_of(pair, id);
            Self { id: Some(id), offerer: offerer.index(), amount, payment, expiry, left: left(expiry), stage }
        });
        let waiting = pair.known().flat_map(|channel| queued(channel).map(|htlc| (channel.side(), htlc)));
        let waiting = waiting.map(|(side, htlc)| {
            let NewHtlc { amount, payment, expiry, .. } = *htlc;
            let (offerer, left) = (side.index(), left(expiry));
            Self { id: None, offerer, amount, payment, expiry, left, stage: Stage::Offered }
        });
        held.chain(waiting).take(MAX_LISTED).collect()
    }

    /// How far a payment is in a channel in which `side` pays; nothing if it is not there.
    pub(in crate::view) fn stage(pair: &Pair<'_>, side: Side, payment: &PaymentHash) -> Option<Stage> {
        let newest = pair.known().max_by_key(|channel| channel.newest().0.commitment.number)?;
        let held = newest.newest().1.htlcs.iter().find(|htlc| htlc.offerer == side && htlc.payment == *payment);
        let waits = || pair.view(side).is_some_and(|channel| queued(channel).any(|htlc| htlc.payment == *payment));
        held.map(|htlc| stage_of(pair, htlc.id)).or_else(|| waits().then_some(Stage::Offered))
    }
}

/// What waits for its turn and is in no commitment yet.
fn queued(channel: &Channel) -> impl Iterator<Item = &NewHtlc> {
    channel.queued().map(|(htlc, _)| htlc)
}

fn stage_of(pair: &Pair<'_>, id: u64) -> Stage {
    let is_held = |channel: &Channel| channel.newest().1.htlcs.iter().any(|htlc| htlc.id == id);
    match pair.known().find_map(|channel| channel.verdict(id)) {
        Some(true) => Stage::Fulfilled,
        Some(false) => Stage::Failed,
        None if pair.known().all(is_held) => Stage::Committed,
        None => Stage::Offered,
    }
}
