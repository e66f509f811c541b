//! The words of the page, as they stand in their files.
#![allow(dead_code, unreachable_pub, reason = "each test binary is a crate that uses a part of it")]

use std::collections::BTreeMap;

use fluent_syntax::{ast::Entry, parser};

/// Both files.
pub const SOURCE: &str = concat!(include_str!("../../www/en.ftl"), include_str!("../../www/later.ftl"));

/// How many values the text of each key takes. There is no fault in the files, and no key is there twice.
pub fn words() -> BTreeMap<String, usize> {
    let resource = parser::parse(SOURCE).unwrap_or_else(|(_, errors)| panic!("www/*.ftl: {errors:?}"));
    let mut words = BTreeMap::new();
    for entry in resource.body {
        let Entry::Message(message) = entry else { continue };
        let name = message.id.name;
        let said = format!("{:?}", message.value);
        let taken = |value: &char| said.contains(&format!("Identifier {{ name: \"{value}\" }}"));
        let values = ('a'..='h').rfind(taken).map_or(0, |last| last as usize - 'a' as usize + 1);
        assert_eq!(words.insert(name.to_owned(), values), None, "www/*.ftl have {name:?} twice");
    }
    words
}
