//! Where a channel can stand, and how one comes there: the columns of the table.
#![allow(dead_code, unreachable_pub, reason = "each test binary is a crate that uses a part of it")]

use tabchain::{
    channel::{Channel, Ending, Event, Observation, Seen, Wish},
    primitives::{Height, Side, Timestamp},
};

use crate::{
    events::successor,
    pair::{Pair, Setup, fail, fulfil, offer},
    support::units,
};
use Side::{Accepter, Opener};

/// A phase, and how one comes there.
pub struct Column {
    pub name: &'static str,
    pub pair: Pair,
    pub side: Side,
}

/// Columns that stand beside each other.
pub struct Section {
    pub title: &'static str,
    pub columns: Vec<Column>,
}

impl Column {
    pub fn channel(&self) -> &Channel {
        self.pair.channel(self.side)
    }

    /// How often the turn has passed.
    pub fn turn(&self) -> u64 {
        serde_json::to_value(self.channel()).expect("plain data")["turn"].as_u64().expect("a number")
    }
}

fn column(name: &'static str, pair: Pair, side: Side) -> Column {
    Column { name, pair, side }
}

/// What the chain says while nothing is wrong.
pub fn quiet() -> Observation {
    Observation { height: Height(10), funding: Some(Height(3)), ..Observation::default() }
}

pub fn at(height: u64) -> Observation {
    Observation { height: Height(height), ..quiet() }
}

pub fn publication(publisher: Side, published: u64, number: u64, window_ends: u64) -> Observation {
    let seen = Seen { publisher, published, number, window_ends: Height(window_ends), charged: [units(0); 2] };
    Observation { publication: Some(seen), ..quiet() }
}

pub fn sections() -> Vec<Section> {
    vec![
        Section { title: "Opening, paying and closing", columns: plain() },
        Section { title: "With HTLCs", columns: with_htlcs() },
        Section { title: "Connected again, and lost", columns: again() },
    ]
}

/// Two commitments further, the turn the opener's.
pub fn used() -> Pair {
    let mut pair = Pair::open(&Setup::default());
    pair.pay(Opener, 10);
    pair.pay(Opener, 10);
    pair
}

/// One HTLC from each, of payments 1 and 2; ids 3 and 4. They expire at 30 and 40; the turn is the opener's.
pub fn held() -> Pair {
    let mut pair = used();
    assert_eq!((pair.offer(Opener, 300, 1, 30), pair.offer(Accepter, 400, 2, 40)), (3, 4));
    pair
}

/// Something happens to `side`, and then the first message to each of these arrives.
fn after(mut pair: Pair, side: Side, events: &[Event], delivered: &[Side]) -> Pair {
    events.iter().for_each(|event| drop(pair.must(side, event.clone())));
    delivered.iter().for_each(|to| drop(pair.deliver(*to)));
    pair
}

pub fn pay() -> Event {
    Event::Pay { amount: units(10), times: 1 }
}

/// The accepter has answered a payment and wants to close; neither message was heard.
pub fn unheard() -> Pair {
    let mut pair = after(used(), Opener, &[pay()], &[Accepter]);
    pair.must(Accepter, Event::Close);
    pair.deliver(Opener);
    pair.deliver(Accepter);
    pair.wires = Default::default();
    pair
}

/// Has accepted a channel that takes its place, while a payment of its own waits.
fn resizing() -> Pair {
    after(used(), Accepter, &[pay(), Event::Resizing(successor())], &[])
}

fn plain() -> Vec<Column> {
    let fresh = || Setup::default().pair(Timestamp(1_000));
    let chain = |pair, side, seen: &[Observation]| {
        let seen: Vec<Event> = seen.iter().cloned().map(Event::Chain).collect();
        after(pair, side, &seen, &[])
    };
    let signed = after(fresh(), Accepter, &[], &[Accepter]);
    let included = chain(signed.clone(), Accepter, &[at(4)]);
    let gone = Observation { funding: None, possible: true, ..quiet() };
    let unburied = chain(after(used(), Accepter, &[pay()], &[]), Accepter, &[gone]);
    let theirs = publication(Accepter, 2, 2, 16);
    let ending = Some((Height(10), Ending::Cooperative));
    let resized = Observation { ending: Some((Height(10), Ending::Resized)), ..quiet() };
    let wish = || Event::Resize(Wish { ours: units(6_000), fee: units(1_000) });
    let expired = Observation { height: Height(21), ..Observation::default() };
    vec![
        column("accepted", fresh(), Accepter),
        column("funding, opener", fresh(), Opener),
        column("funding, accepter", signed, Accepter),
        column("funding, included", included, Accepter),
        column("idle, our turn", used(), Opener),
        column("idle, asking", after(used(), Accepter, &[pay()], &[]), Accepter),
        column("idle, unburied", unburied, Accepter),
        column("proposing", after(used(), Opener, &[pay()], &[]), Opener),
        column("answering", after(used(), Opener, &[pay()], &[Accepter]), Accepter),
        column("revoking", after(used(), Opener, &[pay()], &[Accepter, Opener]), Opener),
        column("idle, wants to resize", after(used(), Accepter, &[wish()], &[]), Accepter),
        column("resizing", resizing(), Accepter),
        column("closed, resized", chain(resizing(), Accepter, &[resized]), Accepter),
        column("closing, proposed", after(used(), Opener, &[Event::Close], &[]), Opener),
        column("closing, answered", after(used(), Opener, &[Event::Close], &[Accepter]), Accepter),
        column("closing, unheard", unheard(), Accepter),
        column("publishing", after(used(), Opener, &[Event::ForceClose], &[]), Opener),
        column("disputed, gone", chain(used(), Opener, &[theirs.clone(), quiet()]), Opener),
        column("disputed", chain(used(), Opener, &[theirs]), Opener),
        column("closed", chain(used(), Opener, &[Observation { ending, ..quiet() }]), Opener),
        column("abandoned, opener", chain(fresh(), Opener, &[Observation::default()]), Opener),
        column("abandoned, accepter", chain(fresh(), Accepter, &[expired]), Accepter),
    ]
}

