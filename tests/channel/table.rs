//! What a channel does with everything that can happen to it, as a table: `table.md` has a column for each phase and a row for each
//! event. The table is written by hand where it matters and compared whole: after a wanted change, copy what this test leaves in `target/`.

use std::collections::{BTreeMap, BTreeSet};

use tabchain::{
    channel::{Channel, Effect, Ending, Event, Invalid, News, Observation, Phase},
    primitives::{Height, Side, Timestamp},
};

use crate::{
    columns::{Column, Section, at, publication, quiet, sections},
    events::{self, Row, rows},
    pair::preimage,
    support::units,
};

const TABLE: &str = include_str!("table.md");

fn chain_rows() -> Vec<(&'static str, Observation)> {
    let ends = |ending| Observation { ending: Some((Height(11), ending)), ..quiet() };
    let registered =
        |height: u64| Observation { register: [1, 2].map(|n| (preimage(n), Height(height))).into(), ..at(height) };
    vec![
        ("another block", at(11)),
        ("funding not buried", at(4)),
        ("funding gone, possible", Observation { funding: None, possible: true, ..quiet() }),
        ("funding gone, nonce spent", Observation { funding: None, possible: false, ..quiet() }),
        ("funding gone, too late", Observation { funding: None, possible: true, ..at(24) }),
        ("ended together", ends(Ending::Cooperative)),
        ("ended settled", ends(Ending::Settled)),
        ("ended punished", ends(Ending::Punished(Side::Accepter))),
        ("ended resized", ends(Ending::Resized)),
        ("ended long ago", Observation { height: Height(14), ..ends(Ending::Settled) }),
        ("4 blocks before the first expiry", at(26)),
        ("4 blocks before the second expiry", at(36)),
        ("all expired", at(40)),
        ("all expired 3 blocks ago", at(43)),
        ("all expired 9 blocks ago", at(49)),
        ("both preimages registered", registered(12)),
        ("both registered too late", registered(41)),
    ]
}

/// Publications: (name, ours, published back from the newest, newest shown back from the newest, blocks left in the window, height).
const PUBLICATIONS: [(&str, bool, i64, i64, u64, u64); 13] = [
    ("they publish the newest", false, 0, 0, 6, 10),
    ("they publish the one before", false, 1, 1, 6, 10),
    ("they publish an old one", false, 2, 2, 6, 10),
    ("they publish the one under way", false, -1, -1, 6, 10),
    ("an old one was replaced", false, 2, 0, 6, 10),
    ("an old one, window over", false, 2, 2, 0, 10),
    ("the newest, window over", false, 0, 0, 0, 10),
    ("the newest, over long ago", false, 0, 0, 0, 12),
    ("the newest, all expired", false, 0, 0, 0, 45),
    ("the newest, all registered", false, 0, 0, 0, 13),
    ("we publish the newest", true, 0, 0, 6, 10),
    ("ours, window over", true, 0, 0, 0, 10),
    ("ours, all expired", true, 0, 0, 0, 40),
];

/// Every event of the table.
fn events(column: &Column) -> Vec<Row> {
    let mut events = rows(&column.pair, column.side, column.turn());
    for (name, chain) in chain_rows() {
        events.push((name.to_owned(), Event::Chain(chain)));
    }
    let newest = column.channel().newest().0.commitment.number;
    for (name, ours, published, number, left, height) in PUBLICATIONS {
        let publisher = if ours { column.side } else { column.side.other() };
        let [published, number] = [published, number].map(|back| newest.saturating_add_signed(-back));
        let mut chain = publication(publisher, published, number, 10 + left);
        chain.height = Height(height);
        if name.ends_with("registered") {
            chain.register = [1, 2].map(|n| (preimage(n), Height(12))).into();
        }
        events.push((name.to_owned(), Event::Chain(chain)));
    }
    events.push(("wake, early".to_owned(), Event::Wake));
    events.push(("wake, due".to_owned(), Event::Wake));
    events.push(("wake, a minute later".to_owned(), Event::Wake));
    events
}

fn phase_of(channel: &Channel) -> String {
    match channel.phase() {
        Phase::Disputed(None) => "disputed, gone".to_owned(),
        phase => phase.name().to_owned(),
    }
}

