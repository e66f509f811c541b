//! What the two parties of a channel say to each other.

use super::{Annotate, Annotator};
use crate::channel::{Body, Change, Message};

impl Annotate for Message {
    fn annotate(&self, into: &mut Annotator) {
        let Self { handle, body } = self;
        into.leaf("handle", handle);
        into.within("body", |into| {
            into.variant("kind", index(body), body.kind());
            body.annotate_fields(into);
        });
    }
}

impl Body {
    fn annotate_fields(&self, into: &mut Annotator) {
        match self {
            Self::Open { party, theirs, terms, fee, points, resizes } => {
                into.within("party", |into| party.annotate(into));
                into.leaf("theirs", theirs);
                into.within("terms", |into| terms.annotate(into));
                into.leaf("fee", fee);
                into.each("points", points, |into, point| point.annotate(into));
                into.option("resizes", resizes.as_ref(), |into, resizing| resizing.annotate(into));
            }
            Self::Accept { party, points, signature } => {
                into.within("party", |into| party.annotate(into));
                into.each("points", points, |into, point| point.annotate(into));
                into.signature("signature", signature);
            }
            Self::Refuse { reason } => into.text("reason", reason),
            Self::Fund { commitment, funding } => {
                into.signature("commitment", commitment);
                into.signature("funding", funding);
            }
            Self::Funded { funding } => into.signature("funding", funding),
            Self::Propose { number, turn, change } => {
                into.leaf("number", number);
                into.leaf("turn", turn);
                into.within("change", |into| change.annotate_fields(into));
            }
            Self::Sign { number, signature } => {
                into.leaf("number", number);
                into.signature("signature", signature);
            }
            Self::Commit { number, signature, secret, next_point } => {
                into.leaf("number", number);
                into.signature("signature", signature);
                into.field("secret", secret, hex::encode(secret.0));
                into.leaf("nextPoint", next_point);
            }
            Self::Revoke { number, secret, next_point, yields } => {
                into.leaf("number", number);
                into.field("secret", secret, hex::encode(secret.0));
                into.leaf("nextPoint", next_point);
                into.leaf("yields", yields);
            }
            Self::Ask { turn } | Self::Yield { turn } => into.leaf("turn", turn),
            Self::Close { turn, fee, signature } => {
                into.leaf("turn", turn);
                into.leaf("fee", fee);
                into.signature("signature", signature);
            }
            Self::Closed { signature } => into.signature("signature", signature),
            Self::Resume { number, revoked, heard } => {
                into.leaf("number", number);
                into.option("revoked", revoked.as_ref(), |into, (number, secret)| {
                    into.leaf("revoked", number);
                    into.field("secret", secret, hex::encode(secret.0));
                });
                into.leaf("heard", heard);
            }
            Self::Lost => {}
        }
    }
}

impl Change {
    fn annotate_fields(&self, into: &mut Annotator) {
        match self {
            Self::Pay { amount } => {
                into.variant("kind", 0, "pay");
                into.leaf("amount", amount);
            }
            Self::Offer(htlc) => {
                into.variant("kind", 1, "offer");
                into.leaf("amount", &htlc.amount);
                into.leaf("payment", &htlc.payment);
                into.leaf("expiry", &htlc.expiry);
                into.field("packet", &htlc.packet, hex::encode(htlc.packet.bytes()));
            }
            Self::Fulfil { id, preimage } => {
                into.variant("kind", 2, "fulfil");
                into.leaf("id", id);
                into.field("preimage", preimage, hex::encode(preimage.0));
            }
            Self::Fail { id, failure } => {
                into.variant("kind", 3, "fail");
                into.leaf("id", id);
                into.field("failure", failure, failure.reason.code().to_owned());
            }
        }
    }
}

/// The byte that begins each kind of body.
fn index(body: &Body) -> u8 {
    match body {
        Body::Open { .. } => 0,
        Body::Accept { .. } => 1,
        Body::Refuse { .. } => 2,
        Body::Fund { .. } => 3,
        Body::Funded { .. } => 4,
        Body::Propose { .. } => 5,
        Body::Sign { .. } => 6,
        Body::Commit { .. } => 7,
        Body::Revoke { .. } => 8,
        Body::Ask { .. } => 9,
        Body::Yield { .. } => 10,
        Body::Close { .. } => 11,
        Body::Closed { .. } => 12,
        Body::Resume { .. } => 13,
        Body::Lost => 14,
    }
}
