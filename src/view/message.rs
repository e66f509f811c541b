//! One message from near, and messages in a list.

use borsh::{BorshDeserialize, BorshSerialize};

use super::LogLine;
use crate::{
    channel::{Direct, routing::Announcement},
    gossip::{Item, Message, Status},
    primitives::{BlockId, Hash, Header, Height, Timestamp},
    sim::{EventKey, Flight, Loss, Lost, Passage, Subject, World},
};

/// Things named in a message that are listed.
const MAX_ITEMS: usize = 24;
/// Lines of what came of it.
const MAX_LINES: usize = 8;

/// A message in a list.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct MessageRow {
    /// Which.
    pub key: EventKey,
    /// The sender's name.
    pub from: String,
    /// The receiver's name.
    pub to: String,
    /// Which message.
    pub kind: String,
    /// When it arrives, or did.
    pub at: Timestamp,
    /// Whether it has arrived.
    pub arrived: bool,
}

/// A message from near.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct MessageDetail {
    /// Which, between whom, and when it arrives.
    pub row: MessageRow,
    /// When it was sent.
    pub sent: Timestamp,
    /// Bytes.
    pub size: usize,
    /// Whether the carrier has brought the bytes.
    pub filled: bool,
    /// What is said about a channel, to its other party or to a watchtower.
    pub says: Option<String>,
    /// What a status says: tip, height, work.
    pub status: Option<(BlockId, Height, String)>,
    /// What it names or carries (the first 24), and how much that is.
    pub things: (Vec<Thing>, usize),
    /// What came of it.
    pub log: Vec<LogLine>,
    /// Why nobody has received it, if so: a stable code, `chance`, `cut`, `apart` or `off`.
    pub lost: Option<String>,
}

/// Something named in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Thing {
    /// A block.
    Block(Hash),
    /// A transaction.
    Transaction(Hash),
    /// A channel.
    Channel(Hash),
}

impl MessageRow {
    pub(super) fn of(world: &World, flight: &Flight) -> Self {
        let name = |index| world.node(index).map(|sim| sim.name.clone()).unwrap_or_default();
        Self {
            key: flight.key,
            from: name(flight.from),
            to: name(flight.to),
            kind: flight.kind.to_owned(),
            at: flight.deliver_at,
            arrived: has_arrived(world, flight),
        }
    }
}

impl MessageDetail {
    pub(super) fn of(world: &World, flight: &Flight) -> Self {
        let message = flight.bytes.as_ref().and_then(|bytes| Message::parse(bytes).ok());
        let status = match &message {
            Some(Message::Status(Status { tip, height, work, .. })) => Some((*tip, *height, work.to_string())),
            _ => None,
        };
        let says = match &message {
            Some(Message::Direct(bytes)) => Direct::parse(bytes).ok().map(|message| message.kind().to_owned()),
            _ => None,
        };
        let mut things = message.as_ref().map(things).unwrap_or_default();
        let count = things.len();
        things.truncate(MAX_ITEMS);
        let came = world.log().rev().filter(|record| record.key == flight.key);
        Self {
            row: MessageRow::of(world, flight),
            sent: flight.sent,
            size: flight.size,
            filled: flight.bytes.is_some(),
            says,
            status,
            things: (things, count),
            log: came.filter_map(|record| LogLine::of(world, record)).take(MAX_LINES).collect(),
            lost: world.lost(&flight.key).map(|(_, lost)| code(&lost.why).to_owned()),
        }
    }

    /// A message that was lost on its way: all that is remembered of it.
    pub(super) fn of_lost(world: &World, passage: &Passage, lost: &Lost) -> Self {
        let name = |index| world.node(index).map(|sim| sim.name.clone()).unwrap_or_default();
        let thing = passage.about.map(|about| match about {
            Subject::Block(id) => Thing::Block(id),
            Subject::Transaction(id) => Thing::Transaction(id),
        });
        Self {
            row: MessageRow {
                key: passage.key,
                from: name(passage.key.actor),
                to: name(passage.to),
                kind: passage.kind.to_owned(),
                at: passage.key.time,
                arrived: false,
            },
            sent: passage.sent,
            size: lost.size,
            filled: false,
            says: None,
            status: None,
            things: (thing.into_iter().collect(), usize::from(thing.is_some())),
            log: Vec::new(),
            lost: Some(code(&lost.why).to_owned()),
        }
    }
}

/// Why a message was not received, as a stable code.
fn code(why: &Loss) -> &'static str {
    match why {
        Loss::Chance => "chance",
        Loss::Cut(_) => "cut",
        Loss::Apart => "apart",
        Loss::Off => "off",
    }
}

/// Whether a message is delivered, and not only due.
pub(super) fn has_arrived(world: &World, flight: &Flight) -> bool {
    world.last_key().is_some_and(|last| flight.key <= last)
}

fn things(message: &Message) -> Vec<Thing> {
    let blocks = |headers: &[Header]| headers.iter().map(|header| Thing::Block(header.id())).collect();
    match message {
        Message::Status(_) | Message::Direct(_) | Message::GetAnnouncements(_) => Vec::new(),
        Message::Inventory(items) | Message::Get(items) | Message::NotFound(items) => items
            .iter()
            .map(|item| match item {
                Item::Block(id) => Thing::Block(*id),
                Item::Transaction(id) => Thing::Transaction(*id),
            })
            .collect(),
        Message::Announcements(said) => {
            let read = said.entries.iter().filter_map(|bytes| Announcement::parse(bytes).ok());
            read.map(|announcement| Thing::Channel(announcement.channel)).collect()
        }
        Message::GetHeaders(locator) => locator.iter().map(|id| Thing::Block(*id)).collect(),
        Message::Headers(headers) => blocks(headers),
        Message::Block(block) => vec![Thing::Block(block.id())],
        Message::Transaction(transaction) => vec![Thing::Transaction(transaction.id())],
    }
}
