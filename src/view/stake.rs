//! A chain of stake: slots and who leads them, who votes, how far finality has come, and what liars have signed.

use borsh::{BorshDeserialize, BorshSerialize};

use super::{Anatomy, Focus, inspector::judge};
use crate::{
    chain::Chain,
    node::Node,
    primitives::{Action, Address, Amount, BlockId, Epoch, Height, Offence, Slot, ordered},
    sim::World,
};

/// Blocks that are looked through for evidence.
const MAX_BLOCKS: usize = 512;
/// Offences that are shown, the newest first.
const MAX_OFFENCES: usize = 8;

/// A chain of stake as a node sees it.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct StakeView {
    /// By whose chain.
    pub judge: String,
    /// The slot that has begun last.
    pub slot: u64,
    /// Its epoch.
    pub epoch: u64,
    /// The latest justified epoch.
    pub justified: u64,
    /// The latest final one, and its block.
    pub finalized: (u64, BlockId),
    /// Base units that are gone for good.
    pub burned: Amount,
    /// Slots of the epoch before and of this one.
    pub slots: Vec<SlotBox>,
    /// Everybody with a stake.
    pub validators: Vec<ValidatorRow>,
    /// What liars were caught with, the newest first.
    pub offences: Vec<OffenceView>,
}

/// A slot.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SlotBox {
    /// Its number.
    pub slot: u64,
    /// Its epoch.
    pub epoch: u64,
    /// Who leads it, as far as that is known.
    pub leader: Option<String>,
    /// Its block on the best chain.
    pub block: Option<(Height, BlockId)>,
    /// Whether it has begun.
    pub begun: bool,
    /// Votes cast in it that were heard of.
    pub votes: u64,
}

/// Somebody with a stake.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ValidatorRow {
    /// A node's name, or the address in short.
    pub name: String,
    /// Base units.
    pub stake: Amount,
    /// Of all stakes, in thousandths.
    pub share: u64,
    /// Blocks it made, of those that are looked through.
    pub blocks: u64,
    /// Whether its vote of this epoch was heard.
    pub voted: bool,
    /// The epoch after its last.
    pub exit: Option<u64>,
    /// Whether it was slashed.
    pub slashed: bool,
}

/// Two messages that nobody may sign both of, side by side.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct OffenceView {
    /// Who signed both.
    pub offender: String,
    /// The offence's stable name.
    pub kind: String,
    /// Who brought the evidence, and in which block; nothing while that is to come.
    pub reported: Option<(String, Height, BlockId)>,
    /// Each field of both: its name, what the first says and what the second.
    pub fields: Vec<[String; 3]>,
}

impl StakeView {
    /// What there is to see of a chain of stake; nothing of a chain of work.
    pub(super) fn of(world: &World, focus: &Focus) -> Option<Self> {
        let (judge, node) = judge(world, focus)?;
        let chain = node.chain();
        let (terms, [justified, finalized]) = (chain.stake_terms()?, chain.checkpoints()?);
        let slot = terms.slot_at(world.now());
        let epoch = terms.rules.epoch_of(slot);
        Some(Self {
            judge: judge.to_owned(),
            slot: slot.0,
            epoch: epoch.0,
            justified: justified.epoch.0,
            finalized: (finalized.epoch.0, finalized.block),
            burned: chain.ledger().beacon()?.burned,
            slots: slots(world, node, slot),
            validators: validators(world, node, epoch),
            offences: offences(world, node),
        })
    }
}

fn named(world: &World, address: &Address) -> String {
    world.name_of(address).map_or_else(|| address.short(), str::to_owned)
}

