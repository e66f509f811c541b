//! Channels between two accounts of one keystore: each side keeps its own state.

use serde_json::{Value, json};
use tabchain::primitives::{Hash, SecretKey};

use crate::place::{Place, WEALTH};

impl Place {
    /// A channel between the two accounts here, open.
    pub(crate) fn channel(&self, ours: u64, theirs: u64) -> String {
        let (own, other) = (self.own, self.other);
        let new = json!({ "participants": [own, other], "initialBalances": { own.to_string(): ours, other.to_string(): theirs },
            "disputeWindow": 3 });
        let opened = self.post("/api/channels", &new);
        let channel = opened.is(201);
        let id = channel["id"].as_str().unwrap().to_owned();
        assert_eq!(opened.headers["location"], format!("/api/channels/{id}"));
        assert_eq!((&channel["state"], &channel["capacity"]), (&json!("opening"), &json!(ours + theirs)));
        self.until(&format!("/api/transactions/{id}"), |reply| reply.status == 200);
        self.mine(3);
        self.until(&format!("/api/channels/{id}"), |reply| {
            let channel = reply.is(200);
            channel["state"] == "open" && channel["waitingFor"].is_null()
        });
        id
    }

    pub(crate) fn until(&self, path: &str, good: impl Fn(&crate::place::Reply) -> bool) -> Value {
        for _ in 0..400 {
            let reply = self.get(path);
            if good(&reply) {
                return reply.json();
            }
            std::thread::sleep(std::time::Duration::from_millis(25));
        }
        panic!("{path} does not come to it: {}", self.get(path).text());
    }

    fn pay(&self, id: &str, amount: u64) -> crate::place::Reply {
        let new = json!({ "sender": self.own, "receiver": self.other, "amount": amount, "data": "note" });
        self.post(&format!("/api/channels/{id}/transactions"), &new)
    }
}

#[test]
fn opened_paid_a_hundred_times_and_settled() {
    let place = Place::new();
    let id = place.channel(100_000, 50_000);
    for number in 1..=100 {
        let paid = place.pay(&id, 10).is(200);
        assert_eq!((&paid["commitmentNumber"], &paid["data"]), (&json!(number), &json!("note")));
        assert_eq!(paid["balances"][place.own.to_string()], json!(100_000 - 10 * number));
        assert_eq!(paid["balances"][place.other.to_string()], json!(50_000 + 10 * number));
    }
    let back = json!({ "sender": place.other, "receiver": place.own, "amount": 1_000 });
    assert_eq!(place.post(&format!("/api/channels/{id}/transactions"), &back).is(200)["commitmentNumber"], json!(101));
    let stats = place.get("/api/channels/stats").is(200);
    let expected = json!({ "totalChannels": 1, "openChannels": 1, "closedChannels": 0, "totalParticipants": 2,
        "capacity": 150_000, "updates": 101 });
    assert_eq!(stats, expected);
    let locked = place.get(&format!("/api/balance/{}", place.other)).is(200);
    assert_eq!((&locked["locked"], &locked["balance"]), (&json!(50_000), &json!(WEALTH - 50_000)));
    let settled = place.post(&format!("/api/channels/{id}/settle"), &json!({})).is(200);
    let closing = settled["closingTransaction"]["hash"].clone();
    assert_eq!(
        (&settled["closingTransaction"]["kind"], &settled["channel"]["state"]),
        (&json!("close"), &json!("closing"))
    );
    assert_eq!(settled["channel"]["closingTransaction"], closing);
    place.pay(&id, 1).refused(409, "channel-not-open");
    place.mine(1);
    let closed = place.until(&format!("/api/channels/{id}"), |reply| reply.is(200)["state"] == "closed");
    assert_eq!(closed["closingTransaction"], closing);
    assert_eq!(place.get(&format!("/api/balance/{}", place.other)).is(200)["balance"], json!(WEALTH + 1_000 - 1_000));
    assert_eq!(place.get("/api/channels?state=closed").is(200).as_array().unwrap().len(), 1);
    place.post(&format!("/api/channels/{id}/settle"), &json!({})).refused(409, "wrong-phase");
}

