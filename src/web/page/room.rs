//! A room on the page: opening one, who is here, and nodes of other tabs in the picture. Whatever another tab says of itself is text.

use leptos::{ev, prelude::*};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::BroadcastChannel;

use super::{
    Lab, format,
    glossary::term,
    network::{Point, at, radius},
};
use crate::{
    room::RoomName,
    sim::generated_name,
    view::{Address, Opens, RoomView, TabNode, TabView},
    web::{
        protocol::{Moment, Request},
        strings::{fill, text},
    },
};

/// Nodes of one tab that the picture shows, and of all other tabs together.
const MAX_SHOWN: (usize, usize) = (4, 20);

/// A node of another tab in the picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ForeignNode {
    node: TabNode,
    letter: String,
    colour: u8,
    /// Our nodes that are connected with it, by index.
    ours: Vec<u32>,
    /// Nodes of its tab that it is linked to, by their place among the foreign nodes.
    theirs: Vec<usize>,
}

impl ForeignNode {
    pub(super) fn name(&self) -> &str {
        &self.node.name
    }

    pub(super) fn ours(&self) -> impl Iterator<Item = usize> + '_ {
        self.ours.iter().map(|index| *index as usize)
    }

    pub(super) fn theirs(&self) -> impl Iterator<Item = usize> + '_ {
        self.theirs.iter().copied()
    }
}

/// Opens the room that the address names.
pub(super) fn open(lab: Lab, name: &RoomName) {
    lab.ask(Request::OpenRoom { name: name.to_string() });
}

/// Whether a native node serves this page.
pub(super) fn is_at_node() -> bool {
    document().query_selector("meta[name=tabchain-node]").is_ok_and(|meta| meta.is_some())
}

/// Joins the native node that serves this page.
pub(super) fn join_node(lab: Lab) {
    lab.ask(Request::JoinNode);
}

/// Leaves the room, if this tab is in one.
pub(super) fn leave(lab: Lab) {
    if view_of(lab).is_some() {
        lab.ask(Request::LeaveRoom);
    }
}

/// Says goodbye when the tab closes, and takes the room's name out of the address bar when the room is left.
pub(super) fn listen(lab: Lab) {
    let bye = window_event_listener(ev::Custom::<web_sys::Event>::new("pagehide"), move |_| {
        let room = view_of(lab).filter(|room| room.detached.is_none());
        if let Some((room, channel)) = room.and_then(|room| room.channel.clone().map(|channel| (room, channel))) {
            // The engine's worker ends with the page, so the page says it. A browser without channels has no rooms.
            let channel = BroadcastChannel::new(&channel);
            drop(channel.map(|channel| channel.post_message(&js_sys::Uint8Array::from(&*room.farewell))));
        }
    });
    // The page never goes away while the tab is open.
    std::mem::forget(bye);
    let name = lab.slice(|moment| moment.room.as_ref().map(|room| room.name.clone()));
    Effect::new(move |before: Option<Option<String>>| {
        let now = name.get().flatten();
        if let (Some(Some(before)), None) = (before, &now)
            && lab.route.room() == Some(before)
        {
            lab.route.is_now(None, lab.focus.with_untracked(|focus| focus.selection.clone()));
        }
        now
    });
}

/// Whom a node can pay: all nodes of this tab, then those of the others.
pub(super) fn payees(moment: &Moment) -> Vec<String> {
    let own = moment.world.network.nodes.iter().map(|node| node.name.clone());
    let others = moment.room.iter().flat_map(|room| &room.tabs).filter(|tab| !tab.you).flat_map(|tab| &tab.nodes);
    own.chain(others.map(|node| node.name.clone())).collect()
}

/// A name for another node of this tab that no node of the room has; a guest's nodes carry their tab's letter.
pub(super) fn new_name(moment: &Moment) -> String {
    let taken = payees(moment);
    let you = moment.room.iter().flat_map(|room| &room.tabs).find(|tab| tab.you && tab.colour > 0);
    let end = you.map(|tab| format!(" {}", tab.letter)).unwrap_or_default();
    let names = (0..).map(|index| generated_name(index) + &end);
    names.into_iter().find(|name| !taken.contains(name)).unwrap_or_default()
}

fn view_of(lab: Lab) -> Option<RoomView> {
    lab.client.moment.with_untracked(|moment| moment.as_ref().and_then(|moment| moment.room.clone()))
}

/// Begins a room with a name of its own, by way of the address bar.
fn begin() {
    let number = |below: f64| (js_sys::Math::random() * below) as usize;
    let word = |index| generated_name(index).to_lowercase();
    let name = format!("{}-{}-{}", word(number(26.0)), word(number(26.0)), 100 + number(900.0));
    if let Some(window) = web_sys::window() {
        // Without rights to the address bar there is no link to share either.
        drop(window.location().set_hash(&address(&name)));
    }
}

fn address(name: &str) -> String {
    let opens = name.parse().ok().map(Opens::Room);
    Address { opens, ..Address::default() }.to_string()
}

