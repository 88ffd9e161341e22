//! Arguments and environment, and what librdkafka is told.

use std::{env, time::Duration};

use anyhow::{Context as _, Result, bail};
use clap::{Parser, value_parser};
use rdkafka::{ClientConfig, error::KafkaError};
use tallymark_database::Database;
use tallymark_delivery::limits::{DEFAULT_FLUSH_INTERVAL_MS, MAX_BATCH_SIZE, MAX_FLUSH_INTERVAL_MS};

use crate::batch::Rule;

/// Messages of a batch unless configured: where a statement's own cost no longer shows.
const DEFAULT_BATCH_SIZE: u32 = 500;

/// What is ours to set, and where it is set: each of them is part of "no offset before its rows".
const OURS: [(&str, &str); 6] = [
    ("bootstrap.servers", "set KAFKA_BROKERS, or give --brokers"),
    ("metadata.broker.list", "set KAFKA_BROKERS, or give --brokers"),
    ("group.id", "set EVENT_SINK_GROUP, or give --group"),
    ("enable.auto.commit", "offsets are committed once the rows are stored"),
    ("enable.auto.offset.store", "offsets are committed once the rows are stored"),
    ("enable.partition.eof", "--once needs it"),
];

/// Settings that hold unless `--kafka` says otherwise.
const DEFAULTS: [(&str, &str); 3] = [
    // A new group begins with what the topic still has: it is there to have every event.
    ("auto.offset.reset", "earliest"),
    // What is fetched ahead, in KiB: some batches, not librdkafka's 64 MiB.
    ("queued.max.messages.kbytes", "16384"),
    ("client.id", "tallymark-sink"),
];

/// Where `--kafka` may come from, too: a line each. Arguments are seen by every process, passwords should not be.
const KAFKA_SETTINGS: &str = "KAFKA_SETTINGS";

/// Load a topic's events into the backend's PostgreSQL, until it is stopped
///
/// Each event once, however often it comes: offsets are committed after the rows, and rows are unique. Stopped by SIGTERM
/// or SIGINT it stores what it has, commits, leaves the group and exits with 0; a second one ends it at once.
#[derive(Parser)]
#[command(name = "tallymark sink", bin_name = "tallymark sink", version, max_term_width = 100)]
pub(crate) struct Settings {
    /// Kafka's brokers
    #[arg(long, env = "KAFKA_BROKERS", value_name = "HOST:PORT,…")]
    brokers: String,

    /// The topic
    #[arg(long, env = "EVENT_BUS_KAFKA_TOPIC")]
    pub(crate) topic: String,

    /// The consumer group: its members share the partitions
    #[arg(long, env = "EVENT_SINK_GROUP", default_value = "tallymark-sink")]
    group: String,

    #[command(flatten)]
    pub(crate) database: Database,

    /// Most events of a batch
    #[arg(long, env = "EVENT_SINK_BATCH_SIZE", value_name = "EVENTS", default_value_t = DEFAULT_BATCH_SIZE,
        value_parser = value_parser!(u32).range(1..=i64::from(MAX_BATCH_SIZE)))]
    batch_size: u32,

    /// Longest that an event waits for others
    #[arg(long, env = "EVENT_SINK_FLUSH_INTERVAL_MS", value_name = "MS", default_value_t = DEFAULT_FLUSH_INTERVAL_MS,
        value_parser = value_parser!(u32).range(0..=i64::from(MAX_FLUSH_INTERVAL_MS)))]
    flush_interval_ms: u32,

    #[arg(
        long,
        value_name = "KEY=VALUE",
        help = "A setting of librdkafka's, such as security.protocol=SASL_SSL; \
        passwords as lines of KAFKA_SETTINGS in the environment"
    )]
    kafka: Vec<String>,

    /// Load what the topic has at the start, and end: for cron
    #[arg(long)]
    pub(crate) once: bool,

    /// Print JSON on standard output: a line for what was done or went wrong, and at last one for the whole
    #[arg(long)]
    pub(crate) json: bool,
}

