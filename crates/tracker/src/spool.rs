//! The copy on disk: what a page has captured and not settled, for the pages after it.
//!
//! A *chunk* is a JSON text under a key, written once and removed when all of its events are settled:
//! `{"api_key":key,"batch":[event,…],"context":{…},"stream":report}`, where every event's properties lack those in
//! `context`. Whoever finds a chunk of a page that is gone sends its events under that key (one origin may serve many
//! tenants) and with that report (sdk/js/leftovers.ts does). A chunk
//! is never rewritten, so that storing an event costs the same however many are stored.
//!
//! Keys sort by what is evicted first: a digit for the priority, the stream's id (a `UUIDv7`: by age), the
//! number of the last event.

use alloc::string::String;

use crate::text;

/// Most events in a chunk: as many as a request takes.
pub(crate) const MAX_CHUNK_EVENTS: usize = 50;
/// A chunk takes no further event beyond this many bytes: a store of 512 KiB is to be evicted in small pieces.
pub(crate) const MAX_CHUNK_BYTES: usize = 16 * 1024;

/// What a chunk's key begins with; the lowest is evicted first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Priority {
    /// Events that the SDK captures by itself (`$pageview`, `$pageleave`…).
    Automatic = b'0',
    /// What the page captures, and who the visitor is.
    Captured = b'1',
    /// No events, only the report of what was given up: small, and the books' only trace of it.
    Report = b'9',
}

/// Appends the key of a chunk of the stream `stream_id` (a JSON string), as far as it is the same for all.
pub(crate) fn push_key(out: &mut String, priority: Priority, stream_id: &str) {
    out.push(char::from(priority as u8));
    out.push_str(text::inside(stream_id));
    out.push('_');
}

/// Appends a number to a key, so that 9 comes before 10: how many digits it has, as a letter, and the digits.
pub(crate) fn push_number(out: &mut String, number: u32) {
    let (mut digits, mut rest) = (b'a', number);
    while rest > 9 {
        (digits, rest) = (digits + 1, rest / 10);
    }
    out.push(char::from(digits));
    text::digits(out, u64::from(number));
}

/// Appends what comes behind the events up to the report, and the context that they share. The report and a brace
/// follow.
pub(crate) fn close(out: &mut String, context: &str) {
    out.push_str("],\"context\":{");
    out.push_str(context);
    out.push_str("},\"stream\":");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn keys_sort_by_what_is_evicted_first() {
        let key = |priority, number| {
            let mut key = String::new();
            push_key(&mut key, priority, "\"01919fff-0000-7000-8000-000000000000\"");
            push_number(&mut key, number);
            key
        };
        let keys: Vec<String> =
            [(Priority::Automatic, 101), (Priority::Captured, 9), (Priority::Captured, 10)]
                .into_iter()
                .chain([(Priority::Captured, 4_000_000_000), (Priority::Report, 3)])
                .map(|(priority, number)| key(priority, number))
                .collect();
        assert!(keys.is_sorted());
        assert_eq!(keys[0], "001919fff-0000-7000-8000-000000000000_c101");
    }
}
