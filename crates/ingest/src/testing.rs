//! Requests, for tests.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use crate::Request;

/// `POST <path>` with a body and nothing else.
pub(crate) const fn post<'a>(path: &'a str, body: &'a [u8]) -> Request<'a> {
    Request {
        method: "POST",
        path,
        query: "",
        origin: None,
        referer: None,
        content_type: Some("text/plain"),
        content_encoding: None,
        authorization: None,
        user_agent: None,
        country: None,
        body,
    }
}

/// One gzip member.
pub(crate) fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}
