//! The rules of a chain, as a value; and the genesis block that commits to them.

use std::collections::{BTreeMap, BTreeSet};

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use super::{Consensus, GenesisValidator, Ledger, MAX_VALIDATORS, StakeTerms};
use crate::primitives::{
    Address, Amount, Block, Coinbase, Hash, Header, Height, MAX_AMOUNT, Seal, Tag, Target, Timestamp, UnsealedHeader,
    encode, merkle,
};

const BURNED: Tag = Tag::new("tabchain/nobody");

/// The version every header carries.
pub const VERSION: u32 = 1;

/// Consensus parameters. Chains with different rules have different genesis hashes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Rules {
    /// Milliseconds between blocks that the retarget aims at, 100 ..= 3,600,000.
    pub block_interval: u64,
    /// Milliseconds ahead of or behind schedule that halve or double the target (ASERT's τ), 1,000 ..= 2^40.
    pub half_life: u64,
    /// Expected hashes of the first block, 1 ..= 2^40.
    pub initial_difficulty: u64,
    /// Base units a block creates before the first halving.
    pub subsidy: Amount,
    /// Blocks after which the subsidy halves, 1 ..= 2^32.
    pub halving_interval: u64,
    /// Most bytes of an encoded block, 5,000 ..= 4,000,000: any settlement of a channel fits, also one with sixty HTLCs.
    pub max_block_bytes: u32,
    /// Milliseconds a block may lie ahead of a node's clock before it is held back, 0 ..= 7,200,000.
    pub max_future_drift: u64,
    /// What seals blocks. Proof of stake has no use for `half_life` and `initial_difficulty`.
    #[borsh(skip)]
    #[serde(skip_serializing_if = "Consensus::is_work")]
    pub consensus: Consensus,
}

/// Everything the first block commits to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Genesis {
    /// The rules.
    pub rules: Rules,
    /// When the chain begins.
    pub timestamp: Timestamp,
    /// Who owns what at the beginning.
    pub allocations: BTreeMap<Address, Amount>,
    /// Who has staked what at the beginning, besides; nobody on a chain of work.
    #[borsh(skip)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validators: Vec<GenesisValidator>,
}

/// A parameter out of its range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// One number out of range.
    #[error("{field} is {value}, allowed are {min} to {max}")]
    OutOfRange {
        /// Its name in JSON.
        field: &'static str,
        /// What was given.
        value: u64,
        /// The least allowed.
        min: u64,
        /// The most allowed.
        max: u64,
    },
    /// Allocations and all subsidies together would exceed the supply cap.
    #[error("allocations, stakes and subsidies add up to more than {MAX_AMOUNT}")]
    SupplyCap,
    /// A chain of stake begins with validators, one of work with none.
    #[error("{count} validators, allowed are {min} to {max}")]
    Validators {
        /// How many there are.
        count: usize,
        /// The least.
        min: usize,
        /// The most.
        max: usize,
    },
    /// A validator from the beginning is listed twice, or has too little.
    #[error("validator {index} is listed twice, or its stake {stake} is less than {minimum}")]
    Validator {
        /// Its place, from 0.
        index: usize,
        /// Base units.
        stake: Amount,
        /// The rule.
        minimum: Amount,
    },
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            block_interval: 10_000,
            half_life: 600_000,
            initial_difficulty: 60_000,
            subsidy: Amount::literal(50_000),
            halving_interval: 210_000,
            max_block_bytes: 100_000,
            max_future_drift: 20_000,
            consensus: Consensus::Work,
        }
    }
}

impl Rules {
    /// Base units the block at `height` creates: halved every [`Rules::halving_interval`] blocks, none for genesis.
    pub fn subsidy_at(&self, height: Height) -> Amount {
        if height == Height(0) {
            return Amount::ZERO;
        }
        let halvings = u32::try_from((height.0 - 1) / self.halving_interval).unwrap_or(u32::MAX);
        let units = self.subsidy.units().checked_shr(halvings).unwrap_or(0);
        Amount::new(units).expect("a halved amount is still in range")
    }

    /// The target of the genesis block: where stake seals blocks, they need no work.
    pub fn first_target(&self) -> Target {
        match self.consensus {
            Consensus::Work => Target::from_expected_hashes(self.initial_difficulty),
            Consensus::Stake(_) => Target::MAX,
        }
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`RulesError`] naming the first field that is out of range.
    pub fn validate(&self) -> Result<(), RulesError> {
        let ranges = [
            ("blockInterval", self.block_interval, 100, 3_600_000),
            ("halfLife", self.half_life, 1_000, 1 << 40),
            ("initialDifficulty", self.initial_difficulty, 1, 1 << 40),
            ("halvingInterval", self.halving_interval, 1, 1 << 32),
            ("maxBlockBytes", u64::from(self.max_block_bytes), 5_000, 4_000_000),
            ("maxFutureDrift", self.max_future_drift, 0, 7_200_000),
        ];
        for (field, value, min, max) in ranges.into_iter().chain(self.consensus.ranges()) {
            if value < min || value > max {
                return Err(RulesError::OutOfRange { field, value, min, max });
            }
        }
        Ok(())
    }
}

