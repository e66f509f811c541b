//! Reads the sources: the layers of the design hold, and what the style asks for is kept where a machine can tell.
#![cfg(not(target_arch = "wasm32"))]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// Which modules a module may use, itself aside. Arrows point up in this list only.
const MAY_USE: [(&str, &[&str]); 11] = [
    ("primitives", &[]),
    ("chain", &["primitives"]),
    ("channel", &["primitives"]),
    ("gossip", &["primitives"]),
    ("node", &["primitives", "chain", "channel", "gossip"]),
    ("sim", &["primitives", "chain", "channel", "gossip", "node"]),
    ("room", &["primitives", "chain", "channel", "gossip", "node", "sim"]),
    ("view", &["primitives", "chain", "channel", "gossip", "node", "sim", "room"]),
    ("bench", &["primitives", "chain", "channel", "gossip", "node", "sim"]),
    ("native", &["primitives", "chain", "channel", "gossip", "node", "sim", "view", "bench"]),
    ("web", &["primitives", "chain", "channel", "gossip", "node", "sim", "room", "view", "bench"]),
];
/// Modules that must give the same run everywhere, for ever.
const CORE: [&str; 8] = ["primitives", "chain", "channel", "gossip", "node", "sim", "room", "view"];
/// What the core must not name: clocks, disorder, rounding, threads, randomness of the system, panics on bad input.
const FORBIDDEN: [&str; 12] = [
    "Instant",
    "SystemTime",
    "HashMap",
    "HashSet",
    "f32",
    "f64",
    "thread",
    "thread_rng",
    "getrandom",
    "Rc",
    "RefCell",
    "unwrap",
];
const MAX_FILE: usize = 400;
const MAX_FUNCTION: usize = 60;
/// Files that are longer all the same: none.
const LONG_FILES: [&str; 0] = [];
/// Functions that are longer all the same: tables of transitions.
const LONG_FUNCTIONS: [&str; 1] = ["channel/mod.rs handle"];

struct Source {
    /// Below `src/`, with `/`.
    path: String,
    /// Without comments, strings and `#[cfg(test)]` items; as many lines as the file.
    code: String,
    lines: usize,
}

