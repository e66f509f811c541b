//! How a message came to be, and why nobody has received it.

use std::sync::Arc;

use super::{Tale, WhyPart, nothing, row::name};
use crate::{
    primitives::Timestamp,
    sim::{Action, EventKey, LogEntry, Loss, Lost, Occurrence, Passage, Record, World},
    view::grouped,
};

pub(super) fn explain(world: &World, key: &EventKey) -> WhyPart {
    match (world.lost(key), world.message(key)) {
        (Some((passage, lost)), _) => of_lost(world, passage, lost),
        (None, Some(flight)) => Tale::new(world).with_chain(&flight.origin).answer("cause-is-sent", vec![]),
        (None, None) => nothing(world),
    }
}

/// The event that brought a message, or tried to, with its causes.
pub(super) fn origin(world: &World, key: &EventKey) -> Option<Arc<Occurrence>> {
    let lost = world.lost(key).and_then(|(_, lost)| lost.origin.clone());
    lost.or_else(|| world.message(key).map(|flight| flight.origin))
}

fn of_lost(world: &World, passage: &Passage, lost: &Lost) -> WhyPart {
    let mut tale = Tale::new(world);
    match &lost.origin {
        Some(origin) => tale.chain(origin),
        None => tale.complete = false,
    }
    let ends = [passage.key.actor, passage.to].map(|index| name(world, index).unwrap_or_default());
    let code = match &lost.why {
        Loss::Chance => "cause-is-lost-chance",
        Loss::Cut(by) => {
            match by {
                Some(by) => tale.event(by),
                None => tale.complete = false,
            }
            "cause-is-lost-cut"
        }
        Loss::Apart => {
            tale.needs(switched_off(world, &ends, passage.sent));
            "cause-is-lost-apart"
        }
        Loss::Off => {
            tale.needs(switched_off(world, &ends[1..], passage.key.time));
            "cause-is-lost-off"
        }
    };
    let [from, to] = ends;
    tale.answer(code, vec![to, from, grouped(lost.size)])
}

/// What has switched one of these off last, until then.
fn switched_off<'a>(world: &'a World, names: &[String], until: Timestamp) -> Option<&'a Record> {
    let is_it = |record: &&Record| match &record.entry {
        LogEntry::Action(Action::Stop { node }) => record.key.time <= until && names.contains(node),
        _ => false,
    };
    world.log().rev().find(is_it)
}
