//! From the topic to the database: one batch is being stored while the next one fills.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

use crate::{
    batch::{Batch, Offsets, Rule},
    ends::Ends,
    report::Report,
    source::{Polled, Source},
    store::{Store, Told},
};

/// How long anything is waited for before it is looked what else there is: a signal, the database's answer.
const TICK: Duration = Duration::from_millis(50);

/// How long the database may take before the topic is paused. A pause throws away what has been fetched ahead, so it is
/// for a database that is away, and not for one that is merely slower than Kafka.
const PAUSE_AFTER: Duration = Duration::from_secs(1);

/// How long the last batches may take once we are told to stop, each.
const GRACE: Duration = Duration::from_secs(10);

/// How long until offsets that could not be committed are committed again.
const COMMIT_AGAIN: Duration = Duration::from_secs(1);

/// How long `--once` goes on without getting anything done while something fails.
const GIVE_UP: Duration = Duration::from_mins(5);

pub(crate) struct Sink<'s> {
    source: Source,
    store: Store,
    rule: Rule,
    /// Where to end, if anywhere.
    ends: Option<Ends>,
    report: &'s mut Report,
    filling: Batch,
    /// What to commit once the batch is stored that is under way.
    storing: Option<Offsets>,
    storing_since: Instant,
    /// Stored, of partitions that are ours.
    stored: Offsets,
    /// Partitions of which we have read all that there is.
    ended: BTreeSet<i32>,
    commit_at: Option<Instant>,
    /// Since when the database takes nothing, and why; and whether that is ours to mend.
    failing: Option<(Instant, String, bool)>,
    /// Since when Kafka brings nothing, and why.
    cut_off: Option<(Instant, String)>,
}

impl<'s> Sink<'s> {
    pub(crate) fn new(
        source: Source,
        store: Store,
        rule: Rule,
        ends: Option<Ends>,
        report: &'s mut Report,
    ) -> Self {
        Self {
            source,
            store,
            rule,
            ends,
            report,
            filling: Batch::default(),
            storing: None,
            storing_since: Instant::now(),
            stored: Offsets::new(),
            ended: BTreeSet::new(),
            commit_at: None,
            failing: None,
            cut_off: None,
        }
    }

    /// Goes on until it is told to stop, or has reached the ends.
    pub(crate) fn run(mut self, stop: &AtomicBool) -> Result<()> {
        if !self.is_at_end(Instant::now())? {
            self.source.subscribe()?;
            while !stop.load(Ordering::Relaxed) {
                self.turn()?;
                let now = Instant::now();
                self.report.progress(now);
                if self.is_at_end(now)? {
                    break;
                }
                self.give_up(now)?;
            }
        }
        self.finish()
    }

    fn turn(&mut self) -> Result<()> {
        self.hear(Duration::ZERO)?;
        let now = Instant::now();
        if self.storing.is_none() && self.filling.patience(self.rule, now).is_some_and(|left| left.is_zero())
        {
            self.hand_over(now)?;
        }
        if self.storing.is_some() && self.filling.is_full(self.rule) {
            let is_away = now.saturating_duration_since(self.storing_since) > PAUSE_AFTER;
            if !is_away {
                return self.hear(TICK);
            }
            self.source.pause()?;
        } else {
            self.source.resume()?;
        }
        let left = self.filling.patience(self.rule, now).unwrap_or(TICK);
        self.poll(if self.storing.is_some() { TICK } else { left.min(TICK) })?;
        self.commit_again(now)
    }

