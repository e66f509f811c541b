//! Transactions.

use super::{Annotate, Annotator};
use crate::primitives::{
    Action, Closing, Dispute, DisputeStep, FeeSource, Revelation, Transaction, UnsignedTransaction,
};

impl Annotate for UnsignedTransaction {
    fn annotate(&self, into: &mut Annotator) {
        let Self { fee, action } = self;
        into.leaf("fee", fee);
        into.within("action", |into| action.annotate(into));
    }
}

impl Annotate for Transaction {
    fn annotate(&self, into: &mut Annotator) {
        let Self { unsigned, signature, cosignature } = self;
        unsigned.annotate(into);
        into.signature("signature", signature);
        into.option("cosignature", cosignature.as_ref(), |into, signature| into.signature("", signature));
    }
}

impl Annotate for Action {
    fn annotate(&self, into: &mut Annotator) {
        match self {
            Self::Transfer { from, nonce, to, amount, memo } => {
                into.variant("kind", 0, "transfer");
                into.public_key("from", from);
                into.leaf("nonce", nonce);
                into.leaf("to", to);
                into.leaf("amount", amount);
                into.text("memo", memo.as_str());
            }
            Self::Fund(funding) => {
                into.variant("kind", 1, "fund");
                funding.annotate(into);
            }
            Self::Close(closing) => {
                into.variant("kind", 2, "close");
                closing.annotate(into);
            }
            Self::Dispute(dispute) => {
                into.variant("kind", 3, "dispute");
                dispute.annotate(into);
            }
            Self::Stake(deposit) => {
                into.variant("kind", 4, "stake");
                deposit.annotate(into);
            }
            Self::Unstake(exit) => {
                into.variant("kind", 5, "unstake");
                exit.annotate(into);
            }
            Self::Attest(attestation) => {
                into.variant("kind", 6, "attest");
                attestation.annotate(into);
            }
            Self::Report(report) => {
                into.variant("kind", 7, "report");
                report.annotate(into);
            }
        }
    }
}

impl Annotate for Closing {
    fn annotate(&self, into: &mut Annotator) {
        let Self { channel, keys, balances } = self;
        into.leaf("channel", channel);
        into.each("keys", keys, |into, key| into.public_key("", key));
        into.each("balances", balances, |into, balance| into.leaf("", balance));
    }
}

impl Annotate for Dispute {
    fn annotate(&self, into: &mut Annotator) {
        let Self { channel, keys, payer, fee_from, step } = self;
        into.leaf("channel", channel);
        into.each("keys", keys, |into, key| into.public_key("", key));
        into.public_key("payer", payer);
        match fee_from {
            FeeSource::Account => into.variant("feeFrom", 0, "account"),
            FeeSource::Reserve => into.variant("feeFrom", 1, "reserve"),
        }
        into.within("step", |into| step.annotate(into));
    }
}

impl Annotate for DisputeStep {
    fn annotate(&self, into: &mut Annotator) {
        let kind = self.kind();
        match self {
            Self::Publish(shown) => {
                into.variant("kind", 0, kind);
                shown.annotate(into);
            }
            Self::Refute(shown) => {
                into.variant("kind", 1, kind);
                shown.annotate(into);
            }
            Self::Punish(secret) => {
                into.variant("kind", 2, kind);
                into.field("secret", secret, hex::encode(secret.0));
            }
            Self::Settle(state) => {
                into.variant("kind", 3, kind);
                state.annotate(into);
            }
            Self::Reveal(revelation) => {
                into.variant("kind", 4, kind);
                revelation.annotate(into);
            }
        }
    }
}

impl Annotate for Revelation {
    fn annotate(&self, into: &mut Annotator) {
        let Self { preimage, expiry } = self;
        into.field("preimage", preimage, hex::encode(preimage.0));
        into.leaf("expiry", expiry);
    }
}
