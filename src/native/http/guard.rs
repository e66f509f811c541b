//! What every request passes first: whether the node still serves, for whom the request is meant, who asks, and how often. Counts it, too.

use std::{net::SocketAddr, sync::atomic::Ordering};

use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::time::Instant;

use super::{
    Shared,
    problem::{Answer, Problem},
};
use crate::primitives::Tag;

const TOKEN: Tag = Tag::new("tabchain/api-token");
/// What needs no token: the page and what belongs to it, the description, whether the node lives, and being a peer, which any node may.
const OPEN: [&str; 4] = ["/api/health", "/api/openapi.json", "/api/p2p/network", "/api/p2p/ws"];

pub(super) async fn guard(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    shared.under_way.fetch_add(1, Ordering::Relaxed);
    let leaves = Leaves(&shared);
    let mut response = match admit(&shared, &request, began) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    drop(leaves);
    harden(response.headers_mut());
    if shared.is_stopping() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let route = route.as_ref().map_or("other", MatchedPath::as_str);
    shared.metrics.request(&method, route, response.status(), began.elapsed());
    response
}

/// Says that a request is over, also if its client has gone before the end.
struct Leaves<'a>(&'a Shared);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

fn admit(shared: &Shared, request: &Request, now: Instant) -> Answer<()> {
    if shared.is_stopping() {
        return Err(Problem::stopping());
    }
    let (headers, path) = (request.headers(), request.uri().path());
    host(shared, request)?;
    if !is_safe(request.method()) {
        origin(shared, headers)?;
    }
    token(shared, headers, path)?;
    rate(shared, request, now)
}

/// Only names that are meant: a page of another site whose name points here (DNS rebinding) reads nothing.
fn host(shared: &Shared, request: &Request) -> Answer<()> {
    let mut given = request.headers().get_all(header::HOST).iter();
    let (first, second) = (given.next(), given.next());
    let meant = |host: &str| name_of(host).is_some_and(|name| shared.settings.allows(name));
    let target = request.uri().authority().is_none_or(|authority| meant(authority.as_str()));
    let named = first.and_then(|host| host.to_str().ok());
    if second.is_none() && target && named.is_some_and(meant) {
        return Ok(());
    }
    let shown: String = first.map_or_else(String::new, |host| format!("{host:?}").chars().take(80).collect());
    Err(Problem::new(StatusCode::FORBIDDEN, "foreign-host", format!("this node does not serve host {shown}")))
}

/// The host of `host` or `host:port`; nothing if it is neither.
fn name_of(host: &str) -> Option<&str> {
    let end = match host.find(']') {
        Some(end) if host.starts_with('[') => end + 1,
        _ => host.find(':').unwrap_or(host.len()),
    };
    let (name, port) = host.split_at(end);
    let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    port.strip_prefix(':').map_or(port.is_empty(), digits).then_some(name)
}

/// A page of another site changes nothing here, and is no peer.
pub(super) fn origin(shared: &Shared, headers: &HeaderMap) -> Answer<()> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let text = origin.to_str().unwrap_or_default();
    let own = text.split_once("://").map(|(_, authority)| authority);
    let same = own.is_some() && own == headers.get(header::HOST).and_then(|host| host.to_str().ok());
    if same || shared.settings.origins.iter().any(|allowed| allowed == text) {
        return Ok(());
    }
    let shown: String = text.chars().take(80).collect();
    Err(Problem::new(StatusCode::FORBIDDEN, "foreign-origin", format!("this node does not serve pages of {shown:?}")))
}

fn token(shared: &Shared, headers: &HeaderMap, path: &str) -> Answer<()> {
    let Some(expected) = &shared.settings.token else {
        return Ok(());
    };
    if OPEN.contains(&path) || !(path.starts_with("/api/") || path == "/metrics") {
        return Ok(());
    }
    let given = headers.get(header::AUTHORIZATION).and_then(|given| given.to_str().ok());
    let given = given.and_then(|given| given.strip_prefix("Bearer "));
    // Hashes are compared: how long it takes tells nothing of the token.
    let same = |given: &str| TOKEN.hash(&[given.as_bytes()]) == TOKEN.hash(&[expected.as_bytes()]);
    if given.is_some_and(same) {
        return Ok(());
    }
    Err(Problem::new(StatusCode::UNAUTHORIZED, "no-token", "this needs the node's token: Authorization: Bearer …"))
}

fn rate(shared: &Shared, request: &Request, now: Instant) -> Answer<()> {
    let Some(rate) = shared.settings.rate else {
        return Ok(());
    };
    let Some(ConnectInfo(from)) = request.extensions().get::<ConnectInfo<SocketAddr>>() else {
        return Ok(());
    };
    if from.ip().to_canonical().is_loopback() && !shared.settings.rate_on_loopback {
        return Ok(());
    }
    let slow = |seconds| {
        let detail = format!("more than {} requests a second", rate.per_second);
        Problem::too_many("too-many-requests", detail).retry_after(seconds)
    };
    shared.buckets.take(rate, from.ip(), now).map_err(slow)
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn harden(headers: &mut HeaderMap) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
}
