//! Verb 3, place: the client's clocks and the time of receipt → `occurred_at`.
//!
//! The rule of time: an event happened when its client says so. Transit is no reason to shift it, so the
//! difference between `sent_at` and receipt counts only where it is beyond any transit; then it is the
//! client's clock that is off, and the whole batch is shifted by the same whole steps, which keeps the order
//! inside a stream.

use tallymark_event::{Source, Timestamp};

use crate::{
    Request,
    admit::Admission,
    decode::{Batch, Event, Value, parameter},
    limits::{MAX_FUTURE_MS, MIN_SKEW_MS, SKEW_STEP_MS},
    moment,
};

/// The clocks of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clocks {
    /// When the collector had the request.
    pub(crate) received_at: Timestamp,
    /// When the client sent it, by its own clock.
    pub(crate) sent_at: Option<Timestamp>,
    /// What the client's clock is behind, in ms; 0 unless it is far off.
    shift_ms: i64,
}

/// An event's place in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment<'t> {
    pub(crate) occurred_at: Timestamp,
    /// The client's own text, if that is just how `occurred_at` is written.
    pub(crate) verbatim: Option<Value<'t>>,
    /// What the client gave, where that says something else than `occurred_at`.
    pub(crate) client_timestamp: Option<Value<'t>>,
    /// False if the client gave a text that is no moment.
    pub(crate) is_legible: bool,
}

impl Clocks {
    pub(crate) fn new(
        request: &Request<'_>,
        batch: &Batch<'_>,
        admission: &Admission<'_>,
        received_at: Timestamp,
    ) -> Self {
        let sent_at = batch
            .sent_at
            .and_then(Value::string)
            .and_then(|text| moment::read(&text))
            .or_else(|| sent_at_in_query(request.query));
        let believed = admission.source == Source::Server || batch.is_historical;
        let shift_ms = sent_at.filter(|_| !believed).map_or(0, |sent_at| skew(received_at, sent_at));
        Self { received_at, sent_at, shift_ms }
    }

    /// The clocks of a request that came then, whose events were shifted so.
    pub(crate) const fn at(received_at: Timestamp, shift_ms: i64) -> Self {
        Self { received_at, sent_at: None, shift_ms }
    }

    /// Places one event.
    pub(crate) fn place<'t>(&self, event: &Event<'t>) -> Moment<'t> {
        let given = event.timestamp.filter(|value| !value.is_null());
        let text = given.and_then(Value::string);
        let claimed = text.as_deref().and_then(moment::read);
        let is_legible = text.is_none() || claimed.is_some();
        let offset = event.offset.and_then(Value::integer);
        let shift_ms =
            if event.lifted.ignore_sent_at.is_some_and(Value::is_true) { 0 } else { self.shift_ms };
        let occurred_at = match (offset, claimed) {
            // An offset is by the collector's clock already, and overrides the timestamp (as at PostHog).
            (Some(offset), _) => Timestamp::from_ms(self.received_at.ms().saturating_sub(offset)),
            (None, Some(claimed)) => Timestamp::from_ms(claimed.ms().saturating_add(shift_ms)),
            (None, None) => self.received_at,
        };
        let latest = self.received_at.ms().saturating_add(MAX_FUTURE_MS);
        let occurred_at = if occurred_at.ms() > latest { self.received_at } else { occurred_at };
        let (verbatim, client_timestamp) = if claimed == Some(occurred_at) {
            let is_verbatim = text.is_some_and(|text| Timestamp::is_canonical(&text));
            (given.filter(|value| is_verbatim && !value.is_escaped()), None)
        } else {
            (None, given)
        };
        Moment { occurred_at, verbatim, client_timestamp, is_legible }
    }

    /// The shift applied to the batch's events, if there is any.
    pub(crate) fn shift_ms(&self) -> Option<i64> {
        (self.shift_ms != 0).then_some(self.shift_ms)
    }
}

/// Receipt minus sending, to the nearest step, or 0 if transit explains it.
fn skew(received_at: Timestamp, sent_at: Timestamp) -> i64 {
    let difference = received_at.ms().saturating_sub(sent_at.ms());
    if difference.abs() < MIN_SKEW_MS {
        return 0;
    }
    let half = SKEW_STEP_MS / 2 * difference.signum();
    let rounded = difference.saturating_add(half) / SKEW_STEP_MS * SKEW_STEP_MS;
    // Further, and what was sent would have been sent after it was received: such events would all be put at the moment
    // of receipt, and lose their order.
    rounded.min(difference)
}

/// `_` or `sent_at` in ms, as old browser clients send it. Before 2020 it is in seconds, or no moment.
fn sent_at_in_query(query: &str) -> Option<Timestamp> {
    const YEAR_2020_MS: i64 = 1_577_836_800_000;
    let query = query.as_bytes();
    let text = parameter(query, b"sent_at").or_else(|| parameter(query, b"_"))?;
    let ms = str::from_utf8(text).ok()?.parse().ok()?;
    (ms >= YEAR_2020_MS).then(|| Timestamp::from_ms(ms))
}
