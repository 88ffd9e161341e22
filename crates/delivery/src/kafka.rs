//! Kafka, by what its brokers' HTTP proxies serve: the records API v3 of Confluent's, and v2 of Redpanda's, Confluent's and
//! others. A Worker speaks no other protocol of Kafka's.
//!
//! Keys and values go in base64 by either: as JSON they would be parsed and written anew on their way, and a key would
//! be another one by v2 (`"org_1"`, with its quotes) than by v3.

mod answer;

use serde_json::{Value, json};
use tallymark_event::Timestamp;

use crate::{
    Method, Outcome, Problem, Request, Row, Sent,
    destination::Fields,
    guard::{Reach, check_url},
    message::{Message, base64},
    receiver::{Receiver, Room},
    request::header,
};

/// Most URLs of one cluster.
const MAX_PROXIES: usize = 16;

/// Most bytes of a topic's name, as Kafka has it; of a cluster's id, a password or a token, so that they fit a line.
const MAX_TOPIC_BYTES: usize = 249;
const MAX_CREDENTIAL_BYTES: usize = 4_096;

/// Most records of a request: the answer has up to 300 bytes for each, and 64 KiB of it are read.
const MAX_RECORDS: usize = 200;

/// Most bytes of rows of a request, which base64 makes a third larger: below the proxies' default of 1 MB.
const MAX_ROW_BYTES: usize = 700_000;

/// A cluster's own configuration.
#[derive(Clone, Debug)]
pub struct Kafka {
    /// Up to and without the records' own path.
    proxies: Vec<String>,
    path: String,
    api: Api,
    authorization: Option<Secret>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Api {
    V2,
    V3,
}

#[derive(Clone)]
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Kafka {
    pub(crate) fn parse(fields: &mut Fields<'_>, reach: Reach) -> Result<Self, Problem> {
        const PROXIES: &str = "must be a list of 1 to 16 URLs of the cluster's HTTP proxies, for example https://proxy.example:8082: brokers themselves (host:9092) can't be reached from here";
        const TOPIC: &str = "must be 1 to 249 of a-z, A-Z, 0-9, ., _ and -";
        let urls = fields.texts("brokers", PROXIES)?.unwrap_or_default();
        if !(1..=MAX_PROXIES).contains(&urls.len()) || !urls.iter().all(|url| url.contains("://")) {
            return Err(fields.problem("brokers", PROXIES));
        }
        for url in &urls {
            check_url(url, reach).map_err(|remedy| fields.problem("brokers", remedy))?;
            if url.contains('?') {
                return Err(fields.problem("brokers", "must have no query: a path is put behind them"));
            }
        }
        let topic = fields.required_text("topic", "the topic that events go to")?;
        if !is_topic(topic) {
            return Err(fields.problem("topic", TOPIC));
        }
        let cluster = fields.text("cluster_id")?;
        let (api, path) = match cluster {
            None => (Api::V2, format!("/topics/{topic}")),
            Some(id) if is_topic(id) => (Api::V3, format!("/v3/clusters/{id}/topics/{topic}/records")),
            Some(_) => return Err(fields.problem("cluster_id", TOPIC)),
        };
        let proxies = urls.into_iter().map(|url| url.trim_end_matches('/').to_owned()).collect();
        Ok(Self { proxies, path, api, authorization: authorization(fields)? })
    }

    fn body(&self, rows: &[&Row<'_>]) -> String {
        let messages = rows.iter().map(|row| Message::of(row));
        match self.api {
            Api::V2 => {
                let records: Vec<_> = messages
                    .map(|message| json!({ "key": base64(message.key), "value": base64(message.value) }))
                    .collect();
                json!({ "records": records }).to_string()
            }
            // One JSON text behind the other: the proxy answers to each.
            Api::V3 => {
                let records: Vec<String> = messages.map(|message| record_v3(&message).to_string()).collect();
                records.join("\n")
            }
        }
    }
}

fn record_v3(message: &Message<'_>) -> Value {
    let bytes = |text: &str| json!({ "type": "BINARY", "data": base64(text) });
    let attributes = message.attributes.iter();
    let headers: Vec<_> =
        attributes.map(|(name, value)| json!({ "name": name, "value": base64(value) })).collect();
    json!({ "key": bytes(message.key), "value": bytes(message.value), "headers": headers })
}

/// `Basic …` or `Bearer …`, if either is configured.
fn authorization(fields: &mut Fields<'_>) -> Result<Option<Secret>, Problem> {
    let texts = [fields.text("username")?, fields.text("password")?, fields.text("token")?];
    let is_header =
        |text: &&str| text.len() <= MAX_CREDENTIAL_BYTES && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !texts.iter().flatten().all(is_header) {
        return Err(fields.problem("password", "must be printable ASCII, as username and token"));
    }
    match texts {
        [None, None, None] => Ok(None),
        [Some(user), Some(password), None] if !user.contains(':') => {
            Ok(Some(Secret(format!("Basic {}", base64(&format!("{user}:{password}"))))))
        }
        [None, None, Some(token)] => Ok(Some(Secret(format!("Bearer {token}")))),
        _ => Err(fields.problem(
            "username",
            "must come with password, and hold no colon; or there is token and neither of them",
        )),
    }
}

/// Also a cluster's id: neither needs escaping in a path, and neither is a step up.
fn is_topic(text: &str) -> bool {
    (1..=MAX_TOPIC_BYTES).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
        && text != "."
        && text != ".."
}

impl Receiver for Kafka {
    fn room(&self) -> Room {
        Room { events: MAX_RECORDS, bytes: MAX_ROW_BYTES }
    }

    fn addresses(&self) -> u32 {
        u32::try_from(self.proxies.len()).unwrap_or(1)
    }

    fn request(&self, rows: &[&Row<'_>], _now: Timestamp, address: u32) -> Request {
        let at =
            usize::try_from(address).unwrap_or_default().checked_rem(self.proxies.len()).unwrap_or_default();
        let proxy = self.proxies.get(at).map(String::as_str).unwrap_or_default();
        let url = format!("{proxy}{}", self.path);
        let mut headers = match self.api {
            Api::V2 => vec![
                header("content-type", "application/vnd.kafka.binary.v2+json"),
                header("accept", "application/vnd.kafka.v2+json"),
            ],
            Api::V3 => vec![header("content-type", "application/json")],
        };
        headers.extend(self.authorization.as_ref().map(|secret| header("authorization", &secret.0)));
        Request { headers, ..Request::new(Method::Post, &url, self.body(rows), rows) }
    }

    /// A 2xx has a result for each record.
    fn each(&self, sent: &Sent, outcome: &Outcome) -> Option<Vec<Outcome>> {
        let Outcome::Answered { status: 200..=299, body, .. } = outcome else { return None };
        let mut each = match self.api {
            Api::V2 => answer::v2(body),
            Api::V3 => answer::v3(body),
        };
        each.resize(sent.seqs.len(), Outcome::unanswered("the proxy has said nothing of this record"));
        Some(each)
    }
}

#[cfg(test)]
mod tests;