    /// Takes what the topic has next, and notes what else has happened to our part of it.
    fn poll(&mut self, longest: Duration) -> Result<()> {
        let polled = self.source.poll(longest)?;
        // First: what was taken away came before this message.
        for partition in self.source.take_revoked() {
            self.filling.forget(partition);
            self.stored.remove(&partition);
            self.ended.remove(&partition);
            if let Some(offsets) = &mut self.storing {
                // Its rows may come twice. Its offset is its new reader's.
                offsets.remove(&partition);
            }
        }
        let now = Instant::now();
        match polled {
            Polled::Message(message) => {
                self.filling.push(message, now);
                self.cut_off = None;
            }
            Polled::End(partition) => {
                self.ended.insert(partition);
                self.cut_off = None;
            }
            Polled::Nothing => {}
        }
        if let Some(trouble) = self.source.take_trouble() {
            self.report.trouble(&format!("Kafka: {trouble}"), now);
            self.cut_off.get_or_insert((now, trouble));
        }
        if self.source.take_failed_commit() {
            self.commit_at = Some(now + COMMIT_AGAIN);
        }
        Ok(())
    }

    fn hand_over(&mut self, now: Instant) -> Result<()> {
        let batch = std::mem::take(&mut self.filling);
        self.storing = Some(batch.offsets());
        self.storing_since = now;
        self.store.put(batch)
    }

    /// Waits for the database's answer, and commits what is stored.
    fn hear(&mut self, longest: Duration) -> Result<()> {
        if self.storing.is_none() {
            return Ok(());
        }
        match self.store.wait(longest)? {
            None => {}
            Some(Told::Failed(trouble)) => {
                let now = Instant::now();
                self.report.failed(&trouble, now);
                let since = self.failing.as_ref().map_or(now, |(since, ..)| *since);
                self.failing = Some((since, format!("the database: {}", trouble.reason), trouble.is_denied));
            }
            Some(Told::Stored(stored)) => {
                self.report.stored(stored);
                self.failing = None;
                let offsets = self.storing.take().unwrap_or_default();
                self.stored.extend(&offsets);
                if self.ends.is_some() {
                    // Where the end is to be reached it must be known what the group has.
                    self.source.commit_now(&offsets)?;
                    self.ends.iter_mut().for_each(|ends| ends.note(&offsets));
                } else if !offsets.is_empty() {
                    self.source.commit(&offsets)?;
                }
            }
        }
        Ok(())
    }

    fn commit_again(&mut self, now: Instant) -> Result<()> {
        if self.commit_at.is_some_and(|at| at <= now) {
            self.commit_at = None;
            if !self.stored.is_empty() {
                self.source.commit(&self.stored)?;
            }
        }
        Ok(())
    }

    fn is_at_end(&mut self, now: Instant) -> Result<bool> {
        let Some(ends) = &mut self.ends else { return Ok(false) };
        if !self.filling.is_empty() || self.storing.is_some() {
            return Ok(false);
        }
        self.ended.iter().for_each(|partition| ends.note_end(*partition));
        ends.are_reached(&self.source, now)
    }

    /// `--once` is for cron: what somebody has to mend, and what does not come back, is an error.
    fn give_up(&self, now: Instant) -> Result<()> {
        let is_long = |since: &Instant| now.saturating_duration_since(*since) > GIVE_UP;
        match (&self.failing, &self.cut_off) {
            _ if self.ends.is_none() => Ok(()),
            (Some((since, trouble, is_denied)), _) if *is_denied || is_long(since) => bail!("{trouble}"),
            (_, Some((since, trouble))) if is_long(since) => bail!("Kafka: {trouble}"),
            _ => Ok(()),
        }
    }

    /// Stores and commits what has been read, if that can be done by now; else it stays in the topic.
    fn finish(mut self) -> Result<()> {
        let deadline = |from: Instant| from + GRACE;
        for _ in 0..2 {
            let until = deadline(Instant::now());
            while self.storing.is_some() && self.failing.is_none() && Instant::now() < until {
                self.hear(TICK)?;
            }
            if self.storing.is_none() && !self.filling.is_empty() {
                self.hand_over(Instant::now())?;
            }
        }
        // Of those that were not waited for, too.
        self.source.commit_now(&self.stored).map_err(|error| {
            error.context(
                "all is stored, but the offsets are not committed: it will be read, and found stored, again",
            )
        })
    }
}
