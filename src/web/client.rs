//! The page's end of the engine: requests out, moments and answers in.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use js_sys::Uint8Array;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::{
    place::Place,
    protocol::{Moment, Reply, Request},
};
use crate::bench::Row;

/// A refusal as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// A stable name.
    pub(super) code: String,
    /// A sentence with the values.
    pub(super) message: String,
}

type Answer = Box<dyn FnOnce(Result<String, Refused>)>;

/// The engine as the page knows it. Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Client {
    inner: StoredValue<Rc<Inner>, LocalStorage>,
    /// The newest moment; nothing until the engine has sent one.
    pub(super) moment: RwSignal<Option<Moment>>,
    /// How much of the measuring under way is done, in percent.
    pub(super) measured: RwSignal<u32>,
    /// What was measured last.
    pub(super) rates: RwSignal<Vec<Row>>,
    /// Why the engine has stopped, if it has.
    pub(super) broken: RwSignal<Option<String>>,
    /// The whole page: what it waits for is always wanted.
    pub(super) place: Place,
}

struct Inner {
    worker: Worker,
    answers: RefCell<BTreeMap<u32, Answer>>,
    last: RefCell<u32>,
}

impl Inner {
    fn post(&self, id: u32, request: &Request) {
        let bytes = borsh::to_vec(&(id, request)).expect("memory takes every byte");
        // Posting fails only on values that cannot be cloned; these are bytes.
        drop(self.worker.post_message(&Uint8Array::from(bytes.as_slice())));
    }
}

/// The worker's file, with the version of this build: worker files carry no hash in their names.
fn loader() -> String {
    let root = document().document_element();
    root.and_then(|root| root.get_attribute("data-worker")).unwrap_or_else(|| "worker_loader.js".to_owned())
}

impl Client {
    /// Starts the engine's worker.
    ///
    /// # Errors
    /// The browser's error, if it cannot start one.
    pub(super) fn start() -> Result<Self, JsValue> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(&loader(), &options)?;
        let inner = Rc::new(Inner { worker, answers: RefCell::default(), last: RefCell::default() });
        let client = Self {
            inner: StoredValue::new_local(Rc::clone(&inner)),
            moment: RwSignal::new(None),
            measured: RwSignal::new(0),
            rates: RwSignal::new(Vec::new()),
            broken: RwSignal::new(None),
            place: Place::here(),
        };
        let on_message =
            Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| client.receive(event.data()));
        inner.worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        on_message.forget();
        let on_error =
            Closure::<dyn FnMut(ErrorEvent)>::new(move |event: ErrorEvent| client.broken.set(Some(event.message())));
        inner.worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        on_error.forget();
        Ok(client)
    }

    /// Asks without minding the answer: for requests that cannot be refused.
    pub(super) fn tell(&self, request: Request) {
        self.inner.with_value(|inner| inner.post(0, &request));
    }

    /// Asks; `answer` is called once, if the place that asks is still there then.
    pub(super) fn ask(&self, request: Request, place: Place, answer: impl FnOnce(Result<String, Refused>) + 'static) {
        let inner = self.inner.get_value();
        let id = {
            let mut last = inner.last.borrow_mut();
            *last = last.wrapping_add(1);
            *last
        };
        inner.answers.borrow_mut().insert(id, Box::new(place.then(answer)));
        inner.post(id, &request);
    }

    fn receive(&self, data: JsValue) {
        let bytes = data.dyn_into::<Uint8Array>().map(|bytes| bytes.to_vec()).unwrap_or_default();
        match borsh::from_slice(&bytes) {
            Ok(Reply::Ready) => {}
            Ok(Reply::Moment(moment)) => {
                self.moment.set(Some(*moment));
                let client = *self;
                self.place.next_frame(move || client.tell(Request::Shown));
            }
            Ok(Reply::Measured { percent }) => self.measured.set(percent),
            Ok(Reply::Rates(rows)) => self.rates.set(rows),
            Ok(Reply::Done { id, json }) => self.answer(id, Ok(json)),
            Ok(Reply::Failed { id, code, message }) => self.answer(id, Err(Refused { code, message })),
            Err(error) => self.broken.set(Some(error.to_string())),
        }
    }

    fn answer(&self, id: u32, result: Result<String, Refused>) {
        let answer = self.inner.get_value().answers.borrow_mut().remove(&id);
        if let Some(answer) = answer {
            answer(result);
        }
    }
}
