//! The bench: what this browser does in a second, each rate beside its bound.

use leptos::prelude::*;

use super::{Lab, format, glossary::term, pages::Pages, plot, table::save_csv};
use crate::{
    bench::{Row, beside_bounds},
    web::{
        protocol::Request,
        strings::{fill, text},
    },
};

/// What was measured, kept while another page is shown.
#[derive(Clone, Copy)]
pub(super) struct Measured {
    running: RwSignal<bool>,
    problem: RwSignal<Option<String>>,
}

impl Measured {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self { running: RwSignal::new(false), problem: RwSignal::new(None) }
    }

    fn run(self, lab: Lab) {
        lab.tell(Request::Pause);
        lab.client.measured.set(0);
        self.running.set(true);
        self.problem.set(None);
        lab.client.ask(Request::Bench { options: "{}".to_owned() }, lab.client.place, move |result| {
            self.problem.set(result.err().map(|refused| refused.message));
            self.running.set(false);
        });
    }
}

#[component]
pub(super) fn BenchPage() -> impl IntoView {
    let (lab, measured) = (expect_context::<Lab>(), expect_context::<Measured>());
    let Measured { running, problem } = measured;
    let (percent, rows) = (lab.client.measured, lab.client.rates);
    let any = move || rows.with(|rows| !rows.is_empty());
    let status = move || match (running.get(), any()) {
        (true, _) => text("bench-running"),
        (false, true) => text("bench-done"),
        (false, false) => text("bench-none"),
    };
    view! {
        <header>
            <h1><span class="logo" aria-hidden="true"></span>"Tabchain"</h1>
            <Pages />
        </header>
        <main class="page bench" tabindex="-1">
            <h2>{text("bench")}</h2>
            <p>{text("bench-about")}</p>
            <p class="run">
                <button class="primary" disabled=move || running.get() on:click=move |_| measured.run(lab)>{text("bench-run")}</button>
                <Show when=move || running.get()>
                    <progress aria-label=text("bench-progress") max="100" prop:value=move || percent.get().to_string()></progress>
                </Show>
                <span role="status">{status}</span>
            </p>
            <p class="problem" role="alert">{move || problem.get()}</p>
            {move || any().then(|| view! { <Rates rows=rows.get() /> })}
        </main>
    }
}

/// The same twice: as a table and as a picture.
#[component]
fn Rates(rows: Vec<Row>) -> impl IntoView {
    let lines = beside_bounds(&rows).into_iter().map(|(row, bound)| line(row, bound)).collect_view();
    let file = StoredValue::new(file_lines(&rows));
    view! {
        <table>
            <thead>
                <tr>
                    <th>{text("bench-row")}</th>
                    <th class="number">{text("bench-rate")}</th>
                    <th class="number">{term("bench-bound")}</th>
                    <th class="number">{text("bench-ratio")}</th>
                    <th class="number samples">{text("bench-samples")}</th>
                </tr>
            </thead>
            <tbody>{lines}</tbody>
        </table>
        <p><button on:click=move |_| save_csv("bench", file.get_value().into_iter())>{text("save-csv")}</button></p>
        <h3>{text("plot")}</h3>
        {plot::plot(&rows)}
    }
}

fn line(row: &Row, bound: Option<&Row>) -> impl IntoView + use<> {
    let ratio = bound.and_then(|bound| row.ratio(bound)).map(|ratio| format!("{:.0} %", ratio * 100.0));
    let samples = fill("bench-samples-value", &[&row.samples.to_string(), &format!("{:.1}", row.seconds)]);
    view! {
        <tr>
            <th scope="row">{row.name.clone()}<small>{about(&row.name)}</small></th>
            <td class="number">{format::grouped(row.rounded())}<small>{row.unit.clone()}</small></td>
            <td class="number">{bound.map(|bound| format::grouped(bound.rounded()))}</td>
            <td class="number">{ratio}</td>
            <td class="number samples">{samples}</td>
        </tr>
    }
}

/// The same numbers for a file, plain.
fn file_lines(rows: &[Row]) -> Vec<Vec<String>> {
    let head =
        ["bench-row", "bench-unit", "bench-rate", "bench-bound", "bench-samples"].map(|key| text(key).to_owned());
    let line = |(row, bound): (&Row, Option<&Row>)| {
        let bound = bound.map(|bound| bound.rounded().to_string()).unwrap_or_default();
        vec![row.name.clone(), row.unit.clone(), row.rounded().to_string(), bound, row.samples.to_string()]
    };
    std::iter::once(head.to_vec()).chain(beside_bounds(rows).into_iter().map(line)).collect()
}

fn about(name: &str) -> &'static str {
    match name {
        "chain.transactions" => text("bench-chain-transactions"),
        "channel.update" => text("bench-channel-update"),
        "channel.transactions" => text("bench-channel-transactions"),
        "channel.breakEven" => text("bench-channel-break-even"),
        "channel.locked" => text("bench-channel-locked"),
        "payment.direct" => text("bench-payment-direct"),
        "payment.hops3" => text("bench-payment-hops3"),
        "route.find" => text("bench-route-find"),
        "route.success" => text("bench-route-success"),
        "block.verify" => text("bench-block-verify"),
        "verify.ed25519" => text("bench-verify-ed25519"),
        "verify.rsa2048" | "verify.rsa4096" => text("bench-verify-rsa"),
        "sign.ed25519" => text("bench-sign-ed25519"),
        "sign.rsa2048" | "sign.rsa4096" => text("bench-sign-rsa"),
        "pow.hash" => text("bench-pow-hash"),
        "sim.deliveries" => text("bench-sim-deliveries"),
        _ => "",
    }
}
