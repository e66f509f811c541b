//! The adjudicator: money locked in channels, and who gets it in the end.
//!
//! Owns the on-chain half of the channel protocol, in one table: [`ChannelRecord::step`]. It never sees a balance before the end: what is
//! published are commitments to states. Follows Poon and Dryja (2016) for the penalty, Decker, Russell and Osuntokun (2018) for
//! replacement by number. HTLCs are decided by the register of preimages once the state is shown.

mod error;
mod payout;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

pub use error::ChannelError;
pub use payout::{check_state, check_step, resolve};

use super::Register;
use crate::primitives::{
    Amount, ChannelId, Closing, CoSigned, CommitmentSecret, Dispute, DisputeStep, FeeSource, Funding, Hash, Height,
    MAX_AMOUNT, MAX_EXPIRY, Policy, Preimage, PublicKey, Resizing, Revelation, Side, State, Terms, WINDOW_RANGE,
};

/// A channel that holds money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelRecord {
    /// Opener, accepter.
    pub keys: [PublicKey; 2],
    /// What they agreed on.
    pub terms: Terms,
    /// Base units locked at opening.
    pub capacity: Amount,
    /// Fees that each side's steps took out of the channel since.
    pub charged: [Amount; 2],
    /// The height of the block with the funding.
    pub opened: Height,
    /// A force close under way.
    pub publication: Option<Publication>,
}

/// A force close under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Publication {
    /// Who published.
    pub publisher: Side,
    /// The number of what it published.
    pub published: u64,
    /// The publisher's point of that number: its secret proves that this was revoked.
    pub point: Hash,
    /// The number of the newest commitment shown since.
    pub number: u64,
    /// The hash of that one's state.
    pub state: Hash,
    /// The last height at which a newer one replaces it.
    pub window_ends: Height,
}

/// What becomes of a channel by one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It goes on like this.
    Open(ChannelRecord),
    /// It goes on like this, and a preimage is registered.
    Revealed(ChannelRecord, Preimage),
    /// It is over: base units for opener and accepter.
    Paid([Amount; 2]),
}

/// Whether terms and deposits make a channel, wherever and whenever.
///
/// # Errors
/// [`ChannelError::SameParty`] or [`ChannelError::BadTerm`].
pub fn check_funding(funding: &Funding) -> Result<(), ChannelError> {
    let [opener, accepter] = &funding.parties;
    if opener.key == accepter.key {
        return Err(ChannelError::SameParty);
    }
    let (terms, (least, most)) = (&funding.terms, WINDOW_RANGE);
    within("window", u64::from(terms.window), (u64::from(least), u64::from(most)))?;
    let capacity = opener.deposit.units().saturating_add(accepter.deposit.units());
    within("capacity", capacity, (1, Amount::MAX.units()))?;
    // As amounts are, so that it is exact as a JSON number.
    within("validUntil", terms.valid_until.0, (0, MAX_AMOUNT))?;
    within("reserve", terms.reserve.units(), (0, opener.deposit.min(accepter.deposit).units()))
}

fn within(term: &'static str, value: u64, (min, max): (u64, u64)) -> Result<(), ChannelError> {
    if value < min || value > max { Err(ChannelError::BadTerm { term, value, min, max }) } else { Ok(()) }
}

impl ChannelRecord {
    /// The channel that a funding opens in the block at `height`.
    ///
    /// # Errors
    /// As [`check_funding`], and [`ChannelError::FundingExpired`].
    pub fn open(funding: &Funding, height: Height) -> Result<Self, ChannelError> {
        check_funding(funding)?;
        let valid_until = funding.terms.valid_until;
        if height > valid_until {
            return Err(ChannelError::FundingExpired { valid_until, height });
        }
        Ok(Self {
            keys: funding.keys(),
            terms: funding.terms.clone(),
            capacity: funding.capacity().expect("check_funding() found it in range"),
            charged: [Amount::ZERO; 2],
            opened: height,
            publication: None,
        })
    }

