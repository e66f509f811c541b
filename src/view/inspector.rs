//! What is inspected, from the side that is looked at.

use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};

use super::{
    Anatomy, BlockDetail, CauseRow, Change, ChannelDetail, EditView, Evidence, Focus, MessageDetail, NodeDetail,
    RulesView, Selection, Tab, TransactionDetail, WhyView,
    channel::{Pair, Trail},
    edit::Workbench,
    message::has_arrived,
    transaction::Found,
    why::history,
};
use crate::{
    chain::BlockAudit,
    gossip::Message,
    node::Node,
    primitives::{Block, BlockId, Checks},
    sim::{Action, Flight, World},
};

/// What is inspected.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Inspection {
    /// Which thing this is about.
    pub selection: Selection,
    /// The node by whose ledger and mempool it is judged, if one is on.
    pub judge: Option<String>,
    /// What it is; nothing if it is not here (any more).
    pub summary: Option<Summary>,
    /// Its encoding, if that is looked at and there is one.
    pub raw: Option<Arc<Anatomy>>,
    /// Its rules, if they are looked at.
    pub rules: Option<RulesView>,
    /// Why it is as it is, if that is looked at.
    pub why: Option<WhyView>,
    /// What happened to it, newest first, if that is looked at.
    pub history: Option<Vec<CauseRow>>,
    /// A copy to be changed by hand, if that is looked at.
    pub edit: Option<EditView>,
}

/// What something is.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Summary {
    /// A node.
    Node(Box<NodeDetail>),
    /// A block.
    Block(Box<BlockDetail>),
    /// A transaction.
    Transaction(Box<TransactionDetail>),
    /// A channel.
    Channel(Box<ChannelDetail>),
    /// A message.
    Message(Box<MessageDetail>),
}

/// Remembers what is costly to work out and does not change.
#[derive(Debug, Default)]
pub struct Inspector {
    raw: Option<(Selection, Arc<Anatomy>)>,
    audit: Option<(BlockId, String, BlockAudit)>,
    place: Option<(Selection, BlockId)>,
    trail: Option<Trail>,
    workbench: Workbench,
}

impl Inspector {
    /// Looks at what is in focus; nothing in a world without nodes.
    pub fn look(&mut self, world: &World, focus: &Focus) -> Option<Inspection> {
        let first = || world.nodes().first().map(|sim| Selection::node(sim.name.as_str()));
        let known = |selection: &Selection| match selection {
            Selection::Node { name } => world.index_of(name).is_some(),
            _ => true,
        };
        let selection = focus.selection.clone().filter(known).or_else(first)?;
        let judge = judge(world, focus);
        let mut inspection = Inspection {
            judge: judge.map(|(name, _)| name.to_owned()),
            summary: None,
            raw: None,
            rules: None,
            why: (focus.tab == Tab::Why).then(|| WhyView::of(world, &selection)),
            history: (focus.tab == Tab::History).then(|| history(world, &selection)),
            edit: judge
                .filter(|_| focus.tab == Tab::Edit)
                .and_then(|judge| self.workbench.look(world, &selection, judge)),
            selection,
        };
        match inspection.selection.clone() {
            Selection::Node { name } => look_at_node(&mut inspection, world, &name, focus.tab),
            Selection::Block { id } => self.look_at_block(&mut inspection, world, &id, focus.tab, judge),
            Selection::Transaction { .. } => self.look_at_transaction(&mut inspection, world, focus.tab, judge),
            Selection::Channel { id } => {
                if let Some(pair) = Pair::of(world, &id) {
                    self.look_at_channel(&mut inspection, world, &pair, focus.tab, judge);
                }
            }
            Selection::Message { key } => {
                if let Some(flight) = world.message(&key) {
                    self.look_at_message(&mut inspection, world, &flight, focus.tab);
                } else if let Some((passage, lost)) = world.lost(&key) {
                    let detail = MessageDetail::of_lost(world, passage, lost);
                    inspection.summary = Some(Summary::Message(Box::new(detail)));
                }
            }
            // The panel of payments tells of it.
            Selection::Payment { .. } => {}
        }
        Some(inspection)
    }

    /// Changes the copy of what is in focus.
    ///
    /// # Errors
    /// What is wrong with the change; nothing has changed then.
    pub fn edit(&mut self, world: &World, focus: &Focus, change: Change) -> Result<(), String> {
        match (judge(world, focus), &focus.selection) {
            (Some(judge), Some(selection)) => self.workbench.change(world, selection, judge, change),
            _ => Err("nothing is selected, or no node is on".to_owned()),
        }
    }

    /// Searches on for the copy that is being mined, by at most so many hashes. Whether there is more to search.
    pub fn search(&mut self, hashes: u64) -> bool {
        self.workbench.search(hashes)
    }

    /// Has a node publish the copy of what is in focus.
    pub fn publish(&self, focus: &Focus, node: String) -> Option<Action> {
        let message = self.workbench.message(focus.selection.as_ref()?)?;
        Some(Action::Publish { node, message })
    }

