//! What time does to a staked ledger before a block's transactions: epochs that ended are justified, finalised and paid for, and committees drawn.
//!
//! Follows Gasper (Buterin et al., 2020): section 4.5 for justification and finalisation, by the four rules that Ethereum's consensus specification makes of it
//! (`weigh_justification_and_finalization`), and section 8.6 for the inactivity leak.

use super::records::{Beacon, Committee, Member, Records, has_bit};
use super::{Epoch, StakeTerms, Turn, Validator};
use crate::{
    chain::{StateKey, StateValue, draft::Draft},
    primitives::{Address, Amount, BlockId, Checkpoint, Hash, Height, Tag, ordered},
};

const MIX: Tag = Tag::new("tabchain/randomness");
const SEED: Tag = Tag::new("tabchain/committee-seed");
/// Epochs without any block that are worked through one by one; a longer silence counts as one of so many.
const MAX_SILENCE: u64 = 4_096;

impl Draft<'_> {
    /// Brings a staked ledger to the slot of the block above; does nothing on a chain of work.
    pub(in crate::chain) fn begin(&mut self, turn: &Turn) {
        let (Some(terms), Some(beacon)) = (self.terms(), self.beacon()) else {
            return;
        };
        let mut beacon = self.after_genesis(beacon, &turn.parent);
        let epoch = terms.rules.epoch_of(turn.slot);
        let from = beacon.epoch.0.max(epoch.0.saturating_sub(MAX_SILENCE));
        for next in from..epoch.0 {
            beacon = self.next_epoch(&terms, beacon, Epoch(next), Epoch(next + 1), turn.parent);
        }
        beacon.slot = turn.slot;
        if let Some((proposer, reveal)) = &turn.reveals {
            beacon.mix = MIX.hash(&[&beacon.mix.0, &reveal.secret.0]);
            if let Some(validator) = self.validator(proposer) {
                self.put_validator(
                    *proposer,
                    Validator { commitment: reveal.next, reveals: validator.reveals + 1, ..validator },
                );
            }
        }
        self.put(StateKey::Beacon, StateValue::Beacon(Box::new(beacon)));
    }

    /// The genesis block could not name itself.
    fn after_genesis(&self, beacon: Beacon, parent: &BlockId) -> Beacon {
        if self.height() > Height(1) {
            return beacon;
        }
        let first = Checkpoint { epoch: Epoch(0), block: *parent };
        Beacon { checkpoints: [first; 2], justified: [first; 2], finalized: first, ..beacon }
    }

    /// Ends an epoch and begins the next with `parent` as its checkpoint.
    fn next_epoch(&mut self, terms: &StakeTerms, before: Beacon, ended: Epoch, next: Epoch, parent: BlockId) -> Beacon {
        let mut beacon = self.justify(&before, ended);
        beacon.burned = self.leak(terms, &beacon, ended);
        self.release(terms, next);
        let checkpoint = Checkpoint { epoch: next, block: parent };
        beacon.checkpoints = [beacon.checkpoints[1], checkpoint];
        beacon.epoch = next;
        self.forget(ended.before(1));
        let members = self.serving(terms, next.after(1));
        self.put_committee(next.after(1), SEED.hash_of(&(beacon.mix, next.after(1))), members);
        beacon
    }

    /// Justifies the checkpoints for which two thirds have voted, and finalises one that enough justified ones follow.
    pub(super) fn justify(&self, before: &Beacon, ended: Epoch) -> Beacon {
        let mut beacon = before.clone();
        let [older, newer] = before.justified;
        beacon.justified[0] = newer;
        beacon.bits = before.bits << 1 & 0b1111;
        for (bit, checkpoint) in [(1, before.checkpoints[0]), (0, before.checkpoints[1])] {
            // Genesis has both places in the first epoch.
            let its_own = checkpoint.epoch.0 + bit == ended.0;
            if its_own && self.has_two_thirds(checkpoint.epoch) {
                beacon.justified[1] = checkpoint;
                beacon.bits |= 1 << bit;
            }
        }
        let ends = |bits: u8, source: Checkpoint, distance: u64| {
            beacon.bits & bits == bits && source.epoch.0 + distance == ended.0
        };
        if ends(0b1110, older, 3) || ends(0b0110, older, 2) {
            beacon.finalized = beacon.finalized.max(older);
        }
        if ends(0b0111, newer, 2) || ends(0b0011, newer, 1) {
            beacon.finalized = beacon.finalized.max(newer);
        }
        beacon
    }

    /// Whether members with two thirds of an epoch's stake have voted for its checkpoint, of whom none is known as an offender.
    fn has_two_thirds(&self, epoch: Epoch) -> bool {
        let Some(committee) = self.committee(epoch) else {
            return false;
        };
        let votes = self.voted(epoch);
        let honest = |address: &Address| self.validator(address).is_some_and(|validator| !validator.slashed);
        let voting = (committee.members.iter().enumerate())
            .filter(|(place, member)| has_bit(&votes, *place) && honest(&member.address))
            .map(|(_, member)| u128::from(member.stake.units()));
        voting.sum::<u128>() * 3 >= u128::from(committee.total()) * 2 && committee.total() > 0
    }

    /// Takes stake from those who did not vote in the epoch before the last, if nothing was finalised for long; returns all that is burned.
    fn leak(&mut self, terms: &StakeTerms, beacon: &Beacon, ended: Epoch) -> Amount {
        let since = ended.0.saturating_sub(beacon.finalized.epoch.0);
        let late = ended.before(1);
        let mut burned = beacon.burned;
        if since <= terms.rules.leak_after || late == ended {
            return burned;
        }
        let (Some(committee), votes) = (self.committee(late), self.voted(late)) else {
            return burned;
        };
        let silent = committee.members.iter().enumerate().filter(|(place, _)| !has_bit(&votes, *place));
        for (_, member) in silent {
            let Some(validator) = self.validator(&member.address) else {
                continue;
            };
            let loss = u128::from(validator.stake.units()) * u128::from(since) / u128::from(terms.rules.leak_quotient);
            let loss = Amount::new(u64::try_from(loss).unwrap_or(u64::MAX)).unwrap_or(Amount::MAX).min(validator.stake);
            burned = burned.checked_add(loss).expect("what is burned was within the supply");
            self.put_validator(member.address, Validator { stake: minus(validator.stake, loss), ..validator });
        }
        burned
    }

    /// Pays out whoever has waited long enough since its last duty, and sends those away whose stake has become too small.
    fn release(&mut self, terms: &StakeTerms, next: Epoch) {
        let (delay, minimum) = (terms.rules.unstake_epochs(), terms.rules.minimum_stake);
        for address in self.registry() {
            let Some(validator) = self.validator(&address) else {
                continue;
            };
            match validator.exit {
                Some(exit) if exit.after(delay) <= next => {
                    self.remove_validator(&address);
                    self.credit(address, validator.stake);
                }
                None if validator.stake < minimum => {
                    self.put_validator(address, Validator { exit: Some(next.after(2)), ..validator });
                }
                _ => {}
            }
        }
    }

    /// Those who have duties in an epoch, as things stand now.
    fn serving(&self, terms: &StakeTerms, epoch: Epoch) -> Vec<Member> {
        let of = |address: Address| {
            let validator = self.validator(&address)?;
            let serves = validator.serves(epoch, terms.rules.minimum_stake);
            serves.then_some(Member { address, stake: validator.stake })
        };
        self.registry().into_iter().filter_map(of).collect()
    }

    fn put_committee(&mut self, epoch: Epoch, seed: Hash, members: Vec<Member>) {
        self.put(StateKey::Committee(epoch), StateValue::Committee(Committee::new(seed, members)));
    }

    /// Votes for an epoch cannot come any more.
    fn forget(&mut self, epoch: Epoch) {
        self.drop_record(StateKey::Committee(epoch));
        self.drop_record(StateKey::Voted(epoch));
    }
}

