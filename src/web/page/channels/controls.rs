//! What can be done with one channel: pay, close, cheat.

use leptos::{ev::SubmitEvent, prelude::*};

use super::{
    super::{Lab, Place},
    number_field,
};
use crate::{
    primitives::{Amount, Hash},
    sim::Action,
    view::{ChannelRow, Status},
    web::{
        client::Refused,
        protocol::Request,
        strings::{fill, text},
    },
};

/// Who does something, to whom, in which channel.
#[derive(Clone, PartialEq)]
struct Ends {
    from: String,
    to: String,
    channel: Option<Hash>,
}

#[component]
pub(super) fn Controls(row: Memo<Option<ChannelRow>>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let from = RwSignal::new(0usize);
    let (amount, times) = (RwSignal::new("10".to_owned()), RwSignal::new("1".to_owned()));
    let problem = RwSignal::new(None::<String>);
    let names = Memo::new(move |_| row.with(|row| row.as_ref().map(|row| row.parties.clone().map(|party| party.name))));
    let ends = move || {
        let channel = row.with_untracked(|row| row.as_ref().map(|row| row.id));
        let [a, b] = names.get_untracked().unwrap_or_default();
        if from.get_untracked() == 0 { Ends { from: a, to: b, channel } } else { Ends { from: b, to: a, channel } }
    };
    let place = Place::here();
    let act = move |action: Action| {
        let answer = move |result: Result<String, Refused>| problem.set(result.err().map(|refused| refused.message));
        lab.client.ask(Request::Act { action }, place, answer);
    };
    let pay = move |event: SubmitEvent| {
        event.prevent_default();
        match read_payment(ends(), &amount.get_untracked(), &times.get_untracked()) {
            Ok(action) => act(action),
            Err(message) => problem.set(Some(message)),
        }
    };
    let close = move |force: bool| {
        let Ends { from, to, channel } = ends();
        act(Action::CloseChannel { from, to, force, channel });
    };
    let oldest = Memo::new(move |_| {
        row.with(|row| row.as_ref().and_then(|row| Some((row.parties[from.get()].kept?, row.number))))
    });
    let cheat = move || {
        let Ends { from, to, channel } = ends();
        let commitment = oldest.get_untracked().map_or(0, |((first, _), _)| first);
        act(Action::Cheat { from, to, commitment, channel });
    };
    let option = |index: usize, [a, b]: [String; 2]| {
        let (from, to) = if index == 0 { (a, b) } else { (b, a) };
        view! { <option value=index.to_string()>{format!("{from} → {to}")}</option> }
    };
    view! {
        <form class="pay" aria-label=text("channel-actions") on:submit=pay novalidate>
            <label>{text("who-pays")}
                <select on:change=move |event| from.set(usize::from(event_target_value(&event) == "1"))>
                    {move || names.get().map(|names| [option(0, names.clone()), option(1, names)].collect_view())}
                </select>
            </label>
            {number_field("amount", amount)}
            {number_field("times", times)}
            <Buttons row close cheat oldest />
            <p class="problem" role="alert">{move || problem.get()}</p>
        </form>
    }
}

/// The buttons: disabled where the channel's status does not allow them.
#[component]
fn Buttons(
    row: Memo<Option<ChannelRow>>,
    close: impl Fn(bool) + Copy + 'static,
    cheat: impl Fn() + Copy + 'static,
    oldest: Memo<Option<((u64, u64), u64)>>,
) -> impl IntoView {
    let status = Memo::new(move |_| row.with(|row| row.as_ref().map(|row| row.status)));
    let is_open = move || status.get() == Some(Status::Open);
    let can_force =
        move || matches!(status.get(), Some(Status::Open | Status::Resizing | Status::Closing | Status::Opening));
    let can_cheat = move || is_open() && oldest.get().is_some_and(|((first, _), number)| first < number);
    view! {
        <span class="buttons">
            <button class="primary" type="submit" disabled=move || !is_open()>{text("pay")}</button>
            <button type="button" disabled=move || !is_open() on:click=move |_| close(false)>{text("close-together")}</button>
            <button type="button" disabled=move || !can_force() on:click=move |_| close(true)>{text("force-close")}</button>
            <button type="button" disabled=move || !can_cheat() title=text("cheat-hint") on:click=move |_| cheat()>
                {move || fill("cheat", &[&oldest.get().map_or(0, |((first, _), _)| first).to_string()])}
            </button>
        </span>
    }
}

fn read_payment(Ends { from, to, channel }: Ends, amount: &str, times: &str) -> Result<Action, String> {
    let amount: Amount = amount.trim().replace(',', "").parse().map_err(|error| format!("{error}"))?;
    let times = times.trim().parse().map_err(|_| fill("not-a-number", &[times]))?;
    Ok(Action::Pay { from, to, amount, times, channel })
}
