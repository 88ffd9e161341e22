//! A destination's configuration: a JSON record, read with errors that name the field and the remedy.

mod fields;

use serde_json::Value;
use tallymark_event::{Purpose, Timestamp};

pub(crate) use fields::Fields;
pub use fields::Problem;

use crate::{
    Backoff, Kind, Outcome, Pattern, Request, Row, Sent, Unwanted, Verdict, digest::hex_digest, guard::Reach,
    limits, receiver::Room, withhold::Withheld,
};

/// Where a tenant's events go.
#[derive(Clone, Debug)]
pub struct Destination {
    /// What it is called in commands, answers and its state: `a-z`, `0-9`, `_` and `-`. Unique for a tenant.
    pub name: String,
    /// How it is spoken to.
    pub kind: Kind,
    /// Which events it wants, by name.
    pub events: Vec<Pattern>,
    /// It gets no event whose person has said no to one of these.
    pub consent: Vec<Purpose>,
    /// Whether it gets what the tenant's plan says of properties that they say something about a person.
    pub sends_pii: bool,
    /// When a batch is due.
    pub rule: Rule,
    /// How long to wait after failures.
    pub backoff: Backoff,
    /// How long a request may take, in ms.
    pub timeout_ms: u32,
    /// Where a new destination begins.
    pub from: Start,
    /// Of the record: another one when anything in it has changed.
    pub fingerprint: String,
}

/// When a batch is due: as soon as it is full, or its oldest event has waited this long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Events.
    pub batch_size: u32,
    /// In ms.
    pub flush_interval_ms: u32,
}

impl Default for Rule {
    fn default() -> Self {
        Self { batch_size: limits::DEFAULT_BATCH_SIZE, flush_interval_ms: limits::DEFAULT_FLUSH_INTERVAL_MS }
    }
}

/// Where a new destination begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With what comes from now on.
    Now,
    /// With the first event that the log holds.
    Start,
}

impl Destination {
    /// Reads a tenant's record, `destinations:<organization_id>` of the registry: a JSON array of destinations. What
    /// can't be read is left out and named, so that one mistake costs one destination.
    pub fn parse_list(text: &str, reach: Reach, rule: Rule) -> (Vec<Self>, Vec<Problem>) {
        let list = match serde_json::from_str(text) {
            Ok(Value::Array(list)) => list,
            Ok(_) => return (Vec::new(), vec![Problem::new("", "must be a JSON array of destinations")]),
            Err(error) => return (Vec::new(), vec![Problem::new("", &format!("is no JSON: {error}"))]),
        };
        let (mut destinations, mut problems) = (Vec::<Self>::new(), Vec::new());
        if list.len() > limits::MAX_DESTINATIONS {
            problems.push(Problem::new("", "must hold 32 destinations at the most; the rest is left out"));
        }
        for (at, record) in list.iter().enumerate().take(limits::MAX_DESTINATIONS) {
            let path = format!("[{at}]");
            match Self::parse(record, &path, reach, rule) {
                Ok(one) if destinations.iter().any(|other| other.name == one.name) => {
                    problems.push(Problem::new(&format!("{path}.name"), "must be no other destination's"));
                }
                Ok(one) => destinations.push(one),
                Err(problem) => problems.push(problem),
            }
        }
        (destinations, problems)
    }

    /// What is wrong with a tenant's record, in one line. Whether a private address may be in it is for the deployment to
    /// say, when it is sent to.
    pub fn check_list(text: &str) -> Result<(), String> {
        let (_, problems) = Self::parse_list(text, Reach::Anywhere, Rule::default());
        let problems: Vec<String> =
            problems.iter().map(|problem| format!("{} {}", problem.path, problem.detail)).collect();
        if problems.is_empty() { Ok(()) } else { Err(problems.join("; ").trim_start().to_owned()) }
    }

    /// Reads one record; `path` is where it stands, for what is wrong. `rule` holds where it has none of its own.
    pub fn parse(record: &Value, path: &str, reach: Reach, rule: Rule) -> Result<Self, Problem> {
        let mut fields = Fields::of(record, path)?;
        let name = fields.required_text("name", "what it is to be called, for example \"orders\"")?;
        let is_letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
        if !(1..=limits::MAX_NAME_BYTES).contains(&name.len()) || !name.bytes().all(is_letter) {
            return Err(fields.problem("name", "must be 1 to 64 of a-z, 0-9, _ and -"));
        }
        let kind = Kind::parse(&mut fields, reach)?;
        let is_store = kind.is_store();
        let destination = Self {
            name: name.to_owned(),
            kind,
            events: Self::patterns(&mut fields)?,
            consent: Self::purposes(&mut fields, is_store)?,
            sends_pii: match fields.text("pii")? {
                None => is_store,
                Some("send") => true,
                Some("omit") => false,
                Some(_) => return Err(fields.problem("pii", "must be \"omit\" or \"send\"")),
            },
            rule: Self::rule(&mut fields, rule)?,
            backoff: Self::backoff(&mut fields)?,
            timeout_ms: fields
                .number("timeout_ms", limits::TIMEOUT_MS)?
                .unwrap_or(limits::DEFAULT_TIMEOUT_MS),
            from: match fields.text("from")? {
                None if is_store => Start::Start,
                None | Some("now") => Start::Now,
                Some("start") => Start::Start,
                Some(_) => return Err(fields.problem("from", "must be \"now\" or \"start\"")),
            },
            fingerprint: hex_digest([record.to_string().as_str()]),
        };
        fields.finish()?;
        Ok(destination)
    }

