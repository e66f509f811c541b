//! Everything that can happen to a channel, right and wrong, early and late.
#![allow(dead_code, unreachable_pub, reason = "each test binary is a crate that uses a part of it")]

use tabchain::{
    channel::{Body, Change, Event, Phase},
    primitives::{CommitmentSecret, Hash, Side, Signature},
};

use crate::{pair::Pair, support::units};

/// A name and an event.
pub type Row = (String, Event);

pub const PHASES: [&str; 12] = [
    "accepted",
    "funding",
    "idle",
    "proposing",
    "answering",
    "revoking",
    "closing",
    "publishing",
    "disputed",
    "lost",
    "closed",
    "abandoned",
];
pub const KINDS: [&str; 25] = [
    "pay",
    "close channel",
    "force close",
    "publish old",
    "offer",
    "fulfil",
    "fail",
    "chain",
    "connected",
    "wake",
    "open",
    "accept",
    "refuse",
    "fund",
    "funded",
    "propose",
    "sign",
    "commit",
    "revoke",
    "ask",
    "yield",
    "close",
    "closed",
    "resume",
    "lost",
];

/// Does not compile if an event or a phase is added and not thought of here.
pub fn kind_of(event: &Event) -> &'static str {
    match event {
        Event::Pay { .. } => "pay",
        Event::Close => "close channel",
        Event::ForceClose => "force close",
        Event::PublishOld(_) => "publish old",
        Event::Offer { .. } => "offer",
        Event::Fulfil { .. } => "fulfil",
        Event::Fail { .. } => "fail",
        Event::Chain(_) => "chain",
        Event::Connected => "connected",
        Event::Wake => "wake",
        Event::Message(body) => body.kind(),
    }
}

/// As [`kind_of`].
pub fn phase_is_listed(phase: &Phase) -> bool {
    use Phase as P;
    match phase {
        P::Accepted | P::Funding | P::Idle | P::Proposing | P::Answering | P::Revoking(..) => true,
        P::Closing | P::Publishing | P::Disputed(_) | P::Lost | P::Closed(_) | P::Abandoned => true,
    }
}

/// Valid in form, and nobody's.
pub fn nobodys() -> Signature {
    Signature::Ed25519([3; 64])
}

fn secret() -> CommitmentSecret {
    CommitmentSecret([9; 32])
}

/// The message of this kind that the other party says next, or has said last; or one made up.
fn base(pair: &Pair, side: Side, kind: &str) -> Body {
    let mut future = pair.clone();
    let other = side.other();
    // What it will say when it hears what we have said.
    while !future.wires[other.index()].is_empty() {
        let body = future.wires[other.index()].pop_front().expect("just seen");
        drop(future.give(other, Event::Message(body)));
    }
    let mut said = pair.heard[side.index()].iter().chain(&future.wires[side.index()]);
    said.rfind(|body| body.kind() == kind).cloned().unwrap_or_else(|| made_up(pair, side, kind))
}

fn made_up(pair: &Pair, side: Side, kind: &str) -> Body {
    let (signature, next_point) = (nobodys(), Hash([8; 32]));
    let funding = pair.channel(side).funding();
    let [opener, accepter] = funding.parties.clone();
    match kind {
        "open" => Body::Open {
            party: opener,
            theirs: units(1),
            terms: funding.terms.clone(),
            fee: units(1),
            points: [Hash::ZERO; 2],
        },
        "accept" => Body::Accept { party: accepter, points: [Hash::ZERO; 2], signature },
        "refuse" => Body::Refuse { reason: "no".to_owned() },
        "fund" => Body::Fund { commitment: signature, funding: signature },
        "funded" => Body::Funded { funding: signature },
        "propose" => Body::Propose { number: 0, turn: 0, change: Change::Pay { amount: units(10) } },
        "sign" => Body::Sign { number: 0, signature },
        "commit" => Body::Commit { number: 0, signature, secret: secret(), next_point },
        "revoke" => Body::Revoke { number: 0, secret: secret(), next_point, yields: true },
        "ask" => Body::Ask { turn: 0 },
        "yield" => Body::Yield { turn: 0 },
        "close" => Body::Close { turn: 0, fee: units(1_000), signature },
        "closed" => Body::Closed { signature },
        other => panic!("no message is called {other}"),
    }
}

/// The same message with another number or turn.
fn numbered(mut body: Body, to: u64) -> Body {
    match &mut body {
        Body::Propose { number, .. }
        | Body::Sign { number, .. }
        | Body::Commit { number, .. }
        | Body::Revoke { number, .. } => *number = to,
        Body::Ask { turn } | Body::Yield { turn } | Body::Close { turn, .. } => *turn = to,
        _ => {}
    }
    body
}

