//! What a request is refused with: RFC 9457.

use std::borrow::Cow;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::native::driver::Stopped;

/// Why a request was refused.
#[derive(Debug, Clone)]
pub struct Problem(Box<Said>);

/// What is said of it, for programs (`code`, `values`) and for people (`detail`).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct Said {
    /// `urn:tabchain:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// What the status means.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What happened here, with the values compared.
    detail: String,
    /// A stable name.
    #[schema(value_type = String)]
    code: Cow<'static, str>,
    /// The rule that was broken, if it is one of the chain's or a channel's.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    /// What that rule compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    values: Option<Value>,
    /// Seconds after which another try makes sense.
    #[serde(skip)]
    retry_after: Option<u32>,
}

/// What a handler comes to.
pub(super) type Answer<T> = Result<T, Problem>;

impl Problem {
    /// A problem of this status.
    pub fn new(status: StatusCode, code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        let code = code.into();
        Self(Box::new(Said {
            kind: format!("urn:tabchain:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Refused"),
            status: status.as_u16(),
            detail: detail.into(),
            code,
            rule: None,
            values: None,
            retry_after: None,
        }))
    }

    /// 400: cannot be read.
    pub fn malformed(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 404: there is no such thing.
    pub fn unknown(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// 409: not now.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 422: can be read, but makes no sense.
    pub fn senseless(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// 429: come back later.
    pub fn too_many(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, code, detail).retry_after(1)
    }

    /// 503: not able to now.
    pub fn unavailable(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).retry_after(1)
    }

    /// 504: somebody else has not answered.
    pub fn unanswered(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::GATEWAY_TIMEOUT, code, detail)
    }

    /// 500: nothing that the client could have done.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    /// 503: the node goes down.
    pub fn stopping() -> Self {
        Self::unavailable("shutting-down", Stopped.to_string())
    }

    /// With the rule of the core that was broken, and what it compared.
    pub fn by_rule(status: StatusCode, rule: &str, error: &(impl Serialize + ToString)) -> Self {
        let mut problem = Self::new(status, rule.to_owned(), error.to_string());
        problem.0.rule = Some(rule.to_owned());
        problem.0.values = serde_json::to_value(error).ok().map(innermost);
        problem
    }

    /// With a hint when to try again, in seconds.
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }
}

/// The values alone: an error that wraps another has them below `error`, and its names are told elsewhere.
fn innermost(mut error: Value) -> Value {
    while let Some(inner) = error.get_mut("error").filter(|inner| inner.is_object()) {
        error = inner.take();
    }
    if let Value::Object(fields) = &mut error {
        fields.remove("rule");
        fields.remove("code");
    }
    error
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.0.retry_after;
        let mut response = (status, Json(self.0)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<Stopped> for Problem {
    fn from(_: Stopped) -> Self {
        Self::stopping()
    }
}
