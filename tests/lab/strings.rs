//! The words of the page: every key that the page uses exists, and every key that exists is used.

use std::{fs, path::Path};

use crate::words;

fn sources(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).expect("src/web is a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            sources(&path, into);
        } else {
            into.push_str(&fs::read_to_string(&path).expect("sources are text"));
        }
    }
}

/// The literals in an argument list that begins at `text`: `"a"` and both arms of `if … { "a" } else { "b" }`.
fn keys_of_call(text: &str) -> Vec<&str> {
    let argument = text.split(&[',', ')'][..]).next().unwrap_or_default();
    argument.split('"').skip(1).step_by(2).collect()
}

/// Each label that explains itself names a word that the glossary has.
#[test]
fn labels_are_words_of_the_glossary() {
    let page = include_str!("../../src/web/page/glossary.rs");
    let table = page.split("= [").nth(1).and_then(|rest| rest.split("];").next()).expect("the table");
    let literals: Vec<&str> = table.split('"').skip(1).step_by(2).collect();
    for pair in literals.chunks(2) {
        assert!(words::words().contains_key(pair[0]), "no label is {:?}", pair[0]);
        assert!(tabchain::view::meaning(pair[1]).is_some(), "GLOSSARY.md does not have {:?}", pair[1]);
    }
    assert!(literals.len() > 40);
    assert_eq!((tabchain::view::meaning("word"), tabchain::view::meaning("---")), (None, None));
}

/// A label whose word the glossary has explains itself, wherever it stands: in a heading, at a column, at a field.
#[test]
fn words_of_the_glossary_explain_themselves() {
    let word = |key: &str| {
        let said = words::SOURCE.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "))?.to_lowercase();
        let one = said.strip_suffix('s').unwrap_or(&said).to_owned();
        [said, one].into_iter().find(|word| tabchain::view::meaning(word).is_some())
    };
    let mut page = String::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/page"), &mut page);
    let mut labels = 0;
    for tag in ["<h2", "<h3", "<dt", "<th", "<legend", "<label"] {
        for at in page.match_indices(tag).map(|(at, _)| at) {
            let line = page[at..].lines().next().unwrap_or_default();
            let shown =
                ["{text(\"", "{term(\""].map(|call| line.split(call).nth(1).and_then(|rest| rest.split('"').next()));
            labels += shown.iter().flatten().count();
            if let Some(word) = shown[0].filter(|key| *key != "bench-samples").and_then(word) {
                panic!("{word:?} stands in GLOSSARY.md: {line}");
            }
        }
    }
    assert!(labels > 60, "{labels}");
}

#[test]
fn every_key_exists_and_is_used() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let strings = words::words();
    let mut page = String::new();
    sources(&root.join("src/web"), &mut page);
    for call in ["text(", "fill(", "term("] {
        // Not the end of a longer name, such as `get_context(`.
        let is_call = |at: &usize| !page[..*at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
        for at in page.match_indices(call).map(|(at, _)| at).filter(is_call) {
            for key in keys_of_call(&page[at + call.len()..]) {
                assert!(strings.contains_key(key), "src/web uses {key:?}, which www/*.ftl do not have");
            }
        }
    }
    let log = fs::read_to_string(root.join("src/view/log.rs")).expect("src/view/log.rs");
    let presets = fs::read_to_string(root.join("src/sim/presets.rs")).expect("src/sim/presets.rs");
    let mut core = String::new();
    ["src/view", "src/chain", "src/gossip", "src/channel"]
        .iter()
        .for_each(|folder| sources(&root.join(folder), &mut core));
    for key in strings.keys() {
        let literal = |text: &str, code: &str| text.contains(&format!("\"{code}\""));
        // Rules of one name are told apart by who asks them.
        let asked = |code: &str| ["wire-", "pool-"].iter().find_map(|who| code.strip_prefix(who)).map(str::to_owned);
        let used = match key.split_once('-') {
            Some(("log", code)) => literal(&log, code),
            Some(("rule" | "why" | "note" | "said" | "unpaid" | "cause", code)) => {
                literal(&core, code) || literal(&core, key) || asked(code).is_some_and(|rule| literal(&core, &rule))
            }
            Some(("preset" | "watch", name)) => literal(&presets, name) || literal(&page, key),
            Some(("truth", _)) => literal(&core, key) || literal(&page, key),
            _ => literal(&page, key),
        };
        assert!(used, "www/*.ftl have {key:?}, which nothing uses");
    }
}
