//! Lists: newest first, a page at a time.

use std::{fmt::Display, str::FromStr};

use axum::{
    Json,
    http::{HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::IntoParams;

use super::json::Digits;

/// Entries of a page if nobody asks for another number.
const DEFAULT_LIMIT: usize = 50;
/// Entries of a page at most.
pub(super) const MAX_LIMIT: usize = 500;

/// How many entries are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limit(pub(super) usize);

/// Where an entry stands in its list: larger is newer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark(u64, String);

/// Which part of a list is asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct Pages {
    /// Entries at most, 50 unless told.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500)]
    pub(super) limit: Limit,
    /// What a `Link` header named.
    #[param(value_type = Option<String>)]
    pub(super) cursor: Option<Mark>,
}

/// A page of a list, and where the next begins.
pub(super) struct List<T> {
    entries: Vec<T>,
    next: Option<(Uri, Mark)>,
}

impl Default for Limit {
    fn default() -> Self {
        Self(DEFAULT_LIMIT)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Digits(limit) = Deserialize::deserialize(deserializer)?;
        let fits = usize::try_from(limit).ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
        fits.map(Self).ok_or_else(|| de::Error::custom(format!("limit {limit} is not 1 to {MAX_LIMIT}")))
    }
}

impl Mark {
    /// By a number, then by a text that is the larger the newer.
    pub(super) fn new(number: u64, text: impl Display) -> Self {
        Self(number, text.to_string())
    }

    /// By place, from 0.
    pub(super) fn at(number: u64, place: usize) -> Self {
        Self(number, format!("{place:08}"))
    }
}

impl FromStr for Mark {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = |text: &str| text.len() <= 80 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        text.split_once('-')
            .filter(|(_, rest)| plain(rest))
            .and_then(|(number, rest)| Some(Self(number.parse().ok()?, rest.to_owned())))
            .ok_or_else(|| "the cursor is none that this node has given".to_owned())
    }
}

impl<'de> Deserialize<'de> for Mark {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <String as Deserialize>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Pages {
    /// Whether an entry lies on this page or a later one.
    pub(super) fn reaches(&self, mark: &Mark) -> bool {
        self.cursor.as_ref().is_none_or(|cursor| mark < cursor)
    }

    /// The page, out of entries from the newest on.
    pub(super) fn of<T>(&self, uri: Uri, entries: impl IntoIterator<Item = (Mark, T)>) -> List<T> {
        let mut entries = entries.into_iter().filter(|(mark, _)| self.reaches(mark));
        let (mut page, mut last) = (Vec::new(), None);
        for (mark, entry) in entries.by_ref().take(self.limit.0) {
            page.push(entry);
            last = Some(mark);
        }
        let next = entries.next().and(last).map(|mark| (uri, mark));
        List { entries: page, next }
    }
}

impl<T> List<T> {
    /// The same page of something else.
    pub(super) fn map<U>(self, change: impl FnMut(T) -> U) -> List<U> {
        List { entries: self.entries.into_iter().map(change).collect(), next: self.next }
    }

    /// The same page of something else, where there still is something.
    pub(super) fn filter_map<U>(self, change: impl FnMut(T) -> Option<U>) -> List<U> {
        List { entries: self.entries.into_iter().filter_map(change).collect(), next: self.next }
    }
}

impl<T: Serialize> IntoResponse for List<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.entries).into_response();
        if let Some((uri, Mark(number, text))) = self.next {
            link(&mut response, &uri, "cursor", &format!("{number}-{text}"));
        }
        response
    }
}

/// Names the next page: the same address with another value of this field.
pub(super) fn link(response: &mut Response, uri: &Uri, field: &str, value: &str) {
    let others = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && pair.split('=').next() != Some(field));
    let query: String = others.map(|pair| format!("{pair}&")).collect();
    let link = format!("<{}?{query}{field}={value}>; rel=\"next\"", uri.path());
    if let Ok(link) = HeaderValue::try_from(link) {
        response.headers_mut().insert(header::LINK, link);
    }
}