    /// Base units that it holds.
    pub fn locked(&self) -> Amount {
        let charged = self.charged[0].checked_add(self.charged[1]);
        charged.and_then(|charged| self.capacity.checked_sub(charged)).expect("fees are within both reserves")
    }

    /// Which party has this key.
    pub fn side_of(&self, key: &PublicKey) -> Option<Side> {
        Side::BOTH.into_iter().find(|side| self.keys[side.index()] == *key)
    }

    /// Closes as both agree.
    ///
    /// # Errors
    /// [`ChannelError::WrongParties`] or [`ChannelError::WrongSplit`].
    pub fn close(&self, closing: &Closing, fee: Amount) -> Result<[Amount; 2], ChannelError> {
        self.check_parties(&closing.keys, closing.channel)?;
        let expected = self.locked();
        let [opener, accepter] = closing.balances;
        if Amount::checked_sum([opener, accepter, fee]) != Some(expected) {
            return Err(ChannelError::WrongSplit { opener, accepter, fee, expected });
        }
        Ok(closing.balances)
    }

    /// Ends where a funding with these keys, in either order, opens another one: whether it can, and all that it holds is shared out.
    ///
    /// # Errors
    /// [`ChannelError::WrongParties`], [`ChannelError::AlreadyPublished`] or [`ChannelError::WrongSplit`].
    pub fn resize(&self, keys: &[PublicKey; 2], resizing: &Resizing) -> Result<(), ChannelError> {
        let [a, b] = keys;
        if self.keys != *keys && self.keys.iter().ne([b, a]) {
            return Err(ChannelError::WrongParties { channel: resizing.channel });
        }
        if let Some(at) = &self.publication {
            return Err(ChannelError::AlreadyPublished { published: at.published });
        }
        let ([opener, accepter], fee, expected) = (resizing.balances, Amount::ZERO, self.locked());
        if opener.checked_add(accepter) != Some(expected) {
            return Err(ChannelError::WrongSplit { opener, accepter, fee, expected });
        }
        Ok(())
    }

    /// One step of a force close in the block at `height`: every legal one is a row here.
    ///
    /// # Errors
    /// The [`ChannelError`] of the first rule that it breaks.
    pub fn step(
        &self,
        dispute: &Dispute,
        fee: Amount,
        height: Height,
        register: &impl Register,
    ) -> Result<Outcome, ChannelError> {
        self.check_parties(&dispute.keys, dispute.channel)?;
        let record = self.charge(dispute, fee)?;
        match (&self.publication, &dispute.step) {
            (_, DisputeStep::Reveal(revelation)) => record.revealed(revelation, height, register),
            (None, DisputeStep::Publish(commitment)) => {
                let publisher = self.side_of(&dispute.payer).ok_or(ChannelError::NotAParty { act: "publish" })?;
                Ok(Outcome::Open(record.published(publisher, commitment, height)))
            }
            (Some(at), DisputeStep::Publish(_)) => Err(ChannelError::AlreadyPublished { published: at.published }),
            (None, _) => Err(ChannelError::NotPublished),
            (Some(at), DisputeStep::Refute(commitment)) => record.refuted(*at, commitment, height),
            (Some(at), DisputeStep::Punish(secret)) => record.punished(at, secret),
            (Some(at), DisputeStep::Settle(state)) => record.settled(at, state, height, register),
        }
    }

    /// It cannot be repeated: while it is registered it is refused, and it is dropped long after its expiry.
    fn revealed(self, shown: &Revelation, height: Height, register: &impl Register) -> Result<Outcome, ChannelError> {
        let (payment, expiry, limit) = (shown.preimage.payment(), shown.expiry, MAX_EXPIRY);
        if height > expiry {
            return Err(ChannelError::TooLate { expiry, height });
        }
        if expiry.0 > height.0.saturating_add(limit) {
            return Err(ChannelError::ExpiryTooFar { expiry, height, limit });
        }
        if let Some(known) = register.revealed(&payment) {
            return Err(ChannelError::AlreadyRevealed { payment, height: known.height });
        }
        Ok(Outcome::Revealed(self, shown.preimage))
    }

