//! What it costs to take an event from the bytes of a request to the row that the log appends.
//!
//! `cargo run --release -p tallymark-ingest --example decode_to_tag` prints µs per event for batches of 1,
//! 10 and 50 events of about 600 bytes, plain and gzip: the best of several rounds, since whatever else the
//! machine does only ever adds.
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::unwrap_used, clippy::panic)]

use std::{hint::black_box, io::Write, time::Instant};

use flate2::{Compression, write::GzEncoder};
use tallymark_event::{EventId, Timestamp};
use tallymark_ingest::{Collector, Request, Settings, Step};

const ROUNDS: u32 = 15;
const EVENTS_PER_ROUND: u32 = 20_000;
const RECEIVED_MS: u64 = 1_795_220_080_000;

/// A batch as the SDK sends it. Ids and numbers differ from event to event, as they would.
fn batch(events: u32) -> String {
    let events: Vec<String> = (1..=events)
        .map(|n| {
            let random = u64::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mut tail = [0; 10];
            tail.iter_mut().zip(random.to_be_bytes()).for_each(|(to, from)| *to = from);
            let id = EventId::v7(RECEIVED_MS - u64::from(n), tail);
            format!(
                r#"{{"event":"recipe_scaled","uuid":"{id}","distinct_id":"01a1fb70-ce0f-72ee-bc10-49bd3c6cafe9","timestamp":"2026-11-21T00:14:{:02}.182Z","properties":{{"$current_url":"https://shop.example/recipes/{n}?tab=scale","$session_id":"01a1fb70-ce51-7a00-86b5-3d2ff7a0cece","$window_id":"01a1fb70-ce51-7a00-86b5-3d3046df4ac9","$device_id":"01a1fb70-ce0f-72ee-bc10-49bd3c6cafe9","$stream_id":"01a1fb70-ce51-7a00-86b5-3d3046df4aca","$seq":{n},"$monotonic_ms":{}.5,"$lib":"tallymark","$lib_version":"0.1.0","recipe_id":"r_{}","scale":{}.25,"servings":{}}}}}"#,
                n % 60,
                1_000 + n * 37,
                n * 7_919 % 10_000,
                n % 9,
                n % 12,
            )
        })
        .collect();
    format!(
        r#"{{"api_key":"wk_bench","batch":[{}],"sent_at":"2026-11-21T00:14:39.900Z","stream":{{"id":"01a1fb70-ce51-7a00-86b5-3d3046df4aca","seq":{},"dropped":{{}}}}}}"#,
        events.join(","),
        events.len(),
    )
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn main() {
    let now = Timestamp::from_ms(i64::try_from(RECEIVED_MS).unwrap());
    let mut collector = Collector::new(Settings::default());
    let record = r#"{"organization_id":"org_bench","kind":"browser","origins":["https://shop.example"]}"#;
    collector.learn("key:wk_bench", Some(record), now);
    collector.learn("plan:org_bench", None, now);
    // All of them at one moment.
    let limits = r#"{"limits":{"browser_key":{"per_second":100000,"burst":1000000}}}"#;
    collector.learn("settings:org_bench", Some(limits), now);
    println!("{:>6} {:>6} {:>9} {:>12} {:>12}", "batch", "body", "bytes", "µs/event", "µs/request");
    for events in [1, 10, 50] {
        let plain = batch(events).into_bytes();
        for (name, body) in [("plain", plain.clone()), ("gzip", gzip(&plain))] {
            let request = Request {
                method: "POST",
                path: "/batch/",
                query: "",
                origin: Some("https://shop.example"),
                referer: None,
                content_type: Some("text/plain"),
                content_encoding: None,
                authorization: None,
                user_agent: Some(
                    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36",
                ),
                country: Some("CZ"),
                accept: None,
                fetch_dest: None,
                gpc: None,
                body: &body,
                ..Request::default()
            };
            match collector.receive(&request, now) {
                Step::Append(append) if append.events == events => {}
                step => panic!("{step:?}"),
            }
            let requests = EVENTS_PER_ROUND / events;
            let best = (0..ROUNDS)
                .map(|_| {
                    let start = Instant::now();
                    for _ in 0..requests {
                        black_box(collector.receive(black_box(&request), now));
                    }
                    start.elapsed().as_secs_f64() * 1e6 / f64::from(requests)
                })
                .fold(f64::INFINITY, f64::min);
            println!(
                "{events:>6} {name:>6} {:>9} {:>12.3} {best:>12.2}",
                body.len(),
                best / f64::from(events)
            );
        }
    }
}
