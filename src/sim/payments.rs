//! Payments over routes, as a script or the workload asks for them: the payee makes the invoice, the payer pays it.

use super::{Action, ActionError, NodeIndex, World};
use crate::{
    node::{Command, CommandResult, PaymentRefusal},
    primitives::{Amount, MIN_HTLC},
};

impl World {
    /// Whether an [`Action::Send`] could be done: who pays whom. Whether there is a route shows when it is tried.
    pub(super) fn send_of(&self, action: &Action) -> Result<(NodeIndex, NodeIndex), ActionError> {
        let Action::Send { from, to, amount, .. } = action else {
            unreachable!("only called for payments over routes");
        };
        let (payer, payee) = (self.named(from)?, self.named(to)?);
        self.on(from)?;
        self.on(to)?;
        if payer == payee {
            return Err(ActionError::WithItself(from.clone()));
        }
        if *amount < MIN_HTLC {
            return Err(PaymentRefusal::TooSmall { amount: *amount, minimum: MIN_HTLC }.into());
        }
        Ok((payer, payee))
    }

    /// The payee hands an invoice to the payer, outside the network, and the payer pays it.
    pub(super) fn send_payment(&mut self, payer: NodeIndex, payee: NodeIndex, amount: Amount, max_fee: Option<Amount>) {
        self.command(payee, Command::Invoice { amount });
        if let Some(CommandResult::Invoiced(invoice)) = self.last_result().cloned() {
            self.command(payer, Command::PayInvoice { invoice, max_fee });
        }
    }
}
