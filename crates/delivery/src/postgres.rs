//! A PostgreSQL that keeps `domain_event`: one statement a batch, over a connection that the shell keeps
//! (crates/warehouse has its text).

use std::fmt;

use tallymark_event::Timestamp;

use crate::{
    Method, Outcome, Problem, Request, Row, Verdict,
    destination::Fields,
    guard::{Reach, check_database_url},
    limits,
    receiver::{Receiver, Room},
};

/// A database's own configuration.
#[derive(Clone)]
pub struct Postgres {
    url: String,
}

impl fmt::Debug for Postgres {
    /// Without the URL, which holds a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Postgres")
    }
}

impl Postgres {
    pub(crate) fn parse(fields: &mut Fields<'_>, reach: Reach) -> Result<Self, Problem> {
        let url = fields.required_text(
            "url",
            "which database, for example postgres://collector:password@db.example/app",
        )?;
        check_database_url(url, reach).map_err(|remedy| fields.problem("url", remedy))?;
        Ok(Self { url: url.to_owned() })
    }

    /// What a database's answer means for a batch, whoever has sent it.
    pub fn judged(outcome: &Outcome) -> Verdict {
        match outcome {
            Outcome::Stated { sqlstate, .. } => by_sqlstate(sqlstate),
            other => other.by_status(),
        }
    }
}

impl Receiver for Postgres {
    /// As many as a statement's text may hold.
    fn room(&self) -> Room {
        Room { events: usize::MAX, bytes: limits::MAX_REQUEST_BYTES }
    }

    /// In a pipeline, over the one connection: each statement is a transaction of its own, and the server works on one
    /// while the next is under way.
    fn concurrency(&self, batch_size: u32) -> u32 {
        (limits::MAX_ROWS_PIPELINED / batch_size.max(1)).clamp(2, limits::MAX_PIPELINED)
    }

    fn is_pipelined(&self) -> bool {
        true
    }

    /// A lease and its settlement cost the log two commits, much more than a statement of few rows.
    fn batches(&self) -> u32 {
        limits::MAX_BATCHES
    }