fn slots(world: &World, node: &Node, now: Slot) -> Vec<SlotBox> {
    let chain = node.chain();
    let Some(terms) = chain.stake_terms() else {
        return Vec::new();
    };
    let rules = &terms.rules;
    let epoch = rules.epoch_of(now);
    let first = rules.first_slot(epoch.before(1));
    let recent = chain.best().iter().rev().filter_map(|id| Some((id, &chain.tree().get(id)?.header)));
    let recent = recent.take_while(|(_, header)| header.height > Height(0));
    let blocks: std::collections::BTreeMap<Slot, (Height, BlockId, Address)> = ordered(
        recent
            .map(|(id, header)| (terms.slot_at(header.timestamp), header, id))
            .take_while(|(slot, ..)| *slot >= first)
            .filter_map(|(slot, header, id)| {
                Some((slot, (header.height, *id, header.seal.proposal()?.proposer.address())))
            }),
    );
    let votes: Vec<Slot> = [epoch.before(1), epoch]
        .into_iter()
        .flat_map(|epoch| node.votes(epoch))
        .map(|vote| vote.attestation.vote.slot)
        .collect();
    let leaders: std::collections::BTreeMap<Slot, Option<Address>> = ordered(chain.leaders(now));
    let one = |slot: Slot| {
        let block = blocks.get(&slot);
        let leader = block.map(|(.., proposer)| *proposer).or_else(|| leaders.get(&slot).copied().flatten());
        SlotBox {
            slot: slot.0,
            epoch: rules.epoch_of(slot).0,
            leader: leader.map(|leader| named(world, &leader)),
            block: block.map(|(height, id, _)| (*height, *id)),
            begun: slot <= now,
            votes: votes.iter().filter(|vote| **vote == slot).count() as u64,
        }
    };
    (first.0..rules.first_slot(epoch.after(1)).0).map(|slot| one(Slot(slot))).collect()
}

fn validators(world: &World, node: &Node, epoch: Epoch) -> Vec<ValidatorRow> {
    let ledger = node.chain().ledger();
    let all: u64 = ledger.validators().map(|(_, validator)| validator.stake.units()).sum();
    let votes: Vec<Address> = node.votes(epoch).map(|vote| vote.attestation.validator.address()).collect();
    let row = |(address, validator): (Address, crate::chain::Validator)| ValidatorRow {
        name: named(world, &address),
        stake: validator.stake,
        share: validator.stake.units().saturating_mul(1_000) / all.max(1),
        blocks: validator.reveals,
        voted: votes.contains(&address),
        exit: validator.exit.map(|exit| exit.0),
        slashed: validator.slashed,
    };
    ledger.validators().map(row).collect()
}

/// What is on the chain, and what waits for somebody's turn to bring it there.
fn offences(world: &World, node: &Node) -> Vec<OffenceView> {
    let waiting = node.offences().map(|offence| OffenceView::of(world, offence, None));
    let told = reports(node.chain())
        .map(|(offence, by, height, block)| OffenceView::of(world, offence, Some((named(world, &by), height, block))));
    let mut all: Vec<OffenceView> = waiting.chain(told).collect();
    // One that was brought by somebody else may wait here still.
    let known: Vec<(String, String)> =
        all.iter().filter(|one| one.reported.is_some()).map(|one| (one.offender.clone(), one.kind.clone())).collect();
    all.retain(|one| one.reported.is_some() || !known.contains(&(one.offender.clone(), one.kind.clone())));
    all.truncate(MAX_OFFENCES);
    all
}

/// Evidence on the best chain, the newest first.
fn reports(chain: &Chain) -> impl Iterator<Item = (&Offence, Address, Height, BlockId)> {
    let blocks = chain.best().iter().rev().take(MAX_BLOCKS).filter_map(|id| Some((id, chain.tree().block(id)?)));
    blocks.flat_map(|(id, block)| {
        block.transactions.iter().filter_map(move |one| match &one.unsigned.action {
            Action::Report(report) => Some((&report.offence, report.from.address(), block.header.height, *id)),
            _ => None,
        })
    })
}

impl OffenceView {
    fn of(world: &World, offence: &Offence, reported: Option<(String, Height, BlockId)>) -> Self {
        let [first, second] = match offence {
            Offence::Proposals(headers) => headers.each_ref().map(Anatomy::of),
            Offence::Votes(votes) => votes.each_ref().map(Anatomy::of),
        };
        let fields = first.fields.iter().zip(&second.fields);
        Self {
            offender: offence.offender().map(|key| named(world, &key.address())).unwrap_or_default(),
            kind: offence.kind().map(|kind| kind.name()).unwrap_or_default().to_owned(),
            reported,
            fields: fields.map(|(a, b)| [a.path.clone(), a.value.clone(), b.value.clone()]).collect(),
        }
    }
}
