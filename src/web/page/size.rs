//! How large an element is, as long as it is there.

use leptos::{html::ElementType, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::ResizeObserver;

use super::Place;

/// Width and height in CSS pixels, padding included; zeros until it is shown.
pub(super) fn size_of<E>(element: NodeRef<E>) -> RwSignal<(f64, f64)>
where
    E: ElementType,
    E::Output: JsCast + Clone + 'static,
{
    let (size, place) = (RwSignal::new((0.0, 0.0)), Place::here());
    element.on_load(move |element: E::Output| {
        let element: web_sys::Element = element.unchecked_into();
        let seen = element.clone();
        let measure = Closure::<dyn FnMut()>::new(move || {
            let now = (f64::from(seen.client_width()), f64::from(seen.client_height()));
            place.now(|| size.maybe_update(|size| std::mem::replace(size, now) != now));
        });
        // A browser without it shows the picture in its first size.
        if let Ok(observer) = ResizeObserver::new(measure.as_ref().unchecked_ref()) {
            observer.observe(&element);
        }
        // The observer lives as long as the element, and calls this.
        measure.forget();
    });
    size
}
