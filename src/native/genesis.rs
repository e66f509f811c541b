//! `tabchain genesis`: what a new chain begins with, as a file that all its nodes are given.

use std::time::Duration;

use clap::Args;

use super::{Failure, amount_of, clock::Clock, duration};
use crate::{
    chain::{Consensus, Genesis, GenesisValidator, Rules, StakeRules},
    primitives::{Address, Amount, Hash, Midstate, Reveal, SecretKey, Target, Timestamp},
};

/// Base units that each validator of a new chain for development has staked.
const STAKE: Amount = Amount::literal(1_000_000_000);
/// Hashes that calibration takes: some tens of milliseconds.
const CALIBRATION: u64 = 200_000;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Base units that an account owns at the beginning; may be given often.
    #[arg(long = "allocate", value_name = "ADDRESS=AMOUNT", value_parser = amount_of)]
    allocations: Vec<(Address, Amount)>,
    /// Time between blocks that the chain aims at, 100ms to 1h.
    #[arg(long, default_value = "10s", value_name = "DURATION", value_parser = duration::block_interval)]
    block_interval: u64,
    /// Expected hashes of the first block [default: what this machine does on one thread in one interval].
    #[arg(long, value_name = "HASHES")]
    difficulty: Option<u64>,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let mut genesis = calibrated(options.block_interval);
    genesis.rules.initial_difficulty = options.difficulty.unwrap_or(genesis.rules.initial_difficulty);
    for (address, amount) in &options.allocations {
        let sum = genesis.allocations.entry(*address).or_default();
        *sum = sum.checked_add(*amount).ok_or_else(|| Failure::Input(format!("{address}: too much")))?;
    }
    genesis.validate().map_err(|error| Failure::Input(error.to_string()))?;
    println!("{}", serde_json::to_string_pretty(&genesis).expect("plain data"));
    Ok(())
}

/// The same chain with blocks that stake seals: these accounts are validators from the beginning, each with as much.
pub(super) fn staked<'a>(genesis: Genesis, keys: impl IntoIterator<Item = &'a SecretKey>) -> Genesis {
    let consensus = Consensus::Stake(StakeRules::default());
    // Clocks of machines differ by more than those of a simulation; a slot's block is late rather than early.
    let max_future_drift = 500;
    let rules = Rules { consensus, max_future_drift, ..genesis.rules };
    let mut genesis = Genesis { rules, ..genesis };
    let Some(salt) = genesis.stake_terms().map(|terms| terms.salt()) else {
        return genesis;
    };
    let validator = |key: &SecretKey| {
        let commitment = Reveal::promise(key, &salt, 0);
        GenesisValidator { key: key.public(), stake: STAKE, commitment }
    };
    genesis.validators = keys.into_iter().map(validator).collect();
    genesis
}

/// A chain that begins now, whose first block takes about one interval on one thread of this machine.
pub(super) fn calibrated(block_interval: u64) -> Genesis {
    let clock = Clock::default();
    let began = clock.now();
    // Nothing meets this target, so every nonce is tried.
    let impossible = Target::from_expected_hashes(u64::MAX);
    let _ = std::hint::black_box(Midstate::new(&Hash::ZERO).search(impossible, 0, CALIBRATION));
    let took = Duration::from_millis(clock.now().since(began).max(1));
    let per_second = CALIBRATION * 1_000 / u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    let initial_difficulty = (per_second * block_interval / 1_000).clamp(1, 1 << 40);
    let half_life = (block_interval * 60).max(1_000);
    let rules = Rules { block_interval, half_life, initial_difficulty, ..Rules::default() };
    Genesis { rules, timestamp: Timestamp(clock.now().0), allocations: Default::default(), validators: Vec::new() }
}
