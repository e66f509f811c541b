//! Runs that the browser keeps (IndexedDB): whatever somebody has done something in, saved as they go.

use std::time::Duration;

use idb::{Database, DatabaseEvent, Error, Factory, ObjectStoreParams, Query, TransactionMode};
use js_sys::{Array, Date};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;

use super::{Lab, format, recovery, runs};
use crate::{
    primitives::Timestamp,
    web::{
        protocol::Request,
        strings::{fill, text},
    },
};

const DATABASE: &str = "tabchain";
const STORE: &str = "runs";
/// How often the run is saved, if it has changed; at once when somebody has done something.
const EVERY: Duration = Duration::from_secs(3);
/// Runs that are kept; the oldest goes first.
const MAX_RUNS: usize = 20;

/// A run that was saved.
#[derive(Debug, Clone, PartialEq)]
struct Run {
    /// When it was begun, ms of Unix time with a random fraction.
    id: f64,
    /// Nothing if what was saved cannot be read.
    about: Option<About>,
}

#[derive(Debug, Clone, PartialEq)]
struct About {
    name: String,
    /// When it was saved, ms of Unix time.
    saved: f64,
    /// How far it is.
    time: Timestamp,
    json: String,
}

/// What is saved, and as what the present run is. Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Runs {
    present: RwSignal<f64>,
    list: RwSignal<Vec<Run>>,
    problem: RwSignal<Option<String>>,
}

impl Runs {
    pub(super) fn new() -> Self {
        let runs = Self { present: RwSignal::new(0.0), list: RwSignal::new(Vec::new()), problem: RwSignal::new(None) };
        runs.begin();
        runs
    }

    /// Another run: it overwrites nothing.
    pub(super) fn begin(self) {
        self.present.set(Date::now() + js_sys::Math::random());
    }

    /// Does something with the store; then the list is as the store is.
    fn with(self, work: impl AsyncFnOnce(&Database) -> Result<(), Error> + 'static) {
        spawn_local(async move {
            let result = async {
                let database = open().await?;
                let result = async {
                    work(&database).await?;
                    list(&database).await
                };
                let result = result.await;
                database.close();
                result
            };
            match result.await {
                Ok(list) => {
                    self.list.set(list);
                    self.problem.set(None);
                }
                Err(error) => self.problem.set(Some(fill("not-saved", &[&error.to_string()]))),
            }
        });
    }
}

/// Saves the run as it goes on, once somebody has done something in it.
pub(super) fn keep(lab: Lab) {
    lab.runs.with(async |_| Ok(()));
    let last = StoredValue::new((0.0, 0, 0));
    let save = move || {
        let state = lab.client.moment.with_untracked(|moment| {
            let transport = &moment.as_ref()?.transport;
            Some((transport.events, transport.acts, transport.name.clone(), transport.seed.clone(), transport.now))
        });
        let Some((events, acts, name, seed, time)) = state else { return };
        let now = (lab.runs.present.get_untracked(), events, acts);
        if now == last.get_value() {
            return;
        }
        last.set_value(now);
        let name = if name.is_empty() { fill("run-seed", &[&seed]) } else { name };
        lab.client.ask(Request::Capsule, lab.client.place, move |result| {
            let Ok(json) = result else { return };
            recovery::remember(&json);
            if acts > 0 {
                let about = About { name, saved: Date::now(), time, json };
                lab.runs.with(async move |database| put(database, now.0, about).await);
            }
        });
    };
    let acts = lab.slice(|moment| moment.transport.acts);
    Effect::new(move |_| {
        acts.track();
        save();
    });
    // What goes on by itself. Until the tab closes.
    drop(set_interval_with_handle(save, EVERY));
}