    fn published(mut self, publisher: Side, shown: &CoSigned, height: Height) -> Self {
        let commitment = &shown.commitment;
        self.publication = Some(Publication {
            publisher,
            published: commitment.number,
            point: commitment.points[publisher.index()],
            number: commitment.number,
            state: commitment.state,
            window_ends: Height(height.0.saturating_add(u64::from(self.terms.window))),
        });
        self
    }

    fn refuted(mut self, at: Publication, shown: &CoSigned, height: Height) -> Result<Outcome, ChannelError> {
        let (number, newest, window_ends) = (shown.commitment.number, at.number, at.window_ends);
        if height > window_ends {
            return Err(ChannelError::WindowOver { window_ends, height });
        }
        if number <= newest {
            return Err(ChannelError::NotNewer { number, newest });
        }
        self.publication = Some(Publication { number, state: shown.commitment.state, ..at });
        Ok(Outcome::Open(self))
    }

    /// Possible until the close is final, also when the window is over or the published commitment was replaced meanwhile.
    fn punished(self, at: &Publication, secret: &CommitmentSecret) -> Result<Outcome, ChannelError> {
        if self.terms.policy == Policy::Replace {
            return Err(ChannelError::NoPenalty);
        }
        let (found, expected, published) = (secret.point(), at.point, at.published);
        if found != expected {
            return Err(ChannelError::WrongSecret { found, expected, published });
        }
        let mut paid = [Amount::ZERO; 2];
        paid[at.publisher.other().index()] = self.locked();
        Ok(Outcome::Paid(paid))
    }

    fn settled(
        self,
        at: &Publication,
        state: &State,
        height: Height,
        register: &impl Register,
    ) -> Result<Outcome, ChannelError> {
        let (found, expected, window_ends) = (state.hash(), at.state, at.window_ends);
        if height <= window_ends {
            return Err(ChannelError::WindowOpen { window_ends, height });
        }
        if found != expected {
            return Err(ChannelError::WrongState { found, expected, number: at.number });
        }
        let [opener, _] = resolve(state, self.capacity, height, register)?;
        // Both keep the reserve that fees come from; if they agreed otherwise, whoever has too little is left with nothing.
        let locked = self.locked();
        let opener = opener.checked_sub(self.charged[0]).unwrap_or(Amount::ZERO).min(locked);
        let accepter = locked.checked_sub(opener).expect("it is the smaller one");
        Ok(Outcome::Paid([opener, accepter]))
    }

    fn check_parties(&self, keys: &[PublicKey; 2], channel: ChannelId) -> Result<(), ChannelError> {
        if *keys == self.keys { Ok(()) } else { Err(ChannelError::WrongParties { channel }) }
    }

    /// The record after its payer's fee was taken out of the reserve, if it comes from there.
    fn charge(&self, dispute: &Dispute, fee: Amount) -> Result<Self, ChannelError> {
        let mut record = self.clone();
        if dispute.fee_from == FeeSource::Reserve {
            // Until something is published all of the capacity is there, so that closing together need not ask what was charged.
            if self.publication.is_none() && matches!(dispute.step, DisputeStep::Reveal(_)) {
                return Err(ChannelError::ReserveNotOpen);
            }
            let side = self.side_of(&dispute.payer).ok_or(ChannelError::NotAParty { act: "pay from its reserve" })?;
            let (charged, reserve) = (self.charged[side.index()], self.terms.reserve);
            let after = charged.checked_add(fee).filter(|after| *after <= reserve);
            record.charged[side.index()] = after.ok_or(ChannelError::FeeAboveReserve { fee, charged, reserve })?;
        }
        Ok(record)
    }
}
