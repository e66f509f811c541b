//! A block or transaction changed by hand: a copy beside the original, what the rules say of it, and what would mend it.
//!
//! Nothing here touches a world. Publishing the copy is an action like any other ([`crate::sim::Action::Publish`]).

mod cure;
mod shown;
mod workbench;

use borsh::{BorshDeserialize, BorshSerialize};

pub use shown::{Difference, EditField, EditView, SearchView};
pub(super) use workbench::Workbench;

use super::{Annotate, Annotator, Selection, transaction::Found};
use crate::{
    chain::{BlockAudit, PoolError},
    gossip::Message,
    primitives::{Address, Block, Finding, Hash, Midstate, Seal, Transaction, TransactionId, decode, encode},
    sim::{MAX_PUBLISHED, Payload, World},
};

/// A change by hand.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Change {
    /// Writes a field; where an address stands, the name of a node will do.
    Set {
        /// Which, by its path.
        field: String,
        /// Its value as text.
        value: String,
    },
    /// Takes a transaction out of a block.
    Remove {
        /// Its place, from 0.
        at: usize,
    },
    /// Puts a transaction in a second time, after itself.
    Duplicate {
        /// Its place, from 0.
        at: usize,
    },
    /// Puts a transaction before the one before it.
    Raise {
        /// Its place, from 0.
        at: usize,
    },
    /// Signs a transaction again with the keys of whoever must.
    Sign {
        /// Its place in the block, from 0.
        at: usize,
    },
    /// Does what mends a broken rule.
    Fix {
        /// The rule's name.
        rule: String,
        /// The transaction that breaks it, of those in a block.
        transaction: Option<TransactionId>,
    },
    /// Searches a nonce, from 0, for the target in the header.
    Mine,
    /// Stops searching.
    Stop,
    /// Back to the original.
    Reset,
}

/// What is edited.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize)]
pub(super) enum Thing {
    Block(Box<Block>),
    Transaction(Box<Transaction>),
}