/// Each has offered as many HTLCs as it may.
fn full() -> Pair {
    let mut pair = used();
    for n in 0..30 {
        pair.offer(Opener, 100, n, 30);
        pair.offer(Accepter, 100, n + 30, 40);
    }
    pair
}

fn with_htlcs() -> Vec<Column> {
    let new = || offer(500, 3, 50);
    let both = [Accepter, Opener];
    let seen = |pair, side, seen| after(pair, side, &[Event::Chain(seen)], &[]);
    let known = || after(held(), Opener, &[fulfil(4, 2)], &[]);
    vec![
        column("idle, our turn", held(), Opener),
        column("idle, their turn", held(), Accepter),
        column("idle, asking to fulfil", after(held(), Accepter, &[fulfil(3, 1)], &[]), Accepter),
        column("idle, wants to close", after(held(), Accepter, &[Event::Close], &[]), Accepter),
        column("idle, full", full(), Accepter),
        column("idle, given up", seen(held(), Accepter, at(43)), Accepter),
        column("proposing to offer", after(held(), Opener, &[new()], &[]), Opener),
        column("proposing to fulfil", known(), Opener),
        column("answering an offer", after(held(), Opener, &[new()], &[Accepter]), Accepter),
        column("answering a fulfil", after(known(), Opener, &[], &[Accepter]), Accepter),
        column("answering a fail", after(held(), Opener, &[fail(Opener, 4)], &[Accepter]), Accepter),
        column("revoking, offered", after(held(), Opener, &[new()], &both), Opener),
        column("revoking, fulfilled", after(known(), Opener, &[], &both), Opener),
        column("publishing, knowing", after(known(), Opener, &[Event::ForceClose], &[]), Opener),
        column("disputed", seen(held(), Opener, publication(Accepter, 4, 4, 16)), Opener),
        column("disputed, knowing", seen(known(), Opener, publication(Accepter, 4, 4, 16)), Opener),
        column("disputed, gone", seen(seen(known(), Opener, publication(Accepter, 4, 4, 16)), Opener, quiet()), Opener),
    ]
}

/// The one behind has been shown that it revoked what it holds.
pub fn lost(pair: Pair, side: Side) -> Pair {
    let number = pair.channel(side).newest().0.commitment.number;
    let revoked = Some((number, crate::events::secret_of(side, number)));
    let resume = tabchain::channel::Body::Resume { number: number + 1, revoked, heard: true };
    after(pair, side, &[Event::Connected, Event::Message(resume)], &[])
}

fn again() -> Vec<Column> {
    let connected = |pair, side| after(pair, side, &[Event::Connected], &[]);
    let seen = |pair, side, seen| after(pair, side, &[Event::Chain(seen)], &[]);
    let included = after(Setup::default().pair(Timestamp(1_000)), Accepter, &[], &[Accepter]);
    let disputed = || seen(lost(held(), Opener), Opener, publication(Accepter, 5, 5, 16));
    vec![
        column("funding, connected", connected(included, Accepter), Accepter),
        column("idle, connected, our turn", connected(held(), Opener), Opener),
        column("idle, connected, their turn", connected(held(), Accepter), Accepter),
        column("proposing, connected", connected(after(held(), Opener, &[pay()], &[]), Opener), Opener),
        column("answering, connected", connected(after(held(), Opener, &[pay()], &[Accepter]), Accepter), Accepter),
        column("revoking, connected", connected(after(held(), Opener, &[pay()], &[Accepter, Opener]), Opener), Opener),
        column("closing, connected", connected(after(used(), Opener, &[Event::Close], &[]), Opener), Opener),
        column("lost", lost(held(), Opener), Opener),
        column("lost, accepter", lost(used(), Accepter), Accepter),
        column("disputed, lost", disputed(), Opener),
        column("lost, dispute gone", seen(disputed(), Opener, quiet()), Opener),
    ]
}
