//! What the deployment says, in its environment.

use crate::{Destination, Problem, Rule, environment, guard::Reach, limits};

/// The deployment's settings of delivery.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether tenants may name private addresses: `ALLOW_PRIVATE_DESTINATIONS` is `true`.
    pub reach: Reach,
    /// What holds for destinations without a rule of their own: `EVENT_SINK_BATCH_SIZE`, `EVENT_SINK_FLUSH_INTERVAL_MS`.
    pub rule: Rule,
    /// Destinations that every tenant's events go to: `DESTINATIONS`, a JSON array as a tenant's, and those that have
    /// variables of their own: `warehouse`, `event_bus`, `posthog` and `ga4`.
    pub destinations: Vec<Destination>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

impl Settings {
    /// Reads an environment, of which `get` gives the variables. Whatever can't be read is left out and named.
    pub fn from_env<'e>(get: impl Fn(&str) -> Option<&'e str>) -> Self {
        let get = |name: &str| get(name).filter(|text| !text.is_empty());
        let mut problems = Vec::new();
        let mut number = |name: &str, default: u32, least: u32, most: u32| {
            let Some(text) = get(name) else { return default };
            text.parse().ok().filter(|n| (least..=most).contains(n)).unwrap_or_else(|| {
                let remedy = format!("must be a whole number from {least} to {most}; {default} holds");
                problems.push(Problem::new(name, &remedy));
                default
            })
        };
        let rule = Rule {
            batch_size: number(
                "EVENT_SINK_BATCH_SIZE",
                limits::DEFAULT_BATCH_SIZE,
                1,
                limits::MAX_BATCH_SIZE,
            ),
            flush_interval_ms: number(
                "EVENT_SINK_FLUSH_INTERVAL_MS",
                limits::DEFAULT_FLUSH_INTERVAL_MS,
                0,
                limits::MAX_FLUSH_INTERVAL_MS,
            ),
        };
        let reach = match get("ALLOW_PRIVATE_DESTINATIONS") {
            Some("true" | "1") => Reach::Anywhere,
            _ => Reach::Public,
        };
        // The operator's own may lead anywhere: whoever sets variables could as well change the code.
        let (mut destinations, unread) = get("DESTINATIONS")
            .map(|text| Destination::parse_list(text, Reach::Anywhere, rule))
            .unwrap_or_default();
        problems.extend(
            unread
                .into_iter()
                .map(|problem| Problem { path: format!("DESTINATIONS{}", problem.path), ..problem }),
        );
        let (named, unread) = environment::destinations(get, rule);
        problems.extend(unread);
        for one in named {
            if destinations.iter().any(|other| other.name == one.name) {
                problems
                    .push(Problem::new(&one.name, "is left out: DESTINATIONS has another one of this name"));
            } else {
                destinations.push(one);
            }
        }
        Self { reach, rule, destinations, problems }
    }

    /// All of a tenant's destinations: the deployment's, and those of its own record.
    pub fn destinations_of(&self, record: Option<&str>) -> (Vec<Destination>, Vec<Problem>) {
        let mut all = self.destinations.clone();
        let (own, mut problems) =
            record.map(|text| Destination::parse_list(text, self.reach, self.rule)).unwrap_or_default();
        for one in own {
            if all.iter().any(|other| other.name == one.name) {
                problems.push(Problem::new(&one.name, "must have another name: the deployment has this one"));
            } else {
                all.push(one);
            }
        }
        (all, problems)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn webhook(name: &str, url: &str) -> String {
        format!(r#"[{{"name":"{name}","kind":"webhook","url":"{url}","secrets":["{SECRET}"]}}]"#)
    }

    #[test]
    fn a_warehouse_is_everybodys() {
        let settings =
            |url| Settings::from_env(move |name| (name == "WAREHOUSE_DATABASE_URL").then_some(url));
        let own = settings("postgres://u:p@localhost/app?sslmode=disable");
        assert_eq!(own.destinations.first().map(|one| one.name.as_str()), Some("warehouse"));
        let bad = settings("https://db.example");
        assert_eq!(bad.problems.first().map(|one| one.path.as_str()), Some("WAREHOUSE_DATABASE_URL"));
    }

    #[test]
    fn an_environment() {
        let own = webhook("all", "http://10.0.0.1/x");
        let settings = Settings::from_env(|name| match name {
            "EVENT_SINK_BATCH_SIZE" => Some("7"),
            "EVENT_SINK_FLUSH_INTERVAL_MS" => Some("soon"),
            "DESTINATIONS" => Some(own.as_str()),
            _ => Some(""),
        });
        assert_eq!(
            settings.rule,
            Rule { batch_size: 7, flush_interval_ms: limits::DEFAULT_FLUSH_INTERVAL_MS }
        );
        assert_eq!(settings.problems.len(), 1, "{:?}", settings.problems);
        assert_eq!(settings.problems[0].path, "EVENT_SINK_FLUSH_INTERVAL_MS");
        assert_eq!(settings.reach, Reach::Public);
        let names = |record: &str| {
            let (all, problems) = settings.destinations_of(Some(record));
            (all.into_iter().map(|one| one.name).collect::<Vec<_>>(), problems.len())
        };
        assert_eq!(names(&webhook("b", "https://b.example/")), (vec!["all".into(), "b".into()], 0));
        assert_eq!(names(&webhook("all", "https://b.example/")), (vec!["all".into()], 1));
        assert_eq!(names(&webhook("b", "http://10.0.0.1/x")), (vec!["all".into()], 1));
    }
}
