//! A scenario: everything that determines a run, as JSON.

mod validate;

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use super::{NodeKey, ScriptEntry, place, random::derive};
use crate::{
    chain::{Genesis, GenesisValidator, Rules},
    node::Keyring,
    primitives::{Address, Amount, Reveal, SecretKey, Timestamp},
};

/// The version of the scenario format.
pub const SCENARIO_VERSION: u32 = 1;
/// Bytes of a scenario or capsule that are read at all.
pub const MAX_SCENARIO_BYTES: usize = 4 << 20;
/// Nodes of one world.
pub const MAX_NODES: usize = 1_000;
/// Links of one world.
const MAX_LINKS: usize = 10_000;
/// Entries of one script.
pub const MAX_SCRIPT: usize = 100_000;
/// Accounts that own something at genesis by `allocations`.
pub const MAX_ALLOCATIONS: usize = 4_000;
/// Characters of a node's name.
const MAX_NAME: usize = 32;
/// Hashes per virtual second of one node.
const MAX_HASH_RATE: u32 = 10_000_000;
/// The end of all time: the year 2100, for runs on a chain that counts as Unix does.
pub const MAX_TIME: Timestamp = Timestamp(4_102_444_800_000);
/// Virtual milliseconds of a run: about eleven days.
pub const MAX_LENGTH: u64 = 1_000_000_000;

/// A run, before it is run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scenario {
    /// [`SCENARIO_VERSION`].
    pub version: u32,
    /// A title for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Where all randomness comes from; a decimal string in JSON.
    #[serde(with = "decimal")]
    pub seed: u64,
    /// The network at the beginning.
    pub config: Config,
    /// What is done to it, in order.
    #[serde(default)]
    pub script: Vec<ScriptEntry>,
}

/// The network at the beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// The chain's rules.
    #[serde(default)]
    pub rules: Rules,
    /// The timestamp of the genesis block, when time begins: 0, but for a network that joins a chain which counts from elsewhere.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub begins: Timestamp,
    /// What accounts own at genesis, for a network that joins the chain of another; then its own nodes begin with nothing. Without this,
    /// their balances say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocations: Option<BTreeMap<Address, Amount>>,
    /// Who has staked what at genesis besides its own nodes, for the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validators: Vec<GenesisValidator>,
    /// The nodes; with `allocations` there may be none, to be added by the script.
    pub nodes: Vec<NodeConfig>,
    /// Who is connected to whom.
    #[serde(default)]
    pub links: Vec<LinkConfig>,
    /// Transfers made by themselves.
    #[serde(default)]
    pub workload: Workload,
}

/// One node.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodeConfig {
    /// 1 to 32 characters, unique. Its key and random stream come from it and the seed.
    pub name: String,
    /// Hashes per virtual second, 0 for a node that does not mine.
    #[serde(default)]
    pub hash_rate: u32,
    /// Base units it owns at genesis. A node added later owns nothing.
    #[serde(default)]
    pub balance: Amount,
    /// Base units that it has staked at genesis, besides: on a chain of stake it is a validator from the beginning. Nothing for a node added later.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub stake: Amount,
    /// What it signs with, if not Ed25519 from the seed and its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<NodeKey>,
}

/// One link between two nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LinkConfig {
    /// One end.
    pub a: String,
    /// The other end.
    pub b: String,
    /// How it behaves.
    #[serde(default)]
    pub quality: LinkQuality,
}

/// How a link behaves, the same in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LinkQuality {
    /// Milliseconds every message takes, 1 ..= 60,000.
    pub latency: u32,
    /// Up to so many milliseconds more, 0 ..= 60,000.
    pub jitter: u32,
    /// Bytes per second, 0 for no limit.
    pub bandwidth: u32,
    /// Messages lost in a million, 0 ..= 1,000,000.
    pub loss: u32,
}

/// What nodes do by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Workload {
    /// Transfers per virtual hour that each node makes on average, 0 ..= 36,000.
    pub transfers_per_hour: u32,
    /// Payments per virtual hour that each node makes on average through its channels, 0 ..= 36,000.
    pub payments_per_hour: u32,
    /// Payments per virtual hour that each node makes on average over whatever route it finds, if it has a channel, to others that have one, 0 ..= 36,000.
    pub sends_per_hour: u32,
}

/// What is wrong with a scenario, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct ScenarioError {
    /// The place, as in `config.links[3].a`.
    pub path: String,
    /// What is wrong, with the values.
    pub problem: String,
    /// The line where reading ended, from 1; nothing if all could be read.
    pub line: Option<usize>,
}