/// What is left of an amount.
pub(super) fn minus(amount: Amount, less: Amount) -> Amount {
    amount.checked_sub(less).unwrap_or(Amount::ZERO)
}

/// The records of a chain that begins with these validators, and what they lock.
pub(in crate::chain) fn first_records(
    terms: StakeTerms,
    validators: &[super::GenesisValidator],
) -> Vec<(StateKey, StateValue)> {
    let of = |validator: &super::GenesisValidator| {
        let record = Validator {
            key: validator.key.clone(),
            stake: validator.stake,
            commitment: validator.commitment,
            first_secret: 0,
            reveals: 0,
            exit: None,
            slashed: false,
        };
        (validator.key.address(), record)
    };
    let all: std::collections::BTreeMap<Address, Validator> = ordered(validators.iter().map(of));
    let members = || all.iter().map(|(address, validator)| Member { address: *address, stake: validator.stake });
    let committees = [Epoch(0), Epoch(1)].map(|epoch| {
        let committee = Committee::new(SEED.hash_of(&(Hash::ZERO, epoch)), members());
        (StateKey::Committee(epoch), StateValue::Committee(committee))
    });
    let records = all.iter().map(|(address, validator)| {
        (StateKey::Validator(*address), StateValue::Validator(Box::new(validator.clone())))
    });
    let registry = StateValue::Registry(all.keys().copied().collect());
    let single = [
        (StateKey::StakeTerms, StateValue::StakeTerms(terms)),
        (StateKey::Beacon, StateValue::Beacon(Box::default())),
        (StateKey::Registry, registry),
    ];
    records.chain(committees).chain(single).collect()
}
