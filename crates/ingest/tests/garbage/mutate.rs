//! Makes garbage of requests: by bytes, by what decoders look for, and inside of what they unwrap.

use std::io::{Read, Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use fastrand::Rng;
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};

use crate::corpus::Sample;

/// What decoders look for, and what has broken decoders before.
const TOKENS: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\"",
    b"\\",
    b"\\u",
    b"\\ud83d",
    b"\\ude00",
    b"\\u0000",
    b"null",
    b"true",
    b"1e999",
    b"-0",
    b"-",
    b"0.",
    b"1E",
    b"18446744073709551616",
    b"-9223372036854775809",
    b"NaN",
    b"\0",
    b"\x1f\x8b\x08",
    b"\xff",
    b"\xed\xa0\xbd\xed\xb8\x80",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xa8",
    b"%",
    b"%u",
    b"%00",
    b"%ff",
    b"+",
    b"&",
    b"=",
    b";",
    b"data=",
    b"compression=",
    b"\r\n",
    b"\n",
    b"~",
    b"~~",
    b"k0",
    b"v0",
    b"ep.",
    b"epn.",
    b"up.",
    b"upn.",
    b"pr1=",
    b"pr201=",
    b"en=",
    b"tid=",
    b"cid=",
    b"gcd=",
    b"gcs=",
    b"_et=",
    b"sid=",
    b"$set",
    b"$identify",
    b"$create_alias",
    b"\"batch\":",
    b"\"events\":",
    b"\"stream\":",
    b"\"will\":",
    b"\"properties\":",
    b"\"uuid\":",
    b"\"timestamp\":",
    b"\"offset\":",
    b"\"distinct_id\":",
    b"\"$anon_distinct_id\":",
    b"2026-11-21T00:14:39Z",
    b"0000-00-00T00:00:00Z",
    b"99999999999999999",
];
const METHODS: &[&str] = &["GET", "POST", "HEAD", "PUT", "OPTIONS", "get", ""];
const TYPES: &[&str] = &[
    "text/plain",
    "application/json",
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=UTF-8",
    "multipart/form-data; boundary=x",
    "\u{fffd}",
];
const ENCODINGS: &[&str] =
    &["gzip", "gzip-js", "deflate", "br", "zstd", "lz64", "base64", "identity", "gzip, gzip", "x"];
const QUERIES: &[&str] = &[
    "compression=gzip-js",
    "compression=lz64",
    "compression=base64",
    "compression=",
    "beacon=1",
    "_=1795220080000",
    "_=x",
    "data=",
    "data=e30=",
    "v=2",
    "config=true",
    "api_secret=s",
    "measurement_id=G-1",
    "tid=G-1",
    "en=x",
    "sent_at=-1",
    "&&",
    "=",
];
/// How many times a piece is repeated at the most: what is quadratic in it shows in time and memory.
const MAX_REPEATS: usize = 4_000;

/// A change or several of `sample`; what it is spliced with comes from `others`.
pub(crate) fn mutated(rng: &mut Rng, sample: &Sample, others: &[Sample]) -> Sample {
    let mut out = sample.clone();
    // Most of the time the head stays as it is: then the bytes reach the decoder that they are meant for.
    if rng.u8(..) < 64 {
        head(rng, &mut out, others);
    }
    let other = pick(rng, others);
    if out.body.is_empty() || rng.u8(..) < 40 {
        let mut query = core::mem::take(&mut out.query).into_bytes();
        bytes(rng, &mut query, other.query.as_bytes());
        // A URL has neither blanks nor controls: servers refuse those before anybody sees them.
        query.retain(u8::is_ascii_graphic);
        out.query = String::from_utf8(query).unwrap_or_default();
    }
    if let (Some(mut inner), true) = (unwrapped(&out.body), rng.u8(..) < 200) {
        bytes(rng, &mut inner, &unwrapped(&other.body).unwrap_or_default());
        out.body = wrapped(rng, &mut out, &inner);
    } else {
        bytes(rng, &mut out.body, &other.body);
    }
    out
}