    fn patterns(fields: &mut Fields<'_>) -> Result<Vec<Pattern>, Problem> {
        const REMEDY: &str = "must be a list of 1 to 64 names of events, in which * stands for any text";
        let Some(texts) = fields.texts("events", REMEDY)? else {
            return Ok(Pattern::new("*").into_iter().collect());
        };
        let patterns: Option<Vec<_>> = texts.iter().map(|text| Pattern::new(text)).collect();
        patterns
            .filter(|patterns| (1..=limits::MAX_PATTERNS).contains(&patterns.len()))
            .ok_or_else(|| fields.problem("events", REMEDY))
    }

    /// The tenant's own store holds what its log holds, unless it says otherwise.
    fn purposes(fields: &mut Fields<'_>, is_store: bool) -> Result<Vec<Purpose>, Problem> {
        const REMEDY: &str = "must be a list of \"analytics\" and \"advertising\"";
        let purpose = |text: &str| match text {
            "analytics" => Some(Purpose::Analytics),
            "advertising" => Some(Purpose::Advertising),
            _ => None,
        };
        let Some(texts) = fields.texts("consent", REMEDY)? else {
            return Ok(if is_store { Vec::new() } else { vec![Purpose::Analytics] });
        };
        texts.into_iter().map(purpose).collect::<Option<_>>().ok_or_else(|| fields.problem("consent", REMEDY))
    }

    fn rule(fields: &mut Fields<'_>, default: Rule) -> Result<Rule, Problem> {
        Ok(Rule {
            batch_size: fields
                .number("batch_size", 1..=limits::MAX_BATCH_SIZE)?
                .unwrap_or(default.batch_size),
            flush_interval_ms: fields
                .number("flush_interval_ms", 0..=limits::MAX_FLUSH_INTERVAL_MS)?
                .unwrap_or(default.flush_interval_ms),
        })
    }

    fn backoff(fields: &mut Fields<'_>) -> Result<Backoff, Problem> {
        let range = 1..=limits::MAX_RETRY_CAP_MS;
        Ok(Backoff {
            first_ms: fields
                .number("retry_first_ms", range.clone())?
                .unwrap_or(limits::DEFAULT_RETRY_FIRST_MS),
            cap_ms: fields.number("retry_cap_ms", range)?.unwrap_or(limits::DEFAULT_RETRY_CAP_MS),
        })
    }

    /// Whether an event is for this destination: by its name, and by what its person has agreed to.
    pub fn wants(&self, row: &Row<'_>) -> bool {
        self.unwanted(row).is_none()
    }

    /// Why an event is not for this destination; `None`: it is.
    pub(crate) fn unwanted(&self, row: &Row<'_>) -> Option<Unwanted> {
        if !self.events.iter().any(|pattern| pattern.matches(&row.event_name)) {
            return Some(Unwanted::Events);
        }
        if !self.kind.receiver().wants(row) {
            return Some(Unwanted::Kind);
        }
        (!self.is_permitted(row)).then_some(Unwanted::Consent)
    }

    fn is_permitted(&self, row: &Row<'_>) -> bool {
        if self.consent.is_empty() {
            return true;
        }
        let consent = row.consent();
        self.consent.iter().all(|purpose| consent.permits(*purpose))
    }

