//! The collector's wasm shell: it carries a request into [`tallymark_ingest`] and the answer out.
//!
//! # In scope
//! The boundary with `worker/wasm.ts`, and nothing else: bytes in, a [`Step`] out. One call takes one
//! request; the module has no imports, so it can't reach a clock, a store or the network.
//!
//! # Out of scope
//! Deciding (that is `crates/ingest`) and doing (that is `worker/*.ts`: KV, Durable Objects, HTTP).
//!
//! # Why not wasm-bindgen or the `worker` crate
//! Measured on two cores, parse and check of a request with one event cost 146 µs of CPU through the
//! `worker` crate and 81 through a thin shim; at the edge that is the bill. Text crosses twice (in as bytes,
//! out as slices of wasm memory), so there is nothing for a binding generator to do.

mod boundary;
mod deliver;
mod slots;

use std::cell::RefCell;

use boundary::{Input, Output};
use deliver::Deliverer;
use slots::Slots;
use tallymark_delivery::Destination;
use tallymark_event::Timestamp;
use tallymark_ingest::limits::{ADMIN_RANDOM_BYTES, MAX_BODY_BYTES};
use tallymark_ingest::{Administration, Collector, Operators, Query, Rate, Refusal, Settings, Step};

/// What the module keeps between calls. wasm is single-threaded: one of each.
struct State {
    collector: Collector,
    input: Input,
    output: Output,
    slots: Slots,
    deliverer: Deliverer,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::new(State {
        collector: Collector::new(Settings::default()),
        input: Input::default(),
        output: Output::default(),
        slots: Slots::default(),
        deliverer: Deliverer::default(),
    });
}

/// Kinds of step, as `worker/wasm.ts` knows them.
mod kind {
    pub(crate) const ANSWER: u32 = 0;
    pub(crate) const NEED_KEY: u32 = 1;
    pub(crate) const APPEND: u32 = 2;
    pub(crate) const EVENTS: u32 = 3;
    pub(crate) const LEDGER: u32 = 4;
    pub(crate) const IDENTITIES: u32 = 5;
    pub(crate) const QUARANTINE: u32 = 6;
    pub(crate) const ADMINISTER: u32 = 7;
    /// Of [`super::administer`] alone.
    pub(crate) const READ: u32 = 8;
    pub(crate) const ERASURE: u32 = 9;
    pub(crate) const DELIVERY: u32 = 10;
    /// Of [`gate`](super::gate) alone.
    pub(crate) const PASSED: u32 = u32::MAX;
    pub(crate) const METRICS: u32 = 11;
}

/// Makes room for `len` bytes of input and says where to write them. Valid until the next call.
#[unsafe(no_mangle)]
pub extern "C" fn input(len: usize) -> *mut u8 {
    STATE.with_borrow_mut(|s| s.input.reserve(len))
}

/// Where the last call left its output: a table of `u32`s, see [`Output`].
#[unsafe(no_mangle)]
pub extern "C" fn output() -> *const u32 {
    STATE.with_borrow_mut(|s| s.output.table())
}

/// Takes the settings: input is one further ingest path a line, and right behind it the digests of operators' tokens. `per_second` and `burst` are the rate of an address, both 0
/// if it is as by default; `seed_high` and `seed_low` the halves of a random number.
#[unsafe(no_mangle)]
pub extern "C" fn configure(
    paths_len: usize,
    operators_len: usize,
    per_second: u32,
    burst: u32,
    seed_high: u32,
    seed_low: u32,
) {
    STATE.with_borrow_mut(|s| {
        let default = Settings::default();
        let address_rate = match (per_second, burst) {
            (0, 0) => default.address_rate,
            (per_second, burst) => Rate { per_second, burst },
        };
        let ingest_paths = s.input.text(0, paths_len).lines().map(str::to_owned).collect();
        let operators = Operators::parse(s.input.text(paths_len, operators_len));
        let seed = u64::from(seed_high) << 32 | u64::from(seed_low);
        s.collector = Collector::new(Settings { ingest_paths, operators, address_rate, seed });
    });
}

