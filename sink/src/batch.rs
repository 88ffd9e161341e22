//! Messages that are stored together.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::event;

/// Most bytes of a batch's values, but for its last message: some of the largest that Kafka takes unless configured, and
/// far from what a statement may hold.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// When a batch is to be stored.
#[derive(Clone, Copy)]
pub(crate) struct Rule {
    /// Most messages.
    pub(crate) size: usize,
    /// Longest that the first of them waits for others.
    pub(crate) flush_interval: Duration,
}

/// A message of the topic.
pub(crate) struct Message {
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Value,
}

/// What is in a message.
pub(crate) enum Value {
    /// An event, as the statement takes it.
    Event(String),
    /// None, and why.
    Poison { bytes: Vec<u8>, reason: String },
}

impl Value {
    pub(crate) fn of(bytes: Option<&[u8]>) -> Self {
        match event::checked(bytes) {
            Ok(text) => Self::Event(text.to_owned()),
            Err(reason) => Self::Poison { bytes: bytes.unwrap_or_default().to_vec(), reason },
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Event(text) => text.as_bytes(),
            Self::Poison { bytes, .. } => bytes,
        }
    }
}

/// Offsets by partition: of the message behind the last one that is meant.
pub(crate) type Offsets = BTreeMap<i32, i64>;

/// Messages in the order in which they came.
#[derive(Default)]
pub(crate) struct Batch {
    messages: Vec<Message>,
    bytes: usize,
    since: Option<Instant>,
}

impl Batch {
    pub(crate) fn push(&mut self, message: Message, now: Instant) {
        self.bytes = self.bytes.saturating_add(message.value.bytes().len());
        self.messages.push(message);
        self.since.get_or_insert(now);
    }

    pub(crate) fn messages(&self) -> &[Message] {
        &self.messages
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    pub(crate) fn is_full(&self, rule: Rule) -> bool {
        self.messages.len() >= rule.size || self.bytes >= MAX_BYTES
    }

    /// How long it may wait for more messages; `None` while it is empty.
    pub(crate) fn patience(&self, rule: Rule, now: Instant) -> Option<Duration> {
        let waited = now.saturating_duration_since(self.since?);
        Some(if self.is_full(rule) { Duration::ZERO } else { rule.flush_interval.saturating_sub(waited) })
    }

    /// Takes out the messages of a partition that is another's now, who reads them from its last commit on.
    pub(crate) fn forget(&mut self, partition: i32) {
        self.messages.retain(|message| message.partition != partition);
        self.bytes = self.messages.iter().map(|message| message.value.bytes().len()).sum();
        if self.messages.is_empty() {
            self.since = None;
        }
    }

    /// What is to be committed once they are stored.
    pub(crate) fn offsets(&self) -> Offsets {
        let mut offsets = Offsets::new();
        for message in &self.messages {
            let next = offsets.entry(message.partition).or_default();
            *next = message.offset.saturating_add(1).max(*next);
        }
        offsets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(partition: i32, offset: i64, bytes: usize) -> Message {
        let value = Value::Poison { bytes: vec![0; bytes], reason: String::new() };
        Message { partition, offset, key: None, value }
    }

    #[test]
    fn it_is_stored_when_it_is_full_or_its_first_message_has_waited() {
        let rule = Rule { size: 3, flush_interval: Duration::from_secs(1) };
        let start = Instant::now();
        let mut batch = Batch::default();
        assert_eq!(batch.patience(rule, start), None);
        batch.push(message(0, 7, 1), start);
        let later = start + Duration::from_millis(400);
        batch.push(message(1, 3, 1), later);
        assert_eq!(batch.patience(rule, later), Some(Duration::from_millis(600)));
        assert_eq!(batch.patience(rule, start + Duration::from_secs(2)), Some(Duration::ZERO));
        batch.push(message(0, 9, 1), later);
        assert_eq!(batch.patience(rule, later), Some(Duration::ZERO), "full");
        assert_eq!(batch.offsets(), Offsets::from([(0, 10), (1, 4)]));
        batch.forget(0);
        assert_eq!(batch.offsets(), Offsets::from([(1, 4)]));
        batch.forget(1);
        assert_eq!((batch.is_empty(), batch.patience(rule, later)), (true, None));
    }

    #[test]
    fn bytes_fill_it_too() {
        let rule = Rule { size: 1000, flush_interval: Duration::from_secs(1) };
        let mut batch = Batch::default();
        for offset in 0..8 {
            assert!(!batch.is_full(rule));
            batch.push(message(0, offset, MAX_BYTES / 8), Instant::now());
        }
        assert!(batch.is_full(rule));
    }
}
