//! Why a block is where it is: who found it, how it got around, and what took its place.

use super::{CauseRow, Tale, WhyPart, find_of, nothing};
use crate::{
    node::EventKind,
    primitives::{BlockId, Header},
    sim::{Carried, LogEntry, Occurrence, Record, What, World},
    view::{BlockDetail, Selection, chain},
};

/// Nodes of which it is told how they heard of a block.
const MAX_HEARD: usize = 12;
/// Losses that are told of.
const MAX_LOSSES: usize = 4;

pub(super) fn explain(world: &World, id: &BlockId) -> WhyPart {
    let Some(detail) = BlockDetail::of(world, id) else {
        return rejected(world, id);
    };
    let miner = detail.miner.clone().unwrap_or_default();
    let height = detail.height.to_string();
    let mut tale = Tale::new(world);
    if detail.height.0 == 0 {
        return tale.answer("cause-is-genesis", vec![]);
    }
    let found = find_of(world, id);
    tale.needs(found);
    tale.spread(id);
    let staked = detail.slot.is_some();
    if detail.best {
        let (known, all) = detail.known_by;
        let code = if staked { "cause-is-best-voted" } else { "cause-is-best" };
        return tale.answer(code, vec![height, miner, known.to_string(), all.to_string()]);
    }
    let rival = usize::try_from(detail.height.0).ok().and_then(|at| chain::best_by_height(world).get(at)).copied();
    let Some(rival) = rival else {
        return tale.answer("cause-is-ahead", vec![height, miner]);
    };
    let other = BlockDetail::of(world, &rival).and_then(|rival| rival.miner).unwrap_or_default();
    tale.rival(&rival, found);
    tale.losses(&[*id, rival], found.or(find_of(world, &rival)).map(|found| found.key));
    tale.left(id, found);
    if staked {
        return tale.answer("cause-is-aside-voted", vec![height, other]);
    }
    let next = usize::try_from(detail.height.0 + 1).ok().and_then(|at| chain::best_by_height(world).get(at));
    match next {
        Some(next) => {
            tale.built_upon(next, &other);
            tale.answer("cause-is-stale", vec![height, other])
        }
        None => tale.answer("cause-is-tied", vec![height, other, rival.short(), id.short()]),
    }
}

/// A block that no node keeps: the rule that it broke, where it came from.
fn rejected(world: &World, id: &BlockId) -> WhyPart {
    let refusal = world.log().rev().find_map(|record| match &record.entry {
        LogEntry::Node(EventKind::BlockRejected { block, error }) if block == id => Some((record, error)),
        _ => None,
    });
    let Some((record, error)) = refusal else {
        return nothing(world);
    };
    let mut tale = Tale::new(world);
    record.origin.iter().for_each(|origin| tale.chain(origin));
    tale.record(record);
    tale.answer("cause-is-refused", vec![error.to_string()])
}

/// Whether a node took a block in then.
pub(super) fn takes(record: &Record, id: &BlockId) -> bool {
    match &record.entry {
        LogEntry::Node(EventKind::Extended { block, .. } | EventKind::SideBranch { block, .. }) => block == id,
        LogEntry::Node(EventKind::Reorged { to, .. }) => to == id,
        _ => false,
    }
}

impl Tale<'_> {
    /// By which message each node heard of a block first.
    fn spread(&mut self, id: &BlockId) {
        let mut heard: Vec<Option<u32>> = Vec::new();
        for record in self.world.log().filter(|record| takes(record, id)) {
            if heard.contains(&record.node) || heard.len() >= MAX_HEARD {
                continue;
            }
            heard.push(record.node);
            self.rows.extend(CauseRow::heard(self.world, record));
        }
    }

    /// The block of the same height on the heaviest chain, and how much earlier or later it was found.
    fn rival(&mut self, rival: &BlockId, found: Option<&Record>) {
        let Some((theirs, ours)) = find_of(self.world, rival).zip(found) else {
            self.complete = false;
            return;
        };
        let earlier = theirs.key < ours.key;
        let (first, last) = if earlier { (theirs, ours) } else { (ours, theirs) };
        let apart = last.key.time.since(first.key.time).to_string();
        let code = if earlier { "cause-found-earlier" } else { "cause-found-later" };
        let links = vec![Selection::block(*rival)];
        self.rows.push(CauseRow::new(self.world, theirs, code, vec![rival.short(), apart], links));
    }

    /// Messages about these blocks that were lost, and what had cut their way.
    pub(super) fn losses(&mut self, blocks: &[BlockId], since: Option<crate::sim::EventKey>) {
        let about = |record: &&Record| match &record.entry {
            LogEntry::Lost { block, .. } => blocks.contains(block) && since.is_none_or(|since| record.key >= since),
            _ => false,
        };
        for record in self.world.log().filter(about).take(MAX_LOSSES) {
            if let LogEntry::Lost { cut_by: Some(cut), .. } = &record.entry {
                self.event(cut);
            }
            self.record(record);
        }
    }

    /// Nodes that left a block, and what had let them hear of a better chain.
    fn left(&mut self, id: &BlockId, found: Option<&Record>) {
        let reorgs = self.world.log().filter(|record| match &record.entry {
            LogEntry::Node(EventKind::Reorged { from, disconnected, .. }) => {
                branch(self.world, from, *disconnected).contains(id)
            }
            _ => false,
        });
        for record in reorgs.take(MAX_HEARD) {
            self.healing(record, found);
            self.record(record);
        }
    }

    /// What had healed the way of the messages that led to a record, if that was after `since`.
    pub(super) fn healing(&mut self, record: &Record, since: Option<&Record>) {
        let healed = |event: &Occurrence| match &event.what {
            What::Message(Carried { healed, .. }) => healed.clone(),
            _ => None,
        };
        let origin = record.origin.iter().flat_map(|origin| origin.chain());
        let heals = origin.filter_map(healed).filter(|heal| since.is_some_and(|since| since.key < heal.key));
        heals.for_each(|heal| self.event(&heal));
    }

    fn built_upon(&mut self, next: &BlockId, rival: &str) {
        match find_of(self.world, next) {
            Some(found) => {
                let (values, links) = (vec![next.short(), rival.to_owned()], vec![Selection::block(*next)]);
                self.rows.push(CauseRow::new(self.world, found, "cause-built-upon", values, links));
            }
            None => self.complete = false,
        }
    }
}

/// The last `count` blocks up to a tip, the last one first.
pub(super) fn branch(world: &World, tip: &BlockId, count: usize) -> Vec<BlockId> {
    let header = |id: &BlockId| -> Option<&Header> {
        world.running().find_map(|(_, node)| node.chain().tree().get(id)).map(|entry| &entry.header)
    };
    let parent = |id: &BlockId| header(id).map(|header| header.parent);
    std::iter::successors(Some(*tip), parent).take(count).collect()
}
