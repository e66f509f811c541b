//! The page: panels around one store. Components read memoised slices of the newest moment and send requests; what is hovered or typed is
//! local to them.
#![expect(unreachable_pub, reason = "the component macro makes more of a component's parts public than the component")]

mod add_node;
mod bench;
mod breaks;
mod chain;
mod channels;
mod charts;
mod curves;
mod deeds;
mod explore;
mod format;
mod gallery;
mod glossary;
mod header;
mod inspector;
mod keys;
mod log;
mod network;
mod node;
mod pages;
mod palette;
mod payments;
mod picture;
mod plot;
mod present;
mod recovery;
mod room;
mod route;
mod runs;
mod saved;
mod scenario;
mod settings;
mod share;
mod sheet;
mod sidebar;
mod size;
mod space_time;
mod stake;
mod table;
mod transport;

use leptos::prelude::*;

use super::{
    api,
    client::Client,
    place::Place,
    protocol::{Breaks, Moment, Request},
    strings::{fill, text},
};
use crate::{
    primitives::Hash,
    sim::Action,
    view::{ChainWindow, Focus, Page, Selection},
};
use route::Route;

/// Percent of real time at which the page begins: the first block comes soon, and messages can still be seen.
const FIRST_SPEED: u32 = 200;

/// What the components share.
#[derive(Clone, Copy)]
struct Lab {
    client: Client,
    focus: RwSignal<Focus>,
    route: Route,
    /// The payment whose route is shown.
    payment: RwSignal<Option<Hash>>,
    /// Runs that were saved.
    runs: saved::Runs,
    /// A problem that belongs to no field, until it is dismissed.
    notice: RwSignal<Option<String>>,
    /// What the dialog shows, if it is open.
    sheet: RwSignal<Option<sheet::Sheet>>,
    /// What time stops at by itself.
    breaks: RwSignal<Breaks>,
    /// Between whom a channel is about to be offered, as far as it was said, while the form for that is open.
    opening: RwSignal<Option<[Option<String>; 2]>>,
    /// The view that is presented alone.
    scene: RwSignal<Option<present::Scene>>,
    /// What a word means, while that is shown.
    meaning: RwSignal<Option<glossary::Meaning>>,
}

/// Shows the page.
pub(super) fn mount() {
    std::panic::set_hook(Box::new(recovery::on_panic));
    settings::choose_language();
    match Client::start() {
        Ok(client) => {
            api::install(client);
            leptos::mount::mount_to_body(move || view! { <App client /> });
        }
        Err(error) => {
            let message = fill("no-worker", &[&format!("{error:?}")]);
            leptos::mount::mount_to_body(move || view! { <main class="broken" role="alert">{message}</main> });
        }
    }
}

impl Lab {
    /// A memoised slice of the newest moment; nothing until there is one.
    fn slice<T: Clone + PartialEq + Send + Sync + 'static>(
        &self,
        of: impl Fn(&Moment) -> T + Send + Sync + 'static,
    ) -> Memo<Option<T>> {
        let moment = self.client.moment;
        Memo::new(move |_| moment.with(|moment| moment.as_ref().map(&of)))
    }

    fn tell(&self, request: Request) {
        self.client.tell(request);
    }

    /// Asks for something; a refusal is shown above the page.
    fn ask(&self, request: Request) {
        let notice = self.notice;
        self.client
            .ask(request, self.client.place, move |result| notice.set(result.err().map(|refused| refused.message)));
    }

    fn act(&self, action: Action) {
        self.ask(Request::Act { action });
    }

    fn look_at(&self, selection: Selection) {
        if self.focus.with_untracked(|focus| focus.selection.as_ref() == Some(&selection)) {
            return;
        }
        self.route.look(*self, self.focus.with_untracked(|focus| focus.selection.clone()), &selection);
        self.refocus(|focus| focus.select(Some(selection)));
    }

    /// What an address says to look at, and after which event. In a room time is not ours.
    fn look_from_address(&self, selection: Option<Selection>, at: Option<u64>) {
        if self.focus.with_untracked(|focus| focus.selection != selection) {
            self.refocus(|focus| focus.select(selection));
        }
        let apart =
            self.client.moment.with_untracked(|moment| moment.as_ref().is_some_and(|moment| moment.room.is_none()));
        if let Some(events) = at.filter(|_| apart) {
            self.ask(Request::SeekEvent { events });
        }
    }

    /// Another run that no address names.
    fn look_afresh(&self) {
        self.forget();
        self.route.is_now(None, None);
    }

    /// Another run: what was selected is not in it, and what was saved is of another.
    fn forget(&self) {
        self.payment.set(None);
        self.refocus(|focus| (focus.selection, focus.judge, focus.window.top) = (None, None, None));
        self.runs.begin();
    }

    fn look_at_node(&self, name: String) {
        self.look_at(Selection::Node { name });
    }

    fn look_at_block(&self, id: Hash) {
        self.look_at(Selection::Block { id });
    }

    /// The id of a block, or what stands for it, as a way to the block.
    fn block_link(self, id: Hash, text: String) -> impl IntoView {
        view! { <button class="text" on:click=move |_| self.look_at_block(id)>{text}</button> }
    }

    /// The name of the node that is inspected.
    fn shown_node(&self) -> Memo<Option<String>> {
        let shown = self.slice(|moment| match &moment.world.inspection.as_ref()?.selection {
            Selection::Node { name } => Some(name.clone()),
            _ => None,
        });
        Memo::new(move |_| shown.get().flatten())
    }

    fn look_at_window(&self, window: ChainWindow) {
        self.refocus(|focus| focus.window = window);
    }

    fn refocus(&self, change: impl FnOnce(&mut Focus)) {
        self.focus.update(change);
        self.tell(Request::Focus { focus: self.focus.get_untracked() });
    }
}

