//! Channels that other channels take the place of: topped up and withdrawn from, refused, expired, published and reorged meanwhile, through
//! restarts and lost words.

use std::collections::BTreeSet;

use tabchain::{
    chain::{Mempool, PoolError, TransactionError},
    channel::{CONFIRMATIONS, Channel, Effect, Ending, Event, MAX_RESEND, NewHtlc, Notice, Origin, Packet, Phase},
    node::{ChannelRefusal, Command, EventKind},
    primitives::{
        Action, ChannelId, Dispute, DisputeStep, FeeSource, Height, Policy, Preimage, Side, Transaction,
        UnsignedTransaction,
    },
    sim::owned,
};

use crate::{
    court::{ACCEPTER, Court, DEPOSITS, OPENER, node_of},
    lab::scale,
    pair::{Pair, Setup},
    support::{self, ChainBuilder, address, units},
};

/// What the opener and the accepter own after the payments of a court.
const OWNED: [u64; 2] = [39_000, 51_000];
const FEE: u64 = 1_000;

/// A court after its payments, with the tower for both.
fn court() -> Court {
    Court::paid(Policy::Penalty, 6, &Side::BOTH)
}

fn resize(court: &mut Court, side: Side, ours: u64) {
    let command = Command::Resize { channel: court.channel, ours: units(ours), fee: units(FEE) };
    court.lab.command(node_of(side), command);
}

/// The same, and all that the parties have to say of it.
fn resized(side: Side, ours: u64) -> Court {
    let mut court = court();
    resize(&mut court, side, ours);
    court.lab.run(1_000);
    court
}

/// The channel of a side that takes, or took, the place of the first.
fn next(court: &Court, side: Side) -> Option<&Channel> {
    let resizes = |channel: &&Channel| channel.funding().resizes.is_some_and(|it| it.channel == court.channel);
    let found = court.lab.node(node_of(side)).channels().map(|(_, channel)| channel).filter(resizes);
    // An earlier attempt may have come to nothing.
    let newest = court.held(side).successor().map(|next| next.handle);
    found.max_by_key(|channel| Some(channel.handle_name()) == newest)
}

/// Phases of the old and the new channel, opener's and accepter's.
fn phases(court: &Court) -> [[&'static str; 2]; 2] {
    let of = |side| next(court, side).map_or("none", |channel| channel.phase().name());
    [Side::BOTH.map(|side| court.held(side).phase().name()), Side::BOTH.map(of)]
}

/// Base units of an account.
fn account(court: &Court, side: Side) -> u64 {
    let who = u8::try_from(node_of(side)).expect("few");
    court.builder.chain.ledger().account(&address(who)).balance.units()
}

/// Blocks, each with a look at what must always hold.
fn mine(court: &mut Court, blocks: usize, without: &[&str]) {
    for _ in 0..blocks {
        court.mine_without(without);
        check(court);
    }
}

/// 1: nothing is lost or made. 2: what both own is the capacity. 4 is the world's to check, which sees all that is stored.
fn check(court: &Court) {
    for (who, node) in &court.lab.nodes {
        let ledger = node.chain().ledger();
        assert_eq!(owned(ledger), Some(ledger.supply()), "node {who}");
        for (_, channel) in node.channels() {
            assert_eq!(channel.newest().1.total(), channel.funding().capacity(), "node {who}");
        }
    }
    assert_eq!(court.lab.closed.len(), 0, "nobody is blamed: {:?}", court.lab.closed);
}

fn notices(court: &Court, who: u64) -> Vec<&Notice> {
    let of = |(at, event): &'_ (u64, EventKind)| match event {
        EventKind::Channel { .. } => *at == who,
        _ => false,
    };
    let events = court.lab.events.iter().filter(|event| of(event));
    events
        .filter_map(|(_, event)| if let EventKind::Channel { notice, .. } = event { Some(notice) } else { None })
        .collect()
}

/// Follows the new channel from now on.
fn follow(court: &mut Court) {
    court.channel = next(court, Side::Opener).expect("a new channel").id();
    court.kept = [Vec::new(), Vec::new()];
    for side in Side::BOTH {
        let (shown, state) = court.held(side).newest();
        let newest = (shown.clone(), state.clone());
        court.kept[side.index()].push(newest);
    }
}

/// Whichever channel is open is paid through and closed, and all that both have locked comes back.
fn use_and_close(court: &mut Court, wealth: [u64; 2]) {
    if court.held(Side::Opener).is_over() {
        follow(court);
    }
    let before = court.held(Side::Opener).newest().0.commitment.number;
    for side in [Side::Opener, Side::Accepter] {
        let (channel, amount) = (court.channel, units(700));
        court.lab.command(node_of(side), Command::Pay { channel, amount, times: 2 });
        court.lab.run(90_000);
    }
    for side in Side::BOTH {
        assert_eq!(court.held(side).newest().0.commitment.number, before + 4, "{:?}", phases(court));
    }
    court.lab.command(OPENER, Command::CloseChannel { channel: court.channel, force: false });
    court.lab.run(90_000);
    mine(court, 2, &[]);
    assert!(Side::BOTH.iter().all(|side| *court.held(*side).phase() == Phase::Closed(Ending::Cooperative)));
    assert_eq!(Side::BOTH.map(|side| account(court, side)), wealth);
}

