//! A script: what is done to a world, each at its place in the order of events.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Deserializer, Serialize};

use super::{EventKey, LinkQuality, Misbehaviour, NodeConfig, Payload, Workload};
use crate::primitives::{Address, Amount, BlockId, ChannelId, Epoch, Memo, Policy, Timestamp};

/// One action and its place in the order of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptEntry {
    /// When: milliseconds, or `[time, class, actor, sequence]` of the event that it follows.
    pub at: Position,
    /// What is done.
    pub action: Action,
}

/// A place between two events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Position {
    /// Before everything that happens at this time.
    Time(Timestamp),
    /// Right after this event.
    After(EventKey),
}

/// What can be done to a world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(tag = "do", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Action {
    /// A node sends money.
    Transfer {
        /// Who pays.
        from: String,
        /// Who is paid.
        to: String,
        /// Base units.
        amount: Amount,
        /// Base units for the miner.
        fee: Amount,
        /// A text.
        #[serde(default)]
        memo: Memo,
    },
    /// A node offers another a channel, over a link that is made if there is none.
    OpenChannel {
        /// Who opens.
        from: String,
        /// With whom.
        to: String,
        /// Base units that the opener locks.
        ours: Amount,
        /// Base units that the other locks.
        #[serde(default)]
        theirs: Amount,
        /// Base units for the miner of the funding.
        #[serde(default = "funding_fee")]
        fee: Amount,
        /// What becomes of cheats.
        #[serde(default)]
        policy: Policy,
        /// Blocks of the dispute window.
        #[serde(default = "dispute_window")]
        window: u32,
        /// Base units that each side keeps.
        #[serde(default)]
        reserve: Amount,
    },
    /// A node pays another through a channel that they have.
    Pay {
        /// Who pays.
        from: String,
        /// Who is paid.
        to: String,
        /// Base units each time.
        amount: Amount,
        /// How often, 1 ..= 10,000.
        #[serde(default = "once")]
        times: u32,
        /// Which channel; without it the oldest that is open.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<ChannelId>,
    },
    /// A node pays another over whatever route it finds; the payee hands it an invoice outside the network.
    Send {
        /// Who pays.
        from: String,
        /// Who is paid.
        to: String,
        /// Base units, at least 100.
        amount: Amount,
        /// Base units of fees at most; without it a twentieth of the amount, or 50 if that is more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_fee: Option<Amount>,
    },
    /// A node leaves payments to it pending from now on, or takes them, with those that are pending.
    Hold {
        /// Which.
        node: String,
        /// Whether it does.
        on: bool,
    },
    /// A node changes what it has locked in a channel: a new one takes its place.
    Resize {
        /// Who tops up or withdraws.
        from: String,
        /// With whom it has it.
        to: String,
        /// What it locks in the new one, base units; the other's balance stays.
        amount: Amount,
        /// Base units for the miner of the new one's funding.
        #[serde(default = "funding_fee")]
        fee: Amount,
        /// Which channel; without it the oldest that is open.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<ChannelId>,
    },
    /// A node closes a channel.
    CloseChannel {
        /// Who wants to close.
        from: String,
        /// With whom it has it.
        to: String,
        /// Without the other's consent.
        #[serde(default)]
        force: bool,
        /// Which channel; without it the oldest that is open.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<ChannelId>,
    },
    /// A node publishes an old commitment of a channel, which it had promised never to do.
    Cheat {
        /// Who cheats.
        from: String,
        /// Whom.
        to: String,
        /// The number of the commitment; of those that the world has kept, the last one up to it.
        commitment: u64,
        /// Which channel; without it the oldest that is open.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<ChannelId>,
    },
    /// A node misbehaves from now on, or keeps to the rules again. No promise about the honest is asked of it any more.
    Misbehave {
        /// Which.
        node: String,
        /// How; without it, not any more.
        #[serde(default)]
        how: Option<Misbehaviour>,
    },
    /// A node's owner hands it a block or transaction, and sends it to every peer although the node may not take it.
    Publish {
        /// Which.
        node: String,
        /// The message that carries it.
        message: Payload,
    },
    /// A node has another watch its channels, over a link that is made if there is none. The other serves as a watchtower from now on.
    Watch {
        /// Whose channels.
        client: String,
        /// Who watches them; nobody, if there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tower: Option<String>,
    },
    /// Nothing passes a link any more. The ends are not told: they notice by silence.
    Cut {
        /// One end.
        a: String,
        /// The other end.
        b: String,
    },
    /// A cut link works again.
    Heal {
        /// One end.
        a: String,
        /// The other end.
        b: String,
    },
    /// Cuts every link between these nodes and the others.
    Partition {
        /// One side.
        nodes: Vec<String>,
    },
    /// Heals every link.
    #[serde(deserialize_with = "no_fields")]
    HealAll,
    /// Changes how a link behaves.
    SetLink {
        /// One end.
        a: String,
        /// The other end.
        b: String,
        /// From now on.
        quality: LinkQuality,
    },
    /// Adds a node, with links to others.
    AddNode {
        /// The node; it owns nothing.
        node: NodeConfig,
        /// Names of nodes to connect to.
        links: Vec<String>,
    },
    /// Switches a node off: its connections close, what it stored stays.
    Stop {
        /// Which.
        node: String,
    },
    /// Switches a node on again, from what it stored.
    Start {
        /// Which.
        node: String,
    },
    /// Changes a node's hash power; 0 stops it mining.
    SetHashRate {
        /// Which.
        node: String,
        /// Hashes per virtual second.
        hash_rate: u32,
    },
    /// Changes the workload.
    SetWorkload {
        /// From now on.
        workload: Workload,
    },
    /// A node locks money as stake. With enough of it, it is a validator.
    Stake {
        /// Which.
        node: String,
        /// Base units.
        amount: Amount,
        /// Base units for whoever includes it.
        #[serde(default = "stake_fee")]
        fee: Amount,
    },
    /// A node stops being a validator. Its stake is paid out after the delay of the rules.
    Unstake {
        /// Which.
        node: String,
        /// Base units for whoever includes it.
        #[serde(default = "stake_fee")]
        fee: Amount,
    },
    /// A node takes no chain any more without a checkpoint that it was told.
    Trust {
        /// Which.
        node: String,
        /// The checkpoint's epoch.
        epoch: Epoch,
        /// Its block.
        block: BlockId,
    },
    /// A node of another tab becomes known.
    AddRemote {
        /// Its number: how many were known before.
        remote: u32,
        /// 1 to 32 characters that no other node has.
        name: String,
        /// Its account.
        address: Address,
    },
    /// A connection to a node of another tab comes up.
    ConnectRemote {
        /// Which of our nodes.
        node: String,
        /// The other's number.
        remote: u32,
    },
    /// A connection to a node of another tab goes down.
    DisconnectRemote {
        /// Which of our nodes.
        node: String,
        /// The other's number.
        remote: u32,
    },
    /// Bytes arrive from a node of another tab. They may be anything.
    External {
        /// Which of our nodes they came to.
        node: String,
        /// The sender's number.
        remote: u32,
        /// As sent.
        bytes: Payload,
    },
    /// No more mining and no more workload, and all links heal: the network comes to rest.
    #[serde(deserialize_with = "no_fields")]
    Quiesce,
}

impl Action {
    /// Whether it comes from another tab.
    pub(super) const fn is_remote(&self) -> bool {
        matches!(
            self,
            Self::AddRemote { .. } | Self::ConnectRemote { .. } | Self::DisconnectRemote { .. } | Self::External { .. }
        )
    }
}

impl Position {
    /// The key that an event must exceed to come after this place.
    pub const fn key(&self) -> EventKey {
        match self {
            Self::Time(time) => EventKey::at(*time),
            Self::After(key) => *key,
        }
    }
}

fn funding_fee() -> Amount {
    Amount::literal(1_000)
}

fn stake_fee() -> Amount {
    Amount::literal(200)
}

fn dispute_window() -> u32 {
    6
}

fn once() -> u32 {
    1
}

/// serde does not deny unknown fields of unit variants.
fn no_fields<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}
    Nothing::deserialize(deserializer).map(|Nothing {}| ())
}
