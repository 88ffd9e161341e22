//! The native side of the differential test (`cargo xtask differential`): makes events, and says what must become of them.
//!
//!     cargo run --release -p tallymark-dev --example differential -- <events> <seed>
//!
//! Blocks of [`BLOCK`] events go to standard output, each with the verdicts on it, for tests/differential/compare.mjs,
//! which has the wasm modules of page and collector judge them, too. On the way two more things are asserted here: that
//! the emitted JSON Schema, under the `jsonschema` crate, takes just the events that the check takes; and that what
//! surrounds the check, in a request, changes nothing about its verdict.
//!
//! A frame is four numbers of 32 bits, little-endian: which plan, the source (0: a page, 1: a server), and the lengths of
//! the two texts behind it, request and verdicts. Before the first there is one with the columns of a row (JSON) and the
//! plans (a JSON array of the texts of plan.json), in that order.
#![allow(
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods
)] // a test

mod garbage;
#[path = "../../../../crates/plan/tests/plans/generated.rs"]
#[allow(unreachable_pub)]
mod generated;

use std::{
    env, fs,
    io::{self, BufWriter, Write},
    path::Path,
    sync::mpsc,
    thread,
};

use fastrand::Rng;
use jsonschema::Validator;
use serde_json::{Value, json};
use tallymark_dev::Check;
use tallymark_event::{COLUMNS, RawJson, Source as Sender};
use tallymark_plan::{EventFacts, Plan, Rule, Source, file, schema::json_schema};

use generated::{Case, SOUP, case};

/// Events in a block: a request of that many is well within what the collector takes.
const BLOCK: u64 = 1_000;
/// Blocks that wait to be written.
const AHEAD: usize = 4;

struct Judge {
    check: Check,
    schema: Validator,
}

struct Block {
    plan: u32,
    source: Sender,
    request: String,
    verdicts: String,
}

fn main() {
    let mut args = env::args().skip(1).map(|arg| arg.parse::<u64>().unwrap());
    let (events, seed) = (args.next().unwrap_or(1_000_000), args.next().unwrap_or(1));
    let plans: Vec<Plan> =
        ["assistant", "batchtrack", "laundry"].into_iter().map(seeds_plan).chain([soup()]).collect();
    let mut out = BufWriter::new(io::stdout().lock());
    // As texts: violations have the order of the plan's properties, and its way to write numbers.
    let documents: Vec<String> = plans.iter().map(Plan::to_json).collect();
    frame(&mut out, [0, 0], &json!(COLUMNS).to_string(), &json!(documents).to_string());

    let blocks = events.div_ceil(BLOCK);
    // One core makes events and judges them, this one writes; the other is the wasm modules'.
    let (sender, receiver) = mpsc::sync_channel(AHEAD);
    let maker = thread::spawn(move || {
        let judges: Vec<Judge> = plans.iter().map(Judge::new).collect();
        let mut accepted = 0;
        for block in 0..blocks {
            let mut random = Rng::with_seed(seed << 32 | block);
            let plan = usize::try_from(block).unwrap() % judges.len();
            let source = random.choice([Sender::Browser, Sender::Server]).unwrap();
            let (request, verdicts) = judges[plan].block(&mut random, source, &mut accepted);
            if sender.send(Block { plan: u32::try_from(plan).unwrap(), source, request, verdicts }).is_err() {
                return None; // Whoever compares has seen enough.
            }
        }
        Some(accepted)
    });
    for block in receiver {
        let source = u32::from(block.source == Sender::Server);
        frame(&mut out, [block.plan, source], &block.request, &block.verdicts);
    }
    out.flush().unwrap();
    let Ok(accepted) = maker.join() else { std::process::exit(1) };
    let events = blocks * BLOCK;
    let percent = accepted.unwrap_or_default() * 100 / events;
    assert!((10..90).contains(&percent), "{percent} % accepted: one side is hardly tried");
    eprintln!("{events} events: the JSON Schema takes just what the check takes, {percent} % of them");
}

