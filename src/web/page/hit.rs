//! A drawn thing that works as a button: by pointer, Enter and Space. The words beside it are not in it: its name says them all.

use leptos::prelude::*;

/// Wraps a shape. The element stays the same while what it shows changes, so that it keeps the keyboard's focus.
pub(super) fn hit(
    label: impl Fn() -> String + Send + Sync + 'static,
    pressed: Memo<bool>,
    look: impl Fn() + Copy + 'static,
    shape: impl IntoView + 'static,
) -> impl IntoView {
    view! {
        <g
            class="hit"
            role="button"
            tabindex="0"
            aria-pressed=move || pressed.get().to_string()
            aria-label=label
            on:click=move |_| look()
            on:keydown=move |event| if matches!(event.key().as_str(), "Enter" | " ") {
                event.prevent_default();
                event.stop_propagation();
                look();
            }
        >
            {shape}
        </g>
    }
}
