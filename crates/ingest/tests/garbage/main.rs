//! Garbage: generated and mutated requests, a target for each way that events come in. Whatever arrives, the brain
//! answers with something below 500, keeps its books, and takes no more memory than its limits say.
//!
//! A target takes `GARBAGE_REQUESTS` requests (default [`REQUESTS`]) made of the seed `GARBAGE_SEED` (default 0); a
//! failure names the request's own seed. To look further: `GARBAGE_REQUESTS=1000000 GARBAGE_SEED=7 cargo test --release
//! -p tallymark-ingest --test garbage`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods
)]

mod capture_v1;
mod corpus;
mod memory;
mod mutate;

use std::time::{Duration, Instant};

use corpus::{Sample, recorded};
use fastrand::Rng;
use serde_json::Value;
use tallymark_event::{COLUMNS, Timestamp};
use tallymark_ingest::{Append, Collector, Request, Settings, Step, limits::MAX_DECODED_BYTES};

/// By each target: some 100,000 in all.
const REQUESTS: u64 = 20_000;
/// What a request may hold at a time for each byte of its payload: the payload, its translation, its rows, their chunks.
const BYTES_PER_BYTE: usize = 64;
/// And whatever its size.
const BASE_BYTES: usize = 4 * 1024 * 1024;
/// And by a decoder for its window, whatever there is to decode: 16 MiB is brotli's largest, with its tables beside it.
const WINDOW_BYTES: usize = 20 * 1024 * 1024;
/// No request of this size takes a hundredth of that unless something is quadratic.
const PATIENCE: Duration = Duration::from_secs(10);
const NOW: Timestamp = Timestamp::from_ms(1_795_220_080_000);

/// All requests come at one moment.
const NO_LIMITS: &str = r#"{"limits":{"browser_key":{"per_second":100000,"burst":1000000},"server_key":{"per_second":100000,"burst":1000000}}}"#;

/// Whatever the registry is asked for, it has: garbage with a key goes all the way.
fn record(lookup: &str) -> &'static str {
    if lookup.starts_with("key:sha256:") {
        r#"{"organization_id":"org_1","kind":"server"}"#
    } else {
        r#"{"organization_id":"org_1","kind":"browser","origins":["*"]}"#
    }
}

fn receive(collector: &mut Collector, sample: &Sample) -> Step {
    let request = Request {
        method: &sample.method,
        path: &sample.path,
        query: &sample.query,
        origin: sample.header("origin"),
        referer: sample.header("referer"),
        content_type: sample.header("content-type"),
        content_encoding: sample.header("content-encoding"),
        authorization: sample.header("authorization"),
        user_agent: sample.header("user-agent"),
        accept: sample.header("accept"),
        fetch_dest: sample.header("sec-fetch-dest"),
        gpc: sample.header("sec-gpc"),
        sdk_info: sample.header("posthog-sdk-info"),
        attempt: sample.header("posthog-attempt"),
        request_id: sample.header("posthog-request-id"),
        request_timestamp: sample.header("posthog-request-timestamp"),
        body: &sample.body,
        ..Request::default()
    };
    // A request may take two keys, settings and a plan.
    for _ in 0..4 {
        match collector.receive(&request, NOW) {
            Step::NeedKey { lookup } if lookup.starts_with("plan:") => collector.learn(&lookup, None, NOW),
            Step::NeedKey { lookup } if lookup.starts_with("settings:") => {
                collector.learn(&lookup, Some(NO_LIMITS), NOW);
            }
            Step::NeedKey { lookup } => collector.learn(&lookup, Some(record(&lookup)), NOW),
            step => return step,
        }
    }
    collector.receive(&request, NOW)
}

/// What must hold of every step.
fn check(step: &Step) {
    match step {
        Step::NeedKey { lookup } => panic!("asks for {lookup} after it was told"),
        Step::Administer => panic!("nobody may"),
        Step::Metrics(organizations) => assert_eq!(organizations.len(), 1, "a tenant's own"),
        Step::Query(_) | Step::Delivery { .. } | Step::Erasure { .. } | Step::Quarantine { .. } => {}
        Step::Answer(answer) => assert!((200..500).contains(&answer.status), "{answer:?}"),
        Step::Append(append) => {
            let rows: usize = append.rows.iter().map(|chunk| rows_in(chunk, COLUMNS.len())).sum();
            assert_eq!(rows, append.events as usize);
            assert_eq!(rows_in(&append.quarantined, 14), append.quarantined_count as usize);
            let accounted = u64::from(append.unsequenced) + streams(append);
            assert_eq!(
                accounted,
                u64::from(append.events) + u64::from(append.quarantined_count),
                "the books"
            );
            let answer = append.answer(append.events, 0, append.quarantined_count);
            assert!((200..300).contains(&answer.status), "{answer:?}");
        }
    }
}

