//! A copy beside its original, as it is shown.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};

use super::{Edit, Judgement, Thing};
use crate::{
    primitives::{BlockId, Hash},
    sim::World,
    view::{CauseRow, Field, RulesView, Selection, TransactionRow, chain, why::history},
};

/// Fields that differ which are listed.
const MAX_DIFFERENCES: usize = 40;

/// A copy beside its original.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct EditView {
    /// The copy's id.
    pub id: Hash,
    /// The original's.
    pub original: Hash,
    /// The fields that can be written, in the order of the encoding.
    pub fields: Vec<EditField>,
    /// A block's transactions of which the fields are there, and how many it has.
    pub transactions: (Vec<TransactionRow>, usize),
    /// Fields that differ (the first forty), and how many there are.
    pub differences: (Vec<Difference>, usize),
    /// How many bytes differ, and how many the copy has.
    pub bytes: (usize, usize),
    /// A block on the heaviest chain that names the original as its parent, and how many are above the original.
    pub child: Option<(BlockId, usize)>,
    /// What the rules say of the copy.
    pub rules: RulesView,
    /// Broken rules, by their place in `rules`, that can be mended, each with the rule's name.
    pub fixes: Vec<(usize, String)>,
    /// The search for a nonce, of a block.
    pub search: Option<SearchView>,
    /// What became of the copy, newest first, if its id is not the original's.
    pub history: Vec<CauseRow>,
}

/// A field that can be written.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct EditField {
    /// Its name among its parents.
    pub path: String,
    /// What it says.
    pub value: String,
    /// What it says in the original, if that is something else.
    pub was: Option<String>,
}

/// A field whose bytes differ.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Difference {
    /// Its name among its parents.
    pub path: String,
    /// Bytes before it in the copy; in the original, if the copy has no such field.
    pub offset: usize,
    /// Its bytes in the original and in the copy, in hex; empty where there is no such field.
    pub bytes: [String; 2],
}

/// A search for a nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SearchView {
    /// Hashes tried; 0 before it was ever asked for.
    pub tried: u64,
    /// Hashes that it takes on average; more than fit in 64 bits count as the most that do.
    pub expected: u64,
    /// Whether it goes on.
    pub running: bool,
    /// Whether it has found one.
    pub found: bool,
}

/// Fields by their path: where each lies and its bytes.
type Bytes<'a> = BTreeMap<&'a str, (usize, &'a [u8])>;

impl EditView {
    pub(in crate::view) fn of(world: &World, edit: &Edit, judged: Judgement<'_>, rules: RulesView) -> Self {
        let (old, old_fields, _) = edit.original.annotated();
        let (new, new_fields, writable) = edit.copy.annotated();
        let was: BTreeMap<&str, &str> =
            old_fields.iter().map(|field| (field.path.as_str(), field.value.as_str())).collect();
        let shown = |field: &Field| {
            let was = was.get(field.path.as_str()).filter(|was| **was != field.value).map(|was| (*was).to_owned());
            EditField { path: field.path.clone(), value: field.value.clone(), was }
        };
        let fields: Vec<EditField> = writable.into_iter().filter_map(|at| new_fields.get(at)).map(shown).collect();
        let (differences, count, bytes) = differences(&by_path(&old_fields, &old), &by_path(&new_fields, &new));
        Self {
            id: edit.copy.id(),
            original: edit.original.id(),
            transactions: transactions(world, edit, &fields),
            fields,
            differences: (differences, count),
            bytes: (bytes, new.len()),
            child: child(world, edit),
            fixes: fixes(edit, judged, &rules),
            rules,
            search: edit.search_view(),
            history: became(world, edit),
        }
    }
}

impl Edit {
    fn search_view(&self) -> Option<SearchView> {
        let Thing::Block(block) = &self.copy else {
            return None;
        };
        let (tried, running, found) =
            self.search.as_ref().map_or((0, false, false), |search| (search.tried, search.running, search.found));
        Some(SearchView { tried, expected: block.header.target.work().hashes(), running, found })
    }
}

fn by_path<'a>(fields: &'a [Field], bytes: &'a [u8]) -> Bytes<'a> {
    let of = |field: &'a Field| bytes.get(field.offset..field.offset + field.length).unwrap_or_default();
    fields.iter().map(|field| (field.path.as_str(), (field.offset, of(field)))).collect()
}

/// Fields that differ, the first of them; how many do; and how many bytes.
fn differences(old: &Bytes<'_>, new: &Bytes<'_>) -> (Vec<Difference>, usize, usize) {
    let gone = old.iter().filter(|(path, _)| !new.contains_key(*path));
    let mut differing: Vec<(&str, usize, [&[u8]; 2])> =
        gone.map(|(path, (at, was))| (*path, *at, [*was, &[]])).collect();
    for (path, (at, is)) in new {
        let was = old.get(path).map_or(&[] as &[u8], |(_, was)| was);
        if was != *is {
            differing.push((*path, *at, [was, *is]));
        }
    }
    differing.sort_by_key(|(_, at, _)| *at);
    let bytes = differing.iter().map(|(.., [was, is])| differing_bytes(was, is)).sum();
    let count = differing.len();
    let shown = differing.into_iter().take(MAX_DIFFERENCES);
    let shown =
        shown.map(|(path, offset, bytes)| Difference { path: path.to_owned(), offset, bytes: bytes.map(hex::encode) });
    (shown.collect(), count, bytes)
}

fn differing_bytes(was: &[u8], is: &[u8]) -> usize {
    was.iter().zip(is).filter(|(was, is)| was != is).count() + was.len().abs_diff(is.len())
}

/// The transactions whose fields were taken apart.
fn transactions(world: &World, edit: &Edit, fields: &[EditField]) -> (Vec<TransactionRow>, usize) {
    let Thing::Block(block) = &edit.copy else {
        return (Vec::new(), 0);
    };
    let has_fields = |at: usize| fields.iter().any(|field| field.path.starts_with(&format!("transactions[{at}].")));
    let shown = block.transactions.iter().enumerate().take_while(|(at, _)| has_fields(*at));
    (shown.map(|(_, one)| TransactionRow::of(world, one)).collect(), block.transactions.len())
}

fn child(world: &World, edit: &Edit) -> Option<(BlockId, usize)> {
    let Thing::Block(block) = &edit.original else {
        return None;
    };
    let (best, at) = (chain::best_by_height(world), usize::try_from(block.header.height.0).ok()?);
    let next = best.get(at + 1).filter(|_| best[at] == block.id())?;
    Some((*next, best.len() - at - 1))
}

fn became(world: &World, edit: &Edit) -> Vec<CauseRow> {
    let id = edit.copy.id();
    match &edit.copy {
        _ if id == edit.original.id() => Vec::new(),
        Thing::Block(_) => history(world, &Selection::block(id)),
        Thing::Transaction(_) => history(world, &Selection::Transaction { id, block: None }),
    }
}

/// Which rows of the rules can be mended.
fn fixes(edit: &Edit, judged: Judgement<'_>, rules: &RulesView) -> Vec<(usize, String)> {
    let cures = edit.cures(judged);
    let mends = |row: &crate::view::RuleRow| {
        let rule = row.code.strip_prefix("pool-").unwrap_or(&row.code);
        let is_broken = row.outcome == crate::view::Outcome::Broken;
        let found = cures.iter().find(|(name, one, _)| (*name == rule) && (one.is_none() || *one == row.transaction));
        found.filter(|_| is_broken).map(|(name, ..)| (*name).to_owned())
    };
    rules.rows.iter().enumerate().filter_map(|(at, row)| Some((at, mends(row)?))).collect()
}
