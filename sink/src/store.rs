//! The database: a thread that stores one batch after the other, and tries each until it is stored.
//!
//! A thread, since the driver blocks, and the group wants its members to poll whatever the database does.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::Duration,
};

use anyhow::Result;
use postgres::{Client, types::Type};
use tallymark_database::{Database, Refusal, explained};
use tallymark_delivery::{Backoff, Failure, Outcome, Postgres, Verdict};
use tallymark_event::Timestamp;
use tallymark_warehouse::postgres::{DEAD_LETTER, INSERT};

use crate::batch::{Batch, Message, Value};

/// Waits while the database is away: it is asked again within five seconds after it has come back.
const BACKOFF: Backoff = Backoff { first_ms: 250, cap_ms: 5_000 };

/// What the server's own lists call us.
const NAME: &str = "tallymark sink";

/// What has become of a batch, or of an attempt at it.
pub(crate) enum Told {
    /// It is stored. Offsets may be committed.
    Stored(Stored),
    /// It is not, and will be tried again.
    Failed(Trouble),
}

/// What was stored.
#[derive(Clone, Copy, Default)]
pub(crate) struct Stored {
    /// Events that were not there.
    pub(crate) new: u64,
    /// Events that were there already.
    pub(crate) known: u64,
    /// Messages that are no events, and were not kept yet.
    pub(crate) dead_letters: u64,
}

/// Why a batch is not stored.
pub(crate) struct Trouble {
    /// For whoever mends it.
    pub(crate) reason: String,
    /// Whether it is ours to mend: a right, a password, a table is missing.
    pub(crate) is_denied: bool,
    /// When it is tried again.
    pub(crate) retry_in: Duration,
}

/// The handle of the thread. At most one batch is under way.
pub(crate) struct Store {
    batches: Sender<Batch>,
    told: Receiver<Told>,
}

impl Store {
    /// Starts the thread, if the database takes us or is just away; fails if somebody has to mend something first.
    pub(crate) fn start(database: Database, topic: String) -> Result<Self> {
        let client = match connect(&database) {
            Ok(client) => Some(client),
            Err(error) => {
                let is_away = match error.downcast_ref::<Refusal>() {
                    Some(_) => verdict(&outcome(&error)) != Verdict::Denied,
                    None => error.chain().any(<dyn std::error::Error>::is::<postgres::Error>),
                };
                if !is_away {
                    return Err(error);
                }
                None
            }
        };
        let (batches, received) = channel();
        let (telling, told) = channel();
        thread::Builder::new()
            .name("store".into())
            .spawn(move || Worker { database, client, topic }.run(&received, &telling))?;
        Ok(Self { batches, told })
    }

    /// Hands a batch over.
    pub(crate) fn put(&self, batch: Batch) -> Result<()> {
        self.batches.send(batch).map_err(|_| ended())
    }

    /// What it has to tell, if it has within this time.
    pub(crate) fn wait(&self, longest: Duration) -> Result<Option<Told>> {
        match self.told.recv_timeout(longest) {
            Ok(told) => Ok(Some(told)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(ended()),
        }
    }
}

fn ended() -> anyhow::Error {
    anyhow::Error::msg("the thread that stores has ended")
}

fn connect(database: &Database) -> Result<Client> {
    database.connect(NAME)
}

struct Worker {
    database: Database,
    client: Option<Client>,
    topic: String,
}

impl Worker {
    /// Ends with the handle.
    fn run(mut self, batches: &Receiver<Batch>, telling: &Sender<Told>) {
        for batch in batches {
            let mut attempts = 0;
            loop {
                let told = self.store(&batch).map_err(|error| {
                    // Whatever it was, a new connection has no part in it.
                    self.client = None;
                    attempts += 1;
                    trouble(&outcome(&error), attempts)
                });
                let wait = told.as_ref().err().map(|trouble| trouble.retry_in);
                if telling.send(told.map_or_else(Told::Failed, Told::Stored)).is_err() {
                    return;
                }
                match wait {
                    None => break,
                    Some(wait) => thread::sleep(wait),
                }
            }
        }
    }

