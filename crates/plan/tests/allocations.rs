//! A good event allocates nothing on its way through the check: counted, not believed.
#![cfg(test)]
#![allow(unsafe_code, clippy::disallowed_methods)] // an allocator that counts; plan files

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    fs,
    path::Path,
};

use tallymark_event::{RawJson, Source as Sender};
use tallymark_plan::{EventFacts, Source, file};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u32> = const { Cell::new(0) };
}

// SAFETY: all is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_good_event_allocates_nothing() {
    let soup =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plans/soup.toml")).unwrap();
    let plan = file::parse(&[Source { path: "soup.toml", text: &soup }]).unwrap();
    for (name, source, properties, allowed) in [
        (
            "texts",
            Sender::Browser,
            r#"{"plain":"a\né","short":"\u00e9\ud83d\ude00","bounded":null,"code":"AB\u002d123","word":"é\n"}"#,
            true,
        ),
        (
            "numbers",
            Sender::Server,
            r#"{"int":1e1,"int_enum":2.0,"num":-0.25,"num_enum":25e-1,"$lib":"x"}"#,
            true,
        ),
        (
            "forms",
            Sender::Server,
            r#"{"at":"2026-11-21T09:30:00.5+01:00","day":"2024\u002d02-29","id":"0199a3c0-0000-7000-8000-000000000000","url":"https:\/\/example.com\/","is":true}"#,
            true,
        ),
        (
            "nested things/~ %é",
            Sender::Browser,
            r#"{"any":{"x":[1]},"tags":["a",null],"who":{"name":"n","days":["2026-11-21"]},"lines":[{"sku":"0199a3c0-0000-7000-8000-000000000000","n":1}]}"#,
            true,
        ),
        ("texts", Sender::Browser, r#"{"plain":1}"#, false),
    ] {
        let facts = EventFacts {
            name,
            source,
            schema_version: 1,
            entity_type: None,
            properties: RawJson::trusted(properties),
        };
        let before = ALLOCATIONS.get();
        let verdict = plan.check(&facts);
        let made = ALLOCATIONS.get() - before;
        assert_eq!((verdict.accepted(), made == 0), (allowed, allowed), "{name}: {:?}", verdict.violations);
    }
}