/// Says whether a request is worth reading. Input is its head (see [`boundary::head`]). Returns [`kind::ANSWER`] if it is
/// not, with the answer in the output. Else the output has, if `wants_network` is not 0 and the request counts with where
/// it comes from, the name of that.
#[unsafe(no_mangle)]
pub extern "C" fn gate(head_len: usize, wants_network: u32, now_ms: f64) -> u32 {
    STATE.with_borrow_mut(|s| {
        let head = boundary::head(s.input.text(0, head_len), b"");
        let passed = s.collector.gate(&head, timestamp(now_ms));
        s.output.clear();
        match passed {
            Err(answer) => {
                s.output.answer(answer);
                kind::ANSWER
            }
            Ok(network) => {
                if let Some(network) = network.filter(|_| wants_network != 0) {
                    s.output.text(network.to_string());
                }
                kind::PASSED
            }
        }
    })
}

/// The answer to a request that the platform's own rate limit refuses. Input is its head.
#[unsafe(no_mangle)]
pub extern "C" fn refuse_address(head_len: usize) {
    STATE.with_borrow_mut(|s| {
        let answer = s.collector.refuse_address(&boundary::head(s.input.text(0, head_len), b""));
        s.output.clear();
        s.output.answer(answer);
    });
}

/// Takes a request. Input is the head (see [`boundary::head`]) and right behind it the body. Returns the
/// kind of step; its parts are in the output.
#[unsafe(no_mangle)]
pub extern "C" fn receive(head_len: usize, body_len: usize, now_ms: f64) -> u32 {
    STATE.with_borrow_mut(|s| {
        let request = boundary::head(s.input.text(0, head_len), s.input.bytes(head_len, body_len));
        let step = s.collector.receive(&request, timestamp(now_ms));
        s.input.release();
        s.output.clear();
        match step {
            Step::Answer(answer) => {
                s.output.answer(answer);
                kind::ANSWER
            }
            Step::NeedKey { lookup } => {
                s.output.text(lookup);
                kind::NEED_KEY
            }
            Step::Append(mut append) => {
                s.output.number(append.events);
                s.output.number(append.quarantined_count);
                s.output.number(append.unsequenced);
                s.output.number(append.events_per_day);
                s.output.text(append.organization_id.clone());
                // The answer needs none of the others: only what they leave behind stays in the slot.
                for text in [
                    &mut append.day,
                    &mut append.quarantined,
                    &mut append.streams,
                    &mut append.wills,
                    &mut append.links,
                ] {
                    s.output.text(std::mem::take(text));
                }
                for chunk in std::mem::take(&mut append.rows) {
                    s.output.text(chunk);
                }
                let slot = s.slots.put(append);
                s.output.number(slot);
                kind::APPEND
            }
            Step::Query(Query::Events { organization_id, after, limit }) => {
                s.output.number(limit);
                s.output.text(organization_id);
                s.output.text(after.to_string());
                kind::EVENTS
            }
            Step::Query(Query::Ledger { organization_id, from, to }) => {
                s.output.text(organization_id);
                s.output.text(from);
                s.output.text(to);
                kind::LEDGER
            }
            Step::Query(Query::Identities { organization_id, after, limit }) => {
                s.output.number(limit);
                s.output.text(organization_id);
                s.output.text(after.to_string());
                kind::IDENTITIES
            }
            Step::Quarantine { organization_id, request } => {
                s.output.text(organization_id);
                s.output.quarantine(request);
                kind::QUARANTINE
            }
            Step::Metrics(organizations) => {
                for id in organizations {
                    s.output.text(id);
                }
                kind::METRICS
            }
            Step::Administer => kind::ADMINISTER,
            Step::Erasure { organization_id, request } => {
                s.output.text(organization_id);
                s.output.erasure(request);
                kind::ERASURE
            }
            Step::Delivery { organization_id, request } => {
                s.output.text(organization_id);
                s.output.delivery(request);
                kind::DELIVERY
            }
        }
    })
}

