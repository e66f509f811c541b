//! The way from page to page; the run stays.

use leptos::prelude::*;

use super::Lab;
use crate::{view::Page, web::strings::text};

/// Links to all pages that stand by themselves.
#[component]
pub(super) fn Pages() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let link = move |page: Page, key: &'static str| {
        let current = move || (lab.route.page.get() == page).then_some("page");
        view! { <a href=move || lab.route.to(page) aria-current=current>{text(key)}</a> }
    };
    view! {
        <nav class="pages" aria-label=text("pages")>
            {link(Page::Lab, "page-lab")}
            {link(Page::Explore, "page-explore")}
            {link(Page::Bench, "page-bench")}
            {link(Page::Settings, "page-settings")}
        </nav>
    }
}