impl Genesis {
    /// Checks the rules, and that no schedule of blocks can exceed the supply cap.
    ///
    /// # Errors
    /// [`RulesError`] naming what is out of range.
    pub fn validate(&self) -> Result<(), RulesError> {
        self.rules.validate()?;
        self.validate_validators()?;
        let stakes = self.validators.iter().map(|validator| validator.stake);
        let allocated = Amount::checked_sum(self.allocations.values().copied().chain(stakes));
        let allocated = allocated.ok_or(RulesError::SupplyCap)?;
        // Σ subsidy · interval / 2^k < 2 · subsidy · interval.
        let subsidies =
            self.rules.subsidy.units().checked_mul(self.rules.halving_interval).and_then(|units| units.checked_mul(2));
        match subsidies.and_then(|units| units.checked_add(allocated.units())) {
            Some(total) if total <= MAX_AMOUNT => Ok(()),
            _ => Err(RulesError::SupplyCap),
        }
    }

    /// The ledger before the first mined block.
    pub fn ledger(&self) -> Ledger {
        let ledger = Ledger::with_allocations(&self.allocations);
        match self.stake_terms() {
            None => ledger,
            Some(terms) => ledger.with_validators(terms, &self.validators),
        }
    }

    /// Parameters and times of a chain of stake; nothing on one of work.
    pub fn stake_terms(&self) -> Option<StakeTerms> {
        let Consensus::Stake(rules) = &self.rules.consensus else {
            return None;
        };
        Some(StakeTerms { rules: rules.clone(), begins: self.timestamp, interval: self.rules.block_interval })
    }

    fn validate_validators(&self) -> Result<(), RulesError> {
        let (count, (min, max), minimum) = match &self.rules.consensus {
            Consensus::Work => (self.validators.len(), (0, 0), Amount::ZERO),
            Consensus::Stake(rules) => (self.validators.len(), (1, MAX_VALIDATORS), rules.minimum_stake),
        };
        if count < min || count > max {
            return Err(RulesError::Validators { count, min, max });
        }
        let mut seen = BTreeSet::new();
        for (index, GenesisValidator { key, stake, .. }) in self.validators.iter().enumerate() {
            if !seen.insert(key) || *stake < minimum {
                return Err(RulesError::Validator { index, stake: *stake, minimum });
            }
        }
        Ok(())
    }

    /// What the genesis block commits to.
    fn commitment(&self) -> Hash {
        let stakes = match &self.rules.consensus {
            Consensus::Work => Vec::new(),
            Consensus::Stake(rules) => encode(&(rules, &self.validators)),
        };
        merkle::leaf_hash(&[encode(self), stakes].concat())
    }

    /// The genesis block. Its Merkle root commits to these rules and allocations, so its id names the chain.
    pub fn block(&self) -> Block {
        let unsealed = UnsealedHeader {
            version: VERSION,
            parent: Hash::ZERO,
            height: Height(0),
            merkle_root: self.commitment(),
            state_root: self.ledger().root(),
            timestamp: self.timestamp,
            target: self.rules.first_target(),
        };
        Block {
            header: Header { unsealed, seal: Seal::Work { nonce: 0 } },
            coinbase: Coinbase { to: nobody(), amount: Amount::ZERO },
            transactions: Vec::new(),
        }
    }
}

/// An address to which nobody has the key.
pub(super) fn nobody() -> Address {
    crate::primitives::PublicKey::Ed25519(BURNED.hash(&[]).0).address()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subsidy_halves_and_ends() {
        let rules = Rules { subsidy: Amount::literal(50), halving_interval: 10, ..Rules::default() };
        let at = |height| rules.subsidy_at(Height(height)).units();
        assert_eq!([at(0), at(1), at(10), at(11), at(20), at(21), at(61), at(u64::MAX)], [0, 50, 50, 25, 25, 12, 0, 0]);
    }

    #[test]
    fn ranges_are_checked_and_named() {
        assert_eq!(Rules::default().validate(), Ok(()));
        let bad = Rules { half_life: 10, ..Rules::default() };
        assert_eq!(
            bad.validate().map_err(|error| error.to_string()),
            Err("halfLife is 10, allowed are 1000 to 1099511627776".into())
        );
        let rich = Genesis {
            rules: Rules { subsidy: Amount::MAX, ..Rules::default() },
            timestamp: Timestamp(0),
            allocations: BTreeMap::new(),
            validators: Vec::new(),
        };
        assert_eq!(rich.validate(), Err(RulesError::SupplyCap));
    }
}
