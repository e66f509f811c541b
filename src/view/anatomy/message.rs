//! Messages on the wire.

use super::{Annotate, Annotator};
use crate::{
    channel::Direct,
    gossip::{Item, Message, Status},
};

impl Annotate for Status {
    fn annotate(&self, into: &mut Annotator) {
        let Self { version, genesis, tip, height, work } = self;
        into.leaf("version", version);
        into.leaf("genesis", genesis);
        into.leaf("tip", tip);
        into.leaf("height", height);
        into.leaf("work", work);
    }
}

impl Annotate for Item {
    fn annotate(&self, into: &mut Annotator) {
        let (index, kind, id) = match self {
            Self::Block(id) => (0, "block", id),
            Self::Transaction(id) => (1, "transaction", id),
        };
        into.variant("kind", index, kind);
        into.leaf("id", id);
    }
}

impl Annotate for Message {
    fn annotate(&self, into: &mut Annotator) {
        into.variant("kind", index(self), self.kind());
        match self {
            Self::Status(status) => into.within("status", |into| status.annotate(into)),
            Self::Inventory(items) | Self::Get(items) | Self::NotFound(items) => {
                into.list("items", items, |into, item| item.annotate(into));
            }
            Self::GetHeaders(locator) => into.list("locator", locator, |into, id| id.annotate(into)),
            Self::Headers(headers) => into.list("headers", headers, |into, header| header.annotate(into)),
            Self::Block(block) => into.within("block", |into| block.annotate(into)),
            Self::Transaction(transaction) => into.within("transaction", |into| transaction.annotate(into)),
            Self::Direct(bytes) => into.within("direct", |into| direct(bytes, into)),
        }
    }
}

/// An encoding within an encoding, which gossip does not read.
fn direct(bytes: &[u8], into: &mut Annotator) {
    into.leaf("length", &u32::try_from(bytes.len()).expect("messages are bounded far below"));
    match Direct::parse(bytes) {
        Ok(message) => message.annotate(into),
        Err(_) if bytes.is_empty() => {}
        Err(_) => into.span("bytes", bytes, String::new()),
    }
}

/// The byte that begins each kind of message.
fn index(message: &Message) -> u8 {
    match message {
        Message::Status(_) => 0,
        Message::Inventory(_) => 1,
        Message::Get(_) => 2,
        Message::NotFound(_) => 3,
        Message::GetHeaders(_) => 4,
        Message::Headers(_) => 5,
        Message::Block(_) => 6,
        Message::Transaction(_) => 7,
        Message::Direct(_) => 8,
    }
}
