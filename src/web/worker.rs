//! The engine's Web Worker: a timer, a message handler, and nothing else.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use gloo_timers::callback::Interval;
use js_sys::Uint8Array;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use super::{
    carrier::{Channels, unique_name},
    clock::now_ms,
    engine::{Engine, Refusal, is_capsule, is_json},
    layout,
    protocol::{Reply, Request, as_text},
    room::invitation,
    runs,
};
use crate::sim::{Capsule, Scenario};

/// Milliseconds between two pumps.
const PUMP_EVERY: u32 = 16;
/// Milliseconds between two moments sent to the page.
const SHOW_EVERY: u64 = 50;

thread_local! {
    static WORKER: RefCell<Option<Rc<Worker>>> = const { RefCell::new(None) };
}

struct Worker {
    engine: RefCell<Engine>,
    shown: Cell<u64>,
    stale: Cell<bool>,
    /// Whether the page has yet to show the last moment; a hidden or slow page is sent no more than it can show.
    unshown: Cell<bool>,
    /// The last moment, as it was sent: most requests only look, and nothing need be shown again.
    sent: RefCell<Vec<u8>>,
}

/// Starts the engine and tells the page.
pub(super) fn start() {
    let channels = Channels::open(&unique_name(), || with_worker(|worker| worker.pump())).ok();
    let worker = Rc::new(Worker {
        engine: RefCell::new(Engine::new(Scenario::first(), channels)),
        shown: Cell::new(0),
        stale: Cell::new(true),
        unshown: Cell::new(false),
        sent: RefCell::default(),
    });
    WORKER.with(|slot| *slot.borrow_mut() = Some(Rc::clone(&worker)));
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(|event: MessageEvent| {
        let bytes = Uint8Array::from(event.data()).to_vec();
        let (id, request): (u32, Request) = borsh::from_slice(&bytes).expect("the page is of this build");
        with_worker(|worker| worker.take(id, request));
    });
    scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    Interval::new(PUMP_EVERY, || with_worker(|worker| worker.pump())).forget();
    post(&Reply::Ready);
}

/// Something arrived from outside.
pub(super) fn wake() {
    with_worker(|worker| worker.pump());
}

impl Worker {
    fn pump(&self) {
        let Ok(mut engine) = self.engine.try_borrow_mut() else {
            return;
        };
        let changed = engine.pump();
        self.stale.set(self.stale.get() || changed);
        let due = now_ms() >= self.shown.get() + SHOW_EVERY || !engine.is_busy();
        if self.stale.get() && due && !self.unshown.replace(true) {
            self.stale.set(false);
            self.shown.set(now_ms());
            let moment = encode(&Reply::Moment(Box::new(engine.moment())));
            if *self.sent.borrow() == moment {
                self.unshown.set(false);
            } else {
                send(&moment);
                self.sent.replace(moment);
            }
        }
    }

    fn take(&self, id: u32, request: Request) {
        match request {
            Request::Shown => {
                self.unshown.set(false);
                self.pump();
            }
            Request::Simulate { options } => with_options(id, options, async move |options| {
                let result = runs::simulate(options).await;
                answer(
                    id,
                    result
                        .map(|summary| serde_json::to_string(&summary).expect("plain data"))
                        .map_err(refused("simulate")),
                );
            }),
            Request::Replay { text } => spawn_local(async move {
                let result = runs::replay_text(&text).await.map(|Capsule { cursor, digest, .. }| {
                    serde_json::json!({"digest": digest, "events": cursor.events, "virtualMs": cursor.time}).to_string()
                });
                answer(id, result.map_err(refused("capsule")));
            }),
            Request::Bench { options } => with_options(id, options, async move |options| {
                let result = runs::bench(options, |percent| post(&Reply::Measured { percent })).await;
                let result = result.map(|rows| {
                    let json = serde_json::to_string(&rows).expect("plain data");
                    post(&Reply::Rates(rows));
                    json
                });
                answer(id, result.map_err(refused("bench")));
            }),
            Request::JoinNode => spawn_local(join_node(id)),
            Request::Arrange { links, fixed } => spawn_local(async move {
                let places = layout::arrange(links, fixed).await;
                answer(id, Ok(as_text(&places)));
            }),
            Request::LoadText { text } if !is_json(&text) => {
                let refusal = Refusal::new("not-json", "this is not a scenario or a capsule, or it is damaged");
                answer(id, Err(refusal));
            }
            Request::LoadText { text } if is_capsule(&text) => spawn_local(async move {
                show(id, runs::replay_text(&text).await);
            }),
            Request::OpenLink { run } => spawn_local(async move {
                let capsule = Capsule::from_link(&run).map_err(|error| error.to_string());
                let result = match capsule {
                    Ok(capsule) => runs::replay(capsule).await,
                    Err(problem) => Err(problem),
                };
                show(id, result);
            }),
            request => {
                let result = self.engine.borrow_mut().request(request);
                self.stale.set(true);
                self.pump();
                answer(id, result);
            }
        }
    }
}

/// Begins with the run of a capsule that was found good.
fn show(id: u32, capsule: Result<Capsule, String>) {
    let result = capsule.map(|capsule| with_worker(|worker| worker.engine.borrow_mut().show(capsule)));
    answer(id, result.map(|()| String::new()).map_err(refused("capsule")));
    with_worker(|worker| worker.stale.set(true));
}

/// Joins the native node that serves this page, if it answers.
async fn join_node(id: u32) {
    let joined = invitation().await.map(|invitation| {
        with_worker(|worker| worker.engine.borrow_mut().join_node(invitation));
        String::new()
    });
    answer(id, joined.map_err(refused("no-node")));
}

/// Does something with options that a script has given; what is wrong with them is the answer.
fn with_options<T: DeserializeOwned + 'static>(id: u32, json: String, work: impl AsyncFnOnce(T) + 'static) {
    match serde_json::from_str(&json) {
        Ok(options) => spawn_local(async move { work(options).await }),
        Err(error) => answer(id, Err(Refusal::new("options", error))),
    }
}

fn refused(code: &'static str) -> impl Fn(String) -> Refusal {
    move |message| Refusal { code, message }
}

fn answer(id: u32, result: Result<String, Refusal>) {
    post(&match result {
        Ok(json) => Reply::Done { id, json },
        Err(refusal) => Reply::Failed { id, code: refusal.code.to_owned(), message: refusal.message },
    });
}

fn with_worker(work: impl FnOnce(&Worker)) {
    let worker = WORKER.with(|slot| slot.borrow().clone());
    if let Some(worker) = worker {
        work(&worker);
    }
}

fn post(reply: &Reply) {
    send(&encode(reply));
}

fn encode(reply: &Reply) -> Vec<u8> {
    borsh::to_vec(reply).expect("memory takes every byte")
}

fn send(bytes: &[u8]) {
    let bytes = Uint8Array::from(bytes);
    let transfer = js_sys::Array::of1(&bytes.buffer());
    // Posting fails only on values that cannot be cloned or handed over; this buffer is new.
    drop(scope().post_message_with_transfer(&bytes, &transfer));
}

fn scope() -> DedicatedWorkerGlobalScope {
    JsValue::from(js_sys::global()).unchecked_into()
}
