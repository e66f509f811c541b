//! `window.tabchain`: the engine for scripts, with the JSON of the command line.
//!
//! `simulate(options)`, `replay(capsule)`, `bench(options)` and `state()` return promises. A refusal rejects with an `Error` whose `code` is stable.

use js_sys::{Error, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

use super::{
    client::{Client, Refused},
    protocol::Request,
};

/// Puts the interface where scripts find it.
pub(super) fn install(client: Client) {
    let api = Object::new();
    let with_options = |request: fn(String) -> Request| {
        Closure::<dyn Fn(JsValue) -> Promise>::new(move |options: JsValue| {
            let options = if options.is_undefined() { "{}".to_owned() } else { json(&options) };
            promise(client, request(options))
        })
    };
    let (simulate, bench) =
        (with_options(|options| Request::Simulate { options }), with_options(|options| Request::Bench { options }));
    let replay = Closure::<dyn Fn(JsValue) -> Promise>::new(move |capsule: JsValue| {
        let text =
            capsule.as_string().or_else(|| js_sys::JSON::stringify(&capsule).ok().and_then(|text| text.as_string()));
        promise(client, Request::Replay { text: text.unwrap_or_default() })
    });
    let state = Closure::<dyn Fn() -> Promise>::new(move || promise(client, Request::State));
    for (name, function) in [
        ("simulate", simulate.into_js_value()),
        ("replay", replay.into_js_value()),
        ("bench", bench.into_js_value()),
        ("state", state.into_js_value()),
    ] {
        set(&api, name, &function);
    }
    if let Some(window) = web_sys::window() {
        set(&window, "tabchain", &api);
    }
}

fn json(value: &JsValue) -> String {
    js_sys::JSON::stringify(value).ok().and_then(|text| text.as_string()).unwrap_or_default()
}

fn promise(client: Client, request: Request) -> Promise {
    Promise::new(&mut |resolve, reject| {
        client.ask(request.clone(), client.place, move |result| {
            let (call, value) = match result {
                Ok(json) => (resolve, js_sys::JSON::parse(&json).unwrap_or(JsValue::NULL)),
                Err(refused) => (reject, error(&refused)),
            };
            drop(call.call1(&JsValue::NULL, &value));
        });
    })
}

fn error(refused: &Refused) -> JsValue {
    let error = Error::new(&refused.message);
    set(&error, "code", &JsValue::from_str(&refused.code));
    error.into()
}

fn set(object: &impl JsCast, name: &str, value: &JsValue) {
    // Setting a property of an object of our own cannot fail.
    drop(Reflect::set(object.unchecked_ref(), &name.into(), value));
}
