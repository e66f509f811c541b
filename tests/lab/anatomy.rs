//! The anatomy of an encoding cannot lie: its fields are the encoding, without gap or overlap, for whatever value.

use proptest::prelude::*;
use tabchain::{
    channel::{
        self, Asking, Body, Change, Claim, Direct, Failure, FailureReason, Invoice, MAX_TOWER_BYTES, NewHtlc, Onward,
        Packet, Progress, TowerMessage, TowerRefusal, Watch,
        routing::{Announcement, ChannelPolicy, MAX_HOPS},
    },
    gossip::{Announcements, Direction, Item, Message, Status, Wanted},
    primitives::{
        Action, Address, Amount, Block, Closing, CoSigned, Coinbase, Commitment, CommitmentSecret, Dispute,
        DisputeStep, FeeSource, Funding, Hash, Header, Height, Htlc, MAX_AMOUNT, MAX_HTLCS, Memo, Nonce, Party, Policy,
        Preimage, PublicKey, Resizing, Revelation, RsaKey, RsaSignature, Seal, Side, Signature, State, Target, Terms,
        Timestamp, Transaction, UnsealedHeader, UnsignedTransaction, encode,
    },
    view::{Anatomy, Annotate, Annotator, Evidence},
};

use crate::{lab::Numbers, support::properties};

fn address(numbers: &mut Numbers) -> Address {
    PublicKey::Ed25519(numbers.id().0).address()
}

fn amount(numbers: &mut Numbers) -> Amount {
    Amount::new(numbers.next() % (MAX_AMOUNT + 1)).expect("in range")
}

fn header(numbers: &mut Numbers) -> Header {
    let unsealed = UnsealedHeader {
        version: numbers.next() as u32,
        parent: numbers.id(),
        height: Height(numbers.next()),
        merkle_root: numbers.id(),
        state_root: numbers.id(),
        timestamp: Timestamp(numbers.next()),
        target: Target::from_expected_hashes(numbers.next()),
    };
    Header { unsealed, seal: Seal::Work { nonce: numbers.next() } }
}

fn key(numbers: &mut Numbers) -> PublicKey {
    match numbers.next() % 3 {
        0 => PublicKey::Rsa(RsaKey::new(&[&[0xff][..], &numbers.bytes(510), &[1]].concat()).expect("a modulus")),
        _ => PublicKey::Ed25519(numbers.id().0),
    }
}

fn signature(numbers: &mut Numbers) -> Signature {
    match numbers.next() % 3 {
        0 => Signature::Rsa(RsaSignature::new(&numbers.bytes(512)).expect("the longest")),
        _ => Signature::Ed25519(numbers.bytes(64).try_into().expect("64 bytes")),
    }
}

fn party(numbers: &mut Numbers) -> Party {
    Party { key: key(numbers), nonce: Nonce(numbers.next()), deposit: amount(numbers), salt: numbers.id() }
}

fn cosigned(numbers: &mut Numbers) -> CoSigned {
    let points = [numbers.id(), numbers.id()];
    let commitment = Commitment { number: numbers.next(), state: numbers.id(), points };
    CoSigned { commitment, signatures: [signature(numbers), signature(numbers)] }
}

fn funding(numbers: &mut Numbers) -> Funding {
    let terms = Terms {
        policy: if numbers.below(2) == 0 { Policy::Penalty } else { Policy::Replace },
        window: numbers.next() as u32,
        reserve: amount(numbers),
        valid_until: Height(numbers.next()),
    };
    let resizes = (numbers.below(2) == 0)
        .then(|| Resizing { channel: numbers.id(), balances: [amount(numbers), amount(numbers)] });
    Funding { parties: [party(numbers), party(numbers)], terms, resizes }
}

fn htlc(numbers: &mut Numbers) -> Htlc {
    let offerer = Side::BOTH[numbers.below(2)];
    let (id, amount, payment) = (numbers.next(), amount(numbers), numbers.id());
    Htlc { id, offerer, amount, payment, expiry: Height(numbers.next()) }
}

fn state(numbers: &mut Numbers) -> State {
    State { balances: [amount(numbers), amount(numbers)], htlcs: many(numbers, 60, htlc) }
}