    /// Stores a batch. What is in doubt is stored again: neither statement does anything twice.
    fn store(&mut self, batch: &Batch) -> Result<Stored> {
        if self.client.is_none() {
            self.client = Some(connect(&self.database)?);
        }
        let Some(client) = &mut self.client else { return Ok(Stored::default()) };
        let mut letters: Vec<Letter<'_>> = Vec::new();
        let mut events: Vec<Event<'_>> = Vec::with_capacity(batch.messages().len());
        for message in batch.messages() {
            match &message.value {
                Value::Event(text) => events.push(Event { message, text }),
                Value::Poison { reason, .. } => letters.push(Letter { message, reason: reason.clone() }),
            }
        }
        let poison = letters.len();
        let new = insert(client, &events, &mut letters)?;
        let refused = letters.len() - poison;
        let dead_letters = keep(client, &self.topic, &letters)?;
        let taken = u64::try_from(events.len() - refused)?;
        Ok(Stored { new, known: taken.saturating_sub(new), dead_letters })
    }
}

struct Event<'b> {
    message: &'b Message,
    text: &'b str,
}

struct Letter<'b> {
    message: &'b Message,
    reason: String,
}

/// Stores events by one statement; where the table refuses one of them, looks for it by halves.
fn insert<'b>(client: &mut Client, events: &[Event<'b>], refused: &mut Vec<Letter<'b>>) -> Result<u64> {
    if events.is_empty() {
        return Ok(0);
    }
    let texts: Vec<&str> = events.iter().map(|event| event.text).collect();
    let rows = format!("[{}]", texts.join(","));
    // Typed: the one round trip, and nothing that a pooler between would have to remember.
    let error = match client.execute_typed(INSERT, &[(&rows, Type::TEXT)]) {
        Ok(new) => return Ok(new),
        Err(error) => explained(error),
    };
    let outcome = outcome(&error);
    match (verdict(&outcome), events) {
        (Verdict::Refused, [one]) => {
            refused.push(Letter { message: one.message, reason: outcome.describe() });
            Ok(0)
        }
        (Verdict::Refused, several) => {
            let (left, right) = several.split_at(several.len() / 2);
            Ok(insert(client, left, refused)? + insert(client, right, refused)?)
        }
        _ => Err(error),
    }
}

/// Keeps what can't be stored.
fn keep(client: &mut Client, topic: &str, letters: &[Letter<'_>]) -> Result<u64> {
    if letters.is_empty() {
        return Ok(0);
    }
    let messages = || letters.iter().map(|letter| letter.message);
    let partitions: Vec<i32> = messages().map(|message| message.partition).collect();
    let offsets: Vec<i64> = messages().map(|message| message.offset).collect();
    let keys: Vec<Option<&[u8]>> = messages().map(|message| message.key.as_deref()).collect();
    let values: Vec<&[u8]> = messages().map(|message| message.value.bytes()).collect();
    // Of the message's own text there may be a piece in it, and PostgreSQL's texts hold no NUL.
    let reasons: Vec<String> = letters.iter().map(|letter| letter.reason.replace('\0', "\u{fffd}")).collect();
    client
        .execute_typed(
            DEAD_LETTER,
            &[
                (&topic, Type::TEXT),
                (&partitions, Type::INT4_ARRAY),
                (&offsets, Type::INT8_ARRAY),
                (&keys, Type::BYTEA_ARRAY),
                (&values, Type::BYTEA_ARRAY),
                (&reasons, Type::TEXT_ARRAY),
            ],
        )
        .map_err(explained)
}

fn outcome(error: &anyhow::Error) -> Outcome {
    match error.downcast_ref::<Refusal>() {
        Some(Refusal { sqlstate, message, more }) => {
            let detail = [std::slice::from_ref(message), more].concat().join("; ");
            Outcome::Stated { sqlstate: sqlstate.clone(), detail }
        }
        None => Outcome::Failed { error: Failure::Unreachable, detail: format!("{error:#}") },
    }
}

fn verdict(outcome: &Outcome) -> Verdict {
    Postgres::judged(outcome)
}

fn trouble(outcome: &Outcome, attempts: u32) -> Trouble {
    let is_denied = verdict(outcome) == Verdict::Denied;
    let backoff = if is_denied { BACKOFF.patient() } else { BACKOFF };
    let random = RandomState::new().build_hasher().finish();
    let wait = backoff.next_at(Timestamp::from_ms(0), attempts, None, random).ms();
    let retry_in = Duration::from_millis(u64::try_from(wait).unwrap_or_default());
    Trouble { reason: outcome.describe(), is_denied, retry_in }
}
