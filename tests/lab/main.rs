//! What the page shows and what can be done there, as far as it needs no browser: time, rooms, examples, everything that is looked at.
#![cfg(not(target_arch = "wasm32"))]

#[path = "../support/lab.rs"]
mod lab;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/tabs.rs"]
mod tabs;
#[path = "../support/words.rs"]
mod words;
#[path = "../support/worlds.rs"]
mod worlds;

mod anatomy;
mod audit;
mod capsules;
mod chain;
mod charts;
mod edit;
mod inspector;
mod joined;
mod links;
mod payments;
mod presets;
mod rooms;
mod space_time;
mod strings;
mod timeline;
mod why;
