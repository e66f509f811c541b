//! Layer 3: several tabs, one network.
//!
//! Owns what tabs of one room say to each other, who is here, whose nodes are whose, the one clock and who keeps it, and how that enters
//! a world. A state machine without I/O: posts and the time of the wall are handed in, posts are handed out. Must never know what carries them.
//!
//! Every tab runs a world of its own nodes. Nodes of other tabs are remote peers; what they say is appended to the script, so every tab's
//! run replays alone. Everything from the channel is untrusted: parsed, bounded, and blamed by the node it reaches. Tabs of one browser profile
//! and one origin share a channel, so a tab's word about itself is not proven; no word of a tab moves money or rewrites a chain.

mod budget;
mod clock;
mod gate;
mod guest;
mod links;
mod machine;
mod name;
mod parse;
mod session;
mod wire;

/// A tab's letter as text: `A` for 0.
pub fn letter(letter: u8) -> String {
    char::from(b'A' + letter % 26).to_string()
}

pub use clock::{Clock, Pace, SPEEDS, Wall};
pub use gate::{Gate, Invitation, InvitationError, Neighbour, Wish};
pub use machine::{BEAT_MS, JOIN_MS, MAX_TABS, Other, Role, SILENT_MS};
pub use name::{NameError, RoomName};
pub use session::{Change, Session, Why};
pub use wire::{Beat, Body, Card, Letter, MAX_CARDS, MAX_LETTERS, MAX_POST_BYTES, Post, PostError, TabId, Welcome};
