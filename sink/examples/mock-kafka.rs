//! librdkafka's mock cluster as a process, for tests/sink: a line of JSON in, a line of JSON out.
//!
//! Its first line is `{"brokers":"127.0.0.1:…"}`. It ends with its input.
#![allow(clippy::print_stdout, clippy::disallowed_methods, missing_docs)]

use std::{
    error::Error,
    io::{self, BufRead as _},
    time::Duration,
};

use rdkafka::{
    ClientConfig, Offset, TopicPartitionList, bindings,
    consumer::{BaseConsumer, Consumer as _},
    producer::{BaseProducer, BaseRecord, Producer as _},
    types::{RDKafkaApiKey, RDKafkaRespErr},
};
use serde::Deserialize;
use serde_json::json;

const PATIENCE: Duration = Duration::from_secs(10);

/// How long a new group waits for more members; in Kafka's own configuration three seconds.
const REBALANCE_AFTER_MS: i32 = 100;

/// How many commits are refused: more than any test makes.
const MANY: usize = 10_000;

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Command {
    /// Makes a topic.
    Create { topic: String, partitions: i32 },
    /// Appends messages; the values as text, or as an array of bytes, or null.
    Produce { topic: String, messages: Vec<Message> },
    /// The offsets that a group has committed, by partition; null where there is none.
    Committed { topic: String, partitions: i32, group: String },
    /// Refuses commits from now on, or takes them again.
    RefuseCommits(bool),
    /// Takes the brokers away, or brings them back.
    Down(bool),
}

#[derive(Deserialize)]
struct Message {
    partition: i32,
    key: Option<String>,
    value: Value,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Value {
    Text(String),
    Bytes(Vec<u8>),
    None(()),
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut config = ClientConfig::new();
    let producer: BaseProducer = config.clone().set("test.mock.num.brokers", "1").create()?;
    let cluster =
        producer.client().mock_cluster().ok_or("a client with test.mock.num.brokers has a cluster")?;
    // SAFETY: the cluster lives as long as the client whose pointer this is.
    unsafe {
        let cluster = bindings::rd_kafka_handle_mock_cluster(producer.client().native_ptr());
        bindings::rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, REBALANCE_AFTER_MS);
    }
    let brokers = cluster.bootstrap_servers();
    println!("{}", json!({ "brokers": brokers }));
    config.set("bootstrap.servers", &brokers);
    for line in io::stdin().lock().lines() {
        let answer = match serde_json::from_str(&line?)? {
            Command::Create { topic, partitions } => {
                cluster.create_topic(&topic, partitions, 1)?;
                json!({})
            }
            Command::Produce { topic, messages } => {
                for Message { partition, key, value } in &messages {
                    let mut record = BaseRecord::<str, [u8]>::to(&topic).partition(*partition);
                    record.key = key.as_deref();
                    record.payload = match value {
                        Value::Text(text) => Some(text.as_bytes()),
                        Value::Bytes(bytes) => Some(bytes),
                        Value::None(()) => None,
                    };
                    producer.send(record).map_err(|(error, _)| error)?;
                }
                producer.flush(PATIENCE)?;
                json!({})
            }
            Command::Committed { topic, partitions, group } => {
                let consumer: BaseConsumer = config.clone().set("group.id", &group).create()?;
                let mut asked = TopicPartitionList::new();
                asked.add_partition_range(&topic, 0, partitions - 1);
                let known = consumer.committed_offsets(asked, PATIENCE)?;
                let offset = |offset| match offset {
                    Offset::Offset(offset) => Some(offset),
                    _ => None,
                };
                json!(known.elements().iter().map(|one| offset(one.offset())).collect::<Vec<_>>())
            }
            Command::RefuseCommits(true) => {
                let error = RDKafkaRespErr::RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE;
                cluster.request_errors(RDKafkaApiKey::OffsetCommit, &vec![error; MANY]);
                json!({})
            }
            Command::RefuseCommits(false) => {
                cluster.clear_request_errors(RDKafkaApiKey::OffsetCommit);
                json!({})
            }
            Command::Down(true) => {
                cluster.broker_down(-1)?;
                json!({})
            }
            Command::Down(false) => {
                cluster.broker_up(-1)?;
                json!({})
            }
        };
        println!("{answer}");
    }
    Ok(())
}
