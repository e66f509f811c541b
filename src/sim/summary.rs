//! What a run came to, and bringing one to rest.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Action, NodeIndex, ScriptEntry, SimNode, Workload, World};
use crate::primitives::{CheckCounts, Hash, Height};

/// Virtual milliseconds a network may take to come to rest.
pub const SETTLE_MS: u64 = 600_000;
/// Virtual milliseconds that may pass before, until HTLCs are settled: far more than the blocks until a long route's expiry take.
const RESOLVE_MS: u64 = 5_400_000;
/// Virtual milliseconds between two looks at whether it has.
const SETTLE_STEP: u64 = 15_000;

/// One JSON object about a run. Everything but `wall_ms` is determined by the scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// [`World::digest`].
    pub digest: Hash,
    /// Nodes, also those that are off.
    pub nodes: usize,
    /// Virtual time, ms.
    pub virtual_ms: u64,
    /// Real time, ms.
    pub wall_ms: u64,
    /// Events done.
    pub events: u64,
    /// Messages delivered.
    pub deliveries: u64,
    /// Blocks found by all nodes.
    pub blocks: u64,
    /// Of these, how many are not on the best chain now.
    pub stale_blocks: u64,
    /// Of a million found, how many these are, rounded down; nothing before the first.
    pub stale_rate: Option<u64>,
    /// Times a node left its best chain for another.
    pub reorgs: u64,
    /// Transactions confirmed on the best chain.
    pub transactions: u64,
    /// Channels whose funding is on the best chain.
    pub channels_opened: u64,
    /// Payments made through a channel of payer and payee: updates that were completed.
    pub channel_updates: u64,
    /// Payments that arrived: through a channel of payer and payee, or over a route.
    pub payments: u64,
    /// Payments that were given up.
    pub payments_failed: u64,
    /// Channels that ended on the best chain: together, settled, or punished.
    pub channels_closed: u64,
    /// Of these, how many ended with a penalty.
    pub penalties: u64,
    /// The latest justified epoch that any node knows of; nothing on a chain of work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub justified_epoch: Option<u64>,
    /// The latest final epoch that every node that is on knows of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finalized_epoch: Option<u64>,
    /// Validators that lost their stake for an offence, on the best chain.
    pub slashed: u64,
    /// Signature checks.
    pub checks: CheckCounts,
    /// Invariants.
    pub invariants: InvariantCounts,
}

/// How often invariants were evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct InvariantCounts {
    /// Evaluations.
    pub checked: u64,
    /// Of these, how many failed.
    pub violated: u64,
}

impl Summary {
    /// Sums up a world; `wall_ms` is the driver's to know.
    pub fn of(world: &World, wall_ms: u64) -> Self {
        let best = world
            .running()
            .max_by_key(|(_, node)| node.chain().tree().weight(&node.chain().tip()))
            .map(|(_, node)| node.chain());
        let height = best.map_or(Height(0), |chain| chain.height());
        let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
        for block in best.iter().flat_map(|chain| chain.best().iter().filter_map(|id| chain.tree().block(id))) {
            for transaction in &block.transactions {
                *kinds.entry(transaction.unsigned.action.kind()).or_default() += 1;
            }
        }
        let of = |kind: &str| kinds.get(kind).copied().unwrap_or_default();
        let checkpoints = || world.running().filter_map(|(_, node)| node.chain().checkpoints());
        let tallies = world.invariants();
        let stats = world.stats();
        Self {
            digest: world.digest(),
            nodes: world.nodes().len(),
            virtual_ms: world.now().0,
            wall_ms,
            events: stats.events,
            deliveries: stats.deliveries,
            blocks: stats.mined,
            stale_blocks: stats.stale(height),
            stale_rate: world.stale_rate(height),
            reorgs: stats.reorgs,
            transactions: kinds.values().sum(),
            channels_opened: of("fund") + of("resize"),
            channel_updates: stats.channel_updates,
            payments: stats.channel_updates + stats.payments,
            payments_failed: stats.payments_failed,
            channels_closed: of("close") + of("settle") + of("punish") + of("resize"),
            penalties: of("punish"),
            justified_epoch: checkpoints().map(|[justified, _]| justified.epoch.0).max(),
            finalized_epoch: checkpoints().map(|[_, finalized]| finalized.epoch.0).min(),
            slashed: of("report"),
            checks: world.checks().counts(),
            invariants: InvariantCounts {
                checked: tallies.iter().map(|(_, tally)| tally.checked).sum(),
                violated: tallies.iter().map(|(_, tally)| tally.violated).sum(),
            },
        }
    }
}

/// Stops workload and mining, heals all links, lets the network come to rest and evaluates what holds at rest. Part of the script, so
/// that a capsule repeats it.
///
/// What is pending comes to its end first: who keeps payments waiting takes them, and blocks are mined until nothing of the honest waits for
/// a block any more. Misbehaving nodes go on as they do: the chain decides what they leave.
pub fn settle(world: &mut World) {
    let patience = world.now().after(RESOLVE_MS);
    if world.has_pending() {
        calm(world);
    }
    while world.has_pending() && world.now() < patience {
        let next = world.now().after(SETTLE_STEP);
        world.run_until(next);
    }
    world.append(ScriptEntry { at: world.here(), action: Action::Quiesce });
    let end = world.now().after(SETTLE_MS);
    while world.now() < end {
        let next = world.now().after(SETTLE_STEP);
        world.run_until(next);
        if is_at_rest(world) {
            break;
        }
    }
    world.check_rest();
}

/// No new payments, and none is kept waiting by the honest; links work.
fn calm(world: &mut World) {
    let holds = |(index, sim): &(NodeIndex, &SimNode)| {
        world.is_honest(*index) && sim.node.as_ref().is_some_and(|node| node.holds_payments())
    };
    let holders: Vec<String> = (0..).zip(world.nodes()).filter(holds).map(|(_, sim)| sim.name.clone()).collect();
    let takes = holders.into_iter().map(|node| Action::Hold { node, on: false });
    let calm = [Action::SetWorkload { workload: Workload::default() }, Action::HealAll];
    for action in calm.into_iter().chain(takes) {
        world.append(ScriptEntry { at: world.here(), action });
        world.run_until(world.now());
    }
}

/// All nodes that are connected follow one tip, and no block is on its way.
fn is_at_rest(world: &World) -> bool {
    world.agrees() && !world.flights().any(|flight| flight.kind == "block")
}
