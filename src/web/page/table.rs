//! What a picture shows, as a table folded away beneath it, and as a file.

use leptos::{ev::MouseEvent, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDetailsElement, HtmlElement, NodeList};

use super::{Lab, glossary::term, runs::download};
use crate::{
    primitives::Timestamp,
    view::{Selection, csv},
    web::strings::text,
};

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Unique in its table.
    pub(super) key: String,
    /// When, if that is what the first cell says: the file says it in ms.
    pub(super) at: Option<Timestamp>,
    /// As many as the table has columns.
    pub(super) cells: Vec<String>,
    /// What the row leads to.
    pub(super) look: Option<Selection>,
}

/// A table; its rows are worked out only while it is open. `name` is its file's, `head` has the keys of what its columns
/// are called; `save` makes a file of more than is shown.
#[component]
pub(super) fn Table(
    name: &'static str,
    title: &'static str,
    head: Vec<&'static str>,
    rows: impl Fn() -> Vec<Line> + Copy + Send + Sync + 'static,
    #[prop(optional)] save: Option<fn(Lab)>,
) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let open = RwSignal::new(false);
    let toggled = move |event| open.set(event_target::<HtmlDetailsElement>(&event).open());
    let head = StoredValue::new(head);
    let save_rows = move || {
        let line = |mut row: Line| {
            if let (Some(at), Some(first)) = (row.at, row.cells.first_mut()) {
                *first = at.0.to_string();
            }
            row.cells
        };
        let named = |key| text(if key == "time" { "time-ms" } else { key });
        let head = head.get_value().into_iter().map(|key| named(key).to_owned()).collect();
        save_csv(name, std::iter::once(head).chain(untrack(rows).into_iter().map(line)));
    };
    let cells = move |line: Line| {
        let look = line.look.clone();
        let cell = move |(index, cell): (usize, String)| match look.clone().filter(|_| index == 0) {
            Some(selection) => {
                let look = move |_| lab.look_at(selection.clone());
                view! { <td class="brief"><button class="text" on:click=look>{cell}</button></td> }.into_any()
            }
            None => view! { <td>{cell}</td> }.into_any(),
        };
        line.cells.into_iter().enumerate().map(cell).collect_view()
    };
    view! {
        <details class="sheet" on:toggle=toggled>
            <summary>{title}</summary>
            <Show when=move || open.get()>
                <button on:click=move |_| save.map_or_else(save_rows, |save| save(lab))>{text("save-csv")}</button>
                <div class="scrolls" tabindex="0" role="group" aria-label=title>
                    <table>
                        <thead><tr>{head.get_value().into_iter().map(|key| view! { <th scope="col">{term(key)}</th> }).collect_view()}</tr></thead>
                        <tbody>
                            <For each=rows key=|line| (line.key.clone(), line.cells.clone()) let:line>
                                <tr>{cells(line)}</tr>
                            </For>
                        </tbody>
                    </table>
                </div>
            </Show>
        </details>
    }
}

/// The last line of a table that is shown as a whole: a press, and it is a file, just as it is read. `title` is the key of what it is called.
pub(super) fn as_file(name: &'static str, title: &'static str) -> impl IntoView {
    let save = move |event: MouseEvent| {
        let table = event_target::<Element>(&event).closest("table").ok().flatten();
        save_csv(name, table.iter().flat_map(|table| elements(table, ":is(thead, tbody) > tr")).map(|row| read(&row)));
    };
    let label = format!("{}: {}", text("save-csv"), text(title));
    view! { <tfoot><tr><td colspan="2"><button class="text" aria-label=label on:click=save>{text("save-csv")}</button></td></tr></tfoot> }
}

/// What the cells of a row say.
fn read(row: &Element) -> Vec<String> {
    let words = |cell: Element| cell.unchecked_into::<HtmlElement>().inner_text();
    elements(row, "td, th").map(|cell| words(cell).split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

fn elements(within: &Element, selector: &str) -> impl Iterator<Item = Element> + use<> {
    let found = within.query_selector_all(selector).ok();
    let length = found.as_ref().map_or(0, NodeList::length);
    (0..length).filter_map(move |at| found.as_ref()?.get(at)?.dyn_into().ok())
}

/// Gives lines to the browser as a file of comma-separated values.
pub(super) fn save_csv(name: &str, lines: impl Iterator<Item = Vec<String>>) {
    // A browser that cannot make a file of text has nothing to save to.
    drop(download(&format!("tabchain-{name}.csv"), "text/csv", &csv(lines)));
}
