//! The copy on disk: what a page has captured and not settled, for the pages after it.
//!
//! A *chunk* is a JSON text under a key, written once and removed when all of its events are settled:
//! `{"batch":[event,…],"context":{…},"stream":report}`, where every event's properties lack those in `context`.
//! Whoever finds a chunk of a page that is gone inherits it: sends its events and, beside its own, its report.
//! A chunk is never rewritten, so that storing an event costs the same however many are stored.
//!
//! Keys sort by what is evicted first: a digit for the priority, the stream's id (a `UUIDv7`: by age), the
//! number of the last event.

use alloc::{string::String, vec::Vec};

use crate::text;

/// Most events in a chunk: as many as a request takes.
pub(crate) const MAX_CHUNK_EVENTS: usize = 50;
/// A chunk takes no further event beyond this many bytes: a store of 512 KiB is to be evicted in small pieces.
pub(crate) const MAX_CHUNK_BYTES: usize = 16 * 1024;
/// Most events inherited at a time: the rest stays on disk until these are settled. Four requests, and room in
/// the queue for what the page itself captures.
pub(crate) const MAX_INHERITED: usize = 200;

/// What a chunk's key begins with; the lowest is evicted first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Priority {
    /// Events that the SDK captures by itself (`$pageview`, `$pageleave`…).
    Automatic = b'0',
    /// What the page captures, and who the visitor is.
    Captured = b'1',
    /// No events, only the report of what was given up: small, and the books' only trace of it.
    Report = REPORT,
}

const REPORT: u8 = b'9';

/// Of a chunk that was inherited, and is left to others after all.
const DISINHERITED: u32 = u32::MAX;

#[derive(Debug)]
struct Chunk {
    key: String,
    /// Of our own: the highest number in it. Inherited: 0.
    last: u32,
    /// Of our own: 0. Inherited: what its events name in the queue, or [`DISINHERITED`].
    id: u32,
    /// Inherited: the report of its stream, an object.
    report: String,
}

/// Which of our events are on disk, and which of earlier pages' we have taken over.
#[derive(Debug)]
pub(crate) struct Spool {
    chunks: Vec<Chunk>,
    /// Own events up to this number are on disk, or settled.
    pub(crate) saved: u32,
    last_id: u32,
}

impl Spool {
    /// Nothing on disk.
    pub(crate) const fn new() -> Self {
        Self { chunks: Vec::new(), saved: 0, last_id: 0 }
    }

    /// Our own events up to `last` go to disk under the key now appended to `out`; a newer report takes the place
    /// of an older.
    pub(crate) fn keep(&mut self, priority: Priority, stream_id: &str, last: u32, out: &mut String) {
        let start = out.len();
        out.push(char::from(priority as u8));
        push_id(out, stream_id);
        if priority != Priority::Report {
            // How many digits first: so that 9 comes before 10.
            let (mut digits, mut rest) = (b'a', last);
            while rest > 9 {
                (digits, rest) = (digits + 1, rest / 10);
            }
            out.push(char::from(digits));
            text::digits(out, u64::from(last));
        }
        self.saved = last;
        let key = text::piece(out, start, out.len());
        match self.chunks.iter_mut().find(|chunk| chunk.key == key) {
            Some(chunk) => chunk.last = last,
            None => self.chunks.push(Chunk { key: text::copy(key), last, id: 0, report: String::new() }),
        }
    }

    /// Takes over the chunk `key` of another stream, whose report is `report`; the id for its events.
    pub(crate) fn inherit(&mut self, key: &str, report: &str) -> u32 {
        self.last_id += 1;
        self.chunks.push(Chunk {
            key: text::copy(key),
            last: 0,
            id: self.last_id,
            report: text::copy(report),
        });
        self.last_id
    }

    /// Appends the report of the stream that the chunk `id` was of, to a list of them.
    pub(crate) fn report(&self, id: u32, reports: &mut String) {
        if let Some(chunk) = self.chunks.iter().find(|chunk| chunk.id == id) {
            reports.push(',');
            reports.push_str(&chunk.report);
        }
    }

