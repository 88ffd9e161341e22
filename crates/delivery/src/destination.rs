//! A destination's configuration: a JSON record, read with errors that name the field and the remedy.

mod fields;

use serde_json::Value;
use tallymark_event::{Purpose, Timestamp};

pub(crate) use fields::Fields;
pub use fields::Problem;

use crate::{
    Backoff, Outcome, Pattern, Postgres, Request, Row, Verdict, Webhook, digest::hex_digest, guard::Reach,
    limits,
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

/// The kinds of destinations: each has a file, which reads its fields, makes its requests and judges its answers.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Standard Webhooks.
    Webhook(Webhook),
    /// A PostgreSQL that keeps `domain_event`.
    Postgres(Postgres),
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

/// How much of a kind's requests may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub(crate) events: usize,
    pub(crate) bytes: usize,
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

    /// Reads one record; `path` is where it stands, for what is wrong. `rule` holds where it has none of its own.
    pub fn parse(record: &Value, path: &str, reach: Reach, rule: Rule) -> Result<Self, Problem> {
        let mut fields = Fields::of(record, path)?;
        let name = fields.required_text("name", "what it is to be called, for example \"orders\"")?;
        let is_letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
        if !(1..=limits::MAX_NAME_BYTES).contains(&name.len()) || !name.bytes().all(is_letter) {
            return Err(fields.problem("name", "must be 1 to 64 of a-z, 0-9, _ and -"));
        }
        let kind = match fields.required_text("kind", "one of webhook, postgres")? {
            "webhook" => Kind::Webhook(Webhook::parse(&mut fields, reach)?),
            "postgres" => Kind::Postgres(Postgres::parse(&mut fields, reach)?),
            _ => return Err(fields.problem("kind", "must be one of webhook, postgres")),
        };
        let is_store = kind.is_store();
        let destination = Self {
            name: name.to_owned(),
            kind,
            events: Self::patterns(&mut fields)?,
            consent: Self::purposes(&mut fields, is_store)?,
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
        let consent = row.consent();
        self.events.iter().any(|pattern| pattern.matches(&row.event_name))
            && self.consent.iter().all(|purpose| consent.permits(*purpose))
    }

    /// How long an attempt holds its lease, in ms: longer than it can take.
    pub fn lease_ms(&self) -> i64 {
        i64::from(self.timeout_ms) * (limits::ATTEMPT_TIMEOUTS + 1) + limits::LEASE_MARGIN_MS
    }

    /// Most requests at a time.
    pub const fn concurrency(&self) -> u32 {
        match &self.kind {
            Kind::Webhook(webhook) => webhook.concurrency(),
            // One statement at a time: they go over one connection.
            Kind::Postgres(_) => 1,
        }
    }

    /// The rows of the next request, `most` at the most, and the rest.
    pub(crate) fn chunk<'r, 't>(
        &self,
        rows: &'r [&'r Row<'t>],
        most: usize,
    ) -> (&'r [&'r Row<'t>], &'r [&'r Row<'t>]) {
        let room = match &self.kind {
            Kind::Webhook(webhook) => webhook.room(),
            Kind::Postgres(_) => Postgres::room(),
        };
        let batch_size = usize::try_from(self.rule.batch_size).unwrap_or(usize::MAX);
        let most = room.events.min(most).min(batch_size).min(rows.len());
        let mut bytes = 0_usize;
        let fitting = rows.iter().take(most).take_while(|row| {
            bytes = bytes.saturating_add(row.text.get().len());
            bytes <= room.bytes
        });
        // One at least: what is too large alone is the receiver's to refuse.
        let count = fitting.count().max(1);
        rows.split_at_checked(count).unwrap_or((rows, &[]))
    }

    /// The request that brings these rows.
    pub(crate) fn request(&self, rows: &[&Row<'_>], now: Timestamp) -> Request {
        match &self.kind {
            Kind::Webhook(webhook) => webhook.request(rows, now),
            Kind::Postgres(postgres) => postgres.request(rows),
        }
    }

    /// What the outcome of one of its requests means.
    pub fn verdict(&self, outcome: &Outcome) -> Verdict {
        match &self.kind {
            Kind::Webhook(_) => outcome.by_status(),
            Kind::Postgres(_) => Postgres::verdict(outcome),
        }
    }
}

impl Kind {
    /// As the record has it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Postgres(_) => "postgres",
        }
    }

    /// Whether it is the tenant's own copy of its log rather than somebody who is told of events.
    const fn is_store(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

#[cfg(test)]
mod tests;
