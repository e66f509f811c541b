//! A node's HTTP interface, asked.

use std::time::Duration;

use serde_json::Value;

use super::{At, Failure};

/// The slowest answers (a block mined, a peer asked) take half a minute.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes of an answer that are read.
const MAX_ANSWER: u64 = 16 << 20;

pub(super) struct Node {
    base: String,
    token: Option<String>,
    agent: ureq::Agent,
}

impl Node {
    pub(super) fn at(at: &At) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE));
        let base = at.node.trim_end_matches('/').to_owned();
        Self { base, token: at.api_token.clone(), agent: config.build().into() }
    }

    pub(super) fn get(&self, path: &str) -> Result<Value, Failure> {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.answer(request.call())
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let mut request = self.agent.post(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.answer(request.send_json(body))
    }

    fn answer(&self, response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value, Failure> {
        let unreachable =
            |error: ureq::Error| Failure::Run(format!("{}: {error} (does the node run? --node says where)", self.base));
        let mut response = response.map_err(unreachable)?;
        let status = response.status();
        let text = response.body_mut().with_config().limit(MAX_ANSWER).read_to_string().map_err(unreachable)?;
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        if status.is_success() {
            return Ok(body);
        }
        let said = |name: &str| body[name].as_str().map(str::to_owned);
        let detail = said("detail").or_else(|| said("title")).unwrap_or_else(|| status.to_string());
        let code = said("code").unwrap_or_else(|| status.as_u16().to_string());
        Err(Failure::Run(format!("{} ({})", tame(&detail), tame(&code))))
    }
}

/// What a node says is text from outside: no terminal shall obey it.
pub(super) fn tame(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
