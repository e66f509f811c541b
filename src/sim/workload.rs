//! Transfers that nodes make by themselves, each node from its own stream.

use super::{Class, EventKey, NodeIndex, World, world::Pending};
use crate::{
    node::{Command, Transfer},
    primitives::{Amount, Memo},
};

/// Fees the workload offers, in base units.
const WORKLOAD_FEES: (u32, u32) = (50, 400);
/// Amounts the workload sends, in base units.
const WORKLOAD_AMOUNTS: (u32, u32) = (1, 2_000);

impl World {
    pub(super) fn plan_workload(&mut self, index: NodeIndex) {
        let now = self.now();
        let per_hour = u64::from(self.workload.transfers_per_hour);
        let sim = &mut self.nodes[index as usize];
        if let Some(planned) = sim.next_transfer.take() {
            self.queue.remove(&planned);
        }
        if per_hour == 0 || self.nodes[index as usize].node.is_none() {
            return;
        }
        let wait = self.nodes[index as usize].traffic.exponential(3_600_000 / per_hour);
        let key = EventKey {
            time: now.after(wait),
            class: Class::Workload,
            actor: index,
            sequence: self.next_sequence(index),
        };
        self.schedule(key, Pending::Workload(index));
        self.nodes[index as usize].next_transfer = Some(key);
    }

    pub(super) fn make_transfer(&mut self, index: NodeIndex) {
        let others = u32::try_from(self.nodes.len()).expect("at most a thousand") - 1;
        let sim = &mut self.nodes[index as usize];
        let stream = &mut sim.traffic;
        let pick = stream.below(others.max(1));
        let amount = WORKLOAD_AMOUNTS.0 + stream.below(WORKLOAD_AMOUNTS.1);
        let fee = WORKLOAD_FEES.0 + stream.below(WORKLOAD_FEES.1);
        if others == 0 {
            return;
        }
        let to = self.nodes[(pick + u32::from(pick >= index)) as usize].address;
        let units = |units: u32| Amount::new(u64::from(units)).expect("small");
        let transfer = Transfer { to, amount: units(amount), fee: units(fee), memo: Memo::default(), nonce: None };
        self.command(index, Command::Transfer(transfer));
    }
}
