//! The event that is followed: of nobody, of no session, under a name that nothing else has.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tallymark_event::{EventId, names::PROBE_EVENT};

use super::{
    http::Http,
    walk::{Fault, Found},
};
use crate::output::{Problem, Stop};

/// Rows in a page, the most that a collector gives.
const PAGE: u64 = 1_000;

/// Most pages in which the row is looked for: what others have stored meanwhile.
const MAX_PAGES: usize = 50;

/// Whose events of a page they are, if a browser's key brings it: its dialect has no event of nobody.
const DISTINCT_ID: &str = "tallymark-doctor";

pub(super) enum Sender {
    Page { key: String, origin: String },
    Server { key: String },
}

pub(super) struct Probe {
    sender: Sender,
    pub(super) event_id: String,
}

/// The log that the read key is for, before the probe is sent.
pub(super) struct Log {
    pub(super) organization_id: String,
    last_seq: u64,
}

impl Probe {
    pub(super) fn new(sender: Sender) -> Result<Self, Stop> {
        let mut random = [0; 10];
        getrandom::fill(&mut random).map_err(|error| {
            let remedy = "the system's source of randomness has to work".to_owned();
            Stop::refused(Problem::new(format!("no id can be made: {error}"), Some(remedy)))
        })?;
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut event_id = String::new();
        EventId::v7(u64::try_from(since_epoch.as_millis()).unwrap_or_default(), random).write(&mut event_id);
        Ok(Self { sender, event_id })
    }

    pub(super) fn send(&self, http: &Http) -> Found<()> {
        let answer = match &self.sender {
            Sender::Page { key, origin } => {
                let event =
                    json!({ "event": PROBE_EVENT, "uuid": self.event_id, "distinct_id": DISTINCT_ID });
                let body = json!({ "api_key": key, "batch": [event] });
                http.post("/batch/", &[("content-type", "text/plain"), ("origin", origin)], &body)?
            }
            Sender::Server { key } => {
                let event = json!({ "event_id": self.event_id, "event_name": PROBE_EVENT });
                let headers =
                    [("content-type", "application/json"), ("authorization", &format!("Bearer {key}"))];
                http.post("/v1/events", &headers, &json!([event]))?
            }
        };
        if answer.status != 200 {
            return Err(answer.refusal());
        }
        let body = answer.json();
        let Some(violation) = body["quarantined"].get(0) else {
            return Ok(((), format!("{PROBE_EVENT} {}", self.event_id)));
        };
        let of = |name: &str| match &violation[name] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Err(Fault::new(
            format!(
                "quarantined for {} at {}: expected {}, got {}",
                of("rule"),
                of("path"),
                of("expected"),
                of("got")
            ),
            "correct the tracking plan (`tallymark plan push`), then have it judged again (`tallymark quarantine replay`)",
        ))
    }

    /// Reads the row back.
    pub(super) fn find(&self, http: &Http, reader: &str, log: &Log) -> Found<u64> {
        let mut after = log.last_seq;
        for _ in 0..MAX_PAGES {
            let answer = http.get(&format!("/v1/events?after={after}&limit={PAGE}"), Some(reader))?;
            if answer.status != 200 {
                return Err(answer.refusal());
            }
            let page = answer.json();
            let rows = page["events"].as_array().map(Vec::as_slice).unwrap_or_default();
            if let Some(row) = rows.iter().find(|row| row["event_id"] == self.event_id.as_str()) {
                let seq = row["seq"].as_u64().unwrap_or_default();
                let trust = row["trust"].as_str().unwrap_or_default();
                return Ok((seq, format!("row {seq} of {}, trust {trust}", log.organization_id)));
            }
            match page["next_after"].as_u64() {
                Some(next) if next > after && !rows.is_empty() => after = next,
                _ => break,
            }
        }
        Err(Fault::new(
            format!("it was accepted, and is no row of {}", log.organization_id),
            "both keys must be of one organization: TALLYMARK_KEY reads what the other sends (`tallymark keys list`)",
        ))
    }
}

/// Whose the read key is, and where that log ends: its figures say so.
pub(super) fn log_of(http: &Http, reader: &str) -> Found<Log> {
    let answer = http.get("/metrics", Some(reader))?;
    if answer.status != 200 {
        return Err(answer.refusal());
    }
    let sample = answer.text.lines().find_map(|line| {
        let (id, seq) =
            line.strip_prefix("tallymark_log_last_seq{organization_id=\"")?.rsplit_once("\"} ")?;
        Some(Log { organization_id: id.to_owned(), last_seq: seq.parse().ok()? })
    });
    match sample {
        Some(log) => {
            let told = format!("reads {}, whose log ends at {}", log.organization_id, log.last_seq);
            Ok((log, told))
        }
        None => Err(Fault::new(
            "the organization's log does not answer",
            "the Worker's logs have a line `metrics.failed` with the reason (docs/OPERATIONS.md)",
        )),
    }
}
