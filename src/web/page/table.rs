//! What a picture shows, as a table folded away beneath it, and as a file.

use leptos::prelude::*;
use web_sys::HtmlDetailsElement;

use super::{Lab, runs::download};
use crate::{primitives::Timestamp, view::Selection, web::strings::text};

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

/// A table; its rows are worked out only while it is open. `name` is its file's.
#[component]
pub(super) fn Table(
    name: &'static str,
    title: &'static str,
    head: Vec<&'static str>,
    rows: impl Fn() -> Vec<Line> + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let open = RwSignal::new(false);
    let toggled = move |event| open.set(event_target::<HtmlDetailsElement>(&event).open());
    let head = StoredValue::new(head);
    let save = move |_| {
        let line = |mut row: Line| {
            if let (Some(at), Some(first)) = (row.at, row.cells.first_mut()) {
                *first = at.0.to_string();
            }
            row.cells
        };
        let named = |name| if name == text("time") { text("time-ms") } else { name };
        let head = head.get_value().into_iter().map(|name| named(name).to_owned()).collect();
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
                <button on:click=save>{text("save-csv")}</button>
                <div class="scrolls" tabindex="0" role="group" aria-label=title>
                    <table>
                        <thead><tr>{head.get_value().into_iter().map(|head| view! { <th scope="col">{head}</th> }).collect_view()}</tr></thead>
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

/// Gives lines to the browser as a file of comma-separated values.
pub(super) fn save_csv(name: &str, lines: impl Iterator<Item = Vec<String>>) {
    // A browser that cannot make a file of text has nothing to save to.
    drop(download(&format!("tabchain-{name}.csv"), "text/csv", &csv(lines)));
}

/// Comma-separated values (RFC 4180). A spreadsheet must not take a name for a formula.
fn csv(lines: impl Iterator<Item = Vec<String>>) -> String {
    let cell = |cell: String| {
        let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
        format!("\"{}{}\"", if formula { "'" } else { "" }, cell.replace('"', "\"\""))
    };
    lines.map(|line| line.into_iter().map(cell).collect::<Vec<_>>().join(",") + "\r\n").collect()
}