/// What both have once all channels are closed: what they paid each other and the fees are gone.
fn wealth(resizer: Option<Side>) -> [u64; 2] {
    let mut wealth = [0, 1].map(|at| 1_000_000 - DEPOSITS[at] + OWNED[at]);
    // The funding's, and the closing's.
    wealth[0] -= FEE + 1_000;
    resizer.into_iter().for_each(|side| wealth[side.index()] -= FEE);
    wealth
}

#[test]
fn either_side_tops_up_or_withdraws() {
    for (side, ours) in [(Side::Opener, 90_000), (Side::Opener, 4_000), (Side::Accepter, 300_000), (Side::Accepter, 0)]
    {
        let mut court = court();
        let before = Side::BOTH.map(|side| account(&court, side));
        resize(&mut court, side, ours);
        court.lab.run(1_000);
        assert_eq!(phases(&court)[0], ["resizing"; 2]);
        let next_id = next(&court, side).expect("offered and accepted").id();
        mine(&mut court, 1, &[]);
        assert_eq!(phases(&court), [["closed"; 2], ["funding"; 2]], "included");
        mine(&mut court, 2, &[]);
        assert_eq!(phases(&court), [["closed"; 2], ["idle"; 2]], "buried");
        for other in Side::BOTH {
            let old = court.held(other);
            assert_eq!(*old.phase(), Phase::Closed(Ending::Resized));
            assert_eq!(old.successor().map(|next| next.handle), Some(next(&court, other).expect("kept").handle_name()));
            let deposit = if other == side { ours } else { OWNED[other.index()] };
            let new = next(&court, other).expect("kept");
            let [mine, theirs] = new.newest().1.balances;
            assert_eq!((if new.side() == Side::Opener { mine } else { theirs }).units(), deposit);
            let net = if other == side { OWNED[other.index()] as i64 - ours as i64 - FEE as i64 } else { 0 };
            assert_eq!(account(&court, other) as i64 - before[other.index()] as i64, net, "only the difference moves");
        }
        assert_eq!(court.kinds(), ["resize"], "of the old one: how it ended");
        // The tower goes along.
        court.lab.run(60_000);
        assert_eq!(court.lab.node(OPENER).tower_of(&next_id).and_then(|(_, number)| number), Some(0));
        assert_eq!(court.lab.node(OPENER).tower_of(&court.channel), None);
        if ours > 0 {
            use_and_close(&mut court, wealth(Some(side)));
        }
    }
}

/// What waits for the other's turn when the channel makes room is paid in the new one.
#[test]
fn payments_that_wait_go_over() {
    for resized in [true, false] {
        let mut court = court();
        let (channel, amount) = (court.channel, units(30));
        court.lab.command(ACCEPTER, Command::Pay { channel, amount, times: 7 });
        resize(&mut court, Side::Opener, 60_000);
        court.lab.run(1_000);
        assert_eq!((phases(&court)[0], court.held(Side::Accepter).waiting()), (["resizing"; 2], 7));
        mine(&mut court, 24, if resized { &[] } else { &["resize"] });
        court.lab.run(60_000);
        if resized {
            follow(&mut court);
        }
        let mine = court.held(Side::Accepter);
        assert_eq!((mine.phase().name(), mine.waiting()), ("idle", 0));
        let (number, balances) = if resized { (7, [60_210, 50_790]) } else { (15, [39_210, 50_790]) };
        assert_eq!((mine.newest().0.commitment.number, mine.newest().1.balances), (number, balances.map(units)));
        let lost = |notice: &&Notice| matches!(notice, Notice::NotPaid { .. });
        assert_eq!(notices(&court, ACCEPTER).into_iter().filter(lost).count(), 0);
    }
}

/// Payments of whoever resizes are made first.
#[test]
fn a_resize_waits_for_the_turn_and_for_payments() {
    let mut court = court();
    let channel = court.channel;
    court.lab.command(ACCEPTER, Command::Pay { channel, amount: units(30), times: 7 });
    resize(&mut court, Side::Accepter, 60_000);
    court.lab.run(5_000);
    assert_eq!(phases(&court), [["resizing"; 2], ["funding"; 2]]);
    assert_eq!(court.held(Side::Opener).newest().1.balances, [39_210, 50_790].map(units));
    mine(&mut court, 3, &[]);
    assert_eq!(phases(&court)[1], ["idle"; 2]);
}

mod refused {
    use super::*;

    fn refusal(court: &Court, side: Side, ours: u64, fee: u64) -> String {
        let wish = tabchain::channel::Wish { ours: units(ours), fee: units(fee) };
        let asked = court.lab.node(node_of(side)).try_resize(&court.channel, wish);
        asked.expect_err("refused").to_string()
    }

    #[test]
    fn what_cannot_be() {
        let court = court();
        let poor = refusal(&court, Side::Opener, 2_000_000, 1_000);
        assert_eq!(poor, "available 988000 < deposit 2000000 + fee 1000");
        assert_eq!(refusal(&court, Side::Opener, 1_000, 3), "fee 3 < 47, the least for a funding");
        let mut apart = court.clone();
        apart.lab.disconnect(OPENER, ACCEPTER);
        assert_eq!(refusal(&apart, Side::Opener, 1_000, 1_000), "no connection to the other party");
        let unknown = court.lab.node(OPENER).try_resize(&ChannelId::ZERO, wish());
        assert!(matches!(unknown, Err(ChannelRefusal::Unknown { .. })));
    }

