//! Whoever wants to break it.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::json;
use tabchain::native::http::{Alone, Rate, Settings};

use crate::place::Place;

/// What comes back for these bytes, until the connection ends or nothing more comes.
fn raw(place: &Place, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(place.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(1_500))).unwrap();
    // A server that has seen enough may have closed it.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let mut chunk = [0; 4_096];
    while let Ok(read) = stream.read(&mut chunk) {
        if read == 0 {
            break;
        }
        answer.extend_from_slice(&chunk[..read]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> u16 {
    answer.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("no status: {answer:?}"))
}

#[test]
fn hostile_bodies_change_nothing_and_name_what_is_wrong() {
    let place = Place::new();
    let (own, other) = (place.own, place.other);
    let with = |amount: &str| format!(r#"{{"sender":"{own}","receiver":"{other}","amount":{amount}}}"#);
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let extra = |field: &str| format!(r#"{{"sender":"{own}","receiver":"{other}","amount":1,{field}}}"#);
    let signed = json!(place.signed_by(&place.key, tabchain::primitives::Nonce(0), 5)).to_string();
    let table: Vec<(Vec<u8>, &str, &str)> = vec![
        (with("5.0").into(), "bad-json", "amount"),
        (with("0.5").into(), "bad-json", "amount"),
        (with("1e3").into(), "bad-json", "amount"),
        (with("-1").into(), "bad-json", "amount"),
        (with("9007199254740992").into(), "bad-json", "amount"),
        (with("18446744073709551616").into(), "bad-json", "amount"),
        (with("1e400").into(), "bad-json", "number out of range"),
        (with("NaN").into(), "bad-json", "expected"),
        (with("\"5\"").into(), "bad-field", "amount"),
        (with("null").into(), "bad-field", "amount"),
        (with("true").into(), "bad-field", "amount"),
        (with("[1]").into(), "bad-field", "amount"),
        (with(&deep).into(), "bad-json", "levels"),
        (extra(r#""amount":2"#).into(), "bad-json", "amount: twice"),
        (extra(r#""nonce":2"#).into(), "unknown-field", "nonce"),
        (extra(r#""fee":"1""#).into(), "bad-field", "fee"),
        (extra(r#""data":7"#).into(), "bad-field", "data"),
        (format!("{} x", with("5")).into(), "bad-json", "trailing"),
        (format!("{}{}", with("5"), with("5")).into(), "bad-json", "trailing"),
        (with("5")[..20].into(), "bad-json", "EOF"),
        (Vec::new(), "bad-json", "EOF"),
        (b"[]".to_vec(), "bad-json", "object"),
        (b"\"tab1\"".to_vec(), "bad-json", "object"),
        (b"{\"sender\":\"\xff\xfe\"}".to_vec(), "bad-json", "UTF-8"),
        (b"\xef\xbb\xbf{}".to_vec(), "bad-json", "expected"),
        (signed.replace("\"kind\"", "\"gift\":1,\"kind\"").into(), "unknown-field", "action.gift"),
        (signed.replace("\"transfer\"", "\"theft\"").into(), "bad-field", "action"),
        (signed.replacen('{', "{\"also\":1,", 1).into(), "unknown-field", "also"),
    ];
    for (body, code, names) in table {
        let shown = String::from_utf8_lossy(&body[..body.len().min(120)]).into_owned();
        let reply = place.send("/api/transactions", "application/json", &body);
        assert!(reply.status == 400, "{shown}: {}", reply.text());
        let problem = reply.refused(400, code);
        assert!(problem["detail"].as_str().unwrap().contains(names), "{shown}: {problem}");
    }
    assert_eq!(place.get("/api/transactions/pending").is(200), json!([]));
}

#[test]
fn only_json_changes_anything() {
    let place = Place::new();
    let body = json!({ "miningRewardAddress": place.own }).to_string();
    let kinds = [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonx",
        "application/json; charset=latin1",
    ];
    for kind in kinds {
        place.send("/api/mine", kind, body.as_bytes()).refused(415, "wrong-content-type");
    }
    let none = format!("POST /api/mine HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    assert_eq!(status(&raw(&place, none.as_bytes())), 415);
    assert_eq!(place.get("/api/blockchain/height").is(200), json!({ "height": 0 }));
    place.send("/api/mine", "Application/JSON; charset=UTF-8", body.as_bytes()).is(201);
}

#[test]
fn large_bodies_are_refused_with_and_without_a_length() {
    let place = Place::new();
    let large = vec![b' '; (1 << 20) + 1];
    place.send("/api/transactions", "application/json", &large).refused(413, "body-too-large");
    place.send("/api/transactions", "application/json", &large[..1 << 20]).refused(400, "bad-json");
    let head = "POST /api/transactions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let lie = format!("{head}content-length: 99999999999\r\n\r\n{{");
    assert_eq!(status(&raw(&place, lie.as_bytes())), 413);
    let mut chunked = format!("{head}transfer-encoding: chunked\r\n\r\n").into_bytes();
    for _ in 0..20 {
        chunked.extend_from_slice(b"10000\r\n");
        chunked.extend_from_slice(&[b' '; 0x10000]);
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    assert_eq!(status(&raw(&place, &chunked)), 413);
    let both = format!("{head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n");
    assert_eq!(status(&raw(&place, both.as_bytes())), 400);
    let (long, many) = ("x".repeat(1 << 20), "a: b\r\n".repeat(200));
    assert!((400..500).contains(&status(&raw(&place, format!("GET /{long} HTTP/1.1\r\n\r\n").as_bytes()))));
    assert!((400..500).contains(&status(&raw(&place, format!("GET / HTTP/1.1\r\n{many}\r\n").as_bytes()))));
    place.get("/api/health").is(200);
}

#[test]
fn slow_headers_and_idle_connections_are_cut_off() {
    let settings = Settings { patience: Duration::from_millis(300), ..Settings::default() };
    let place = Place::with(settings, std::sync::Arc::new(Alone));
    for start in [
        &b"GET /api/health HTTP/1.1\r\nhost: localhost\r\nx: "[..],
        b"",
        b"GET /api/health HTTP/1.1\r\nhost: localhost\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(place.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(start).unwrap();
        let began = tokio::time::Instant::now();
        let drip = stream.try_clone().unwrap();
        std::thread::spawn(move || {
            let mut drip = drip;
            while !start.is_empty() && !start.ends_with(b"\r\n\r\n") && drip.write_all(b"y").is_ok() {
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert!(began.elapsed() < Duration::from_secs(5), "{}", String::from_utf8_lossy(start));
    }
    place.get("/api/health").is(200);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let place = Place::new();
    let one = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let mut all: String = (0..50).map(|_| one("/api/blockchain/height")).collect();
    all += &one("/api/block/77");
    all += "GET /api/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let answer = raw(&place, all.as_bytes());
    let statuses: Vec<u16> = answer.match_indices("HTTP/1.1 ").map(|(at, _)| status(&answer[at..])).collect();
    assert_eq!(statuses.len(), 52);
    assert!(statuses[..50].iter().all(|status| *status == 200) && statuses[50..] == [404, 200]);
}

#[test]
fn foreign_hosts_and_origins_are_refused() {
    let place = Place::new();
    let get = |headers: &str| {
        status(&raw(&place, format!("GET /api/health HTTP/1.1\r\n{headers}connection: close\r\n\r\n").as_bytes()))
    };
    for own in ["host: localhost\r\n", "host: LOCALHOST:1234\r\n", "host: 127.0.0.1:80\r\n", "host: [::1]:80\r\n"] {
        assert_eq!(get(own), 200, "{own}");
    }
    for foreign in [
        "",
        "host: evil.example\r\n",
        "host: localhost.evil.example\r\n",
        "host: localhost\r\nhost: evil.example\r\n",
        "host: evil@localhost:x\r\n",
        "host: \r\n",
    ] {
        assert!((400..=403).contains(&get(foreign)), "{foreign}");
    }
    let absolute = raw(&place, b"GET http://evil.example/api/health HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert_eq!(status(&absolute), 403);
    assert!(absolute.contains("foreign-host"));
    let body = json!({ "scheme": "ed25519" }).to_string();
    let post = |origin: &str| {
        let head =
            format!("POST /api/accounts HTTP/1.1\r\nhost: localhost:5\r\norigin: {origin}\r\nconnection: close\r\n");
        let kind = format!("content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        raw(&place, format!("{head}{kind}").as_bytes())
    };
    assert_eq!(status(&post("http://localhost:5")), 201);
    for foreign in ["http://evil.example", "null", "http://localhost:6", "http://localhost:5.evil.example"] {
        let answer = post(foreign);
        assert!(status(&answer) == 403 && answer.contains("foreign-origin"), "{foreign}: {answer}");
    }
    let options = b"OPTIONS /api/accounts HTTP/1.1\r\nhost: localhost\r\norigin: http://evil.example\r\n\
        access-control-request-method: POST\r\nconnection: close\r\n\r\n";
    let answer = raw(&place, options);
    assert!(status(&answer) == 405 && !answer.to_lowercase().contains("access-control-allow"), "{answer}");
}

#[test]
fn unknown_routes_and_methods_answer_in_json() {
    let place = Place::new();
    for path in ["/api", "/api/nothing", "/api/block", "/nothing", "/api/block/1/2", "/..%2f..%2fetc%2fpasswd"] {
        place.get(path).refused(404, "no-such-route");
    }
    let reply = place.post("/api/blockchain/height", &json!({}));
    reply.refused(405, "wrong-method");
    assert!(reply.headers["allow"].contains("GET"));
    assert_eq!(status(&raw(&place, b"DELETE /api/accounts HTTP/1.1\r\nhost: localhost\r\n\r\n")), 405);
    assert_eq!(status(&raw(&place, b"nonsense\r\n\r\n")), 400);
}

#[test]
fn a_token_is_asked_for_where_one_is_set() {
    let settings = Settings { token: Some("sesame".to_owned()), ..Settings::default() };
    let place = Place::with(settings, std::sync::Arc::new(Alone));
    place.get("/api/health").is(200);
    place.get("/api/openapi.json").is(200);
    assert_eq!(place.get("/docs/").status, 200);
    for path in ["/api/accounts", "/metrics", "/api/block/0"] {
        let reply = place.get(path);
        reply.refused(401, "no-token");
        assert_eq!(reply.headers["www-authenticate"], "Bearer");
        place.get_with(path, ("authorization", "Bearer wrong")).refused(401, "no-token");
        assert_eq!(place.get_with(path, ("authorization", "Bearer sesame")).status, 200);
    }
}

#[test]
fn who_asks_too_often_waits() {
    let rate = Some(Rate { per_second: 1, burst: 5 });
    let settings = Settings { rate, rate_on_loopback: true, ..Settings::default() };
    let place = Place::with(settings, std::sync::Arc::new(Alone));
    let refused = (0..20).map(|_| place.get("/api/health")).find(|reply| reply.status == 429).expect("a refusal");
    refused.refused(429, "too-many-requests");
    assert!(refused.headers["retry-after"].parse::<u32>().unwrap() >= 1);
    let place = Place::with(Settings { rate, ..Settings::default() }, std::sync::Arc::new(Alone));
    assert!(
        (0..20).all(|_| place.get("/api/health").status == 200),
        "loopback is not limited unless that is asked for"
    );
}