/// In the header: opens a room, or shows which one this is.
#[component]
pub(super) fn Pill() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let room = lab.slice(|moment| moment.room.as_ref().map(|room| (room.name.clone(), state(room), tabs(room))));
    view! {
        {move || match room.get().flatten() {
            None if is_at_node() => {
                view! { <button class="room-open" on:click=move |_| join_node(lab)>{text("room-join-node")}</button> }.into_any()
            }
            None => view! { <button class="room-open" on:click=move |_| begin()>{text("room-open")}</button> }.into_any(),
            Some((name, state, tabs)) => view! {
                <a class="pill room" href="#who-is-here" on:click=go_there>
                    <b>{name}</b>" · "{text(state)}{tabs.map(|tabs| format!(" · {}", fill("room-tabs", &[&tabs])))}
                </a>
            }
            .into_any(),
        }}
    }
}

/// Shows the panel without touching the address bar, which names the room.
fn go_there(event: ev::MouseEvent) {
    event.prevent_default();
    if let Some(panel) = document().get_element_by_id("who-is-here") {
        panel.scroll_into_view();
    }
}

/// How many tabs a room has; a native node's tabs do not know of each other.
fn tabs(room: &RoomView) -> Option<String> {
    room.channel.is_some().then(|| room.tabs.len().to_string())
}

fn state(room: &RoomView) -> &'static str {
    match (room.seeking, room.hosts, room.channel.is_some()) {
        _ if room.detached.is_some() => "room-detached",
        (true, _, _) => "room-seeking",
        (_, true, true) => "room-host",
        (_, false, true) => "room-guest",
        (_, true, false) => "room-node-away",
        (_, false, false) => "room-at-node",
    }
}

/// Says that this run is private, why, and how to come back.
#[component]
pub(super) fn Detached() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let detached = lab.slice(|moment| {
        let room = moment.room.as_ref()?;
        room.detached.clone().map(|why| (room.name.clone(), why, room.channel.is_some()))
    });
    view! {
        {move || detached.get().flatten().map(|(name, why, tabs)| {
            let key = match why.as_str() {
                "rewound" if !tabs => "room-why-left-node",
                "log-full" => "room-why-log-full",
                "room-full" => "room-why-room-full",
                _ => "room-why-rewound",
            };
            view! {
                <div class="notice detached" role="status">
                    <span>{fill(key, &[&name])}</span>
                    <button on:click=move |_| lab.ask(Request::Rejoin)>{text("room-rejoin")}</button>
                    <button on:click=move |_| lab.ask(Request::LeaveRoom)>{text(leave_word(tabs))}</button>
                </div>
            }
        })}
    }
}

fn leave_word(tabs: bool) -> &'static str {
    if tabs { "room-leave" } else { "room-leave-node" }
}

/// In the sidebar: the tabs of the room, and its link.
#[component]
pub(super) fn WhoIsHere() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let room = lab.slice(|moment| moment.room.clone());
    let name = Memo::new(move |_| room.get().flatten().map(|room| (room.name, room.channel.is_some())));
    let state = move || room.get().flatten().map(|room| text(state(&room)));
    let tabs = Memo::new(move |_| room.get().flatten().map(|room| room.tabs).unwrap_or_default());
    let notes = move || {
        let room = room.get().flatten()?;
        let dropped = (room.dropped > 0).then(|| fill("room-dropped", &[&room.dropped.to_string()]));
        let log = (room.log_used >= 50).then(|| fill("room-log", &[&room.log_used.to_string()]));
        Some(dropped.into_iter().chain(log).map(|note| view! { <p class="hint">{note}</p> }).collect_view())
    };
    view! {
        {move || match name.get() {
            None => view! {
                <div class="narrow"><h2>{term("room")}</h2><button class="add" on:click=move |_| begin()>{text("room-open")}</button></div>
            }
            .into_any(),
            Some((name, tabbed)) => {
                let title = if tabbed { "room-title" } else { "room-title-node" };
                let link = tabbed.then(|| address(&name));
                view! {
                    <div id="who-is-here">
                        <h2>{fill(title, &[&name])}</h2>
                        <p class="hint">{state}</p>
                        <ul aria-label=text("room-who")>
                            {move || tabs.get().into_iter().map(|tab| view! { <Tab tab tabbed /> }).collect_view()}
                        </ul>
                        {notes}
                        <div class="row">
                            {link.map(|link| view! {
                                <button on:click=move |_| copy(lab)>{text("room-copy")}</button>
                                <a class="button" href=link target="_blank" rel="noopener">{text("room-other-tab")}</a>
                            })}
                            <button on:click=move |_| lab.ask(Request::LeaveRoom)>{text(leave_word(tabbed))}</button>
                        </div>
                    </div>
                }
                .into_any()
            }
        }}
    }
}