fn evidence(numbers: &mut Numbers) -> Evidence {
    let state = state(numbers);
    Evidence { funding: funding(numbers), newest: cosigned(numbers), state }
}

fn dispute(numbers: &mut Numbers) -> Dispute {
    let step = match numbers.below(5) {
        0 => DisputeStep::Publish(cosigned(numbers)),
        1 => DisputeStep::Refute(cosigned(numbers)),
        2 => DisputeStep::Punish(CommitmentSecret(numbers.id().0)),
        3 => DisputeStep::Settle(state(numbers)),
        _ => DisputeStep::Reveal(Revelation { preimage: Preimage(numbers.id().0), expiry: Height(numbers.next()) }),
    };
    Dispute {
        channel: numbers.id(),
        keys: [key(numbers), key(numbers)],
        payer: key(numbers),
        fee_from: if numbers.below(2) == 0 { FeeSource::Account } else { FeeSource::Reserve },
        step,
    }
}

fn transfer(numbers: &mut Numbers) -> Action {
    let length = numbers.below(65);
    let memo: String = "ab<&'\"äöü€".chars().cycle().skip(numbers.below(10)).take(length).collect();
    let memo = Memo::new(memo).expect("at most 195 bytes");
    let (from, to) = (key(numbers), address(numbers));
    Action::Transfer { from, nonce: Nonce(numbers.next()), to, amount: amount(numbers), memo }
}

fn transaction(numbers: &mut Numbers) -> Transaction {
    let action = match numbers.below(4) {
        0 => Action::Fund(Box::new(funding(numbers))),
        1 => Action::Close(Box::new(Closing {
            channel: numbers.id(),
            keys: [key(numbers), key(numbers)],
            balances: [amount(numbers), amount(numbers)],
        })),
        2 => Action::Dispute(Box::new(dispute(numbers))),
        _ => transfer(numbers),
    };
    let unsigned = UnsignedTransaction { fee: amount(numbers), action };
    let cosignature = (numbers.below(2) == 0).then(|| signature(numbers));
    Transaction { unsigned, signature: signature(numbers), cosignature }
}

fn many<T>(numbers: &mut Numbers, most: usize, one: fn(&mut Numbers) -> T) -> Vec<T> {
    (0..numbers.below(most + 1)).map(|_| one(numbers)).collect()
}

fn block(numbers: &mut Numbers) -> Block {
    let coinbase = Coinbase { to: address(numbers), amount: amount(numbers) };
    Block { header: header(numbers), coinbase, transactions: many(numbers, 60, transaction) }
}

fn item(numbers: &mut Numbers) -> Item {
    if numbers.below(2) == 0 { Item::Block(numbers.id()) } else { Item::Transaction(numbers.id()) }
}

fn direction(numbers: &mut Numbers) -> Direction {
    (numbers.id(), Side::BOTH[numbers.below(2)])
}

fn announcement(numbers: &mut Numbers) -> Announcement {
    let policy = ChannelPolicy {
        fee_base: amount(numbers),
        fee_rate: numbers.below(1_000_001) as u32,
        expiry_delta: 1 + numbers.below(1_000) as u32,
        htlc_minimum: Amount::ZERO,
        htlc_maximum: amount(numbers),
        enabled: numbers.below(2) == 0,
    };
    let ((channel, side), sequence) = (direction(numbers), numbers.next() >> 11);
    Announcement { channel, side, sequence, policy, signature: signature(numbers) }
}