/// The list of what is saved, newest first.
#[component]
pub(super) fn Saved() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let any = move || lab.runs.list.with(|list| !list.is_empty());
    view! {
        <Show when=any>
            <h3>{text("saved-runs")}</h3>
            <ul class="saved" aria-label=text("saved-runs")>
                {move || lab.runs.list.get().into_iter().map(|run| view! { <Line run /> }).collect_view()}
            </ul>
        </Show>
        <p class="problem" role="alert">{move || lab.runs.problem.get()}</p>
    }
}

#[component]
fn Line(run: Run) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let id = run.id;
    let is_present = move || (lab.runs.present.get() == id).then_some("true");
    let name = run.about.as_ref().map_or_else(|| text("saved-damaged").to_owned(), |about| about.name.clone());
    let when = run.about.as_ref().map(|about| {
        let date = Date::new(&about.saved.into());
        let date = String::from(date.to_locale_string("default", &JsValue::UNDEFINED));
        fill("saved-at", &[&format::clock(about.time), &date])
    });
    let remove = move |_| lab.runs.with(async move |database| delete(database, id).await);
    let removes = fill("saved-remove", &[&name]);
    let open = run.about.map(|about| {
        let label = fill("saved-open", &[&name]);
        let open = move |_| {
            runs::load(lab, about.json.clone(), move |problem| {
                if problem.is_none() {
                    lab.runs.present.set(id);
                }
                lab.runs.problem.set(problem);
            });
        };
        view! { <button class="text" aria-label=label aria-current=is_present on:click=open>{name.clone()}</button> }
    });
    let plain = open.is_none().then_some(text("saved-damaged"));
    view! {
        <li class="line">
            <span>{open}{plain}<small>{when}</small></span>
            <button aria-label=removes.clone() title=removes on:click=remove>"✕"</button>
        </li>
    }
}

async fn open() -> Result<Database, Error> {
    let mut request = Factory::new()?.open(DATABASE, Some(1))?;
    request.on_upgrade_needed(|event| {
        if let Ok(database) = event.database() {
            // Without its store every use of the database says so.
            drop(database.create_object_store(STORE, ObjectStoreParams::new()));
        }
    });
    request.await
}

async fn put(database: &Database, id: f64, about: About) -> Result<(), Error> {
    let transaction = database.transaction(&[STORE], TransactionMode::ReadWrite)?;
    let store = transaction.object_store(STORE)?;
    let About { name, saved, time, json } = about;
    let value = Array::of4(&name.into(), &saved.into(), &(time.0 as f64).into(), &json.into());
    store.put(&value, Some(&id.into()))?.await?;
    let keys = store.get_all_keys(None, None)?.await?;
    let spare = keys.len().saturating_sub(MAX_RUNS);
    // Keys grow with time.
    for key in keys.into_iter().filter(|key| key.as_f64() != Some(id)).take(spare) {
        store.delete(Query::Key(key))?.await?;
    }
    transaction.commit()?.await?;
    Ok(())
}

async fn delete(database: &Database, id: f64) -> Result<(), Error> {
    let transaction = database.transaction(&[STORE], TransactionMode::ReadWrite)?;
    transaction.object_store(STORE)?.delete(Query::Key(id.into()))?.await?;
    transaction.commit()?.await?;
    Ok(())
}

async fn list(database: &Database) -> Result<Vec<Run>, Error> {
    let transaction = database.transaction(&[STORE], TransactionMode::ReadOnly)?;
    let store = transaction.object_store(STORE)?;
    let (keys, values) = (store.get_all_keys(None, None)?.await?, store.get_all(None, None)?.await?);
    let runs =
        keys.into_iter().zip(values).filter_map(|(key, value)| Some(Run { id: key.as_f64()?, about: read(value) }));
    let mut runs: Vec<Run> = runs.collect();
    runs.reverse();
    Ok(runs)
}

fn read(value: JsValue) -> Option<About> {
    let value: Array = value.dyn_into().ok()?;
    let (saved, time) = (value.get(1).as_f64()?, Timestamp(value.get(2).as_f64()? as u64));
    Some(About { name: value.get(0).as_string()?, saved, time, json: value.get(3).as_string()? })
}