    fn wish() -> tabchain::channel::Wish {
        tabchain::channel::Wish { ours: units(50_000), fee: units(FEE) }
    }

    #[test]
    fn what_stands_still() {
        let court = resized(Side::Opener, 60_000);
        assert_eq!(refusal(&court, Side::Opener, 1_000, 1_000), "a channel that is resizing cannot be resized");
        let cannot =
            |event: Event| court.lab.node(OPENER).try_channel(&court.channel, event).expect_err("no").to_string();
        assert_eq!(cannot(Event::Pay { amount: units(1), times: 1 }), "a channel that is resizing cannot pay");
        assert_eq!(cannot(Event::Close), "a channel that is resizing cannot close");
        assert!(court.lab.node(OPENER).try_channel(&court.channel, Event::ForceClose).is_ok());
    }

    #[test]
    fn a_reserve_must_stay() {
        let mut court = Court::open(Policy::Penalty, 6, &[]);
        court.lab.command(OPENER, Command::CloseChannel { channel: court.channel, force: false });
        court.lab.run(1_000);
        mine(&mut court, 1, &[]);
        let peer = tabchain::gossip::PeerId(ACCEPTER);
        let [ours, theirs] = DEPOSITS.map(units);
        let (policy, window, reserve) = (Policy::Penalty, 6, units(2_000));
        let open = tabchain::node::OpenChannel { peer, ours, theirs, fee: units(FEE), policy, window, reserve };
        court.lab.command(OPENER, Command::OpenChannel(Box::new(open)));
        court.lab.run(1_000);
        let live = court.lab.node(OPENER).channels().find(|(_, channel)| !channel.is_over());
        court.channel = live.expect("opened").1.id();
        mine(&mut court, 4, &[]);
        assert_eq!(refusal(&court, Side::Opener, 1_999, 1_000), "reserve is 2000, allowed are 0 to 1999");
        resize(&mut court, Side::Opener, 2_000);
        court.lab.run(1_000);
        mine(&mut court, 3, &[]);
        assert_eq!(phases(&court), [["closed"; 2], ["idle"; 2]]);
    }

    /// A pending HTLC is said at once, to either side, and to whoever asks nevertheless.
    #[test]
    fn while_an_htlc_is_pending() {
        let mut pair = Pair::open(&Setup::default());
        let preimage = Preimage([5; 32]);
        let (amount, payment, expiry) = (units(500), preimage.payment(), Height(40));
        let htlc = NewHtlc { amount, payment, expiry, packet: Packet::of(&[]) };
        let origin = Origin::Own { payment, attempt: 0 };
        pair.must(Side::Opener, Event::Offer { htlc: Box::new(htlc), origin });
        for delivered in [false, true] {
            if delivered {
                pair.talk();
            }
            let said = pair.give(Side::Opener, Event::Resize(wish())).expect_err("refused").to_string();
            assert_eq!(said, "1 HTLCs are pending: a channel is resized without any");
        }
        let said = pair.give(Side::Accepter, Event::Resize(wish())).expect_err("refused").to_string();
        assert_eq!(said, "1 HTLCs are pending: a channel is resized without any");
        let mut request = Setup::default().request();
        request.resizes = Some(pair.channel(Side::Opener).resizing());
        assert_eq!(pair.channel(Side::Accepter).may_resize(&request), Err("HTLCs are pending"));
        pair.must(Side::Accepter, Event::Fulfil { id: 1, preimage });
        pair.talk();
        let holder = pair.channel(Side::Opener).holder();
        assert!(offers(&pair.must(holder, Event::Resize(wish()))));
    }

    fn offers(effects: &[Effect]) -> bool {
        effects.iter().any(|effect| matches!(effect, Effect::Resize(_)))
    }

    /// Whoever waits for its turn to resize offers no HTLC meanwhile; one that comes is waited for.
    #[test]
    fn an_htlc_that_comes_between() {
        let mut pair = Pair::open(&Setup::default());
        let preimage = Preimage([5; 32]);
        let (amount, payment, expiry, packet) = (units(500), preimage.payment(), Height(40), Packet::of(&[]));
        let htlc = Box::new(NewHtlc { amount, payment, expiry, packet });
        let offer = Event::Offer { htlc, origin: Origin::Own { payment, attempt: 0 } };
        assert!(!offers(&pair.must(Side::Accepter, Event::Resize(wish()))), "it asks for the turn");
        pair.give(Side::Accepter, offer.clone()).expect_err("about to be resized");
        let again = pair.give(Side::Accepter, Event::Resize(wish())).expect_err("once is enough").to_string();
        assert_eq!(again, "a channel that is to be resized cannot be resized");
        pair.must(Side::Opener, offer);
        pair.talk();
        assert_eq!(pair.channel(Side::Accepter).newest().1.htlcs.len(), 1);
        let mut effects = pair.must(Side::Accepter, Event::Fulfil { id: 1, preimage });
        while let Some(to) = Side::BOTH.into_iter().find(|side| !pair.wires[side.index()].is_empty()) {
            effects.extend(pair.deliver(to));
        }
        assert!(offers(&effects) && pair.channel(Side::Accepter).newest().1.htlcs.is_empty());
    }

