//! What two parties of a channel sign.

use super::{Annotate, Annotator};
use crate::primitives::{CoSigned, Commitment, Funding, Party, Policy, State, Terms};

impl Annotate for Funding {
    fn annotate(&self, into: &mut Annotator) {
        let Self { parties, terms } = self;
        into.each("parties", parties, |into, party| party.annotate(into));
        into.within("terms", |into| terms.annotate(into));
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
        into.leaf("htlcs", htlcs);
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