/// What the rules say of a copy.
#[derive(Debug, Clone, Copy)]
pub(super) enum Judgement<'a> {
    Block(&'a BlockAudit),
    Transaction(&'a [Finding<PoolError>]),
}

/// A search for a nonce.
#[derive(Debug, Clone)]
struct Search {
    midstate: Midstate,
    tried: u64,
    running: bool,
    found: bool,
}

/// A copy that is changed by hand, beside its original.
#[derive(Debug, Clone)]
pub(super) struct Edit {
    pub(super) selection: Selection,
    original: Thing,
    pub(super) copy: Thing,
    search: Option<Search>,
}

impl Thing {
    pub(super) fn id(&self) -> Hash {
        match self {
            Self::Block(block) => block.id(),
            Self::Transaction(transaction) => transaction.id(),
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Block(block) => block.size(),
            Self::Transaction(transaction) => transaction.size(),
        }
    }

    /// The same with a field written from a text.
    fn rewritten(&self, path: &str, text: &str) -> Result<Self, String> {
        fn read<T: Annotate + borsh::BorshDeserialize>(thing: &T, path: &str, text: &str) -> Result<T, String> {
            let bytes = Annotator::rewrite(thing, path, text)?;
            decode("field", &bytes).map_err(|error| error.reason)
        }
        Ok(match self {
            Self::Block(block) => Self::Block(Box::new(read(&**block, path, text)?)),
            Self::Transaction(one) => Self::Transaction(Box::new(read(&**one, path, text)?)),
        })
    }

    fn annotated(&self) -> (Vec<u8>, Vec<super::Field>, Vec<usize>) {
        match self {
            Self::Block(block) => Annotator::writable(&**block),
            Self::Transaction(one) => Annotator::writable(&**one),
        }
    }

    fn transaction_mut(&mut self, at: usize) -> Option<&mut Transaction> {
        match self {
            Self::Block(block) => block.transactions.get_mut(at),
            Self::Transaction(one) => (at == 0).then_some(&mut **one),
        }
    }
}

impl Edit {
    /// A copy of what is selected, not changed yet; nothing if it cannot be edited or is not here.
    pub(super) fn of(world: &World, selection: &Selection) -> Option<Self> {
        let original = match selection {
            Selection::Block { id } => {
                let block = world.running().find_map(|(_, node)| node.chain().tree().block(id))?;
                Thing::Block(Box::new(Block::clone(block)))
            }
            Selection::Transaction { id, block } => {
                Thing::Transaction(Box::new(Found::of(world, id, *block)?.transaction))
            }
            _ => return None,
        };
        Some(Self { selection: selection.clone(), copy: original.clone(), original, search: None })
    }

    /// Changes the copy.
    ///
    /// # Errors
    /// What is wrong with the change; the copy is as before then.
    pub(super) fn change(&mut self, world: &World, change: Change, judged: Judgement<'_>) -> Result<(), String> {
        let copy = match change {
            Change::Set { field, value } => self.copy.rewritten(&field, &self.meant(world, &field, value))?,
            Change::Remove { at } => self.body(at, |transactions| drop(transactions.remove(at)))?,
            Change::Duplicate { at } => self.body(at, |all| all.insert(at, all[at].clone()))?,
            Change::Raise { at: 0 } => return Ok(()),
            Change::Raise { at } => self.body(at, |transactions| transactions.swap(at - 1, at))?,
            Change::Sign { at } => self.signed(world, at)?,
            Change::Fix { rule, transaction } => return self.fix(world, &rule, transaction, judged),
            Change::Mine => {
                self.begin_search();
                return Ok(());
            }
            Change::Stop => {
                self.search.iter_mut().for_each(|search| search.running = false);
                return Ok(());
            }
            Change::Reset => self.original.clone(),
        };
        if copy.size() >= MAX_PUBLISHED {
            return Err(format!("it would have {} bytes; fewer than {MAX_PUBLISHED} can be published", copy.size()));
        }
        (self.copy, self.search) = (copy, None);
        Ok(())
    }

    /// Searches on, by at most so many hashes. Whether there is more to search.
    pub(super) fn search(&mut self, hashes: u64) -> bool {
        let (Thing::Block(block), Some(search)) = (&mut self.copy, &mut self.search) else {
            return false;
        };
        if search.running {
            match search.midstate.search(block.header.target, search.tried, hashes) {
                Some(nonce) => {
                    block.header.seal = Seal::Work { nonce };
                    (search.tried, search.running, search.found) = (nonce + 1, false, true);
                }
                None => search.tried += hashes,
            }
        }
        search.running
    }

    /// The copy as it is published.
    pub(super) fn message(&self) -> Payload {
        let message = match self.copy.clone() {
            Thing::Block(block) => Message::Block(*block),
            Thing::Transaction(one) => Message::Transaction(*one),
        };
        Payload(message.to_bytes().into())
    }

    /// Names what is being judged, signatures included.
    pub(super) fn key(&self) -> Hash {
        const COPY: crate::primitives::Tag = crate::primitives::Tag::new("tabchain/edited-copy");
        COPY.hash(&[&encode(&self.copy)])
    }

    fn begin_search(&mut self) {
        if let Thing::Block(block) = &self.copy {
            let midstate = Midstate::new(&block.header.hash());
            self.search = Some(Search { midstate, tried: 0, running: true, found: false });
        }
    }

    /// A text as the field takes it: a node's name is as good as its address.
    fn meant(&self, world: &World, field: &str, text: String) -> String {
        let (_, fields, _) = self.copy.annotated();
        let is_address = |known: &super::Field| known.path == field && known.value.parse::<Address>().is_ok();
        let address = || world.address_of(text.trim()).map(|address| address.to_string());
        fields.iter().any(is_address).then(address).flatten().unwrap_or(text)
    }

    /// The block with other transactions.
    fn body(&self, at: usize, change: impl FnOnce(&mut Vec<Transaction>)) -> Result<Thing, String> {
        match self.copy.clone() {
            Thing::Block(mut block) if at < block.transactions.len() => {
                change(&mut block.transactions);
                Ok(Thing::Block(block))
            }
            _ => Err(format!("there is no transaction {at}")),
        }
    }

    fn signed(&self, world: &World, at: usize) -> Result<Thing, String> {
        let mut copy = self.copy.clone();
        let one = copy.transaction_mut(at).ok_or_else(|| format!("there is no transaction {at}"))?;
        let signed = world.sign(one.unsigned.clone());
        *one = signed.ok_or_else(|| "no node of this world has the key of whoever must sign".to_owned())?;
        Ok(copy)
    }
}
