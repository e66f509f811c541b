//! Labels that are words of the glossary: pressed, they say what they mean. The sentences are the engine's to know.

use leptos::{ev, ev::MouseEvent, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::Lab;
use crate::web::{protocol::Request, strings::text};

/// Labels by their keys, and what the glossary calls what they name.
const TERMS: [(&str, &str); 24] = [
    ("balance", "account"),
    ("capacity", "capacity"),
    ("channel", "channel"),
    ("ending", "cooperative close"),
    ("fee-rate", "fee rate"),
    ("funding", "funding"),
    ("handle", "handle"),
    ("hash-rate", "hash power"),
    ("memo", "memo"),
    ("merkle-root", "Merkle root"),
    ("newest-commitment", "commitment"),
    ("nonce", "nonce"),
    ("parent", "parent"),
    ("peer", "peer"),
    ("peers", "peer"),
    ("publication", "publication"),
    ("published-by-it", "publication"),
    ("revoked-by-it", "revocation"),
    ("reward", "coinbase"),
    ("state-root", "state root"),
    ("target", "target"),
    ("terms", "dispute window"),
    ("tip", "tip"),
    ("work", "work"),
];

/// A meaning that is shown, and where: its word, its sentence, from the left and from the top in pixels.
pub(super) type Meaning = (&'static str, String, f64, f64);

/// A label; if it is a word of the glossary, one that explains itself.
pub(super) fn term(key: &'static str) -> AnyView {
    let word = TERMS.iter().find(|(label, _)| *label == key).map(|(_, word)| *word);
    let (Some(word), Some(lab)) = (word, use_context::<Lab>()) else {
        return text(key).into_any();
    };
    let explain = move |event: MouseEvent| {
        event.stop_propagation();
        let at = event.current_target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
        let place = at.map(|at| at.get_bounding_client_rect()).map_or((0.0, 0.0), |at| (at.left(), at.bottom()));
        lab.client.ask(Request::Glossary { word: word.to_owned() }, lab.client.place, move |answer| {
            lab.meaning.set(answer.ok().map(|meaning| (word, meaning, place.0, place.1)));
        });
    };
    view! { <button type="button" class="term" on:click=explain>{text(key)}</button> }.into_any()
}

/// The meaning that was asked for, until anything else is pressed. The focus stays where it is.
#[component]
pub(super) fn MeaningBox() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let close = move || {
        if lab.meaning.with_untracked(Option::is_some) {
            lab.meaning.set(None);
        }
    };
    let handles = [
        window_event_listener(ev::click, move |_| close()),
        window_event_listener(ev::keydown, move |event| {
            if event.key() == "Escape" {
                close();
            }
        }),
    ];
    // The page never goes away while the tab is open.
    handles.into_iter().for_each(std::mem::forget);
    view! {
        <div role="status">
            {move || lab.meaning.get().map(|(word, meaning, left, top)| {
                let left = format!("max(8px, min({left}px, 100vw - 328px))");
                let top = format!("min({}px, 100vh - 140px)", top + 4.0);
                view! { <p class="meaning" style:left=left style:top=top><b>{word}</b>": "{meaning}</p> }
            })}
        </div>
    }
}