    /// The body is a JSON array of rows, each as it is stored.
    fn request(&self, rows: &[&Row<'_>], _now: Timestamp, _address: u32) -> Request {
        let texts: Vec<&str> = rows.iter().map(|row| row.text.get()).collect();
        Request::new(Method::Post, &self.url, format!("[{}]", texts.join(",")), rows)
    }

    fn verbatim(&self) -> Option<Request> {
        Some(Request::new(Method::Post, &self.url, String::new(), &[]))
    }

    fn verdict(&self, outcome: &Outcome) -> Verdict {
        Self::judged(outcome)
    }
}

/// What a server's code means (PostgreSQL, appendix A). Storing again is always safe, so where it is in doubt we do.
fn by_sqlstate(sqlstate: &str) -> Verdict {
    let class = sqlstate.get(..2).unwrap_or_default();
    match (class, sqlstate) {
        // Success, warnings.
        ("00" | "01" | "02", _) => Verdict::Done,
        // Of resources (disk full, too many connections); deadlocks and serialisation; locks; shutting down or starting
        // up; a standby that has not been promoted yet, or a disk that has been set read-only until there is room.
        ("53" | "40" | "55" | "57", _) | (_, "25006") => Verdict::Busy,
        // Who we are, and what we may; no such database, schema, table, column or function: `tallymark migrate` has not run.
        ("28" | "3D" | "3F" | "42" | "0A" | "0L" | "0P", _) => Verdict::Denied,
        // Values: no such time, no such encoding; a check or a trigger of the owner's own; more than the server's limits.
        ("09" | "21" | "22" | "23" | "27" | "44" | "54" | "P0", _) => Verdict::Refused,
        // The connection; I/O; what should not be.
        _ => Verdict::Faulted,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Destination, Rule, Start, State};

    fn parse(record: &serde_json::Value, reach: Reach) -> Result<Destination, Problem> {
        Destination::parse(record, "[0]", reach, Rule::default())
    }

    #[test]
    fn every_state_has_a_verdict() {
        let verdict = |sqlstate: &str| {
            let text = json!({ "sqlstate": sqlstate, "detail": "…" }).to_string();
            Postgres { url: String::new() }.verdict(&serde_json::from_str(&text).unwrap())
        };
        for (states, expected) in [
            (&["00000"][..], Verdict::Done),
            (
                &["53100", "53300", "40001", "40P01", "55P03", "57P01", "57P03", "57014", "25006"],
                Verdict::Busy,
            ),
            (&["28P01", "28000", "3D000", "42501", "42P01", "42703"], Verdict::Denied),
            (&["22P02", "22P05", "22008", "23514", "54000", "P0001"], Verdict::Refused),
            (&["08006", "08P01", "58030", "XX000", "25P02", "", "?"], Verdict::Faulted),
        ] {
            for state in states {
                assert_eq!(verdict(state), expected, "{state}");
            }
        }
    }

    #[test]
    fn a_store_gets_everything_from_the_start_and_tells_no_password() {
        let url = "postgres://collector:s3cret@db.example:5432/app?sslmode=verify-full";
        let record = json!({ "name": "backend", "kind": "postgres", "url": url });
        let destination = parse(&record, Reach::Public).unwrap();
        assert!(destination.consent.is_empty());
        assert_eq!(destination.from, Start::Start);
        assert!(!format!("{destination:?}").contains("s3cret"));
        let page = r#"[{"seq":7,"event_id":"e","event_name":"n","occurred_at":"t","received_at":"t","organization_id":"o",
            "source":"s","trust":"server","schema_version":1,"properties":{ "b":1, "a":1.0 },"context":{}}]"#;
        let rows = Row::parse_page(page).unwrap();
        let request = destination.request(&rows.iter().collect::<Vec<_>>(), Timestamp::from_ms(0), 0);
        assert_eq!((request.body.as_str(), request.seqs.as_slice()), (page, &[7_u64][..]));
    }

    #[test]
    fn an_attempt_takes_full_batches_and_leaves_the_rest_to_wait_for_others() {
        for (batch_size, behind, rows) in [
            (1, 7, 7),
            (1, 1_900, 1_000),
            (10, 9, 10),
            (10, 39, 30),
            (100, 900, 900),
            (500, 900, 500),
            (500, 19_000, 10_000),
        ] {
            let url = "postgres://u:p@db.example/app";
            let record =
                json!({ "name": "backend", "kind": "postgres", "url": url, "batch_size": batch_size });
            let destination = parse(&record, Reach::Public).unwrap();
            let mut state = State::new(&destination, 5);
            let lease =
                state.lease(&destination, "a", 5 + behind, tallymark_event::Timestamp::from_ms(0)).unwrap();
            assert_eq!((lease.after, lease.rows), (5, rows), "{behind} in batches of {batch_size}");
        }
    }

    #[test]
    fn urls_are_of_public_databases_unless_the_operator_allows_others() {
        for (url, public, anywhere) in [
            ("postgres://u:p@db.example/app", true, true),
            ("postgresql://u@db.example:5432/app?sslmode=require", true, true),
            ("postgres://u:p@127.0.0.1/app", false, true),
            ("postgres://u:p@localhost/app?sslmode=disable", false, true),
            ("postgres://u:p@db.example/app?sslmode=disable", false, true),
            ("postgres://u:p@db.example/app?host=10.0.0.1", false, false),
            ("postgres://u:p@a@10.0.0.1/app", false, false),
            ("postgres://u:p@a.example,b.example/app", false, false),
            ("postgres://u:p@db.example", false, false),
            ("postgres:///app", false, false),
            ("https://db.example/app", false, false),
        ] {
            let record = json!({ "name": "backend", "kind": "postgres", "url": url });
            assert_eq!(parse(&record, Reach::Public).is_ok(), public, "{url}");
            assert_eq!(parse(&record, Reach::Anywhere).is_ok(), anywhere, "{url}");
        }
    }
}
