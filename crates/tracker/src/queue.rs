//! The events that a page holds, in the order of their numbers, and the batches made of them.

use alloc::{rc::Rc, string::String, vec::Vec};

use crate::{
    context::Context,
    encode::Cut,
    retry::MAX_ATTEMPTS,
    spool::{MAX_CHUNK_BYTES, MAX_CHUNK_EVENTS},
    text,
};

/// Most events held: what Snowplow settled on after filling its users' storage.
pub(crate) const MAX_QUEUE_EVENTS: usize = 1_000;
/// Most bytes of events held, their shared contexts apart: no page misses a mebibyte.
pub(crate) const MAX_QUEUE_BYTES: usize = 1024 * 1024;

/// The flight of an event that is not under way.
pub(crate) const WAITING: u32 = 0;
/// Waiting or under way: more requests than anybody makes.
pub(crate) const ANYWHERE: u32 = u32::MAX;

#[derive(Debug)]
struct Event {
    text: String,
    /// Where in the text the context goes.
    cut: usize,
    /// The context, unless the text holds it.
    context: Option<Rc<Context>>,
    /// Its number in the stream.
    seq: u32,
    /// Whether the SDK has captured it by itself.
    automatic: bool,
    /// The request that it is under way in, or [`WAITING`].
    flight: u32,
    /// How often it was sent in vain.
    attempts: u32,
}

impl Event {
    fn context(&self) -> &str {
        self.context.as_ref().map_or("", |c| c.as_str())
    }

    /// Bytes on the wire, comma included.
    fn bytes(&self) -> usize {
        self.text.len() + self.context().len() + 1
    }

    /// The text before and behind the context. The cut is where the text was cut when it was written: in bounds,
    /// and at a boundary.
    fn parts(&self) -> (&str, &str) {
        (text::piece(&self.text, 0, self.cut), text::piece(&self.text, self.cut, self.text.len()))
    }
}

/// What was written for the disk.
#[derive(Debug)]
pub(crate) struct Written<'a> {
    /// The highest number in it; 0 if nothing was.
    pub(crate) last: u32,
    /// Whether the SDK has captured all of it by itself.
    pub(crate) automatic: bool,
    /// The context that its events share; what has another holds it whole.
    pub(crate) context: &'a str,
}

/// What one request may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// Number of events.
    pub(crate) events: usize,
    /// Bytes of events.
    pub(crate) bytes: usize,
}

/// All events captured and not settled.
#[derive(Debug)]
pub(crate) struct Queue {
    events: Vec<Event>,
    bytes: usize,
}

impl Queue {
    /// An empty queue.
    pub(crate) const fn new() -> Self {
        Self { events: Vec::new(), bytes: 0 }
    }

    /// Adds an event; its bytes on the wire.
    pub(crate) fn push(
        &mut self,
        text: &str,
        cut: Cut,
        context: &Rc<Context>,
        seq: u32,
        automatic: bool,
    ) -> usize {
        let context = cut.shared.then(|| Rc::clone(context));
        self.bytes += text.len();
        let text = text::copy(text);
        let event = Event { text, cut: cut.at, context, seq, automatic, flight: WAITING, attempts: 0 };
        let bytes = event.bytes();
        self.events.push(event);
        bytes
    }