impl Settings {
    pub(crate) fn rule(&self) -> Rule {
        Rule {
            size: usize::try_from(self.batch_size).unwrap_or(usize::MAX),
            flush_interval: Duration::from_millis(u64::from(self.flush_interval_ms)),
        }
    }

    /// What librdkafka is told.
    pub(crate) fn kafka(&self) -> Result<ClientConfig> {
        let lines = env::var(KAFKA_SETTINGS).unwrap_or_default();
        let named =
            lines.lines().map(|line| (KAFKA_SETTINGS, line.trim())).filter(|(_, line)| !line.is_empty());
        self.kafka_with(named.chain(self.kafka.iter().map(|setting| ("--kafka", setting.as_str()))))
    }

    fn kafka_with<'s>(&self, given: impl Iterator<Item = (&'s str, &'s str)>) -> Result<ClientConfig> {
        let mut config = ClientConfig::new();
        for (key, value) in DEFAULTS {
            config.set(key, value);
        }
        for (place, setting) in given {
            // Without the text: what has no = may be a password.
            let (key, value) =
                setting.split_once('=').with_context(|| format!("{place}: write it as key=value"))?;
            let key = key.trim();
            if let Some((_, instead)) = OURS.iter().find(|(ours, _)| *ours == key) {
                bail!("{place} {key}: not to be set here; {instead}");
            }
            config.set(key, value);
        }
        config
            .set("bootstrap.servers", &self.brokers)
            .set("group.id", &self.group)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("enable.partition.eof", "true");
        Ok(config)
    }
}

/// What librdkafka says of a setting, without its value.
pub(crate) fn explained(error: KafkaError) -> anyhow::Error {
    match error {
        KafkaError::ClientConfig(_, what, key, _) => {
            anyhow::Error::msg(format!("{key}: {what}; librdkafka's CONFIGURATION.md has all settings"))
        }
        KafkaError::ClientCreation(what) => {
            // Where none is set librdkafka takes Kerberos, which is not built in.
            let remedy = if what.contains("SASL mechanism") {
                "set sasl.mechanisms to PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"
            } else {
                "correct KAFKA_SETTINGS or --kafka"
            };
            anyhow::Error::msg(format!("Kafka's settings: {what}; {remedy}"))
        }
        other => anyhow::Error::new(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(more: &[&str]) -> Settings {
        let given = ["sink", "--brokers", "b:9092", "--topic", "t"];
        Settings::try_parse_from(given.iter().chain(more)).unwrap()
    }

    #[test]
    fn settings_go_through_and_the_last_holds() {
        let given = [("KAFKA_SETTINGS", "sasl.password=a=b "), ("--kafka", "auto.offset.reset=latest")];
        let config = settings(&[]).kafka_with(given.into_iter()).unwrap();
        assert_eq!(config.get("sasl.password"), Some("a=b "));
        assert_eq!(config.get("auto.offset.reset"), Some("latest"));
        assert_eq!(config.get("bootstrap.servers"), Some("b:9092"));
    }

    #[test]
    fn what_would_break_the_promise_is_refused() {
        for (setting, remedy) in [
            ("enable.auto.commit=true", "once the rows are stored"),
            (" group.id =x", "--group"),
            ("bootstrap.servers=x", "KAFKA_BROKERS"),
            ("hunter2", "key=value"),
        ] {
            let error = settings(&[]).kafka_with([("--kafka", setting)].into_iter()).unwrap_err().to_string();
            assert!(error.contains(remedy) && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn numbers_have_bounds() {
        assert_eq!(settings(&["--batch-size", "7", "--flush-interval-ms", "0"]).rule().size, 7);
        for wrong in [["--batch-size", "0"], ["--batch-size", "1001"], ["--flush-interval-ms", "3600001"]] {
            let all = ["sink", "--brokers", "b", "--topic", "t"].into_iter().chain(wrong);
            assert!(Settings::try_parse_from(all).is_err(), "{wrong:?}");
        }
    }
}
