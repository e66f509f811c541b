//! What is done later: with the next frame, after a while, when an answer has come. By then whoever wanted it may have left the page, and its signals with it;
//! so all that waits says where it belongs, and nothing is done for a place that is gone. `clippy.toml` forbids to wait in any other way.

use std::time::Duration;

use leptos::prelude::*;

/// A component, or one run of an effect, for as long as it is there. Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Place(StoredValue<()>);

impl Place {
    /// The component or effect that is being set up; outside of all, what never goes.
    pub(super) fn here() -> Self {
        Self(StoredValue::new(()))
    }

    /// At once, if the place is still there.
    pub(super) fn now(self, does: impl FnOnce()) {
        if !self.0.is_disposed() {
            does();
        }
    }

    /// `does`, if the place is still there when it is called.
    pub(super) fn then<T>(self, does: impl FnOnce(T) + 'static) -> impl FnOnce(T) + 'static {
        move |value| self.now(|| does(value))
    }

    /// With the next frame.
    #[expect(clippy::disallowed_methods, reason = "this is the one way")]
    pub(super) fn next_frame(self, does: impl FnOnce() + 'static) {
        request_animation_frame(move || self.now(does));
    }

    /// After a while.
    #[expect(clippy::disallowed_methods, reason = "this is the one way")]
    pub(super) fn after(self, time: Duration, does: impl FnOnce() + 'static) {
        set_timeout(move || self.now(does), time);
    }
}
