//! Sending a request, and noting what came of it. Nothing in here judges.

use std::time::Duration;

use tallymark_delivery::{Failure, Outcome, Request};
use ureq::{Agent, http};

/// Most bytes of an answer that are read: some say which events they refuse.
const MAX_ANSWER_BYTES: u64 = 64 * 1024;

/// One for a destination: it keeps connections.
pub(crate) fn agent(timeout_ms: u32) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        // Wherever it leads, nobody has allowed it.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(Duration::from_millis(u64::from(timeout_ms))))
        .build()
        .into()
}

pub(crate) fn send(agent: &Agent, request: &Request) -> Outcome {
    let mut made = http::Request::post(&request.url);
    for (name, value) in &request.headers {
        made = made.header(name, value);
    }
    let answered =
        made.body(request.body.as_str()).map_err(ureq::Error::from).and_then(|made| agent.run(made));
    match answered {
        Ok(mut answer) => Outcome::Answered {
            status: answer.status().as_u16(),
            retry_after: answer
                .headers()
                .get("retry-after")
                .and_then(|it| it.to_str().ok())
                .map(str::to_owned),
            // One that breaks off has said its status all the same.
            body: answer
                .body_mut()
                .with_config()
                .limit(MAX_ANSWER_BYTES)
                .lossy_utf8(true)
                .read_to_string()
                .unwrap_or_default(),
        },
        Err(error) => {
            let failure = if matches!(error, ureq::Error::Timeout(_)) {
                Failure::TimedOut
            } else {
                Failure::Unreachable
            };
            Outcome::Failed { error: failure, detail: error.to_string() }
        }
    }
}
