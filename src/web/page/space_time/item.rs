//! What is drawn on and between the lanes: messages and marks, each with its name and what it selects.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::{super::format, marked};
use crate::{
    primitives::Timestamp,
    view::{Diagonal, Fate, LaneMark, Selection, SpaceTimeView},
    web::strings::{fill, text},
};

/// A message or a mark.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Item {
    Message(Diagonal),
    /// With whether it is selected.
    Mark(LaneMark, bool),
}

/// All of a window, by time.
pub(super) fn items(seen: &SpaceTimeView, selection: Option<&Selection>) -> Vec<Item> {
    let is_selected = |mark: &LaneMark| match selection {
        Some(Selection::Block { id }) => mark.block == Some(*id),
        _ => false,
    };
    let messages = seen.messages.iter().cloned().map(Item::Message);
    let marks = seen.marks.iter().map(|mark| Item::Mark(mark.clone(), is_selected(mark)));
    let mut items: Vec<Item> = messages.chain(marks).collect();
    items.sort_by_key(Item::time);
    items
}

impl Item {
    pub(super) fn time(&self) -> Timestamp {
        match self {
            Self::Message(message) => message.sent,
            Self::Mark(mark, _) => mark.key.time,
        }
    }

    /// The same as long as it is the same thing.
    pub(super) fn id(&self) -> String {
        let mut hasher = DefaultHasher::new();
        match self {
            Self::Message(message) => (message.key, message.fate == Fate::Lost).hash(&mut hasher),
            Self::Mark(mark, _) => mark.hash(&mut hasher),
        }
        format!("st-{:x}", hasher.finish())
    }

    pub(super) fn is_selected(&self) -> bool {
        match self {
            Self::Message(message) => message.of_selection,
            Self::Mark(_, selected) => *selected,
        }
    }

    /// What it leads to.
    pub(super) fn selection(&self, name: &dyn Fn(u32) -> String) -> Selection {
        match self {
            Self::Message(message) => Selection::Message { key: message.key },
            Self::Mark(LaneMark { block: Some(id), .. }, _) => Selection::block(*id),
            Self::Mark(mark, _) => Selection::node(name(mark.lane)),
        }
    }

    pub(super) fn label(&self, name: &dyn Fn(u32) -> String) -> String {
        match self {
            Self::Message(message) => {
                let (from, to) = (name(message.from), name(message.to));
                fill("passage-label", &[&message.kind, &from, &to, &format::clock(message.sent), &became(message)])
            }
            Self::Mark(mark, _) => {
                fill("mark-label", &[&name(mark.lane), &marked(mark), &format::clock(mark.key.time)])
            }
        }
    }
}

/// What came of a message.
pub(super) fn became(message: &Diagonal) -> String {
    match message.fate {
        Fate::Arrived => fill("passage-arrived", &[&message.key.time.since(message.sent).to_string()]),
        Fate::InFlight => text("on-its-way").to_owned(),
        Fate::Lost => text("passage-lost").to_owned(),
    }
}
