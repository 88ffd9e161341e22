//! Administration: calls against a registry that may lose whoever writes to it at any moment.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tallymark_delivery::Destination;
use tallymark_ingest::{Administration, Operators, Wanted, Write};

use super::*;

const TOKEN: &str = "ak_operator";
/// `printf %s ak_operator | sha256sum`
const DIGEST: &str = "fef6f5028b406b3d7137116535af56a8a528cebf35781254e4351f74054c60ea";

/// As the shell reads them.
fn destinations(text: &str) -> Result<(), String> {
    Destination::check_list(text)
}

/// A registry, and a collector before it.
struct World {
    records: BTreeMap<String, (String, Value)>,
    collector: Collector,
    calls: u8,
    now: Timestamp,
}

/// What a call came to before anything is written.
struct Decided {
    status: u16,
    body: Value,
    writes: Vec<Write>,
}

impl World {
    fn new() -> Self {
        let settings = Settings { operators: Operators::parse(DIGEST), ..Settings::default() };
        Self { records: BTreeMap::new(), collector: Collector::new(settings), calls: 0, now: now() }
    }

    fn decide(&mut self, method: &str, path: &str, body: &Value) -> Decided {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let authorization = format!("Bearer {TOKEN}");
        let path = format!("/v1/admin/{path}");
        let request = Request {
            method,
            path: &path,
            authorization: Some(&authorization),
            body: body.as_bytes(),
            ..Request::default()
        };
        match self.collector.receive(&request, self.now) {
            Step::Administer => {}
            Step::Answer(answer) => {
                let body = serde_json::from_str(&answer.body).unwrap();
                return Decided { status: answer.status, body, writes: vec![] };
            }
            other => panic!("{other:?}"),
        }
        self.calls += 1;
        let random = [self.calls; 32];
        let (mut records, mut lists) = (Map::new(), Map::new());
        for _ in 0..8 {
            let found = json!({ "records": records, "lists": lists }).to_string();
            match self.collector.administer(&request, &found, &random, destinations, self.now) {
                Administration::Read(Wanted::Record(name)) => {
                    let record = self.records.get(&name).map(|(value, _)| value.clone());
                    assert!(records.insert(name, json!(record)).is_none(), "nothing is read twice");
                }
                Administration::Read(Wanted::List(prefix)) => {
                    let names = self
                        .records
                        .range(prefix.clone()..)
                        .take_while(|(name, _)| name.starts_with(&prefix));
                    let names: Vec<Value> =
                        names.map(|(name, (_, metadata))| json!([name, metadata])).collect();
                    assert!(lists.insert(prefix, json!(names)).is_none(), "nothing is read twice");
                }
                Administration::Done { writes, answer } => {
                    let body = serde_json::from_str(&answer.body).unwrap();
                    return Decided { status: answer.status, body, writes };
                }
            }
        }
        panic!("{method} {path} does not end");
    }

    fn write(&mut self, writes: &[Write]) {
        for write in writes {
            match write {
                Write::Put { name, value, metadata, .. } => {
                    assert!(name.len() <= 512, "KV's limit");
                    let metadata = metadata.as_deref().unwrap_or("null");
                    assert!(metadata.len() <= 1_024, "KV's limit: {metadata}");
                    let metadata = serde_json::from_str(metadata).unwrap();
                    self.records.insert(name.clone(), (value.clone(), metadata));
                }
                Write::Delete { name } => drop(self.records.remove(name)),
            }
        }
    }

    fn call(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let Decided { status, body, writes } = self.decide(method, path, body);
        self.write(&writes);
        (status, body)
    }

    fn holding(&self) -> Option<Value> {
        self.records.get("plan:o").map(|(record, _)| serde_json::from_str(record).unwrap())
    }
}

fn plan(version: u32) -> Value {
    json!({ "tallymark_plan": 1, "plan": { "name": "shop", "version": version, "owner": "us" }, "events": {} })
}

fn pushed(version: u32) -> Value {
    json!({ "mode": "enforce", "plan": plan(version) })
}

/// Calls it once for each moment at which it may be cut short, and gives the world that is left each time.
fn cut_short(
    make: impl Fn() -> World,
    method: &str,
    path: &str,
    body: &Value,
    check: impl Fn(World, usize, usize),
) {
    let all = make().decide(method, path, body).writes.len();
    for done in 0..=all {
        let mut world = make();
        let writes = world.decide(method, path, body).writes;
        world.write(&writes[..done]);
        check(world, done, all);
    }
}

