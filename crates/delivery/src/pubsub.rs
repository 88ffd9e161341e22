//! Google Pub/Sub, by its REST API.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tallymark_event::Timestamp;

use crate::{
    Method, Problem, Request, Row,
    destination::Fields,
    guard::{Reach, check_url},
    limits,
    message::{Message, base64},
    receiver::{Receiver, Room},
    request::{Bearer, header},
};

const ENDPOINT: &str = "https://pubsub.googleapis.com";

/// Whom a token is for, wherever the endpoint is.
const AUDIENCE: &str = "https://pubsub.googleapis.com/";

/// Most messages of a request, as Google has it.
const MAX_MESSAGES: usize = 1_000;

/// How long tokens are the same, in s, and how long each holds, which is as long as Google lets it. It begins a little
/// in the past, for clocks that are behind.
const TOKEN_WINDOW_S: i64 = 1_800;
const TOKEN_LIFE_S: i64 = 3_600;
const TOKEN_LEEWAY_S: i64 = 60;

/// A topic's own configuration.
#[derive(Clone, Debug)]
pub struct PubSub {
    url: String,
    /// None of an emulator.
    account: Option<Account>,
}

/// A service account's key, as Google's console gives it.
#[derive(Clone, Deserialize)]
struct Account {
    client_email: String,
    private_key: String,
    #[serde(default)]
    private_key_id: String,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.client_email)
    }
}

impl PubSub {
    pub(crate) fn parse(fields: &mut Fields<'_>, reach: Reach) -> Result<Self, Problem> {
        let project =
            fields.required_text("project_id", "the Google Cloud project, for example \"shop-prod\"")?;
        if !is_resource(project) {
            return Err(
                fields.problem("project_id", "must be 1 to 255 of a-z, A-Z, 0-9, -, ., _, ~, + and :")
            );
        }
        let topic = fields.required_text("topic", "the topic that events go to")?;
        if !is_resource(topic) {
            return Err(fields.problem("topic", "must be its name alone, without projects/…/topics/"));
        }
        let endpoint = fields.text("endpoint")?;
        if let Some(endpoint) = endpoint {
            check_url(endpoint, reach).map_err(|remedy| fields.problem("endpoint", remedy))?;
        }
        let account = fields.value("credentials").map(account_of);
        let account = match account {
            Some(Some(account)) => Some(account),
            None if endpoint.is_some() => None,
            None | Some(None) => {
                return Err(fields.problem(
                    "credentials",
                    "must be a service account's key, as JSON: an object with client_email and private_key",
                ));
            }
        };
        let endpoint = endpoint.unwrap_or(ENDPOINT).trim_end_matches('/');
        Ok(Self { url: format!("{endpoint}/v1/projects/{project}/topics/{topic}:publish"), account })
    }
}

/// Of an object, or of a text that holds one.
fn account_of(value: &Value) -> Option<Account> {
    let account: Account = match value {
        Value::String(text) => serde_json::from_str(text).ok()?,
        other => Account::deserialize(other).ok()?,
    };
    let is_key = account.private_key.trim_start().starts_with("-----BEGIN PRIVATE KEY-----");
    (is_key && !account.client_email.is_empty()).then_some(account)
}

/// What needs no escaping in a path.
fn is_resource(text: &str) -> bool {
    let is_letter =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b':');
    (1..=255).contains(&text.len()) && text.bytes().all(is_letter) && text != "." && text != ".."
}

impl Account {
    /// A token that the account signs itself: Google's own services take it as it is, without exchanging it for another
    /// (AIP-4111).
    fn bearer(&self, now: Timestamp) -> Bearer {
        let window = now.ms().div_euclid(1_000).div_euclid(TOKEN_WINDOW_S) * TOKEN_WINDOW_S;
        let issued = window - TOKEN_LEEWAY_S;
        let head = json!({ "alg": "RS256", "typ": "JWT", "kid": self.private_key_id });
        let claims = json!({
            "iss": self.client_email,
            "sub": self.client_email,
            "aud": AUDIENCE,
            "iat": issued,
            "exp": issued + TOKEN_LIFE_S,
        });
        let part = |json: Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
        Bearer {
            signing_input: format!("{}.{}", part(head), part(claims)),
            private_key: self.private_key.clone(),
        }
    }
}

impl Receiver for PubSub {
    fn room(&self) -> Room {
        Room { events: MAX_MESSAGES, bytes: limits::MAX_REQUEST_BYTES }
    }

    fn request(&self, rows: &[&Row<'_>], now: Timestamp, _address: u32) -> Request {
        let messages: Vec<Value> = rows
            .iter()
            .map(|row| {
                let message = Message::of(row);
                let attributes: Map<String, Value> = message
                    .attributes
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), Value::String(value)))
                    .collect();
                json!({ "data": base64(message.value), "attributes": attributes, "orderingKey": message.key })
            })
            .collect();
        Request {
            headers: vec![header("content-type", "application/json")],
            bearer: self.account.as_ref().map(|account| account.bearer(now)),
            ..Request::new(Method::Post, &self.url, json!({ "messages": messages }).to_string(), rows)
        }
    }
}

#[cfg(test)]
mod tests;
