//! The boundary: what `js/core.ts` calls, and nothing else does.
//!
//! The module imports nothing and exports four things: its `memory`, [`buffer`], [`call`] and [`poll`].
//!
//! # In: calls
//! [`call`] takes the number of an [`Op`], the two clocks in ms (`Date.now()`, `performance.now()`), and what
//! the operation needs: up to four lines of text, a float and three integers; what it does not need is not
//! looked at. A line before these says when what is told happened, as RFC 3339. Text goes through one buffer: [`buffer`]`(size)` says where it is, and JavaScript writes UTF-8
//! there with `TextEncoder.encodeInto`. A line is a JSON value as `JSON.stringify` writes it (which escapes line
//! ends, so that a line end is always a separator), an object's members without the braces, or nothing. The
//! buffer moves only when [`buffer`] is called.
//!
//! # Out: effects
//! After a call [`poll`] is called until the kind is 0. It returns the address of a [`Polled`], which never
//! moves; texts are UTF-8, and good until the next call of any function.
//!
//! | kind | effect | text | a | b |
//! |---|---|---|---|---|
//! | 0 | none left | | | |
//! | 1 | send | body | id | transport + 4 × reason |
//! | 2 | set the timer | | ms | |
//! | 3 | persist | value | slot | |
//! | 4 | dropped | reason | count | |
//! | 5 | sent | | count | |
//! | 6 | keep | chunk, then its key | length of the chunk in bytes | last number, or 0 |
//! | 7 | forget | key | | |
//!
//! # Safety
//! `unsafe` is here for three things, which rest on what the platform and this module's one caller do:
//! - The state is a `static` without a lock. A wasm instance with unshared memory runs one call at a time, and
//!   no function calls out (there are no imports), so no call meets another half done.
//! - Bytes written by `encodeInto` are taken for UTF-8 unchecked: the Encoding standard has it write whole
//!   scalar values only, and `len` is what it says it has written. A page that wrote something else there could
//!   corrupt its own events, which it can forge anyway, and never leave the instance's memory.
//! - Names are exported as they are (`no_mangle`); none is the name of anything that the linker knows.
// Exports are nobody's in Rust; what JavaScript passes are doubles, and saturate.
#![allow(
    unreachable_pub,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::too_many_arguments,
    clippy::many_single_char_names
)]

use alloc::{string::String, vec::Vec};
use core::cell::UnsafeCell;

use tallymark_tracker::{Decision, Effect, Now, Slot, Start, Tracker};

/// What [`call`] can be asked to do, by number; the arguments that each takes, in their order.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Op {
    /// Lines: name, properties.
    Capture,
    /// Lines: place, query, own members, properties.
    Page,
    /// Lines: place, query.
    Locate,
    /// Lines: user id, properties.
    Identify,
    /// Lines: type, key, properties.
    Group,
    /// Line: properties.
    Register,
    /// Line: name.
    Unregister,
    /// Nothing.
    Reset,
    /// Integers: 64 random bits in two halves. Twice before the start.
    Seed,
    /// Line: value. Integer: slot.
    Restore,
    /// Lines: key, stream id, window id, the browser's members. Integers: events already numbered, and lost;
    /// 1 if leaving is an event.
    Start,
    /// Lines: place, query, the view's id without quotes. The clocks say when it began.
    Adopt,
    /// Integers: pixels above the viewport, of the viewport, of the page.
    Scroll,
    /// Nothing: the timer fired.
    Tick,
    /// Nothing.
    Flush,
    /// Nothing.
    Online,
    /// Integer: bytes of the page's budget in use.
    Hide,
    /// Integer: bytes of the page's budget in use.
    Leave,
    /// Integers: id, status (0 if there was no answer). Float: ms of quiet asked for.
    Answer,
    /// Integer: id of the beacon that the browser would not take.
    Refused,
    /// Nothing.
    Show,
    /// Nothing.
    Save,
    /// Nothing.
    Unkept,
    /// Integers: the first and the last number; 1 if they were evicted.
    Lose,
    /// Integers: the letters (p, g, d) that hold for analytics and for advertising; 1 for GPC.
    Permit,
    /// Line: the stream's id from here on. Integers: the letters decided, 0 for none.
    Decide,
}

impl Op {
    /// By number; the order is the enum's, which `js/core.ts` repeats. Not a table: this is no code at all.
    const fn from_number(number: usize) -> Option<Self> {
        Some(match number {
            0 => Self::Capture,
            1 => Self::Page,
            2 => Self::Locate,
            3 => Self::Identify,
            4 => Self::Group,
            5 => Self::Register,
            6 => Self::Unregister,
            7 => Self::Reset,
            8 => Self::Seed,
            9 => Self::Restore,
            10 => Self::Start,
            11 => Self::Adopt,
            12 => Self::Scroll,
            13 => Self::Tick,
            14 => Self::Flush,
            15 => Self::Online,
            16 => Self::Hide,
            17 => Self::Leave,
            18 => Self::Answer,
            19 => Self::Refused,
            20 => Self::Show,
            21 => Self::Save,
            22 => Self::Unkept,
            23 => Self::Lose,
            24 => Self::Permit,
            25 => Self::Decide,
            _ => return None,
        })
    }
}

