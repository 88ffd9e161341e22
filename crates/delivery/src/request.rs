//! What is sent.

use serde::Serialize;

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
    /// Where to: absolute, and held against [`crate::guard`].
    pub url: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// The rows that it brings, in their order: never none.
    pub seqs: Vec<u64>,
}