    /// A close that is wanted later wins.
    #[test]
    fn by_a_close() {
        let mut pair = Pair::open(&Setup::default());
        pair.must(Side::Accepter, Event::Resize(wish()));
        let told = pair.must(Side::Accepter, Event::Close);
        assert_eq!(told[0], Effect::Notice(Notice::NotResized));
        let refused = pair.give(Side::Accepter, Event::Resize(wish())).expect_err("to be closed").to_string();
        assert_eq!(refused, "a channel that is to be closed cannot be resized");
        pair.talk();
        assert!(pair.channels.iter().all(|channel| *channel.phase() == Phase::Closing));
    }

    /// The other party is about to close, and says so: nothing was signed, so the channel goes on at once, and closes.
    #[test]
    fn by_the_other_party() {
        let mut court = court();
        court.lab.command(ACCEPTER, Command::CloseChannel { channel: court.channel, force: false });
        resize(&mut court, Side::Opener, 60_000);
        court.lab.run(1_000);
        let refused = court.lab.events.iter().find_map(|(_, event)| match event {
            EventKind::OfferRefused { reason, .. } => Some(reason.as_str()),
            _ => None,
        });
        assert_eq!(refused, Some("the channel is to be closed"));
        assert_eq!(phases(&court), [["idle"; 2], ["none"; 2]]);
        assert!(notices(&court, OPENER).contains(&&Notice::NotResized));
        court.lab.run(60_000);
        mine(&mut court, 1, &[]);
        assert_eq!(*court.held(Side::Opener).phase(), Phase::Closed(Ending::Cooperative));
    }
}

/// No block takes it: once it can never be included the channel goes on, and what the nodes send is not held up.
#[test]
fn expired_and_goes_on() {
    for side in Side::BOTH {
        let mut court = resized(side, 60_000);
        for blocks in 0.. {
            let until = next(&court, side).expect("signed").funding().terms.valid_until.0;
            if court.height() > until + 3 {
                break;
            }
            assert_eq!(phases(&court)[0], ["resizing"; 2], "after {blocks} blocks");
            mine(&mut court, 1, &["resize"]);
        }
        assert_eq!(phases(&court), [["idle"; 2], ["abandoned"; 2]]);
        assert!(notices(&court, OPENER).contains(&&Notice::NotResized));
        let mut again = court.clone();
        use_and_close(&mut court, wealth(None));
        // Both nonces are free, and a second attempt may do better.
        resize(&mut again, side.other(), 70_000);
        again.lab.run(60_000);
        mine(&mut again, 4, &[]);
        assert_eq!(phases(&again)[0], ["closed"; 2]);
        let live = again.lab.node(OPENER).channels().find(|(_, channel)| channel.phase().is_live());
        again.channel = live.expect("the second").1.id();
        use_and_close(&mut again, wealth(Some(side.other())));
    }
}

/// Whoever closes without the other's consent makes the funding worthless, if a block takes that first.
#[test]
fn published_meanwhile() {
    for (side, closer) in Side::BOTH.into_iter().flat_map(|side| [(side, side), (side, side.other())]) {
        let mut court = resized(side, 60_000);
        court.lab.command(node_of(closer), Command::CloseChannel { channel: court.channel, force: true });
        court.lab.run(1_000);
        let mut included = court.clone();
        mine(&mut included, 3, &["publish"]);
        assert_eq!(phases(&included), [["closed"; 2], ["idle"; 2]], "the funding was first");
        use_and_close(&mut included, wealth(Some(side)));

        mine(&mut court, 1, &["resize"]);
        assert_eq!(phases(&court), [["disputed"; 2], ["abandoned"; 2]]);
        court.finish();
        mine(&mut court, 1, &[]);
        assert_eq!(phases(&court), [["closed"; 2], ["abandoned"; 2]]);
        assert_eq!(court.kinds(), ["publish", "settle"]);
        assert_eq!(Side::BOTH.map(|side| court.gained(side)), OWNED);
        // Nothing is promised to it any more.
        for side in Side::BOTH {
            let who = node_of(side);
            let balance = court.lab.node(who).chain().ledger().account(&address(who as u8)).balance;
            assert_eq!(court.lab.node(who).available(), balance);
        }
    }
}

/// The chain with the funding is left for one without it, as often as blocks lie on it.
#[test]
fn reorgs_bring_both_back() {
    for (side, depth) in [(Side::Opener, 1), (Side::Accepter, 2), (Side::Opener, 3)] {
        let mut court = resized(side, 60_000);
        let fork = court.builder.clone();
        mine(&mut court, depth, &[]);
        assert_eq!(phases(&court)[0], ["closed"; 2]);
        court.replace_chain(fork.clone().grow(depth + 1));
        let new = if depth < 3 { "funding" } else { "idle" };
        assert_eq!(phases(&court), [["resizing"; 2], [new; 2]], "taken back from under {depth}");
        check(&court);

        let mut again = court.clone();
        mine(&mut again, 3, &[]);
        assert_eq!(phases(&again), [["closed"; 2], ["idle"; 2]], "brought again");
        use_and_close(&mut again, wealth(Some(side)));

        let mut late = court.clone();
        mine(&mut late, 24, &["resize"]);
        assert_eq!(phases(&late), [["idle"; 2], ["abandoned"; 2]], "not brought again");
        use_and_close(&mut late, wealth(None));

        court.lab.command(node_of(side), Command::CloseChannel { channel: court.channel, force: true });
        court.lab.run(1_000);
        mine(&mut court, 1, &["resize"]);
        // One that was open already waits as ever until its funding cannot come back.
        let new = if depth < 3 { "abandoned" } else { "idle" };
        assert_eq!(phases(&court), [["disputed"; 2], [new; 2]], "published instead");
        court.finish();
        assert_eq!(Side::BOTH.map(|side| court.gained(side)), OWNED);
        mine(&mut court, 20, &[]);
        assert_eq!(phases(&court), [["closed"; 2], ["abandoned"; 2]]);
    }
}

