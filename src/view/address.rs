//! Where the page is: the fragment of its address. `#/lab?run=…&select=block/…&at=…`, `#/explore/block/…`, `#/bench`, `#/settings`, `#/embed`.

use std::{fmt, str::FromStr};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::Selection;
use crate::{
    primitives::{HashError, Timestamp},
    room::{NameError, RoomName},
    sim::{Class, EventKey},
};

/// What stands in a part of an address as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
/// Characters of an address, but for the run in it, and of what of it is repeated in an error.
const MAX_PART: usize = 400;
const SHOWN: usize = 24;

/// A page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Page {
    /// The four views of a run.
    #[default]
    Lab,
    /// One thing of a run, by itself.
    Explore,
    /// What this browser does in a second.
    Bench,
    /// How the page looks and speaks.
    Settings,
    /// A run inside another page.
    Embed,
}

/// What an address begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opens {
    /// A run: a capsule as it stands in a link.
    Run(String),
    /// A room.
    Room(RoomName),
}

/// Where the page is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Address {
    /// Which page.
    pub page: Page,
    /// What it begins; nothing to go on with what there is.
    pub opens: Option<Opens>,
    /// What is looked at.
    pub selection: Option<Selection>,
    /// The event after which, if that is another than the run's.
    pub at: Option<u64>,
}

/// Why a text is not an address of the page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// There is no such page.
    #[error("there is no page {0:?}")]
    Page(String),
    /// A part that addresses do not have, or have once.
    #[error("an address has no part {0:?}, or not twice")]
    Part(String),
    /// A part that is longer than any is.
    #[error("{0} characters are too many, {MAX_PART} are read")]
    TooLong(usize),
    /// Not what can be looked at.
    #[error("{0:?} is not node/, block/, transaction/, channel/, message/ or payment/ and which")]
    Selection(String),
    /// Not the id of anything.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// Not the number of an event.
    #[error("{0:?} is not the number of an event")]
    Number(String),
    /// Not a room.
    #[error(transparent)]
    Room(#[from] NameError),
}

impl Page {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Lab, "lab"),
        (Self::Explore, "explore"),
        (Self::Bench, "bench"),
        (Self::Settings, "settings"),
        (Self::Embed, "embed"),
    ];

    /// How it stands in an address.
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(page, _)| *page == self).map_or("lab", |(_, name)| name)
    }
}

impl Address {
    /// A page by itself.
    pub fn of(page: Page) -> Self {
        Self { page, ..Self::default() }
    }

    /// One thing by itself.
    pub fn explore(selection: Selection) -> Self {
        Self { page: Page::Explore, selection: Some(selection), ..Self::default() }
    }

    fn read_query(&mut self, query: &str) -> Result<(), AddressError> {
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let unknown = || AddressError::Part(shown(name));
            match name {
                "run" if self.opens.is_none() => self.opens = Some(Opens::Run(value.to_owned())),
                "room" if self.opens.is_none() => self.opens = Some(Opens::Room(decoded(value)?.parse()?)),
                "select" if self.selection.is_none() => self.selection = Some(value.parse()?),
                "at" if self.at.is_none() => {
                    self.at = Some(value.parse().map_err(|_| AddressError::Number(shown(value)))?);
                }
                _ => return Err(unknown()),
            }
        }
        Ok(())
    }
}

impl FromStr for Address {
    type Err = AddressError;

    /// Reads a fragment, with its `#` or without; an empty one is the lab.
    fn from_str(fragment: &str) -> Result<Self, AddressError> {
        let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
        let (path, query) = fragment.split_once('?').unwrap_or((fragment, ""));
        let path = bounded(path)?.trim_start_matches('/');
        let (name, rest) = path.split_once('/').unwrap_or((path, ""));
        let page = if name.is_empty() {
            Some(Page::Lab)
        } else {
            Page::ALL.into_iter().find(|(_, is)| *is == name).map(|(page, _)| page)
        };
        let mut address = Self::of(page.ok_or_else(|| AddressError::Page(shown(name)))?);
        match (address.page, rest) {
            (Page::Explore, which) if !which.is_empty() => address.selection = Some(which.parse()?),
            (_, "") => {}
            (_, rest) => return Err(AddressError::Page(shown(rest))),
        }
        address.read_query(query)?;
        Ok(address)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#/{}", self.page.name())?;
        let mut query = Vec::new();
        match &self.opens {
            Some(Opens::Run(run)) => query.push(format!("run={run}")),
            Some(Opens::Room(name)) => query.push(format!("room={name}")),
            None => {}
        }
        match (&self.selection, self.page) {
            (Some(selection), Page::Explore) => write!(f, "/{selection}")?,
            (Some(selection), _) => query.push(format!("select={selection}")),
            (None, _) => {}
        }
        query.extend(self.at.map(|events| format!("at={events}")));
        if query.is_empty() { Ok(()) } else { write!(f, "?{}", query.join("&")) }
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node { name } => write!(f, "node/{}", utf8_percent_encode(name, PLAIN)),
            Self::Block { id } => write!(f, "block/{id}"),
            Self::Transaction { id, block: None } => write!(f, "transaction/{id}"),
            Self::Transaction { id, block: Some(block) } => write!(f, "transaction/{id}-{block}"),
            Self::Channel { id } => write!(f, "channel/{id}"),
            Self::Payment { id } => write!(f, "payment/{id}"),
            Self::Message { key } => {
                write!(f, "message/{}-{}-{}-{}", key.time.0, key.class as u8, key.actor, key.sequence)
            }
        }
    }
}

