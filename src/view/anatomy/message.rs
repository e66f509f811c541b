//! Messages on the wire.

use super::{Annotate, Annotator};
use crate::{
    channel::{
        Direct,
        routing::{Announcement, ChannelPolicy},
    },
    gossip::{Announcements, Item, Message, Status, Wanted},
    primitives::Side,
};

impl Annotate for Status {
    fn annotate(&self, into: &mut Annotator) {
        let Self { version, genesis, tip, height, work, announcements } = self;
        into.leaf("version", version);
        into.leaf("genesis", genesis);
        into.leaf("tip", tip);
        into.leaf("height", height);
        into.field("work", work, work);
        into.leaf("announcements", announcements);
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
            Self::Announcements(said) => said.annotate(into),
            Self::GetAnnouncements(wanted) => wanted.annotate(into),
        }
    }
}

impl Annotate for Announcements {
    fn annotate(&self, into: &mut Annotator) {
        let Self { entries, more } = self;
        into.list("announcements", entries, |into, bytes| announced(bytes, into));
        into.leaf("more", more);
    }
}

impl Annotate for Wanted {
    fn annotate(&self, into: &mut Annotator) {
        let Self { after, parts } = self;
        into.option("after", after.as_ref(), |into, (channel, by)| {
            into.leaf("channel", channel);
            side(*by, into);
        });
        into.list("parts", parts, |into, (part, hash)| {
            into.leaf("first", part);
            into.leaf("hash", hash);
        });
    }
}

impl Annotate for Announcement {
    fn annotate(&self, into: &mut Annotator) {
        let Self { channel, side: by, sequence, policy, signature } = self;
        let ChannelPolicy { fee_base, fee_rate, expiry_delta, htlc_minimum, htlc_maximum, enabled } = policy;
        into.leaf("channel", channel);
        side(*by, into);
        into.leaf("sequence", sequence);
        into.within("policy", |into| {
            into.leaf("feeBase", fee_base);
            into.leaf("feeRate", fee_rate);
            into.leaf("expiryDelta", expiry_delta);
            into.leaf("htlcMinimum", htlc_minimum);
            into.leaf("htlcMaximum", htlc_maximum);
            into.leaf("enabled", enabled);
        });
        into.signature("signature", signature);
    }
}

fn side(side: Side, into: &mut Annotator) {
    match side {
        Side::Opener => into.variant("side", 0, "opener"),
        Side::Accepter => into.variant("side", 1, "accepter"),
    }
}

/// An encoding within an encoding, which gossip does not read.
fn announced(bytes: &[u8], into: &mut Annotator) {
    into.leaf("length", &u32::try_from(bytes.len()).expect("messages are bounded far below"));
    match Announcement::parse(bytes) {
        Ok(announcement) => announcement.annotate(into),
        Err(_) if bytes.is_empty() => {}
        Err(_) => into.span("bytes", bytes, String::new()),
    }
}

/// Another one.
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
        Message::Announcements(_) => 9,
        Message::GetAnnouncements(_) => 10,
    }
}