/// The publication is taken back, and the funding included after all; and the other way round.
#[test]
fn reorgs_between_publication_and_funding() {
    let mut court = resized(Side::Opener, 60_000);
    let fork = court.builder.clone();
    let funding = next(&court, Side::Opener).and_then(Channel::funding_transaction).expect("signed by both");
    court.lab.command(ACCEPTER, Command::CloseChannel { channel: court.channel, force: true });
    court.lab.run(1_000);
    mine(&mut court, 2, &["resize"]);
    let published: ChainBuilder = court.builder.clone();
    assert_eq!(phases(&court), [["disputed"; 2], ["abandoned"; 2]]);
    let mut other = fork;
    other.mine(vec![funding]);
    court.replace_chain(other.grow(2));
    assert_eq!(phases(&court), [["closed"; 2], ["idle"; 2]]);
    let mut back = court.clone();
    use_and_close(&mut court, wealth(Some(Side::Opener)));
    back.replace_chain(published.grow(2));
    assert_eq!(phases(&back)[0], ["disputed"; 2]);
    check(&back);
    back.finish();
    assert_eq!(Side::BOTH.map(|side| back.gained(side)), OWNED);
}

/// After each message either or both lose their memory but for what they stored, and all that was on its way.
#[test]
fn a_restart_at_every_word() {
    let mut ends = [0; 2];
    for (words, who) in
        (0..=8).flat_map(|words| [[OPENER, 0], [ACCEPTER, 0], [OPENER, ACCEPTER]].map(|who| (words, who)))
    {
        for (side, silent) in [(Side::Opener, false), (Side::Accepter, false), (Side::Opener, true)] {
            let mut court = court();
            court.lab.words_left = Some(words);
            resize(&mut court, side, 60_000);
            court.lab.run(1_000);
            for who in who.into_iter().filter(|who| *who != 0) {
                court.leave(who);
                if silent {
                    court.lab.run(61_000);
                }
                court.come_back(who);
            }
            court.lab.words_left = None;
            court.lab.run(150_000);
            let told = format!("{words} words, {who:?} restarted, {side:?}: {:?}", phases(&court));
            let [old, _] = phases(&court);
            assert!([["idle"; 2], ["resizing"; 2]].contains(&old) || silent, "{told}");
            mine(&mut court, 3, &[]);
            court.lab.run(60_000);
            if old == ["resizing"; 2] {
                assert_eq!(phases(&court), [["closed"; 2], ["idle"; 2]], "{told}");
            } else {
                // Whoever has signed waits until it can never be.
                mine(&mut court, 24, &[]);
                court.lab.run(60_000);
                assert_eq!(phases(&court)[0], ["idle"; 2], "{told}");
            }
            let is_resized = court.held(side).is_over();
            ends[usize::from(is_resized)] += 1;
            use_and_close(&mut court, wealth(is_resized.then_some(side)));
        }
    }
    assert!(ends[0] > 5 && ends[1] > 20, "{ends:?}");
}

/// Later, too: while it waits for a block, under one, and buried.
#[test]
fn a_restart_at_every_depth() {
    for (depth, who) in (0..=3).flat_map(|depth| [(depth, OPENER), (depth, ACCEPTER)]) {
        let mut court = resized(Side::Accepter, 60_000);
        mine(&mut court, depth, &[]);
        let before = phases(&court);
        court.leave(who);
        court.come_back(who);
        assert_eq!(phases(&court), before, "under {depth}");
        court.lab.run(60_000);
        mine(&mut court, 3, &[]);
        assert_eq!(phases(&court), [["closed"; 2], ["idle"; 2]]);
        use_and_close(&mut court, wealth(Some(Side::Accepter)));
    }
}

/// Every message may be lost, on the way of several resizes one after another. If one side has given up what the other has signed, that one stands still,
/// but no longer than its funding could be included and a usual reorg takes.
#[test]
fn on_a_bad_line() {
    let mut alone = 0;
    for (loss, seed) in [20, 40, 60, 80].into_iter().flat_map(|loss| (0..3 * scale()).map(move |seed| (loss, seed))) {
        let mut court = court();
        court.lab.reseed(seed);
        let mut spent = [0; 2];
        for (round, side) in (1..=6u64).zip([Side::Opener, Side::Accepter].into_iter().cycle()) {
            let place = format!("loss {loss}, seed {seed}, round {round}");
            court.lab.loss = loss;
            resize(&mut court, side, 30_000 + 5_000 * round);
            court.lab.run(120_000);
            court.lab.loss = 0;
            // As long as anything waits to be said again.
            court.lab.run(2 * MAX_RESEND);
            mine(&mut court, 3, &[]);
            alone += usize::from(await_successor(&mut court, &place));
            if court.held(side).is_over() {
                assert_eq!(phases(&court), [["closed"; 2], ["idle"; 2]], "{place}");
                spent[side.index()] += FEE;
                court.channel = next(&court, side).expect("kept").id();
            }
            assert_eq!(phases(&court)[0], ["idle"; 2], "{place}");
        }
        let wealth = wealth(None);
        let closed = [wealth[0] - spent[0], wealth[1] - spent[1]];
        use_and_close(&mut court, closed);
    }
    assert!(alone > 0, "nobody was ever left alone with what it had signed");
}

