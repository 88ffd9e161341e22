//! The tracker from outside: facts in, effects out.

use super::*;
use crate::{FlushReason, Transport};
use serde_json::{Value, json};
use std::{collections::BTreeMap, format, string::ToString, vec::Vec};
use tallymark_event::limits::{MAX_BATCH_BYTES, MAX_BATCH_EVENTS, SESSION_IDLE_MS};

const WALL: i64 = 1_795_220_079_697;
const PLACE: &str = r#""$current_url":"https://a.example/x?utm_source=n","$pathname":"/x""#;
const QUERY: &str = r#""utm_source":"n""#;

/// A request that the tracker has asked for.
#[derive(Debug)]
struct Request {
    id: u32,
    transport: Transport,
    reason: FlushReason,
    bytes: usize,
    body: Value,
}

/// A tracker with a shell that only writes down.
struct Page {
    tracker: Tracker,
    ms: u64,
    requests: Vec<Request>,
    kept: Vec<(Slot, String)>,
    dropped: Vec<(DropReason, u32)>,
    sent: u32,
    disk: BTreeMap<String, String>,
    /// Chunks on disk: the last number in each, and its key.
    chunks: Vec<(u32, String)>,
    /// When the timer fires.
    timer: Option<u64>,
}

impl Page {
    fn new() -> Self {
        Self::with(|_| {}, 0, 0)
    }

    fn with(before: impl FnOnce(&mut Tracker), seq: u32, lost: u32) -> Self {
        let mut page = Self {
            tracker: Tracker::new(),
            ms: 0,
            requests: Vec::new(),
            kept: Vec::new(),
            dropped: Vec::new(),
            sent: 0,
            disk: BTreeMap::new(),
            chunks: Vec::new(),
            timer: None,
        };
        page.tracker.seed(42);
        page.after(0, |tracker| {
            before(tracker);
            tracker.start(&Start {
                key: "\"wk_1\"",
                stream_id: "\"s1\"",
                window_id: "\"w1\"",
                browser: r#""$raw_user_agent":"Chrome/156.0 Linux","$timezone":"UTC""#,
                seq,
                lost,
                capture_leave: true,
            });
        });
        page
    }

    /// Lets `ms` pass, calls, and carries out.
    fn after(&mut self, ms: u64, call: impl FnOnce(&mut Tracker)) -> &mut Self {
        self.ms += ms;
        let now = Now { wall_ms: WALL + i64::try_from(self.ms).unwrap(), monotonic_ms: self.ms };
        call(self.tracker.at(now, &now.written()));
        let mut text = String::new();
        while let Some(effect) = self.tracker.poll(&mut text) {
            match effect {
                Effect::Send { id, transport, reason } => self.requests.push(Request {
                    id,
                    transport,
                    reason,
                    bytes: text.len(),
                    body: serde_json::from_str(&text).unwrap(),
                }),
                Effect::SetTimer { ms } => self.timer = Some(self.ms + u64::from(ms)),
                Effect::Persist { slot } => self.kept.push((slot, text.clone())),
                Effect::Dropped { reason, count } => self.dropped.push((reason, count)),
                Effect::Sent { count } => self.sent += count,
                Effect::Keep { chunk_bytes, last } => {
                    let (value, key) = text.split_at(chunk_bytes);
                    self.disk.insert(key.into(), value.into());
                    self.chunks.push((last, key.into()));
                }
                Effect::Forget => {
                    self.disk.remove(&text);
                }
            }
        }
        // As sdk/js does: a chunk goes when all in it is settled.
        for (_, key) in self.chunks.extract_if(.., |(last, _)| (1..=self.tracker.settled()).contains(last)) {
            self.disk.remove(&key);
        }
        self
    }

    /// Lets `ms` pass, with the timer firing whenever it is due.
    fn wait(&mut self, ms: u64) -> &mut Self {
        let end = self.ms + ms;
        while let Some(due) = self.timer.filter(|due| *due <= end) {
            self.timer = None;
            self.after(due - self.ms, Tracker::tick);
        }
        self.after(end - self.ms, |_| {})
    }

