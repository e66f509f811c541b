//! What the ledger of a staked chain holds: validators, the randomness and checkpoints of the beacon, committees and who of them has voted.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use super::StakeTerms;
use crate::{
    chain::{StateKey, StateValue},
    primitives::{Address, Amount, Checkpoint, Epoch, Hash, PublicKey, Slot, Tag},
};

const LEADER: Tag = Tag::new("tabchain/leader");
const ORDER: Tag = Tag::new("tabchain/committee-order");

/// Somebody with a stake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Validator {
    /// Its key.
    pub key: PublicKey,
    /// Base units locked.
    pub stake: Amount,
    /// What its next reveal is held against.
    pub commitment: Hash,
    /// Which of its secrets was the first: 2^32 for each nonce that its account had before, so that whoever comes back begins with new ones.
    pub first_secret: u64,
    /// How many it has revealed.
    pub reveals: u64,
    /// The epoch after its last; nothing while it stays.
    pub exit: Option<Epoch>,
    /// Whether it lost its stake for an offence.
    pub slashed: bool,
}

/// Where a staked chain stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Beacon {
    /// The slot of the block.
    pub slot: Slot,
    /// Its epoch.
    pub epoch: Epoch,
    /// All reveals so far, mixed.
    pub mix: Hash,
    /// The checkpoints of the epoch before and of this one.
    pub checkpoints: [Checkpoint; 2],
    /// The latest justified checkpoint at the end of the epoch before the last, and of the last.
    pub justified: [Checkpoint; 2],
    /// The latest finalised one.
    pub finalized: Checkpoint,
    /// Which of the last four epochs' checkpoints are justified, the lowest bit the last one's.
    pub bits: u8,
    /// Base units that are gone for good.
    pub burned: Amount,
}

/// Who has duties in an epoch, and the randomness that gives them out. Fixed an epoch before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct Committee {
    /// The randomness.
    pub seed: Hash,
    /// In the order in which they vote: the first in the first slot, the second in the second, and round again.
    pub members: Vec<Member>,
}

/// A validator for an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct Member {
    /// Its account.
    pub address: Address,
    /// Base units that it counts for.
    pub stake: Amount,
}

/// What is read of a ledger with changes under way.
pub(in crate::chain) trait Records {
    /// A place.
    fn read(&self, key: &StateKey) -> Option<StateValue>;

    /// The parameters; nothing on a chain of work.
    fn terms(&self) -> Option<StakeTerms> {
        match self.read(&StateKey::StakeTerms) {
            Some(StateValue::StakeTerms(terms)) => Some(terms),
            _ => None,
        }
    }

    /// Where the chain stands.
    fn beacon(&self) -> Option<Beacon> {
        match self.read(&StateKey::Beacon) {
            Some(StateValue::Beacon(beacon)) => Some(*beacon),
            _ => None,
        }
    }

    /// A validator.
    fn validator(&self, address: &Address) -> Option<Validator> {
        match self.read(&StateKey::Validator(*address)) {
            Some(StateValue::Validator(validator)) => Some(*validator),
            _ => None,
        }
    }

    /// The addresses of all validators, in order.
    fn registry(&self) -> Vec<Address> {
        match self.read(&StateKey::Registry) {
            Some(StateValue::Registry(addresses)) => addresses,
            _ => Vec::new(),
        }
    }

    /// Who has duties in an epoch, if that is the last, this or the next.
    fn committee(&self, epoch: Epoch) -> Option<Committee> {
        match self.read(&StateKey::Committee(epoch)) {
            Some(StateValue::Committee(committee)) => Some(committee),
            _ => None,
        }
    }

    /// Which members of an epoch's committee have voted, a bit each.
    fn voted(&self, epoch: Epoch) -> Vec<u8> {
        match self.read(&StateKey::Voted(epoch)) {
            Some(StateValue::Voted(bits)) => bits,
            _ => Vec::new(),
        }
    }
}

impl Validator {
    /// Whether it has duties in an epoch for which members are drawn.
    pub fn serves(&self, epoch: Epoch, minimum: Amount) -> bool {
        !self.slashed && self.stake >= minimum && self.exit.is_none_or(|exit| epoch < exit)
    }
}

impl Committee {
    /// Draws the order of members by what `seed` says of each.
    pub fn new(seed: Hash, members: impl IntoIterator<Item = Member>) -> Self {
        let mut placed: Vec<(Hash, Member)> =
            members.into_iter().map(|member| (ORDER.hash_of(&(seed, member.address)), member)).collect();
        placed.sort_unstable_by_key(|(place, _)| *place);
        Self { seed, members: placed.into_iter().map(|(_, member)| member).collect() }
    }

    /// Base units of all.
    pub fn total(&self) -> u64 {
        self.members.iter().map(|member| member.stake.units()).sum()
    }

    /// Who leads a slot: each with the probability of its share.
    pub fn leader(&self, slot: Slot) -> Option<Address> {
        let draw = LEADER.hash_of(&(self.seed, slot)).0;
        let draw = u128::from_be_bytes(draw[..16].try_into().expect("sixteen bytes"));
        // The bias of the remainder is below 2^-75.
        let mut left = draw.checked_rem(u128::from(self.total()))?;
        for member in &self.members {
            match left.checked_sub(u128::from(member.stake.units())) {
                Some(less) => left = less,
                None => return Some(member.address),
            }
        }
        None
    }

    /// A member's place.
    pub fn place(&self, address: &Address) -> Option<usize> {
        self.members.iter().position(|member| member.address == *address)
    }

    /// How many slots after the first of the epoch the member at a place votes.
    pub const fn turn(place: usize, epoch_slots: u64) -> u64 {
        place as u64 % epoch_slots
    }
}

/// Whether a bit is set.
pub(super) fn has_bit(bits: &[u8], place: usize) -> bool {
    bits.get(place / 8).is_some_and(|byte| byte >> (place % 8) & 1 == 1)
}

/// The same with one more bit.
pub(super) fn with_bit(mut bits: Vec<u8>, place: usize) -> Vec<u8> {
    bits.resize(bits.len().max(place / 8 + 1), 0);
    bits[place / 8] |= 1 << (place % 8);
    bits
}
