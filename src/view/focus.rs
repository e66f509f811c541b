//! What is looked at.

use borsh::{BorshDeserialize, BorshSerialize};

use super::{ChainWindow, LogFilter};
use crate::{
    primitives::{BlockId, ChannelId, Hash, TransactionId},
    sim::EventKey,
};

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize)]
pub struct Focus {
    /// What the inspector shows; the first node if nothing was chosen.
    pub selection: Option<Selection>,
    /// Which side of it.
    pub tab: Tab,
    /// The node by whose ledger and mempool things are judged; the first that is on if none was chosen.
    pub judge: Option<String>,
    /// Which part of the chain.
    pub window: ChainWindow,
    /// Which lines of the log.
    pub log: LogFilter,
    /// How many virtual milliseconds of space and time are shown; nothing while nobody looks.
    pub space_time: Option<u64>,
    /// Whether somebody looks at the charts.
    pub charts: bool,
}

/// Something that can be inspected.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Selection {
    /// A node.
    Node {
        /// Its name.
        name: String,
    },
    /// A block.
    Block {
        /// Its id.
        id: BlockId,
    },
    /// A transaction.
    Transaction {
        /// Its id.
        id: TransactionId,
        /// A block that it was seen in.
        block: Option<BlockId>,
    },
    /// A channel.
    Channel {
        /// Its id.
        id: ChannelId,
    },
    /// A message, in flight or arrived.
    Message {
        /// The event of its arrival.
        key: EventKey,
    },
    /// A payment over a route.
    Payment {
        /// What it is paid to.
        id: Hash,
    },
}

/// The sides of what is inspected. Only the one looked at is worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize)]
pub enum Tab {
    /// What it is.
    #[default]
    Summary,
    /// Its canonical encoding.
    Raw,
    /// The rules it kept or broke.
    Rules,
    /// What happened to it.
    History,
    /// What it is so because of.
    Why,
    /// A copy to be changed by hand.
    Edit,
}

impl Focus {
    /// Looks at something; a node that is looked at judges.
    pub fn select(&mut self, selection: Option<Selection>) {
        if let Some(Selection::Node { name }) = &selection {
            self.judge = Some(name.clone());
        }
        self.selection = selection;
    }
}

impl Selection {
    /// A block.
    pub fn block(id: BlockId) -> Self {
        Self::Block { id }
    }

    /// A node.
    pub fn node(name: impl Into<String>) -> Self {
        Self::Node { name: name.into() }
    }
}
