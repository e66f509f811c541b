//! Labels that are words of the glossary: pressed, they say what they mean. The sentences are the engine's to know.

use leptos::{ev, ev::MouseEvent, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::Lab;
use crate::web::{protocol::Request, strings::text};

/// Labels by their keys, and what the glossary calls what they name.
const TERMS: [(&str, &str); 42] = [
    ("balance", "account"),
    ("bench-bound", "bound"),
    ("branch", "branch"),
    ("capacity", "capacity"),
    ("channel", "channel"),
    ("channels", "channel"),
    ("chart-hash-rate", "hash power"),
    ("chart-mempool", "mempool"),
    ("chart-stale", "stale block"),
    ("coinbase", "coinbase"),
    ("column-locked", "base unit"),
    ("ending", "cooperative close"),
    ("fee-rate", "fee rate"),
    ("followed-by", "tip"),
    ("funding", "funding"),
    ("handle", "handle"),
    ("hash-rate", "hash power"),
    ("last-final-block", "final"),
    ("memo", "memo"),
    ("merkle-root", "Merkle root"),
    ("newest-commitment", "commitment"),
    ("nonce", "nonce"),
    ("parent", "parent"),
    ("peer", "peer"),
    ("peers", "peer"),
    ("proof-of-stake", "proof of stake"),
    ("publication", "publication"),
    ("published-by-it", "publication"),
    ("reserve", "reserve"),
    ("revoked-by-it", "revocation"),
    ("reward", "coinbase"),
    ("room", "room"),
    ("scheme", "scheme"),
    ("space-time", "space and time"),
    ("stake", "stake"),
    ("state-root", "state root"),
    ("target", "target"),
    ("terms", "dispute window"),
    ("tip", "tip"),
    ("validator", "validator"),
    ("window", "dispute window"),
    ("work", "work"),
];

/// A meaning that is shown, and where: of what, its sentence, from the left and from the top in pixels.
pub(super) type Meaning = (String, String, f64, f64);

/// A label; if it is a word of the glossary, one that explains itself.
pub(super) fn term(key: &'static str) -> AnyView {
    let word = TERMS.iter().find(|(label, _)| *label == key).map(|(_, word)| *word);
    let (Some(word), Some(lab)) = (word, use_context::<Lab>()) else {
        return text(key).into_any();
    };
    let press = move |event: MouseEvent| explain(lab, &event, word, word.to_owned());
    view! { <button type="button" class="term" on:click=press>{text(key)}</button> }.into_any()
}

/// Shows what a word means below what was pressed, after what that is.
pub(super) fn explain(lab: Lab, event: &MouseEvent, word: &str, of: String) {
    event.stop_propagation();
    let at = event.current_target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
    let place = at.map(|at| at.get_bounding_client_rect()).map_or((0.0, 0.0), |at| (at.left(), at.bottom()));
    lab.client.ask(Request::Glossary { word: word.to_owned() }, lab.client.place, move |answer| {
        lab.meaning.set(answer.ok().map(|meaning| (of, meaning, place.0, place.1)));
    });
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