#[test]
fn a_push_that_is_cut_short_has_happened_or_not() {
    let with_plan = || {
        let mut world = World::new();
        assert_eq!(world.call("PUT", "organizations/o/plan", &pushed(1)).0, 200);
        world
    };
    let salt = with_plan().holding().unwrap()["salt"].clone();
    let path = "organizations/o/plan";
    cut_short(with_plan, "PUT", path, &pushed(2), |mut world, done, all| {
        let holding = world.holding().unwrap();
        assert_eq!(holding["plan"]["plan"]["version"], if done == all { 2 } else { 1 });
        assert_eq!(holding["salt"], salt);
        // What holds is always among the versions, and the same call again ends it.
        let (_, versions) = world.call("GET", "organizations/o/plan/versions", &Value::Null);
        let current = |versions: &Value| {
            versions["versions"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|version| version["is_current"] == true)
                .count()
        };
        assert_eq!(current(&versions), 1, "{versions}");
        let (status, _) = world.call("PUT", path, &pushed(2));
        assert_eq!((status, &world.holding().unwrap()["plan"]["plan"]["version"]), (200, &json!(2)));
        assert_eq!(world.holding().unwrap()["salt"], salt);
        let (status, back) = world.call("POST", "organizations/o/plan/rollback", &json!({ "to": 1 }));
        assert_eq!((status, &back["version"]), (200, &json!(1)));
        assert_eq!(world.holding().unwrap()["plan"]["plan"]["version"], 1);
    });
    // The first push of all: until its last write there is no plan, and no half of one.
    cut_short(World::new, "PUT", path, &pushed(1), |mut world, done, all| {
        assert_eq!(world.holding().is_some(), done == all);
        let salt = world.records.get("salt:o").map(|(salt, _)| json!(salt));
        world.call("PUT", path, &pushed(1));
        let after = world.holding().unwrap()["salt"].clone();
        assert!(salt.is_none_or(|salt| salt == after), "made once");
    });
}

#[test]
fn a_key_that_is_made_or_ended_half_is_listed_and_can_be_ended() {
    let keys = "organizations/o/keys";
    let is_live = |world: &World, name: &str| {
        let record =
            world.records.get(name).map(|(record, _)| serde_json::from_str::<Value>(record).unwrap());
        record.is_some_and(|record| record["expires_at"].is_null())
    };
    let live = |world: &World| {
        world.records.keys().filter(|name| name.starts_with("key:") && is_live(world, name)).count()
    };
    let listed = |world: &mut World| {
        let (_, list) = world.call("GET", "organizations/o/keys", &Value::Null);
        list["keys"].as_array().unwrap().iter().filter(|key| key["state"] == "active").count()
    };
    cut_short(World::new, "POST", keys, &json!({ "kind": "server" }), |mut world, _, _| {
        assert!(live(&world) <= listed(&mut world));
    });
    let with_key = || {
        let mut world = World::new();
        world.call("POST", keys, &json!({ "kind": "browser", "origins": ["https://shop.example"] }));
        world
    };
    let (_, list) = with_key().call("GET", keys, &Value::Null);
    let key = format!("{keys}/{}", list["keys"][0]["key_id"].as_str().unwrap());
    for (method, path, body) in
        [("POST", format!("{key}/rotate"), json!({ "overlap_s": 0 })), ("DELETE", key.clone(), Value::Null)]
    {
        cut_short(with_key, method, &path, &body, |mut world, _, _| {
            assert!(live(&world) <= listed(&mut world), "none works unlisted");
            let (status, revoked) = world.call("DELETE", &key, &Value::Null);
            assert_eq!((status, &revoked["state"]), (200, &json!("revoked")));
            assert!(live(&world) <= 1, "but for the successor");
        });
    }
}

#[test]
fn keys_rotate_once_and_end() {
    let mut world = World::new();
    let keys = "organizations/o/keys";
    let order = json!({ "kind": "browser", "origins": ["https://Shop.example/x"], "name": "layout" });
    let (_, first) = world.call("POST", keys, &order);
    let rotate = |world: &mut World, id: &Value, body: Value| {
        world.call("POST", &format!("{keys}/{}/rotate", id.as_str().unwrap()), &body)
    };
    for bad in [
        json!({ "overlap_s": -1 }),
        json!({ "overlap_s": 7_776_001 }),
        json!({ "overlap_s": "1h" }),
        json!({ "overlap": 1 }),
    ] {
        assert_eq!(rotate(&mut world, &first["key_id"], bad.clone()).0, 400, "{bad}");
    }
    let (status, answer) = rotate(&mut world, &first["key_id"], json!({}));
    assert_eq!(status, 201);
    let second = &answer["key"];
    assert_eq!([&second["name"], &second["origins"]], [&json!("layout"), &json!(["https://shop.example"])]);
    assert_eq!(answer["rotated"]["expires_at"], "2026-11-22T00:14:40.000Z", "a day");
    assert_eq!(
        [&answer["rotated"]["state"], &answer["rotated"]["successor"]],
        [&json!("ending"), &second["key_id"]]
    );
    assert_eq!(rotate(&mut world, &first["key_id"], json!({})).0, 409);
    world.now = Timestamp::from_ms(world.now.ms() + 24 * 60 * 60 * 1_000);
    let (_, shown) =
        world.call("GET", &format!("{keys}/{}", first["key_id"].as_str().unwrap()), &Value::Null);
    assert_eq!(shown["state"], "ended");
    assert_eq!(world.call("GET", &format!("{keys}/0000000000000000"), &Value::Null).0, 404);
}

