//! Peers ask each other for invoices: whoever answers is the one who was asked, and nobody can fill another's memory.

use tabchain::{
    channel::{Asking, Direct, Invoice},
    gossip::{Message, PeerId},
    node::{Command, CommandResult, EventKind, PaymentRefusal},
    primitives::{Amount, Checks, Hash, MIN_HTLC},
};

use crate::{
    lab::{Lab, Numbers, keyring},
    support::{ChainBuilder, LATER, genesis, rules, units},
};

const PAYER: u64 = 1;
const PAYEE: u64 = 2;
const STRANGER: u64 = 66;

fn lab() -> Lab {
    let builder = ChainBuilder::new(genesis(3, rules(1)));
    let mut lab = Lab::new(builder.genesis, LATER);
    lab.add(PAYER, &[]);
    lab.add(PAYEE, &[]);
    lab.connect(PAYER, PAYEE);
    lab.greet(PAYER, STRANGER);
    lab.greet(PAYEE, STRANGER);
    lab.run(1_000);
    lab
}

fn say(lab: &mut Lab, to: u64, message: Asking) {
    lab.say(STRANGER, to, &Message::Direct(Direct::Asking(message).to_bytes()));
}

fn ask(lab: &mut Lab, peer: u64, amount: Amount) -> Hash {
    match lab.ask(PAYER, Command::AskForInvoice { peer: PeerId(peer), amount }) {
        Some(CommandResult::Asked(request)) => request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_payee_makes_an_invoice_for_who_asks() {
    let mut lab = lab();
    let request = ask(&mut lab, PAYEE, units(2_000));
    // Who was not asked is not heard.
    let (key, genesis) = (keyring(STRANGER), lab.genesis.block().id());
    let forged = Invoice::sign(key.key(), &genesis, units(2_000), Hash([7; 32]));
    say(&mut lab, PAYER, Asking::Made { request, invoice: forged });
    assert_eq!(lab.node(PAYER).answered(&request), None);
    lab.run(1_000);
    let invoice = lab.node(PAYER).answered(&request).expect("the payee answers").clone();
    assert_eq!((&invoice.payee, invoice.amount), (&keyring(PAYEE).public(), units(2_000)));
    assert!(invoice.is_signed(&genesis, &mut Checks::forgetful()));
    assert_eq!(lab.node(PAYEE).promised().collect::<Vec<_>>(), [&invoice]);
    assert!(lab.disks[&PAYEE].invoices.is_empty(), "nothing is stored for who only asks");
    // Somebody who was asked, and answers with what it has not signed, or twice.
    let request = ask(&mut lab, STRANGER, units(2_000));
    let signed = Invoice::sign(key.key(), &genesis, units(2_000), Hash([8; 32]));
    let changed = Invoice { amount: units(1_000), ..signed.clone() };
    say(&mut lab, PAYER, Asking::Made { request, invoice: changed });
    assert_eq!(lab.node(PAYER).answered(&request), None);
    let blamed = |(who, event): &(u64, EventKind)| {
        *who == PAYER && matches!(event, EventKind::PeerBlamed { peer, .. } if *peer == PeerId(STRANGER))
    };
    assert_eq!(lab.events.iter().filter(|event| blamed(event)).count(), 1);
    say(&mut lab, PAYER, Asking::Made { request, invoice: signed.clone() });
    let second = Invoice::sign(key.key(), &genesis, units(2_000), Hash([9; 32]));
    say(&mut lab, PAYER, Asking::Made { request, invoice: second });
    assert_eq!(lab.node(PAYER).answered(&request), Some(&signed));
}

#[test]
fn what_cannot_be_asked_for_says_why() {
    let mut lab = lab();
    let mut refused = |peer, amount| lab.ask(PAYER, Command::AskForInvoice { peer: PeerId(peer), amount });
    let least = MIN_HTLC.units() - 1;
    let small = PaymentRefusal::TooSmall { amount: units(least), minimum: MIN_HTLC };
    assert_eq!(refused(PAYEE, units(least)), Some(CommandResult::PaymentRefused(small)));
    assert_eq!(refused(7, units(2_000)), Some(CommandResult::NoPeers));
}

#[test]
fn who_asks_for_many_waits_and_displaces_its_own() {
    let mut lab = lab();
    let request = ask(&mut lab, PAYEE, units(2_000));
    lab.run(1_000);
    let mut numbers = Numbers(5);
    for _ in 0..500 {
        say(&mut lab, PAYEE, Asking::Want { request: numbers.id(), amount: units(3_000) });
        say(&mut lab, PAYEE, Asking::Want { request: numbers.id(), amount: units(1) });
    }
    lab.run(1_000);
    let honest = lab.node(PAYER).answered(&request).expect("answered").clone();
    let promised = |lab: &Lab| lab.node(PAYEE).promised().cloned().collect::<Vec<Invoice>>();
    let before = promised(&lab);
    assert_eq!((before.len(), &before[0]), (17, &honest));
    // Nothing was signed for the rest of them. A minute later one makes room for another.
    let made = |lab: &mut Lab| lab.received(STRANGER).iter().filter(|said| matches!(said, Message::Direct(_))).count();
    assert_eq!(made(&mut lab), 16);
    lab.run(60_000);
    say(&mut lab, PAYEE, Asking::Want { request: numbers.id(), amount: Amount::ZERO });
    lab.run(1_000);
    assert_eq!(promised(&lab), before, "what cannot be asked for displaces nothing");
    say(&mut lab, PAYEE, Asking::Want { request: numbers.id(), amount: units(3_000) });
    lab.run(1_000);
    let after = promised(&lab);
    assert_eq!((after.len(), &after[..16]), (17, &[&before[..1], &before[2..]].concat()[..]));
}