#[component]
fn App(client: Client) -> impl IntoView {
    let lab = Lab {
        client,
        focus: RwSignal::new(Focus { log: log::kept(), ..Focus::default() }),
        route: Route::new(),
        payment: RwSignal::new(None),
        runs: saved::Runs::new(),
        notice: RwSignal::new(None),
        sheet: RwSignal::new(None),
        breaks: RwSignal::new(Breaks::default()),
        opening: RwSignal::new(None),
        scene: RwSignal::new(None),
        meaning: RwSignal::new(None),
    };
    provide_context(lab);
    lab.tell(Request::Speed { percent: FIRST_SPEED });
    lab.tell(Request::Focus { focus: lab.focus.get_untracked() });
    lab.route.follow(lab);
    let single = keys::Single::kept();
    provide_context(single);
    keys::listen(lab, single);
    room::listen(lab);
    present::listen(lab);
    saved::keep(lab);
    provide_context(bench::Measured::new());
    view! {
        {move || match lab.route.page.get() {
            Page::Lab => view! { <LabPage /> }.into_any(),
            other => other_page(other),
        }}
        <Notices />
        <sheet::SheetHost />
        <glossary::MeaningBox />
    }
}

/// By itself, so that it is no part of what the first look runs (docs/adr/028-first-and-later-wasm.md).
#[inline(never)]
fn other_page(page: Page) -> AnyView {
    match page {
        Page::Lab => ().into_any(),
        Page::Explore => view! { <explore::ExplorePage /> }.into_any(),
        Page::Bench => view! { <bench::BenchPage /> }.into_any(),
        Page::Settings => view! { <settings::SettingsPage /> }.into_any(),
        Page::Embed => view! { <EmbedPage /> }.into_any(),
    }
}

#[component]
fn LabPage() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let loading = move || lab.client.moment.with(Option::is_none);
    present::alone(move || lab.scene.get().is_some());
    view! {
        <header::Header />
        <room::Detached />
        <sidebar::Sidebar />
        <main id="lab" tabindex="-1" aria-busy=move || loading().to_string()>
            <network::Network />
            <chain::ChainPanel />
            <stake::Stake />
            <space_time::SpaceTime />
            <channels::Channels />
            <payments::Payments />
            <charts::Charts />
        </main>
        <inspector::Inspector />
        <transport::TransportBar />
        <log::Announcer />
    }
}

/// The pictures alone, to stand inside another page.
#[component]
fn EmbedPage() -> impl IntoView {
    let lab = expect_context::<Lab>();
    present::alone(move || matches!(lab.scene.get(), Some(present::Scene::Network | present::Scene::Chain)));
    view! {
        <main class="embed" tabindex="-1">
            <h1 class="hidden">"Tabchain"</h1>
            <network::Network />
            <chain::ChainPanel />
            <a href=move || lab.route.to(Page::Lab) target="_blank" rel="noopener">{text("open-in-lab")}</a>
        </main>
        <transport::TransportBar />
    }
}

/// Problems that belong to no field.
#[component]
fn Notices() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let broken = lab.client.broken;
    view! {
        <Show when=move || broken.with(Option::is_some)>
            <div class="notice bad" role="alert">
                {move || fill("engine-broken", &[&broken.get().unwrap_or_default()])}
                " "<recovery::Download />
            </div>
        </Show>
        <Show when=move || lab.notice.with(Option::is_some)>
            <div class="notice" role="alert">
                <span>{move || lab.notice.get()}</span>
                <button on:click=move |_| lab.notice.set(None)>{text("dismiss")}</button>
            </div>
        </Show>
    }
}
