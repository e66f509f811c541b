//! Whatever arrives is parsed within bounds or refused, and what is parsed is written as it was read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tabchain::{
    channel::{Direct, routing::Announcement},
    gossip::Message,
    sim::{Capsule, Scenario},
};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(message) = Message::parse(bytes) {
        assert_eq!(message.to_bytes(), bytes);
    }
    if let Ok(direct) = Direct::parse(bytes) {
        assert_eq!(direct.to_bytes(), bytes);
    }
    if let Ok(announcement) = Announcement::parse(bytes) {
        assert_eq!(announcement.to_bytes(), bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        drop(Scenario::from_json(text));
        drop(Capsule::from_json(text));
    }
});