#[test]
fn a_plan_written_by_hand_can_be_gone_back_to_and_keeps_its_salt() {
    let mut world = World::new();
    let salt = "of-long-before-0123456789";
    let by_hand = json!({ "mode": "observe", "salt": salt, "plan": plan(7) });
    world.records.insert("plan:o".into(), (by_hand.to_string(), Value::Null));
    let (status, answer) = world.call("PUT", "organizations/o/plan", &json!({ "plan": plan(8) }));
    assert_eq!((status, &answer["version"], &answer["superseded"]), (200, &json!(2), &json!(1)));
    assert_eq!(answer["mode"], "observe", "as it was");
    assert_eq!(world.holding().unwrap()["salt"], salt);
    let (_, back) = world.call("POST", "organizations/o/plan/rollback", &json!({}));
    assert_eq!((&back["version"], &back["mode"]), (&json!(1), &json!("observe")));
    assert_eq!(
        [&world.holding().unwrap()["plan"], &world.holding().unwrap()["salt"]],
        [&plan(7), &json!(salt)]
    );
    assert_eq!(world.call("POST", "organizations/o/plan/rollback", &json!({})).0, 404, "none before it");
}

#[test]
fn versions_are_bounded_and_the_holding_one_is_kept() {
    let mut world = World::new();
    let pushes = u32::try_from(limits::MAX_PLAN_VERSIONS).unwrap() + 20;
    for version in 1..=pushes {
        assert_eq!(world.call("PUT", "organizations/o/plan", &pushed(version)).1["version"], version);
    }
    let kept = |world: &World| world.records.keys().filter(|name| name.starts_with("plan_version:")).count();
    assert_eq!(kept(&world), limits::MAX_PLAN_VERSIONS);
    // Back to the oldest, and on from there: numbers go on, and what held is not what makes room.
    world.call("POST", "organizations/o/plan/rollback", &json!({ "to": "21" }));
    let (_, answer) = world.call("PUT", "organizations/o/plan", &pushed(pushes + 1));
    assert_eq!([&answer["version"], &answer["superseded"]], [&json!(pushes + 1), &json!(21)]);
    assert_eq!(kept(&world), limits::MAX_PLAN_VERSIONS);
    assert_eq!(world.call("POST", "organizations/o/plan/rollback", &json!({ "to": "21" })).0, 200);
}

#[test]
fn two_pushes_at_one_moment_both_stay() {
    let mut world = World::new();
    let path = "organizations/o/plan";
    let [one, other] = [1, 2].map(|version| world.decide("PUT", path, &pushed(version)));
    world.write(&other.writes);
    world.write(&one.writes);
    let (_, versions) = world.call("GET", "organizations/o/plan/versions", &Value::Null);
    let ids: Vec<&Value> =
        versions["versions"].as_array().unwrap().iter().map(|version| &version["id"]).collect();
    assert_eq!(ids.len(), 2);
    let back = "organizations/o/plan/rollback";
    assert_eq!(world.call("POST", back, &json!({ "to": 1 })).0, 409);
    for id in ids {
        let (status, answer) = world.call("POST", back, &json!({ "to": id }));
        assert_eq!((status, &answer["id"]), (200, id));
    }
}

#[test]
fn what_is_no_plan_is_refused_with_all_that_is_wrong() {
    let mut world = World::new();
    let mut push = |body: &Value| world.call("PUT", "organizations/o/plan", body);
    let broken =
        json!({ "tallymark_plan": 1, "plan": { "name": "shop" }, "events": { "a": { "origin": "sever" } } });
    let (status, answer) = push(&json!({ "mode": "enforce", "plan": broken }));
    assert_eq!((status, &answer["code"], &answer["attr"]), (400, &json!("invalid_plan"), &json!("plan")));
    let problems = answer["problems"].as_array().unwrap();
    assert!(problems.len() > 1, "{answer}");
    assert!(problems.iter().all(|problem| problem["path"] == "plan.json"
        && problem["line"].is_u64()
        && problem["remedy"].is_string()));
    for (body, attr) in [
        (json!({ "mode": "on", "plan": plan(1) }), "mode"),
        (json!({ "mode": 1, "plan": plan(1) }), "mode"),
        (json!({ "mode": "enforce" }), "plan"),
        (json!({ "plan": plan(1), "salt": "mine" }), "body"),
        (json!([]), "body"),
    ] {
        let (status, answer) = push(&body);
        assert_eq!((status, &answer["attr"]), (400, &json!(attr)), "{body}");
    }
    let text = "x".repeat(900);
    let events: Map<String, Value> = (0..1_200)
        .map(|n| (format!("event_{n}"), json!({ "description": text, "origin": "any", "schema_version": 1 })))
        .collect();
    let large = json!({ "tallymark_plan": 1, "plan": { "name": "shop", "version": 1, "owner": "us" }, "events": events });
    let (status, answer) = push(&json!({ "mode": "enforce", "plan": large }));
    assert_eq!((status, &answer["code"]), (413, &json!("plan_too_large")), "{answer}");
    assert!(world.records.is_empty());
}

