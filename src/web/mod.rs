//! Web.
/// Page.
pub fn page() {
    leptos::mount::mount_to_body(|| leptos::prelude::view! { <main><h1>"Tabchain"</h1></main> });
    let _ = web_sys::Worker::new("./worker_loader.js");
}
/// Worker.
pub fn worker() {}
