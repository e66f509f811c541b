//! What transactions of stake do to a ledger, and what forbids them.

use super::epoch::minus;
use super::records::{Committee, Records, has_bit, with_bit};
use super::{StakeError, StakeTerms, Validator};
use crate::{
    chain::{StateKey, StateValue, draft::Draft},
    primitives::{Action, Address, Amount, Attestation, Deposit, Epoch, Exit, Nonce, Report, Vote},
};

/// Validators that a chain may have: each costs every node some work in every epoch.
pub const MAX_VALIDATORS: usize = 1_024;

/// What becomes of validators by one transaction, once its payer has paid.
pub(in crate::chain) enum Step {
    /// Somebody's record is this now.
    Keep(Address, Validator),
    /// A member of a committee has voted.
    Voted(Epoch, usize),
    /// An offender loses its stake: the record, what is burned, and who is paid what.
    Slash(Address, Validator, Amount, (Address, Amount)),
}

impl Draft<'_> {
    /// What a transaction of stake would do.
    ///
    /// # Errors
    /// The [`StakeError`] of the first rule that it breaks.
    pub(in crate::chain) fn stake_step(&self, action: &Action) -> Result<Option<Step>, StakeError> {
        if !action.is_of_stake() {
            return Ok(None);
        }
        let terms = self.terms().ok_or(StakeError::WrongConsensus { what: action.kind() })?;
        Ok(Some(match action {
            Action::Stake(deposit) => self.deposit(&terms, deposit)?,
            Action::Unstake(exit) => self.exit(exit)?,
            Action::Attest(attestation) => self.attest(&terms, attestation)?,
            Action::Report(report) => self.slash(&terms, report)?,
            _ => return Ok(None),
        }))
    }

    pub(in crate::chain) fn do_step(&mut self, step: Step) {
        match step {
            Step::Keep(address, validator) => self.put_validator(address, validator),
            Step::Voted(epoch, place) => {
                let bits = with_bit(self.voted(epoch), place);
                self.put(StateKey::Voted(epoch), StateValue::Voted(bits));
            }
            Step::Slash(address, validator, burned, (reporter, share)) => {
                self.put_validator(address, validator);
                let mut beacon = self.beacon().expect("a chain of stake has one");
                beacon.burned = beacon.burned.checked_add(burned).expect("it was within the supply");
                self.put(StateKey::Beacon, StateValue::Beacon(Box::new(beacon)));
                self.credit(reporter, share);
            }
        }
    }

    fn deposit(&self, terms: &StakeTerms, deposit: &Deposit) -> Result<Step, StakeError> {
        let (address, minimum) = (deposit.from.address(), terms.rules.minimum_stake);
        let known = self.validator(&address);
        let (count, stake) = (self.registry().len(), known.as_ref().map_or(Amount::ZERO, |known| known.stake));
        let stake = stake.checked_add(deposit.amount).unwrap_or(Amount::MAX);
        if stake < minimum {
            return Err(StakeError::StakeTooSmall { stake, minimum });
        }
        match known {
            Some(known) => match known.exit {
                Some(exit) => Err(StakeError::Leaving { address, exit }),
                None => Ok(Step::Keep(address, Validator { stake, ..known })),
            },
            None if count >= MAX_VALIDATORS => Err(StakeError::TooManyValidators { count }),
            None => {
                let (key, commitment) = (deposit.from.clone(), deposit.commitment);
                let first_secret = first_secret(deposit.nonce);
                let new = Validator { key, stake, commitment, first_secret, reveals: 0, exit: None, slashed: false };
                Ok(Step::Keep(address, new))
            }
        }
    }

    fn exit(&self, exit: &Exit) -> Result<Step, StakeError> {
        let address = exit.from.address();
        let validator = self.validator(&address).ok_or(StakeError::NotAValidator { address })?;
        if let Some(exit) = validator.exit {
            return Err(StakeError::Leaving { address, exit });
        }
        // The committee of the next epoch is drawn already.
        let last = self.beacon().map(|beacon| beacon.epoch.after(2));
        Ok(Step::Keep(address, Validator { exit: last, ..validator }))
    }

    /// A vote that comes in time, names this branch's checkpoints, and is its validator's only one for the epoch.
    fn attest(&self, terms: &StakeTerms, attestation: &Attestation) -> Result<Step, StakeError> {
        let Vote { slot, source, target, .. } = attestation.vote;
        let beacon = self.beacon().ok_or(StakeError::WrongConsensus { what: "attest" })?;
        let late = target.epoch == beacon.epoch.before(1) && target.epoch != beacon.epoch;
        if slot >= beacon.slot || !(late || target.epoch == beacon.epoch) {
            return Err(StakeError::VoteOutOfTime { slot, block: beacon.slot });
        }
        let place = usize::from(!late);
        for (named, expected) in [(target, beacon.checkpoints[place]), (source, beacon.justified[place])] {
            if named != expected {
                return Err(StakeError::WrongCheckpoint { named, expected });
            }
        }
        let address = attestation.validator.address();
        let first = terms.rules.first_slot(target.epoch).0;
        let place = self.committee(target.epoch).and_then(|committee| committee.place(&address));
        let on_duty = |place: &usize| slot.0 == first + Committee::turn(*place, terms.rules.epoch_slots);
        let place = place.filter(on_duty).ok_or(StakeError::NotOnDuty { address, slot })?;
        if has_bit(&self.voted(target.epoch), place) {
            return Err(StakeError::AlreadyVoted { address, epoch: target.epoch });
        }
        Ok(Step::Voted(target.epoch, place))
    }

    fn slash(&self, terms: &StakeTerms, report: &Report) -> Result<Step, StakeError> {
        let address = report.offence.offender().ok_or(StakeError::NoOffence)?.address();
        let validator = self.validator(&address).ok_or(StakeError::NotAValidator { address })?;
        if validator.slashed {
            return Err(StakeError::AlreadySlashed { address });
        }
        let share = validator.stake.units() / 1_000 * terms.rules.report_share;
        let share = Amount::new(share).expect("a part of an amount").min(validator.stake);
        let next = self.beacon().map(|beacon| beacon.epoch.after(1));
        let exit = validator.exit.into_iter().chain(next).min();
        let burned = minus(validator.stake, share);
        let record = Validator { stake: Amount::ZERO, slashed: true, exit, ..validator };
        Ok(Step::Slash(address, record, burned, (report.from.address(), share)))
    }

    pub(super) fn put_validator(&mut self, address: Address, validator: Validator) {
        if self.validator(&address).is_none() {
            let mut all = self.registry();
            let at = all.partition_point(|other| *other < address);
            all.insert(at, address);
            self.put(StateKey::Registry, StateValue::Registry(all));
        }
        self.put(StateKey::Validator(address), StateValue::Validator(Box::new(validator)));
    }

    pub(super) fn remove_validator(&mut self, address: &Address) {
        let rest = self.registry().into_iter().filter(|other| other != address).collect();
        self.put(StateKey::Registry, StateValue::Registry(rest));
        self.drop_record(StateKey::Validator(*address));
    }
}

/// The number of the first secret of a validator whose deposit has this nonce.
pub fn first_secret(nonce: Nonce) -> u64 {
    nonce.0 << 32
}

/// The rules of a transaction of stake that need no ledger.
///
/// # Errors
/// [`StakeError::VoteWithFee`], [`StakeError::BadVote`] or [`StakeError::NoOffence`].
pub(in crate::chain) fn check_terms(action: &Action, fee: Amount) -> Result<(), StakeError> {
    match action {
        Action::Attest(_) if fee > Amount::ZERO => Err(StakeError::VoteWithFee { fee }),
        Action::Attest(attestation) => {
            let Vote { slot, source: from, target: to, .. } = attestation.vote;
            let forward = from.epoch < to.epoch || (from == to && to.epoch.0 == 0);
            if forward { Ok(()) } else { Err(StakeError::BadVote { slot, from: from.epoch, to: to.epoch }) }
        }
        Action::Report(report) => report.offence.kind().map(drop).ok_or(StakeError::NoOffence),
        _ => Ok(()),
    }
}
