//! Headers and blocks.

use super::{Annotate, Annotator};
use crate::primitives::{Block, Coinbase, Header, Seal, UnsealedHeader};

impl Annotate for UnsealedHeader {
    fn annotate(&self, into: &mut Annotator) {
        let Self { version, parent, height, merkle_root, state_root, timestamp, target } = self;
        into.leaf("version", version);
        into.leaf("parent", parent);
        into.leaf("height", height);
        into.leaf("merkleRoot", merkle_root);
        into.leaf("stateRoot", state_root);
        into.leaf("timestamp", timestamp);
        into.leaf("target", target);
    }
}

impl Annotate for Header {
    fn annotate(&self, into: &mut Annotator) {
        let Self { unsealed, seal } = self;
        unsealed.annotate(into);
        into.within("seal", |into| match seal {
            Seal::Work { nonce } => {
                into.variant("kind", 0, "work");
                into.leaf("nonce", nonce);
            }
            Seal::Stake(proposal) => {
                into.variant("kind", 1, "stake");
                proposal.annotate(into);
            }
        });
    }
}

impl Annotate for Coinbase {
    fn annotate(&self, into: &mut Annotator) {
        let Self { to, amount } = self;
        into.leaf("to", to);
        into.leaf("amount", amount);
    }
}

impl Annotate for Block {
    fn annotate(&self, into: &mut Annotator) {
        let Self { header, coinbase, transactions } = self;
        into.within("header", |into| header.annotate(into));
        into.within("coinbase", |into| coinbase.annotate(into));
        into.list("transactions", transactions, |into, transaction| transaction.annotate(into));
    }
}