#[component]
fn Tab(tab: TabView, tabbed: bool) -> impl IntoView {
    let height = tab.nodes.iter().filter(|node| node.on).map(|node| node.height).max();
    let mut facts: Vec<String> = Vec::new();
    facts.extend(tab.you.then(|| text("room-you").to_owned()));
    facts.extend(tab.hosts.then(|| text(if tabbed { "room-keeps-clock" } else { "room-is-node" }).to_owned()));
    facts.extend(height.map(|height| format!("#{height}")));
    facts.extend((tab.seen > 1).then(|| fill("room-seen", &[&tab.seen.to_string()])));
    let names: Vec<String> = tab.nodes.iter().map(|node| node.name.clone()).collect();
    view! {
        <li class="tab">
            <span class=format!("badge tab-{}", tab.colour)>{tab.letter}</span>
            <span><b>{facts.join(" · ")}</b><small>{names.join(", ")}</small></span>
        </li>
    }
}

fn copy(lab: Lab) {
    let Some(window) = web_sys::window() else {
        return;
    };
    let link = window.location().href().unwrap_or_default();
    let copied = JsFuture::from(window.navigator().clipboard().write_text(&link));
    spawn_local(async move {
        let done = copied.await.is_ok();
        lab.notice.set(Some(if done { text("room-copied").to_owned() } else { fill("room-link-is", &[&link]) }));
    });
}

/// Nodes of other tabs, as many as the picture has room for; those that speak with ours come first.
pub(super) fn foreign(lab: Lab) -> Memo<Vec<ForeignNode>> {
    let tabs = lab.slice(|moment| moment.room.as_ref().map(|room| room.tabs.clone()).unwrap_or_default());
    Memo::new(move |_| {
        let tabs: Vec<TabView> = tabs.get().unwrap_or_default().into_iter().filter(|tab| !tab.you).collect();
        let each = (MAX_SHOWN.1 / tabs.len().max(1)).clamp(1, MAX_SHOWN.0);
        let mut shown = Vec::new();
        for tab in tabs {
            let first = shown.len();
            let count = tab.nodes.len().min(each);
            shown.extend(tab.nodes.into_iter().take(count).enumerate().map(|(at, node)| {
                let here = |place: u8| usize::from(place) == at;
                let other = |place: u8| (usize::from(place) < count).then(|| first + usize::from(place));
                ForeignNode {
                    node,
                    letter: tab.letter.clone(),
                    colour: tab.colour,
                    ours: tab.connected.iter().filter(|(_, place)| here(*place)).map(|(ours, _)| *ours).collect(),
                    theirs: tab.links.iter().filter(|(a, _)| here(*a)).filter_map(|(_, b)| other(*b)).collect(),
                }
            }));
        }
        shown
    })
}

/// Nodes of other tabs: a dashed outline in the tab's colour, its letter in the middle; room links to ours, and theirs among themselves.
#[component]
pub(super) fn Foreign(nodes: Memo<Vec<ForeignNode>>, own: Memo<usize>, points: Memo<Vec<Point>>) -> impl IntoView {
    let drawn = move || {
        let (own, all) = (own.get(), points.get());
        let count = all.len();
        let place = |index: usize| at(&all, index);
        let at = |index: usize| place(own + index);
        let lines = nodes.get().into_iter().enumerate().flat_map(move |(index, foreign)| {
            let ours = foreign.ours().map(place);
            let theirs = foreign.theirs().map(at);
            let class = format!("room-link tab-{}", foreign.colour);
            let lines = ours.map(|end| (end, "between")).chain(theirs.map(|end| (end, "within")));
            let start = at(index);
            lines
                .map(|(end, kind)| {
                    let class = format!("{class} {kind}");
                    view! { <line class=class x1=start.0 y1=start.1 x2=end.0 y2=end.1 /> }
                })
                .collect::<Vec<_>>()
        });
        let shapes = nodes.get().into_iter().enumerate().map(move |(index, foreign)| shape(foreign, at(index), count));
        view! { <g>{lines.collect_view()}</g><g>{shapes.collect_view()}</g> }
    };
    view! { {drawn} }
}

fn shape(foreign: ForeignNode, (x, y): Point, count: usize) -> impl IntoView + use<> {
    let size = radius(count) * 0.85;
    let ForeignNode { node, letter, colour, .. } = foreign;
    let rate = node.hash_rate.map_or_else(|| text("unknown").to_owned(), format::hash_rate);
    let label = if node.on {
        fill("room-node", &[&node.name, &letter, &rate, &node.height.to_string()])
    } else {
        fill("room-node-off", &[&node.name, &letter])
    };
    let body = if node.hash_rate > Some(0) {
        view! { <rect x=x - size y=y - size width=2.0 * size height=2.0 * size rx=size / 3.0 /> }.into_any()
    } else {
        view! { <circle cx=x cy=y r=size /> }.into_any()
    };
    let mark = format!("#{}", node.height);
    let class = format!("foreign tab-{colour}{}", if node.on { "" } else { " off" });
    view! {
        <g class=class role="img" aria-label=label>
            {body}
            <g class="words" aria-hidden="true">
                {(size > 8.0).then(|| view! { <text x=x y=y + 5.0>{letter}</text> })}
                {(count <= 14).then(|| view! { <text class="label" x=x y=y + size + 15.0>{node.name}</text> })}
                {(node.on && count <= 26).then(|| view! { <text class="height" x=x + size y=y - size - 3.0>{mark}</text> })}
            </g>
        </g>
    }
}
