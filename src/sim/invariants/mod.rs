//! The promises of the design, evaluated while the world runs. Numbers are those of the design's list.

mod channels;
mod finality;
mod forwards;
mod rest;

use std::collections::BTreeMap;

use serde::Serialize;

pub(super) use channels::{Watch, is_deep};

use super::{EventKey, NodeIndex, World};
use crate::{
    chain::Ledger,
    primitives::{Amount, BlockId, Epoch},
};

/// A promise that can be evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Invariant {
    /// 1: supply = free balances + locked + staked + burned. Evaluated on a node's ledger whenever it has changed.
    Supply,
    /// 2: what both parties of a channel own is its capacity, and commitment numbers grow one by one. Evaluated whenever a node stores one.
    Balances,
    /// 3: disconnecting and reconnecting a block gives the same ledger. Evaluated at every fourth change of a node's tip.
    Reconnect,
    /// 4: never two commitments of one number, nothing signed after publishing, no revocation of the current one. Evaluated as 2.
    Commitments,
    /// 5: an honest party that was online gets at least what it was owed. Evaluated when a node sees that a channel has ended.
    Payout,
    /// 6: a forwarder never loses: what it pays downstream it can claim upstream. Evaluated when a node stores that an HTLC which it has passed on is
    /// settled, and at rest by what all of them have brought.
    Forwarding,
    /// 7: at rest all honest nodes that are on and connected agree on one tip, and no HTLC or payment is stuck. Evaluated when the network has come to rest.
    Agreement,
    /// What is final is never reverted, and no two honest nodes hold conflicting checkpoints for final, as long as less than a third of the stake has
    /// misbehaved. Evaluated on a chain of stake whenever a node's ledger has changed.
    Finality,
}

/// How often something was evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// Evaluations.
    pub checked: u64,
    /// Of these, how many failed.
    pub violated: u64,
}

/// A broken promise: always our bug.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// After which event.
    pub key: Option<EventKey>,
    /// In which node.
    pub node: Option<NodeIndex>,
    /// The values compared.
    pub detail: String,
}

/// One invariant in this many changes of the tip is worth a reconnect.
const RECONNECT_EVERY: u64 = 4;

/// The tallies of a world.
#[derive(Debug, Clone, Default)]
pub(super) struct Lights {
    supply: Tally,
    balances: Tally,
    reconnect: Tally,
    commitments: Tally,
    payout: Tally,
    forwarding: Tally,
    agreement: Tally,
    finality: Tally,
    finals: BTreeMap<Epoch, BlockId>,
    tips: u64,
    first: Option<Violation>,
}

/// All that a ledger knows to exist: in accounts, in channels, staked and burned. Nothing if that is more than can exist.
pub fn owned(ledger: &Ledger) -> Option<Amount> {
    let balances = ledger.accounts().map(|(_, account)| account.balance);
    let stakes = ledger.validators().map(|(_, validator)| validator.stake);
    let burned = ledger.beacon().map(|beacon| beacon.burned);
    Amount::checked_sum(
        balances.chain(ledger.channels().map(|(_, record)| record.locked())).chain(stakes).chain(burned),
    )
}

impl Lights {
    fn tally(&mut self, violation: Violation, holds: bool) {
        let tally = match violation.invariant {
            Invariant::Supply => &mut self.supply,
            Invariant::Balances => &mut self.balances,
            Invariant::Reconnect => &mut self.reconnect,
            Invariant::Commitments => &mut self.commitments,
            Invariant::Payout => &mut self.payout,
            Invariant::Forwarding => &mut self.forwarding,
            Invariant::Agreement => &mut self.agreement,
            Invariant::Finality => &mut self.finality,
        };
        tally.checked += 1;
        if !holds {
            tally.violated += 1;
            self.first.get_or_insert(violation);
        }
    }
}

impl World {
    /// How often each invariant was evaluated and violated.
    pub fn invariants(&self) -> [(Invariant, Tally); 8] {
        let lights = &self.lights;
        [
            (Invariant::Supply, lights.supply),
            (Invariant::Balances, lights.balances),
            (Invariant::Reconnect, lights.reconnect),
            (Invariant::Commitments, lights.commitments),
            (Invariant::Payout, lights.payout),
            (Invariant::Forwarding, lights.forwarding),
            (Invariant::Agreement, lights.agreement),
            (Invariant::Finality, lights.finality),
        ]
    }

    /// The first violation, if there was one.
    pub fn violation(&self) -> Option<&Violation> {
        self.lights.first.as_ref()
    }

    /// Evaluates what concerns one node whose ledger has just changed.
    pub(super) fn check_node(&mut self, index: NodeIndex) {
        let Some(node) = self.node(index).and_then(|sim| sim.node.as_ref()) else {
            return;
        };
        let ledger = node.chain().ledger();
        let owned = owned(ledger);
        let (supply, key) = (ledger.supply(), self.last_key());
        let detail = format!("supply {supply}, balances and channels {owned:?}");
        let reconnects = (self.lights.tips.is_multiple_of(RECONNECT_EVERY)).then(|| node.chain().reconnects());
        let height = node.chain().height();
        self.lights.tips += 1;
        self.lights
            .tally(Violation { invariant: Invariant::Supply, key, node: Some(index), detail }, owned == Some(supply));
        if let Some(holds) = reconnects {
            let detail = format!("block at height {height} does not reconnect to the same ledger");
            self.lights.tally(Violation { invariant: Invariant::Reconnect, key, node: Some(index), detail }, holds);
        }
        self.check_finality(index);
    }
}