/// The next step of an operator's call, which [`receive`] has admitted: input is its head, its body, what was read of the
/// registry so far (see [`Collector::administer`]), and 32 random bytes. Returns the kind of step, with its parts in the
/// output: see [`boundary::Output::administration`].
#[unsafe(no_mangle)]
pub extern "C" fn administer(head_len: usize, body_len: usize, found_len: usize, now_ms: f64) -> u32 {
    STATE.with_borrow_mut(|s| {
        let (body_at, found_at) = (head_len, head_len.saturating_add(body_len));
        let request = boundary::head(s.input.text(0, head_len), s.input.bytes(body_at, body_len));
        let random_at = found_at.saturating_add(found_len);
        // A key made of anything but randomness is no key: the shell writes it all.
        let random = s.input.bytes(random_at, ADMIN_RANDOM_BYTES).try_into().ok();
        let step = random.map(|random: &[u8; ADMIN_RANDOM_BYTES]| {
            let (found, now) = (s.input.text(found_at, found_len), timestamp(now_ms));
            s.collector.administer(&request, found, random, Destination::check_list, now)
        });
        s.input.release();
        s.output.clear();
        let missing =
            || Administration::Done { writes: Vec::new(), answer: Refusal::LogUnavailable.answer() };
        s.output.administration(step.unwrap_or_else(missing))
    })
}

/// Judges a page of quarantined events again: input is the organization's id and the page, see
/// [`Collector::replay`], of which the output holds what is `unreplayable` and the verdicts.
#[unsafe(no_mangle)]
pub extern "C" fn replay(organization_len: usize, page_len: usize, now_ms: f64) {
    STATE.with_borrow_mut(|s| {
        let organization_id = s.input.text(0, organization_len);
        let page = s.input.text(organization_len, page_len);
        let replayed = s.collector.replay(organization_id, page, timestamp(now_ms));
        s.input.release();
        s.output.clear();
        s.output.number(replayed.unreplayable);
        s.output.text(replayed.verdicts);
    });
}

/// Takes from a page of rows what says whose they are: input is the organization's id and the page, see
/// [`Collector::anonymise`], of which the output holds the answer. 0 if the tenant's plan can't be read.
#[unsafe(no_mangle)]
pub extern "C" fn anonymise(organization_len: usize, page_len: usize, now_ms: f64) -> u32 {
    STATE.with_borrow_mut(|s| {
        let organization_id = s.input.text(0, organization_len);
        let page = s.input.text(organization_len, page_len);
        let anonymised = s.collector.anonymise(organization_id, page, timestamp(now_ms));
        s.input.release();
        s.output.clear();
        let is_done = anonymised.is_some();
        s.output.text(anonymised.unwrap_or_default());
        u32::from(is_done)
    })
}

/// What stands for ids where they are not kept: input is the tenant's salt and the ids, see
/// [`tallymark_ingest::pseudonyms`].
#[unsafe(no_mangle)]
pub extern "C" fn pseudonyms(salt_len: usize, ids_len: usize) {
    STATE.with_borrow_mut(|s| {
        let pseudonyms =
            tallymark_ingest::pseudonyms(s.input.text(0, salt_len), s.input.text(salt_len, ids_len));
        s.input.release();
        s.output.clear();
        s.output.text(pseudonyms);
    });
}

/// What a log does not keep any more: input is the organization's record of settings. Returns 0 if it can't be read; else
/// the output has [`tallymark_ingest::Retention::cutoffs`].
#[unsafe(no_mangle)]
pub extern "C" fn retention(record_len: usize, now_ms: f64) -> u32 {
    STATE.with_borrow_mut(|s| {
        let retention = tallymark_ingest::Retention::parse(s.input.text(0, record_len));
        s.input.release();
        s.output.clear();
        let is_read = retention.is_ok();
        s.output.text(retention.unwrap_or_default().cutoffs(timestamp(now_ms)));
        u32::from(is_read)
    })
}

/// What delivery goes by in this deployment: input is a JSON object of the environment's variables. Returns 0 if it is
/// none.
#[unsafe(no_mangle)]
pub extern "C" fn configure_delivery(environment_len: usize) -> u32 {
    STATE.with_borrow_mut(|s| {
        let is_read = s.deliverer.configure(s.input.text(0, environment_len)).is_ok();
        s.input.release();
        u32::from(is_read)
    })
}

/// One of delivery's commands (see [`deliver`]): input is the tenant's record of the registry, if `has_record` is not 0, the
/// command, and for those about rows a page of them. The output is a JSON text, and empty for what is no command.
#[unsafe(no_mangle)]
pub extern "C" fn deliver(
    record_len: usize,
    has_record: u32,
    command_len: usize,
    page_len: usize,
    now_ms: f64,
) {
    STATE.with_borrow_mut(|s| {
        let record = (has_record != 0).then(|| s.input.text(0, record_len));
        let command = s.input.text(record_len, command_len);
        let page = s.input.text(record_len.saturating_add(command_len), page_len);
        let result = s.deliverer.carry_out(record, command, page, timestamp(now_ms)).unwrap_or_default();
        s.input.release();
        s.output.clear();
        s.output.text(result);
    });
}

