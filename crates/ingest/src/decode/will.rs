//! Streams' last wills: what is to be a stream's last event if nothing more is heard of it.

use super::{
    batch,
    event::Event,
    scan::{Scanner, each_member},
    stream::{StreamPosition, StreamReport},
};
use crate::limits::MAX_WILL_BYTES;

/// See [`tallymark_event::wire::STREAM_WILL_KEY`].
#[derive(Clone, Debug)]
pub(crate) struct Will<'t> {
    /// The event, read as any other of the batch dialect.
    pub(crate) event: Event<'t>,
    /// Its stream, and the number after that stream's highest.
    pub(crate) position: StreamPosition<'t>,
}

impl<'t> Will<'t> {
    /// Reads the will of a report. `None` if there is none that holds: it is no object or too large, or the event is
    /// not the next of its stream. A page that has captured more since it made its will still sends it along.
    pub(super) fn read(report: &StreamReport<'t>, kept: &mut Vec<&'t str>) -> Option<Self> {
        let text = report.will?.as_str();
        if text.len() > MAX_WILL_BYTES {
            return None;
        }
        let mut scanner = Scanner::new(text);
        let mut event = Event { text, is_object: true, ..Event::default() };
        each_member(&mut scanner, |scanner, key| batch::read_member(scanner, key, &mut event, kept)).ok()?;
        event.unstorable = scanner.take_unstorable();
        let position = StreamPosition::of(&event)?;
        (position.id == report.id && position.seq == report.seq + 1).then_some(Self { event, position })
    }
}
