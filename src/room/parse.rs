//! Posts from whatever was posted: strict, bounded, and names that are only text.

use super::{
    Beat, Body, Card, Clock, MAX_CARDS, MAX_LETTERS, MAX_POST_BYTES, MAX_TABS, Post, PostError, SPEEDS, TabId,
    gate::can_begin,
    wire::{MAX_CARD_LINKS, VERSION},
};
use crate::{primitives::decode, sim::NodeConfig};

/// Version, sender and receiver.
const HEAD: usize = 17;

impl Post {
    /// Reads a post. Nothing if it is for another tab than `me`; then its body is not even looked at.
    ///
    /// # Errors
    /// [`PostError`]; memory used is bounded by [`MAX_POST_BYTES`].
    pub fn parse(bytes: &[u8], me: TabId) -> Result<Option<Self>, PostError> {
        if bytes.len() > MAX_POST_BYTES {
            return Err(PostError::TooLarge(bytes.len()));
        }
        let (head, body) = bytes.split_at_checked(HEAD).ok_or(PostError::Version)?;
        let undecodable = |error: crate::primitives::DecodeError| PostError::Undecodable(error.to_string());
        let (version, from, to) = decode::<(u8, TabId, TabId)>("post", head).map_err(undecodable)?;
        if version != VERSION || from == TabId(0) {
            return Err(PostError::Version);
        }
        let to = (to != TabId(0)).then_some(to);
        if to.is_some_and(|to| to != me) {
            return Ok(None);
        }
        let body: Body = decode("post", body).map_err(undecodable)?;
        check_body(&body)?;
        Ok(Some(Self { from, to, body }))
    }
}

fn check_body(body: &Body) -> Result<(), PostError> {
    match body {
        Body::Hello { letter } => check("letter", letter.is_none_or(is_letter)),
        Body::Welcome(welcome) => {
            check("letter", is_letter(welcome.letter))?;
            check("order", welcome.order < u32::MAX)?;
            check("genesis", can_begin(&welcome.genesis).is_ok())?;
            check("chain", welcome.host.clock.is_some())?;
            check_beat(&welcome.host)
        }
        Body::Beat(beat) => check_beat(beat),
        Body::Ask { speed, .. } => check("speed", speed.is_none_or(|speed| (SPEEDS.0..=SPEEDS.1).contains(&speed))),
        Body::Letters(letters) => check("letters", (1..=MAX_LETTERS).contains(&letters.len())),
        Body::Full | Body::Bye => Ok(()),
    }
}

fn check_beat(beat: &Beat) -> Result<(), PostError> {
    check("letter", is_letter(beat.letter))?;
    check("order", beat.order < u32::MAX)?;
    check("clock", beat.clock.as_ref().is_none_or(Clock::is_sane))?;
    check("cards", beat.cards.len() <= MAX_CARDS)?;
    check("names", beat.cards.iter().all(is_card))?;
    check("links", beat.links.len() <= MAX_CARD_LINKS)?;
    let there = |at: u8| usize::from(at) < beat.cards.len();
    check("links", beat.links.iter().all(|(a, b)| there(*a) && there(*b)))
}

fn check(what: &'static str, holds: bool) -> Result<(), PostError> {
    if holds { Ok(()) } else { Err(PostError::OutOfRange { what }) }
}

fn is_letter(letter: u8) -> bool {
    usize::from(letter) < MAX_TABS
}

/// Also nothing that turns the direction of writing or hides.
fn is_card(card: &Card) -> bool {
    let hides =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let config = NodeConfig { name: card.name.clone(), ..Default::default() };
    config.validate("card").is_ok() && !card.name.chars().any(hides)
}
