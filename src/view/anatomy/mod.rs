//! Bytes with their fields: which byte of an encoding says what.
//!
//! Borsh writes a value as its fields one after another, so an [`Annotator`] that writes each field itself knows where each one lies. That its
//! bytes are exactly the canonical encoding is a property that `tests/lab/anatomy.rs` checks for every type.

mod block;
mod channel;
mod direct;
mod message;
mod stake;
mod tower;
mod transaction;

use std::{fmt::Display, str::FromStr};

use borsh::{BorshDeserialize, BorshSerialize};

pub use channel::Evidence;

use crate::primitives::{Hash, PublicKey, Scheme, Signature, encode};

/// Bytes that are shown.
const MAX_BYTES: usize = 4_096;
/// Items of a list that are taken apart; the rest of it is one field. Large ones stop sooner.
const MAX_ITEMS: usize = 64;
/// Fields after which lists are no longer taken apart.
const MAX_FIELDS: usize = 250;

/// An encoding taken apart.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Anatomy {
    /// Its fields, in order, without gap or overlap.
    pub fields: Vec<Field>,
    /// The bytes in hex, at most the first 4,096.
    pub hex: String,
    /// How many bytes there are in all.
    pub size: usize,
}

/// A field: where it lies and what it says.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Field {
    /// Its name among its parents: `header.parent`, `transactions[2].fee`.
    pub path: String,
    /// Bytes before it.
    pub offset: usize,
    /// Bytes of it.
    pub length: usize,
    /// What they say; nothing for the rest of a list that is not taken apart.
    pub value: String,
}

/// What can be taken apart.
pub trait Annotate: BorshSerialize {
    /// Writes its fields in the order of its encoding.
    fn annotate(&self, into: &mut Annotator);
}

/// Writes fields one after another and notes where each lies.
#[derive(Debug, Default)]
pub struct Annotator {
    bytes: Vec<u8>,
    fields: Vec<Field>,
    path: String,
    /// Fields whose value can be written, by their place among all, once that is asked for.
    writable: Option<Vec<usize>>,
    /// The field that is written with another value, what that is, and what is wrong with it.
    change: Option<(String, String)>,
    problem: Option<String>,
}

impl Anatomy {
    /// Takes a value's encoding apart.
    pub fn of(value: &impl Annotate) -> Self {
        let (bytes, fields) = Annotator::run(value);
        Self { fields, hex: shown(&bytes), size: bytes.len() }
    }

    /// Bytes that could not be read: one field.
    pub(super) fn opaque(bytes: &[u8]) -> Self {
        let field = Field { path: "?".to_owned(), offset: 0, length: bytes.len(), value: String::new() };
        Self { fields: vec![field], hex: shown(bytes), size: bytes.len() }
    }
}

impl Annotator {
    /// A value's bytes and fields.
    pub fn run(value: &impl Annotate) -> (Vec<u8>, Vec<Field>) {
        let mut annotator = Self::default();
        value.annotate(&mut annotator);
        (annotator.bytes, annotator.fields)
    }

    /// A value's bytes, its fields, and which of them [`Annotator::rewrite`] can write.
    pub(super) fn writable(value: &impl Annotate) -> (Vec<u8>, Vec<Field>, Vec<usize>) {
        let mut annotator = Self { writable: Some(Vec::new()), ..Self::default() };
        value.annotate(&mut annotator);
        (annotator.bytes, annotator.fields, annotator.writable.unwrap_or_default())
    }

    /// A value's bytes, one field of it written from a text.
    ///
    /// # Errors
    /// What is wrong with the text, or that there is no such field.
    pub(super) fn rewrite(value: &impl Annotate, path: &str, text: &str) -> Result<Vec<u8>, String> {
        let change = Some((path.to_owned(), text.to_owned()));
        let mut annotator = Self { writable: Some(Vec::new()), change, ..Self::default() };
        value.annotate(&mut annotator);
        match (annotator.problem, annotator.change) {
            (Some(problem), _) => Err(problem),
            (None, Some(_)) => Err(format!("no field {path:?} can be written")),
            (None, None) => Ok(annotator.bytes),
        }
    }

    /// A field that says what it prints, and is written as it is read.
    pub(super) fn leaf<T>(&mut self, name: &str, value: &T)
    where
        T: BorshSerialize + Display + FromStr<Err: Display>,
    {
        let read = |text: &str| text.parse().map(|value: T| encode(&value)).map_err(|error| error.to_string());
        self.written(name, encode(value), value.to_string(), read);
    }

    /// A field that can be written: `read` makes bytes of a text.
    fn written(
        &mut self,
        name: &str,
        bytes: Vec<u8>,
        value: String,
        read: impl FnOnce(&str) -> Result<Vec<u8>, String>,
    ) {
        let bytes = match self.change.take_if(|(path, _)| *path == joined(&self.path, name)) {
            Some((_, text)) => read(&text).unwrap_or_else(|problem| {
                self.problem = Some(problem);
                bytes
            }),
            None => bytes,
        };
        if let Some(writable) = &mut self.writable {
            writable.push(self.fields.len());
        }
        self.span(name, &bytes, value);
    }

