//! Events as they happen, and the end of the node.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::{Value, json};
use tabchain::{
    native::driver::{Topic, What},
    primitives::Height,
};

use crate::place::Place;

/// A connection that follows events.
struct Follower(BufReader<TcpStream>);

impl Follower {
    fn new(place: &Place, query: &str, last: Option<u64>) -> Self {
        let mut stream = TcpStream::connect(place.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let resume = last.map_or_else(String::new, |id| format!("last-event-id: {id}\r\n"));
        write!(stream, "GET /api/events{query} HTTP/1.1\r\nhost: localhost\r\n{resume}\r\n").unwrap();
        let mut new = Self(BufReader::new(stream));
        while !new.line().starts_with(": events follow") {}
        new
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.0.read_line(&mut line).unwrap() > 0, "the stream has ended");
        line
    }

    /// The next event: id, topic, data.
    fn next(&mut self) -> (Option<u64>, String, Value) {
        let (mut id, mut topic) = (None, String::new());
        loop {
            let line = self.line();
            if let Some(text) = line.strip_prefix("id: ") {
                id = text.trim().parse().ok();
            } else if let Some(text) = line.strip_prefix("event: ") {
                topic = text.trim().to_owned();
            } else if let Some(text) = line.strip_prefix("data: ") {
                return (id, topic, serde_json::from_str(text).unwrap());
            }
        }
    }
}

#[test]
fn blocks_and_transactions_are_told_by_topic_and_resumed() {
    let place = Place::new();
    let mut heads = Follower::new(&place, "?topics=head,nonsense", None);
    let mut all = Follower::new(&place, "", None);
    place.post("/api/transactions", &json!(place.signed(5))).is(201);
    let block = place.mine(1);
    let (first, topic, data) = heads.next();
    assert_eq!((topic.as_str(), &data["hash"], &data["height"]), ("head", &block["hash"], &json!(1)));
    let (_, topic, data) = all.next();
    assert_eq!((topic.as_str(), &data["kind"]), ("transaction", &json!("transactionAccepted")));
    place.mine(2);
    let second = heads.next();
    assert_eq!(second.2["height"], json!(2));
    let mut resumed = Follower::new(&place, "?topics=head&topics=block", first);
    let ids: Vec<_> = (0..4).map(|_| resumed.next()).collect();
    assert!(ids.windows(2).all(|pair| pair[0].0 < pair[1].0));
    assert_eq!(ids.iter().filter(|(_, topic, _)| topic == "head").count(), 2);
    let mut of_an_earlier_process = Follower::new(&place, "?topics=head", Some(2));
    assert_eq!(of_an_earlier_process.next().1, "lost");
    let log = place.handle.events();
    (0..5_000).for_each(|_| log.push(Topic::Peer, What::Head { block: place.genesis, height: Height(0) }));
    let mut late = Follower::new(&place, "?topics=peer", first);
    assert_eq!(late.next().1, "lost");
    assert_eq!(late.next().1, "peer");
}

#[test]
fn only_so_many_follow() {
    let settings = tabchain::native::http::Settings { streams: 2, ..Default::default() };
    let place = Place::with(settings, std::sync::Arc::new(tabchain::native::http::Alone));
    let one = Follower::new(&place, "", None);
    let _two = Follower::new(&place, "", None);
    place.get("/api/events").refused(429, "too-many-streams");
    drop(one);
    for _ in 0..100 {
        // Nothing is told: that the reader has gone is seen when something is.
        place.mine(1);
        if place.get("/metrics").text().contains("tabchain_event_streams 1\n") {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("the seat is not free");
}

#[test]
fn at_the_end_streams_end_and_new_requests_are_refused() {
    let mut place = Place::new();
    let mut follower = Follower::new(&place, "", None);
    let mut kept = TcpStream::connect(place.address).unwrap();
    kept.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    kept.write_all(b"GET /api/health HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut kept = BufReader::new(kept);
    let mut line = String::new();
    kept.read_line(&mut line).unwrap();
    assert!(line.starts_with("HTTP/1.1 200"), "{line}");
    // A request that keeps the node serving for a moment: its body does not come.
    let mut slow = TcpStream::connect(place.address).unwrap();
    let head =
        b"POST /api/mine HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 80\r\n\r\n";
    slow.write_all(head).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    place.stop();
    std::thread::sleep(Duration::from_millis(200));
    place.get("/api/health").refused(503, "shutting-down");
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut follower.0, &mut rest).unwrap();
    drop(slow);
    place.join();
    assert!(TcpStream::connect(place.address).is_err(), "nobody listens any more");
}