#[test]
fn payments_at_the_same_time_are_all_made() {
    let place = Place::new();
    let id = place.channel(100_000, 50_000);
    let numbers: Vec<u64> = std::thread::scope(|scope| {
        let one = |amount| {
            scope.spawn({
                let (place, id) = (&place, &id);
                move || place.pay(id, amount).is(200)["commitmentNumber"].as_u64().unwrap()
            })
        };
        let all: Vec<_> = (1..=8).map(one).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (1..=8).collect::<Vec<_>>(), "{numbers:?}");
    assert_eq!(place.get(&format!("/api/channels/{id}")).is(200)["balances"][place.other.to_string()], json!(50_036));
}

#[test]
fn closed_alone_and_paid_out_when_the_window_has_ended() {
    let place = Place::new();
    let id = place.channel(100_000, 50_000);
    place.pay(&id, 5_000).is(200);
    let closed = place.post(&format!("/api/channels/{id}/close"), &json!({})).is(200);
    let height = place.get("/api/blockchain/height").is(200)["height"].as_u64().unwrap();
    assert_eq!(closed["disputeEndsAt"], json!(height + 1 + 3));
    assert_eq!(
        (&closed["closingTransaction"]["kind"], &closed["channel"]["state"]),
        (&json!("publish"), &json!("disputed"))
    );
    place.mine(1);
    let disputed = place.get(&format!("/api/channels/{id}")).is(200);
    assert_eq!((&disputed["disputeEndsAt"], &disputed["state"]), (&json!(height + 4), &json!("disputed")));
    for _ in 0..8 {
        place.mine(1);
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    place.until(&format!("/api/channels/{id}"), |reply| reply.is(200)["state"] == "closed");
    let balance = place.get(&format!("/api/balance/{}", place.other)).is(200);
    assert_eq!((&balance["balance"], &balance["locked"]), (&json!(WEALTH + 5_000), &json!(0)));
}

#[test]
fn what_makes_no_channel_is_refused() {
    let place = Place::new();
    let (own, other, stranger) = (place.own, place.other, place.key.public().address());
    let open = |participants: Value, balances: Value| {
        place.post("/api/channels", &json!({ "participants": participants, "initialBalances": balances }))
    };
    let balances = |a: u64, b: u64| json!({ own.to_string(): a, other.to_string(): b });
    open(json!([own]), balances(1, 1)).refused(422, "bad-participants");
    open(json!([own, other, stranger]), balances(1, 1)).refused(422, "bad-participants");
    open(json!([own, own]), json!({ own.to_string(): 5_000 })).refused(422, "same-party");
    open(json!([own, other]), json!({ own.to_string(): 5_000 })).refused(422, "bad-balances");
    open(json!([own, other]), json!({ own.to_string(): 1, stranger.to_string(): 1 })).refused(422, "bad-balances");
    let foreign = SecretKey::from_seed([44; 32]).public().address();
    let none = json!({ stranger.to_string(): 1, foreign.to_string(): 1 });
    open(json!([stranger, foreign]), none).refused(404, "unknown-account");
    let away = json!({ own.to_string(): 5_000, stranger.to_string(): 5_000 });
    open(json!([own, stranger]), away).refused(504, "unreachable");
    let problem = open(json!([own, other]), balances(WEALTH, 5_000)).refused(402, "cannot-deposit");
    assert_eq!(problem["values"], json!({ "available": WEALTH, "deposit": WEALTH, "fee": 1_000 }));
    let refused = open(json!([own, other]), balances(5_000, WEALTH)).refused(409, "offer-refused");
    assert!(refused["detail"].as_str().unwrap().contains("half of what"), "{refused}");
    open(json!([own, other]), json!({ own.to_string(): 1.5, other.to_string(): 1 })).refused(400, "bad-json");
    open(json!([own, "tab1x"]), balances(1, 1)).refused(400, "bad-field");
    let window = json!({ "participants": [own, other], "initialBalances": balances(5_000, 5_000), "disputeWindow": 0 });
    place.post("/api/channels", &window).refused(422, "bad-term");
}

#[test]
fn what_a_channel_cannot_do_is_refused() {
    let place = Place::new();
    let id = place.channel(20_000, 20_000);
    let problem = place.pay(&id, 30_000).refused(402, "cannot-pay");
    assert_eq!(problem["values"], json!({ "amount": 30_000, "spendable": 19_800 }));
    place.pay(&id, 0).refused(422, "nothing-to-pay");
    let missing = Hash([3; 32]);
    place.pay(&missing.to_string(), 1).refused(404, "unknown-channel");
    place.get(&format!("/api/channels/{missing}")).refused(404, "unknown-channel");
    place.get("/api/channels/17").refused(400, "bad-path");
    for end in ["settle", "close"] {
        place.post(&format!("/api/channels/{missing}/{end}"), &json!({})).refused(404, "unknown-channel");
        place.post(&format!("/api/channels/{id}/{end}"), &json!({ "now": 1 })).refused(400, "unknown-field");
        let form = place.send(&format!("/api/channels/{id}/{end}"), "text/plain", b"");
        form.refused(415, "wrong-content-type");
    }
    let foreign = json!({ "sender": place.own, "receiver": place.key.public().address(), "amount": 1 });
    place.post(&format!("/api/channels/{id}/transactions"), &foreign).refused(422, "wrong-parties");
    assert_eq!(place.get(&format!("/api/channels/{id}")).is(200)["commitmentNumber"], json!(0));
}

#[test]
fn channels_are_listed_by_state_and_party() {
    let place = Place::new();
    let ids = [place.channel(20_000, 20_000), place.channel(30_000, 20_000)];
    let all = place.get("/api/channels").is(200);
    let listed: Vec<_> = all.as_array().unwrap().iter().map(|channel| channel["id"].as_str().unwrap()).collect();
    assert_eq!(listed, [&ids[1], &ids[0]], "newest first, each once");
    assert_eq!(place.get("/api/channels?state=open").is(200), all);
    assert_eq!(place.get("/api/channels?state=closed").is(200), json!([]));
    place.get("/api/channels?state=ajar").refused(400, "bad-query");
    assert_eq!(place.get(&format!("/api/channels/for/{}", place.other)).is(200), all);
    let stranger = place.key.public().address();
    assert_eq!(place.get(&format!("/api/channels/for/{stranger}")).is(200), json!([]));
    place.get("/api/channels/for/tab1").refused(400, "bad-path");
    let page = place.get("/api/channels?state=open&limit=1");
    let link = &page.headers["link"];
    let next = place.get(&link[1..link.find('>').unwrap()]);
    assert_eq!((&next.is(200)[0]["id"], next.headers.get("link")), (&json!(ids[0]), None));
    let graph = place.get("/api/graph").is(200);
    assert_eq!((graph["channels"].as_array().unwrap().len(), graph["nodes"].as_array().unwrap().len()), (2, 2));
    let page = place.get("/api/graph?limit=1");
    let link = &page.headers["link"];
    let next = place.get(&link[1..link.find('>').unwrap()]).is(200);
    assert_ne!(next["channels"][0]["id"], page.is(200)["channels"][0]["id"]);
    place.get("/api/graph?cursor=x").refused(400, "bad-query");
}
