//! What can be seen of a session.

use super::{MAX_SCRIPT, SPARE_ENTRIES, Session, Why};
use crate::{
    room::{Clock, Other, Role, TabId},
    sim::World,
};

impl Session {
    /// Which room, or which node.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How much of the log of what came from others is used, percent.
    pub fn log_used(&self, world: &World) -> u32 {
        let bytes = world.script_bytes() * 100 / self.max_log_bytes;
        let entries = world.entries_done() * 100 / (MAX_SCRIPT - SPARE_ENTRIES);
        u32::try_from(bytes.max(entries)).unwrap_or(100)
    }

    /// This tab.
    pub fn tab(&self) -> TabId {
        self.machine.me()
    }

    /// This tab's letter, 0 for A; nothing before it has one.
    pub fn letter(&self) -> Option<u8> {
        self.machine.letter()
    }

    /// What this tab is in the room; nothing while its run is private.
    pub fn role(&self) -> Option<Role> {
        self.detached.is_none().then(|| self.machine.role())
    }

    /// Why the run is private, if it is.
    pub fn detached(&self) -> Option<Why> {
        self.detached
    }

    /// Who keeps the clock.
    pub fn host(&self) -> Option<TabId> {
        self.machine.host().filter(|_| self.detached.is_none())
    }

    /// The other tabs.
    pub fn others(&self) -> impl Iterator<Item = (TabId, &Other)> + '_ {
        self.machine.others().iter().filter(|_| self.detached.is_none()).map(|(id, other)| (*id, other))
    }

    /// The room's clock.
    pub fn clock(&self) -> Clock {
        self.machine.clock()
    }

    /// Posts that were not taken: not of this room, out of range, too many.
    pub fn dropped(&self) -> u64 {
        self.machine.dropped() + self.overflow
    }

    /// Messages between nodes that came before or after their connection.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Counts what can be seen: another number, another picture.
    pub fn revision(&self) -> u64 {
        self.revision
    }
}
