//! A waiting transaction, and which places it takes.

use std::sync::Arc;

use serde::Serialize;

use super::fees;
use crate::primitives::{
    Action, Address, Amount, ChannelId, DisputeStep, Funding, Nonce, PaymentHash, Transaction, TransactionId,
};

/// A step of a channel, and the payment that it reveals a preimage for. One of each may wait.
pub(super) type Place = (ChannelId, &'static str, Option<PaymentHash>);

/// A waiting transaction with what was computed about it once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pooled {
    /// The transaction.
    pub transaction: Arc<Transaction>,
    /// Its id.
    pub id: TransactionId,
    /// Bytes.
    pub size: usize,
    /// Base units per 1,000 bytes, rounded down.
    pub fee_rate: u64,
}

impl Pooled {
    pub(super) fn new(transaction: Arc<Transaction>) -> Self {
        let (id, size) = (transaction.id(), transaction.size());
        let fee_rate = fees::rate_of(transaction.unsigned.fee, size);
        Self { transaction, id, size, fee_rate }
    }

    pub(super) fn nonces(&self) -> Vec<(Address, Nonce)> {
        self.transaction.unsigned.nonces()
    }

    pub(super) fn debits(&self) -> Vec<(Address, Amount)> {
        self.transaction.unsigned.debits().unwrap_or_default()
    }

    pub(super) fn debit(&self, of: &Address) -> Amount {
        Amount::checked_sum(self.debits().into_iter().filter(|(payer, _)| payer == of).map(|(_, amount)| amount))
            .unwrap_or(Amount::MAX)
    }

    /// The step of a channel that it takes the place of. What both have signed shares one: it ends the channel either way.
    pub(super) fn step(&self) -> Option<Place> {
        let action = &self.transaction.unsigned.action;
        let channel = *action.channel()?;
        let Action::Dispute(dispute) = action else {
            return Some((channel, "end", None));
        };
        let payment = match &dispute.step {
            DisputeStep::Reveal(revelation) => Some(revelation.preimage.payment()),
            _ => None,
        };
        Some((channel, dispute.step.kind(), payment))
    }

    pub(super) fn funding(&self) -> Option<&Funding> {
        match &self.transaction.unsigned.action {
            Action::Fund(funding) => Some(funding),
            _ => None,
        }
    }

    /// The number of the commitment by which it refutes.
    pub(super) fn refutes_with(&self) -> Option<u64> {
        match &self.transaction.unsigned.action {
            Action::Dispute(dispute) => match &dispute.step {
                DisputeStep::Refute(shown) => Some(shown.commitment.number),
                _ => None,
            },
            _ => None,
        }
    }
}
