//! The parameters of proof of stake.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::primitives::{Amount, Epoch, Hash, PublicKey, Slot, Tag, Timestamp};

const SALT: Tag = Tag::new("tabchain/stake-terms");

/// What seals blocks, and what decides between branches.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Consensus {
    /// Proof of work: the most cumulative work.
    #[default]
    Work,
    /// Proof of stake: the votes of validators, from the last justified checkpoint on.
    Stake(StakeRules),
}

/// Parameters of proof of stake. A slot lasts [`super::super::Rules::block_interval`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct StakeRules {
    /// Slots of an epoch, 2 ..= 256.
    pub epoch_slots: u64,
    /// Base units below which nobody is a validator, at least 1.
    pub minimum_stake: Amount,
    /// Epochs without finality after which validators that do not vote begin to lose stake, 2 ..= 2^20.
    pub leak_after: u64,
    /// In each epoch of the leak, such a validator loses its stake times the epochs since the last finality, divided by this: 16 ..= 2^40. By half after some
    /// √(1.4 × this) epochs.
    pub leak_quotient: u64,
    /// Epochs for which a checkpoint that somebody was told can be relied on, 2 ..= 2^20: a node that was away for longer must be told a newer one.
    pub weak_subjectivity: u64,
    /// Epochs that remain after it to bring evidence, 1 ..= 2^20. Stake is paid out after both.
    pub evidence_epochs: u64,
    /// How much of what is taken from an offender goes to whoever proves the offence, in thousandths, 0 ..= 1,000. The rest is burned.
    pub report_share: u64,
}

/// A validator from the beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisValidator {
    /// Its key.
    pub key: PublicKey,
    /// Base units.
    pub stake: Amount,
    /// [`crate::primitives::Reveal::commitment`] of the first secret that it will reveal.
    pub commitment: Hash,
}

/// What a ledger of stake has to know of its chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct StakeTerms {
    /// The parameters.
    pub rules: StakeRules,
    /// When slot 0 begins: the time of the genesis block.
    pub begins: Timestamp,
    /// Milliseconds of a slot.
    pub interval: u64,
}

impl Default for StakeRules {
    fn default() -> Self {
        Self {
            epoch_slots: 8,
            minimum_stake: Amount::literal(10_000),
            leak_after: 4,
            leak_quotient: 65_536,
            weak_subjectivity: 48,
            evidence_epochs: 16,
            report_share: 50,
        }
    }
}

impl Consensus {
    /// Whether work seals blocks.
    pub const fn is_work(&self) -> bool {
        matches!(self, Self::Work)
    }

    /// Its stable name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Work => "pow",
            Self::Stake(_) => "pos",
        }
    }

    /// Each parameter by its name in JSON, with what is allowed.
    pub(in crate::chain) fn ranges(&self) -> Vec<(&'static str, u64, u64, u64)> {
        match self {
            Self::Work => Vec::new(),
            Self::Stake(rules) => rules.ranges().into(),
        }
    }
}

impl StakeRules {
    fn ranges(&self) -> [(&'static str, u64, u64, u64); 7] {
        [
            ("consensus.epochSlots", self.epoch_slots, 2, 256),
            ("consensus.minimumStake", self.minimum_stake.units(), 1, Amount::MAX.units()),
            ("consensus.leakAfter", self.leak_after, 2, 1 << 20),
            ("consensus.leakQuotient", self.leak_quotient, 16, 1 << 40),
            ("consensus.weakSubjectivity", self.weak_subjectivity, 2, 1 << 20),
            ("consensus.evidenceEpochs", self.evidence_epochs, 1, 1 << 20),
            ("consensus.reportShare", self.report_share, 0, 1_000),
        ]
    }

    /// Epochs between a validator's last duty and its payout.
    pub fn unstake_epochs(&self) -> u64 {
        self.weak_subjectivity + self.evidence_epochs
    }

    /// The epoch of a slot.
    pub fn epoch_of(&self, slot: Slot) -> Epoch {
        Epoch(slot.0 / self.epoch_slots)
    }

    /// The first slot of an epoch.
    pub fn first_slot(&self, epoch: Epoch) -> Slot {
        Slot(epoch.0.saturating_mul(self.epoch_slots))
    }
}

impl StakeTerms {
    /// What tells the secrets of validators here from those of other chains. The genesis block's id cannot: it commits to them.
    pub fn salt(&self) -> Hash {
        SALT.hash_of(self)
    }

    /// The slot that has begun last.
    pub fn slot_at(&self, time: Timestamp) -> Slot {
        Slot(time.since(self.begins) / self.interval)
    }

    /// When a slot begins.
    pub fn begin_of(&self, slot: Slot) -> Timestamp {
        self.begins.after(slot.0.saturating_mul(self.interval))
    }

    /// The slot that begins exactly then.
    pub fn slot_of(&self, time: Timestamp) -> Option<Slot> {
        let slot = self.slot_at(time);
        (self.begin_of(slot) == time).then_some(slot)
    }

    /// The epoch of a time.
    pub fn epoch_at(&self, time: Timestamp) -> Epoch {
        self.rules.epoch_of(self.slot_at(time))
    }
}
