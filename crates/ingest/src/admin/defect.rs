//! What calls of administration alone are refused for.

use tallymark_event::json;
use tallymark_plan::Diagnostic;

use crate::{Refusal, limits::MAX_PLAN_RECORD_BYTES, text};

/// Why a call is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Defect {
    /// 403: the collector knows of no operator.
    Disabled,
    /// 401: a token that is none of an operator's.
    NoOperator,
    /// 404: what the call is about is not there.
    Absent {
        /// What is not there.
        what: &'static str,
        /// How to see what is.
        remedy: &'static str,
    },
    /// 409: it can't be done to what is there.
    Conflict {
        /// Why not, and what to do.
        detail: &'static str,
    },
    /// 400: the plan can't be read.
    Plan(Vec<Diagnostic>),
    /// 413: the plan's record would be larger than [`MAX_PLAN_RECORD_BYTES`].
    PlanTooLarge {
        /// How large it would be.
        bytes: usize,
    },
    /// 400: the record is not of its kind.
    Record {
        /// What is wrong with it, and what to do.
        detail: String,
    },
}

impl From<Defect> for Refusal {
    fn from(defect: Defect) -> Self {
        Self::Admin(defect)
    }
}

impl Defect {
    pub(crate) const fn status(&self) -> u16 {
        match self {
            Self::Plan(_) | Self::Record { .. } => 400,
            Self::NoOperator => 401,
            Self::Disabled => 403,
            Self::Absent { .. } => 404,
            Self::Conflict { .. } => 409,
            Self::PlanTooLarge { .. } => 413,
        }
    }

    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Disabled => "admin_disabled",
            Self::NoOperator => "invalid_admin_token",
            Self::Absent { .. } => "not_found",
            Self::Conflict { .. } => "conflict",
            Self::Plan(_) => "invalid_plan",
            Self::PlanTooLarge { .. } => "plan_too_large",
            Self::Record { .. } => "invalid_record",
        }
    }

    pub(crate) const fn attr(&self) -> Option<&'static str> {
        match self {
            Self::NoOperator => Some("Authorization"),
            Self::Plan(_) | Self::PlanTooLarge { .. } => Some("plan"),
            Self::Record { .. } => Some("body"),
            Self::Disabled | Self::Absent { .. } | Self::Conflict { .. } => None,
        }
    }

    pub(crate) fn detail(&self) -> String {
        match self {
            Self::Disabled => "administration is off here: set the collector's ADMIN_TOKEN_SHA256 to what \
                               `tallymark keys admin-token` says"
                .into(),
            Self::NoOperator => {
                "no operator has this token: compare ADMIN_TOKEN_SHA256 with its SHA-256".into()
            }
            Self::Absent { what, remedy } => format!("{what} is not there: {remedy}"),
            Self::Conflict { detail } => (*detail).into(),
            Self::Plan(problems) => match problems.as_slice() {
                [] => "the plan can't be read".into(),
                [only] => format!("the plan can't be read: {only}"),
                [first, rest @ ..] => format!("the plan can't be read: {first} (and {} more)", rest.len()),
            },
            Self::PlanTooLarge { bytes } => format!(
                "the plan takes {bytes} bytes, and may take {MAX_PLAN_RECORD_BYTES}: leave events out that nobody sends"
            ),
            Self::Record { detail } => detail.clone(),
        }
    }

    /// Further members of the answer, each with a comma in front: what is wrong with a plan, place by place.
    pub(crate) fn write_more(&self, out: &mut String) {
        let Self::Plan(problems) = self else { return };
        out.push_str(",\"problems\":[");
        for (at, Diagnostic { path, line, column, message, remedy }) in problems.iter().enumerate() {
            out.push_str(if at > 0 { ",{\"path\":" } else { "{\"path\":" });
            out.push_str(&text::quoted(path));
            for (name, number) in [(",\"line\":", *line), (",\"column\":", *column)] {
                out.push_str(name);
                json::write_u64(out, number as u64);
            }
            for (name, words) in [(",\"message\":", message), (",\"remedy\":", remedy)] {
                out.push_str(name);
                out.push_str(&text::quoted(words));
            }
            out.push('}');
        }
        out.push(']');
    }
}