impl ScenarioError {
    /// The number of the line, from 1, where the place stands in the text that was read.
    pub fn line_in(&self, text: &str) -> usize {
        self.line.unwrap_or_else(|| place::line_of(text, &self.path))
    }
}

impl Default for LinkQuality {
    fn default() -> Self {
        Self { latency: 50, jitter: 0, bandwidth: 0, loss: 0 }
    }
}

impl Scenario {
    /// Reads and checks a scenario.
    ///
    /// # Errors
    /// [`ScenarioError`] that names the place and the values.
    pub fn from_json(text: &str) -> Result<Self, ScenarioError> {
        if text.len() > MAX_SCENARIO_BYTES {
            return Err(problem(
                "scenario",
                format!("has {} bytes, at most {MAX_SCENARIO_BYTES} are read", text.len()),
            ));
        }
        let scenario: Self = serde_json::from_str(text).map_err(|error| unread(text, &error))?;
        scenario.validate()?;
        Ok(scenario)
    }

    /// The genesis block's contents: the rules, and what each node owns.
    pub fn genesis(&self) -> Genesis {
        let mut allocations = self.config.allocations.clone().unwrap_or_default();
        for node in &self.config.nodes {
            if node.balance > Amount::ZERO {
                allocations.insert(self.address(node), node.balance);
            }
        }
        let mut genesis = Genesis {
            rules: self.config.rules.clone(),
            timestamp: self.config.begins,
            allocations,
            validators: self.config.validators.clone(),
        };
        if let Some(terms) = genesis.stake_terms() {
            let stakers = self.config.nodes.iter().filter(|node| node.stake > Amount::ZERO);
            genesis.validators.extend(stakers.map(|node| {
                let keyring = self.keyring(&node.name, node.key.as_ref());
                let commitment = Reveal::promise(keyring.key(), &terms.salt(), 0);
                GenesisValidator { key: keyring.public(), stake: node.stake, commitment }
            }));
        }
        genesis
    }

    /// The place of the validator of a number in [`Scenario::genesis`].
    fn staker(&self, index: usize) -> String {
        let mut stakers = self.config.nodes.iter().enumerate().filter(|(_, node)| node.stake > Amount::ZERO);
        let index = index.checked_sub(self.config.validators.len());
        index
            .and_then(|index| stakers.nth(index))
            .map_or("config.validators".to_owned(), |(at, _)| format!("config.nodes[{at}].stake"))
    }

    /// When its first nodes appear.
    pub fn begin(&self) -> Timestamp {
        let first = self.script.first().filter(|_| self.config.nodes.is_empty());
        first.map_or(self.config.begins, |entry| entry.at.key().time)
    }

    /// The latest time that a run of it may reach.
    pub fn end(&self) -> Timestamp {
        self.begin().after(MAX_LENGTH).min(MAX_TIME)
    }

    /// A node's secrets, of its name and the key that it is given.
    ///
    /// # Panics
    /// If that was not validated.
    pub fn keyring(&self, name: &str, key: Option<&NodeKey>) -> Keyring {
        let key = match key {
            Some(given) => given.secret("key").expect("validated before"),
            None => SecretKey::from_seed(derive(self.seed, "key", name)),
        };
        Keyring::new(key, derive(self.seed, "node", name))
    }

    /// A node's account.
    pub fn address(&self, node: &NodeConfig) -> Address {
        self.keyring(&node.name, node.key.as_ref()).public().address()
    }
}

/// What is no scenario at all: the place where reading ended.
fn unread(text: &str, error: &serde_json::Error) -> ScenarioError {
    let path = place::path_at(text, error.line(), error.column());
    let path = if path.is_empty() { "scenario".to_owned() } else { place::bounded(path) };
    ScenarioError { path, problem: place::said(error), line: Some(error.line().max(1)) }
}

pub(super) fn problem(path: &str, problem: impl ToString) -> ScenarioError {
    ScenarioError { path: path.to_owned(), problem: problem.to_string(), line: None }
}

fn is_nothing(amount: &Amount) -> bool {
    *amount == Amount::ZERO
}

fn is_zero(time: &Timestamp) -> bool {
    *time == Timestamp(0)
}

mod decimal {
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|_| de::Error::custom(format!("seed is a decimal number below 2^64 in quotes, not {text:?}")))
    }
}
