//! What the proxies say of each record.

use serde::Deserialize;

use crate::Outcome;

/// `{"offsets":[{"partition":0,"offset":7},{"partition":-1,"offset":-1,"error_code":2,"error":"…"}]}`
#[derive(Deserialize)]
struct V2 {
    #[serde(default)]
    offsets: Vec<Offset>,
}

#[derive(Deserialize)]
struct Offset {
    #[serde(default)]
    error_code: Option<i64>,
    #[serde(default)]
    error: Option<String>,
}

/// `{"error_code":200,"offset":7,…}`, one behind the other.
#[derive(Deserialize)]
struct V3 {
    error_code: i64,
    #[serde(default)]
    message: Option<String>,
}

pub(super) fn v2(body: &str) -> Vec<Outcome> {
    let offsets = serde_json::from_str::<V2>(body).map(|answer| answer.offsets).unwrap_or_default();
    offsets.into_iter().map(|one| told(status_of_code(one.error_code), one.error)).collect()
}

/// What comes behind a text that is none is not read: an answer that broke off says nothing of the rest.
pub(super) fn v3(body: &str) -> Vec<Outcome> {
    let answers = serde_json::Deserializer::from_str(body).into_iter::<V3>().map_while(Result::ok);
    answers.map(|one| told(status_of_v3(one.error_code), one.message)).collect()
}

fn told(status: u16, message: Option<String>) -> Outcome {
    Outcome::answered(status, &message.unwrap_or_default())
}

/// Confluent's proxy has two codes: 1, which another try won't mend, and 2, which one may. Redpanda's has Kafka's own,
/// of which the first two mean as much.
fn status_of_code(code: Option<i64>) -> u16 {
    match code {
        None | Some(0) => 200,
        // Of the record: no retry, its size, the batch's, its content.
        Some(1 | 10 | 18 | 87) => 422,
        // Of the topic or our rights: there is none, its name, its and the cluster's authorization.
        Some(3) => 404,
        Some(17 | 29 | 31 | 58) => 403,
        // Of the brokers, for now: a retry, no leader, time, coordinators, replicas, a disk.
        Some(2 | 5..=7 | 13..=16 | 19 | 20 | 56) => 503,
        Some(_) => 500,
    }
}

/// HTTP's, or two digits more: 40403.
fn status_of_v3(code: i64) -> u16 {
    let status = if code >= 1_000 { code / 100 } else { code };
    u16::try_from(status).ok().filter(|status| (100..=599).contains(status)).unwrap_or(500)
}
