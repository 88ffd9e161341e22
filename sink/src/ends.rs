//! Where `--once` ends: at what the topic had when it began.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::{batch::Offsets, source::Source};

/// How long a broker may take to say what there is.
const ASK: Duration = Duration::from_secs(30);

/// How often the group is asked what its other members have committed.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// What is still to be committed, by partition: up to which offset.
pub(crate) struct Ends {
    open: Offsets,
    asked: Option<Instant>,
}

impl Ends {
    /// What there is now. Fails if there is no such topic, or no broker that answers.
    pub(crate) fn of(source: &Source) -> Result<Self> {
        let mut open = Offsets::new();
        for partition in source.partitions(ASK)? {
            let (first, next) = source.reach(partition, ASK)?;
            if first < next {
                open.insert(partition, next);
            }
        }
        Ok(Self { open, asked: None })
    }

    /// Notes what has been committed.
    pub(crate) fn note(&mut self, committed: &Offsets) {
        self.open.retain(|partition, end| committed.get(partition).is_none_or(|offset| offset < end));
    }

    /// Notes that all of a partition has been read, and all of that is stored: its last offsets may belong to no message
    /// (a transaction's marks, what compaction has removed), and never be committed.
    pub(crate) fn note_end(&mut self, partition: i32) {
        self.open.remove(&partition);
    }

    /// Whether the group has it all. Its other members' part is asked for now and then.
    pub(crate) fn are_reached(&mut self, source: &Source, now: Instant) -> Result<bool> {
        let is_due = self.asked.is_none_or(|asked| now.saturating_duration_since(asked) >= ASK_AGAIN);
        if is_due && !self.open.is_empty() {
            self.asked = Some(now);
            let committed = source.committed(self.open.keys().copied(), ASK)?;
            self.note(&committed);
        }
        Ok(self.open.is_empty())
    }
}
