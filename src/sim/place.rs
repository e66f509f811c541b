//! Where in a JSON text the value of a path stands, and which path a place belongs to. Text that is not JSON is walked as far as it goes.

/// Letters of a complaint that are kept, from its beginning and its end: a name of any length may stand in it.
const KEPT: (usize, usize) = (520, 60);

/// What a reader of JSON complains of, in bounded length: what is wrong stands at its beginning, and where at its end.
pub(crate) fn said(error: &serde_json::Error) -> String {
    bounded(error.to_string())
}

/// A text of bounded length, without its middle if it was longer.
pub(super) fn bounded(text: String) -> String {
    let (begin, end) = KEPT;
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= begin + end {
        return text;
    }
    let (first, last) = (&letters[..begin], &letters[letters.len() - end..]);
    first.iter().chain(['…'].iter()).chain(last).collect()
}

/// The number of the line, from 1, of the value at a path such as `config.links[3].a`, or of the nearest one around it that is there.
pub(super) fn line_of(text: &str, path: &str) -> usize {
    let (mut nearest, mut longest) = (0, 0);
    walk(text, |here, at| {
        let rest = path.strip_prefix(here);
        if here.len() > longest && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '['])) {
            (nearest, longest) = (at, here.len());
        }
        longest < path.len()
    });
    1 + text.as_bytes()[..nearest].iter().filter(|byte| **byte == b'\n').count()
}

/// The path of what stands at a line and column, both from 1, as serde counts them; empty for the whole.
pub(super) fn path_at(text: &str, line: usize, column: usize) -> String {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let (end, mut path) = (before + column, String::new());
    walk(text, |here, at| {
        let is_before = at < end;
        if is_before {
            here.clone_into(&mut path);
        }
        is_before
    });
    path
}

/// An object or array around the place: how long its own path is, and which element comes next.
struct Around {
    path: usize,
    next: Option<usize>,
    expects_key: bool,
}

/// Visits every key, value and end with its path and place, as long as the visitor wants more.
fn walk(text: &str, mut visit: impl FnMut(&str, usize) -> bool) {
    let (mut path, mut around, mut at) = (String::new(), Vec::<Around>::new(), 0);
    while let Some(&byte) = text.as_bytes().get(at) {
        let start = at;
        at += 1;
        match byte {
            b'}' | b']' => path.truncate(around.pop().map_or(0, |ended| ended.path)),
            b',' => next_of(&mut path, around.last_mut()),
            b'"' => {
                at += string_length(&text[at..]);
                if let Some(object) = around.last_mut().filter(|around| around.expects_key) {
                    object.expects_key = false;
                    let separator = if path.is_empty() { "" } else { "." };
                    path.push_str(separator);
                    path.push_str(text[start + 1..at].trim_end_matches('"'));
                }
            }
            b':' | b' ' | b'\n' | b'\r' | b'\t' => continue,
            _ => {}
        }
        if byte != b',' && !visit(&path, start) {
            return;
        }
        if matches!(byte, b'{' | b'[') {
            around.push(Around { path: path.len(), next: (byte == b'[').then_some(0), expects_key: byte == b'{' });
            if byte == b'[' {
                path.push_str("[0]");
            }
        }
    }
}

fn next_of(path: &mut String, around: Option<&mut Around>) {
    let Some(around) = around else {
        return;
    };
    path.truncate(around.path);
    match &mut around.next {
        Some(index) => {
            *index += 1;
            path.push_str(&format!("[{index}]"));
        }
        None => around.expects_key = true,
    }
}

/// Bytes of a string from after its first quotation mark, the last one included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::{line_of, path_at};

    const TEXT: &str = r#"{
  "seed": "a,\"]{",
  "config": {
    "nodes": [
      { "name": "Alpha" },
      { "name": "Bravo", "hashRate": 7 }
    ],
    "links": []
  }
}"#;

    #[test]
    fn a_path_has_its_line() {
        let cases = [
            ("seed", 2),
            ("config", 3),
            ("config.nodes", 4),
            ("config.nodes[0].name", 5),
            ("config.nodes[1]", 6),
            ("config.nodes[1].hashRate", 6),
            ("config.nodes[1].balance", 6),
            ("config.nodes[7]", 4),
            ("config.links", 8),
            ("config.linksome", 3),
            ("version", 1),
            ("", 1),
        ];
        for (path, line) in cases {
            assert_eq!(line_of(TEXT, path), line, "{path}");
        }
    }

    #[test]
    fn a_place_has_its_path() {
        let cases = [
            ((2, 12), "seed"),
            ((5, 12), "config.nodes[0].name"),
            ((6, 39), "config.nodes[1].hashRate"),
            ((8, 14), "config.links"),
            ((1, 1), ""),
        ];
        for ((line, column), path) in cases {
            assert_eq!(path_at(TEXT, line, column), path, "{line}:{column}");
        }
    }

    #[test]
    fn what_is_no_json_is_walked_without_fear() {
        for text in ["", "\"", "]]]}", "{\"a\":[1,2", "é,[é]", "{{{,,,[", "\"\\"] {
            assert!(line_of(text, "a[1].b") >= 1);
            drop(path_at(text, 3, 9));
        }
    }
}
