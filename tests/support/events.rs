//! Everything that can happen to a channel, right and wrong, early and late.
#![allow(dead_code, unreachable_pub, reason = "each test binary is a crate that uses a part of it")]

use std::sync::OnceLock;

use tabchain::{
    channel::{Body, Change, Event, Phase, Successor, Wish},
    primitives::{CommitmentSecret, Hash, Height, Htlc, Preimage, Side, Signature},
};

use crate::{
    pair::{Pair, Setup, fail, failure, fulfil, htlc, offer, preimage},
    support::units,
};

/// A name and an event.
pub type Row = (String, Event);

pub const PHASES: [&str; 13] = [
    "accepted",
    "funding",
    "idle",
    "proposing",
    "answering",
    "revoking",
    "resizing",
    "closing",
    "publishing",
    "disputed",
    "lost",
    "closed",
    "abandoned",
];
pub const KINDS: [&str; 28] = [
    "pay",
    "close channel",
    "force close",
    "publish old",
    "offer",
    "fulfil",
    "fail",
    "resize",
    "resizing",
    "resize off",
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
        Event::Resize(_) => "resize",
        Event::Resizing(_) => "resizing",
        Event::ResizeOff => "resize off",
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
        P::Resizing | P::Closing | P::Publishing | P::Disputed(_) | P::Lost | P::Closed(_) | P::Abandoned => true,
    }
}

/// Valid in form, and nobody's.
pub fn nobodys() -> Signature {
    Signature::Ed25519([3; 64])
}

fn secret() -> CommitmentSecret {
    CommitmentSecret([9; 32])
}

/// A party's secret of a commitment below 80: they are the same in every pair.
pub fn secret_of(side: Side, number: u64) -> CommitmentSecret {
    static LONG: OnceLock<Pair> = OnceLock::new();
    let long = LONG.get_or_init(|| {
        let mut pair = Pair::open(&Setup::default());
        (0..80).for_each(|_| pair.pay(Side::Opener, 1));
        pair
    });
    long.channel(side.other()).revealed(number).expect("few")
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
            resizes: None,
        },
        "accept" => Body::Accept { party: accepter, points: [Hash::ZERO; 2], signature },
        "refuse" => Body::Refuse { reason: "no".to_owned() },
        "fund" => Body::Fund { commitment: signature.clone(), funding: signature },
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
    let number = pair.channel(side).newest().0.commitment.number;
    let mut rows = wishes(pair, side);
    let mut say = |name: &str, body: Body| rows.push((format!("*{name}*"), Event::Message(body)));
    let kind = |kind| base(pair, side, kind);
    say("open", kind("open"));
    say("accept", kind("accept"));
    say("refuse", kind("refuse"));
    opening(&mut say, kind("fund"), kind("funded"));
    proposals(&mut say, kind("propose"), number, turn);
    htlc_proposals(&mut say, pair, side, turn);
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
    resumptions(&mut say, side, number);
    rows
}

/// What our owner, or whoever forwards for it, can want.
fn wishes(pair: &Pair, side: Side) -> Vec<Row> {
    let channel = pair.channel(side);
    let newest = channel.newest();
    let old = Box::new((newest.0.clone(), newest.1.clone()));
    let height = channel.seen().height.0;
    let ([ours, _], [theirs, n]) = (pending_of(pair, side, side), pending_of(pair, side, side.other()));
    let n = n as u8;
    let rows = [
        ("pay", Event::Pay { amount: units(10), times: 1 }),
        ("pay nothing", Event::Pay { amount: units(0), times: 1 }),
        ("pay too much", Event::Pay { amount: units(8_000), times: 1 }),
        ("offer", offer(200, 50, height + 50)),
        ("offer too little", offer(99, 50, height + 50)),
        ("offer too much", offer(8_000, 50, height + 50)),
        ("offer, expired", offer(200, 50, height)),
        ("offer, too far ahead", offer(200, 50, height + 2_501)),
        ("fulfil", fulfil(theirs, n)),
        ("fulfil, wrong preimage", fulfil(theirs, 99)),
        ("fulfil our own", fulfil(ours, pending_of(pair, side, side)[1] as u8)),
        ("fulfil nothing", fulfil(NOTHING, 50)),
        ("fail", fail(side, theirs)),
        ("fail our own", fail(side, ours)),
        ("fail nothing", fail(side, NOTHING)),
        ("resize", Event::Resize(Wish { ours: units(6_000), fee: units(1_000) })),
        ("make room", Event::Resizing(successor())),
        ("room not needed", Event::ResizeOff),
        ("close", Event::Close),
        ("force close", Event::ForceClose),
        ("publish old", Event::PublishOld(old)),
        ("connected", Event::Connected),
    ];
    rows.map(|(name, event)| (name.to_owned(), event)).into()
}

/// The channel that takes its place; its funding may be included up to height 20.
pub fn successor() -> Successor {
    Successor { handle: Hash([0x77; 32]), valid_until: Height(20) }
}

/// No HTLC has this id.
const NOTHING: u64 = 77;

