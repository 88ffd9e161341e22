//! The boundary: what `js/dev/check.ts` calls, and nothing else does.
//!
//! The module imports nothing. Text goes in as UTF-8 bytes behind [`input`], and comes out behind [`output`]; both are
//! good until the next call.
//!
//! # Panics
//! None: `RefCell` is borrowed within one call at a time, and no function calls out.
// Exports are nobody's in Rust.
#![allow(unreachable_pub)]

use std::cell::RefCell;

use tallymark_event::Source;

use crate::{Check, problems};

/// What the module keeps between calls. wasm is single-threaded: one of each.
struct State {
    input: Vec<u8>,
    output: String,
    check: Option<Check>,
}

thread_local! {
    static STATE: RefCell<State> =
        const { RefCell::new(State { input: Vec::new(), output: String::new(), check: None }) };
}

/// Makes room for `len` bytes of input and says where to write them.
#[unsafe(no_mangle)]
pub extern "C" fn input(len: usize) -> *mut u8 {
    STATE.with_borrow_mut(|state| {
        state.input.resize(len, 0);
        state.input.as_mut_ptr()
    })
}

/// Where the last call left its text.
#[unsafe(no_mangle)]
pub extern "C" fn output() -> *const u8 {
    STATE.with_borrow(|state| state.output.as_ptr())
}

/// How many bytes that text has.
#[unsafe(no_mangle)]
pub extern "C" fn output_len() -> usize {
    STATE.with_borrow(|state| state.output.len())
}

/// Takes plan.json from the input. 1: the output has the plan's name and version, in words. 0: it has what is wrong with
/// the plan, a line each, and any plan before is forgotten.
#[unsafe(no_mangle)]
pub extern "C" fn load() -> u32 {
    STATE.with_borrow_mut(|State { input, output, check }| {
        *check = None;
        match Check::new(str::from_utf8(input).unwrap_or_default()) {
            Ok(loaded) => {
                *output = format!("{}, version {}", loaded.plan().name, loaded.plan().version);
                *check = Some(loaded);
                1
            }
            Err(diagnostics) => {
                *output = problems(&diagnostics);
                0
            }
        }
    })
}

/// Holds a request, the input, against the plan; it comes from a page (0) or a server (1). 1: the output is what
/// [`Check::request`] says. 0: it is no request, or there is no plan.
#[unsafe(no_mangle)]
pub extern "C" fn check(source: u32) -> u32 {
    STATE.with_borrow_mut(|State { input, output, check }| {
        output.clear();
        let source = if source == 0 { Source::Browser } else { Source::Server };
        let Some(check) = check else { return 0 };
        u32::from(check.request(source, str::from_utf8(input).unwrap_or_default(), output))
    })
}
