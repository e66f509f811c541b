//! Two parties, each with a few wishes, and all orders in which these and every message can come about: by turns of a search through every state.

use std::collections::BTreeSet;

use tabchain::{
    channel::{Effect, Event, News},
    primitives::{Hash, Side, encode},
};

use crate::{
    pair::{self, Pair, Setup, fail, fulfil, offer},
    support::units,
};

const BOTH: [Side; 2] = Side::BOTH;

/// What somebody wants, in the order it wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Pay(u64),
    /// Offers an HTLC of so much for payment `n`.
    Offer(u64, u8),
    /// Takes the HTLC of payment `n`, once it is there.
    Take(u8),
    /// Gives it back, once it is there.
    Back(u8),
    Close,
    /// Is restarted: what is on its way to it still comes.
    Restart,
    /// What is on its way is lost, and both connect again.
    Reconnect,
    /// Says again what is not answered yet, though nothing was lost.
    Repeat,
}

#[derive(Clone)]
struct World {
    pair: Pair,
    /// How many of its wishes each has said.
    said: [usize; 2],
    /// Messages that may still be lost.
    losses: usize,
    /// Ids of HTLCs by payment, as their receivers know them.
    arrived: [Option<u64>; 8],
    /// What the origin of each was told.
    told: [Option<bool>; 8],
}

/// Digests of both, what is on the wires, wishes said, and messages that may still be lost.
type Place = (Hash, Hash, Vec<u8>, [usize; 2], usize);

struct Search<'a> {
    wishes: [&'a [Wish]; 2],
    seen: BTreeSet<Place>,
    ends: usize,
}

impl World {
    fn give(&mut self, side: Side, event: Event) {
        let effects = self.pair.must(side, event);
        self.hear(&effects);
    }

    fn deliver(&mut self, to: Side) {
        let effects = self.pair.deliver(to);
        self.hear(&effects);
    }

    fn hear(&mut self, effects: &[Effect]) {
        let place = |payment: &Hash| (0..8).find(|n| pair::preimage(*n).payment() == *payment).expect("few") as usize;
        for effect in effects {
            match effect {
                Effect::Htlc(News::Offered { htlc, .. }) => {
                    assert_eq!(self.arrived[place(&htlc.payment)].replace(htlc.id), None, "arrives twice");
                }
                Effect::Htlc(News::Fulfilled { origin, .. }) => self.tell(place(&payment_of(origin)), true),
                Effect::Htlc(News::Failed { origin, .. }) => self.tell(place(&payment_of(origin)), false),
                _ => {}
            }
        }
    }

    fn tell(&mut self, n: usize, paid: bool) {
        assert_eq!(self.told[n].replace(paid), None, "told twice");
    }

    /// What a wish comes to now; nothing if it has to wait.
    fn event(&self, side: Side, wish: Wish) -> Option<Event> {
        Some(match wish {
            Wish::Pay(amount) => Event::Pay { amount: units(amount), times: 1 },
            Wish::Offer(amount, n) => offer(amount, n, 100),
            Wish::Take(n) => fulfil(self.arrived[n as usize]?, n),
            Wish::Back(n) => fail(side, self.arrived[n as usize]?),
            Wish::Close => Event::Close,
            Wish::Restart | Wish::Reconnect => Event::Connected,
            Wish::Repeat => Event::Wake,
        })
    }

    /// Nothing is lost, and time passes, until nothing happens any more.
    fn settle(&mut self) {
        for _ in 0..6 {
            self.pair.now = self.pair.now.after(61_000);
            BOTH.into_iter().for_each(|side| self.give(side, Event::Wake));
            while let Some(to) = BOTH.into_iter().find(|to| !self.pair.wires[to.index()].is_empty()) {
                self.deliver(to);
            }
        }
    }
}

fn payment_of(origin: &tabchain::channel::Origin) -> Hash {
    match origin {
        tabchain::channel::Origin::Own { payment, .. } => *payment,
        tabchain::channel::Origin::Forward { .. } => panic!("nobody forwards"),
    }
}

