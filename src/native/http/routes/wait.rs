//! Waiting for something that the nodes come to.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::native::{
    driver::{Handle, View},
    http::problem::Answer,
};

/// How often is looked, also if nothing was stored meanwhile.
const GLANCE: Duration = Duration::from_millis(50);

/// Asks again and again until there is an answer; nothing if there is none before the deadline.
pub(super) async fn until<R: Send + 'static>(
    handle: &Handle,
    deadline: Instant,
    question: impl Fn(&View<'_>) -> Option<R> + Clone + Send + 'static,
) -> Answer<Option<R>> {
    let mut handle = handle.clone();
    loop {
        if let Some(answer) = handle.ask(question.clone()).await? {
            return Ok(Some(answer));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        if let Ok(changed) = timeout(GLANCE, handle.changed()).await {
            changed?;
        }
    }
}
