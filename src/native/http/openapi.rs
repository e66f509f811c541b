//! OpenAPI 3.1, out of the handlers; and a page that shows it without internet.

use axum::Router;
use utoipa::{
    OpenApi as _,
    openapi::{
        Content, OpenApi, Ref, RefOr, Response,
        path::{Operation, PathItem},
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use super::{Shared, problem::Said};

/// What any request may be answered with.
const ANYWHERE: [(&str, &str); 5] = [
    ("400", "cannot be read"),
    ("401", "needs the node's token"),
    ("403", "for another host, or from a page of another site"),
    ("429", "too many requests"),
    ("503", "the node is shutting down"),
];
/// What a request with a body may be answered with.
const WITH_BODY: [(&str, &str); 3] =
    [("408", "the body is slow"), ("413", "the body is too large"), ("415", "the body is not JSON")];

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Tabchain node",
        description = "Amounts are base units: whole numbers up to 2^53 − 1, decimal digits only. Whatever can be larger is a decimal string. \
Problems follow RFC 9457; `code` is stable. Lists are newest first; a `Link` header names the next page.",
        license(name = "MIT")
    ),
    components(schemas(Said))
)]
struct Description;

/// The routes, and their description.
pub(super) fn describe(routes: OpenApiRouter<Shared>) -> (Router<Shared>, OpenApi) {
    let (routes, mut api) = OpenApiRouter::with_openapi(Description::openapi()).merge(routes).split_for_parts();
    api.paths.paths.values_mut().flat_map(operations).for_each(complete);
    if let Some(components) = &mut api.components {
        let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("token", token);
    }
    (routes, api)
}

/// `/api/openapi.json` and `/docs`.
pub(super) fn pages(api: OpenApi) -> Router<Shared> {
    SwaggerUi::new("/docs").url("/api/openapi.json", api).into()
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut path.get, &mut path.post].into_iter().flatten()
}

/// Adds what holds everywhere, and what a problem looks like.
fn complete(operation: &mut Operation) {
    let with_body = operation.request_body.as_ref().map(|_| WITH_BODY).into_iter().flatten();
    let all = &mut operation.responses.responses;
    for (status, description) in ANYWHERE.into_iter().chain(with_body) {
        all.entry(status.to_owned()).or_insert_with(|| RefOr::T(Response::new(description)));
    }
    for (status, response) in all {
        if let RefOr::T(response) = response
            && status.as_str() >= "400"
        {
            let problem = Content::new(Some(Ref::from_schema_name("Problem")));
            response.content.insert("application/problem+json".to_owned(), RefOr::T(problem));
        }
    }
}
