//! The shapes that a request may have in either dialect: an array of events, an object that holds such an
//! array, or one event.

use tallymark_event::wire;

use super::{
    Batch, batch, domain,
    event::Event,
    scan::{Key, Malformed, Scanner},
    stream::StreamReport,
};
use crate::{Dialect, Refusal, limits::MAX_EVENTS_PER_REQUEST};

/// Reads a whole request.
pub(super) fn read(dialect: Dialect, text: &str) -> Result<Batch<'_>, Refusal> {
    let mut reader = Reader { dialect, scanner: Scanner::new(text), batch: Batch::default() };
    match reader.scanner.peek() {
        Some(b'[') => reader.events()?,
        Some(b'{') => reader.object()?,
        _ => {
            reader.scanner.value()?;
            reader.scanner.end()?;
            return Err(Refusal::NotEvents);
        }
    }
    reader.scanner.end()?;
    // A stream's report alone is worth a request: the page has dropped all that it captured.
    if reader.batch.events.is_empty() && reader.batch.stream.is_none() {
        return Err(Refusal::NoEvent);
    }
    Ok(reader.batch)
}

struct Reader<'t> {
    dialect: Dialect,
    scanner: Scanner<'t>,
    batch: Batch<'t>,
}

impl<'t> Reader<'t> {
    /// An object that holds a list or is one event: which of them, only its keys tell, so both are read.
    fn object(&mut self) -> Result<(), Refusal> {
        let start = self.scanner.at();
        let mut single = Event { is_object: true, ..Event::default() };
        let mut has_list = false;
        self.scanner.enter_object()?;
        let mut first = true;
        while let Some(key) = self.scanner.next_key(&mut first)? {
            match key.with_name(|name| EnvelopeField::of(self.dialect, name)) {
                Some(EnvelopeField::List(field)) => {
                    if self.scanner.peek() != Some(b'[') {
                        return Err(Refusal::BatchNotArray { field });
                    }
                    has_list = true;
                    self.batch.events.clear();
                    self.events()?;
                }
                Some(EnvelopeField::SentAt) => self.batch.sent_at = Some(self.scanner.value()?),
                Some(EnvelopeField::Historical) => {
                    self.batch.is_historical = self.scanner.value()?.is_true();
                }
                Some(EnvelopeField::Stream) => {
                    self.batch.stream = StreamReport::read(self.scanner.value()?);
                }
                None => self.member(&key, &mut single)?,
            }
        }
        if has_list {
            self.batch.token = single.token;
        } else {
            single.text = self.scanner.since(start).as_str();
            single.unstorable = self.scanner.take_unstorable();
            self.batch.events.push(single);
        }
        Ok(())
    }

    fn events(&mut self) -> Result<(), Refusal> {
        self.scanner.enter_array()?;
        let mut first = true;
        while self.scanner.next_item(&mut first)? {
            if self.batch.events.len() == MAX_EVENTS_PER_REQUEST {
                return Err(Refusal::TooManyEvents);
            }
            let event = self.event()?;
            self.batch.events.push(event);
        }
        Ok(())
    }

    fn event(&mut self) -> Result<Event<'t>, Malformed> {
        // What was met before this event is not its fault.
        self.scanner.take_unstorable();
        if self.scanner.peek() != Some(b'{') {
            return self.scanner.value().map(Event::of_other);
        }
        let start = self.scanner.at();
        let mut event = Event { is_object: true, ..Event::default() };
        self.scanner.enter_object()?;
        let mut first = true;
        while let Some(key) = self.scanner.next_key(&mut first)? {
            self.member(&key, &mut event)?;
        }
        event.text = self.scanner.since(start).as_str();
        event.unstorable = self.scanner.take_unstorable();
        Ok(event)
    }

    fn member(&mut self, key: &Key<'t>, event: &mut Event<'t>) -> Result<(), Malformed> {
        match self.dialect {
            Dialect::Batch => batch::read_member(&mut self.scanner, key, event, &mut self.batch.withheld),
            Dialect::DomainEvents => {
                domain::read_member(&mut self.scanner, key, event, &mut self.batch.withheld)
            }
        }
    }
}

/// The fields of a request that are not an event's.
enum EnvelopeField {
    /// The events, under this name.
    List(&'static str),
    SentAt,
    Historical,
    Stream,
}

impl EnvelopeField {
    fn of(dialect: Dialect, name: &[u8]) -> Option<Self> {
        const STREAM: &[u8] = wire::STREAM.as_bytes();
        Some(match (dialect, name) {
            (Dialect::Batch, b"batch") => Self::List("batch"),
            (Dialect::Batch, b"sent_at") => Self::SentAt,
            (Dialect::Batch, b"historical_migration") => Self::Historical,
            (Dialect::Batch, STREAM) => Self::Stream,
            (Dialect::DomainEvents, b"events") => Self::List("events"),
            _ => return None,
        })
    }
}
