//! What the page can do without further questions: by a key, from the palette, or both.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::{
    Lab, network,
    present::{self, Scene},
    runs,
    sheet::Sheet,
};
use crate::{primitives::Timestamp, sim::Action, view::Page, web::protocol::Request};

/// Something that can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// Opens a dialog, or closes it.
    Show(Sheet),
    /// Plays or pauses.
    Toggle,
    StepEvent,
    StepBack,
    StepBlock,
    Rewind,
    Undo,
    Redo,
    Split,
    HealAll,
    Save,
    /// Shows one view alone.
    Present(Scene),
    /// Shows all of the page again.
    Leave,
    /// Goes to another page.
    Go(Page),
    /// Presses the control that this selector finds.
    Press(&'static str),
}

impl Deed {
    /// Whether there is something to do it to on this page.
    pub(super) fn is_at(self, page: Page) -> bool {
        match self {
            Self::Show(sheet) => sheet != Sheet::Palette,
            Self::Go(other) => other != page,
            _ => page == Page::Lab,
        }
    }

    pub(super) fn run(self, lab: Lab) {
        match self {
            Self::Show(sheet) => lab.sheet.update(|shown| *shown = (*shown != Some(sheet)).then_some(sheet)),
            Self::Toggle => {
                let is_playing = |moment: &Option<_>| moment.as_ref().is_some_and(plays);
                lab.ask(if lab.client.moment.with_untracked(is_playing) { Request::Pause } else { Request::Play });
            }
            Self::StepEvent => lab.ask(Request::StepEvent),
            Self::StepBack => lab.ask(Request::StepBack),
            Self::StepBlock => lab.ask(Request::StepBlock),
            Self::Rewind => lab.ask(Request::Seek { time: Timestamp(0) }),
            Self::Undo => lab.ask(Request::Undo),
            Self::Redo => lab.ask(Request::Redo),
            Self::Split => network::split(lab),
            Self::HealAll => lab.act(Action::HealAll),
            Self::Save => runs::save(lab),
            Self::Present(scene) => present::present(lab, scene),
            Self::Leave => present::leave(lab),
            Self::Go(page) => go(&lab.route.to(page)),
            Self::Press(selector) => press(selector),
        }
    }
}

fn plays(moment: &crate::web::protocol::Moment) -> bool {
    moment.transport.playing
}

fn go(hash: &str) {
    // Every address of ours is one that the browser takes.
    drop(window().location().set_hash(hash));
}

/// Clicks a control, unless it has opened already what it opens; then the keyboard goes on from there.
fn press(selector: &str) {
    let control =
        document().query_selector(selector).ok().flatten().and_then(|element| element.dyn_into::<HtmlElement>().ok());
    if let Some(control) = control {
        if control.get_attribute("aria-expanded").as_deref() != Some("true") {
            control.click();
        }
        // What cannot take the focus leaves it where it is.
        drop(control.focus());
    }
}
