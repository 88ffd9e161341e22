//! What is sent.

use serde::Serialize;

use crate::Row;

/// A request's method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// `POST`
    Post,
}

/// One HTTP request. Redirections are not followed: an answer from 300 to 399 is an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Request {
    /// How.
    pub method: Method,
    /// Where to: absolute, and held against [`crate::guard`]. May hold a secret: it is for no log.
    pub url: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// It brings the log's rows from the first to the last `seq` as they stand there, and its body is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<(u64, u64)>,
    /// Whether the body may be sent as gzip, with the header `content-encoding`.
    #[serde(skip_serializing_if = "is_false")]
    pub gzip: bool,
    /// What is to be signed for the header `authorization`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bearer: Option<Bearer>,
    /// The rows that it brings, in their order: never none.
    pub seqs: Vec<u64>,
    /// Their events, where an answer names them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub event_ids: Vec<String>,
    /// Why it is not to be sent at all: the receiver could not take these rows. It is its own
    /// [outcome](crate::Outcome::Unfit).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unfit: Option<&'static str>,
}

/// A JSON Web Token to be signed with RS256: by the platform, which has RSA in constant time.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Bearer {
    /// The token but for its signature: header and claims. The same for half an hour, so that a signature may be kept.
    pub signing_input: String,
    /// The private key, PKCS #8 in PEM.
    pub private_key: String,
}

impl std::fmt::Debug for Bearer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bearer")
    }
}

impl Request {
    /// Of these rows, with the body and nothing besides.
    pub(crate) fn new(method: Method, url: &str, body: String, rows: &[&Row<'_>]) -> Self {
        Self {
            method,
            url: url.to_owned(),
            headers: Vec::new(),
            body,
            rows: None,
            gzip: false,
            bearer: None,
            seqs: rows.iter().map(|row| row.seq).collect(),
            event_ids: Vec::new(),
            unfit: None,
        }
    }

    /// That is not sent.
    pub(crate) fn unfit(why: &'static str, row: &Row<'_>) -> Self {
        Self { unfit: Some(why), ..Self::new(Method::Post, "", String::new(), &[row]) }
    }
}

/// A header.
pub(crate) fn header(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
const fn is_false(flag: &bool) -> bool {
    !*flag
}