fn frame(out: &mut impl Write, of: [u32; 2], first: &str, second: &str) {
    let lengths = [first, second].map(|text| u32::try_from(text.len()).unwrap());
    let written = of.into_iter().chain(lengths).try_for_each(|number| out.write_all(&number.to_le_bytes()));
    let written = written
        .and_then(|()| out.write_all(first.as_bytes()))
        .and_then(|()| out.write_all(second.as_bytes()));
    if written.is_err() {
        std::process::exit(1); // Whoever compares has ended, and said why.
    }
}

impl Judge {
    fn new(plan: &Plan) -> Self {
        let schema: Value = serde_json::from_str(&json_schema(plan)).unwrap();
        Self {
            check: Check::new(&plan.to_json()).unwrap(),
            schema: jsonschema::draft202012::new(&schema).unwrap(),
        }
    }

    /// A block of events, in a request, and the verdicts on it.
    fn block(&self, random: &mut Rng, source: Sender, accepted: &mut u64) -> (String, String) {
        let mut request = String::from("{\"api_key\":\"");
        request.push_str(if source == Sender::Browser { "wk_page" } else { "sk_server" });
        request.push_str("\",\"batch\":[");
        // Of events as they were made: what the check alone says of them.
        let mut alone: Vec<Option<Vec<[String; 4]>>> = Vec::new();
        for at in 0..BLOCK {
            let case = Case { source, ..case(random, self.check.plan()) };
            let broken = self.alone(&case);
            *accepted += u64::from(broken.is_empty());
            if at > 0 {
                request.push(',');
            }
            let is_as_made = garbage::write(random, &case, at, &mut request);
            alone.push(is_as_made.then_some(broken));
        }
        request.push_str("],\"stream\":{}}");
        let mut verdicts = String::new();
        assert!(self.check.request(source, &request, &mut verdicts), "no request: {request}");
        let read: Vec<Value> = serde_json::from_str(&verdicts).unwrap();
        assert_eq!(read.len(), alone.len());
        for (verdict, alone) in read.iter().zip(alone) {
            if let Some(alone) = alone {
                let four = |broken: &Value| [0, 1, 2, 3].map(|at| broken[at].as_str().unwrap().to_owned());
                let in_request: Vec<_> = verdict[1].as_array().unwrap().iter().map(four).collect();
                assert_eq!(in_request, alone, "in a request and alone: {verdict}");
            }
        }
        (request, verdicts)
    }

    /// What the check says of an event; the schema has to agree.
    fn alone(&self, case: &Case) -> Vec<[String; 4]> {
        let properties = case.properties.to_string();
        let verdict = self.check.plan().check(&EventFacts {
            name: &case.name,
            source: case.source,
            schema_version: case.schema_version,
            entity_type: case.entity_type.as_deref(),
            properties: RawJson::trusted(&properties),
        });
        // A validator sees no bytes: see `tallymark_plan::schema`.
        let ours = verdict.violations.iter().all(|violation| violation.rule == Rule::TooLarge);
        let instance = json!({
            "event_name": case.name,
            "source": case.source.name(),
            "entity_type": case.entity_type,
            "schema_version": case.schema_version,
            "properties": case.properties,
        });
        if ours != self.schema.is_valid(&instance) {
            let errors: Vec<String> =
                self.schema.iter_errors(&instance).map(|e| format!("{}: {e}", e.instance_path())).collect();
            let (violations, plan) = (&verdict.violations, &self.check.plan().name);
            panic!("{plan}: the check says {violations:?}, the JSON Schema {errors:?}, of\n{instance}");
        }
        let four = |it: &tallymark_plan::Violation| {
            [it.path.clone(), it.rule.name().to_owned(), it.expected.clone(), it.got.clone()]
        };
        verdict.violations.iter().map(four).collect()
    }
}

fn soup() -> Plan {
    file::parse(&[Source { path: "soup.toml", text: SOUP }]).unwrap()
}

fn seeds_plan(name: &str) -> Plan {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plans").join(name);
    let mut paths: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let files: Vec<(String, String)> =
        paths.iter().map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap())).collect();
    let sources: Vec<Source<'_>> = files.iter().map(|(path, text)| Source { path, text }).collect();
    file::parse(&sources).unwrap()
}