/// Blocks until nobody stands still; whether only one of the two did.
fn await_successor(court: &mut Court, place: &str) -> bool {
    let waits = |court: &Court, side| *court.held(side).phase() == Phase::Resizing;
    let waiting: Vec<Side> = Side::BOTH.into_iter().filter(|side| waits(court, *side)).collect();
    let last = waiting.iter().filter_map(|side| court.held(*side).successor()).map(|next| next.valid_until.0).max();
    while last.is_some_and(|last| court.height() <= last + CONFIRMATIONS) {
        mine(court, 1, &[]);
    }
    let still = Side::BOTH.into_iter().find(|side| waits(court, *side));
    assert_eq!(still, None, "{place}: still at height {}, valid until {last:?}", court.height());
    waiting.len() == 1
}

mod cheats {
    use super::*;
    use tabchain::{
        channel::{Body, Direct, Message},
        gossip,
    };

    /// The accepter says that it will never sign, but has. Whoever goes on because of that could lose every payment that is made then.
    #[test]
    fn by_a_refusal_that_is_a_lie() {
        let mut court = court();
        court.lab.words_left = Some(3);
        resize(&mut court, Side::Opener, 60_000);
        court.lab.run(1_000);
        court.lab.words_left = None;
        assert_eq!(phases(&court), [["resizing"; 2], ["funding"; 2]]);
        let handle = next(&court, Side::Opener).expect("signed").handle_name();
        let refusal = Message { handle, body: Body::Refuse { reason: "never".to_owned() } };
        let bytes = Direct::Channel(refusal).to_bytes();
        court.lab.say(ACCEPTER, OPENER, &gossip::Message::Direct(bytes));
        assert_eq!(phases(&court), [["resizing"; 2], ["abandoned", "funding"]], "it stands still all the same");
        let mut late = court.clone();
        mine(&mut court, 3, &[]);
        assert_eq!(phases(&court), [["closed"; 2], ["idle"; 2]]);
        use_and_close(&mut court, wealth(Some(Side::Opener)));
        mine(&mut late, 25, &["resize"]);
        assert_eq!(phases(&late), [["idle"; 2], ["abandoned"; 2]]);
    }

    /// A revoked commitment of the old channel, while the funding of the new one waits: the penalty is as ever.
    #[test]
    fn while_it_is_resized() {
        for (thief, number) in [(Side::Opener, 0), (Side::Accepter, 3), (Side::Opener, 7)] {
            for resizer in Side::BOTH {
                let mut court = resized(resizer, 60_000);
                court.cheat(thief, number);
                check(&court);
                assert_eq!(phases(&court), [["disputed"; 2], ["abandoned"; 2]]);
                mine(&mut court, 1, &[]);
                let end = Phase::Closed(Ending::Punished(thief));
                assert_eq!(*court.held(thief.other()).phase(), end);
                assert_eq!(court.gained(thief.other()), OWNED[0] + OWNED[1]);
            }
        }
    }

    /// The victim is away, and its tower acts.
    #[test]
    fn while_the_victim_is_away() {
        let mut court = resized(Side::Opener, 60_000);
        court.leave(OPENER);
        court.cheat(Side::Accepter, 3);
        mine(&mut court, 1, &[]);
        assert_eq!(court.kinds(), ["publish", "punish"]);
        court.come_back(OPENER);
        assert_eq!(phases(&court), [["closed"; 2], ["abandoned"; 2]]);
    }

    /// After the resize there is nothing left to publish.
    #[test]
    fn after_it_was_resized() {
        let mut court = resized(Side::Accepter, 60_000);
        mine(&mut court, 1, &[]);
        let old = Box::new(court.kept[0][3].clone());
        let asked = court.lab.node(OPENER).try_channel(&court.channel, Event::PublishOld(old.clone()));
        assert_eq!(asked.expect_err("over").to_string(), "a channel that is closed cannot publish");
        let keys = court.held(Side::Opener).funding().keys();
        for payer in [1, 2, 3].map(support::key) {
            let step = DisputeStep::Publish(old.0.clone());
            let (channel, fee_from) = (court.channel, FeeSource::Account);
            let dispute = Dispute { channel, keys: keys.clone(), payer: payer.public(), fee_from, step };
            let action = Action::Dispute(Box::new(dispute));
            let unsigned = UnsignedTransaction { fee: units(2_000), action };
            let transaction: Transaction = unsigned.sign(&payer, &court.lab.genesis.block().id());
            let ledger = court.builder.chain.ledger();
            let refused = Mempool::default().admit(transaction.into(), ledger).expect_err("no such channel");
            let PoolError::Transaction { error: TransactionError::Channel(error) } = refused else {
                panic!("{refused}")
            };
            assert_eq!(error.code(), "unknown-channel");
        }
    }
}

/// Whoever is asked looks closely.
mod judged {
    use super::*;
    use tabchain::{
        channel::Request,
        primitives::{Amount, Hash, Nonce, Party, Resizing},
    };

