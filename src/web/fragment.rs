//! A run in the address bar: `#c=` and a capsule, base64url; or a room: `#r=` and its name. A fragment is never sent to a server. `#/…`
//! names a page instead.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::{
    room::{NameError, RoomName},
    sim::MAX_SCENARIO_BYTES,
};

const KEY: &str = "c=";
const ROOM: &str = "r=";
/// The address of the lab without a run of its own.
pub(super) const LAB: &str = "#/";

/// The fragment that holds a capsule.
pub(super) fn of_capsule(json: &str) -> String {
    format!("#{KEY}{}", BASE64_URL_SAFE_NO_PAD.encode(json))
}

/// The fragment that names a room.
pub(super) fn of_room(name: &str) -> String {
    format!("#{ROOM}{name}")
}

/// The room that a fragment names, if it is about one.
pub(super) fn room(fragment: &str) -> Option<Result<RoomName, NameError>> {
    Some(fragment.strip_prefix('#')?.strip_prefix(ROOM)?.parse())
}

/// The text in a fragment; nothing if it is empty or [`LAB`].
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(fragment: &str) -> Result<Option<String>, String> {
    let is_lab = fragment == LAB;
    let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
    if fragment.is_empty() || is_lab {
        return Ok(None);
    }
    let shown: String = fragment.chars().take(20).collect();
    let encoded = fragment.strip_prefix(KEY).ok_or_else(|| format!("#{shown} is not a link of this program"))?;
    if encoded.len() > MAX_SCENARIO_BYTES * 4 / 3 + 4 {
        return Err(format!("{} characters are too many", encoded.len()));
    }
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(encoded).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map(Some).map_err(|error| error.to_string())
}
