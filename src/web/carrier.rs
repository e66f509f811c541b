//! The BroadcastChannel carrier: bytes between nodes really leave the engine and come back.
//!
//! One sending and one receiving `BroadcastChannel` of the same name (a channel does not hear itself); all envelopes of a moment travel in one
//! post. Whatever else arrives there is untrusted: it is parsed within bounds, and only what was sent is taken.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use borsh::{BorshDeserialize, BorshSerialize};
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{BroadcastChannel, MessageEvent};

use crate::{
    primitives::{decode, encode},
    sim::{Envelope, World},
};

/// Bytes of one post that are read.
const MAX_POST_BYTES: u32 = 64 << 20;

/// Both ends of the tab's channel.
pub struct Channels {
    sender: BroadcastChannel,
    receiver: BroadcastChannel,
    inbox: Rc<RefCell<Inbox>>,
    epoch: Cell<u64>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

/// All envelopes of one moment.
#[derive(BorshSerialize, BorshDeserialize)]
struct Post {
    epoch: u64,
    envelopes: Vec<Envelope>,
}

#[derive(Default)]
struct Inbox {
    posts: VecDeque<JsValue>,
    on_arrival: Option<js_sys::Function>,
}

impl Channels {
    /// Opens both ends of the channel `name`; `arrived` is called after every post.
    ///
    /// # Errors
    /// The browser's error, if it has no BroadcastChannel here.
    pub fn open(name: &str, arrived: impl Fn() + 'static) -> Result<Self, JsValue> {
        let (sender, receiver) = (BroadcastChannel::new(name)?, BroadcastChannel::new(name)?);
        let inbox = Rc::new(RefCell::new(Inbox::default()));
        let shared = Rc::clone(&inbox);
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let waiting = {
                let mut inbox = shared.borrow_mut();
                inbox.posts.push_back(event.data());
                inbox.on_arrival.take()
            };
            if let Some(resolve) = waiting {
                drop(resolve.call0(&JsValue::NULL));
            }
            arrived();
        });
        receiver.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        Ok(Self { sender, receiver, inbox, epoch: Cell::new(0), _on_message: on_message })
    }

    /// Another run, or another moment of it, begins: what is still on its way belongs to nobody, and is no fault.
    pub fn begin_epoch(&self) {
        self.epoch.set(self.epoch.get() + 1);
    }

    /// Posts what a world has sent since.
    pub fn post_outgoing(&self, world: &mut World) {
        let envelopes = world.take_outgoing();
        if !envelopes.is_empty() {
            let post = Post { epoch: self.epoch.get(), envelopes };
            let bytes = Uint8Array::from(encode(&post).as_slice());
            // Posting fails only on values that cannot be cloned; bytes can.
            drop(self.sender.post_message(&bytes));
        }
    }

    /// Hands what has arrived to a world; returns how many posts or envelopes were not ours.
    pub fn take_arrived(&self, world: &mut World) -> u64 {
        let mut foreign = 0;
        loop {
            let next = self.inbox.borrow_mut().posts.pop_front();
            let Some(post) = next else {
                return foreign;
            };
            match parse(&post) {
                Ok(post) if post.epoch < self.epoch.get() => {}
                Ok(post) => {
                    foreign +=
                        post.envelopes.into_iter().filter_map(|envelope| world.fill(envelope).err()).count() as u64
                }
                Err(_) => foreign += 1,
            }
        }
    }

    /// Waits for the next post, if none is here.
    pub async fn arrival(&self) {
        if !self.inbox.borrow().posts.is_empty() {
            return;
        }
        let promise = Promise::new(&mut |resolve, _| self.inbox.borrow_mut().on_arrival = Some(resolve));
        drop(JsFuture::from(promise).await);
    }
}

impl Drop for Channels {
    fn drop(&mut self) {
        self.receiver.set_onmessage(None);
        self.sender.close();
        self.receiver.close();
    }
}

/// Reads a post of envelopes from whatever was posted.
fn parse(post: &JsValue) -> Result<Post, String> {
    let bytes: &Uint8Array = post.dyn_ref().ok_or("not bytes")?;
    if bytes.length() > MAX_POST_BYTES {
        return Err(format!("{} bytes", bytes.length()));
    }
    decode("envelopes", &bytes.to_vec()).map_err(|error| error.to_string())
}

/// A channel name that no other tab has.
pub fn unique_name() -> String {
    let digits = || (js_sys::Math::random() * 1e9) as u32;
    format!("tabchain-tab-{:08x}{:08x}", digits(), digits())
}