    /// Appends events with numbers above `saved` as a JSON array's items, as far as they share a context,
    /// which they go without, and fit into a chunk.
    pub(crate) fn write(&self, saved: u32, out: &mut String) -> Written<'_> {
        let (start, mut events, mut shared) = (out.len(), 0, None);
        let mut written = Written { last: 0, automatic: true, context: "" };
        for event in self.events.iter().filter(|e| e.seq > saved) {
            let own = event.context.as_ref();
            let differs = matches!((shared, own), (Some(shared), Some(own)) if !Rc::ptr_eq(shared, own));
            let is_full =
                events == MAX_CHUNK_EVENTS || out.len() - start + event.text.len() > MAX_CHUNK_BYTES;
            if differs || events > 0 && is_full {
                break;
            }
            if events > 0 {
                out.push(',');
            }
            let (head, mut tail) = event.parts();
            if own.is_some() {
                shared = own;
                written.context = event.context();
                // The context takes its comma with it.
                tail = text::piece(tail, 1, tail.len());
            }
            out.push_str(head);
            out.push_str(tail);
            events += 1;
            written.last = event.seq;
            written.automatic &= event.automatic;
        }
        written
    }

    /// Takes events off the list that are in `flight` (or [`WAITING`], or [`ANYWHERE`]) and numbered from `first` to
    /// `last`; says how many those were.
    pub(crate) fn remove(&mut self, flight: u32, first: u32, last: u32) -> usize {
        let goes = |e: &Event| (flight == ANYWHERE || e.flight == flight) && e.seq >= first && e.seq <= last;
        let before = self.events.len();
        // By hand: `Vec::retain` is twice as much wasm. From behind: to take all of many is to move none.
        for at in (0..before).rev() {
            if self.events.get(at).is_some_and(goes) {
                self.bytes -= self.events.remove(at).text.len();
            }
        }
        before - self.events.len()
    }

    /// How many events are held.
    #[cfg(test)]
    pub(crate) const fn len(&self) -> usize {
        self.events.len()
    }

    /// The numbers of the events held.
    #[cfg(test)]
    pub(crate) fn numbers(&self) -> Vec<u32> {
        self.events.iter().map(|e| e.seq).collect()
    }

    /// Whether an event of `bytes` more can be held.
    pub(crate) const fn has_room(&self, bytes: usize) -> bool {
        self.events.len() < MAX_QUEUE_EVENTS && self.bytes + bytes <= MAX_QUEUE_BYTES
    }

    /// Gives up the oldest event that waits; false if none does.
    pub(crate) fn drop_oldest(&mut self) -> bool {
        let oldest = self.events.iter().find(|e| e.flight == WAITING).map_or(0, |e| e.seq);
        self.remove(WAITING, oldest, oldest) > 0
    }

    /// Whether an event with a number up to `seq` waits.
    pub(crate) fn is_waiting(&self, seq: u32) -> bool {
        self.events.iter().take_while(|e| e.seq <= seq).any(|e| e.flight == WAITING)
    }

    /// Sends what waits, oldest first and numbers up to `seq`, off in `flight` as far as there is room: appends it as
    /// a JSON array's items, and says how many bytes that took.
    pub(crate) fn board(&mut self, flight: u32, seq: u32, mut room: Room, out: &mut String) -> usize {
        let start = out.len();
        for event in self.events.iter_mut().filter(|e| e.flight == WAITING && e.seq <= seq) {
            let bytes = event.bytes();
            if room.events == 0 || room.bytes < bytes {
                break;
            }
            room = Room { events: room.events - 1, bytes: room.bytes - bytes };
            event.flight = flight;
            if out.len() > start {
                out.push(',');
            }
            let (head, tail) = event.parts();
            out.push_str(head);
            out.push_str(event.context());
            out.push_str(tail);
        }
        out.len() - start
    }

    /// How many events are in `flight`.
    pub(crate) fn count(&self, flight: u32) -> usize {
        self.events.iter().filter(|e| e.flight == flight).count()
    }

    /// What was in `flight` waits again. If that was in vain, events that were sent too often are given up;
    /// says how many.
    pub(crate) fn release(&mut self, flight: u32, in_vain: bool) -> usize {
        for event in self.events.iter_mut().filter(|e| e.flight == flight) {
            event.attempts += u32::from(in_vain);
            if event.attempts < MAX_ATTEMPTS {
                event.flight = WAITING;
            }
        }
        self.settle(flight)
    }

    /// What is in `flight` is settled; says how many events that are.
    pub(crate) fn settle(&mut self, flight: u32) -> usize {
        self.remove(flight, 0, u32::MAX)
    }

    /// The lowest number of an event held.
    pub(crate) fn first_seq(&self) -> Option<u32> {
        self.events.first().map(|e| e.seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};
    use std::format;

    const ALL: Room = Room { events: usize::MAX, bytes: usize::MAX };

    fn fill(sizes: &[usize]) -> Queue {
        let context = Rc::new(Context::new("C:1", "", ""));
        let mut queue = Queue::new();
        for (nth, size) in sizes.iter().enumerate() {
            while !queue.has_room(size + 2) {
                assert!(queue.drop_oldest());
            }
            let text = format!("<{}>", "e".repeat(*size));
            let cut = Cut { at: 1, shared: nth % 2 == 0 };
            queue.push(&text, cut, &context, u32::try_from(nth).unwrap() + 1, false);
        }
        queue
    }

    fn board(queue: &mut Queue, flight: u32, seq: u32, room: Room) -> String {
        let mut out = String::new();
        queue.board(flight, seq, room, &mut out);
        out
    }

    #[test]
    fn a_batch_is_the_oldest_that_waits() {
        let mut queue = fill(&[1, 1, 1, 1]);
        assert_eq!(board(&mut queue, 1, 9, Room { events: 2, ..ALL }), "<C:1e>,<e>");
        assert_eq!(board(&mut queue, 2, 3, ALL), "<C:1e>");
        assert_eq!((queue.count(1), queue.count(2), queue.is_waiting(3)), (2, 1, false));
        assert_eq!(queue.release(1, true), 0);
        assert_eq!(board(&mut queue, 3, 9, ALL), "<C:1e>,<e>,<e>");
        assert_eq!((queue.settle(3), queue.first_seq()), (3, Some(3)));
        assert_eq!((queue.settle(2), queue.first_seq()), (1, None));
    }

    #[test]
    fn what_was_sent_too_often_is_given_up() {
        let mut queue = fill(&[1]);
        for _ in 1..MAX_ATTEMPTS {
            board(&mut queue, 7, 1, ALL);
            assert_eq!(queue.release(7, true), 0);
        }
        board(&mut queue, 7, 1, ALL);
        assert_eq!(queue.release(7, false), 0);
        board(&mut queue, 7, 1, ALL);
        assert_eq!(queue.release(7, true), 1);
        assert_eq!(queue.first_seq(), None);
    }

    #[test]
    fn what_is_under_way_is_not_dropped() {
        let mut queue = fill(&[1, 1]);
        board(&mut queue, 1, 1, ALL);
        assert!(queue.drop_oldest());
        assert!(!queue.drop_oldest());
        assert_eq!(queue.first_seq(), Some(1));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn no_limit_is_passed(sizes in vec(1usize..20_000, 1..1_500), bytes in 1usize..60_000) {
            let mut queue = fill(&sizes);
            prop_assert!(queue.events.len() <= MAX_QUEUE_EVENTS);
            prop_assert!(queue.events.iter().map(|e| e.text.len()).sum::<usize>() <= MAX_QUEUE_BYTES);
            let text = board(&mut queue, 1, u32::MAX, Room { events: 50, bytes });
            prop_assert!(queue.count(1) <= 50 && text.len() <= bytes);
            let held = queue.events.len();
            prop_assert_eq!(queue.settle(1) + queue.events.len(), held);
        }
    }
}
