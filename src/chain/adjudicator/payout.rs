//! What a state is worth in money: its balances, and its HTLCs as the register of preimages decides them.

use super::{ChannelError, within};
use crate::{
    chain::{Register, register::decide},
    primitives::{Amount, DisputeStep, Height, MAX_AMOUNT, MAX_COMMITMENTS, MAX_HTLCS, Side, State},
};

/// Whether what a step brings is in range, wherever and whenever.
///
/// # Errors
/// [`ChannelError::BadTerm`] or [`ChannelError::TooManyHtlcs`].
pub fn check_step(step: &DisputeStep) -> Result<(), ChannelError> {
    match step {
        // Secrets exist for these numbers.
        DisputeStep::Publish(shown) | DisputeStep::Refute(shown) => {
            within("number", shown.commitment.number, (0, MAX_COMMITMENTS - 1))
        }
        DisputeStep::Punish(_) => Ok(()),
        DisputeStep::Settle(state) => check_state(state),
        DisputeStep::Reveal(revelation) => within("expiry", revelation.expiry.0, (0, MAX_AMOUNT)),
    }
}

/// Whether a state's list of HTLCs is one that the chain looks at, wherever and whenever. Two may have the same payment hash, and names only
/// matter to the parties: whatever they signed, each HTLC is paid once, to one of them.
///
/// # Errors
/// [`ChannelError::TooManyHtlcs`], or [`ChannelError::BadTerm`] for a number that is not exact in JSON.
pub fn check_state(state: &State) -> Result<(), ChannelError> {
    for offerer in Side::BOTH {
        let (count, limit) = (state.htlcs.iter().filter(|htlc| htlc.offerer == offerer).count(), MAX_HTLCS);
        if count > limit {
            return Err(ChannelError::TooManyHtlcs { offerer, count, limit });
        }
    }
    state.htlcs.iter().try_for_each(|htlc| {
        within("id", htlc.id, (0, MAX_COMMITMENTS - 1))?;
        within("expiry", htlc.expiry.0, (0, MAX_AMOUNT))
    })
}

/// What opener and accepter own by a state of a channel of this capacity, in the block at `height`. Adds up to the capacity.
///
/// # Errors
/// As [`check_state`], [`ChannelError::WrongTotal`], or [`ChannelError::PendingHtlc`] for the first that is not decided.
pub fn resolve(
    state: &State,
    capacity: Amount,
    height: Height,
    register: &impl Register,
) -> Result<[Amount; 2], ChannelError> {
    check_state(state)?;
    let [opener, accepter] = state.balances;
    if state.total() != Some(capacity) {
        let pending = state.pending().unwrap_or(Amount::MAX);
        return Err(ChannelError::WrongTotal { opener, accepter, pending, expected: capacity });
    }
    let mut owned = state.balances;
    for htlc in &state.htlcs {
        let (payment, expiry) = (htlc.payment, htlc.expiry);
        let paid = decide(htlc, height, register).ok_or(ChannelError::PendingHtlc { payment, expiry, height })?;
        let place = &mut owned[paid.index()];
        *place = place.checked_add(htlc.amount).expect("no more than the capacity, which is all of it");
    }
    Ok(owned)
}
