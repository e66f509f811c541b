//! Change sets as rows of bytes, and back.

use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::{
    gossip::PeerId,
    node::ChangeSet,
    primitives::{DecodeError, decode, encode, ordered},
};

/// What a row is about: the first byte of its key. Never reused for something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Transaction = 1,
    Channel = 2,
    Payment = 3,
    Invoice = 4,
    Holds = 5,
    Policy = 6,
    Towers = 7,
    Guard = 8,
    Watched = 9,
    Brought = 10,
    Signed = 11,
}

/// A row to be written; without a value, to be removed.
pub(super) type Row = (Vec<u8>, Option<Vec<u8>>);

/// The rows that a change touches.
pub(super) fn of(changes: &ChangeSet) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut put =
        |kind: Kind, key: Vec<u8>, value: Option<Vec<u8>>| rows.push(([vec![kind as u8], key].concat(), value));
    changes.transactions.iter().for_each(|(id, value)| put(Kind::Transaction, encode(id), value.as_ref().map(encode)));
    changes.channels.iter().for_each(|(id, value)| put(Kind::Channel, encode(id), value.as_ref().map(encode)));
    changes.payments.iter().for_each(|(id, value)| put(Kind::Payment, encode(id), value.as_ref().map(encode)));
    changes.invoices.iter().for_each(|(id, value)| put(Kind::Invoice, encode(id), value.as_ref().map(encode)));
    changes.guards.iter().for_each(|(id, value)| put(Kind::Guard, encode(id), value.as_ref().map(encode)));
    changes.brought.iter().for_each(|(id, value)| put(Kind::Brought, encode(id), value.as_ref().map(encode)));
    for (client, watched) in &changes.watched {
        watched.iter().for_each(|(id, value)| put(Kind::Watched, encode(&(client, id)), value.as_ref().map(encode)));
    }
    changes.holds.iter().for_each(|holds| put(Kind::Holds, Vec::new(), Some(encode(holds))));
    changes.policy.iter().for_each(|policy| put(Kind::Policy, Vec::new(), Some(encode(policy))));
    changes.towers.iter().for_each(|towers| put(Kind::Towers, Vec::new(), Some(encode(towers))));
    changes.signed.iter().for_each(|signed| put(Kind::Signed, Vec::new(), Some(encode(signed))));
    rows
}

/// Adds a stored row to what it came from.
pub(super) fn read(into: &mut ChangeSet, key: &[u8], value: &[u8]) -> Result<(), DecodeError> {
    let Some((kind, key)) = key.split_first() else {
        return Err(unknown(key));
    };
    match *kind {
        kind if kind == Kind::Transaction as u8 => put(&mut into.transactions, "a transaction", key, value),
        kind if kind == Kind::Channel as u8 => put(&mut into.channels, "a channel", key, value),
        kind if kind == Kind::Payment as u8 => put(&mut into.payments, "a payment", key, value),
        kind if kind == Kind::Invoice as u8 => put(&mut into.invoices, "an invoice", key, value),
        kind if kind == Kind::Guard as u8 => put(&mut into.guards, "a guard", key, value),
        kind if kind == Kind::Brought as u8 => put(&mut into.brought, "what was brought", key, value),
        kind if kind == Kind::Watched as u8 => {
            let (client, channel): (PeerId, _) = decode("a client and its channel", key)?;
            let watched = decode("a watched channel", value)?;
            into.watched.entry(client).or_default().insert(channel, Some(Arc::new(watched)));
            Ok(())
        }
        kind if kind == Kind::Holds as u8 => set(&mut into.holds, "whether payments are held", value),
        kind if kind == Kind::Policy as u8 => set(&mut into.policy, "a policy", value),
        kind if kind == Kind::Towers as u8 => set(&mut into.towers, "settings of towers", value),
        kind if kind == Kind::Signed as u8 => set(&mut into.signed, "what was signed as a validator", value),
        _ => Err(unknown(key)),
    }
}

fn put<K: BorshDeserialize + Ord, V: BorshDeserialize + BorshSerialize>(
    all: &mut std::collections::BTreeMap<K, Option<Arc<V>>>,
    what: &'static str,
    key: &[u8],
    value: &[u8],
) -> Result<(), DecodeError> {
    let row = (decode(what, key)?, Some(Arc::new(decode(what, value)?)));
    all.append(&mut ordered([row]));
    Ok(())
}

fn set<V: BorshDeserialize>(into: &mut Option<V>, what: &'static str, value: &[u8]) -> Result<(), DecodeError> {
    *into = Some(decode(what, value)?);
    Ok(())
}

fn unknown(key: &[u8]) -> DecodeError {
    DecodeError { what: "a row", length: key.len(), reason: "it is of no known kind".to_owned() }
}