/// How many rows there are in a JSON array of rows of so many columns; none in an empty text.
fn rows_in(chunk: &str, columns: usize) -> usize {
    if chunk.is_empty() {
        return 0;
    }
    let rows: Vec<Vec<Value>> = serde_json::from_str(chunk).unwrap();
    assert!(rows.iter().all(|row| row.len() == columns));
    rows.len()
}

/// How many events of the request belong to streams.
fn streams(append: &Append) -> u64 {
    if append.streams.is_empty() {
        return 0;
    }
    let streams: Vec<Value> = serde_json::from_str(&append.streams).unwrap();
    streams.iter().map(|stream| stream[2].as_u64().unwrap()).sum()
}

/// Runs a target: garbage made of the recordings that `is_seed` chooses.
fn target(name: &str, is_seed: impl Fn(&Sample) -> bool) {
    let variable = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let requests = variable("GARBAGE_REQUESTS").unwrap_or(REQUESTS);
    let first = variable("GARBAGE_SEED").unwrap_or(0);
    let all = recorded();
    let seeds: Vec<Sample> = all.iter().filter(|sample| is_seed(sample)).cloned().collect();
    assert!(!seeds.is_empty(), "{name}: no recording to begin with");
    let mut collector = Collector::new(Settings::default());
    let mut taken = 0u64;
    // As they were recorded, before anything is done to them: a target that refuses these tests nothing.
    for sample in &seeds {
        let step = receive(&mut collector, sample);
        check(&step);
        taken += u64::from(matches!(step, Step::Append(_)));
    }
    assert!(taken > 0, "{name}: not one recording is taken as it is");
    for seed in first..first + requests {
        let mut rng = Rng::with_seed(seed);
        let chosen = &seeds[rng.usize(..seeds.len())];
        let sample = mutate::mutated(&mut rng, chosen, &all);
        let start = Instant::now();
        let report = Report { name, seed, sample: &sample };
        let (step, peak) = memory::peak_of(|| receive(&mut collector, &sample));
        check(&step);
        let window = if capture_v1::declares_window(&sample) { WINDOW_BYTES } else { 0 };
        let most =
            BASE_BYTES + window + BYTES_PER_BYTE * mutate::payload_bytes(&sample).min(MAX_DECODED_BYTES);
        assert!(peak <= most, "held {peak} bytes, of {most}");
        assert!(start.elapsed() < PATIENCE, "took {:?}", start.elapsed());
        drop(report);
    }
}

/// Says which request it was, should that be its last.
struct Report<'s> {
    name: &'s str,
    seed: u64,
    sample: &'s Sample,
}

impl Drop for Report<'_> {
    #[allow(clippy::print_stderr)]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Sample { method, path, query, headers, body } = self.sample;
            let shown = &body[..body.len().min(2_000)];
            eprintln!("{} seed {}: {method} {path}?{query} {headers:?}", self.name, self.seed);
            eprintln!("{} bytes: {}", body.len(), shown.escape_ascii());
        }
    }
}

fn is_posthog(sample: &Sample) -> bool {
    let path = sample.path.trim_matches('/');
    sample.method == "POST" && ["e", "i/v0/e", "batch"].contains(&path)
}

fn is_form(sample: &Sample) -> bool {
    sample.header("content-type").is_some_and(|kind| kind.contains("form"))
}

#[test]
fn batches_of_any_wrapping() {
    target("batch", is_posthog);
}

#[test]
fn forms_with_base64_or_lz64() {
    target("form", |sample| is_posthog(sample) && is_form(sample));
}

#[test]
fn persons_by_engage() {
    target("engage", |sample| sample.path.starts_with("/engage"));
}

#[test]
fn capture_v1_in_every_encoding() {
    target("capture v1", |sample| sample.path == capture_v1::PATH);
}

#[test]
fn hits_of_ga4() {
    target("collect", |sample| sample.path.ends_with("/g/collect"));
}

#[test]
fn the_measurement_protocol() {
    target("measurement", |sample| sample.path.ends_with("/mp/collect"));
}
