//! What happens, as it happens: Server-Sent Events.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
    response::{
        IntoResponse, Response,
        sse::{Event as Told, KeepAlive, Sse},
    },
};
use futures::{Stream, stream};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, watch};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::native::{
    driver::{Event, EventLog, Topic},
    http::{
        Shared,
        json::Digits,
        problem::{Answer, Problem},
    },
};

/// A comment keeps the connection alive that often.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(events))
}

/// Somebody who follows.
struct Reader {
    log: EventLog,
    newest: watch::Receiver<u64>,
    stopping: watch::Receiver<bool>,
    topics: Vec<Topic>,
    last: u64,
    ready: VecDeque<Told>,
    _seat: OwnedSemaphorePermit,
}

/// What happens, as it happens.
///
/// Each event has an `id`, its topic as `event`, and JSON as `data`. A `Last-Event-ID` header resumes after that one; an event `lost` says that some in between
/// are not kept any more.
#[utoipa::path(get, path = "/api/events", tag = "node",
    params(("topics" = Option<Vec<String>>, Query, description = "head, block, reorg, transaction, channel, payment, \
peer: repeated or comma-separated; all of them unless told, unknown ones are ignored"),
        ("Last-Event-ID" = Option<String>, Header, description = "the last one that was received")),
    responses((status = 200, body = String, content_type = "text/event-stream"),
        (status = 429, description = "too many follow already")))]
async fn events(State(shared): State<Shared>, headers: HeaderMap, uri: Uri) -> Answer<Response> {
    let seat = Arc::clone(&shared.streams).try_acquire_owned();
    let seat = seat.map_err(|_| Problem::too_many("too-many-streams", "too many follow the events already"))?;
    let log = shared.app.handle.events().clone();
    let given = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let resumed = given.and_then(|id| id.parse::<Digits>().ok()).map(|Digits(id)| id);
    let reader = Reader {
        newest: log.watch(),
        stopping: shared.stopping.subscribe(),
        topics: topics(uri.query().unwrap_or_default()),
        last: resumed.unwrap_or_else(|| log.newest()),
        // Something to send at once: some clients count as connected only then.
        ready: VecDeque::from([Told::default().comment("events follow")]),
        log,
        _seat: seat,
    };
    let keep = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(Sse::new(follow(reader)).keep_alive(keep).into_response())
}

fn topics(query: &str) -> Vec<Topic> {
    let given: Vec<&str> = query.split('&').filter_map(|pair| pair.strip_prefix("topics=")).collect();
    let names: Vec<&str> = given.iter().flat_map(|list| list.split(',')).flat_map(|part| part.split("%2C")).collect();
    let chosen = |topic: &Topic| given.is_empty() || names.contains(&topic.name());
    Topic::ALL.into_iter().filter(chosen).collect()
}

fn follow(reader: Reader) -> impl Stream<Item = Result<Told, axum::Error>> {
    stream::try_unfold(reader, |mut reader| async move {
        loop {
            if let Some(told) = reader.ready.pop_front() {
                return Ok(Some((told, reader)));
            }
            if *reader.stopping.borrow() {
                return Ok(None);
            }
            reader.newest.mark_unchanged();
            let (events, lost) = reader.log.after(reader.last);
            reader.take(&events, lost)?;
            if !events.is_empty() {
                continue;
            }
            tokio::select! {
                newer = reader.newest.changed() => if newer.is_err() {
                    return Ok(None);
                },
                _ = reader.stopping.changed() => return Ok(None),
            }
        }
    })
}

impl Reader {
    fn take(&mut self, events: &[Arc<Event>], lost: bool) -> Result<(), axum::Error> {
        if lost && let Some(first) = events.first() {
            let gap = json!({ "after": self.last, "before": first.id });
            self.ready.push_back(Told::default().event("lost").json_data(gap)?);
        }
        for event in events {
            self.last = event.id;
            if self.topics.contains(&event.topic) {
                let told = Told::default().id(event.id.to_string()).event(event.topic.name());
                self.ready.push_back(told.json_data(event.what.to_json())?);
            }
        }
        Ok(())
    }
}