fn pick<'a, T>(rng: &mut Rng, from: &'a [T]) -> &'a T {
    &from[rng.usize(..from.len())]
}

fn head(rng: &mut Rng, out: &mut Sample, others: &[Sample]) {
    match rng.u8(..7) {
        0 => out.method = METHODS[rng.usize(..METHODS.len())].into(),
        1 => out.path.clone_from(&pick(rng, others).path),
        2 => out.path.push(if rng.bool() { '/' } else { '.' }),
        3 => out.query = format!("{}&{}", pick(rng, QUERIES), out.query),
        4 => out.set_header("content-type", Some(*pick(rng, TYPES))),
        5 => out.set_header("content-encoding", Some(*pick(rng, ENCODINGS))),
        _ => {
            let name = ["origin", "referer", "authorization", "user-agent", "content-type"][rng.usize(..5)];
            let value = ["", "null", "*", "Bearer ", "Bearer sk_1", "http://[", "\u{1f9fc}"][rng.usize(..7)];
            out.set_header(name, Some(value));
        }
    }
}

/// Some changes to the bytes.
fn bytes(rng: &mut Rng, out: &mut Vec<u8>, other: &[u8]) {
    for _ in 0..rng.usize(1..5) {
        let at = rng.usize(..=out.len());
        let end = (at + rng.usize(..40)).min(out.len());
        match rng.u8(..8) {
            0 => {
                if let Some(byte) = out.get_mut(at) {
                    *byte ^= 1 << rng.u8(..8);
                }
            }
            1 => drop(out.drain(at..end)),
            2 => out.truncate(at),
            3 => drop(out.splice(at..end, pick(rng, TOKENS).iter().copied())),
            4 => drop(out.splice(at..at, pick(rng, TOKENS).iter().copied())),
            5 => {
                let piece: Vec<u8> = out[at..end].to_vec();
                let repeats = if rng.u8(..) < 4 { rng.usize(..MAX_REPEATS) } else { rng.usize(..4) };
                drop(out.splice(at..at, piece.repeat(repeats)));
            }
            6 => {
                let from = rng.usize(..=other.len());
                drop(out.splice(at.., other[from..].iter().copied()));
            }
            _ => {
                let token = pick(rng, TOKENS);
                let repeats = if rng.u8(..) < 4 { rng.usize(..MAX_REPEATS) } else { rng.usize(..8) };
                drop(out.splice(at..at, token.repeat(repeats)));
            }
        }
    }
}

/// What is in a gzip or base64 body, if it is one.
fn unwrapped(body: &[u8]) -> Option<Vec<u8>> {
    if body.starts_with(&[0x1f, 0x8b]) {
        let mut inner = Vec::new();
        return MultiGzDecoder::new(body).read_to_end(&mut inner).ok().map(|_| inner);
    }
    let data = body.strip_prefix(b"data=")?;
    let data = data.split(|byte| *byte == b'&').next()?;
    let text =
        String::from_utf8(data.to_vec()).ok()?.replace("%3D", "=").replace("%2B", "+").replace("%2F", "/");
    STANDARD.decode(text).ok()
}

/// The content in some wrapping, its own or another.
fn wrapped(rng: &mut Rng, out: &mut Sample, inner: &[u8]) -> Vec<u8> {
    match rng.u8(..6) {
        0 => inner.to_vec(),
        1 => {
            out.set_header("content-type", Some("application/x-www-form-urlencoded"));
            [b"data=".to_vec(), STANDARD.encode(inner).into_bytes()].concat()
        }
        _ => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(inner).unwrap();
            encoder.finish().unwrap()
        }
    }
}

/// What there is to decode, unwrapped if that is what it is.
pub(crate) fn payload_bytes(sample: &Sample) -> usize {
    sample.query.len() + sample.body.len() + unwrapped(&sample.body).map_or(0, |inner| inner.len())
}
