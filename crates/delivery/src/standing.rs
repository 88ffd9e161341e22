//! Where one event is, as a destination sees it.

use serde::Serialize;

use crate::{Destination, Row, State, attempt::allowed};

/// What has become of an event at a destination, as far as its state says; whether it is parked is the shell's to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Standing {
    /// It is not sent there, by the destination's configuration of now.
    Unwanted {
        /// Why.
        by: Unwanted,
    },
    /// It has been tried, and is tried no more: delivered, parked, or dropped.
    Settled,
    /// It has yet to get there.
    Pending,
}

/// Why a destination is not given an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unwanted {
    /// It began after it: `from` is `now`.
    From,
    /// `events` has no pattern for its name.
    Events,
    /// Its kind has no use for such an event.
    Kind,
    /// Its person has said no to one of the purposes in `consent`.
    Consent,
}

impl Standing {
    /// Of a row of the log.
    pub fn of(row: &Row<'_>, destination: &Destination, state: &State) -> Self {
        let rows = std::slice::from_ref(row);
        // What it would be judged by if it were sent.
        let withheld = destination.withhold(rows);
        let unwanted = allowed(rows, &withheld).first().and_then(|row| destination.unwanted(row));
        match unwanted {
            _ if row.seq <= state.begun_after => Self::Unwanted { by: Unwanted::From },
            Some(by) => Self::Unwanted { by },
            None if state.is_open(row.seq) => Self::Pending,
            None => Self::Settled,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{event, parse, with};

    fn webhook(more: &Value) -> Value {
        let hook = json!({
            "name": "hook", "kind": "webhook", "url": "https://shop.example/hooks",
            "secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        });
        with(hook, more)
    }

    fn standing(record: &Value, state: impl Fn(&Destination) -> State, row: &Value) -> Standing {
        let destination = parse(record).unwrap();
        let page = json!([row]).to_string();
        Standing::of(&Row::parse_page(&page).unwrap()[0], &destination, &state(&destination))
    }

    #[test]
    fn by_cursor_what_is_ahead_of_it_and_where_it_began() {
        let reached =
            |destination: &Destination| State { cursor: 7, ahead: vec![9], ..State::begin(destination, 3) };
        for (seq, now, start) in [
            (3, Standing::Unwanted { by: Unwanted::From }, Standing::Settled),
            (4, Standing::Settled, Standing::Settled),
            (7, Standing::Settled, Standing::Settled),
            (8, Standing::Pending, Standing::Pending),
            (9, Standing::Settled, Standing::Settled),
            (10, Standing::Pending, Standing::Pending),
        ] {
            let of = |from| standing(&webhook(&json!({ "from": from })), reached, &event(seq));
            assert_eq!([of("now"), of("start")], [now, start], "{seq}");
        }
    }

    #[test]
    fn why_it_is_not_wanted() {
        let begun = |destination: &Destination| State::begin(destination, 0);
        let denied = with(event(1), &json!({ "context": { "consent": { "analytics": false } } }));
        let heatmap = with(event(1), &json!({ "event_name": "$$heatmap" }));
        let ga4 =
            json!({ "name": "ga4", "kind": "ga4", "measurement_id": "G-ABC123", "api_secret": "s3cret" });
        for (record, row, by) in [
            (webhook(&json!({ "events": ["order_*"] })), event(1), Unwanted::Events),
            (webhook(&json!({})), denied.clone(), Unwanted::Consent),
            (ga4, heatmap, Unwanted::Kind),
        ] {
            assert_eq!(standing(&record, begun, &row), Standing::Unwanted { by }, "{record}");
        }
        assert_eq!(standing(&webhook(&json!({ "consent": [] })), begun, &denied), Standing::Pending);
    }
}
