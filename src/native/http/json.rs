//! JSON from outside, read strictly: what two programs could read in two ways is refused, and so is what nobody asked for.

use std::fmt;

use serde::{
    Deserialize, Serialize,
    de::{self, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

use super::problem::{Answer, Problem};
use crate::primitives::MAX_AMOUNT;

/// Objects and arrays within one another.
const MAX_DEPTH: usize = 32;

/// The fields of an object, taken one by one; each complaint names its field.
#[derive(Debug)]
pub(super) struct Fields(Map<String, Value>);

/// A value with no key twice, no number but decimal digits up to 2^53 − 1, and nothing after it.
fn strict(text: &str) -> Answer<Value> {
    let bad = |error: serde_json::Error| Problem::malformed("bad-json", error.to_string());
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict { path: &Path::Root, depth: 0 }.deserialize(&mut reader).map_err(bad)?;
    reader.end().map_err(bad)?;
    Ok(value)
}

impl Fields {
    /// Those of a body.
    pub(super) fn read(bytes: &[u8]) -> Answer<Self> {
        let text = std::str::from_utf8(bytes)
            .map_err(|error| Problem::malformed("bad-json", format!("the body is not UTF-8: {error}")))?;
        match strict(text)? {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(Problem::malformed("bad-json", "the body is not a JSON object")),
        }
    }

    /// Whether there is such a field.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A field that must be there.
    pub(super) fn take<T: DeserializeOwned>(&mut self, name: &'static str) -> Answer<T> {
        read(name, self.given(name)?)
    }

    /// A field that may be missing, or null.
    pub(super) fn maybe<T: DeserializeOwned>(&mut self, name: &'static str) -> Answer<Option<T>> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(name, value).map(Some),
        }
    }

    /// A field whose every part must mean something: read and written again it is the same.
    pub(super) fn whole<T: DeserializeOwned + Serialize>(&mut self, name: &'static str) -> Answer<T> {
        let given = self.given(name)?;
        let value: T = read(name, &given)?;
        let written = serde_json::to_value(&value).unwrap_or_default();
        match stranger(&given, &written, name) {
            Some(path) => Err(Problem::malformed("unknown-field", format!("{path}: unknown"))),
            None => Ok(value),
        }
    }

    fn given(&mut self, name: &str) -> Answer<Value> {
        self.0.remove(name).ok_or_else(|| Problem::malformed("missing-field", format!("{name}: missing")))
    }

    /// Nothing else may be there.
    pub(super) fn end(self) -> Answer<()> {
        match self.0.keys().next() {
            Some(name) => {
                let name: String = name.chars().take(80).collect();
                Err(Problem::malformed("unknown-field", format!("{name}: unknown")))
            }
            None => Ok(()),
        }
    }
}

fn read<'de, T: DeserializeOwned>(name: &str, value: impl Deserializer<'de, Error = serde_json::Error>) -> Answer<T> {
    T::deserialize(value).map_err(|error| Problem::malformed("bad-field", format!("{name}: {error}")))
}

/// Where what was given has something that was not read.
fn stranger(given: &Value, written: &Value, path: &str) -> Option<String> {
    match (given, written) {
        (Value::Object(given), Value::Object(written)) => given.iter().find_map(|(key, value)| {
            let path = format!("{path}.{key}");
            match written.get(key) {
                Some(known) => stranger(value, known, &path),
                None => Some(path),
            }
        }),
        (Value::Array(given), Value::Array(written)) => {
            given.iter().zip(written).enumerate().find_map(|(at, (a, b))| stranger(a, b, &format!("{path}[{at}]")))
        }
        _ => None,
    }
}

/// Where in a document something stands.
enum Path<'a> {
    Root,
    Key(&'a Path<'a>, &'a str),
    Place(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("the body"),
            Self::Key(Self::Root, key) => write!(f, "{key:.80}"),
            Self::Key(parent, key) => write!(f, "{parent}.{key:.80}"),
            Self::Place(parent, place) => write!(f, "{parent}[{place}]"),
        }
    }
}

struct Strict<'a> {
    path: &'a Path<'a>,
    depth: usize,
}

impl Strict<'_> {
    fn deeper<E: de::Error>(&self) -> Result<usize, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom(format!("more than {MAX_DEPTH} levels")));
        }
        Ok(self.depth + 1)
    }

    fn bad_number<E: de::Error>(&self, number: impl fmt::Display) -> E {
        E::custom(format!("{}: {number} is not decimal digits up to {MAX_AMOUNT}", self.path))
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        if value > MAX_AMOUNT { Err(self.bad_number(value)) } else { Ok(value.into()) }
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Err(self.bad_number(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Err(self.bad_number(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let (depth, mut values) = (self.deeper()?, Vec::new());
        while let Some(value) = {
            let path = Path::Place(self.path, values.len());
            list.next_element_seed(Strict { path: &path, depth })?
        } {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let (depth, mut fields) = (self.deeper()?, Map::new());
        while let Some(key) = map.next_key::<String>()? {
            let path = Path::Key(self.path, &key);
            let value = map.next_value_seed(Strict { path: &path, depth })?;
            if fields.contains_key(&key) {
                return Err(de::Error::custom(format!("{path}: twice")));
            }
            fields.insert(key, value);
        }
        Ok(Value::Object(fields))
    }
}

/// A whole number as it stands in an address or a query: decimal digits only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digits(pub(super) u64);

impl std::str::FromStr for Digits {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = !text.is_empty() && text.len() <= 16 && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.then(|| text.parse().ok()).flatten().filter(|number| *number <= MAX_AMOUNT);
        let shown = || text.chars().take(40).collect::<String>();
        number.map(Self).ok_or_else(|| format!("{:?} is not decimal digits up to {MAX_AMOUNT}", shown()))
    }
}

impl<'de> Deserialize<'de> for Digits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <String as Deserialize>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_read_in_two_ways_is_refused_and_named() {
        let deep = |levels: usize| format!("{}0{}", "{\"a\":".repeat(levels), "}".repeat(levels));
        let refused = [
            (r#"{"amount":5.0}"#, "amount"),
            (r#"{"amount":1e3}"#, "amount"),
            (r#"{"amount":-1}"#, "amount"),
            (r#"{"amount":-0}"#, "amount"),
            (r#"{"amount":9007199254740992}"#, "amount"),
            (r#"{"amount":18446744073709551616}"#, "amount"),
            (r#"{"a":[1,{"b":2.5}]}"#, "a[1].b"),
            (r#"{"amount":1,"amount":1}"#, "amount: twice"),
            (r#"{"amount":1,"\u0061mount":1}"#, "amount: twice"),
            (r#"{"amount":NaN}"#, "expected"),
            (r#"{"amount":01}"#, "invalid number"),
            (r#"{"amount":1} {"#, "trailing"),
            ("", "EOF"),
            (&deep(MAX_DEPTH + 1), "levels"),
            (&deep(5_000), "levels"),
        ];
        for (text, names) in refused {
            let problem = format!("{:?}", strict(text).expect_err(text));
            assert!(problem.contains(names), "{text}: {problem}");
        }
        assert!(strict(&deep(MAX_DEPTH)).is_ok() && strict(r#"{"amount":9007199254740991}"#).is_ok());
    }
}
