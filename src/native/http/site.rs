//! `GET /`: the page, if its folder is known; and what is asked for that is not there.

use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use tower::ServiceExt;
use tower_http::services::ServeDir;

use super::{Shared, problem::Problem};

/// What stands there until the page is built.
const UNBUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Tabchain</title>\
<h1>This node runs</h1><p>The page was not built, or this node was not told where it is: run <code>make build</code>, \
then start the node with <code>--page dist</code>.</p><ul><li><a href=\"docs/\">The interface</a></li>\
<li><a href=\"api/health\">Is it well?</a></li></ul>";
/// Tells the page that a node serves it, which it can join.
const HERE: &str = "<meta name=\"tabchain-node\" content=\"here\">";
/// As the page itself says in its `meta` element, which cannot forbid frames.
const POLICY: &str = "frame-ancestors 'none'";

pub(super) async fn fallback(State(shared): State<Shared>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let foreign = path.starts_with("/api") || path == "/metrics";
    if foreign || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return nothing(&path);
    }
    let Some(folder) = &shared.settings.page else {
        return if path == "/" { Html(UNBUILT).into_response() } else { nothing(&path) };
    };
    if matches!(path.as_str(), "/" | "/index.html")
        && let Ok(page) = tokio::fs::read_to_string(folder.join("index.html")).await
    {
        return hardened(Html(page.replacen("<head>", &format!("<head>{HERE}"), 1)).into_response());
    }
    let response = ServeDir::new(folder).oneshot(request).await.into_response();
    if response.status() == StatusCode::NOT_FOUND {
        return nothing(&path);
    }
    hardened(response)
}

fn hardened(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    // Names carry their build; the page's own must be asked for again.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

pub(super) async fn wrong_method(request: Request) -> Problem {
    let detail = format!("{} is not possible here", request.method());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "wrong-method", detail)
}

fn nothing(path: &str) -> Response {
    let path: String = path.chars().take(200).collect();
    Problem::unknown("no-such-route", format!("there is nothing at {path}")).into_response()
}
