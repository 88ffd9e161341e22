//! Where the probe goes on to: each destination's cursor passes it, or says why not.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    http::Http,
    probe::Probe,
    walk::{Fault, Found, Walk},
};
use crate::collector::escaped;

/// How often they are asked.
const INTERVAL: Duration = Duration::from_millis(250);

/// Takes a step for each destination; they are apart, so one that fails ends nothing.
pub(super) fn follow(walk: &mut Walk, http: &Http, reader: &str, probe: &Probe, seq: u64, wait: Duration) {
    let start = Instant::now();
    let Some(answer) = walk.take("destinations", || settled(http, reader, seq, wait)) else { return };
    for destination in answer["destinations"].as_array().into_iter().flatten() {
        let name = destination["name"].as_str().unwrap_or_default();
        walk.take(&format!("destination {name}"), || judged(http, reader, probe, seq, destination, start));
    }
    for problem in answer["problems"].as_array().into_iter().flatten() {
        let of = |member: &str| problem[member].as_str().unwrap_or_default();
        walk.take("configuration", || -> Found<()> {
            Err(Fault::new(
                format!("{}: {}", of("path"), of("detail")),
                "correct the destination's configuration",
            ))
        });
    }
}

/// Waits until each has passed the row, or can't.
fn settled(http: &Http, reader: &str, seq: u64, wait: Duration) -> Found<Value> {
    let start = Instant::now();
    loop {
        let answer = http.get("/v1/destinations", Some(reader))?;
        if answer.status != 200 {
            return Err(answer.refusal());
        }
        let body = answer.json();
        let all = body["destinations"].as_array().map(Vec::as_slice).unwrap_or_default();
        let is_settled = |it: &Value| has_passed(it, seq) || it["status"] == "paused";
        if all.iter().all(is_settled) || start.elapsed() >= wait {
            let told = if all.is_empty() {
                "none: the log is where it stays".to_owned()
            } else {
                all.len().to_string()
            };
            return Ok((body, told));
        }
        sleep(INTERVAL);
    }
}

fn has_passed(destination: &Value, seq: u64) -> bool {
    destination["cursor"].as_u64().is_some_and(|cursor| cursor >= seq)
}

fn judged(http: &Http, reader: &str, probe: &Probe, seq: u64, it: &Value, start: Instant) -> Found<()> {
    let of = |member: &str| it[member].as_str().unwrap_or_default();
    let name = of("name");
    if it["status"] == "paused" {
        return Err(Fault::new(
            format!("paused: {}", of("paused_reason")),
            format!("put right what it says, then `tallymark destinations resume {name}`"),
        ));
    }
    if has_passed(it, seq) {
        if let Some(parked) = parked(http, reader, probe, name)? {
            let of = |member: &str| parked[member].as_str().unwrap_or_default();
            return Err(Fault::new(
                format!("parked: {} {}", of("reason"), of("detail")),
                format!("put right what it says, then `tallymark deliveries retry --destination {name}`"),
            ));
        }
        let took = match of("kind") {
            "ga4" => {
                "Google's validation server finds no fault with it (secret and stream it does not check)"
            }
            _ => "delivered",
        };
        return Ok(((), format!("{}: {took}, or passed by as none of its events", of("kind"))));
    }
    if it["status"] == "failing" {
        return Err(Fault::new(
            format!(
                "failing: {}; {} attempts, next at {}",
                of("last_error"),
                it["attempts"],
                of("next_attempt_at")
            ),
            "the receiver has to answer 2xx; it is tried again by itself (docs/DELIVERY.md)",
        ));
    }
    Err(Fault::new(
        format!(
            "{} events and {} s behind, after {} s",
            it["lag_events"],
            it["lag_seconds"],
            start.elapsed().as_secs()
        ),
        "it works and has not come so far: wait longer (--wait), or see whether its lag grows (docs/OPERATIONS.md)",
    ))
}

fn parked(http: &Http, reader: &str, probe: &Probe, name: &str) -> Result<Option<Value>, Fault> {
    let path = format!("/v1/deliveries/parked?destination={}&event_id={}", escaped(name), probe.event_id);
    let answer = http.get(&path, Some(reader))?;
    if answer.status != 200 {
        return Err(answer.refusal());
    }
    let page = answer.json();
    let mut all = page["deliveries"].as_array().into_iter().flatten();
    Ok(all.find(|it| it["event_id"] == probe.event_id.as_str()).cloned())
}
