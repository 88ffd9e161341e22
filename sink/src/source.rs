//! The topic: a member of a consumer group.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, Result};
use rdkafka::{
    ClientConfig, ClientContext, Message as _, Offset, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance},
    error::{KafkaError, KafkaResult, RDKafkaErrorCode},
    topic_partition_list::TopicPartitionListElem,
};

use crate::{
    batch::{Message, Offsets, Value},
    settings::explained,
};

/// What librdkafka reports on the side. Some of it comes from its own threads.
#[derive(Default)]
pub(crate) struct Noted {
    /// Partitions that have been taken away.
    revoked: Vec<i32>,
    /// What went wrong last.
    trouble: Option<String>,
    /// Whether a commit has failed.
    has_failed_to_commit: bool,
}

#[derive(Default)]
struct Context(Mutex<Noted>);

impl Context {
    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, _facility: &str, message: &str) {
        if (level as i32) <= RDKafkaLogLevel::Error as i32 {
            self.noted().trouble = Some(message.to_owned());
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::PartitionEOF) {
            self.noted().trouble = Some(format!("{error}: {reason}"));
        }
    }
}

impl ConsumerContext for Context {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(partitions) = rebalance {
            self.noted().revoked.extend(partitions.elements().iter().map(TopicPartitionListElem::partition));
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _: &TopicPartitionList) {
        if let Err(error) = result {
            let mut noted = self.noted();
            noted.has_failed_to_commit = true;
            noted.trouble = Some(error.to_string());
        }
    }
}

/// What a poll has brought.
pub(crate) enum Polled {
    Message(Message),
    /// All of this partition has been brought, as of now.
    End(i32),
    Nothing,
}

pub(crate) struct Source {
    consumer: BaseConsumer<Context>,
    topic: String,
    is_paused: bool,
}

impl Source {
    pub(crate) fn new(config: &ClientConfig, topic: String) -> Result<Self> {
        let consumer = config.create_with_context(Context::default()).map_err(explained)?;
        Ok(Self { consumer, topic, is_paused: false })
    }

    /// Joins the group.
    pub(crate) fn subscribe(&self) -> Result<()> {
        Ok(self.consumer.subscribe(&[&self.topic])?)
    }

    /// The next message. The group takes who does not call this for `max.poll.interval.ms` (five minutes) for dead.
    pub(crate) fn poll(&self, longest: Duration) -> Result<Polled> {
        match self.consumer.poll(longest) {
            None => Ok(Polled::Nothing),
            Some(Ok(message)) => Ok(Polled::Message(Message {
                partition: message.partition(),
                offset: message.offset(),
                key: message.key().map(<[u8]>::to_vec),
                value: Value::of(message.payload()),
            })),
            Some(Err(KafkaError::PartitionEOF(partition))) => Ok(Polled::End(partition)),
            Some(Err(error @ KafkaError::MessageConsumptionFatal(_))) => Err(error.into()),
            // librdkafka goes on trying. Its log has said more, if it has said something.
            Some(Err(error)) => {
                self.consumer.context().noted().trouble.get_or_insert_with(|| error.to_string());
                Ok(Polled::Nothing)
            }
        }
    }

    /// Has no more messages fetched, of partitions either that have come since; [`Self::poll`] goes on in the group.
    pub(crate) fn pause(&mut self) -> Result<()> {
        self.consumer.pause(&self.consumer.assignment()?)?;
        self.is_paused = true;
        Ok(())
    }

    pub(crate) fn resume(&mut self) -> Result<()> {
        if self.is_paused {
            self.consumer.resume(&self.consumer.assignment()?)?;
            self.is_paused = false;
        }
        Ok(())
    }

    /// Partitions that have been taken away since this was asked last.
    pub(crate) fn take_revoked(&self) -> Vec<i32> {
        std::mem::take(&mut self.consumer.context().noted().revoked)
    }

    /// What went wrong since this was asked last.
    pub(crate) fn take_trouble(&self) -> Option<String> {
        self.consumer.context().noted().trouble.take()
    }

    /// Whether a commit has failed since this was asked last.
    pub(crate) fn take_failed_commit(&self) -> bool {
        std::mem::take(&mut self.consumer.context().noted().has_failed_to_commit)
    }

    /// Commits, and does not wait for the answer.
    pub(crate) fn commit(&self, offsets: &Offsets) -> Result<()> {
        Ok(self.consumer.commit(&self.listed(offsets)?, CommitMode::Async)?)
    }

    /// Commits, and waits for the answer: as long as a session lasts, if there is none.
    pub(crate) fn commit_now(&self, offsets: &Offsets) -> Result<()> {
        if offsets.is_empty() {
            return Ok(());
        }
        Ok(self.consumer.commit(&self.listed(offsets)?, CommitMode::Sync)?)
    }

    /// The topic's partitions.
    pub(crate) fn partitions(&self, longest: Duration) -> Result<BTreeSet<i32>> {
        let metadata = self.consumer.fetch_metadata(Some(&self.topic), longest).with_context(|| {
            let trouble = self.take_trouble().map(|trouble| format!(" ({trouble})"));
            format!("no broker has answered{}", trouble.unwrap_or_default())
        })?;
        let topic = metadata.topics().first().context("the broker's answer has no topic")?;
        if let Some(error) = topic.error() {
            return Err(KafkaError::MetadataFetch(error.into()))
                .with_context(|| format!("topic {}", self.topic));
        }
        Ok(topic.partitions().iter().map(rdkafka::metadata::MetadataPartition::id).collect())
    }

    /// The first offset that a partition still has, and the one that its next message gets.
    pub(crate) fn reach(&self, partition: i32, longest: Duration) -> Result<(i64, i64)> {
        Ok(self.consumer.fetch_watermarks(&self.topic, partition, longest)?)
    }

    /// What the group, whoever of it, has committed of these partitions.
    pub(crate) fn committed(
        &self,
        partitions: impl Iterator<Item = i32>,
        longest: Duration,
    ) -> Result<Offsets> {
        let mut asked = TopicPartitionList::new();
        for partition in partitions {
            asked.add_partition(&self.topic, partition);
        }
        let answer = self.consumer.committed_offsets(asked, longest)?;
        let known = answer.elements().into_iter().filter_map(|one| match one.offset() {
            Offset::Offset(offset) => Some((one.partition(), offset)),
            _ => None,
        });
        Ok(known.collect())
    }

    fn listed(&self, offsets: &Offsets) -> Result<TopicPartitionList> {
        let mut list = TopicPartitionList::new();
        for (&partition, &offset) in offsets {
            list.add_partition_offset(&self.topic, partition, Offset::Offset(offset))?;
        }
        Ok(list)
    }
}
