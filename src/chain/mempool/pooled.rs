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
    #[serde(skip)]
    takes: Arc<Takes>,
}

/// What a transaction takes from accounts: an address is a hash of a key, and these are asked for again and again.
#[derive(Debug, PartialEq, Eq)]
struct Takes {
    nonces: Vec<(Address, Nonce)>,
    debits: Vec<(Address, Amount)>,
}

impl Pooled {
    pub(super) fn new(transaction: Arc<Transaction>) -> Self {
        let (id, size) = (transaction.id(), transaction.size());
        let (body, fee_rate) = (&transaction.unsigned, fees::rate_of(transaction.unsigned.fee, size));
        let takes = Arc::new(Takes { nonces: body.nonces(), debits: body.debits().unwrap_or_default() });
        Self { transaction, id, size, fee_rate, takes }
    }

    pub(super) fn nonces(&self) -> &[(Address, Nonce)] {
        &self.takes.nonces
    }

    pub(super) fn debits(&self) -> &[(Address, Amount)] {
        &self.takes.debits
    }

    pub(super) fn debit(&self, of: &Address) -> Amount {
        let debits = self.debits().iter().filter(|(payer, _)| payer == of).map(|(_, amount)| *amount);
        Amount::checked_sum(debits).unwrap_or(Amount::MAX)
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