    fn request(court: &Court) -> Request {
        let channel = court.held(Side::Opener);
        let (parties, terms) = (&channel.funding().parties, channel.funding().terms.clone());
        let party = Party { deposit: units(60_000), nonce: Nonce(9), salt: Hash([9; 32]), ..parties[0].clone() };
        Request { party, theirs: units(OWNED[1]), terms, fee: units(FEE), resizes: Some(channel.resizing()) }
    }

    #[test]
    fn by_what_it_owns() {
        let court = court();
        let (held, right) = (court.held(Side::Accepter), request(&court));
        assert_eq!(held.may_resize(&right), Ok(true));
        let with = |change: &dyn Fn(&mut Request)| {
            let mut request = right.clone();
            change(&mut request);
            held.may_resize(&request)
        };
        let stands = Err("the channel does not stand so");
        assert_eq!(with(&|it| it.resizes = None), stands);
        for (give, take) in [(0, 1), (1, 0)] {
            let mut balances = OWNED;
            (balances[give], balances[take]) = (balances[give] - 1, balances[take] + 1);
            let resizing = Resizing { channel: court.channel, balances: balances.map(units) };
            assert_eq!(with(&|it| it.resizes = Some(resizing)), stands);
        }
        // Every state that was.
        for (_, state) in &court.kept[0][..8] {
            let resizing = Resizing { channel: court.channel, balances: state.balances };
            assert_eq!(with(&|it| it.resizes = Some(resizing)), stands);
        }
        let stays = Err("the balance of the other side is to stay as it is");
        for theirs in [OWNED[1] - 1, OWNED[1] + 1, 0] {
            assert_eq!(with(&|it| it.theirs = units(theirs)), stays);
        }
        assert_eq!(with(&|it| it.party.key = support::key(3).public()), Err("the channel is with somebody else"));
        let terms = Err("the terms are to stay as they are");
        assert_eq!(with(&|it| it.terms.policy = Policy::Replace), terms);
        assert_eq!(with(&|it| it.terms.window = 1), terms);
        assert_eq!(with(&|it| it.terms.reserve = Amount::literal(5)), terms);
        assert_eq!(with(&|it| it.terms.valid_until = Height(99)), Ok(true), "that one is new");
        assert_eq!(court.held(Side::Opener).may_resize(&right), stands, "not its turn");
    }

    #[test]
    fn by_where_it_stands() {
        let court = court();
        let right = request(&court);
        let after = |events: &dyn Fn(&mut Court)| {
            let mut court = court.clone();
            events(&mut court);
            court.held(Side::Accepter).may_resize(&right)
        };
        assert_eq!(after(&|court| court.lab.disconnect(OPENER, ACCEPTER)), Ok(true));
        let reconnect = |court: &mut Court| {
            court.lab.disconnect(OPENER, ACCEPTER);
            court.lab.connect(OPENER, ACCEPTER);
        };
        assert_eq!(after(&reconnect), Ok(false), "where both stand is not said yet");
        let resizing = |court: &mut Court| {
            resize(court, Side::Opener, 50_000);
            court.lab.run(1_000);
        };
        assert_eq!(after(&resizing), Ok(false), "another one may come to nothing");
        let force = |court: &mut Court| {
            court.lab.command(ACCEPTER, Command::CloseChannel { channel: court.channel, force: true });
        };
        assert_eq!(after(&force), Err("the channel is not open"));
    }
}

/// In whole networks, where all that is stored is watched: numbers grow one by one, and nothing is signed twice or after publishing.
mod in_networks {
    use tabchain::{
        primitives::{Amount, Timestamp},
        sim::{Action, LinkQuality, Scenario, Step, Summary, Workload, World, settle},
        view::{ChannelRow, Focus, Inspector, LogLine, Status, WorldView},
    };

    use super::*;
    use crate::{lab::Numbers, runs::all_the_same, worlds::*};

    const MINUTE: u64 = 60_000;

    fn resize(from: usize, to: usize, amount: u64) -> Action {
        let (amount, fee) = (units(amount), Amount::literal(1_000));
        Action::Resize { from: name(from), to: name(to), amount, fee, channel: None }
    }

    fn quiet(seed: u64, loss: u32) -> Scenario {
        let quality = LinkQuality { jitter: 60, loss, ..LinkQuality::default() };
        let mut scenario = scenario(seed, &[60, 60, 60, 0], &ring(4), quality);
        scenario.config.workload = Workload::default();
        scenario
    }

    fn seen(world: &World) -> (Vec<ChannelRow>, Vec<LogLine>) {
        let view = WorldView::of(world, &Focus::default(), &mut Inspector::default());
        (view.channels.rows, view.log)
    }

