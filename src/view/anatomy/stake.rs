//! Proof of stake: proposals, votes, deposits, exits and evidence.

use super::{Annotate, Annotator};
use crate::primitives::{Attestation, Checkpoint, Deposit, Exit, Offence, Proposal, Report, SignedVote, Vote};

impl Annotate for Proposal {
    fn annotate(&self, into: &mut Annotator) {
        let Self { proposer, reveal, signature } = self;
        into.public_key("proposer", proposer);
        into.leaf("reveal.secret", &reveal.secret);
        into.leaf("reveal.next", &reveal.next);
        into.signature("signature", signature);
    }
}

impl Annotate for Checkpoint {
    fn annotate(&self, into: &mut Annotator) {
        let Self { epoch, block } = self;
        into.leaf("epoch", epoch);
        into.leaf("block", block);
    }
}

impl Annotate for Vote {
    fn annotate(&self, into: &mut Annotator) {
        let Self { slot, head, source, target } = self;
        into.leaf("slot", slot);
        into.leaf("head", head);
        into.within("source", |into| source.annotate(into));
        into.within("target", |into| target.annotate(into));
    }
}

impl Annotate for Attestation {
    fn annotate(&self, into: &mut Annotator) {
        let Self { validator, vote } = self;
        into.public_key("validator", validator);
        into.within("vote", |into| vote.annotate(into));
    }
}

impl Annotate for SignedVote {
    fn annotate(&self, into: &mut Annotator) {
        let Self { attestation, signature } = self;
        attestation.annotate(into);
        into.signature("signature", signature);
    }
}

impl Annotate for Deposit {
    fn annotate(&self, into: &mut Annotator) {
        let Self { from, nonce, amount, commitment } = self;
        into.public_key("from", from);
        into.leaf("nonce", nonce);
        into.leaf("amount", amount);
        into.leaf("commitment", commitment);
    }
}

impl Annotate for Exit {
    fn annotate(&self, into: &mut Annotator) {
        let Self { from, nonce } = self;
        into.public_key("from", from);
        into.leaf("nonce", nonce);
    }
}

impl Annotate for Report {
    fn annotate(&self, into: &mut Annotator) {
        let Self { from, nonce, offence } = self;
        into.public_key("from", from);
        into.leaf("nonce", nonce);
        into.within("offence", |into| match offence {
            Offence::Proposals(headers) => {
                into.variant("kind", 0, "proposals");
                into.each("headers", headers.as_slice(), |into, header| header.annotate(into));
            }
            Offence::Votes(votes) => {
                into.variant("kind", 1, "votes");
                into.each("votes", votes.as_slice(), |into, vote| vote.annotate(into));
            }
        });
    }
}
