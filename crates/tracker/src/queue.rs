//! The events that a page holds, in the order of their numbers, and the batches made of them.

use alloc::{boxed::Box, rc::Rc, string::String, vec::Vec};

use crate::{context::Context, encode::Cut, retry::MAX_ATTEMPTS};

/// Most events held: what Snowplow settled on after filling its users' storage.
pub(crate) const MAX_QUEUE_EVENTS: usize = 1_000;
/// Most bytes of events held, their shared contexts apart: no page misses a mebibyte.
pub(crate) const MAX_QUEUE_BYTES: usize = 1024 * 1024;

/// The flight of an event that is not under way.
pub(crate) const WAITING: u32 = 0;

#[derive(Debug)]
struct Event {
    text: Box<str>,
    /// Where in the text the context goes.
    cut: usize,
    /// The context, unless the text holds it.
    context: Option<Rc<Context>>,
    seq: u32,
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
    pub(crate) fn push(&mut self, text: &str, cut: Cut, context: Rc<Context>, seq: u32) -> usize {
        self.bytes += text.len();
        let context = cut.shared.then_some(context);
        let event = Event { text: text.into(), cut: cut.at, context, seq, flight: WAITING, attempts: 0 };
        let bytes = event.bytes();
        self.events.push(event);
        bytes
    }

    /// How many events are held.
    #[cfg(test)]
    pub(crate) const fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether an event of `bytes` more can be held.
    pub(crate) const fn has_room(&self, bytes: usize) -> bool {
        self.events.len() < MAX_QUEUE_EVENTS && self.bytes + bytes <= MAX_QUEUE_BYTES
    }

    /// Gives up the oldest event that waits; false if none does.
    pub(crate) fn drop_oldest(&mut self) -> bool {
        let waiting = self.events.iter().position(|e| e.flight == WAITING);
        if let Some(at) = waiting {
            self.bytes -= self.events.remove(at).text.len();
        }
        waiting.is_some()
    }

    /// Whether an event with a number up to `seq` waits.
    pub(crate) fn is_waiting(&self, seq: u32) -> bool {
        self.events.iter().take_while(|e| e.seq <= seq).any(|e| e.flight == WAITING)
    }

    /// Sends what waits, oldest first and numbers up to `seq`, off in `flight` as far as there is room:
    /// appends it as a JSON array's items, and says how many bytes that took.
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
            // The cut is where the text was cut when it was written: in bounds, and at a boundary.
            let (head, tail) = event.text.split_at_checked(event.cut).unwrap_or((&event.text, ""));
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
        let before = self.events.len();
        self.events.retain(|e| e.flight != flight);
        self.bytes = self.events.iter().map(|e| e.text.len()).sum();
        before - self.events.len()
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
            queue.push(&text, cut, Rc::clone(&context), u32::try_from(nth).unwrap() + 1);
        }
        queue
    }

    fn board(queue: &mut Queue, flight: u32, seq: u32, room: Room) -> String {
        let mut out = String::new();
        assert_eq!(queue.board(flight, seq, room, &mut out), out.len());
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
