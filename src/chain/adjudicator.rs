//! The adjudicator: money locked in channels, and who gets it in the end.
//!
//! Owns the on-chain half of the channel protocol, in one table: [`ChannelRecord::step`]. It never sees a balance before the end: what is
//! published are commitments to states. Follows Poon and Dryja (2016) for the penalty, Decker, Russell and Osuntokun (2018) for
//! replacement by number.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::primitives::{
    Amount, ChannelId, Closing, CoSigned, CommitmentSecret, Dispute, DisputeStep, FeeSource, Funding, Hash, Height,
    MAX_AMOUNT, MAX_COMMITMENTS, Policy, PublicKey, Side, State, Terms, WINDOW_RANGE,
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

/// A step breaks a rule of the adjudicator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "rule", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum ChannelError {
    /// No such channel holds money here.
    #[error("channel {channel} is not open on this chain")]
    UnknownChannel {
        /// Which.
        channel: ChannelId,
    },
    /// Both parties of a funding are the same.
    #[error("a channel has two different parties")]
    SameParty,
    /// A term out of range.
    #[error("{term} is {value}, allowed are {min} to {max}")]
    BadTerm {
        /// Which.
        term: &'static str,
        /// What it is.
        value: u64,
        /// The least allowed.
        min: u64,
        /// The most allowed.
        max: u64,
    },
    /// The funding comes too late.
    #[error("the funding was valid until height {valid_until}, this is {height}")]
    FundingExpired {
        /// What the parties agreed on.
        valid_until: Height,
        /// Where it would be included.
        height: Height,
    },
    /// The keys are not those of the channel.
    #[error("channel {channel} has other parties")]
    WrongParties {
        /// Which.
        channel: ChannelId,
    },
    /// Only a party can do this.
    #[error("only a party of the channel can {act}")]
    NotAParty {
        /// What.
        act: &'static str,
    },
    /// What is paid out is not what is locked.
    #[error("balances {opener} + {accepter} + fee {fee} are not {expected}")]
    WrongSplit {
        /// For the opener.
        opener: Amount,
        /// For the accepter.
        accepter: Amount,
        /// For the miner.
        fee: Amount,
        /// What they must add up to.
        expected: Amount,
    },
    /// A second publication.
    #[error("commitment {published} is published already")]
    AlreadyPublished {
        /// What stands there.
        published: u64,
    },
    /// Nothing was published yet.
    #[error("nothing is published")]
    NotPublished,
    /// A refutation must bring a newer commitment.
    #[error("commitment {number} is not newer than {newest}")]
    NotNewer {
        /// What it brings.
        number: u64,
        /// What stands there.
        newest: u64,
    },
    /// Too late to refute.
    #[error("the dispute window ended at height {window_ends}, this is {height}")]
    WindowOver {
        /// Its last height.
        window_ends: Height,
        /// Where it would be included.
        height: Height,
    },
    /// Too early to settle.
    #[error("the dispute window goes on to height {window_ends}, this is {height}")]
    WindowOpen {
        /// Its last height.
        window_ends: Height,
        /// Where it would be included.
        height: Height,
    },
    /// The parties agreed on no penalty.
    #[error("the parties agreed that cheating costs nothing")]
    NoPenalty,
    /// The secret is not the publisher's of what it published.
    #[error("the secret's point is {found}, the published commitment {published} has {expected}")]
    WrongSecret {
        /// Of the secret.
        found: Hash,
        /// In the commitment.
        expected: Hash,
        /// Its number.
        published: u64,
    },
    /// The state is not the one that was committed to.
    #[error("the state's hash is {found}, commitment {number} has {expected}")]
    WrongState {
        /// Of the state.
        found: Hash,
        /// In the commitment.
        expected: Hash,
        /// Its number.
        number: u64,
    },
    /// HTLCs are pending whose outcome the chain cannot know.
    #[error("HTLCs are pending under {htlcs}")]
    PendingHtlcs {
        /// Their root.
        htlcs: Hash,
    },
    /// More than a side's reserve would be spent on fees.
    #[error("fee {fee} + {charged} charged before > reserve {reserve}")]
    FeeAboveReserve {
        /// Of this step.
        fee: Amount,
        /// Of steps before.
        charged: Amount,
        /// What the parties agreed on.
        reserve: Amount,
    },
}