/// Owner's commands and messages for a channel at this turn.
pub fn rows(pair: &Pair, side: Side, turn: u64) -> Vec<Row> {
    let newest = pair.channel(side).newest();
    let number = newest.0.commitment.number;
    let old = Box::new((*newest.0, *newest.1));
    let mut rows: Vec<Row> = vec![
        ("pay".into(), Event::Pay { amount: units(10), times: 1 }),
        ("pay nothing".into(), Event::Pay { amount: units(0), times: 1 }),
        ("pay too much".into(), Event::Pay { amount: units(8_000), times: 1 }),
        ("close".into(), Event::Close),
        ("force close".into(), Event::ForceClose),
        ("publish old".into(), Event::PublishOld(old)),
    ];
    let mut say = |name: &str, body: Body| rows.push((format!("*{name}*"), Event::Message(body)));
    let kind = |kind| base(pair, side, kind);
    say("open", kind("open"));
    say("accept", kind("accept"));
    say("refuse", kind("refuse"));
    opening(&mut say, kind("fund"), kind("funded"));
    proposals(&mut say, kind("propose"), number, turn);
    for (kind, wrong) in [("sign", number + 2), ("commit", number + 2), ("revoke", number)] {
        let right = if kind == "revoke" { number.saturating_sub(1) } else { number + 1 };
        let body = base(pair, side, kind);
        say(&format!("{kind} next"), numbered(body.clone(), right));
        say(&format!("{kind} again"), numbered(body.clone(), right.saturating_sub(1)));
        say(&format!("{kind} long ago"), numbered(body.clone(), right.saturating_sub(2)));
        say(&format!("{kind} ahead"), numbered(body.clone(), wrong));
        for (what, bad) in spoilt(&numbered(body, right)) {
            say(&format!("{kind} next, bad {what}"), bad);
        }
    }
    for (kind, turns) in
        [("ask", [turn, turn.saturating_sub(1), turn + 1, turn + 3]), ("yield", [turn + 1, turn, turn + 2, turn + 3])]
    {
        let body = base(pair, side, kind);
        say(&format!("{kind} now"), numbered(body.clone(), turns[0]));
        say(&format!("{kind} late"), numbered(body.clone(), turns[1]));
        say(&format!("{kind} early"), numbered(body.clone(), turns[2]));
        say(&format!("{kind} ahead"), numbered(body, turns[3]));
    }
    let body = numbered(kind("close"), turn);
    say("close now", body.clone());
    say("close late", numbered(body.clone(), turn.saturating_sub(1)));
    say("close ahead", numbered(body.clone(), turn + 3));
    let Body::Close { turn, fee, signature } = body else { panic!("a close") };
    say("close, bad signature", Body::Close { turn, fee, signature: nobodys() });
    say("close, too high a fee", Body::Close { turn, fee: units(8_000), signature });
    say("closed", kind("closed"));
    say("closed, bad signature", Body::Closed { signature: nobodys() });
    rows
}

fn opening(say: &mut impl FnMut(&str, Body), fund: Body, funded: Body) {
    let Body::Fund { commitment, funding } = fund else { panic!("a fund") };
    say("fund", Body::Fund { commitment, funding });
    say("fund, bad commitment", Body::Fund { commitment: nobodys(), funding });
    say("fund, bad funding", Body::Fund { commitment, funding: nobodys() });
    say("funded", funded);
    say("funded, bad signature", Body::Funded { funding: nobodys() });
}

fn proposals(say: &mut impl FnMut(&str, Body), body: Body, number: u64, turn: u64) {
    let Body::Propose { change, .. } = body else { panic!("a propose") };
    let other = |units_: u64| Change::Pay { amount: units(units_) };
    say("propose next", Body::Propose { number: number + 1, turn, change });
    say("propose again", Body::Propose { number, turn, change });
    say("propose ahead", Body::Propose { number: number + 2, turn, change });
    say("propose two ahead", Body::Propose { number: number + 3, turn, change });
    say("propose, turn late", Body::Propose { number: number + 1, turn: turn.saturating_sub(1), change });
    say("propose, turn ahead", Body::Propose { number: number + 1, turn: turn + 1, change });
    say("propose another change", Body::Propose { number: number + 1, turn, change: other(11) });
    say("propose too much", Body::Propose { number: number + 1, turn, change: other(8_000) });
    say("propose nothing", Body::Propose { number: number + 1, turn, change: other(0) });
}

/// With a signature or secret that is not right.
fn spoilt(body: &Body) -> Vec<(&'static str, Body)> {
    let mut signature = body.clone();
    let mut wrong = body.clone();
    match (&mut signature, &mut wrong) {
        (Body::Sign { signature, .. }, _) => *signature = nobodys(),
        (Body::Commit { signature, .. }, Body::Commit { secret: shown, .. }) => {
            (*signature, *shown) = (nobodys(), secret());
            return vec![("signature", signature_of(body)), ("secret", wrong)];
        }
        (Body::Revoke { secret: shown, .. }, _) => {
            *shown = secret();
            return vec![("secret", signature)];
        }
        _ => {}
    }
    vec![("signature", signature)]
}

fn signature_of(body: &Body) -> Body {
    let mut body = body.clone();
    if let Body::Commit { signature, .. } = &mut body {
        *signature = nobodys();
    }
    body
}
