//! What can be done to a world: checked first, then carried out.

use std::collections::BTreeSet;

use super::{
    Action, Deed, LinkQuality, LogEntry, MAX_NODES, NodeConfig, NodeIndex, Position, ScenarioError, ScriptEntry, Step,
    Workload, World, publish::publishable, scenario::problem,
};
use crate::{
    chain::PoolError,
    gossip::MAX_PEERS,
    node::{ChannelRefusal, Command, Node, PaymentRefusal, Transfer},
    primitives::{Checkpoint, ordered},
};

/// Why an action cannot be done. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActionError {
    /// A name that no node has.
    #[error("no node is named {0:?}")]
    UnknownNode(String),
    /// Two nodes without a link.
    #[error("{0:?} and {1:?} are not linked")]
    NotLinked(String, String),
    /// The node is off.
    #[error("{0:?} is off")]
    Off(String),
    /// The node is on.
    #[error("{0:?} is on already")]
    On(String),
    /// The name is taken.
    #[error("a node is named {0:?} already")]
    NameTaken(String),
    /// A node would have too many peers.
    #[error("{0:?} would have more than {MAX_PEERS} links")]
    TooManyLinks(String),
    /// A name is listed twice.
    #[error("{0:?} is listed twice")]
    Twice(String),
    /// No connection to a node of another tab.
    #[error("{0:?} is not connected with node {1} of another tab")]
    NoRemote(String, u32),
    /// A number or account that cannot be the next node of another tab.
    #[error("node {0} of another tab is known already, or not the next one")]
    WrongRemote(u32),
    /// The world is full.
    #[error("a world has at most {MAX_NODES} nodes")]
    TooManyNodes,
    /// A value out of range.
    #[error(transparent)]
    OutOfRange(#[from] ScenarioError),
    /// The node would refuse the transfer.
    #[error(transparent)]
    Refused(#[from] PoolError),
    /// The node or the channel would refuse.
    #[error(transparent)]
    Channel(#[from] ChannelRefusal),
    /// The payer would refuse.
    #[error(transparent)]
    Payment(#[from] PaymentRefusal),
    /// A channel with oneself.
    #[error("{0:?} cannot have a channel with itself, or pay itself")]
    WithItself(String),
    /// One's own watchtower.
    #[error("{0:?} cannot be its own watchtower")]
    OwnTower(String),
    /// There is no such channel.
    #[error("{0:?} has no open channel with {1:?}")]
    NoChannel(String, String),
    /// Bytes that bring neither a block nor a transaction.
    #[error("{bytes} bytes that cannot be published: {reason}")]
    NotPublishable {
        /// How many.
        bytes: usize,
        /// What they are instead.
        reason: String,
    },
    /// No such commitment was kept.
    #[error("commitment {number} is not kept, the oldest is {oldest}")]
    NotKept {
        /// What was wanted.
        number: u64,
        /// What there is.
        oldest: u64,
    },
}

impl ActionError {
    /// A stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownNode(_) => "unknown-node",
            Self::NotLinked(..) => "not-linked",
            Self::Off(_) => "node-off",
            Self::On(_) => "node-on",
            Self::NameTaken(_) => "name-taken",
            Self::TooManyLinks(_) => "too-many-links",
            Self::Twice(_) => "listed-twice",
            Self::NoRemote(..) => "no-remote",
            Self::WrongRemote(_) => "wrong-remote",
            Self::TooManyNodes => "too-many-nodes",
            Self::OutOfRange(_) => "out-of-range",
            Self::Refused(error) => error.code(),
            Self::Channel(refusal) => refusal.code(),
            Self::Payment(refusal) => refusal.code(),
            Self::WithItself(_) => "with-itself",
            Self::OwnTower(_) => "own-tower",
            Self::NoChannel(..) => "no-channel",
            Self::NotPublishable { .. } => "not-publishable",
            Self::NotKept { .. } => "not-kept",
        }
    }
}

impl World {
    /// Whether an action could be done now.
    ///
    /// # Errors
    /// [`ActionError`] with the values.
    pub fn check(&self, action: &Action) -> Result<(), ActionError> {
        match action {
            Action::Transfer { from, .. } => {
                let node = self.on(from)?;
                node.try_transfer(&self.transfer_of(action)?)?;
            }
            Action::OpenChannel { .. } => self.open_of(action).map(|_| ())?,
            Action::Pay { .. } | Action::Resize { .. } | Action::CloseChannel { .. } | Action::Cheat { .. } => {
                drop(self.channel_command(action)?);
            }
            Action::Watch { .. } => drop(self.watch_of(action)?),
            Action::Send { .. } => drop(self.send_of(action)?),
            Action::Publish { node, message } => drop((self.on(node)?, publishable(message)?)),
            Action::Hold { node, .. } | Action::Misbehave { node, .. } => drop(self.on(node)?),
            Action::Cut { a, b } | Action::Heal { a, b } => drop(self.linked(a, b)?),
            Action::Partition { nodes } => nodes.iter().try_for_each(|name| self.named(name).map(drop))?,
            Action::SetLink { a, b, quality } => {
                self.linked(a, b)?;
                quality.validate("quality")?;
            }
            Action::AddNode { node, links } => {
                node.validate("node")?;
                self.check_new_links(links)?;
                if self.is_taken(&node.name) {
                    return Err(ActionError::NameTaken(node.name.clone()));
                }
                let address = self.scenario().address(node);
                if self.name_of(&address).is_some() {
                    return Err(problem("node.key", "is another node's").into());
                }
                if self.nodes().len() >= MAX_NODES {
                    return Err(ActionError::TooManyNodes);
                }
            }
            Action::Stake { node, amount, fee } => self.on(node)?.try_stake(Some(*amount), *fee)?,
            Action::Unstake { node, fee } => self.on(node)?.try_stake(None, *fee)?,
            Action::Trust { node, .. } => drop(self.on(node)?),
            Action::Stop { node } => drop(self.on(node)?),
            Action::Start { node } => {
                if self.on(node).is_ok() {
                    return Err(ActionError::On(node.clone()));
                }
                self.named(node)?;
            }
            Action::SetHashRate { node, hash_rate } => {
                self.on(node)?;
                let config = NodeConfig { name: node.clone(), hash_rate: *hash_rate, ..Default::default() };
                config.validate("node")?;
            }
            Action::SetWorkload { workload } => workload.validate("workload")?,
            Action::AddRemote { .. }
            | Action::ConnectRemote { .. }
            | Action::DisconnectRemote { .. }
            | Action::External { .. } => self.check_remote(action)?,
            Action::HealAll | Action::Quiesce => {}
        }
        Ok(())
    }

    /// Does an action right after the last event, as part of the script; what the script still held is dropped.
    ///
    /// # Errors
    /// [`ActionError`]; nothing has changed then.
    pub fn act_now(&mut self, action: Action) -> Result<(), ActionError> {
        self.check(&action)?;
        self.append(ScriptEntry { at: self.here(), action });
        while self.step(self.now()) == Step::Searching {}
        Ok(())
    }

    /// The script's next place: right after everything that has happened.
    pub(super) fn here(&self) -> Position {
        match self.last_key().filter(|last| last.time >= self.now()) {
            Some(last) => Position::After(last),
            None => Position::Time(self.now()),
        }
    }

    /// Carries out an action of the script; one that cannot be done is recorded and counted.
    pub(super) fn act(&mut self, action: Action) {
        if let Err(error) = self.check(&action) {
            self.stats.refused += 1;
            self.record(None, LogEntry::Refused(error.to_string()));
            return;
        }
        // What comes over a connection is no deed of anybody's; the node reports what it made of it.
        if !matches!(action, Action::External { .. }) {
            self.record(None, LogEntry::Action(action.clone()));
        }
        let cuts = self.cuts();
        self.perform(action);
        self.mark_cuts(&cuts);
    }

    fn perform(&mut self, action: Action) {
        use Action::{Cut, Partition, SetLink, Stop};
        if matches!(action, Cut { .. } | Partition { .. } | SetLink { .. } | Stop { .. } | Action::Quiesce) {
            self.watch.trouble();
        }
        let find = |name: &str| self.index_of(name).expect("checked");
        match &action {
            Action::Transfer { .. } | Action::Stake { .. } | Action::Unstake { .. } | Action::Trust { .. } => {
                self.perform_on_chain(&action);
            }
            Action::OpenChannel { .. } => self.offer_channel(&action),
            Action::Pay { .. } | Action::Resize { .. } | Action::CloseChannel { .. } | Action::Cheat { .. } => {
                let (index, command) = self.channel_command(&action).expect("checked");
                self.command(index, command);
            }
            Action::Watch { .. } => self.set_watch(&action),
            Action::Send { amount, max_fee, .. } => {
                let (payer, payee) = self.send_of(&action).expect("checked");
                self.send_payment(payer, payee, *amount, *max_fee);
            }
            Action::Publish { node, message } => self.publish(find(node), &publishable(message).expect("checked")),
            Action::Misbehave { node, how } => self.misbehave(find(node), *how),
            Action::Hold { node, on } => self.command(find(node), Command::HoldPayments(*on)),
            Action::Cut { a, b } => self.set_cut(find(a), find(b), true),
            Action::Heal { a, b } => self.set_cut(find(a), find(b), false),
            Action::Partition { nodes } => self.partition(nodes),
            Action::HealAll => self.heal_all(),
            Action::SetLink { a, b, quality } => {
                let (a, b) = (find(a), find(b));
                self.link_mut(a, b).expect("checked").quality = *quality;
            }
            Action::AddNode { node, links } => {
                let others: Vec<NodeIndex> = links.iter().map(|name| find(name)).collect();
                self.add_node(node);
                let index = find_last(self);
                self.mark(index, Deed::On);
                others.into_iter().for_each(|other| self.add_link(index, other, LinkQuality::default()));
            }
            Action::Stop { node } => self.switch_off(find(node)),
            Action::Start { node } => self.switch_on(find(node)),
            Action::SetHashRate { node, hash_rate } => self.change_hash_rate(find(node), *hash_rate),
            Action::SetWorkload { workload } => self.change_workload(*workload),
            Action::AddRemote { .. }
            | Action::ConnectRemote { .. }
            | Action::DisconnectRemote { .. }
            | Action::External { .. } => self.perform_remote(action),
            Action::Quiesce => self.quiesce(),
        }
    }

    /// What a node's owner has it do on the chain.
    fn perform_on_chain(&mut self, action: &Action) {
        let (node, command) = match action {
            Action::Transfer { from, .. } => (from, Command::Transfer(self.transfer_of(action).expect("checked"))),
            Action::Stake { node, amount, fee } => (node, Command::Stake { amount: *amount, fee: *fee }),
            Action::Unstake { node, fee } => (node, Command::Unstake { fee: *fee }),
            Action::Trust { node, epoch, block } => (node, Command::Trust(Checkpoint { epoch: *epoch, block: *block })),
            _ => unreachable!("only called for these"),
        };
        let index = self.index_of(node).expect("checked");
        self.command(index, command);
    }

    /// Cuts every link between these nodes and the others.
    fn partition(&mut self, nodes: &[String]) {
        let side: BTreeSet<NodeIndex> = ordered(nodes.iter().map(|name| self.index_of(name).expect("checked")));
        let by = self.present.clone();
        for ((a, b), link) in &mut self.links {
            let cut = link.cut || side.contains(a) != side.contains(b);
            link.set_cut(cut, by.as_ref());
        }
    }

    fn check_new_links(&self, names: &[String]) -> Result<(), ActionError> {
        for (at, name) in names.iter().enumerate() {
            let index = self.named(name)?;
            if names[..at].contains(name) {
                return Err(ActionError::Twice(name.clone()));
            }
            if at >= MAX_PEERS || self.neighbours(index).len() >= MAX_PEERS {
                return Err(ActionError::TooManyLinks(name.clone()));
            }
        }
        Ok(())
    }

    fn quiesce(&mut self) {
        self.heal_all();
        self.change_workload(Workload::default());
        self.resting = true;
        for index in self.indices() {
            self.change_hash_rate(index, 0);
            if self.origin.is_staked() {
                self.command(index, Command::SetMining(false));
            }
        }
    }

    fn change_workload(&mut self, workload: Workload) {
        self.workload = workload;
        for index in self.indices() {
            self.plan_workload(index);
        }
    }

    fn set_cut(&mut self, a: NodeIndex, b: NodeIndex, cut: bool) {
        let by = self.present.clone();
        self.link_mut(a, b).expect("checked").set_cut(cut, by.as_ref());
    }

    fn heal_all(&mut self) {
        let by = self.present.clone();
        self.links.values_mut().for_each(|link| link.set_cut(false, by.as_ref()));
    }

    fn indices(&self) -> Vec<NodeIndex> {
        (0..).zip(self.nodes()).map(|(index, _)| index).collect()
    }

    fn transfer_of(&self, action: &Action) -> Result<Transfer, ActionError> {
        let Action::Transfer { to, amount, fee, memo, .. } = action else {
            unreachable!("only called for transfers");
        };
        let to = self.address_of(to).ok_or_else(|| ActionError::UnknownNode(to.clone()))?;
        Ok(Transfer { to, amount: *amount, fee: *fee, memo: memo.clone(), nonce: None })
    }

    pub(super) fn named(&self, name: &str) -> Result<NodeIndex, ActionError> {
        self.index_of(name).ok_or_else(|| ActionError::UnknownNode(name.to_owned()))
    }

    pub(super) fn on(&self, name: &str) -> Result<&Node, ActionError> {
        let index = self.named(name)?;
        self.nodes()[index as usize].node.as_ref().ok_or_else(|| ActionError::Off(name.to_owned()))
    }

    fn linked(&self, a: &str, b: &str) -> Result<(NodeIndex, NodeIndex), ActionError> {
        let (left, right) = (self.named(a)?, self.named(b)?);
        let ends = (left.min(right), left.max(right));
        if self.links.contains_key(&ends) { Ok(ends) } else { Err(ActionError::NotLinked(a.to_owned(), b.to_owned())) }
    }
}

fn find_last(world: &World) -> NodeIndex {
    u32::try_from(world.nodes().len() - 1).expect("at most a thousand nodes")
}
