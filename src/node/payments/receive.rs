//! Being paid: invoices, and what arrives for them.

use std::sync::Arc;

use super::{Invoiced, PaymentNotice};
use crate::{
    channel::{CLAIM_MARGIN, Event, Failure, FailureReason, Invoice},
    node::{ChangeSet, CommandResult, Node, Output, PaymentRefusal},
    primitives::{Amount, Checks, Hash, Htlc, MIN_HTLC, Preimage, Tag, Timestamp},
};

const PREIMAGE: Tag = Tag::new("tabchain/preimage");

impl Node {
    /// An invoice to be given to somebody, and kept.
    pub(in crate::node) fn make_invoice(&mut self, now: Timestamp, amount: Amount) -> CommandResult {
        match self.new_invoice(now, amount) {
            Ok(invoiced) => {
                let invoice = invoiced.invoice.clone();
                self.keep_invoice(invoiced);
                CommandResult::Invoiced(Box::new(invoice))
            }
            Err(refusal) => CommandResult::PaymentRefused(refusal),
        }
    }

    /// A new invoice. The preimage is like no other also where the random stream begins anew after a restart.
    pub(super) fn new_invoice(&mut self, now: Timestamp, amount: Amount) -> Result<Invoiced, PaymentRefusal> {
        if amount < MIN_HTLC {
            return Err(PaymentRefusal::TooSmall { amount, minimum: MIN_HTLC });
        }
        let (random, count) = (self.keyring.draw_bytes(), self.inputs);
        let preimage = Preimage(
            PREIMAGE.hash_of(&(random, self.keyring.key().derive(&PREIMAGE, &self.chain.tip()), count, now)).0,
        );
        let genesis = self.chain.genesis_id();
        let invoice = Invoice::sign(self.keyring.key(), &genesis, amount, preimage.payment());
        Ok(Invoiced { invoice, preimage, paid_by: None })
    }

    /// From now on payments to this node are left pending, or taken; what is pending is taken then.
    pub(in crate::node) fn hold_payments(&mut self, now: Timestamp, holds: bool, checks: &mut Checks) -> CommandResult {
        self.payments.holds = holds;
        self.outbox.push_back(Output::Persist(ChangeSet { holds: Some(holds), ..ChangeSet::default() }));
        if !holds {
            let held: Vec<(Hash, u64, Preimage)> = self.pending_here().collect();
            for (channel, id, preimage) in held {
                drop(self.give(now, &channel, Event::Fulfil { id, preimage }, checks));
            }
        }
        CommandResult::Done
    }

    /// HTLCs that pay this node and are left pending: the channel's handle, their id there, and what would take them.
    pub fn pending_here(&self) -> impl Iterator<Item = (Hash, u64, Preimage)> + '_ {
        self.payments.invoices.values().filter(|invoiced| self.is_pending_here(invoiced)).filter_map(|invoiced| {
            let (channel, id) = invoiced.paid_by?;
            Some((channel, id, invoiced.preimage))
        })
    }

    pub(super) fn is_pending_here(&self, invoiced: &Invoiced) -> bool {
        let Some((channel, id)) = invoiced.paid_by else {
            return false;
        };
        self.channels.held.get(&channel).is_some_and(|held| held.channel.htlc(id).is_some())
    }

    /// An HTLC whose payee this node is.
    pub(super) fn receive(&mut self, now: Timestamp, channel: &Hash, htlc: &Htlc, checks: &mut Checks) {
        let invoiced = match self.judge(channel, htlc) {
            Ok(invoiced) => invoiced,
            Err(reason) => {
                let failure = Failure { at: self.keyring.public(), channel: None, reason };
                drop(self.give(now, channel, Event::Fail { id: htlc.id, failure }, checks));
                return;
            }
        };
        self.keep_invoice(Invoiced { paid_by: Some((*channel, htlc.id)), ..invoiced });
        if self.payments.holds {
            self.notice(htlc.payment, PaymentNotice::Held { amount: htlc.amount });
            return;
        }
        self.notice(htlc.payment, PaymentNotice::Received { amount: htlc.amount });
        drop(self.give(now, channel, Event::Fulfil { id: htlc.id, preimage: invoiced.preimage }, checks));
    }

    /// Whether an HTLC pays an invoice that nobody has paid, as was asked, with time enough to claim it.
    fn judge(&self, channel: &Hash, htlc: &Htlc) -> Result<Invoiced, FailureReason> {
        let kept = self.payments.invoices.get(&htlc.payment).map(Arc::as_ref);
        let invoiced = kept.or_else(|| self.payments.askings.promised(&htlc.payment));
        let invoiced = invoiced.ok_or(FailureReason::UnknownPayment)?;
        if invoiced.paid_by.is_some_and(|paid_by| paid_by != (*channel, htlc.id)) {
            return Err(FailureReason::UnknownPayment);
        }
        let (expected, least) = (invoiced.invoice.amount, self.chain.height().0 + CLAIM_MARGIN + 1);
        if htlc.amount != expected {
            return Err(FailureReason::WrongAmount { expected });
        }
        if htlc.expiry.0 < least {
            return Err(FailureReason::ExpiresTooSoon);
        }
        Ok(Invoiced::clone(invoiced))
    }
}