impl Search<'_> {
    /// Every state that can be reached from here; how it ends.
    fn explore(&mut self, start: World) {
        let mut open = vec![start];
        while let Some(world) = open.pop() {
            let digests = BOTH.map(|side| world.pair.channel(side).digest());
            let wires = encode(&world.pair.wires.clone().map(Vec::from));
            if !self.seen.insert((digests[0], digests[1], wires, world.said, world.losses)) {
                continue;
            }
            let before = open.len();
            for side in BOTH {
                open.extend(self.wish(&world, side));
                if !world.pair.wires[side.index()].is_empty() {
                    let mut next = world.clone();
                    next.deliver(side);
                    open.push(next);
                    if world.losses > 0 {
                        let mut next = world.clone();
                        next.pair.wires[side.index()].pop_front();
                        next.losses -= 1;
                        open.push(next);
                    }
                }
            }
            if open.len() == before {
                let mut next = world;
                next.settle();
                let waits = BOTH.into_iter().any(|side| self.wish(&next, side).is_some());
                if waits { open.push(next) } else { self.check_end(&next) }
            }
        }
    }

    fn wish(&self, world: &World, side: Side) -> Option<World> {
        let wish = *self.wishes[side.index()].get(world.said[side.index()])?;
        let event = world.event(side, wish)?;
        let mut next = world.clone();
        next.said[side.index()] += 1;
        if wish == Wish::Repeat {
            next.pair.now = next.pair.now.after(61_000);
        }
        if wish == Wish::Reconnect {
            next.pair.wires = Default::default();
            next.give(side.other(), Event::Connected);
        }
        // Whoever closes, or hears that the other does, refuses what comes later.
        match next.pair.give(side, event) {
            Ok(effects) => next.hear(&effects),
            Err(error) => assert!(self.all().any(|wish| wish == Wish::Close), "{wish:?}: {error}"),
        }
        Some(next)
    }

    fn all(&self) -> impl Iterator<Item = Wish> + '_ {
        self.wishes.into_iter().flatten().copied()
    }

    /// All was done, both agree, and plain numbers say the same.
    fn check_end(&mut self, world: &World) {
        self.ends += 1;
        let [opener, accepter] = &world.pair.channels;
        assert_eq!(opener.newest(), accepter.newest());
        assert_eq!(opener.newest().1.htlcs, []);
        if self.all().any(|wish| wish == Wish::Close) {
            for sent in &world.pair.submitted {
                assert_eq!(sent.last().map(|sent| sent.unsigned.action.kind()), Some("close"));
            }
            return;
        }
        let wishes = self.wishes;
        assert_eq!(world.said, [wishes[0].len(), wishes[1].len()], "a wish waits for ever");
        assert_eq!([opener, accepter].map(|channel| channel.phase().name()), ["idle"; 2]);
        assert_eq!([opener, accepter].map(|channel| channel.waiting_for()), [None, None]);
        let mut balances = [5_000, 4_000];
        for side in BOTH {
            let [from, to] = [side.index(), side.other().index()];
            for wish in wishes[from] {
                let paid = match *wish {
                    Wish::Pay(amount) => amount,
                    Wish::Offer(amount, n) => {
                        let takes = wishes[to].contains(&Wish::Take(n));
                        assert_eq!(world.told[n as usize], Some(takes), "payment {n}");
                        if takes { amount } else { 0 }
                    }
                    _ => 0,
                };
                balances[from] -= paid;
                balances[to] += paid;
            }
        }
        assert_eq!(opener.newest().1.balances, balances.map(units));
    }
}

/// The states that were met, and the ends.
fn search(wishes: [&[Wish]; 2], losses: usize) -> (usize, usize) {
    let pair = Pair::open(&Setup::default());
    let mut search = Search { wishes, seen: BTreeSet::new(), ends: 0 };
    search.explore(World { pair, said: [0; 2], losses, arrived: [None; 8], told: [None; 8] });
    (search.seen.len(), search.ends)
}

/// All of it is searched, which is so many states and ends at least.
fn search_all(wishes: [&[Wish]; 2], losses: usize, least: (usize, usize)) {
    let found = search(wishes, losses);
    assert!(found.0 >= least.0 && found.1 >= least.1, "{wishes:?}: {} states, {} ends", found.0, found.1);
}

use Wish::{Back, Close, Offer, Pay, Reconnect, Repeat, Restart, Take};

#[test]
fn payments_cross() {
    search_all([&[Pay(7), Pay(8)], &[Pay(9)]], 1, (300, 4));
    search_all([&[Pay(7), Repeat, Pay(8)], &[Repeat, Pay(9), Repeat]], 1, (1_000, 4));
}

#[test]
fn offers_cross() {
    search_all([&[Offer(300, 1), Take(2)], &[Offer(400, 2), Back(1)]], 2, (900, 4));
    search_all([&[Offer(300, 1), Repeat, Take(2)], &[Offer(400, 2), Take(1), Repeat]], 1, (1_000, 4));
}

#[test]
fn an_offer_survives_a_lost_word() {
    search_all([&[Offer(300, 1)], &[Take(1)]], 2, (30, 4));
    search_all([&[Offer(300, 1), Repeat], &[Repeat, Take(1), Repeat]], 2, (300, 4));
}

#[test]
fn an_offer_survives_a_restart() {
    for take in [Take(1), Back(1)] {
        for again in [[Restart, Restart], [Reconnect, Restart], [Restart, Reconnect]] {
            search_all([&[Offer(300, 1), again[0]], &[take, again[1], Pay(5)]], 1, (80, 4));
            search_all([&[again[0], Offer(300, 1)], &[again[1], take]], 2, (15, 4));
        }
    }
}

#[test]
fn a_close_waits_for_htlcs() {
    for take in [Take(1), Back(1)] {
        search_all([&[Offer(300, 1), Close], &[Pay(5), take]], 1, (100, 4));
        search_all([&[Offer(300, 1)], &[Close, take]], 1, (20, 1));
        search_all([&[Offer(300, 1), Restart, Close], &[Repeat, take, Reconnect]], 0, (100, 4));
    }
}

#[test]
fn both_close() {
    search_all([&[Pay(7), Close], &[Pay(8), Close]], 1, (100, 4));
    search_all([&[Pay(7), Restart, Close], &[Repeat, Pay(8), Close, Reconnect]], 1, (300, 4));
}
