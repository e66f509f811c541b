//! Questions: what is asked without anything being done.

use super::{Engine, text};
use crate::{
    sim::Summary,
    view::{Selection, chain_file, meaning},
    web::protocol::Request,
};

impl Engine {
    /// The answer to a question; nothing if the request is none.
    pub(super) fn answer(&self, request: &Request) -> Option<String> {
        Some(match request {
            Request::Scenario => serde_json::to_string_pretty(self.world().scenario()).expect("plain data"),
            Request::Check { text } => text::check(text),
            Request::Glossary { word } => meaning(word).unwrap_or_default().to_owned(),
            Request::Blocks { from } => chain_file(self.world(), *from),
            Request::Capsule => self.timeline.capsule().to_json(),
            Request::Link => self.timeline.capsule().to_link(),
            Request::Find { text } => {
                Selection::find(self.world(), text).map_or_else(String::new, |found| found.to_string())
            }
            Request::State => serde_json::to_string(&Summary::of(self.world(), self.played_ms)).expect("plain data"),
            _ => return None,
        })
    }
}
