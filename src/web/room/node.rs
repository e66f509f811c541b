//! The way to the native node that serves this page: its word about itself, asked for every second, and a WebSocket for messages between nodes.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use gloo_timers::callback::Interval;
use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{BinaryType, Event, MessageEvent, Response, WebSocket, WorkerGlobalScope};

use super::wall;
use crate::room::{Gate, Invitation, TabId, Wish};

/// Real milliseconds between two questions.
const ASK_EVERY: u32 = 1_000;

/// This tab's way to the node.
pub(in crate::web) struct NodeChannel {
    way: Rc<Way>,
    _ask: Interval,
}

struct Way {
    gate: RefCell<Gate>,
    socket: RefCell<Option<Socket>>,
    asking: Cell<bool>,
    arrived: Box<dyn Fn()>,
}

struct Socket {
    socket: WebSocket,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_change: Closure<dyn FnMut(Event)>,
}

/// What the node says of itself.
///
/// # Errors
/// What stands in the way, for people.
pub(in crate::web) async fn invitation() -> Result<Invitation, String> {
    let scope: WorkerGlobalScope = JsValue::from(js_sys::global()).unchecked_into();
    let url = format!("{}/api/p2p/network", scope.location().origin());
    let failed = |error: JsValue| format!("{error:?}");
    let response: Response = JsFuture::from(scope.fetch_with_str(&url)).await.map_err(failed)?.unchecked_into();
    if !response.ok() {
        return Err(format!("status {}", response.status()));
    }
    let text = JsFuture::from(response.text().map_err(failed)?).await.map_err(failed)?;
    Invitation::from_json(&text.as_string().unwrap_or_default()).map_err(|error| error.to_string())
}

/// Where this page comes from.
pub(in crate::web) fn host() -> String {
    let scope: WorkerGlobalScope = JsValue::from(js_sys::global()).unchecked_into();
    scope.location().host()
}

impl NodeChannel {
    /// A way for the tab `me` to the node that has just said this; `arrived` is called whenever there is something to take.
    pub(in crate::web) fn open(me: TabId, invitation: Invitation, arrived: impl Fn() + 'static) -> Self {
        let way = Rc::new(Way {
            gate: RefCell::new(Gate::new(me, invitation, wall())),
            socket: RefCell::new(None),
            asking: Cell::new(false),
            arrived: Box::new(arrived),
        });
        let asker = Rc::clone(&way);
        Self { way, _ask: Interval::new(ASK_EVERY, move || ask(&asker)) }
    }

    /// The next post of the node's.
    pub(in crate::web) fn next(&self) -> Option<Vec<u8>> {
        let mut gate = self.way.gate.borrow_mut();
        gate.tick(wall());
        gate.next_post()
    }

    /// Posts to the node.
    pub(in crate::web) fn post(&self, bytes: &[u8]) {
        self.way.gate.borrow_mut().post(bytes, wall());
        act(&self.way);
    }
}

impl Drop for NodeChannel {
    fn drop(&mut self) {
        *self.way.socket.borrow_mut() = None;
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // Closing what is closed is no fault.
        drop(self.socket.close());
    }
}

fn ask(way: &Rc<Way>) {
    if way.asking.replace(true) {
        return;
    }
    let way = Rc::clone(way);
    spawn_local(async move {
        let answer = invitation().await;
        way.asking.set(false);
        // A node that says nothing is silent for the room, too.
        if let Ok(invitation) = answer {
            way.gate.borrow_mut().heard(invitation, wall());
            (way.arrived)();
        }
    });
}

/// Does what the gate wants.
fn act(way: &Rc<Way>) {
    let wishes = way.gate.borrow_mut().take_wishes();
    for wish in wishes {
        match wish {
            Wish::Open => match open(way) {
                Ok(socket) => *way.socket.borrow_mut() = Some(socket),
                Err(_) => way.gate.borrow_mut().closed(wall()),
            },
            Wish::Send(bytes) => {
                if let Some(socket) = &*way.socket.borrow() {
                    // A socket that is closing says so by itself.
                    drop(socket.socket.send_with_u8_array(&bytes));
                }
            }
            Wish::Close => *way.socket.borrow_mut() = None,
        }
    }
}

fn open(way: &Rc<Way>) -> Result<Socket, JsValue> {
    let scope: WorkerGlobalScope = JsValue::from(js_sys::global()).unchecked_into();
    let origin = scope.location().origin().replacen("http", "ws", 1);
    let socket = WebSocket::new(&format!("{origin}/api/p2p/ws"))?;
    socket.set_binary_type(BinaryType::Arraybuffer);
    let heard = Rc::downgrade(way);
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        if let (Some(way), Some(bytes)) = (heard.upgrade(), event.data().dyn_ref::<ArrayBuffer>()) {
            way.gate.borrow_mut().received(Uint8Array::new(bytes).to_vec());
            (way.arrived)();
        }
    });
    let changed = Rc::downgrade(way);
    let on_change = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
        if let Some(way) = changed.upgrade() {
            match event.type_().as_str() {
                "open" => way.gate.borrow_mut().opened(wall()),
                _ => way.gate.borrow_mut().closed(wall()),
            }
            act(&way);
            (way.arrived)();
        }
    });
    socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    socket.set_onopen(Some(on_change.as_ref().unchecked_ref()));
    socket.set_onclose(Some(on_change.as_ref().unchecked_ref()));
    Ok(Socket { socket, _on_message: on_message, _on_change: on_change })
}