    #[test]
    fn a_script_says_so() {
        let text = r#"{"do": "resize", "from": "A", "to": "B", "amount": 5}"#;
        let Action::Resize { fee, channel: None, .. } = serde_json::from_str(text).expect("an action") else {
            panic!("another one")
        };
        assert_eq!(fee, units(1_000));
        // On the bad line two payments wait when the first channel makes room: they are made in the second.
        for (seed, loss, late) in [(1, 0, 0), (2, 150_000, 2 * 150)] {
            let mut scenario = quiet(seed, loss);
            scenario.script = vec![
                at(1_000, open(0, 1, 100_000, 80_000)),
                at(160_000, pay_through(0, 1, 150, 15)),
                at(200_000, resize(1, 0, 200_000)),
                at(420_000, pay_through(1, 0, 150_000, 1)),
                at(480_000, resize(0, 1, 10_000)),
                at(780_000, pay_through(0, 1, 10_000, 1)),
                at(840_000, close(0, 1, true)),
            ];
            let mut world = World::new(scenario.clone());
            let (mut waited, mut codes) = (false, BTreeSet::new());
            while world.now() < Timestamp(18 * MINUTE) {
                world.run_until(world.now().after(5_000));
                let (rows, log) = seen(&world);
                codes.extend(log.into_iter().map(|line| line.code));
                for row in rows.iter().filter(|row| row.status == Status::Resizing) {
                    let codes = row.parties.iter().filter_map(|party| Some(party.waits.as_ref()?.code.as_str()));
                    waited |= codes.into_iter().any(|code| code == "successor") && row.resized_by.is_some();
                }
            }
            let (summary, told) = (Summary::of(&world, 0), keep(&world, "resized"));
            assert!(waited, "{told}");
            assert_eq!((world.stats().refused, world.violation()), (0, None), "{told}");
            assert_eq!((summary.channels_opened, summary.channels_closed), (3, 3), "{told}");
            assert_eq!((summary.payments, summary.payments_failed), (17, 0), "{told}");
            let (rows, _) = seen(&world);
            assert_eq!(rows.iter().filter(|row| row.status == Status::Resized).count(), 2, "{told}");
            for row in rows.iter().filter(|row| row.status == Status::Resized) {
                let by = rows.iter().find(|other| Some(other.id) == row.resized_by).expect("listed, too");
                assert_eq!(by.resizes, Some(row.id));
            }
            let last = rows.iter().find(|row| row.status == Status::Settled).expect("the last of three");
            assert_eq!(last.parties.clone().map(|party| party.balance.units()), [0, 200_000 - 150_000 + 10_000 + late]);
            let words = crate::words::words();
            for code in ["resize", "channel-resizing", "channel-resized"] {
                assert!(codes.contains(code), "{code}: {told}");
                assert!(words.contains_key(&format!("log-{code}")), "{code}");
            }
            all_the_same(&scenario, seed).expect("every way of running gives the same run");
        }
    }

    /// Anything that can be done with channels, and with the network, every few seconds.
    fn stormy(seed: u64) -> Scenario {
        let (mut numbers, mut time) = (Numbers(seed), 120_000);
        let quality =
            LinkQuality { latency: 30, jitter: 40, bandwidth: 0, loss: [0, 50_000, 250_000][seed as usize % 3] };
        let mut scenario = scenario(seed, &[60, 60, 60], &ring(3), quality);
        scenario.script = [(0, 1), (1, 2), (2, 0)].map(|(a, b)| at(1_000, open(a, b, 100_000, 50_000))).into();
        for _ in 0..60 {
            time += numbers.next() % 30_000;
            let from = numbers.below(3);
            let (to, amount) = ((from + 1 + numbers.below(2)) % 3, 1 + numbers.next() % 150_000);
            scenario.script.push(at(
                time,
                match numbers.below(20) {
                    0..=8 => resize(from, to, amount),
                    9..=12 => pay_through(from, to, 1 + amount / 30, 1 + numbers.below(4) as u32),
                    13 => close(from, to, numbers.below(2) == 0),
                    14 => open(from, to, amount, amount / 2),
                    15 => cheat(from, to, numbers.next() % 8),
                    16 => Action::Stop { node: name(from) },
                    17 => Action::Start { node: name(from) },
                    18 => Action::Partition { nodes: vec![name(from)] },
                    _ => Action::HealAll,
                },
            ));
        }
        scenario
    }

    #[test]
    fn in_storms() {
        let (mut resizes, mut open_after) = (0, 0);
        for seed in 1..=20 * scale() {
            let mut world = World::new(stormy(seed));
            world.run_until(Timestamp(18 * MINUTE));
            world.act_now(Action::HealAll).expect("possible");
            (0..3).for_each(|node| drop(world.act_now(Action::Start { node: name(node) })));
            let end = world.now().after(20 * MINUTE);
            while world.step(end) != Step::Idle {
                assert_eq!(world.violation(), None, "{}", keep(&world, "resize-storm"));
            }
            let told = keep(&world, "resize-stuck");
            for (index, node) in world.running() {
                for (_, channel) in node.channels() {
                    let (phase, id) = (channel.phase(), channel.id());
                    let rests = channel.is_over() || *phase == Phase::Idle;
                    assert!(rests, "{index} leaves {} {}; {told}", id.short(), phase.name());
                    open_after += usize::from(*phase == Phase::Idle && channel.funding().resizes.is_some());
                }
                assert_eq!(node.offers().count(), 0, "{told}");
            }
            let (_, node) = world.running().next().expect("all are on");
            let best = node.chain().best().iter().filter_map(|id| node.chain().tree().block(id));
            let all = best.flat_map(|block| &block.transactions);
            resizes += all.filter(|transaction| transaction.unsigned.action.kind() == "resize").count();
            settle(&mut world);
            assert_eq!(world.violation(), None, "{told}");
        }
        assert!(resizes > 25 && open_after > 5, "{resizes} were made, {open_after} are open");
    }
}