fn words(effects: &[Effect]) -> Vec<String> {
    let word = |effect: &Effect| match effect {
        Effect::Send(message) => message.body.kind().to_owned(),
        Effect::Submit(transaction) => format!("+{}", transaction.unsigned.action.kind()),
        Effect::Notice(notice) => {
            let json = serde_json::to_value(notice).expect("plain data");
            format!("({})", json["kind"].as_str().expect("a kind"))
        }
        Effect::Resize(_) => "{resize}".to_owned(),
        Effect::Htlc(News::Offered { .. }) => "[offered]".to_owned(),
        Effect::Htlc(News::Fulfilled { .. }) => "[fulfilled]".to_owned(),
        Effect::Htlc(News::Failed { .. }) => "[failed]".to_owned(),
    };
    effects.iter().map(word).collect()
}

/// What a row of a column comes to: `=` for nothing, a refusal or breach by its code, else the phase after and what is wanted.
fn outcome(column: &Column, row: &str, event: &Event) -> String {
    let mut pair = column.pair.clone();
    pair.now = match row {
        "wake, due" => Timestamp(1_000 + 5_000),
        "wake, a minute later" => Timestamp(1_000 + 60_000),
        _ => pair.now,
    };
    let before = pair.channel(column.side).clone();
    let result = pair.give(column.side, event.clone());
    let after = pair.channel(column.side);
    match result {
        Err(Invalid::Refused(refusal)) => format!("no: {}", refusal.code()),
        Err(Invalid::Breach(breach)) => {
            let json = serde_json::to_value(&breach).expect("plain data");
            format!("breach: {}", json["code"].as_str().expect("a code"))
        }
        Ok(effects) if effects.is_empty() && *after == before => "=".to_owned(),
        Ok(effects) => {
            let phase =
                if phase_of(after) == phase_of(&before) { String::new() } else { format!("→ {}", phase_of(after)) };
            let effects = words(&effects).join(" ");
            let text = format!("{phase} {effects}").trim().to_owned();
            if text.is_empty() { "noted".to_owned() } else { text }
        }
    }
}

fn table(section: &Section) -> String {
    let mut cells = BTreeMap::<usize, (String, Vec<String>)>::new();
    for column in &section.columns {
        for (at, (name, event)) in events(column).into_iter().enumerate() {
            let row = cells.entry(at).or_insert_with(|| (name.clone(), Vec::new()));
            assert_eq!(row.0, name, "every column has the same rows");
            row.1.push(outcome(column, &name, &event));
        }
    }
    let line = |first: &str, rest: &[String]| format!("| {first} | {} |\n", rest.join(" | "));
    let names: Vec<String> = section.columns.iter().map(|column| column.name.to_owned()).collect();
    let mut text = line("", &names) + &line("---", &vec!["---".to_owned(); names.len()]);
    cells.values().for_each(|(name, row)| text += &line(name, row));
    text
}

fn tables() -> String {
    let text = |section: &Section| format!("## {}\n\n{}", section.title, table(section));
    sections().iter().map(text).collect::<Vec<_>>().join("\n")
}

fn body_of(text: &str) -> &str {
    &text[text.find("## ").expect("a table")..]
}

#[test]
fn the_table_holds() {
    let tables = tables();
    if body_of(TABLE) != tables {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/channel_table.md");
        let head = &TABLE[..TABLE.find("## ").unwrap_or(TABLE.len())];
        std::fs::write(&file, format!("{head}{tables}")).expect("a file in target/");
        let differ: Vec<_> = body_of(TABLE).lines().zip(tables.lines()).filter(|(a, b)| a != b).collect();
        panic!("see {}: {differ:#?}", file.display());
    }
}

/// No phase, kind of message or event is missing from the table.
#[test]
fn the_table_is_complete() {
    let sections = sections();
    let columns: Vec<&Column> = sections.iter().flat_map(|section| &section.columns).collect();
    let phases: BTreeSet<&str> = columns.iter().map(|column| column.channel().phase().name()).collect();
    assert_eq!(phases, events::PHASES.into());
    for column in &columns {
        let kinds: BTreeSet<&str> = events(column).iter().map(|(_, event)| events::kind_of(event)).collect();
        assert_eq!(kinds, events::KINDS.into(), "{}", column.name);
        assert!(column.name.starts_with(column.channel().phase().name()), "{}", column.name);
    }
    let lines: Vec<&str> = body_of(TABLE).lines().filter(|line| line.starts_with('|')).collect();
    let height = 2 + events(columns[0]).len();
    assert_eq!(lines.len(), sections.len() * height);
    for (section, lines) in sections.iter().zip(lines.chunks(height)) {
        for line in lines {
            let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
            let full = cells[1..].iter().all(|cell| !cell.trim().is_empty());
            assert!(cells.len() == section.columns.len() + 1 && full, "{line}");
        }
    }
}

