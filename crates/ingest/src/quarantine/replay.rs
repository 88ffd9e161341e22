//! Replay: quarantined events through the rules again, as their requests brought them.
//!
//! The verbs are those of a request, from `place` on; what the request said is in the row's provenance. So an event that
//! is accepted now gives the row that it would have given then: its own id, time, source and trust.

use tallymark_event::{EventId, Timestamp, json};

use super::Keeping;
use crate::{
    decode::{self, Scanner, each_member},
    identity::{Identities, Identity},
    judge::Violation,
    link::Links,
    pipeline::judged,
    place::Clocks,
    provenance::Provenance,
    tag::Tagger,
    text,
};

/// What a replay made of a page of quarantined events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// A JSON array with an entry for each event that was judged: `[event_id, row, links]` for one that is accepted,
    /// `[event_id, rule, path, expected, got, plan_version|null]` for one that is not. `row` is the text of a row as in
    /// [`crate::Append::rows`], `links` a text as [`crate::Append::links`].
    pub verdicts: String,
    /// Events that can't be judged again: the row has not all of the event (it was too large, no database holds it, or
    /// what the plan withholds of it was what broke the plan), or was written before rows kept their provenance.
    pub unreplayable: u32,
}

/// What is made of a page when nothing can be judged.
pub(crate) fn unreplayable(page: &str) -> Replayed {
    let events = page.lines().count() / LINES_PER_EVENT;
    Replayed { verdicts: "[]".to_owned(), unreplayable: u32::try_from(events).unwrap_or(u32::MAX) }
}

/// See [`crate::Collector::replay`].
const LINES_PER_EVENT: usize = 4;

/// See [`crate::Collector::replay`].
pub(crate) fn replay(organization_id: &str, keeping: Keeping<'_>, page: &str) -> Replayed {
    let mut replayed = Replayed::default();
    let mut lines = page.lines();
    while let Some(id) = lines.next() {
        let mut line = || lines.next().unwrap_or_default();
        let row = QuarantinedRow { id, received_at: line(), provenance: line(), body: line() };
        let out = &mut replayed.verdicts;
        let before = out.len();
        out.push(if out.is_empty() { '[' } else { ',' });
        if row.judge(organization_id, keeping, out).is_none() {
            out.truncate(before);
            replayed.unreplayable += 1;
        }
    }
    let out = &mut replayed.verdicts;
    out.push_str(if out.is_empty() { "[]" } else { "]" });
    replayed
}

struct QuarantinedRow<'p> {
    id: &'p str,
    received_at: &'p str,
    provenance: &'p str,
    body: &'p str,
}

impl QuarantinedRow<'_> {
    /// Appends the verdict; `None` (and anything at all appended) if there can't be one.
    fn judge(&self, organization_id: &str, keeping: Keeping<'_>, out: &mut String) -> Option<()> {
        let id = EventId::parse(self.id)?;
        let received_at = Timestamp::parse(self.received_at)?;
        let provenance = Provenance::read(self.provenance)?;
        if provenance.marks.is_spoilt {
            return None;
        }
        let admission = provenance.admission(organization_id);
        let item = ["[", self.body, "]"].concat();
        let batch = decode::events(provenance.protocol.dialect(), &item).ok()?;
        let [event] = batch.events.as_slice() else { return None };
        if is_excerpt(event.text) {
            return None;
        }
        // Whatever id the row was given: there may be none in the body.
        let identity = Identity { id, ..Identities::new(received_at).of(event) };
        let clocks = Clocks::at(received_at, provenance.clock_shift_ms());
        let moment = clocks.place(event);
        out.push_str("[\"");
        id.write(out);
        out.push_str("\",");
        let withheld = &provenance.marks.withheld;
        match judged(provenance.protocol, &admission, keeping.plan, event, identity, &moment, withheld) {
            Ok(checked) => {
                let context_start = provenance.context_start.to_owned();
                let mut tagger = Tagger::in_context(
                    provenance.protocol,
                    admission,
                    received_at,
                    context_start,
                    provenance.has_gpc(),
                    keeping.redaction,
                );
                tagger.redacted_before = provenance.marks.redacted;
                let mut links = Links::new(admission.trust);
                links.read(event, &checked, tagger.who(event, &checked), moment.occurred_at);
                let (mut row, mut linked) = (String::new(), String::new());
                tagger.tag(event, &batch, &checked, &moment).write_row(&mut row);
                links.write(&mut linked);
                json::write_str(out, &row);
                out.push(',');
                json::write_str(out, &linked);
            }
            Err(Violation { rule, path, expected, got }) => {
                for (at, column) in [rule.name(), &path, &expected, &got].into_iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    out.push_str(&text::quoted(column));
                }
                out.push(',');
                rule.write_plan_version(out);
            }
        }
        out.push(']');
        Some(())
    }
}

/// Whether a body is what stands there for an event that the row could not hold: see [`crate::Append::quarantined`]. No
/// event looks like that, since each has a name.
fn is_excerpt(body: &str) -> bool {
    let (mut members, mut known) = (0, 0);
    let read = each_member(&mut Scanner::new(body), |scanner, key| {
        members += 1;
        known += u32::from(matches!(&*key.name(), b"$text" | b"$bytes"));
        scanner.value().map(|_| ())
    });
    read.is_ok() && members == 2 && known == 2
}