fn messages(numbers: &mut Numbers) -> Vec<Message> {
    let (version, genesis, tip) = (numbers.next() as u32, numbers.id(), numbers.id());
    let (work, announcements) = (header(numbers).target.work(), numbers.next());
    let mut entries = many(numbers, 60, |numbers| announcement(numbers).to_bytes());
    entries.extend([numbers.bytes(9), Vec::new()]);
    let parts = many(numbers, 200, |numbers| (numbers.next() as u8, numbers.next()));
    let mut messages = vec![
        Message::Status(Status { version, genesis, tip, height: Height(numbers.next()), work, announcements }),
        Message::Inventory(many(numbers, 200, item)),
        Message::Get(many(numbers, 200, item)),
        Message::NotFound(many(numbers, 200, item)),
        Message::GetHeaders(many(numbers, 200, Numbers::id)),
        Message::Headers(many(numbers, 60, header)),
        Message::Block(block(numbers)),
        Message::Transaction(transaction(numbers)),
        Message::Direct(numbers.bytes(9)),
        Message::Direct(Vec::new()),
        Message::Announcements(Announcements { entries, more: numbers.below(2) == 0 }),
        Message::Announcements(Announcements { entries: Vec::new(), more: false }),
        Message::GetAnnouncements(Wanted { after: Some(direction(numbers)), parts }),
        Message::GetAnnouncements(Wanted { after: None, parts: Vec::new() }),
    ];
    let said = bodies(numbers).into_iter().map(|body| channel::Message { handle: numbers.id(), body });
    let said: Vec<Direct> = said.map(Direct::Channel).collect();
    let told = tower_messages(numbers).into_iter().map(Direct::Tower);
    let invoice =
        Invoice { payee: key(numbers), amount: amount(numbers), payment: numbers.id(), signature: signature(numbers) };
    let asked = [
        Asking::Want { request: numbers.id(), amount: amount(numbers) },
        Asking::Made { request: numbers.id(), invoice },
    ];
    let asked = asked.map(Direct::Asking);
    messages.extend(said.into_iter().chain(told).chain(asked).map(|said| Message::Direct(said.to_bytes())));
    messages.iter().for_each(every_kind_is_here);
    messages
}

/// All that the parties of a channel can say.
fn bodies(numbers: &mut Numbers) -> Vec<Body> {
    let (number, turn, fee) = (numbers.next(), numbers.next(), amount(numbers));
    let (points, next_point) = ([numbers.id(), numbers.id()], numbers.id());
    let (one, other, secret) = (signature(numbers), signature(numbers), CommitmentSecret(numbers.id().0));
    let (party, terms, theirs) = (party(numbers), funding(numbers).terms, amount(numbers));
    let bodies = vec![
        Body::Open { party: party.clone(), theirs, terms, fee, points, resizes: None },
        Body::Accept { party, points, signature: one.clone() },
        Body::Refuse { reason: "no".repeat(numbers.below(50)) },
        Body::Fund { commitment: one.clone(), funding: other.clone() },
        Body::Funded { funding: one.clone() },
        Body::Sign { number, signature: one.clone() },
        Body::Commit { number, signature: one.clone(), secret, next_point },
        Body::Revoke { number, secret, next_point, yields: numbers.below(2) == 0 },
        Body::Ask { turn },
        Body::Yield { turn },
        Body::Close { turn, fee, signature: one },
        Body::Closed { signature: other },
        Body::Resume { number, revoked: Some((turn, secret)), heard: numbers.below(2) == 0 },
        Body::Resume { number, revoked: None, heard: true },
        Body::Lost,
    ];
    let changes = changes(numbers).into_iter().map(|change| Body::Propose { number, turn, change });
    let bodies: Vec<Body> = bodies.into_iter().chain(changes).collect();
    bodies.iter().for_each(every_body_is_here);
    bodies
}

/// All that can change in a channel.
fn changes(numbers: &mut Numbers) -> Vec<Change> {
    let hop = |numbers: &mut Numbers| Onward {
        channel: numbers.id(),
        amount: amount(numbers),
        expiry: Height(numbers.next()),
    };
    let packet = Packet::of(&many(numbers, MAX_HOPS as usize - 1, hop));
    let (id, payment, expiry, amount) = (numbers.next(), numbers.id(), Height(numbers.next()), amount(numbers));
    let failure = |numbers: &mut Numbers, channel, reason| Failure { at: key(numbers), channel, reason };
    let here = Some(numbers.id());
    vec![
        Change::Pay { amount },
        Change::Offer(Box::new(NewHtlc { amount, payment, expiry, packet })),
        Change::Fulfil { id, preimage: Preimage(numbers.id().0) },
        Change::Fail { id, failure: failure(numbers, None, FailureReason::UnknownPayment) },
        Change::Fail {
            id,
            failure: failure(numbers, here, FailureReason::FeeTooLow { found: amount, needed: amount }),
        },
    ]
}

