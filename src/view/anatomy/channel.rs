//! What two parties of a channel sign.

use borsh::BorshSerialize;

use super::{Annotate, Annotator};
use crate::{
    channel::Channel,
    primitives::{CoSigned, Commitment, Funding, Htlc, Party, Policy, Resizing, Side, State, Terms},
};

/// What a party must keep of a channel so that the chain pays it, one after another.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize)]
pub struct Evidence {
    /// Parties and terms.
    pub funding: Funding,
    /// The newest commitment with both signatures: what is published or refutes.
    pub newest: CoSigned,
    /// What that commitment stands for: what settles.
    pub state: State,
}

impl Evidence {
    pub(in crate::view) fn of(channel: &Channel) -> Self {
        let (newest, state) = channel.newest();
        Self { funding: channel.funding().clone(), newest: newest.clone(), state: state.clone() }
    }
}

impl Annotate for Evidence {
    fn annotate(&self, into: &mut Annotator) {
        let Self { funding, newest, state } = self;
        into.within("funding", |into| funding.annotate(into));
        into.within("newest", |into| newest.annotate(into));
        into.within("state", |into| state.annotate(into));
    }
}

impl Annotate for Funding {
    fn annotate(&self, into: &mut Annotator) {
        let Self { parties, terms, resizes } = self;
        into.each("parties", parties, |into, party| party.annotate(into));
        into.within("terms", |into| terms.annotate(into));
        into.option("resizes", resizes.as_ref(), |into, resizing| resizing.annotate(into));
    }
}

impl Annotate for Resizing {
    fn annotate(&self, into: &mut Annotator) {
        let Self { channel, balances } = self;
        into.leaf("channel", channel);
        into.each("balances", balances, |into, balance| into.leaf("", balance));
    }
}

impl Annotate for Party {
    fn annotate(&self, into: &mut Annotator) {
        let Self { key, nonce, deposit, salt } = self;
        into.public_key("key", key);
        into.leaf("nonce", nonce);
        into.leaf("deposit", deposit);
        into.leaf("salt", salt);
    }
}

impl Annotate for Terms {
    fn annotate(&self, into: &mut Annotator) {
        let Self { policy, window, reserve, valid_until } = self;
        match policy {
            Policy::Penalty => into.variant("policy", 0, "penalty"),
            Policy::Replace => into.variant("policy", 1, "replace"),
        }
        into.leaf("window", window);
        into.leaf("reserve", reserve);
        into.leaf("validUntil", valid_until);
    }
}

impl Annotate for State {
    fn annotate(&self, into: &mut Annotator) {
        let Self { balances, htlcs } = self;
        into.each("balances", balances, |into, balance| into.leaf("", balance));
        into.list("htlcs", htlcs, |into, htlc| htlc.annotate(into));
    }
}

impl Annotate for Htlc {
    fn annotate(&self, into: &mut Annotator) {
        let Self { id, offerer, amount, payment, expiry } = self;
        into.leaf("id", id);
        match offerer {
            Side::Opener => into.variant("offerer", 0, "opener"),
            Side::Accepter => into.variant("offerer", 1, "accepter"),
        }
        into.leaf("amount", amount);
        into.leaf("payment", payment);
        into.leaf("expiry", expiry);
    }
}

impl Annotate for Commitment {
    fn annotate(&self, into: &mut Annotator) {
        let Self { number, state, points } = self;
        into.leaf("number", number);
        into.leaf("state", state);
        into.each("points", points, |into, point| point.annotate(into));
    }
}

impl Annotate for CoSigned {
    fn annotate(&self, into: &mut Annotator) {
        let Self { commitment, signatures } = self;
        into.within("commitment", |into| commitment.annotate(into));
        into.each("signatures", signatures, |into, signature| into.signature("", signature));
    }
}
