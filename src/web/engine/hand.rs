//! What a person does: actions, their undoing, and copies changed by hand.

use super::{BUDGET, Engine, Goal, Refusal, now_ms};
use crate::{
    sim::{Action, Cursor},
    web::protocol::Request,
};

/// Hashes of a search between two looks at the clock.
const HASHES: u64 = 2_000;

impl Engine {
    pub(super) fn by_hand(&mut self, request: Request) -> Result<(), Refusal> {
        match request {
            Request::Edit { change } => {
                let (world, inspector) = (self.timeline.world(), &mut self.inspector);
                inspector.edit(world, &self.focus, change).map_err(|problem| Refusal::new("field", problem))?;
                // What mends a lack of work searches, too.
                self.digging = true;
                Ok(())
            }
            _ if self.is_seeking() => {
                Err(Refusal::new("seeking", "time is on its way to another place; act when it is there"))
            }
            Request::Act { action } => self.act(action),
            Request::Publish { node } => match self.inspector.publish(&self.focus, node) {
                Some(action) => self.act(action),
                None => Err(Refusal::new("nothing", "nothing is being edited")),
            },
            Request::Undo => {
                let place = self.timeline.undo();
                self.go(place, "nothing was done by hand that could be undone")
            }
            Request::Redo => {
                let place = self.timeline.redo();
                self.go(place, "nothing was undone that could be done again")
            }
            _ => Ok(()),
        }
    }

    fn act(&mut self, action: Action) -> Result<(), Refusal> {
        self.timeline.act(action).map_err(|error| Refusal::new(error.code(), error))?;
        self.acts = self.acts.saturating_add(1);
        self.set_anchor();
        Ok(())
    }

    fn go(&mut self, place: Option<Cursor>, none: &'static str) -> Result<(), Refusal> {
        self.acts = self.acts.saturating_add(1);
        self.aim(Goal::Cursor(place.ok_or_else(|| Refusal::new("nothing", none))?));
        Ok(())
    }

    /// Searches on for the copy that is mined, in what is left of a pump's time. True if it did.
    pub(super) fn dig(&mut self, started: u64) -> bool {
        let digs = self.digging;
        while self.digging {
            self.digging = self.inspector.search(HASHES);
            if now_ms() - started >= BUDGET {
                break;
            }
        }
        digs
    }
}