    fn capture(&mut self, name: &str) -> &mut Self {
        self.after(0, |t| t.capture(&json!(name).to_string(), "{}"))
    }

    fn view(&mut self) -> &mut Self {
        self.after(0, |t| t.page(PLACE, QUERY, r#""title":"T""#, "{}"))
    }

    fn flush(&mut self) -> Vec<Value> {
        self.after(0, Tracker::flush);
        let requests = core::mem::take(&mut self.requests);
        for request in &requests {
            self.after(0, |t| t.answer(request.id, 200, 0));
        }
        requests.iter().flat_map(|r| r.body["batch"].as_array().unwrap().clone()).collect()
    }
}

#[test]
fn an_event_says_where_when_who_and_which() {
    let mut page = Page::new();
    page.view();
    page.after(5, |t| t.capture("\"clicked\"", r#"{"x":1,"title":"mine"}"#));
    let [view, click] = page.flush().try_into().unwrap();
    assert_eq!(view["event"], "$pageview");
    assert_eq!(view["properties"]["title"], "T");
    assert_eq!(view["properties"]["$pageview_id"], view["uuid"]);
    assert_eq!(click["timestamp"], "2026-11-21T00:14:39.702Z");
    let properties = &click["properties"];
    for (key, value) in [
        ("$pathname", json!("/x")),
        ("$pageview_id", view["uuid"].clone()),
        ("$stream_id", json!("s1")),
        ("$window_id", json!("w1")),
        ("$seq", json!(2)),
        ("$monotonic_ms", json!(5)),
        ("$device_id", click["distinct_id"].clone()),
        ("$browser", json!("Chrome")),
        ("utm_source", json!("n")),
        ("title", json!("mine")),
        ("$lib", json!("tallymark")),
    ] {
        assert_eq!(properties[key], value, "{key}");
    }
    assert_eq!(properties["$session_id"].as_str().map(str::len), Some(36));
}

#[test]
fn a_time_that_the_page_gives_is_the_events_and_not_the_sessions() {
    let mut page = Page::new();
    let now = Now { wall_ms: WALL, monotonic_ms: 0 };
    page.after(0, |t| t.at(now, "1970-01-01T00:00:00.000Z").capture("\"old\"", "{}"));
    page.capture("new");
    let [old, new] = page.flush().try_into().unwrap();
    assert_eq!(old["timestamp"], "1970-01-01T00:00:00.000Z");
    assert_eq!(old["properties"]["$session_id"], new["properties"]["$session_id"]);
}

fn views(page: &mut Page) -> Vec<Value> {
    page.view();
    page.after(1_500, |t| t.scroll(100, 500, 1_000));
    page.view();
    page.after(10, |t| t.leave(0));
    page.after(10, |t| t.leave(0));
    page.requests.drain(..).flat_map(|r| r.body["batch"].as_array().unwrap().clone()).collect()
}

#[test]
fn every_view_is_left_once() {
    let mut page = Page::new();
    let [first, left, second, leave] = views(&mut page).try_into().unwrap();
    assert!(first["properties"].get("$prev_pageview_id").is_none());
    assert_eq!((&left["event"], &leave["event"]), (&json!("$pageleave"), &json!("$pageleave")));
    for (leave, view) in [(&left, &first), (&leave, &second)] {
        assert_eq!(leave["properties"]["$prev_pageview_id"], view["uuid"]);
        assert_eq!(leave["properties"]["$pageview_id"], view["uuid"]);
    }
    assert_eq!(left["properties"]["$prev_pageview_duration"], 1.5);
    assert_eq!(left["properties"]["$prev_pageview_max_scroll_percentage"], 0.2);
    assert_eq!(second["properties"]["$prev_pageview_id"], first["uuid"]);
    assert_eq!(second["properties"]["$prev_pageview_pathname"], "/x");
    assert!(second["properties"].get("$prev_pageview_duration").is_none(), "told once");
}

#[test]
fn without_pageleave_the_next_view_tells_of_the_last() {
    let mut page = Page::new();
    page.tracker.capture_leave = false;
    let [first, second] = views(&mut page).try_into().unwrap();
    assert_eq!(second["properties"]["$prev_pageview_id"], first["uuid"]);
    assert_eq!(second["properties"]["$prev_pageview_duration"], 1.5);
}

/// What the chunks on disk hold, as a page that finds them would send it: events by key.
fn on_disk(page: &Page) -> BTreeMap<&str, Vec<Value>> {
    let events = page.disk.iter().map(|(key, chunk)| {
        let chunk: Value = serde_json::from_str(chunk).unwrap();
        let whole = |event: &Value| {
            let mut event = event.clone();
            for (key, value) in chunk["context"].as_object().unwrap() {
                event["properties"]
                    .as_object_mut()
                    .unwrap()
                    .entry(key.as_str())
                    .or_insert_with(|| value.clone());
            }
            event
        };
        (key.as_str(), chunk["batch"].as_array().unwrap().iter().map(whole).collect())
    });
    events.collect()
}

#[test]
fn what_is_captured_is_on_disk_until_it_is_acknowledged() {
    let mut page = Page::new();
    page.view();
    page.capture("a").capture("b");
    assert!(page.disk.is_empty(), "capturing does not write");
    page.after(0, Tracker::save);
    let disk: Vec<Value> = on_disk(&page).into_values().flatten().collect();
    assert_eq!(page.disk.len(), 1, "one chunk a task");
    let stored = page.disk.values().next().unwrap();
    assert_eq!(
        stored.matches("$timezone").count(),
        2,
        "the view's, which has it whole, and the others' context"
    );
    let sent = page.flush();
    assert_eq!(sent, disk, "the very same events");
    assert!(page.disk.is_empty());
}

#[test]
fn a_chunk_outlives_its_first_events() {
    let mut page = Page::new();
    page.capture("a").after(0, Tracker::save).after(0, Tracker::flush);
    page.capture("b").after(0, Tracker::save);
    page.after(0, |t| t.answer(1, 200, 0));
    let left = on_disk(&page);
    assert_eq!(left.len(), 1);
    assert_eq!(left.values().next().unwrap()[0]["event"], "b");
}

#[test]
fn a_hidden_page_leaves_a_will_and_takes_it_back() {
    let mut page = Page::new();
    page.view();
    let [view] = page.flush().try_into().unwrap();
    page.after(2_000, |t| t.hide(0));
    let will = page.requests.pop().unwrap().body["stream"]["will"].clone();
    assert_eq!((&will["event"], &will["properties"]["$seq"]), (&json!("$pageleave"), &json!(2)));
    assert_eq!(will["properties"]["$prev_pageview_id"], view["uuid"]);
    let left: Vec<Value> = on_disk(&page).into_values().flatten().collect();
    assert_eq!(left.as_slice(), core::slice::from_ref(&will));
    assert!(page.disk.values().next().unwrap().contains("\"seq\":2"));
    page.after(1_000, Tracker::show);
    assert!(page.disk.is_empty());
    page.after(4_000, |t| t.leave(0));
    let leave = &page.requests.last().unwrap().body;
    assert!(leave["stream"].get("will").is_none());
    assert_eq!(leave["batch"][0]["uuid"], will["uuid"], "one page leave, however often it is told");
    assert_eq!(leave["batch"][0]["properties"]["$prev_pageview_duration"], 7.0);
}

#[test]
fn what_was_evicted_is_counted_and_what_another_tab_sent_is_not() {
    let mut page = Page::new();
    page.capture("a").after(0, Tracker::save);
    page.capture("b").after(0, Tracker::save);
    page.after(0, |t| t.lose(1, 1, true));
    assert_eq!(page.dropped, [(DropReason::StorageFull, 1)]);
    page.after(0, |t| t.lose(2, 2, false));
    assert_eq!((page.dropped.len(), page.tracker.settled()), (1, 2));
}

#[test]
fn what_was_evicted_while_it_was_under_way_is_counted_on_disk() {
    let mut page = Page::new();
    page.capture("a").after(0, Tracker::save).after(0, Tracker::flush);
    let key = page.disk.keys().next().unwrap().clone();
    page.disk.remove(&key);
    page.after(0, |t| t.lose(1, 1, true));
    assert_eq!(page.dropped, [(DropReason::StorageFull, 1)]);
    let report: Value = serde_json::from_str(page.disk.values().next().unwrap()).unwrap();
    assert_eq!(report["stream"]["dropped"]["storage_full"], 1);
    page.after(0, |t| t.answer(1, 200, 0));
    assert_eq!((page.sent, page.dropped.len()), (0, 1), "arrived or not, it was told of once");
}

#[test]
fn without_a_disk_the_report_says_so() {
    let mut page = Page::new();
    page.after(0, Tracker::unkept);
    page.capture("a").after(0, Tracker::save).after(0, Tracker::flush);
    assert!(page.disk.is_empty());
    assert_eq!(page.requests[0].body["stream"]["memory"], true);
}

#[test]
fn what_is_blocked_is_recognised_counted_and_not_hammered() {
    let mut page = Page::new();
    page.capture("a").capture("b").after(0, Tracker::save).after(0, Tracker::flush);
    for _ in 0..5 {
        let id = page.requests.last().unwrap().id;
        page.after(0, |t| t.answer(id, 1, 0)).wait(60_000);
    }
    assert_eq!(page.dropped, [(DropReason::Blocked, 2)]);
    assert!(page.disk.is_empty());
    let requests = page.requests.len();
    assert_eq!(requests, 5);
    page.capture("c").wait(600_000).after(0, |t| t.hide(0)).after(0, |t| t.leave(0));
    assert_eq!(page.requests.len(), requests);
    assert_eq!(page.dropped, [(DropReason::Blocked, 2), (DropReason::Blocked, 1)]);
    assert_eq!(page.disk.len(), 1, "the count survives");
    let counted = |page: &Page| {
        page.kept
            .iter()
            .filter(|(slot, _)| *slot == Slot::Blocked)
            .map(|(_, n)| n.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(counted(&page), ["\"1\"", "\"2\"", "\"3\"", "\"4\"", "\"5\""]);
    // The next page needs one look, and one that follows a page left too early to know goes on counting.
    let mut third = Page::with(|t| t.restore(Slot::Blocked, "\"2\""), 0, 0);
    third.capture("a").after(0, Tracker::flush);
    third.after(0, |t| t.answer(1, 1, 0));
    assert_eq!(counted(&third), ["\"3\""]);
    assert_eq!(third.dropped, []);
    let mut next = Page::with(|t| t.restore(Slot::Blocked, "\"5\""), 0, 0);
    next.capture("a").after(0, Tracker::flush);
    next.after(0, |t| t.answer(1, 1, 0));
    assert_eq!(next.dropped, [(DropReason::Blocked, 1)]);
    // The network has changed: another look, and all is well.
    next.after(0, Tracker::online);
    next.capture("b").after(0, Tracker::flush);
    let id = next.requests.last().unwrap().id;
    next.after(0, |t| t.answer(id, 200, 0));
    assert_eq!((next.sent, next.kept.last().unwrap()), (1, &(Slot::Blocked, String::new())));
}

#[test]
fn who_the_visitor_is_follows_posthogs_rules() {
    let mut page = Page::new();
    page.capture("before");
    page.after(0, |t| t.identify("\"u1\"", r#"{"plan":"pro"}"#));
    page.after(0, |t| t.identify("\"u1\"", "{}"));
    page.after(0, |t| t.identify("\"u1\"", r#"{"plan":"free"}"#));
    page.after(0, |t| t.identify("\"u2\"", ""));
    page.after(0, |t| t.identify("\"\"", "{}"));
    let [before, identify, set, other] = page.flush().try_into().unwrap();
    assert_eq!(identify["event"], "$identify");
    assert_eq!(identify["distinct_id"], "u1");
    assert_eq!(identify["properties"]["$anon_distinct_id"], before["distinct_id"]);
    assert_eq!(identify["properties"]["$set"], json!({"plan": "pro"}));
    assert_eq!((&set["event"], &set["properties"]["$set"]), (&json!("$set"), &json!({"plan": "free"})));
    assert_eq!(other["distinct_id"], "u2");
    assert!(other["properties"].get("$anon_distinct_id").is_none(), "two users are never merged");
}

#[test]
fn groups_and_super_properties_stay_until_reset() {
    let mut page = Page::new();
    page.after(0, |t| t.group("\"company\"", "\"acme\"", r#"{"seats":3}"#));
    page.after(0, |t| t.group("\"company\"", "\"acme\"", "{}"));
    page.after(0, |t| t.register(r#"{"a":1,"b":2,"utm_source":"mine","$seq":0}"#));
    page.after(0, |t| t.unregister("\"a\""));
    page.view();
    page.after(0, Tracker::reset);
    page.capture("after");
    let [group, view, after] = page.flush().try_into().unwrap();
    assert_eq!(group["event"], "$groupidentify");
    assert_eq!(group["properties"]["$group_set"], json!({"seats": 3}));
    assert_eq!(view["properties"]["$groups"], json!({"company": "acme"}));
    assert_eq!((&view["properties"]["b"], &view["properties"]["utm_source"]), (&json!(2), &json!("mine")));
    assert!(view["properties"].get("a").is_none());
    assert!(after["properties"].get("$groups").is_none() && after["properties"].get("b").is_none());
    assert_ne!(after["distinct_id"], view["distinct_id"]);
    assert_ne!(after["properties"]["$session_id"], view["properties"]["$session_id"]);
    assert_eq!(after["properties"]["$device_id"], view["properties"]["$device_id"]);
}

#[test]
fn the_next_page_and_the_other_tab_know_what_was_kept() {
    let mut first = Page::new();
    first.view();
    first.after(0, |t| t.identify("\"u\"", "{}"));
    first.after(0, |t| t.register(r#"{"a":1}"#));
    let [view, ..] =
        first.flush().try_into().unwrap_or_else(|events: Vec<Value>| [events[0].clone(), json!(0)]);
    let kept = first.kept;
    let mut next = Page::with(|t| kept.iter().for_each(|(slot, value)| t.restore(*slot, value)), 0, 0);
    next.after(60_000, |t| t.page(r#""$pathname":"/y""#, "", "", "{}"));
    let [event] = next.flush().try_into().unwrap();
    for key in ["$session_id", "$device_id", "utm_source"] {
        assert_eq!(event["properties"][key], view["properties"][key], "{key}");
    }
    assert_eq!((&event["distinct_id"], &event["properties"]["a"]), (&json!("u"), &json!(1)));
    // Another tab logs out and goes on in another session.
    let other = format!("\"other|{}|{}\"", WALL + 60_000, WALL + 61_000);
    next.after(0, |t| {
        t.restore(Slot::User, "");
        t.restore(Slot::Session, &other);
        t.restore(Slot::Session, "\"older|1|1\"");
    });
    next.capture("later");
    let [event] = next.flush().try_into().unwrap();
    assert_eq!(event["properties"]["$session_id"], "other");
    assert_ne!(event["distinct_id"], "u");
}

#[test]
fn an_idle_visitor_comes_back_to_another_session_without_the_campaign() {
    let mut page = Page::new();
    page.view();
    page.after(0, |t| t.locate(r#""$pathname":"/y""#, ""));
    page.capture("same");
    page.after(SESSION_IDLE_MS.unsigned_abs(), |t| t.capture("\"back\"", "{}"));
    let [_, same, back] = page.flush().try_into().unwrap();
    assert_eq!(same["properties"]["utm_source"], "n");
    assert!(back["properties"].get("utm_source").is_none());
    assert_ne!(same["properties"]["$session_id"], back["properties"]["$session_id"]);
}

#[test]
fn activity_is_written_down_now_and_then() {
    let mut page = Page::new();
    page.capture("a");
    let written = |page: &Page| page.kept.iter().filter(|(slot, _)| *slot == Slot::Session).count();
    let before = written(&page);
    for _ in 0..50 {
        page.after(200, |t| t.capture("\"a\"", "{}"));
    }
    assert_eq!(written(&page) - before, 2);
}

#[test]
fn capture_sends_nothing_itself() {
    let mut page = Page::new();
    for _ in 0..120 {
        page.capture("a");
    }
    assert!(page.requests.is_empty());
    page.wait(0);
    let sizes: Vec<_> = page.requests.iter().map(|r| r.body["batch"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [50, 50, 20]);
    assert!(page.requests.iter().all(|r| r.transport == Transport::Fetch && r.reason == FlushReason::Due));
}

#[test]
fn a_few_events_wait_three_seconds_for_company() {
    let mut page = Page::new();
    page.capture("a");
    page.wait(2_999);
    assert!(page.requests.is_empty());
    page.wait(1);
    assert_eq!(page.requests.len(), 1);
}

#[test]
fn bad_calls_are_numbered_counted_and_told() {
    let mut page = Page::new();
    for (name, properties) in [("", "{}"), ("\"\"", "{}"), ("\"a\"", ""), ("\"a\"", "[1]")] {
        page.after(0, |t| t.capture(name, properties));
    }
    let huge = format!("{{\"x\":\"{}\"}}", "y".repeat(MAX_BATCH_BYTES));
    page.after(0, |t| t.capture("\"huge\"", &huge));
    assert_eq!((page.tracker.seq(), page.tracker.settled()), (5, 5));
    page.wait(3_000);
    let [report] = page.requests.as_slice() else { panic!("{:?}", page.requests) };
    assert_eq!(report.body["batch"], json!([]));
    assert_eq!(
        report.body["stream"],
        json!({"id": "s1", "seq": 5, "dropped": {"invalid_name": 2, "invalid_properties": 2, "event_too_large": 1}})
    );
    let id = report.id;
    page.after(0, |t| t.answer(id, 200, 0));
    assert!(page.flush().is_empty() && page.requests.is_empty(), "what was told is not told again");
}

#[test]
fn a_failing_collector_is_asked_again_with_the_same_ids() {
    let mut page = Page::new();
    page.capture("a");
    page.after(0, Tracker::flush);
    let (id, first) = (page.requests[0].id, page.requests[0].body["batch"].clone());
    page.after(10, |t| t.answer(id, 503, 7_000));
    page.wait(6_999).after(0, Tracker::flush);
    assert_eq!(page.requests.len(), 1, "Retry-After is honoured, also when the page insists");
    page.wait(1);
    assert_eq!(page.requests[1].body["batch"], first);
    let id = page.requests[1].id;
    page.after(0, |t| t.answer(id, 0, 0));
    page.after(0, Tracker::online);
    assert_eq!(page.requests.len(), 3);
    let id = page.requests[2].id;
    page.after(0, |t| t.answer(id, 202, 0));
    assert_eq!((page.sent, page.tracker.settled()), (1, 1));
}

#[test]
fn refusals_are_final_and_too_large_is_halved() {
    let mut page = Page::new();
    for _ in 0..4 {
        page.capture("a");
    }
    page.after(0, Tracker::flush);
    let id = page.requests[0].id;
    page.after(0, |t| t.answer(id, 413, 0));
    let sizes: Vec<_> =
        page.requests[1..].iter().map(|r| r.body["batch"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [2, 2]);
    let (a, b) = (page.requests[1].id, page.requests[2].id);
    page.after(0, |t| t.answer(a, 400, 0));
    page.after(0, |t| t.answer(b, 413, 0));
    let (a, b) = (page.requests[3].id, page.requests[4].id);
    page.after(0, |t| t.answer(a, 413, 0));
    page.after(0, |t| t.answer(b, 200, 0));
    assert_eq!(page.dropped, [(DropReason::Refused, 2), (DropReason::TooLarge, 1)]);
    assert_eq!((page.sent, page.tracker.settled()), (1, 4));
}

#[test]
fn hiding_beacons_what_waits_and_a_page_that_lives_asks_again() {
    let mut page = Page::new();
    page.view().after(0, |t| t.hide(0));
    let [beacon] = page.requests.as_slice() else { panic!("{:?}", page.requests) };
    assert_eq!((beacon.transport, beacon.reason), (Transport::Beacon, FlushReason::Hidden));
    page.after(0, |t| t.hide(0));
    page.wait(4_999);
    assert_eq!(page.requests.len(), 1);
    page.wait(1);
    assert_eq!(page.requests[1].transport, Transport::Fetch);
    assert_eq!(page.requests[1].body["batch"], page.requests[0].body["batch"]);
}

#[test]
fn a_page_that_waits_for_an_answer_gets_one_for_what_was_beaconed_too() {
    let mut page = Page::new();
    page.capture("a").after(0, |t| t.hide(0)).after(0, Tracker::flush);
    let [beacon, fetch] = page.requests.as_slice() else { panic!("{:?}", page.requests) };
    assert_eq!((beacon.transport, fetch.transport), (Transport::Beacon, Transport::Fetch));
    assert_eq!(beacon.body["batch"], fetch.body["batch"]);
    let (beacon, fetch) = (beacon.id, fetch.id);
    page.after(0, |t| t.answer(fetch, 200, 0)).after(0, |t| t.beacon_refused(beacon));
    assert_eq!((page.sent, page.tracker.settled(), page.requests.len()), (1, 1, 2));
}

#[test]
fn leaving_repeats_what_was_under_way_and_ignores_its_answer() {
    let mut page = Page::new();
    page.capture("a").after(0, Tracker::flush);
    let id = page.requests[0].id;
    page.after(0, |t| t.leave(0));
    assert_eq!(page.requests[1].transport, Transport::Beacon);
    assert_eq!(page.requests[1].body["batch"], page.requests[0].body["batch"]);
    page.after(0, |t| t.answer(id, 400, 0));
    assert_eq!((page.sent, page.dropped.len()), (0, 0));
}

#[test]
fn leaving_keeps_within_the_pages_budget() {
    let mut page = Page::new();
    let properties = format!("{{\"x\":\"{}\"}}", "y".repeat(2_000));
    for _ in 0..60 {
        page.after(0, |t| t.capture("\"a\"", &properties));
    }
    page.after(0, |t| t.leave(10_000));
    let beacons: usize =
        page.requests.iter().filter(|r| r.transport == Transport::Beacon).map(|r| r.bytes).sum();
    assert!(beacons <= 54 * 1024 + 1_296 && beacons > 45_000, "{beacons}");
    let events: usize = page.requests.iter().map(|r| r.body["batch"].as_array().unwrap().len()).sum();
    assert_eq!(events, 60, "the rest goes by fetch");
}

#[test]
fn refused_beacons_are_halved_then_fetched() {
    let mut page = Page::new();
    for _ in 0..5 {
        page.capture("a");
    }
    page.after(0, |t| t.leave(0));
    for expected in [5, 2, 1] {
        let last = page.requests.last().unwrap();
        assert_eq!(last.transport, Transport::Beacon);
        // The others of a round went through.
        let id = page
            .requests
            .iter()
            .rev()
            .find(|r| r.body["batch"].as_array().unwrap().len() == expected)
            .unwrap()
            .id;
        page.after(0, |t| t.beacon_refused(id));
    }
    assert_eq!(page.requests.last().unwrap().transport, Transport::LastResort);
}

#[test]
fn the_books_of_the_loader_are_taken_over() {
    let mut page = Page::with(|_| {}, 7, 2);
    page.after(0, |t| t.adopt(PLACE, QUERY, "01919fff-0000-7000-8000-000000000000"));
    page.after(100, |t| t.leave(0));
    let body = &page.requests[0].body;
    assert_eq!(body["stream"], json!({"id": "s1", "seq": 8, "dropped": {"queue_full": 2}}));
    let properties = &body["batch"][0]["properties"];
    assert_eq!(properties["$prev_pageview_id"], "01919fff-0000-7000-8000-000000000000");
    assert_eq!((&properties["$seq"], &properties["$prev_pageview_duration"]), (&json!(8), &json!(0.1)));
}

#[test]
fn what_cannot_be_held_is_the_oldest() {
    let mut page = Page::new();
    for _ in 0..1_010 {
        page.capture("a");
    }
    assert_eq!(page.dropped.iter().map(|(_, n)| n).sum::<u32>(), 10);
    assert!(page.dropped.iter().all(|(reason, _)| *reason == DropReason::QueueFull));
    let first = page.flush();
    assert_eq!(first[0]["properties"]["$seq"], 11);
    assert!(first.len() <= 4 * MAX_BATCH_EVENTS);
}

#[test]
fn a_loop_is_stopped_and_counted() {
    let mut page = Page::new();
    for _ in 0..6_000 {
        page.after(0, |t| t.capture("\"loop\"", "{}"));
    }
    let limited = page.dropped.iter().filter(|(reason, _)| *reason == DropReason::RateLimited).count();
    assert_eq!(limited, 1_000);
}

#[test]
fn before_consent_nothing_leaves_and_after_it_everything_does() {
    let mut page = Page::with(|t| t.permit(Decision::Pending, Decision::Pending, false), 0, 0);
    page.view();
    page.capture("early").after(5_000, |t| t.hide(0)).after(0, Tracker::show).after(0, Tracker::flush);
    assert_eq!((page.requests.len(), page.kept.len(), page.disk.len(), page.timer), (0, 0, 0, None));
    page.after(0, |t| t.decide(Some(Decision::Granted), None, "\"s2\""));
    assert!(page.kept.contains(&(Slot::Consent, String::from("\"gp\""))));
    assert!(page.kept.iter().any(|(slot, _)| *slot == Slot::Session));
    let events: Vec<Value> =
        page.requests.iter().flat_map(|r| r.body["batch"].as_array().unwrap().clone()).collect();
    let early = events.iter().find(|e| e["event"] == "early").unwrap();
    assert_eq!(early["timestamp"], "2026-11-21T00:14:39.697Z", "with its own time");
    assert_eq!(early["properties"]["$consent"], json!({"analytics": true, "advertising": false}));
}

#[test]
fn refusal_discards_and_a_later_grant_begins_anew() {
    let mut page = Page::new();
    page.capture("before").after(0, |t| t.identify("\"u\"", "{}")).after(0, Tracker::save);
    page.after(0, Tracker::flush);
    let under_way = page.requests.pop().unwrap().id;
    page.kept.clear();
    page.after(0, |t| t.decide(Some(Decision::Denied), None, "\"s2\""));
    assert!(page.kept.iter().all(|(slot, value)| *slot == Slot::Consent || value.is_empty()));
    page.capture("refused").after(0, |t| t.identify("\"u\"", "{}")).after(0, |t| t.leave(0)).wait(60_000);
    assert_eq!(page.requests.len(), 0);
    page.after(0, Tracker::reset);
    page.after(0, |t| t.decide(Some(Decision::Granted), None, "\"s3\""));
    page.capture("after");
    page.after(0, |t| t.answer(under_way, 200, 0));
    let [after] = page.flush().try_into().unwrap();
    assert_eq!((&after["event"], &after["properties"]["$seq"]), (&json!("after"), &json!(1)));
    assert_eq!(after["properties"]["$stream_id"], "s2");
    assert!(after["properties"].get("$user_id").is_none());
}

#[test]
fn advertising_taken_back_takes_the_click_ids_along() {
    let mut page = Page::new();
    page.after(0, |t| t.locate(PLACE, r#""utm_source":"n","gclid":"g""#));
    page.capture("agreed").after(0, |t| t.decide(None, Some(Decision::Denied), "\"s2\"")).capture("refused");
    // Nor does another page's copy, or a URL, bring them back.
    page.after(0, |t| t.restore(Slot::Campaign, r#"{"gclid":"g"}"#)).capture("restored");
    page.after(0, |t| t.locate(PLACE, r#""gclid":"g""#)).capture("located");
    let events = page.flush();
    let with = |name: &str| events.iter().filter(|e| e["properties"].get(name).is_some()).count();
    assert_eq!((events.len(), with("gclid"), with("utm_source")), (4, 1, 2));
    assert_eq!(page.kept.iter().rfind(|(slot, _)| *slot == Slot::Campaign).unwrap().1, "");
}
