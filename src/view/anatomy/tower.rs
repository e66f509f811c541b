//! Direct messages: between the parties of a channel, with a watchtower, and about invoices.

use super::{Annotate, Annotator};
use crate::{
    channel::{Asking, Claim, Direct, Invoice, Progress, TowerMessage, TowerRefusal, Watch},
    primitives::Side,
};

impl Annotate for Direct {
    fn annotate(&self, into: &mut Annotator) {
        match self {
            Self::Channel(message) => {
                into.variant("about", 0, "channel");
                message.annotate(into);
            }
            Self::Tower(message) => {
                into.variant("about", 1, "tower");
                message.annotate(into);
            }
            Self::Asking(message) => {
                into.variant("about", 2, "invoice");
                message.annotate(into);
            }
        }
    }
}

impl Annotate for Asking {
    fn annotate(&self, into: &mut Annotator) {
        match self {
            Self::Want { request, amount } => {
                into.variant("kind", 0, self.kind());
                into.leaf("request", request);
                into.leaf("amount", amount);
            }
            Self::Made { request, invoice: Invoice { payee, amount, payment, signature } } => {
                into.variant("kind", 1, self.kind());
                into.leaf("request", request);
                into.within("invoice", |into| {
                    into.public_key("payee", payee);
                    into.leaf("amount", amount);
                    into.leaf("payment", payment);
                    into.signature("signature", signature);
                });
            }
        }
    }
}

impl Annotate for TowerMessage {
    fn annotate(&self, into: &mut Annotator) {
        let index = match self {
            Self::Watch(_) => 0,
            Self::Watching { .. } => 1,
            Self::Refused { .. } => 2,
            Self::Forget { .. } => 3,
        };
        into.variant("kind", index, self.kind());
        match self {
            Self::Watch(watch) => watch.annotate(into),
            Self::Watching { channel, progress: Progress { number, revoked, claims } } => {
                into.leaf("channel", channel);
                into.leaf("number", number);
                into.leaf("revoked", revoked);
                into.leaf("claims", claims);
            }
            Self::Refused { channel, reason } => {
                into.leaf("channel", channel);
                into.within("reason", |into| reason.annotate(into));
            }
            Self::Forget { channel } => into.leaf("channel", channel),
        }
    }
}

impl Annotate for Watch {
    fn annotate(&self, into: &mut Annotator) {
        let Self { channel, client, newest, revoked, secrets, claims, signature } = self;
        into.leaf("channel", channel);
        match client {
            Side::Opener => into.variant("client", 0, "opener"),
            Side::Accepter => into.variant("client", 1, "accepter"),
        }
        into.within("newest", |into| newest.annotate(into));
        into.leaf("revoked", revoked);
        into.list("secrets", secrets, |into, secret| into.field("", secret, hex::encode(secret.0)));
        into.list("claims", claims, |into, claim| claim.annotate(into));
        into.option("signature", signature.as_ref(), |into, signature| into.signature("", signature));
    }
}

impl Annotate for Claim {
    fn annotate(&self, into: &mut Annotator) {
        let Self { preimage, expiry, amount } = self;
        into.field("preimage", preimage, hex::encode(preimage.0));
        into.leaf("expiry", expiry);
        into.leaf("amount", amount);
    }
}

impl Annotate for TowerRefusal {
    fn annotate(&self, into: &mut Annotator) {
        match self {
            Self::NotServing => into.variant("code", 0, "not-serving"),
            Self::NotOnChain => into.variant("code", 1, "not-on-chain"),
            Self::TooMany { limit } => {
                into.variant("code", 2, "too-many");
                into.leaf("limit", limit);
            }
            Self::Full { limit } => {
                into.variant("code", 3, "full");
                into.leaf("limit", limit);
            }
        }
    }
}
