//! The room's channel: posts of other tabs in, our own out. What arrives is only kept, and only within bounds; the session judges it.

mod node;

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{BroadcastChannel, MessageEvent, WorkerGlobalScope};

use crate::room::{MAX_POST_BYTES, Wall};
pub(super) use node::{NodeChannel, host, invitation};

/// Posts that wait to be taken; of more the newest are dropped.
const MAX_WAITING: usize = 1_024;

/// This tab's end of a room's channel. A channel does not hear itself.
pub(super) struct RoomChannel {
    channel: BroadcastChannel,
    waiting: Rc<RefCell<VecDeque<JsValue>>>,
    overflow: Rc<RefCell<u64>>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

impl RoomChannel {
    /// Opens a channel; `arrived` is called after every post that is kept.
    ///
    /// # Errors
    /// The browser's error, if it has no BroadcastChannel here.
    pub(super) fn open(name: &str, arrived: impl Fn() + 'static) -> Result<Self, JsValue> {
        let channel = BroadcastChannel::new(name)?;
        let (waiting, overflow) = (Rc::new(RefCell::new(VecDeque::new())), Rc::new(RefCell::new(0)));
        let (kept, dropped) = (Rc::clone(&waiting), Rc::clone(&overflow));
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            if kept.borrow().len() >= MAX_WAITING {
                *dropped.borrow_mut() += 1;
            } else {
                kept.borrow_mut().push_back(event.data());
                arrived();
            }
        });
        channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        Ok(Self { channel, waiting, overflow, _on_message: on_message })
    }

    /// The next post: its bytes, or nothing if it is not one.
    pub(super) fn next(&self) -> Option<Option<Vec<u8>>> {
        let overflow = {
            let mut overflow = self.overflow.borrow_mut();
            let some = *overflow > 0;
            *overflow = overflow.saturating_sub(1);
            some
        };
        if overflow {
            return Some(None);
        }
        let post = self.waiting.borrow_mut().pop_front()?;
        let bytes = post.dyn_ref::<Uint8Array>().filter(|bytes| bytes.length() as usize <= MAX_POST_BYTES);
        Some(bytes.map(Uint8Array::to_vec))
    }

    /// Posts to all other tabs.
    pub(super) fn post(&self, bytes: &[u8]) {
        // Posting fails only on values that cannot be cloned; bytes can.
        drop(self.channel.post_message(&Uint8Array::from(bytes)));
    }
}

impl Drop for RoomChannel {
    fn drop(&mut self) {
        self.channel.set_onmessage(None);
        self.channel.close();
    }
}

/// The wall's time, which all tabs of a machine share.
pub(super) fn wall() -> Wall {
    Wall(js_sys::Date::now() as u64)
}

/// A number that nobody can guess; in a worker.
pub(super) fn random() -> u64 {
    let mut bytes = [0; 8];
    let scope: WorkerGlobalScope = JsValue::from(js_sys::global()).unchecked_into();
    // Only fails for more than 65,536 bytes; without it the number is still one of 2^53.
    let drawn = scope.crypto().and_then(|crypto| crypto.get_random_values_with_u8_array(&mut bytes));
    match drawn {
        Ok(_) => u64::from_le_bytes(bytes),
        Err(_) => (js_sys::Math::random() * (1u64 << 53) as f64) as u64,
    }
}
