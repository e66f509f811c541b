//! Transactions.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use crate::primitives::{Action, Address, Amount, Block, BlockId, Height, Nonce, Transaction, TransactionId};

/// A signed transaction, in the form in which any node of this chain takes it.
#[derive(ToSchema)]
#[schema(as = SignedTransaction)]
#[expect(dead_code, reason = "only described")]
pub(in crate::native::http) struct SignedTransaction {
    /// Base units for the miner.
    fee: u64,
    /// What is done, and by whom: `kind` is transfer, fund, close or dispute.
    action: serde_json::Value,
    /// The sender's signature: scheme and hex.
    signature: String,
    /// The other party's, where there is one.
    cosignature: Option<String>,
}

/// A transaction.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Transaction)]
#[serde(rename_all = "camelCase")]
pub(in crate::native::http) struct TransactionShape {
    /// Its id.
    #[schema(value_type = String)]
    hash: TransactionId,
    /// transfer, fund, resize, close, publish, refute, punish, reveal or settle.
    kind: &'static str,
    /// Who signs first, and pays the fee unless a channel does.
    #[schema(value_type = String)]
    sender: Address,
    /// Who is paid; nobody if a channel is concerned.
    #[schema(value_type = Option<String>)]
    receiver: Option<Address>,
    /// Base units that leave the sender's account besides the fee.
    #[schema(value_type = u64)]
    amount: Amount,
    /// A text for people.
    data: String,
    /// Base units for the miner.
    #[schema(value_type = u64)]
    fee: Amount,
    /// The sender's number; nothing where the account's is not taken.
    #[schema(value_type = Option<u64>)]
    nonce: Option<Nonce>,
    /// Bytes.
    size: usize,
    /// The whole, as it is signed.
    #[schema(value_type = SignedTransaction)]
    signed: Whole,
}

/// A transaction and where it stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::native::http) struct PlacedTransaction {
    #[serde(flatten)]
    transaction: TransactionShape,
    /// The height of its block; null while it waits.
    #[schema(value_type = Option<u64>)]
    block_index: Option<Height>,
    /// Its block; null while it waits.
    #[schema(value_type = Option<String>)]
    block_hash: Option<BlockId>,
    /// Blocks on top of it, its own included; null while it waits.
    confirmations: Option<u64>,
}

/// A transaction that waits, or one of a block that is shared.
#[derive(Debug, Clone)]
pub(super) enum Whole {
    Waiting(Arc<Transaction>),
    Own(Box<Transaction>),
}

impl Whole {
    fn get(&self) -> &Transaction {
        match self {
            Self::Waiting(transaction) => transaction,
            Self::Own(transaction) => transaction,
        }
    }
}

impl Serialize for Whole {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.get().serialize(serializer)
    }
}

impl TransactionShape {
    /// One that is on the chain.
    pub(in crate::native::http) fn of(transaction: &Transaction) -> Self {
        Self::new(Whole::Own(Box::new(transaction.clone())))
    }

    fn new(signed: Whole) -> Self {
        let transaction = signed.get();
        let unsigned = &transaction.unsigned;
        let sender = unsigned.sender().address();
        let (receiver, data) = match &unsigned.action {
            Action::Transfer { to, memo, .. } => (Some(*to), memo.as_str().to_owned()),
            _ => (None, String::new()),
        };
        let nonce = unsigned.nonces().into_iter().find(|(account, _)| *account == sender).map(|(_, nonce)| nonce);
        Self {
            hash: transaction.id(),
            kind: unsigned.action.kind(),
            sender,
            receiver,
            amount: unsigned.amount(),
            data,
            fee: unsigned.fee,
            nonce,
            size: transaction.size(),
            signed,
        }
    }
}

impl PlacedTransaction {
    /// One that waits.
    pub(in crate::native::http) fn waiting(transaction: &Arc<Transaction>) -> Self {
        let transaction = TransactionShape::new(Whole::Waiting(Arc::clone(transaction)));
        Self { transaction, block_index: None, block_hash: None, confirmations: None }
    }

    /// One of a block, under this tip.
    pub(in crate::native::http) fn included(block: (BlockId, &Block), position: usize, tip: Height) -> Option<Self> {
        let (id, block) = block;
        let height = block.header.height;
        Some(Self {
            transaction: TransactionShape::of(block.transactions.get(position)?),
            block_index: Some(height),
            block_hash: Some(id),
            confirmations: Some((tip.0 + 1).saturating_sub(height.0)),
        })
    }
}