/// All that a party and its watchtower can say.
fn tower_messages(numbers: &mut Numbers) -> Vec<TowerMessage> {
    let channel = numbers.id();
    let progress = Progress { number: numbers.next(), revoked: numbers.next(), claims: numbers.next() as u32 };
    let limit = numbers.next() as u32;
    let longest = Signature::Rsa(RsaSignature::new(&[9; 512]).expect("the longest"));
    let watch = |numbers: &mut Numbers, client, count| {
        let secrets = (0..count).map(|_| CommitmentSecret(numbers.id().0)).collect();
        let claim =
            |_| Claim { preimage: Preimage(numbers.id().0), expiry: Height(numbers.next()), amount: amount(numbers) };
        let claims: Vec<Claim> = (0..count.min(MAX_HTLCS)).map(claim).collect();
        let signature = (count > 0).then(|| longest.clone());
        let (mut newest, revoked) = (cosigned(numbers), numbers.next());
        if count > 0 {
            newest.signatures = [longest.clone(), longest.clone()];
        }
        let message =
            TowerMessage::Watch(Box::new(Watch { channel, client, newest, revoked, secrets, claims, signature }));
        assert!(message.to_bytes().len() <= MAX_TOWER_BYTES, "the longest can be read");
        message
    };
    let refusals = [TowerRefusal::NotServing, TowerRefusal::NotOnChain].into_iter();
    let refusals = refusals.chain([TowerRefusal::TooMany { limit }, TowerRefusal::Full { limit }]);
    let refused = refusals.map(|reason| TowerMessage::Refused { channel, reason });
    let others = [TowerMessage::Watching { channel, progress }, TowerMessage::Forget { channel }];
    let messages: Vec<_> = [watch(numbers, Side::Opener, 0), watch(numbers, Side::Accepter, 48)]
        .into_iter()
        .chain(refused)
        .chain(others)
        .collect();
    messages.iter().for_each(|message| match message {
        TowerMessage::Watch(_) | TowerMessage::Watching { .. } | TowerMessage::Forget { .. } => {}
        TowerMessage::Refused { reason, .. } => match reason {
            TowerRefusal::NotServing | TowerRefusal::NotOnChain => {}
            TowerRefusal::TooMany { .. } | TowerRefusal::Full { .. } => {}
        },
    });
    messages
}

/// A new thing to say does not compile until it has a place above.
fn every_body_is_here(body: &Body) {
    match body {
        Body::Open { .. } | Body::Accept { .. } | Body::Refuse { .. } | Body::Fund { .. } | Body::Funded { .. } => {}
        Body::Propose { change: Change::Pay { .. } | Change::Offer(_), .. } => {}
        Body::Propose { change: Change::Fulfil { .. } | Change::Fail { .. }, .. } => {}
        Body::Resume { .. } | Body::Lost | Body::Sign { .. } | Body::Commit { .. } => {}
        Body::Revoke { .. } | Body::Ask { .. } | Body::Yield { .. } | Body::Close { .. } | Body::Closed { .. } => {}
    }
}

/// A new kind of message does not compile until it has a place above.
fn every_kind_is_here(message: &Message) {
    match message {
        Message::Status(_) | Message::Inventory(_) | Message::Get(_) | Message::NotFound(_) => {}
        Message::GetHeaders(_) | Message::Headers(_) | Message::Block(_) | Message::Transaction(_) => {}
        Message::Direct(_) | Message::Announcements(_) | Message::GetAnnouncements(_) => {}
    }
}

