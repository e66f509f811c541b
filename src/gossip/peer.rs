//! What is remembered about one peer.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Item, MAX_ITEMS, Seen, Status, announce::Hearing};
use crate::primitives::{Timestamp, TransactionId};

/// One conversation.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Peer {
    /// What it last said of itself; nothing until it has.
    pub(super) status: Option<Status>,
    /// What it has, or was told of.
    pub(super) known: Seen<Item, 512>,
    /// When our next status is due.
    pub(super) next_status: Timestamp,
    /// How many we have sent besides the first.
    pub(super) statuses: u32,
    announce: BTreeSet<TransactionId>,
    /// What its channels and those of others announce.
    pub(super) hearing: Hearing,
}

impl Peer {
    pub(super) fn new(next_status: Timestamp) -> Self {
        let (announce, hearing) = (BTreeSet::new(), Hearing::default());
        Self { status: None, known: Seen::default(), next_status, statuses: 0, announce, hearing }
    }

    /// Notes a transaction to announce; more than one message holds are dropped, as a lost message would be.
    pub(super) fn announce(&mut self, id: TransactionId) {
        if self.announce.len() < MAX_ITEMS {
            self.announce.insert(id);
        }
    }

    pub(super) fn take_announcements(&mut self) -> Vec<Item> {
        std::mem::take(&mut self.announce).into_iter().map(Item::Transaction).collect()
    }
}