    /// A field that says `text`.
    pub(super) fn field<T: BorshSerialize>(&mut self, name: &str, value: &T, text: impl Display) {
        self.span(name, &encode(value), text.to_string());
    }

    /// The byte that says which variant of an enum follows.
    pub(super) fn variant(&mut self, name: &str, index: u8, variant: &str) {
        self.field(name, &index, variant);
    }

    /// Fields below a name.
    pub(super) fn within(&mut self, name: &str, fields: impl FnOnce(&mut Self)) {
        let outside = self.path.len();
        self.path = joined(&self.path, name);
        fields(self);
        self.path.truncate(outside);
    }

    /// A list: how long it is, then its items, of which the first are taken apart by `item`.
    pub(super) fn list<T: BorshSerialize>(&mut self, name: &str, items: &[T], item: impl Fn(&mut Self, &T)) {
        let count = u32::try_from(items.len()).expect("lists are bounded far below");
        self.field(&format!("{name}.count"), &count, count);
        let mut at = 0;
        while at < items.len().min(MAX_ITEMS) && self.fields.len() < MAX_FIELDS {
            self.within(&format!("{name}[{at}]"), |into| item(into, &items[at]));
            at += 1;
        }
        if at < items.len() {
            let rest: Vec<u8> = items[at..].iter().flat_map(encode).collect();
            self.span(&format!("{name}[{at}..{}]", items.len()), &rest, String::new());
        }
    }

    /// So many things, whose number needs no byte.
    pub(super) fn each<T>(&mut self, name: &str, items: &[T], item: impl Fn(&mut Self, &T)) {
        for (at, one) in items.iter().enumerate() {
            self.within(&format!("{name}[{at}]"), |into| item(into, one));
        }
    }

    /// Something that may be missing: a byte that says whether, then what it is.
    pub(super) fn option<T>(&mut self, name: &str, value: Option<&T>, some: impl FnOnce(&mut Self, &T)) {
        self.within(name, |into| {
            into.variant("present", u8::from(value.is_some()), if value.is_some() { "yes" } else { "no" });
            if let Some(value) = value {
                some(into, value);
            }
        });
    }

    /// A text: its length in bytes, then the bytes.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.within(name, |into| {
            let change = into.change.take_if(|(path, _)| *path == joined(&into.path, "utf8"));
            let text = change.map_or_else(|| text.to_owned(), |(_, text)| text);
            let length = u32::try_from(text.len()).expect("texts are bounded far below");
            into.field("length", &length, length);
            if !text.is_empty() || into.writable.is_some() {
                into.written("utf8", text.as_bytes().to_vec(), text, |text| Ok(text.as_bytes().to_vec()));
            }
        });
    }

    pub(super) fn public_key(&mut self, name: &str, key: &PublicKey) {
        self.scheme(name, key.scheme(), key.bytes());
    }

    pub(super) fn signature(&mut self, name: &str, signature: &Signature) {
        self.scheme(name, signature.scheme(), signature.bytes());
    }

    /// A key or signature; what RSA makes of them has no fixed length.
    fn scheme(&mut self, name: &str, scheme: Scheme, bytes: &[u8]) {
        self.within(name, |into| {
            into.variant("scheme", scheme as u8, scheme.name());
            if scheme == Scheme::Rsa {
                let length = u16::try_from(bytes.len()).expect("bounded far below");
                into.field("length", &length, length);
            }
            let read = |text: &str| match hex::decode(text) {
                Ok(read) if read.len() == bytes.len() => Ok(read),
                _ => Err(format!("{} hex digits expected, not {text:?}", 2 * bytes.len())),
            };
            into.written("bytes", bytes.to_vec(), hex::encode(bytes), read);
        });
    }

    /// Bytes that say nothing more.
    pub(super) fn span(&mut self, name: &str, bytes: &[u8], value: String) {
        let field = Field { path: joined(&self.path, name), offset: self.bytes.len(), length: bytes.len(), value };
        self.fields.push(field);
        self.bytes.extend_from_slice(bytes);
    }
}

/// An empty name is the place itself.
fn joined(path: &str, name: &str) -> String {
    match (path, name) {
        (path, "") => path.to_owned(),
        ("", name) => name.to_owned(),
        (path, name) => format!("{path}.{name}"),
    }
}

impl Annotate for Hash {
    fn annotate(&self, into: &mut Annotator) {
        into.leaf("", self);
    }
}

fn shown(bytes: &[u8]) -> String {
    hex::encode(&bytes[..bytes.len().min(MAX_BYTES)])
}
