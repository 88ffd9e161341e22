//! Destinations of the deployment that have variables of their own.

use serde_json::{Map, Value, json};

use crate::{Destination, Problem, Rule, guard::Reach};

/// A destination and the variables that its fields are in. The first of them says that it is wanted at all, but for an
/// event bus, of which the driver does.
struct Named {
    kind: &'static str,
    name: &'static str,
    fields: &'static [(&'static str, &'static str)],
}

const POSTHOG: Named = Named {
    kind: "posthog",
    name: "posthog",
    fields: &[("project_api_key", "POSTHOG_PROJECT_API_KEY"), ("host", "POSTHOG_HOST")],
};

const GA4: Named = Named {
    kind: "ga4",
    name: "ga4",
    fields: &[
        ("measurement_id", "GOOGLE_ANALYTICS_MEASUREMENT_ID"),
        ("api_secret", "GOOGLE_ANALYTICS_API_SECRET"),
        ("host", "GOOGLE_ANALYTICS_HOST"),
    ],
};

const WAREHOUSE: Named =
    Named { kind: "postgres", name: "warehouse", fields: &[("url", "WAREHOUSE_DATABASE_URL")] };

const KAFKA: Named = Named {
    kind: "kafka",
    name: "event_bus",
    fields: &[
        ("brokers", "KAFKA_BROKERS"),
        ("topic", "EVENT_BUS_KAFKA_TOPIC"),
        ("cluster_id", "KAFKA_CLUSTER_ID"),
        ("username", "KAFKA_USERNAME"),
        ("password", "KAFKA_PASSWORD"),
        ("token", "KAFKA_TOKEN"),
    ],
};

const PUBSUB: Named = Named {
    kind: "pubsub",
    name: "event_bus",
    fields: &[
        ("project_id", "PUBSUB_PROJECT_ID"),
        ("topic", "EVENT_BUS_PUBSUB_TOPIC"),
        ("credentials", "PUBSUB_CREDENTIALS"),
        ("endpoint", "PUBSUB_ENDPOINT"),
    ],
};

/// Reads them all. `get` gives variables that are not empty. The operator's own may lead anywhere.
pub(crate) fn destinations<'e>(
    get: impl Fn(&str) -> Option<&'e str>,
    rule: Rule,
) -> (Vec<Destination>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut wanted = Vec::new();
    match get("EVENT_BUS_DRIVER") {
        // The log itself.
        None | Some("memory") => {}
        Some("kafka") => wanted.push(&KAFKA),
        Some("pubsub") => wanted.push(&PUBSUB),
        Some(_) => problems.push(Problem::new("EVENT_BUS_DRIVER", "must be memory, kafka or pubsub")),
    }
    let others = [&WAREHOUSE, &POSTHOG, &GA4];
    wanted.extend(
        others.into_iter().filter(|one| one.fields.first().is_some_and(|(_, name)| get(name).is_some())),
    );
    let mut destinations = Vec::new();
    for one in wanted {
        match one.read(&get, rule) {
            Ok(destination) => destinations.push(destination),
            Err(problem) => problems.push(problem),
        }
    }
    (destinations, problems)
}

impl Named {
    fn read<'e>(&self, get: impl Fn(&str) -> Option<&'e str>, rule: Rule) -> Result<Destination, Problem> {
        let mut record = Map::new();
        record.insert("kind".into(), self.kind.into());
        record.insert("name".into(), self.name.into());
        for (field, variable) in self.fields {
            let Some(text) = get(variable) else { continue };
            let value = match *field {
                "brokers" => json!(text.split(',').map(str::trim).collect::<Vec<_>>()),
                _ => json!(text),
            };
            record.insert((*field).to_owned(), value);
        }
        Destination::parse(&Value::Object(record), "", Reach::Anywhere, rule)
            .map_err(|problem| Problem { path: self.variable_of(&problem.path), ..problem })
    }

    /// The variable that a field's problem is about.
    fn variable_of(&self, path: &str) -> String {
        let field = path.trim_start_matches('.');
        let found = self.fields.iter().find(|(known, _)| *known == field);
        found.map_or(field, |(_, variable)| variable).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &'static str)]) -> (Vec<String>, Vec<String>) {
        let get = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let (destinations, problems) = destinations(get, Rule::default());
        let told = destinations.iter().map(|one| format!("{} {}", one.name, one.kind.name())).collect();
        (told, problems.into_iter().map(|problem| problem.path).collect())
    }

    #[test]
    fn the_seeds_variables() {
        let both = read(&[
            ("EVENT_BUS_DRIVER", "kafka"),
            ("KAFKA_BROKERS", "http://a:8082, http://b:8082"),
            ("EVENT_BUS_KAFKA_TOPIC", "domain_events"),
            ("POSTHOG_PROJECT_API_KEY", "phc_x"),
            ("GOOGLE_ANALYTICS_MEASUREMENT_ID", "G-X1"),
            ("GOOGLE_ANALYTICS_API_SECRET", "s"),
        ]);
        assert_eq!(
            both,
            (vec!["event_bus kafka".into(), "posthog posthog".into(), "ga4 ga4".into()], vec![])
        );
        let bus = read(&[
            ("EVENT_BUS_DRIVER", "pubsub"),
            ("PUBSUB_PROJECT_ID", "shop"),
            ("EVENT_BUS_PUBSUB_TOPIC", "events"),
            ("PUBSUB_ENDPOINT", "http://127.0.0.1:8085"),
        ]);
        assert_eq!(bus, (vec!["event_bus pubsub".into()], vec![]));
    }

    #[test]
    fn what_is_missing_is_named_by_its_variable() {
        for (variables, path) in [
            (&[("EVENT_BUS_DRIVER", "rabbit")][..], "EVENT_BUS_DRIVER"),
            (&[("EVENT_BUS_DRIVER", "kafka")], "KAFKA_BROKERS"),
            (&[("EVENT_BUS_DRIVER", "kafka"), ("KAFKA_BROKERS", "redpanda:9092")], "KAFKA_BROKERS"),
            (&[("EVENT_BUS_DRIVER", "kafka"), ("KAFKA_BROKERS", "http://a")], "EVENT_BUS_KAFKA_TOPIC"),
            (&[("EVENT_BUS_DRIVER", "pubsub")], "PUBSUB_PROJECT_ID"),
            (
                &[
                    ("EVENT_BUS_DRIVER", "pubsub"),
                    ("PUBSUB_PROJECT_ID", "shop"),
                    ("EVENT_BUS_PUBSUB_TOPIC", "events"),
                ],
                "PUBSUB_CREDENTIALS",
            ),
            (&[("GOOGLE_ANALYTICS_MEASUREMENT_ID", "G-X1")], "GOOGLE_ANALYTICS_API_SECRET"),
            (&[("POSTHOG_PROJECT_API_KEY", "phx_x")], "POSTHOG_PROJECT_API_KEY"),
        ] {
            assert_eq!(read(variables), (vec![], vec![path.to_owned()]));
        }
        assert_eq!(read(&[("EVENT_BUS_DRIVER", "memory")]), (vec![], vec![]));
    }
}
