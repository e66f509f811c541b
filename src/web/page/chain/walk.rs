//! The tree by keyboard: one stop of Tab, arrows from block to block, Home and End, a screen up and down. Where they lead may first have to be sent.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

use super::Panel;
use crate::view::BlockBox;

/// Goes where a key leads.
pub(super) fn press(panel: Panel, event: &ev::KeyboardEvent) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() || event.shift_key() {
        return;
    }
    let (highest, screen) = (panel.highest(), panel.columns().saturating_sub(2).max(1));
    let here = panel.held.get_untracked();
    let (height, lane) = here.as_ref().map_or((highest, 0), |block| (block.height.0, block.lane));
    let wanted = match event.key().as_str() {
        "ArrowLeft" => (height.saturating_sub(1), lane),
        "ArrowRight" => (height + 1, lane),
        "ArrowUp" => (height, beside(panel, height, |other| other < lane).max().unwrap_or(lane)),
        "ArrowDown" => (height, beside(panel, height, |other| other > lane).min().unwrap_or(lane)),
        "PageUp" => (height.saturating_sub(screen), lane),
        "PageDown" => (height + screen, lane),
        "Home" => (0, 0),
        "End" => (highest, 0),
        _ => return,
    };
    event.prevent_default();
    event.stop_propagation();
    let wanted = (wanted.0.min(highest), wanted.1);
    panel.reveal(wanted.0);
    panel.wanted.set(Some(wanted));
}

/// Lanes at a height.
fn beside(panel: Panel, height: u64, is: impl Fn(usize) -> bool) -> std::vec::IntoIter<usize> {
    let lanes: Vec<usize> = panel.chain.with_untracked(|chain| {
        let blocks = chain.iter().flat_map(|chain| &chain.blocks);
        blocks.filter(|block| block.height.0 == height && is(block.lane)).map(|block| block.lane).collect()
    });
    lanes.into_iter()
}

/// Gives the focus to what is wanted, as soon as it is there.
pub(super) fn focus_what_is_wanted(panel: Panel) {
    Effect::new(move |_| {
        let Some((height, lane)) = panel.wanted.get() else { return };
        let found: Option<BlockBox> = panel.chain.with(|chain| {
            let blocks = chain.iter().flat_map(|chain| &chain.blocks).filter(|block| block.height.0 == height);
            blocks.min_by_key(|block| block.lane.abs_diff(lane)).cloned()
        });
        if let Some(block) = found {
            panel.wanted.set(None);
            panel.active.set(Some(block.id));
            panel.lab.client.place.next_frame(move || focus(&super::tree::element_id(&block)));
        }
    });
}

fn focus(id: &str) {
    if let Some(element) = document().get_element_by_id(id) {
        let element: web_sys::SvgElement = element.unchecked_into();
        // What cannot take the focus leaves it where it is.
        drop(element.focus());
    }
}