/// What [`poll`] fills.
#[repr(C)]
pub(crate) struct Polled {
    kind: u32,
    text: *const u8,
    length: usize,
    a: u32,
    b: u32,
    /// The highest number given to an event.
    seq: u32,
    /// All events up to this number are settled.
    settled: u32,
    /// The last event's id: 36 bytes.
    id: *const u8,
}

/// What lives as long as the page.
struct Module {
    input: Vec<u8>,
    tracker: Tracker,
    output: String,
    polled: Polled,
}

struct Global(UnsafeCell<Module>);

// SAFETY: one thread, see above.
unsafe impl Sync for Global {}

static MODULE: Global = Global(UnsafeCell::new(Module {
    input: Vec::new(),
    tracker: Tracker::new(),
    output: String::new(),
    polled: Polled {
        kind: 0,
        text: core::ptr::null(),
        length: 0,
        a: 0,
        b: 0,
        seq: 0,
        settled: 0,
        id: core::ptr::null(),
    },
}));

/// The state, for the length of one call.
fn module() -> &'static mut Module {
    // SAFETY: one call at a time, and each takes the state once, see above.
    unsafe { &mut *MODULE.0.get() }
}

/// The input buffer's address, with room for `size` bytes.
#[unsafe(no_mangle)]
pub extern "C" fn buffer(size: usize) -> *mut u8 {
    let module = module();
    if module.input.len() < size {
        module.input.resize(size, 0);
    }
    module.input.as_mut_ptr()
}

/// Does `op`, with the text of `len` bytes in the buffer.
#[unsafe(no_mangle)]
pub extern "C" fn call(op: usize, len: usize, wall: f64, mono: f64, x: f64, i: u32, j: u32, k: u32) {
    let module = module();
    let mut lines = module.input.get(..len).unwrap_or(&[]).split(|byte| *byte == b'\n');
    let [moment, a, b, c, d] = [(); 5].map(|()| {
        let line = lines.next().unwrap_or(&[]);
        // SAFETY: written by encodeInto, see above; a line end is a whole character.
        unsafe { core::str::from_utf8_unchecked(line) }
    });
    let tracker = module.tracker.at(Now { wall_ms: wall as i64, monotonic_ms: mono as u64 }, moment);
    let Some(op) = Op::from_number(op) else { return };
    match op {
        Op::Capture => tracker.capture(a, b),
        Op::Page => tracker.page(a, b, c, d),
        Op::Locate => tracker.locate(a, b),
        Op::Identify => tracker.identify(a, b),
        Op::Group => tracker.group(a, b, c),
        Op::Register => tracker.register(a),
        Op::Unregister => tracker.unregister(a),
        Op::Reset => tracker.reset(),
        Op::Seed => tracker.seed(u64::from(i) << 32 | u64::from(j)),
        Op::Restore => {
            if let Some(slot) = Slot::from_number(i as usize) {
                tracker.restore(slot, a);
            }
        }
        Op::Start => {
            tracker.start(&Start {
                key: a,
                stream_id: b,
                window_id: c,
                browser: d,
                seq: i,
                lost: j,
                capture_leave: k != 0,
            });
        }
        Op::Adopt => tracker.adopt(a, b, c),
        Op::Scroll => tracker.scroll(i, j, k),
        Op::Tick => tracker.tick(),
        Op::Flush => tracker.flush(),
        Op::Online => tracker.online(),
        Op::Hide => tracker.hide(i as usize),
        Op::Leave => tracker.leave(i as usize),
        Op::Answer => tracker.answer(i, j, x as u64),
        Op::Refused => tracker.beacon_refused(i),
        Op::Show => tracker.show(),
        Op::Save => tracker.save(),
        Op::Unkept => tracker.unkept(),
        Op::Lose => tracker.lose(i, j, k != 0),
        Op::Permit => {
            let holds = |letter| decision(letter).unwrap_or(Decision::Pending);
            tracker.permit(holds(i), holds(j), k != 0);
        }
        Op::Decide => tracker.decide(decision(i), decision(j), a),
    }
}

/// What a letter stands for.
const fn decision(letter: u32) -> Option<Decision> {
    Decision::from_letter(letter as u8)
}

/// The next effect.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn poll() -> *const Polled {
    let Module { tracker, output, polled, .. } = module();
    let effect = tracker.poll(output);
    (polled.kind, polled.a, polled.b) = match effect {
        None => (0, 0, 0),
        Some(Effect::Send { id, transport, reason }) => (1, id, transport as u32 + 4 * reason as u32),
        Some(Effect::SetTimer { ms }) => (2, ms, 0),
        Some(Effect::Persist { slot }) => (3, slot as u32, 0),
        Some(Effect::Dropped { count, .. }) => (4, count, 0),
        Some(Effect::Sent { count }) => (5, count, 0),
        Some(Effect::Keep { chunk_bytes, last }) => (6, chunk_bytes as u32, last),
        Some(Effect::Forget) => (7, 0, 0),
    };
    (polled.text, polled.length) = (output.as_ptr(), output.len());
    (polled.seq, polled.settled, polled.id) = (tracker.seq(), tracker.settled(), tracker.last_id().as_ptr());
    polled
}
