//! The copies that are being edited, and what the rules say of the one that is looked at.

use std::collections::VecDeque;

use super::{Change, Edit, EditView, Judgement, Thing};
use crate::{
    chain::BlockAudit,
    node::Node,
    primitives::{BlockId, Checks, Hash},
    sim::{Payload, World},
    view::{RulesView, Selection, rules::pool_findings},
};

/// Copies that are kept; the one that was looked at longest ago is forgotten first.
const MAX_COPIES: usize = 8;

/// Copies of what was edited lately, and the last judgement.
#[derive(Debug, Default)]
pub(in crate::view) struct Workbench {
    copies: VecDeque<Edit>,
    audit: Option<(Case, BlockAudit)>,
}

/// What a judgement depends on, besides the clock.
#[derive(Debug, PartialEq, Eq)]
struct Case {
    copy: Hash,
    /// Whether the judge remembers it, or what it builds on, as invalid.
    invalid: [Option<&'static str>; 2],
    /// What follows matters only where a rule could not be evaluated.
    judge: String,
    tip: BlockId,
}

impl Workbench {
    /// The copy of what is selected, judged; nothing if it cannot be edited or is not here.
    pub(in crate::view) fn look(
        &mut self,
        world: &World,
        selection: &Selection,
        (name, node): (&str, &Node),
    ) -> Option<EditView> {
        self.take_up(world, selection)?;
        let edit = &self.copies[0];
        Some(match &edit.copy {
            Thing::Block(block) => {
                let audit = audit(&mut self.audit, world, edit, name, node)?;
                let rules = RulesView::of_block(&audit, block, name);
                EditView::of(world, edit, Judgement::Block(&audit), rules)
            }
            Thing::Transaction(one) => {
                let findings = pool_findings(one, node);
                let rules = RulesView::of_pool(&findings, None, name, node);
                EditView::of(world, edit, Judgement::Transaction(&findings), rules)
            }
        })
    }

    /// Changes the copy of what is selected.
    ///
    /// # Errors
    /// What is wrong with the change; nothing has changed then.
    pub(in crate::view) fn change(
        &mut self,
        world: &World,
        selection: &Selection,
        (name, node): (&str, &Node),
        change: Change,
    ) -> Result<(), String> {
        self.take_up(world, selection).ok_or_else(|| "this cannot be edited, or is not here any more".to_owned())?;
        let edit = &mut self.copies[0];
        // Only what mends a rule asks what the rules say.
        let fixes = matches!(change, Change::Fix { .. });
        match &edit.copy {
            Thing::Block(_) if fixes => match audit(&mut self.audit, world, edit, name, node) {
                Some(audit) => edit.change(world, change, Judgement::Block(&audit)),
                None => Ok(()),
            },
            Thing::Transaction(one) if fixes => {
                let findings = pool_findings(one, node);
                edit.change(world, change, Judgement::Transaction(&findings))
            }
            _ => edit.change(world, change, Judgement::Transaction(&[])),
        }
    }

    /// Searches on for whatever copy is being mined. Whether there is more to search.
    pub(in crate::view) fn search(&mut self, hashes: u64) -> bool {
        self.copies.iter_mut().any(|edit| edit.search(hashes))
    }

    /// The copy of what is selected, as it is published.
    pub(in crate::view) fn message(&self, selection: &Selection) -> Option<Payload> {
        self.copies.iter().find(|edit| edit.selection == *selection).map(Edit::message)
    }

    /// Puts the copy of what is selected in front, a new one if there is none.
    fn take_up(&mut self, world: &World, selection: &Selection) -> Option<()> {
        let known = self.copies.iter().position(|edit| edit.selection == *selection);
        let edit = match known.and_then(|at| self.copies.remove(at)) {
            Some(edit) => edit,
            None => Edit::of(world, selection)?,
        };
        self.copies.push_front(edit);
        self.copies.truncate(MAX_COPIES);
        Some(())
    }
}

/// What the rules say of a block depends on nothing but the block, its ancestors and the clock, once all are evaluated.
fn audit(
    known: &mut Option<(Case, BlockAudit)>,
    world: &World,
    edit: &Edit,
    name: &str,
    node: &Node,
) -> Option<BlockAudit> {
    let Thing::Block(block) = &edit.copy else {
        return None;
    };
    let chain = node.chain();
    let invalid = [block.id(), block.header.parent].map(|id| chain.invalid_rule(&id));
    let case = Case { copy: edit.key(), invalid, judge: name.to_owned(), tip: chain.tip() };
    let holds = |(known, audit): &(Case, BlockAudit)| {
        *known == case || (audit.is_complete() && (known.copy, known.invalid) == (case.copy, case.invalid))
    };
    let fresh = || chain.audit(world.now(), block, &mut Checks::forgetful());
    let mut audit = known.take().filter(holds).map_or_else(fresh, |(_, audit)| audit);
    audit.by_clock(chain, &block.header, world.now());
    *known = Some((case, audit.clone()));
    Some(audit)
}