#[test]
fn signers_are_kept_and_their_secrets_never_shown() {
    let mut world = World::new();
    let signer = json!({ "algorithm": "HS256", "secret": "0123456789abcdef0123456789abcdef", "audience": "a",
        "organizations": ["o"], "origins": ["https://shop.example"] });
    for (method, body) in [("PUT", &signer), ("GET", &Value::Null)] {
        let (status, answer) = world.call(method, "signers/app-1", body);
        assert_eq!((status, &answer["audience"], &answer["secret"]), (200, &json!("a"), &Value::Null));
    }
    assert_eq!(world.records["signer:app-1"].0, signer.to_string());
    let (status, answer) = world.call("PUT", "signers/app-1", &json!({ "algorithm": "none" }));
    assert_eq!((status, &answer["code"]), (400, &json!("invalid_record")));
    assert_eq!(world.call("PUT", "signers/app%201", &signer).0, 400);
    assert_eq!(world.call("DELETE", "signers/app-1", &Value::Null).0, 200);
    assert_eq!(world.call("GET", "signers/app-1", &Value::Null).0, 404);
}

#[test]
fn destinations_are_kept_and_shown_without_what_opens_them() {
    let mut world = World::new();
    let path = "organizations/o/destinations";
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let one = json!({ "name": "orders", "kind": "webhook", "url": "https://shop.example/hooks/T0k3n", "secrets": [secret] });
    for (method, body) in [("PUT", json!([one])), ("GET", Value::Null)] {
        let (status, answer) = world.call(method, path, &body);
        assert_eq!((status, &answer), (200, &json!([{ "name": "orders", "kind": "webhook" }])), "{answer}");
    }
    assert_eq!(world.records["destinations:o"].0, json!([one]).to_string());
    let (status, answer) = world.call("PUT", path, &json!([one, one, { "name": "other", "kind": "pigeon" }]));
    assert_eq!((status, &answer["code"]), (400, &json!("invalid_record")));
    let detail = answer["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("[1].name must be no other destination's; [2].kind must be one of"),
        "{detail}"
    );
    assert_eq!(world.records["destinations:o"].0, json!([one]).to_string(), "as it was");
    assert_eq!(world.call("DELETE", path, &Value::Null).0, 200);
    assert_eq!(world.call("GET", path, &Value::Null).0, 404);
}

#[test]
fn paths_and_ids() {
    let mut world = World::new();
    for (path, status) in [
        ("organizations/o/keys/1/2/3", 404),
        ("organizations/o/nothing", 404),
        ("organizations/o", 404),
        ("organizations", 404),
        ("signers/a/b", 404),
        ("organizations//keys", 400),
        ("organizations/a%2Fb/keys", 400),
        ("organizations/a+b/keys", 400),
        ("organizations/%00/keys", 400),
        ("organizations/%FF/keys", 400),
        ("organizations/%C3%A9%20%2B/keys", 200),
    ] {
        assert_eq!(world.call("GET", path, &Value::Null).0, status, "{path}");
    }
    let long = |bytes: usize| format!("organizations/{}/keys", "o".repeat(bytes));
    assert_eq!([200, 201].map(|bytes| world.call("GET", &long(bytes), &Value::Null).0), [200, 400]);
    assert_eq!(world.call("PATCH", "organizations/o/plan", &Value::Null).0, 405);
    // The longest names and labels fit into what KV takes of a name and its metadata.
    let name = "\u{10ffff}".repeat(50);
    let origins: Vec<String> = (0..100).map(|n| format!("https://{n}.{}.example", "x".repeat(40))).collect();
    let order = json!({ "kind": "browser", "origins": origins, "name": name });
    let (status, made) = world.call("POST", &long(200), &order);
    assert_eq!(status, 201);
    let (status, answer) =
        world.call("POST", &format!("{}/{}/rotate", long(200), made["key_id"].as_str().unwrap()), &json!({}));
    assert_eq!((status, answer["key"]["origins"].as_array().unwrap().len()), (201, 100));
}