    /// Takes a chunk off the list that need not be on disk any more: with numbers up to `settled` (a report, when
    /// nothing is `unreported`), or inherited and, as `is_held` says, without an event that is still held. Its key.
    pub(crate) fn settle(
        &mut self,
        settled: u32,
        unreported: bool,
        is_held: impl Fn(u32) -> bool,
    ) -> Option<String> {
        let at = self.chunks.iter().position(|chunk| match chunk.id {
            0 => chunk.last <= settled && !(unreported && chunk.key.as_bytes().first() == Some(&REPORT)),
            DISINHERITED => false,
            id => !is_held(id),
        })?;
        Some(self.chunks.swap_remove(at).key)
    }

    /// Leaves what was inherited to the pages after us.
    pub(crate) fn disinherit(&mut self) {
        for chunk in self.chunks.iter_mut().filter(|chunk| chunk.id > 0) {
            chunk.id = DISINHERITED;
        }
    }

    /// Our own chunk `key` is gone from the disk, by another hand: the numbers that it held, first and last.
    pub(crate) fn lose(&mut self, key: &str) -> Option<(u32, u32)> {
        let at = self.chunks.iter().position(|chunk| chunk.id == 0 && chunk.key == key)?;
        let last = self.chunks.swap_remove(at).last;
        let before = self.chunks.iter().map(|chunk| chunk.last).filter(|other| *other < last).max();
        Some((before.unwrap_or(0) + 1, last))
    }
}

/// Appends a JSON string that needs no escaping, without its quotes, and an underscore.
pub(crate) fn push_id(out: &mut String, id: &str) {
    out.push_str(text::inside(id));
    out.push('_');
}

/// Appends a chunk's beginning, up to its events.
pub(crate) fn open(out: &mut String) {
    out.push_str("{\"batch\":[");
}

/// Appends what comes behind the events: the context that they share, and the report of their stream.
pub(crate) fn close(out: &mut String, context: &str, report: impl FnOnce(&mut String)) {
    out.push_str("],\"context\":{");
    out.push_str(context);
    out.push_str("},\"stream\":");
    report(out);
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    const STREAM: &str = "\"01919fff-0000-7000-8000-000000000000\"";

    fn keep(spool: &mut Spool, priority: Priority, last: u32) -> String {
        let mut key = String::new();
        spool.keep(priority, STREAM, last, &mut key);
        key
    }

    #[test]
    fn keys_sort_by_what_is_evicted_first() {
        let mut spool = Spool::new();
        let report = keep(&mut spool, Priority::Report, 3);
        let clicks = [9, 10, 100].map(|last| keep(&mut spool, Priority::Captured, last));
        let view = keep(&mut spool, Priority::Automatic, 101);
        let mut sorted = vec![&report, &clicks[2], &view, &clicks[0], &clicks[1]];
        sorted.sort();
        assert_eq!(sorted, [&view, &clicks[0], &clicks[1], &clicks[2], &report]);
        assert_eq!(view, "001919fff-0000-7000-8000-000000000000_c101");
    }

    #[test]
    fn a_chunk_goes_when_all_of_it_is_settled() {
        let mut spool = Spool::new();
        let first = keep(&mut spool, Priority::Captured, 3);
        keep(&mut spool, Priority::Captured, 5);
        let heir = spool.inherit("k", "{}");
        assert_eq!(spool.settle(2, false, |_| true), None);
        assert_eq!(spool.settle(4, false, |_| true), Some(first));
        assert_eq!(spool.settle(4, false, |id| id != heir).as_deref(), Some("k"));
        assert_eq!(spool.settle(4, false, |_| false), None);
    }

    #[test]
    fn what_others_remove_is_known_by_its_numbers() {
        let mut spool = Spool::new();
        keep(&mut spool, Priority::Captured, 3);
        let second = keep(&mut spool, Priority::Automatic, 5);
        assert_eq!(spool.lose("k"), None);
        assert_eq!(spool.lose(&second), Some((4, 5)));
        assert_eq!(spool.lose(&second), None);
    }

    #[test]
    fn what_is_disinherited_is_nobodys_to_forget() {
        let mut spool = Spool::new();
        let heir = spool.inherit("k", "{\"id\":\"s\"}");
        let mut reports = String::new();
        spool.report(heir, &mut reports);
        assert_eq!(reports, ",{\"id\":\"s\"}");
        spool.disinherit();
        assert_eq!(spool.settle(9, false, |_| false), None);
    }
}