/// Takes what the registry said of a key or plan: input is the lookup and, if there is a record, the record.
#[unsafe(no_mangle)]
pub extern "C" fn learn(lookup_len: usize, record_len: usize, found: u32, now_ms: f64) {
    STATE.with_borrow_mut(|s| {
        let lookup = s.input.text(0, lookup_len);
        let record = (found != 0).then(|| s.input.text(lookup_len, record_len));
        s.collector.learn(lookup, record, timestamp(now_ms));
    });
}

/// The answer to an append, now that the log has committed it (or, with `committed` 0, failed to): the
/// output holds an answer as after [`receive`]. Frees the slot.
#[unsafe(no_mangle)]
pub extern "C" fn acknowledge(
    slot: u32,
    committed: u32,
    stored: u32,
    duplicates: u32,
    quarantined: u32,
) -> u32 {
    STATE.with_borrow_mut(|s| {
        s.output.clear();
        let answer = match s.slots.take(slot) {
            Some(append) if committed != 0 => append.answer(stored, duplicates, quarantined),
            Some(append) => append.answer_not_committed(),
            None => Refusal::LogUnavailable.answer(),
        };
        s.output.answer(answer);
        kind::ANSWER
    })
}

/// What a request is for, by name: input is its method and its path, a line each.
#[unsafe(no_mangle)]
pub extern "C" fn route_name(len: usize) {
    STATE.with_borrow_mut(|s| {
        let (method, path) = s.input.text(0, len).split_once('\n').unwrap_or_default();
        let name = s.collector.route_name(method, path);
        s.input.release();
        s.output.clear();
        s.output.text(name.to_owned());
    });
}

/// The answer to an append of which the log took nothing, since the tenant's day is full. Input is the request's head.
/// Frees the slot.
#[unsafe(no_mangle)]
pub extern "C" fn over_quota(slot: u32, head_len: usize, now_ms: f64) {
    STATE.with_borrow_mut(|s| {
        let head = boundary::head(s.input.text(0, head_len), b"");
        let answer = match s.slots.take(slot) {
            Some(append) => s.collector.over_quota(&append, &head, timestamp(now_ms)),
            None => Refusal::LogUnavailable.answer(),
        };
        s.output.clear();
        s.output.answer(answer);
    });
}

/// The answer to a body that the Worker stopped reading at [`MAX_BODY_BYTES`]. Input is the request's head.
#[unsafe(no_mangle)]
pub extern "C" fn refuse_too_large(head_len: usize, now_ms: f64) {
    STATE.with_borrow_mut(|s| {
        let head = boundary::head(s.input.text(0, head_len), b"");
        let answer = s.collector.refuse_too_large(&head, timestamp(now_ms));
        s.output.clear();
        s.output.answer(answer);
    });
}

/// Whether requests were refused that no log has counted: 1 or 0.
#[unsafe(no_mangle)]
pub extern "C" fn has_refused() -> u32 {
    STATE.with_borrow(|s| u32::from(s.collector.has_refused()))
}

/// Takes out how many requests of one tenant were refused. Returns 0 if there are none; else the output has its id, the day
/// and the counts, see [`tallymark_ingest::Refused`].
#[unsafe(no_mangle)]
pub extern "C" fn take_refused(now_ms: f64) -> u32 {
    STATE.with_borrow_mut(|s| {
        s.output.clear();
        let Some(refused) = s.collector.take_refused(timestamp(now_ms)) else { return 0 };
        for text in [refused.organization_id, refused.day, refused.counts] {
            s.output.text(text);
        }
        1
    })
}

/// Most bytes of body worth reading.
#[unsafe(no_mangle)]
pub extern "C" fn max_body_bytes() -> usize {
    MAX_BODY_BYTES
}

fn timestamp(ms: f64) -> Timestamp {
    // A clock in whole ms, far inside i64; `as` saturates and takes NaN to 0.
    #[allow(clippy::cast_possible_truncation)]
    Timestamp::from_ms(ms as i64)
}
