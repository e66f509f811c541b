//! What handlers take out of a request; each says in JSON what is wrong with it.

use std::{fmt::Display, str::FromStr, time::Duration};

use axum::{
    body::{Body, BodyDataStream, Bytes, HttpBody},
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use futures::StreamExt;
use serde::de::DeserializeOwned;

use super::{
    Shared,
    json::Fields,
    problem::{Answer, Problem},
};

/// Bytes of a body.
pub(super) const MAX_BODY: usize = 1 << 20;
/// Bytes, and how long, of one that is too large are read all the same.
const MAX_THROWN_AWAY: usize = 8 * MAX_BODY;
const THROWING_AWAY: Duration = Duration::from_secs(1);
/// How long a client may take to send one.
const BODY_PATIENCE: Duration = Duration::from_secs(20);

/// A request's body: an object that [`Given`] is read from.
pub(super) trait Given: Sized + Send {
    /// Takes its fields.
    fn given(fields: &mut Fields) -> Answer<Self>;
}

/// A body that must be there.
pub(super) struct Sent<T>(pub(super) T);

/// A body that may be missing, or an object without fields.
pub(super) struct NoBody;

/// The one variable part of a path.
pub(super) struct Part<T>(pub(super) T);

/// The query.
pub(super) struct Asked<T>(pub(super) T);

impl<T: Given> FromRequest<Shared> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Shared) -> Answer<Self> {
        content_type(request.headers())?;
        let mut fields = Fields::read(&whole(request.into_body()).await?)?;
        let value = T::given(&mut fields)?;
        fields.end()?;
        Ok(Self(value))
    }
}

impl FromRequest<Shared> for NoBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Shared) -> Answer<Self> {
        if request.headers().contains_key(header::CONTENT_TYPE) {
            content_type(request.headers())?;
        }
        let bytes = whole(request.into_body()).await?;
        if !bytes.is_empty() {
            Fields::read(&bytes)?.end()?;
        }
        Ok(Self)
    }
}

impl<T> FromRequestParts<Shared> for Part<T>
where
    T: FromStr,
    T::Err: Display,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Shared) -> Answer<Self> {
        let bad = |detail: String| Problem::malformed("bad-path", detail);
        let Path(text) =
            Path::<String>::from_request_parts(parts, state).await.map_err(|error| bad(error.body_text()))?;
        text.parse().map(Self).map_err(|error: T::Err| bad(error.to_string()))
    }
}

impl<T: DeserializeOwned> FromRequestParts<Shared> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Shared) -> Answer<Self> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(query)| Self(query)).map_err(|error| Problem::malformed("bad-query", error.body_text()))
    }
}

/// Only what a form of another site cannot send without asking first.
fn content_type(headers: &HeaderMap) -> Answer<()> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|given| given.to_str().ok()).unwrap_or_default();
    let mut parts = given.split(';').map(str::trim);
    let json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    let utf8 = parts.all(|parameter| parameter.eq_ignore_ascii_case("charset=utf-8"));
    if json && utf8 {
        return Ok(());
    }
    let given: String = given.chars().take(80).collect();
    let detail = format!("the content type is {given:?}, not application/json");
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "wrong-content-type", detail))
}

async fn whole(body: Body) -> Answer<Bytes> {
    let late = |_| {
        let detail = format!("the body did not come within {} seconds", BODY_PATIENCE.as_secs());
        Problem::new(StatusCode::REQUEST_TIMEOUT, "slow-body", detail)
    };
    tokio::time::timeout(BODY_PATIENCE, gather(body)).await.map_err(late)?
}

async fn gather(body: Body) -> Answer<Bytes> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let (mut stream, mut bytes) = (body.into_data_stream(), Vec::new());
    if announced <= MAX_BODY {
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|error| Problem::malformed("bad-body", format!("cannot be read: {error}")))?;
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MAX_BODY {
                break;
            }
        }
        if bytes.len() <= MAX_BODY {
            return Ok(bytes.into());
        }
    }
    throw_away(stream).await;
    let detail = format!("the body has more than {MAX_BODY} bytes");
    Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", detail))
}

/// Whoever still writes would not read the answer: what comes is read for a while.
async fn throw_away(mut stream: BodyDataStream) {
    let read = async {
        let mut left = MAX_THROWN_AWAY;
        while let Some(Ok(chunk)) = stream.next().await {
            left = left.saturating_sub(chunk.len());
            if left == 0 {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(THROWING_AWAY, read).await;
}