    /// Of each row, what it is without that which this destination is not to have; `None`: what it was.
    pub(crate) fn withhold(&self, rows: &[Row<'_>]) -> Vec<Option<Withheld>> {
        rows.iter().map(|row| if self.sends_pii { None } else { Withheld::of(row) }).collect()
    }

    /// How long an attempt holds its lease, in ms: longer than it can take.
    pub fn lease_ms(&self) -> i64 {
        i64::from(self.timeout_ms) * (limits::ATTEMPT_TIMEOUTS + 1) + limits::LEASE_MARGIN_MS
    }

    /// Rows that an attempt takes, `behind` being those that wait: full batches, or what there is.
    pub(crate) fn rows(&self, behind: u64) -> u32 {
        let size = self.rule.batch_size.max(1);
        let room = limits::MAX_ROWS_UNDER_WAY / size;
        let full = u32::try_from(behind / u64::from(size)).unwrap_or(u32::MAX);
        size.saturating_mul(full.min(room).min(self.kind.receiver().batches()).max(1))
    }

    pub(crate) fn concurrency(&self, is_probing: bool) -> u32 {
        let receiver = self.kind.receiver();
        if is_probing && receiver.is_pipelined() { 1 } else { receiver.concurrency(self.rule.batch_size) }
    }

    /// How many addresses it has. A request goes to the next one after each failure ([`crate::State::address`]).
    pub fn addresses(&self) -> u32 {
        self.kind.receiver().addresses()
    }

    /// Requests that are not sent, for the rows that the receiver could not take, and the others with what each has in
    /// common with those that may share its request.
    pub(crate) fn sort_out<'r, 't>(
        &self,
        rows: impl Iterator<Item = &'r Row<'t>>,
        now: Timestamp,
    ) -> (Vec<Request>, Vec<(&'r Row<'t>, Option<String>)>) {
        let receiver = self.kind.receiver();
        let (mut unfit, mut fit) = (Vec::new(), Vec::new());
        for row in rows {
            match receiver.unfit(row, now) {
                Some(why) => unfit.push(Request::unfit(why, row)),
                None => fit.push((row, receiver.group(row, now))),
            }
        }
        (unfit, fit)
    }

    /// Takes the rows of the next request, `most` at the most, off the front of those of the first one's group.
    pub(crate) fn chunk<'r, 't>(
        &self,
        left: &mut Vec<(&'r Row<'t>, Option<String>)>,
        most: usize,
    ) -> Vec<&'r Row<'t>> {
        let room = self.room(most);
        let group = left.first().and_then(|(_, group)| group.clone());
        let (mut chunk, mut bytes, mut is_full) = (Vec::new(), 0_usize, false);
        left.retain(|(row, of)| {
            if is_full || *of != group {
                return true;
            }
            bytes = bytes.saturating_add(row.text.get().len());
            // One at least: what is too large alone is the receiver's to refuse.
            is_full = !chunk.is_empty() && (chunk.len() >= room.events || bytes > room.bytes);
            if !is_full {
                chunk.push(*row);
            }
            is_full
        });
        chunk
    }

    /// What a request for rows as they stand has besides them, if that is all that it brings, and it wants every row.
    pub(crate) fn verbatim(&self) -> Option<Request> {
        let wants_all = self.events.iter().any(Pattern::is_any) && self.consent.is_empty() && self.sends_pii;
        self.kind.receiver().verbatim().filter(|_| wants_all)
    }

    /// Most events and bytes of a request, where `most` is one bound besides its own.
    pub(crate) fn room(&self, most: usize) -> Room {
        let Room { events, bytes } = self.kind.receiver().room();
        let batch_size = usize::try_from(self.rule.batch_size).unwrap_or(usize::MAX);
        Room { events: events.min(most).min(batch_size), bytes }
    }

    /// The request that brings these rows to one of its addresses ([`crate::State::address`]).
    pub(crate) fn request(&self, rows: &[&Row<'_>], now: Timestamp, address: u32) -> Request {
        self.kind.receiver().request(rows, now, address)
    }

    /// What the outcome of one of its requests means.
    pub fn verdict(&self, outcome: &Outcome) -> Verdict {
        self.kind.receiver().verdict(outcome)
    }

    /// Whether what came of a request speaks against beginning more of them at once: none of its events got through. What
    /// was not even sent says nothing.
    pub fn has_failed(&self, sent: &Sent) -> bool {
        let divided = self.divide(sent);
        let verdicts = || divided.iter().filter_map(|one| one.outcome.as_ref()).map(|one| self.verdict(one));
        verdicts().any(|verdict| verdict != Verdict::Unfit)
            && verdicts().all(|verdict| verdict != Verdict::Done)
    }

    /// The request as several, where its answer tells its events apart: those that are done, and each of the others.
    pub fn divide(&self, sent: &Sent) -> Vec<Sent> {
        let each = sent.outcome.as_ref().and_then(|outcome| self.kind.receiver().each(sent, outcome));
        let Some(each) = each else { return vec![sent.clone()] };
        let one = |(seq, outcome): (u64, Outcome)| Sent {
            seqs: vec![seq],
            outcome: Some(outcome),
            event_ids: Vec::new(),
        };
        let (done, others): (Vec<_>, Vec<_>) = sent
            .seqs
            .iter()
            .copied()
            .zip(each)
            .partition(|(_, outcome)| self.verdict(outcome) == Verdict::Done);
        let seqs = done.iter().map(|(seq, _)| *seq).collect();
        let done = done.into_iter().next().map(|first| Sent { seqs, ..one(first) });
        done.into_iter().chain(others.into_iter().map(one)).collect()
    }
}

#[cfg(test)]
mod tests;