/// What becomes of a channel by one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It goes on like this.
    Open(ChannelRecord),
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

/// Whether a commitment's number is one that secrets exist for, wherever and whenever.
///
/// # Errors
/// [`ChannelError::BadTerm`].
pub fn check_number(shown: &CoSigned) -> Result<(), ChannelError> {
    within("number", shown.commitment.number, (0, MAX_COMMITMENTS - 1))
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

    /// One step of a force close in the block at `height`: every legal one is a row here.
    ///
    /// # Errors
    /// The [`ChannelError`] of the first rule that it breaks.
    pub fn step(&self, dispute: &Dispute, fee: Amount, height: Height) -> Result<Outcome, ChannelError> {
        self.check_parties(&dispute.keys, dispute.channel)?;
        let record = self.charge(dispute, fee)?;
        match (&self.publication, &dispute.step) {
            (None, DisputeStep::Publish(commitment)) => {
                let publisher = self.side_of(&dispute.payer).ok_or(ChannelError::NotAParty { act: "publish" })?;
                Ok(Outcome::Open(record.published(publisher, commitment, height)))
            }
            (Some(at), DisputeStep::Publish(_)) => Err(ChannelError::AlreadyPublished { published: at.published }),
            (None, _) => Err(ChannelError::NotPublished),
            (Some(at), DisputeStep::Refute(commitment)) => record.refuted(*at, commitment, height),
            (Some(at), DisputeStep::Punish(secret)) => record.punished(at, secret),
            (Some(at), DisputeStep::Reveal(_)) => Err(ChannelError::AlreadyPublished { published: at.published }),
            (Some(at), DisputeStep::Settle(state)) => record.settled(at, state, height),
        }
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

    fn settled(self, at: &Publication, state: &State, height: Height) -> Result<Outcome, ChannelError> {
        let (found, expected, window_ends) = (state.hash(), at.state, at.window_ends);
        if height <= window_ends {
            return Err(ChannelError::WindowOpen { window_ends, height });
        }
        if found != expected {
            return Err(ChannelError::WrongState { found, expected, number: at.number });
        }
        if !state.htlcs.is_empty() {
            return Err(ChannelError::PendingHtlcs { htlcs: found });
        }
        let ([opener, accepter], fee, expected) = (state.balances, Amount::ZERO, self.capacity);
        if opener.checked_add(accepter) != Some(expected) {
            return Err(ChannelError::WrongSplit { opener, accepter, fee, expected });
        }
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
            let side = self.side_of(&dispute.payer).ok_or(ChannelError::NotAParty { act: "pay from its reserve" })?;
            let (charged, reserve) = (self.charged[side.index()], self.terms.reserve);
            let after = charged.checked_add(fee).filter(|after| *after <= reserve);
            record.charged[side.index()] = after.ok_or(ChannelError::FeeAboveReserve { fee, charged, reserve })?;
        }
        Ok(record)
    }
}

impl ChannelError {
    /// The rule's stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownChannel { .. } => "unknown-channel",
            Self::SameParty => "same-party",
            Self::BadTerm { .. } => "bad-term",
            Self::FundingExpired { .. } => "funding-expired",
            Self::WrongParties { .. } => "wrong-parties",
            Self::NotAParty { .. } => "not-a-party",
            Self::WrongSplit { .. } => "wrong-split",
            Self::AlreadyPublished { .. } => "already-published",
            Self::NotPublished => "not-published",
            Self::NotNewer { .. } => "not-newer",
            Self::WindowOver { .. } => "window-over",
            Self::WindowOpen { .. } => "window-open",
            Self::NoPenalty => "no-penalty",
            Self::WrongSecret { .. } => "wrong-secret",
            Self::WrongState { .. } => "wrong-state",
            Self::PendingHtlcs { .. } => "pending-htlcs",
            Self::FeeAboveReserve { .. } => "fee-above-reserve",
        }
    }
}
