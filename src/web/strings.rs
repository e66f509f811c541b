//! The words of the page, from one keyed file: `www/strings.json`.

use std::{collections::BTreeMap, sync::OnceLock};

static STRINGS: OnceLock<BTreeMap<String, String>> = OnceLock::new();

/// The text of a key; a key that is missing shows itself (a test keeps that from happening).
pub(super) fn text(key: &'static str) -> &'static str {
    lookup(key).unwrap_or(key)
}

/// The text of a key known only when the page runs.
pub(super) fn lookup(key: &str) -> Option<&'static str> {
    let strings = STRINGS.get_or_init(|| {
        serde_json::from_str(include_str!("../../www/strings.json")).expect("www/strings.json is an object of texts")
    });
    strings.get(key).map(String::as_str)
}

/// The text of a key with its places `{0}`, `{1}` … filled.
pub(super) fn fill(key: &'static str, values: &[&str]) -> String {
    fill_text(text(key), values)
}

/// A text with its places filled: `{0}` is the first value, `{0?block|blocks}` the first word if that value is 1 and the second otherwise.
pub(super) fn fill_text(text: &str, values: &[&str]) -> String {
    let (mut filled, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, place)) = rest.split_once('{') {
        let (inside, after) = place.split_once('}').unwrap_or((place, ""));
        filled.push_str(before);
        filled.push_str(filled_place(inside, values).unwrap_or(inside));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

fn filled_place<'a>(place: &'a str, values: &[&'a str]) -> Option<&'a str> {
    let (number, words) =
        place.split_once('?').map_or((place, None), |(number, words)| (number, words.split_once('|')));
    let value = values.get(number.parse::<usize>().ok()?)?;
    Some(match words {
        None => value,
        Some((one, many)) => {
            if *value == "1" {
                one
            } else {
                many
            }
        }
    })
}
