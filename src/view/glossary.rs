//! The words of `GLOSSARY.md`: its table is read here, and only here.

const GLOSSARY: &str = include_str!("../../GLOSSARY.md");

/// What a word means; nothing if the glossary does not have it.
pub fn meaning(word: &str) -> Option<&'static str> {
    let rows = GLOSSARY.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "));
    rows.skip(1).find(|(term, _)| *term == word).map(|(_, meaning)| meaning)
}