impl FromStr for Selection {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let malformed = || AddressError::Selection(shown(text));
        let (kind, which) = bounded(text)?.split_once('/').ok_or_else(malformed)?;
        Ok(match kind {
            "node" if !which.is_empty() => Self::Node { name: decoded(which)? },
            "block" => Self::Block { id: which.parse()? },
            "channel" => Self::Channel { id: which.parse()? },
            "payment" => Self::Payment { id: which.parse()? },
            "transaction" => match which.split_once('-') {
                None => Self::Transaction { id: which.parse()?, block: None },
                Some((id, block)) => Self::Transaction { id: id.parse()?, block: Some(block.parse()?) },
            },
            "message" => Self::Message { key: read_key(which).ok_or_else(malformed)? },
            _ => return Err(malformed()),
        })
    }
}

fn read_key(text: &str) -> Option<EventKey> {
    let numbers: Vec<u64> = text.split('-').take(5).map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [time, class, actor, sequence] = numbers.try_into().ok()?;
    let class = Class::of(u8::try_from(class).ok()?)?;
    Some(EventKey { time: Timestamp(time), class, actor: u32::try_from(actor).ok()?, sequence })
}

fn decoded(text: &str) -> Result<String, AddressError> {
    let text = percent_decode_str(bounded(text)?).decode_utf8();
    text.map(|text| text.into_owned()).map_err(|_| AddressError::Selection("bytes that are not text".to_owned()))
}

fn bounded(text: &str) -> Result<&str, AddressError> {
    if text.len() > MAX_PART { Err(AddressError::TooLong(text.len())) } else { Ok(text) }
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::Hash;

    /// Every kind of address is read as it is written.
    #[test]
    fn addresses_are_read_as_they_are_written() {
        let hash = Hash([7; 32]);
        let key = EventKey { time: Timestamp(90_000), class: Class::Delivery, actor: 4, sequence: 17 };
        let selections = [
            Selection::node("Alpha"),
            Selection::node("Ä b/&?=#%-"),
            Selection::block(hash),
            Selection::Transaction { id: hash, block: None },
            Selection::Transaction { id: hash, block: Some(Hash::ZERO) },
            Selection::Channel { id: hash },
            Selection::Message { key },
            Selection::Payment { id: hash },
        ];
        let room = || Some(Opens::Room("oak-42".parse().expect("a name")));
        let opens = || [None, Some(Opens::Run("1.abc-_".to_owned())), room()];
        for (page, name) in Page::ALL {
            for selection in selections.iter().cloned().map(Some).chain([None]) {
                for opens in opens() {
                    for at in [None, Some(0), Some(u64::MAX)] {
                        let address = Address { page, opens: opens.clone(), selection: selection.clone(), at };
                        let written = address.to_string();
                        assert!(written.starts_with(&format!("#/{name}")), "{written}");
                        assert!(written.bytes().all(|byte| byte.is_ascii_graphic()), "{written}");
                        assert_eq!(written.parse(), Ok(address), "{written}");
                    }
                }
            }
        }
        for empty in ["", "#", "#/", "#/lab", "#/lab?"] {
            assert_eq!(empty.parse(), Ok(Address::default()), "{empty}");
        }
    }

    /// What is wrong is named; nothing panics.
    #[test]
    fn other_addresses_are_refused() {
        let long = format!("#/explore/node/{}", "x".repeat(500));
        for (text, why) in [
            ("#/nowhere", "there is no page \"nowhere\""),
            ("#/lab/block", "there is no page \"block\""),
            ("#c=abc", "there is no page \"c=abc\""),
            ("#/lab?colour=red", "no part \"colour\""),
            ("#/lab?at=1&at=2", "no part \"at\", or not twice"),
            ("#/lab?run=1.a&room=b", "no part \"room\""),
            ("#/lab?at=-1", "\"-1\" is not the number"),
            ("#/lab?room=No%20Room", "not \"No Room\""),
            ("#/lab?select=dog/rex", "\"dog/rex\" is not node/"),
            ("#/lab?select=node/", "\"node/\" is not node/"),
            ("#/explore/block/123", "64 lower-case hex digits"),
            ("#/explore/message/1-2-3", "is not node/"),
            ("#/explore/message/1-9-3-4", "is not node/"),
            ("#/explore/node/%ff", "not text"),
            (&long, "too many"),
        ] {
            let error = text.parse::<Address>().expect_err(text).to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
