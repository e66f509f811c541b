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

/// A text with its places filled.
pub(super) fn fill_text(text: &str, values: &[&str]) -> String {
    let (mut filled, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('{') {
        let (before, place) = rest.split_at(at);
        filled.push_str(before);
        let end = place.find('}').map_or(place.len(), |end| end + 1);
        let value = place
            .get(1..end.saturating_sub(1))
            .and_then(|number| number.parse::<usize>().ok())
            .and_then(|at| values.get(at));
        filled.push_str(value.unwrap_or(&&place[..end]));
        rest = &place[end..];
    }
    filled.push_str(rest);
    filled
}
