//! Runs in links: what is shared comes back as it was, and whatever else stands in an address is refused with a sentence. Never a panic.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use tabchain::{
    primitives::Timestamp,
    sim::{Capsule, LinkError, MAX_SCENARIO_BYTES, Scenario, Timeline, World},
    view::{Address, Opens, Page, Selection},
};

use crate::lab::{Numbers, scale};

/// Fragments that are tried, and links; twenty times as many in `make torture`.
const FUZZED: u64 = 500;

fn capsule() -> Capsule {
    let mut timeline = Timeline::new(World::new(Scenario::first()));
    while !timeline.seek(Timestamp(90_000), 1_000) {}
    timeline.capsule()
}

fn link_of(bytes: &[u8]) -> String {
    let deflated = miniz_oxide::deflate::compress_to_vec(bytes, 6);
    format!("1.{}", BASE64_URL_SAFE_NO_PAD.encode(deflated))
}

#[test]
fn a_shared_run_comes_back_with_its_place_and_selection() {
    let capsule = capsule();
    let selection = Some(Selection::node("Charlie"));
    let opens = Some(Opens::Run(capsule.to_link()));
    let shared = Address { page: Page::Lab, opens, selection: selection.clone(), at: None }.to_string();
    assert!(shared.len() < 2_000, "{} characters fit every address bar", shared.len());
    let address: Address = shared.parse().expect("as it was written");
    let Some(Opens::Run(run)) = address.opens else { panic!("a run: {shared}") };
    let back = Capsule::from_link(&run).expect("as it was written");
    assert_eq!((&back, address.selection), (&capsule, selection));
    let world = back.replay().finish().expect("the same digest");
    assert_eq!((world.now(), world.digest()), (capsule.cursor.time, capsule.digest));
}

#[test]
fn what_is_wrong_with_a_link_is_said() {
    let link = capsule().to_link();
    type Is = fn(&LinkError) -> bool;
    let long = format!("{{\"capsule\":1,\"scenario\":{{\"{}\":0}}}}", "x".repeat(100_000));
    let cases: [(String, Is); 9] = [
        (link_of(long.as_bytes()), |error| matches!(error, LinkError::Capsule(_))),
        ("x".repeat(MAX_SCENARIO_BYTES), |error| matches!(error, LinkError::TooLong(_))),
        (String::new(), |error| matches!(error, LinkError::Version(_))),
        (format!("2{}", &link[1..]), |error| matches!(error, LinkError::Version(_))),
        (format!("{link}="), |error| matches!(error, LinkError::Encoding(_))),
        (link[..link.len() / 2].to_owned(), |error| matches!(error, LinkError::Inflate(_) | LinkError::Encoding(_))),
        // A thousand times more than it says.
        (link_of(&vec![b' '; 100 << 20]), |error| matches!(error, LinkError::TooLarge)),
        (link_of(&[0xff; 9]), |error| matches!(error, LinkError::Text(0))),
        (link_of(b"{}"), |error| matches!(error, LinkError::Capsule(_))),
    ];
    for (link, is) in cases {
        let error = Capsule::from_link(&link).expect_err("not a link");
        assert!(is(&error), "{error}");
        assert!(error.to_string().len() < 700, "{error}");
    }
}

#[test]
fn damaged_addresses_are_refused_or_mean_something() {
    let mut numbers = Numbers(17);
    let link = capsule().to_link();
    let whole = format!("#/explore/message/90000-2-4-17?run={link}&at=1234");
    let alphabet = b"#/?&=-_.%abcdefxyzABC0189 <>\"'\xc3\xa4";
    let mut refused = 0;
    for _ in 0..FUZZED * scale() {
        let mut bytes = whole.clone().into_bytes();
        // Half of them in the part before the run, where most meaning is.
        let head = numbers.below(2) == 0;
        for _ in 0..=numbers.below(4) {
            let end = if head { 60.min(bytes.len()) } else { bytes.len() };
            let at = numbers.below(end.max(1));
            match numbers.below(4) {
                _ if bytes.is_empty() => {}
                0 => bytes[at] = alphabet[numbers.below(alphabet.len())],
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, alphabet[numbers.below(alphabet.len())]),
                _ => bytes.truncate(end.max(at)),
            }
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        match text.parse::<Address>() {
            Ok(address) => {
                let again = address.to_string();
                assert_eq!(again.parse::<Address>().as_ref(), Ok(&address), "{text}");
                if let Some(Opens::Run(run)) = &address.opens
                    && let Err(error) = Capsule::from_link(run)
                {
                    assert!(error.to_string().len() < 700, "{error}");
                    refused += 1;
                }
            }
            Err(error) => {
                assert!(error.to_string().len() < 300, "{error}");
                refused += 1;
            }
        }
    }
    assert!(refused > FUZZED * scale() / 4, "{refused} were refused");
}