/// The oldest pending HTLC that `offerer` offers, as we know it: its id, and whose preimage takes it.
fn pending_of(pair: &Pair, side: Side, offerer: Side) -> [u64; 2] {
    let channel = pair.channel(side);
    let draft = channel.pending().map(|draft| &draft.state);
    let mut states = std::iter::once(channel.newest().1).chain(draft);
    let found = states.find_map(|state| state.htlcs.iter().find(|htlc| htlc.offerer == offerer));
    let n = |htlc: &Htlc| (0..100).find(|n| preimage(*n).payment() == htlc.payment).expect("one of ours");
    found.map_or([NOTHING, 50], |htlc| [htlc.id, u64::from(n(htlc))])
}

fn opening(say: &mut impl FnMut(&str, Body), fund: Body, funded: Body) {
    let Body::Fund { commitment, funding } = fund else { panic!("a fund") };
    say("fund", Body::Fund { commitment: commitment.clone(), funding: funding.clone() });
    say("fund, bad commitment", Body::Fund { commitment: nobodys(), funding });
    say("fund, bad funding", Body::Fund { commitment, funding: nobodys() });
    say("funded", funded);
    say("funded, bad signature", Body::Funded { funding: nobodys() });
}

fn proposals(say: &mut impl FnMut(&str, Body), body: Body, number: u64, turn: u64) {
    let Body::Propose { change, .. } = body else { panic!("a propose") };
    let mut propose = |name: &str, number, turn, change: &Change| {
        say(&format!("propose {name}"), Body::Propose { number, turn, change: change.clone() });
    };
    let other = |units_: u64| Change::Pay { amount: units(units_) };
    propose("next", number + 1, turn, &change);
    propose("again", number, turn, &change);
    propose("ahead", number + 2, turn, &change);
    propose("two ahead", number + 3, turn, &change);
    propose("next, turn late", number + 1, turn.saturating_sub(1), &change);
    propose("next, turn ahead", number + 1, turn + 1, &change);
    propose("another change", number + 1, turn, &other(11));
    propose("too much", number + 1, turn, &other(8_000));
    propose("nothing", number + 1, turn, &other(0));
}

/// The other party proposes a change about an HTLC: `our` one is one that we offered.
fn htlc_proposals(say: &mut impl FnMut(&str, Body), pair: &Pair, side: Side, turn: u64) {
    let channel = pair.channel(side);
    let (number, height) = (channel.newest().0.commitment.number + 1, channel.seen().height.0);
    let ([ours, n], [theirs, m]) = (pending_of(pair, side, side), pending_of(pair, side, side.other()));
    let mut propose = |name: &str, change| say(&format!("propose {name}"), Body::Propose { number, turn, change });
    let offer = |amount, expiry| Change::Offer(Box::new(htlc(amount, 60, expiry)));
    let reserve = channel.funding().terms.reserve.units();
    let balance = channel.newest().1.balances[side.other().index()].units();
    let fulfil = |id, n| Change::Fulfil { id, preimage: Preimage([n as u8; 32]) };
    let fail = |id| Change::Fail { id, failure: failure(side.other()) };
    propose("an offer", offer(300, height + 50));
    propose("an offer, all above the reserve", offer(balance - reserve, height + 50));
    propose("an offer, beyond the reserve", offer(balance - reserve + 1, height + 50));
    propose("an offer, too little", offer(99, height + 50));
    propose("an offer, too far ahead", offer(300, height + 5_001));
    propose("an offer, expired", offer(300, height));
    propose("to fulfil", fulfil(ours, n));
    propose("to fulfil, wrong preimage", fulfil(ours, 99));
    propose("to fulfil its own", fulfil(theirs, m));
    propose("to fulfil nothing", fulfil(NOTHING, 50));
    propose("to fail", fail(ours));
    propose("to fail its own", fail(theirs));
    propose("to fail nothing", fail(NOTHING));
}

/// Where the other party may say that it stands, when we hold commitment `number`.
fn resumptions(say: &mut impl FnMut(&str, Body), side: Side, number: u64) {
    let shown = |back: u64| number.checked_sub(back).map(|number| (number, secret_of(side, number)));
    let ahead = |by: u64| Some((number + by, secret_of(side, number + by)));
    let mut resume = |name: &str, number, revoked, heard| {
        say(&format!("resume{name}"), Body::Resume { number, revoked, heard });
    };
    resume("", number, shown(1), false);
    resume(", heard", number, shown(1), true);
    resume(", behind", number.saturating_sub(1), shown(2), false);
    resume(", one ahead", number + 1, shown(1), false);
    resume(", two ahead, not shown", number + 2, shown(1), false);
    resume(", our newest revoked", number + 1, ahead(0), false);
    resume(", our newest revoked, heard", number + 1, ahead(0), true);
    resume(", far ahead", number + 9, ahead(7), false);
    resume(", false revocation", number + 1, Some((number, secret())), false);
    resume(", another's secret", number + 2, Some((number + 1, secret_of(side, number))), false);
    resume(", impossible revocation", number + 1, Some((u64::MAX, secret())), false);
    say("lost", Body::Lost);
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
