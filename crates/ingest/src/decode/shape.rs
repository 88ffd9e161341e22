//! The shapes that a request may have in either dialect: an array of events, an object that holds such an
//! array, or one event.

use tallymark_event::wire;

use super::{
    Batch, batch, domain,
    event::Event,
    scan::{Key, Malformed, Scanner, each_member},
    stream::StreamReport,
    will::Will,
};
use crate::{Dialect, Refusal, limits::MAX_EVENTS_PER_REQUEST};

/// Reads a whole request.
pub(super) fn read(dialect: Dialect, text: &str) -> Result<Batch<'_>, Refusal> {
    /// What an event takes at least, roughly: most batches fit into what is then reserved.
    const SMALL_EVENT_BYTES: usize = 400;
    let expected = (text.len() / SMALL_EVENT_BYTES + 1).min(MAX_EVENTS_PER_REQUEST);
    let mut batch = Batch { events: Vec::with_capacity(expected), ..Batch::default() };
    let mut reader = Reader { dialect, scanner: Scanner::new(text), batch: &mut batch };
    match reader.request() {
        Ok(()) => Ok(batch),
        Err(Stop::Malformed(malformed)) => {
            Err(Refusal::MalformedJson { at: reader.scanner.at(), problem: malformed.problem() })
        }
        Err(Stop::Refused(refusal)) => Err(refusal),
    }
}

/// Why reading ends early.
enum Stop {
    Malformed(Malformed),
    Refused(Refusal),
}

impl From<Malformed> for Stop {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

struct Reader<'b, 't> {
    dialect: Dialect,
    scanner: Scanner<'t>,
    batch: &'b mut Batch<'t>,
}

impl Reader<'_, '_> {
    fn request(&mut self) -> Result<(), Stop> {
        match self.scanner.peek() {
            Some(b'[') => self.events()?,
            Some(b'{') => self.object()?,
            _ => {
                self.scanner.value()?;
                self.scanner.end()?;
                return Err(Refusal::NotEvents.into());
            }
        }
        self.scanner.end()?;
        // A stream's report alone is worth a request: the page has dropped all that it captured.
        if self.batch.events.is_empty() && self.batch.streams.is_empty() {
            return Err(Refusal::NoEvent.into());
        }
        Ok(())
    }

    /// An object that holds a list or is one event: which of them, only its keys tell, so both are read.
    fn object(&mut self) -> Result<(), Stop> {
        let start = self.scanner.at();
        let mut single = Event { is_object: true, ..Event::default() };
        let mut has_list = false;
        self.scanner.enter_object()?;
        let mut first = true;
        while let Some(key) = self.scanner.next_key(&mut first)? {
            match EnvelopeField::of(self.dialect, &key.name()) {
                Some(EnvelopeField::List(field)) => {
                    if self.scanner.peek() != Some(b'[') {
                        return Err(Refusal::BatchNotArray { field }.into());
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
                    let reports = self.scanner.value()?;
                    let batch = &mut *self.batch;
                    batch.streams = StreamReport::read_all(reports);
                    batch.wills =
                        batch.streams.iter().filter_map(|r| Will::read(r, &mut batch.kept)).collect();
                }
                None => {
                    read_member(self.dialect, &mut self.scanner, &key, &mut single, &mut self.batch.kept)?;
                }
            }
        }
        if has_list {
            self.batch.token = single.token;
        } else {
            single.text = self.scanner.since(start);
            single.unstorable = self.scanner.take_unstorable();
            self.batch.events.push(single);
        }
        Ok(())
    }

    fn events(&mut self) -> Result<(), Stop> {
        self.scanner.enter_array()?;
        let mut first = true;
        while self.scanner.next_item(&mut first)? {
            if self.batch.events.len() == MAX_EVENTS_PER_REQUEST {
                return Err(Refusal::TooManyEvents.into());
            }
            self.event()?;
        }
        Ok(())
    }

    /// Reads an event where it is to stay: it is too large to be handed on.
    fn event(&mut self) -> Result<(), Malformed> {
        // What was met before this event is not its fault.
        self.scanner.take_unstorable();
        if self.scanner.peek() != Some(b'{') {
            let item = self.scanner.value()?;
            let unstorable = self.scanner.take_unstorable();
            self.batch.events.push(Event { text: item.as_str(), unstorable, ..Event::default() });
            return Ok(());
        }
        let start = self.scanner.at();
        let event = self.batch.events.push_mut(Event { is_object: true, ..Event::default() });
        each_member(&mut self.scanner, |scanner, key| {
            read_member(self.dialect, scanner, key, event, &mut self.batch.kept)
        })?;
        event.text = self.scanner.since(start);
        event.unstorable = self.scanner.take_unstorable();
        Ok(())
    }
}

fn read_member<'t>(
    dialect: Dialect,
    scanner: &mut Scanner<'t>,
    key: &Key<'t>,
    event: &mut Event<'t>,
    kept: &mut Vec<&'t str>,
) -> Result<(), Malformed> {
    match dialect {
        Dialect::Batch => batch::read_member(scanner, key, event, kept),
        Dialect::DomainEvents => domain::read_member(scanner, key, event, kept),
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