impl Source {
    fn module(&self) -> &str {
        self.path.split(['/', '.']).next().expect("a path has a beginning")
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut found, mut folders) = (Vec::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("readable") {
            let path: PathBuf = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("UTF-8");
                let below = path.strip_prefix(&root).expect("below src");
                let path = below.to_str().expect("UTF-8").replace('\\', "/");
                found.push(Source { path, lines: text.lines().count(), code: without_tests(&without_words(&text)) });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.len() > 40, "{} sources", found.len());
    found
}

/// Blanks comments, strings and character literals; keeps every line break.
fn without_words(text: &str) -> String {
    let (mut code, mut rest) = (String::new(), text);
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(hashes) = raw_string(rest) {
            let end = format!("\"{}", "#".repeat(hashes));
            let start = 2 + hashes;
            rest[start..].find(&end).map_or(rest.len(), |at| start + at + end.len())
        } else if first == '"' {
            literal(rest, '"')
        } else if first == '\'' && is_character(rest) {
            literal(rest, '\'')
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        code.extend(rest[..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = &rest[length..];
    }
    code
}

/// How many `#` a raw string that begins here has.
fn raw_string(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix('r')?;
    let hashes = after.bytes().take_while(|byte| *byte == b'#').count();
    after[hashes..].starts_with('"').then_some(hashes)
}

/// A character literal, not a lifetime.
fn is_character(rest: &str) -> bool {
    let mut after = rest.chars().skip(1);
    let (first, second) = (after.next(), after.next());
    first == Some('\\') || second == Some('\'')
}

fn literal(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// Blanks every item under `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    let mut code = code.to_owned();
    while let Some(start) = code.find("#[cfg(test)]") {
        let end = start + block_end(&code[start..]);
        let blank: String = code[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        code.replace_range(start..end, &blank);
    }
    code
}

/// Where the first block in braces ends, or the item without one.
fn block_end(code: &str) -> usize {
    let mut depth = 0usize;
    for (at, c) in code.char_indices() {
        match c {
            ';' if depth == 0 => return at + 1,
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    code.len()
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// The modules that `crate::…` paths name, those in braces included.
fn used(code: &str) -> BTreeSet<String> {
    let mut modules = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            modules.extend(words(rest).next().map(str::to_owned));
            continue;
        };
        let mut depth = 0;
        let mut start = true;
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => start = true,
                c if start && c.is_alphabetic() => {
                    modules.extend(words(&group[at..]).next().map(str::to_owned));
                    start = false;
                }
                _ => {}
            }
        }
    }
    modules
}

/// `super` out of a module's root would be another way round.
fn leaves_by_super(source: &Source) -> bool {
    let depth = source.path.matches('/').count();
    let root = source.path.ends_with("/mod.rs");
    let most = if root { depth - 1 } else { depth };
    let longest = (1..6).take_while(|count| source.code.contains(&"super::".repeat(*count))).count();
    longest > most
}

#[test]
fn arrows_never_run_back() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.into_iter().collect();
    let mut wrong = Vec::new();
    for source in sources() {
        let module = source.module();
        if ["lib", "entry", "bin"].contains(&module) {
            continue;
        }
        let Some(may_use) = allowed.get(module) else {
            wrong.push(format!("{}: the design knows no module {module}", source.path));
            continue;
        };
        for other in used(&source.code) {
            if other != module && !may_use.contains(&other.as_str()) {
                wrong.push(format!("{}: {module} may not use {other}", source.path));
            }
        }
        if leaves_by_super(&source) {
            wrong.push(format!("{}: leaves its module by super", source.path));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_core_names_nothing_that_differs_from_run_to_run() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| CORE.contains(&source.module())) {
        for (line, code) in (1..).zip(source.code.lines()) {
            for word in words(code).filter(|word| FORBIDDEN.contains(word)) {
                wrong.push(format!("{}:{line}: {word}", source.path));
            }
            // cfg decides in lib.rs only.
            if code.contains("cfg(") || code.contains("cfg!(") {
                wrong.push(format!("{}:{line}: cfg", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Functions by file and name, with their lines.
fn functions(source: &Source) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for (at, _) in source.code.match_indices("fn ") {
        let before = source.code[..at].chars().next_back();
        let rest = &source.code[at + 3..];
        let name = words(rest).next().unwrap_or_default();
        let named = rest.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if named && before.is_none_or(|c| c.is_whitespace()) {
            let lines = rest[..block_end(rest)].lines().count();
            found.push((format!("{} {name}", source.path), lines));
        }
    }
    found
}

/// Exact, both ways: whatever grows long is noticed, and so is whatever need not stand here any more.
#[test]
fn files_and_functions_stay_short() {
    let sources = sources();
    let files: Vec<&str> =
        sources.iter().filter(|source| source.lines > MAX_FILE).map(|source| &*source.path).collect();
    assert_eq!(files, LONG_FILES, "files of more than {MAX_FILE} lines");
    let functions: Vec<String> =
        sources.iter().flat_map(functions).filter(|(_, lines)| *lines > MAX_FUNCTION).map(|(name, _)| name).collect();
    assert_eq!(functions, LONG_FUNCTIONS, "functions of more than {MAX_FUNCTION} lines");
}

/// The reader above reads what it should.
#[test]
fn the_reader_reads() {
    let text = "use crate::{chain::{A, B}, gossip::C, node};\n// use crate::web;\nlet a = \"crate::view\"; 'x: loop { '\\'' }\nfn f<'a>() -> crate::sim::D { r#\"\"HashMap\"#; }\n#[cfg(test)]\nmod tests { use crate::native; }\nfn g() {}\n";
    let code = without_tests(&without_words(text));
    assert_eq!(used(&code), ["chain", "gossip", "node", "sim"].map(str::to_owned).into());
    assert!(code.contains("fn g") && !code.contains("HashMap") && code.lines().count() == text.lines().count());
}
