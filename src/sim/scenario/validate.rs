//! What a scenario may say, beyond what JSON can.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    LinkQuality, MAX_ALLOCATIONS, MAX_HASH_RATE, MAX_LINKS, MAX_NAME, MAX_NODES, MAX_SCRIPT, MAX_TIME, NodeConfig,
    SCENARIO_VERSION, Scenario, ScenarioError, Workload, problem,
};
use crate::{
    chain::RulesError,
    gossip::MAX_PEERS,
    primitives::{Amount, ordered},
    sim::Action,
};

impl Scenario {
    /// Checks everything that JSON cannot say.
    ///
    /// # Errors
    /// The first [`ScenarioError`].
    pub fn validate(&self) -> Result<(), ScenarioError> {
        if self.version != SCENARIO_VERSION {
            return Err(problem("version", format!("is {}, this program reads {SCENARIO_VERSION}", self.version)));
        }
        within("name", self.name.chars().count(), 0, 200)?;
        let least = usize::from(self.config.allocations.is_none());
        within("config.begins", self.config.begins.0, 0, MAX_TIME.0)?;
        within("config.nodes", self.config.nodes.len(), least, MAX_NODES)?;
        let allocations = self.config.allocations.as_ref().map_or(0, BTreeMap::len);
        within("config.allocations", allocations, 0, MAX_ALLOCATIONS)?;
        within("config.links", self.config.links.len(), 0, MAX_LINKS)?;
        within("script", self.script.len(), 0, MAX_SCRIPT)?;
        self.validate_nodes()?;
        self.validate_links()?;
        self.config.workload.validate("config.workload")?;
        self.genesis().validate().map_err(|error| match error {
            RulesError::OutOfRange { field, value, min, max } => {
                problem(&format!("config.rules.{field}"), format!("is {value}, allowed are {min} to {max}"))
            }
            RulesError::SupplyCap => problem("config.rules.subsidy", error),
            RulesError::Validators { .. } => problem("config.nodes", error),
            RulesError::Validator { index, .. } => problem(&self.staker(index), error),
        })?;
        self.validate_script()
    }

    fn validate_nodes(&self) -> Result<(), ScenarioError> {
        let (mut names, mut keys) = (BTreeSet::new(), BTreeSet::new());
        for (index, node) in self.config.nodes.iter().enumerate() {
            node.validate(&format!("config.nodes[{index}]"))?;
            if self.config.allocations.is_some() && node.balance > Amount::ZERO {
                let what = format!("is {}, but config.allocations says who owns what", node.balance);
                return Err(problem(&format!("config.nodes[{index}].balance"), what));
            }
            if !names.insert(&node.name) {
                return Err(problem(&format!("config.nodes[{index}].name"), format!("{:?} is taken", node.name)));
            }
            if node.key.is_some() && !keys.insert(self.address(node)) {
                return Err(problem(&format!("config.nodes[{index}].key"), "is another node's"));
            }
        }
        Ok(())
    }

    fn validate_links(&self) -> Result<(), ScenarioError> {
        let names: BTreeSet<&String> = ordered(self.config.nodes.iter().map(|node| &node.name));
        let (mut pairs, mut degrees) = (BTreeSet::new(), BTreeMap::new());
        for (index, link) in self.config.links.iter().enumerate() {
            let path = format!("config.links[{index}]");
            for (end, name) in [("a", &link.a), ("b", &link.b)] {
                if !names.contains(name) {
                    return Err(problem(&format!("{path}.{end}"), format!("no node is named {name:?}")));
                }
            }
            if link.a == link.b {
                return Err(problem(&path, format!("links {:?} with itself", link.a)));
            }
            if !pairs.insert((link.a.as_str().min(&link.b), link.a.as_str().max(&link.b))) {
                return Err(problem(&path, format!("{:?} and {:?} are linked already", link.a, link.b)));
            }
            for name in [&link.a, &link.b] {
                let degree = degrees.entry(name).or_insert(0usize);
                *degree += 1;
                if *degree > MAX_PEERS {
                    return Err(problem(&path, format!("{name:?} has more than {MAX_PEERS} links")));
                }
            }
            link.quality.validate(&format!("{path}.quality"))?;
        }
        Ok(())
    }

    fn validate_script(&self) -> Result<(), ScenarioError> {
        for (index, pair) in self.script.windows(2).enumerate() {
            if pair[1].at.key() < pair[0].at.key() {
                return Err(problem(&format!("script[{}].at", index + 1), "comes before the entry above it"));
            }
        }
        for (index, entry) in self.script.iter().enumerate() {
            match &entry.action {
                Action::Partition { nodes } => {
                    within(&format!("script[{index}].action.nodes"), nodes.len(), 0, MAX_NODES)?;
                }
                Action::AddNode { links, .. } => {
                    within(&format!("script[{index}].action.links"), links.len(), 0, MAX_NODES)?;
                }
                _ => {}
            }
            if entry.at.key().time > self.end() {
                return Err(problem(
                    &format!("script[{index}].at"),
                    format!("is later than {} ms, the end of time", self.end()),
                ));
            }
        }
        Ok(())
    }
}

impl NodeConfig {
    /// Checks name, hash power and key.
    ///
    /// # Errors
    /// [`ScenarioError`] at `path`.
    pub fn validate(&self, path: &str) -> Result<(), ScenarioError> {
        let characters = self.name.chars().count();
        if characters == 0
            || characters > MAX_NAME
            || self.name.chars().any(char::is_control)
            || self.name.trim() != self.name
        {
            let what = format!(
                "{:?} is not 1 to {MAX_NAME} printable characters",
                self.name.chars().take(80).collect::<String>()
            );
            return Err(problem(&format!("{path}.name"), what));
        }
        if let Some(key) = &self.key {
            key.validate(&format!("{path}.key"))?;
        }
        within(&format!("{path}.hashRate"), self.hash_rate, 0, MAX_HASH_RATE)
    }
}

impl LinkQuality {
    /// Checks every range.
    ///
    /// # Errors
    /// [`ScenarioError`] at `path`.
    pub fn validate(&self, path: &str) -> Result<(), ScenarioError> {
        within(&format!("{path}.latency"), self.latency, 1, 60_000)?;
        within(&format!("{path}.jitter"), self.jitter, 0, 60_000)?;
        within(&format!("{path}.loss"), self.loss, 0, 1_000_000)
    }
}

impl Workload {
    /// Checks the rate.
    ///
    /// # Errors
    /// [`ScenarioError`] at `path`.
    pub fn validate(&self, path: &str) -> Result<(), ScenarioError> {
        within(&format!("{path}.transfersPerHour"), self.transfers_per_hour, 0, 36_000)?;
        within(&format!("{path}.sendsPerHour"), self.sends_per_hour, 0, 36_000)?;
        within(&format!("{path}.paymentsPerHour"), self.payments_per_hour, 0, 36_000)
    }
}

fn within<T: PartialOrd + std::fmt::Display>(path: &str, value: T, min: T, max: T) -> Result<(), ScenarioError> {
    if value < min || value > max {
        return Err(problem(path, format!("is {value}, allowed are {min} to {max}")));
    }
    Ok(())
}
