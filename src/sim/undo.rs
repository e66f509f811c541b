//! Undo: what was done by hand, last first, is taken out of the script again.
//!
//! To undo goes back to just before the last deed, without it: what came of it is gone, and a future that it had taken the place of is there
//! again. To redo does it again there. Both only rewrite the script; the run follows from it. Doing something else forgets what was undone.

use super::{Action, Cursor, ScriptEntry, Timeline};

/// Deeds that can be undone; the oldest is forgotten first.
const MAX_DEEDS: usize = 128;

/// What was done by hand, and what was undone of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Deeds {
    done: Vec<Deed>,
    undone: Vec<Deed>,
}

/// Something done by hand.
#[derive(Debug, Clone)]
struct Deed {
    /// Where.
    at: Cursor,
    /// Its place in the script.
    index: usize,
    action: Action,
    /// What the script held from there on before, and after.
    before: Vec<ScriptEntry>,
    after: Vec<ScriptEntry>,
    /// How far had been seen before, and after.
    end: Cursor,
    seen: Cursor,
    /// What had been done later in the future that it took the place of.
    later: Vec<Self>,
}

impl Deeds {
    /// Another future is taken up from a place on: what was done there is not part of it.
    pub(super) fn keep_before(&mut self, place: Cursor) {
        self.done.retain(|deed| deed.at < place);
        self.undone.clear();
    }
}

impl Timeline {
    /// What [`Timeline::undo`] would take back.
    pub fn undoable(&self) -> Option<&Action> {
        self.deeds.done.last().map(|deed| &deed.action)
    }

    /// What [`Timeline::redo`] would do again.
    pub fn redoable(&self) -> Option<&Action> {
        self.deeds.undone.last().map(|deed| &deed.action)
    }

    /// Takes the last deed back. Returns the place just before it; go there by [`Timeline::seek_cursor`]. Nothing if there is none.
    pub fn undo(&mut self) -> Option<Cursor> {
        let mut deed = self.deeds.done.pop()?;
        let at = deed.at;
        let mut script = self.world().scenario().script.clone();
        deed.after = script.split_off(deed.index.min(script.len()));
        script.append(&mut deed.before.clone());
        self.rewrite(at, script);
        self.forget_branch(at, deed.end);
        (deed.seen, self.end) = (self.end, deed.end);
        self.deeds.done.append(&mut deed.later);
        self.deeds.undone.push(deed);
        Some(at)
    }

    /// Does again what was undone last. Returns the place just after it, as [`Timeline::undo`] does.
    pub fn redo(&mut self) -> Option<Cursor> {
        let mut deed = self.deeds.undone.pop()?;
        let at = deed.at;
        self.leave(at);
        let mut script = self.world().scenario().script.clone();
        script.truncate(deed.index);
        script.append(&mut deed.after);
        self.rewrite(at, script);
        (deed.end, self.end) = (self.end, deed.seen);
        deed.later = self.deeds.split_from(at);
        self.deeds.done.push(deed);
        Some(Cursor { time: at.time, events: at.events + 1 })
    }

    /// Something is about to be done here.
    pub(super) fn note_deed(&mut self, action: &Action) {
        let (at, index) = (self.cursor(), self.world().entries_done());
        self.deeds.undone.clear();
        let later = self.deeds.split_from(at);
        // What other tabs bring is nobody's deed here.
        if action.is_remote() {
            return;
        }
        if self.deeds.done.len() == MAX_DEEDS {
            self.deeds.done.remove(0);
        }
        let before = self.world().scenario().script[index..].to_vec();
        let (action, after) = (action.clone(), Vec::new());
        self.deeds.done.push(Deed { at, index, action, before, after, end: self.end, seen: self.end, later });
    }
}

impl Deeds {
    /// What was done at a place or after it, in a future that is being left.
    fn split_from(&mut self, place: Cursor) -> Vec<Deed> {
        let first = self.done.partition_point(|deed| deed.at < place);
        self.done.split_off(first)
    }
}
