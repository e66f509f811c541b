//! The words of the page: `www/en.ftl` and `www/later.ftl`, by Project Fluent. The first value of a text is `$a`, the second `$b`, and so on.
//!
//! The language is chosen once, before anything is shown. Besides English there is a pseudo-locale (`en-XA`), which accents and lengthens every
//! text, so that whatever does not come from here, or has no room, can be seen.

use std::{borrow::Cow, cell::RefCell, collections::BTreeMap};

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// What the first look at the page needs; all else would work from the later file, too, but the page would wait for it.
const FIRST: &str = include_str!("../../www/en.ftl");
/// The names of values, in order.
const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
/// The pseudo-locale.
pub(super) const PSEUDO: &str = "en-XA";

type Bundle = FluentBundle<FluentResource>;

thread_local! {
    static WORDS: &'static Bundle = Box::leak(Box::new(bundle(FIRST.to_owned())));
    static LATER: &'static Bundle = Box::leak(Box::new(bundle(later_words())));
    /// Texts without values. They are few, so they stay.
    static TEXTS: RefCell<BTreeMap<&'static str, &'static str>> = const { RefCell::new(BTreeMap::new()) };
    static PSEUDO_CHOSEN: RefCell<bool> = const { RefCell::new(false) };
}

/// Chooses the pseudo-locale. Only before the first text is asked for.
pub(super) fn choose_pseudo() {
    PSEUDO_CHOSEN.replace(true);
}

/// The text of a key; a key that is missing shows itself (a test keeps that from happening).
pub(super) fn text(key: &'static str) -> &'static str {
    if let Some(known) = TEXTS.with_borrow(|texts| texts.get(key).copied()) {
        return known;
    }
    let text = worded(key, &[]).map_or(key, |text| String::leak(text));
    TEXTS.with_borrow_mut(|texts| texts.insert(key, text));
    text
}

/// The text of a key with its values.
pub(super) fn fill(key: &'static str, values: &[&str]) -> String {
    worded(key, values).unwrap_or_else(|| key.to_owned())
}

/// The text of a key known only when the page runs.
pub(super) fn worded(key: &str, values: &[&str]) -> Option<String> {
    let words = WORDS.with(|words| *words);
    let words = if words.has_message(key) { words } else { LATER.with(|words| *words) };
    let pattern = words.get_message(key)?.value()?;
    let arguments: FluentArgs<'_> = NAMES.into_iter().zip(values.iter().map(|value| argument(value))).collect();
    // A value that is missing shows its name.
    Some(words.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned())
}

/// Whole numbers choose between words for one and for many; they are written as they are given.
fn argument(value: &str) -> FluentValue<'_> {
    let is_plain = value.len() < 10 && !(value.len() > 1 && value.starts_with('0'));
    match value.parse::<u32>() {
        Ok(number) if is_plain => FluentValue::from(number),
        _ => FluentValue::from(value),
    }
}

/// The words of the later file. Its text is the later part's of the wasm, as this function is: scripts/split knows both, so nothing else may read it.
#[inline(never)]
fn later_words() -> String {
    include_str!("../../www/later.ftl").to_owned()
}

fn bundle(words: String) -> Bundle {
    let english: LanguageIdentifier = "en".parse().expect("a language tag");
    let mut bundle = FluentBundle::new(vec![english]);
    // Every value is of the page's own direction.
    bundle.set_use_isolating(false);
    if PSEUDO_CHOSEN.with_borrow(|chosen| *chosen) {
        bundle.set_transform(Some(accent));
    }
    // Faults in the files are found by tests/lab/strings.rs.
    let resource = FluentResource::try_new(words).unwrap_or_else(|(resource, _)| resource);
    bundle.add_resource_overriding(resource);
    bundle
}

/// Accents every vowel, and doubles it: about a third longer.
fn accent(text: &str) -> Cow<'_, str> {
    let mut accented = String::with_capacity(text.len() * 2);
    for letter in text.chars() {
        let other = match letter {
            'a' => 'á',
            'e' => 'é',
            'i' => 'í',
            'o' => 'ó',
            'u' => 'ú',
            'A' => 'Á',
            'E' => 'É',
            'I' => 'Í',
            'O' => 'Ó',
            'U' => 'Ú',
            other => {
                accented.push(other);
                continue;
            }
        };
        accented.extend([other, other]);
    }
    accented.into()
}
