//! What came of a request, and what that means.

use serde::{Deserialize, de::IgnoredAny};

/// What came of a request, as JSON from the shell: `{"status":503,"retry_after":"120","body":"…"}`, with `"is_cut":true`
/// if that is not all of the body, or `{"error":"timed_out"}`, or `{"error":"unreachable","detail":"…"}`; of a database, `{"sqlstate":"40P01","detail":"…"}`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Outcome {
    /// An answer, of whatever status.
    Answered {
        /// Of HTTP.
        status: u16,
        /// The header `Retry-After` as it came.
        #[serde(default)]
        retry_after: Option<String>,
        /// The beginning of its body.
        #[serde(default)]
        body: String,
        /// Whether there was more of it, which has not come or was not read.
        #[serde(default)]
        is_cut: bool,
    },
    /// A database's answer.
    Stated {
        /// Its code; `00000` if the batch is stored.
        sqlstate: String,
        /// Its message.
        #[serde(default)]
        detail: String,
    },
    /// No answer.
    Failed {
        /// How.
        error: Failure,
        /// What the platform says of it.
        #[serde(default)]
        detail: String,
    },
    /// Not sent: `{"unfit":"…"}`, what [`crate::Request::unfit`] says.
    Unfit {
        /// Why.
        unfit: String,
    },
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// Not in time.
    TimedOut,
    /// No connection, or one that broke, or no HTTP.
    Unreachable,
}

/// What an outcome means for the events of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The receiver has them.
    Done,
    /// It asks to wait: no event's fault.
    Busy,
    /// It failed, or nobody answered; perhaps over one of the events.
    Faulted,
    /// It refuses these events: of several perhaps only one.
    Refused,
    /// It refuses us: a key, an address, a right is missing. No event's fault, and for somebody to mend.
    Denied,
    /// It wants nothing more (410, as Standard Webhooks has it).
    Gone,
    /// It could never take them: they were not even sent.
    Unfit,
}

impl Outcome {
    /// An answer that says this of one event among others.
    pub(crate) fn answered(status: u16, body: &str) -> Self {
        Self::Answered { status, retry_after: None, body: body.to_owned(), is_cut: false }
    }

    /// No answer about one event among others.
    pub(crate) fn unanswered(detail: &str) -> Self {
        Self::Failed { error: Failure::Unreachable, detail: detail.to_owned() }
    }

    /// The verdict by HTTP's own words, for receivers that have none beyond them.
    pub fn by_status(&self) -> Verdict {
        match self {
            Self::Failed { .. } | Self::Stated { .. } => Verdict::Faulted,
            Self::Unfit { .. } => Verdict::Unfit,
            Self::Answered { status, .. } => match status {
                200..=299 => Verdict::Done,
                410 => Verdict::Gone,
                408 | 425 | 429 | 503 => Verdict::Busy,
                // A redirection is a wrong address: not followed, since it may lead anywhere.
                300..=399 | 401 | 402 | 403 | 404 | 405 | 407 | 421 | 426 | 451 => Verdict::Denied,
                400..=499 => Verdict::Refused,
                _ => Verdict::Faulted,
            },
        }
    }

    /// Whether the answer has broken off before it was known what it says: JSON may yet have come.
    pub(crate) fn breaks_off(&self) -> bool {
        let Self::Answered { body, is_cut: true, .. } = self else { return false };
        let body = body.trim_ascii_start();
        (body.is_empty() || body.starts_with('{')) && serde_json::from_str::<IgnoredAny>(body).is_err()
    }

    /// The status, if there was an answer.
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Answered { status, .. } => Some(*status),
            Self::Failed { .. } | Self::Stated { .. } | Self::Unfit { .. } => None,
        }
    }

    /// What the receiver asks for in `Retry-After`.
    pub fn retry_after(&self) -> Option<&str> {
        match self {
            Self::Answered { retry_after, .. } => retry_after.as_deref(),
            Self::Failed { .. } | Self::Stated { .. } | Self::Unfit { .. } => None,
        }
    }

    /// In words, for whoever mends it: `503: no workers left`.
    pub fn describe(&self) -> String {
        let (first, rest) = match self {
            Self::Answered { status, body, .. } if self.breaks_off() => {
                (format!("{status}, and an answer that broke off"), body.as_str())
            }
            Self::Answered { status, body, .. } => (status.to_string(), body.as_str()),
            Self::Stated { sqlstate, detail } => (format!("SQLSTATE {sqlstate}"), detail.as_str()),
            Self::Failed { error: Failure::TimedOut, detail } => {
                ("no answer in time".into(), detail.as_str())
            }
            Self::Failed { error: Failure::Unreachable, detail } => ("no connection".into(), detail.as_str()),
            Self::Unfit { unfit } => ("not sent".into(), unfit.as_str()),
        };
        let rest = rest.trim();
        let mut end = rest.len().min(crate::limits::MAX_DETAIL_BYTES);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        match rest.get(..end) {
            None | Some("") => first,
            Some(rest) => format!("{first}: {rest}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16) -> Outcome {
        Outcome::answered(status, "")
    }

    #[test]
    fn every_status_has_a_verdict() {
        for (statuses, verdict) in [
            (&[200, 202, 204][..], Verdict::Done),
            (&[408, 425, 429, 503], Verdict::Busy),
            (&[500, 502, 504, 599, 100, 0, 999], Verdict::Faulted),
            (&[400, 409, 413, 415, 422], Verdict::Refused),
            (&[301, 302, 304, 308, 401, 403, 404, 405], Verdict::Denied),
            (&[410], Verdict::Gone),
        ] {
            for status in statuses {
                assert_eq!(answered(*status).by_status(), verdict, "{status}");
            }
        }
    }

    #[test]
    fn outcomes_are_read_and_told() {
        let read = |text| serde_json::from_str::<Outcome>(text).unwrap();
        assert_eq!(read(r#"{"status":204}"#), answered(204));
        assert_eq!(read(r#"{"status":500,"body":" boom\n"}"#).describe(), "500: boom");
        assert_eq!(read(r#"{"error":"timed_out"}"#).describe(), "no answer in time");
        let long = Outcome::answered(400, &"é".repeat(400));
        assert!(long.describe().len() <= crate::limits::MAX_DETAIL_BYTES + 5);
    }

    #[test]
    fn an_answer_breaks_off_where_its_json_may_go_on() {
        let cut = |body: &str| {
            let text = serde_json::json!({ "status": 200, "body": body, "is_cut": true }).to_string();
            serde_json::from_str::<Outcome>(&text).unwrap().breaks_off()
        };
        for body in ["", " \n", "{", r#"{"refused":["#, r#" {"refused":[{"event_id":"a"}]"#] {
            assert!(cut(body), "{body}");
            assert!(!Outcome::answered(200, body).breaks_off(), "all of it has come: {body}");
        }
        for body in ["<html>", "thank you", r#"{"refused":[]}"#] {
            assert!(!cut(body), "{body}");
        }
    }
}