/// What was found by thinking of lost words: each ends well, and nobody is blamed.
mod words_lost {
    use super::*;
    use crate::{
        columns::{unheard, used},
        pair::Pair,
    };
    use Side::{Accepter, Opener};
    use tabchain::channel::Notice;

    fn settle(pair: &mut Pair) {
        for _ in 0..20 {
            pair.now = pair.now.after(70_000);
            for side in Side::BOTH {
                pair.must(side, Event::Wake);
            }
            pair.talk();
        }
    }

    /// The holder gave the turn away, which was not heard, and wants it back.
    #[test]
    fn a_turn_given_and_wanted_back() {
        for loud in [true, false] {
            let mut pair = used();
            pair.must(Accepter, Event::Pay { amount: units(7), times: 1 });
            pair.deliver(Opener);
            pair.wires = Default::default();
            pair.must(Opener, Event::Pay { amount: units(9), times: 1 });
            assert_eq!(pair.wires[1].len(), 1, "it asks");
            if !loud {
                pair.wires = Default::default();
            }
            settle(&mut pair);
            assert_eq!(pair.channel(Opener).newest().0.commitment.number, 4);
            assert!(pair.channels.iter().all(|channel| channel.waiting() == 0 && channel.phase().name() == "idle"));
        }
    }

    /// The answer to a payment is lost, and whoever gave it closes at once.
    #[test]
    fn an_answer_lost_before_a_close() {
        let mut pair = unheard();
        settle(&mut pair);
        assert!(pair.submitted.iter().all(|sent| sent.iter().any(|sent| sent.unsigned.action.kind() == "close")));
    }

    /// What is promised can be paid, and a close that was agreed to happens.
    #[test]
    fn nothing_is_promised_twice() {
        let mut pair = used();
        let all = pair.channel(Opener).spendable();
        pair.must(Opener, Event::Pay { amount: all, times: 1 });
        assert_eq!(pair.channel(Opener).spendable(), units(0));
        assert!(pair.give(Opener, Event::Pay { amount: units(1), times: 1 }).is_err());
        let refused = pair.give(Opener, Event::Close).expect_err("the fee would not be left");
        assert_eq!(refused.to_string(), "fee 1000 > balance 100");
        pair.talk();
        assert_eq!(pair.channel(Opener).newest().1.balances[0], units(100));

        let mut pair = used();
        pair.must(Opener, Event::Pay { amount: units(100), times: 1 });
        pair.must(Opener, Event::Close);
        let left = pair.channel(Opener).spendable();
        assert_eq!(left, units(4_980 - 100 - 1_000));
        pair.must(Opener, Event::Pay { amount: left, times: 1 });
        pair.talk();
        assert_eq!(pair.submitted[0].last().map(|sent| sent.unsigned.action.kind()), Some("close"));
    }

    /// Whoever waits with payments when the other closes is told of each.
    #[test]
    fn payments_given_up_are_told() {
        let mut pair = used();
        pair.must(Accepter, Event::Pay { amount: units(7), times: 1 });
        pair.must(Accepter, Event::Pay { amount: units(8), times: 1 });
        pair.wires = Default::default();
        pair.must(Opener, Event::Close);
        let effects = pair.deliver(Accepter);
        let told = [7, 8].map(|amount| Effect::Notice(Notice::NotPaid { amount: units(amount), spendable: units(0) }));
        assert_eq!(effects[2..], told);
    }

    /// A funding that was given up in the middle of an update comes back: the update goes on with the same words.
    #[test]
    fn a_funding_lost_and_found_in_an_update() {
        let gone = Observation { height: Height(24), funding: None, ..quiet() };
        for delivered in [&[][..], &[Accepter], &[Accepter, Opener]] {
            let mut pair = used();
            pair.must(Opener, Event::Pay { amount: units(10), times: 1 });
            delivered.iter().for_each(|to| drop(pair.deliver(*to)));
            let before = pair.clone();
            pair.wires = Default::default();
            pair.see(gone.clone());
            assert!(pair.channels.iter().all(|channel| channel.phase().name() == "abandoned"));
            pair.see(Observation { height: Height(25), ..quiet() });
            for side in Side::BOTH {
                assert_eq!(pair.channel(side).phase(), before.channel(side).phase());
                assert_eq!(pair.channel(side).pending(), before.channel(side).pending());
            }
            settle(&mut pair);
            assert_eq!(pair.channel(Accepter).newest().0.commitment.number, 3);
        }
    }
}
