//! Asking the collector, with answers taken as they are: what is wrong with them is what this is about.

use std::{env, time::Duration};

use serde_json::Value;
use ureq::{Agent, http::Request};

use super::walk::{Fault, Found};
use crate::{
    agent::agent,
    output::{Problem, Stop},
};

/// How long an answer may take. A page's SDK gives up sooner.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Largest answer that is read: a page of rows, which a collector ends at 4 MiB, or behind a row that is larger.
const MAX_ANSWER_BYTES: u64 = 64 * 1024 * 1024;

/// How much of an answer that is no collector's is shown.
const SHOWN_CHARS: usize = 120;

/// A secret from the environment, of the kind that is needed.
pub(super) fn secret(variable: &str, prefix: &str) -> Result<String, Stop> {
    let given = env::var(variable).unwrap_or_default().trim().to_owned();
    if given.starts_with(prefix) && given.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(given);
    }
    let state = if given.is_empty() { "is not set".to_owned() } else { format!("holds no {prefix}… key") };
    let remedy = format!("put a key there that begins with {prefix} (`tallymark keys make`)");
    Err(Stop::refused(Problem::new(format!("{variable} {state}"), Some(remedy))))
}

pub(super) struct Http {
    agent: Agent,
    url: String,
}

pub(super) struct Answer {
    pub(super) status: u16,
    /// By which the Worker's logs name the request.
    request_id: String,
    pub(super) text: String,
}

impl Answer {
    /// The body as JSON; null if it is none.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// What the answer says of a request that came to nothing, with what to do about it.
    pub(super) fn refusal(&self) -> Fault {
        let body = self.json();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        if body["code"].is_null() {
            let shown: String = self.text.chars().take(SHOWN_CHARS).collect();
            return Fault::new(
                format!("answers {}, and not as a collector does: {shown}", self.status),
                "check the address; something in front may answer in its place (a proxy, an access rule, another route)",
            );
        }
        let id =
            if self.request_id.is_empty() { "it".to_owned() } else { format!("request {}", self.request_id) };
        let remedy = match (self.status, text("code").as_str()) {
            (401, _) => {
                "`tallymark keys list` shows which there are, and which have ended; a new key is known everywhere after two minutes"
                    .to_owned()
            }
            (403, "foreign_origin") => "add the origin to the key's (`tallymark keys make --origin`)".to_owned(),
            (403, _) => "use a key of the kind that it asks for (`tallymark keys list`)".to_owned(),
            (429, _) => "the organization is over its rate or quota: wait, or raise it (docs/OPERATIONS.md)".to_owned(),
            (500.., _) => format!("look for {id} in the Worker's logs (docs/OPERATIONS.md)"),
            _ => "docs/OPERATIONS.md has what each answer means".to_owned(),
        };
        Fault::new(format!("answers {} {}: {}", self.status, text("code"), text("detail")), remedy)
    }
}

impl Http {
    pub(super) fn new(url: &str) -> Self {
        Self { agent: agent(TIMEOUT), url: url.to_owned() }
    }

    pub(super) fn get(&self, path: &str, key: Option<&str>) -> Result<Answer, Fault> {
        let mut request = Request::get(format!("{}{path}", self.url));
        if let Some(key) = key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        self.asked(request.body(String::new()))
    }

    pub(super) fn post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Result<Answer, Fault> {
        let request =
            headers.iter().fold(Request::post(format!("{}{path}", self.url)), |request, (name, value)| {
                request.header(*name, *value)
            });
        self.asked(request.body(body.to_string()))
    }

    fn asked(&self, request: Result<Request<String>, ureq::http::Error>) -> Result<Answer, Fault> {
        let request = request.map_err(|error| {
            Fault::new(
                format!("can't be asked: {error}"),
                "check the address, the key and the origin for stray characters",
            )
        })?;
        let mut answer = self.agent.run(request).map_err(|error| broken(&error))?;
        let status = answer.status().as_u16();
        let request_id = answer
            .headers()
            .get("x-request-id")
            .and_then(|id| id.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let text = answer
            .body_mut()
            .with_config()
            .limit(MAX_ANSWER_BYTES)
            .read_to_string()
            .map_err(|error| broken(&error))?;
        Ok(Answer { status, request_id, text })
    }

    pub(super) fn is_up(&self) -> Found<()> {
        let answer = self.get("/healthz", None)?;
        if answer.status == 200 && answer.json()["status"] == "ok" {
            return Ok(((), "the Worker answers".to_owned()));
        }
        Err(answer.refusal())
    }

    pub(super) fn is_ready(&self) -> Found<()> {
        let answer = self.get("/readyz", None)?;
        let body = answer.json();
        let checks = body["checks"].as_object().ok_or_else(|| answer.refusal())?;
        let ill: Vec<&str> =
            checks.iter().filter(|(_, check)| check["ok"] != true).map(|(name, _)| name.as_str()).collect();
        if ill.is_empty() {
            return Ok(((), "registry, log and brain answer".to_owned()));
        }
        Err(Fault::new(
            format!("the collector runs, but can't take events: {} failed", ill.join(" and ")),
            "the Worker's logs have a line `readyz.failed` with the reason; check its bindings in wrangler.toml, and \
             Cloudflare's status page",
        ))
    }
}

fn broken(error: &ureq::Error) -> Fault {
    let text = error.to_string();
    let remedy = if text.contains("certificate") || text.contains("tls") || text.contains("TLS") {
        "the certificate must be for this host, in date and from a public authority (on Cloudflare: Edge Certificates)"
    } else {
        "it connects and does not answer as HTTP: check that the port is the collector's, and what stands in front of it"
    };
    Fault::new(format!("no answer: {text}"), remedy)
}