    fn look_at_block(
        &mut self,
        into: &mut Inspection,
        world: &World,
        id: &BlockId,
        tab: Tab,
        judge: Option<(&str, &Node)>,
    ) {
        let Some(block) = world.running().find_map(|(_, node)| node.chain().tree().block(id)) else {
            return;
        };
        into.summary = BlockDetail::of(world, id).map(|detail| Summary::Block(Box::new(detail)));
        match (tab, judge) {
            (Tab::Raw, _) => into.raw = Some(self.anatomy(&into.selection, || Anatomy::of(&**block))),
            (Tab::Rules, Some((name, node))) => {
                into.rules = Some(RulesView::of_block(&self.audit(world, block, id, name, node), block, name));
            }
            _ => {}
        }
    }

    /// What the rules say of a block depends on nothing but the block, its ancestors and the clock.
    fn audit(&mut self, world: &World, block: &Block, id: &BlockId, name: &str, node: &Node) -> BlockAudit {
        let known =
            self.audit.take().filter(|(known, judge, audit)| known == id && (audit.is_complete() || judge == name));
        let mut audit = known
            .map_or_else(|| node.chain().audit(world.now(), block, &mut Checks::forgetful()), |(_, _, audit)| audit);
        audit.by_clock(node.chain(), &block.header, world.now());
        self.audit = Some((*id, name.to_owned(), audit.clone()));
        audit
    }

    fn look_at_transaction(&mut self, into: &mut Inspection, world: &World, tab: Tab, judge: Option<(&str, &Node)>) {
        let Selection::Transaction { id, block } = &into.selection else {
            return;
        };
        let seen = self.place.take().filter(|(selection, _)| *selection == into.selection).map(|(_, block)| block);
        let Some(found) = Found::of(world, id, seen.or(*block)) else {
            return;
        };
        self.place = found.place.map(|place| (into.selection.clone(), place.block));
        into.summary = Some(Summary::Transaction(Box::new(TransactionDetail::of(world, &found))));
        match (tab, judge) {
            (Tab::Raw, _) => into.raw = Some(self.anatomy(&into.selection, || Anatomy::of(&found.transaction))),
            (Tab::Rules, Some((name, node))) => into.rules = Some(RulesView::of_transaction(&found, name, node)),
            _ => {}
        }
    }

    fn look_at_channel(
        &mut self,
        into: &mut Inspection,
        world: &World,
        pair: &Pair<'_>,
        tab: Tab,
        judge: Option<(&str, &Node)>,
    ) {
        into.summary = ChannelDetail::of(world, pair, &mut self.trail).map(|detail| Summary::Channel(Box::new(detail)));
        match (tab, judge) {
            (Tab::Raw, _) => into.raw = pair.newest().map(|channel| Arc::new(Anatomy::of(&Evidence::of(channel)))),
            (Tab::Rules, Some((name, node))) => into.rules = Some(RulesView::of_channel(world, pair, name, node)),
            _ => {}
        }
    }

    fn look_at_message(&mut self, into: &mut Inspection, world: &World, flight: &Flight, tab: Tab) {
        into.summary = Some(Summary::Message(Box::new(MessageDetail::of(world, flight))));
        match (tab, &flight.bytes) {
            (Tab::Raw, Some(bytes)) => {
                let taken_apart =
                    || Message::parse(bytes).map_or_else(|_| Anatomy::opaque(bytes), |message| Anatomy::of(&message));
                into.raw = Some(self.anatomy(&into.selection, taken_apart));
            }
            (Tab::Rules, _) => into.rules = Some(RulesView::of_message(world, flight, has_arrived(world, flight))),
            _ => {}
        }
    }

    /// The encoding of something that never changes.
    fn anatomy(&mut self, selection: &Selection, of: impl FnOnce() -> Anatomy) -> Arc<Anatomy> {
        let known = self.raw.take().filter(|(known, _)| known == selection).map(|(_, anatomy)| anatomy);
        let anatomy = known.unwrap_or_else(|| Arc::new(of()));
        self.raw = Some((selection.clone(), Arc::clone(&anatomy)));
        anatomy
    }
}

fn look_at_node(into: &mut Inspection, world: &World, name: &str, tab: Tab) {
    into.summary = NodeDetail::of(world, name).map(|detail| Summary::Node(Box::new(detail)));
    let node = world.index_of(name).and_then(|index| world.node(index)).and_then(|sim| sim.node.as_ref());
    match tab {
        Tab::Raw => into.raw = node.map(|node| Arc::new(Anatomy::of(&Message::Status(node.status())))),
        Tab::Rules => into.rules = Some(RulesView::of_node(world, node)),
        Tab::Summary | Tab::History | Tab::Why | Tab::Edit => {}
    }
}

/// The chosen node if it is on, or the first that is.
pub(super) fn judge<'a>(world: &'a World, focus: &Focus) -> Option<(&'a str, &'a Node)> {
    let running = || world.running().filter_map(|(index, node)| Some((world.node(index)?.name.as_str(), node)));
    let chosen = focus.judge.as_deref().and_then(|judge| running().find(|(name, _)| *name == judge));
    chosen.or_else(|| running().next())
}