/// The fields tile the encoding, and say what their bytes say.
fn is_true(value: &impl Annotate) -> Result<(), TestCaseError> {
    let (bytes, fields) = Annotator::run(value);
    prop_assert_eq!(&bytes, &encode(value));
    let mut end = 0;
    for field in &fields {
        prop_assert_eq!(field.offset, end, "{}", field.path);
        prop_assert!(field.length > 0, "{} is empty", field.path);
        let span = &bytes[end..end + field.length];
        end += field.length;
        let hex = hex_of(span);
        match field.length {
            // Little-endian numbers, unless it is a text or the rest of a list.
            4 | 8 if field.value.parse::<u64>().is_ok() && !field.path.ends_with("utf8") => {
                let number = span.iter().rev().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
                prop_assert_eq!(&field.value, &number.to_string(), "{}", field.path);
            }
            64 if field.path.ends_with("bytes") => prop_assert_eq!(&field.value, &hex, "{}", field.path),
            32 if field.value.parse::<Hash>().is_ok() && !field.path.ends_with("arget") => {
                prop_assert_eq!(&field.value, &hex, "{}", field.path);
            }
            _ if field.path.ends_with("utf8") => prop_assert_eq!(field.value.as_bytes(), span),
            _ => {}
        }
    }
    prop_assert_eq!(end, bytes.len());
    let paths: std::collections::BTreeSet<&str> = fields.iter().map(|field| field.path.as_str()).collect();
    prop_assert_eq!(paths.len(), fields.len(), "no two fields have one name");

    let anatomy = Anatomy::of(value);
    prop_assert_eq!(anatomy.size, bytes.len());
    prop_assert_eq!(&anatomy.hex, &hex_of(&bytes[..bytes.len().min(4_096)]));
    prop_assert!(anatomy.fields.len() < 350, "{} fields", anatomy.fields.len());
    Ok(())
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

proptest! {
    #![proptest_config(properties(64))]

    #[test]
    fn the_fields_of_every_type_tile_its_encoding(seed: u64) {
        let numbers = &mut Numbers(seed);
        is_true(&numbers.id())?;
        is_true(&header(numbers).unsealed)?;
        is_true(&header(numbers))?;
        is_true(&evidence(numbers))?;
        is_true(&transaction(numbers).unsigned)?;
        is_true(&transaction(numbers))?;
        let block = block(numbers);
        is_true(&block.coinbase)?;
        is_true(&block)?;
        for message in messages(numbers) {
            is_true(&message)?;
        }
    }
}

#[test]
fn fields_are_named_by_their_place() {
    let numbers = &mut Numbers(7);
    let mut block = block(numbers);
    let (unsigned, signature) =
        (UnsignedTransaction { fee: amount(numbers), action: transfer(numbers) }, signature(numbers));
    block.transactions = vec![Transaction { unsigned, signature, cosignature: None }];
    let anatomy = Anatomy::of(&Message::Block(block));
    let paths: Vec<&str> = anatomy.fields.iter().map(|field| field.path.as_str()).collect();
    assert_eq!(paths[..4], ["kind", "block.header.version", "block.header.parent", "block.header.height"]);
    assert_eq!(
        paths[8..12],
        ["block.header.seal.kind", "block.header.seal.nonce", "block.coinbase.to", "block.coinbase.amount"]
    );
    let evidence = Anatomy::of(&evidence(numbers));
    let groups: Vec<&str> = evidence.fields.iter().filter_map(|field| field.path.split('.').next()).collect();
    assert_eq!((groups.first(), groups.last()), (Some(&"funding"), Some(&"state")));
    assert!(evidence.fields.iter().any(|field| field.path == "newest.commitment.number"));
    assert!(paths.contains(&"block.transactions.count") && paths.contains(&"block.transactions[0].action.amount"));
}

/// What stake brings along: seals, votes, deposits, exits and evidence of both kinds, out of a run that has them all.
#[test]
fn blocks_of_stake_are_tiled_by_their_fields() {
    let mut scenario =
        tabchain::sim::Scenario::from_json(tabchain::sim::preset("stake").expect("an example")).expect("as shipped");
    let action = tabchain::sim::Action::Unstake { node: "Foxtrot".to_owned(), fee: Amount::literal(500) };
    scenario
        .script
        .insert(2, tabchain::sim::ScriptEntry { at: tabchain::sim::Position::Time(Timestamp(300_000)), action });
    let mut world = tabchain::sim::World::new(scenario);
    world.run_until(Timestamp(600_000));
    let chain = world.nodes()[0].node.as_ref().expect("on").chain();
    let mut kinds = std::collections::BTreeSet::new();
    for id in chain.best().iter().skip(1) {
        let block = Block::clone(chain.tree().block(id).expect("best"));
        let (bytes, _) = Annotator::run(&block);
        assert_eq!(bytes, encode(&block));
        kinds.extend(block.transactions.iter().map(|one| match &one.unsigned.action {
            Action::Report(report) => report.offence.kind().expect("an offence").name(),
            action => action.kind(),
        }));
    }
    for kind in ["attest", "stake", "unstake", "equivocation", "double-vote"] {
        assert!(kinds.contains(kind), "{kind}: {kinds:?}");
    }
}
