//! Where an event came from, in so far as it decides about the event: what a quarantined row keeps of its request, so
//! that a replay gives the row which the request would have given.

use std::borrow::Cow;

use tallymark_event::{Source, Trust, json, wire};

use crate::{
    Protocol,
    admit::Admission,
    decode::{Kind, Value, fields, items},
    text::{self, Text},
};

/// What a request says of its events. Its clocks are in the context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Provenance<'a> {
    pub(crate) protocol: Protocol,
    pub(crate) source: Source,
    pub(crate) trust: Trust,
    /// See [`Admission::user_id`].
    pub(crate) user_id: Option<Text<'static>>,
    /// The request's part of the event's context: a JSON object without its closing brace.
    pub(crate) context_start: &'a str,
    /// Of a quarantined row only.
    pub(crate) marks: Marks,
}

/// What was done to an event's body before it was quarantined, so that a replay neither does it again nor takes it for the
/// client's doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// Where the plan had something dropped or hashed: `address.city`.
    pub(crate) withheld: Vec<String>,
    /// How many secrets were replaced.
    pub(crate) redacted: u32,
    /// What is withheld was not as the plan wants it, and nobody can look at it again.
    pub(crate) is_spoilt: bool,
}

impl Marks {
    fn write(&self, out: &mut String) {
        for (at, path) in self.withheld.iter().enumerate() {
            out.push_str(if at > 0 { "," } else { ",\"withheld\":[" });
            out.push_str(&text::quoted(path));
        }
        if !self.withheld.is_empty() {
            out.push(']');
        }
        if self.redacted > 0 {
            out.push_str(",\"redacted\":");
            json::write_u64(out, u64::from(self.redacted));
        }
        if self.is_spoilt {
            out.push_str(",\"is_spoilt\":true");
        }
    }

    /// `None` if it is not as [`Self::write`] has written it.
    fn read(text: &str) -> Option<Self> {
        let [withheld, redacted, is_spoilt] = fields(text, [b"withheld", b"redacted", b"is_spoilt"]).ok()?;
        let path = |value: Value<'_>| value.string().map(Cow::into_owned);
        Some(Self {
            withheld: match withheld {
                None => Vec::new(),
                // No text has more items than bytes.
                Some(paths) => items(paths, text.len())?.into_iter().map(path).collect::<Option<_>>()?,
            },
            redacted: match redacted {
                None => 0,
                Some(count) => u32::try_from(count.integer()?).ok()?,
            },
            is_spoilt: is_spoilt.is_some_and(Value::is_true),
        })
    }
}

impl<'a> Provenance<'a> {
    /// Appends `{"protocol":"batch","source":"browser","trust":"token","user_id":"42","context":{…}}`, in front of the
    /// context also the marks that there are.
    pub(crate) fn write(&self, out: &mut String) {
        for (key, name) in [
            ("{\"protocol\":", self.protocol.judging_name()),
            (",\"source\":", self.source.name()),
            (",\"trust\":", self.trust.name()),
        ] {
            out.push_str(key);
            json::write_str(out, name);
        }
        if let Some(user_id) = &self.user_id {
            out.push_str(",\"user_id\":");
            out.push_str(user_id);
        }
        self.marks.write(out);
        out.push_str(",\"context\":");
        out.push_str(self.context_start);
        out.push_str("}}");
    }

    /// Reads what [`Self::write`] has written, white space or not; `None` if it is anything else.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let [protocol, source, trust, user_id, context] =
            fields(text, [b"protocol", b"source", b"trust", b"user_id", b"context"]).ok()?;
        let protocol = protocol?.string()?;
        Some(Self {
            protocol: Protocol::JUDGING.into_iter().find(|(name, _)| *name == protocol)?.1,
            source: Source::from_name(&source?.string()?)?,
            trust: Trust::from_name(&trust?.string()?)?,
            user_id: match user_id {
                Some(user_id) if user_id.kind() != Kind::String => return None,
                user_id => user_id.map(|user_id| Text::Owned(user_id.as_str().to_owned())),
            },
            context_start: context?.as_str().strip_suffix('}').filter(|start| start.starts_with("{\""))?,
            marks: Marks::read(text)?,
        })
    }

    /// What the client's clock was found to be behind, in ms.
    pub(crate) fn clock_shift_ms(&self) -> i64 {
        self.in_context(b"clock_shift_ms").and_then(|shift| shift.parse().ok()).unwrap_or_default()
    }

    /// Whether it said that Global Privacy Control is on.
    pub(crate) fn has_gpc(&self) -> bool {
        self.in_context(wire::CONTEXT_GPC.as_bytes()).is_some_and(|gpc| gpc == "true")
    }

    /// The JSON text of a member.
    fn in_context(&self, name: &[u8]) -> Option<String> {
        let context = [self.context_start, "}"].concat();
        // It has been read as an object already.
        let [value] = fields(&context, [name]).ok()?;
        value.map(|value| value.as_str().to_owned())
    }

    /// In whose name the request spoke.
    pub(crate) const fn admission<'k>(&'k self, organization_id: &'k str) -> Admission<'k> {
        Admission { organization_id, source: self.source, trust: self.trust, user_id: self.user_id.as_ref() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_was_written() {
        for (protocol, judged_as) in [
            (Protocol::Beacon, Protocol::Batch),
            (Protocol::Collect { as_image: true }, Protocol::Batch),
            (Protocol::CaptureV1, Protocol::CaptureV1),
            (Protocol::DomainEvents, Protocol::DomainEvents),
        ] {
            for trust in [Trust::Key, Trust::Origin, Trust::Token, Trust::Server] {
                let user_id = (trust == Trust::Token).then(|| "\"4\\\"2\"".into());
                let context_start =
                    "{\"dialect\":\"x\",\"clock_shift_ms\":-300000,\"user_agent\":\"a}\\\"b\"";
                let marks = Marks {
                    withheld: vec!["email".into(), "address.\"city\"".into()],
                    redacted: 2,
                    is_spoilt: trust == Trust::Key,
                };
                let written =
                    Provenance { protocol, source: Source::Browser, trust, user_id, context_start, marks };
                let mut text = String::new();
                written.write(&mut text);
                let read = Provenance::read(&text).unwrap();
                assert_eq!(read, Provenance { protocol: judged_as, ..written });
                assert_eq!(read.clock_shift_ms(), -300_000);
                assert!(!read.has_gpc());
                let context_start = "{\"dialect\":\"x\",\"gpc\":true";
                assert!(Provenance { context_start, ..read }.has_gpc());
            }
        }
    }

    #[test]
    fn what_is_none() {
        let good =
            r#"{"protocol":"batch","source":"server","trust":"server","context":{"dialect":"posthog"}}"#;
        assert_eq!(Provenance::read(good).unwrap().clock_shift_ms(), 0);
        for bad in [
            "",
            "null",
            "{}",
            "7",
            &good.replace("batch", "Batch"),
            &good.replace("\"server\",\"trust\"", "\"page\",\"trust\""),
            &good.replace("\"server\",\"context\"", "7,\"context\""),
            &good.replace("\"context\"", "\"user_id\":7,\"context\""),
            &good.replace("\"context\"", "\"withheld\":[7],\"context\""),
            &good.replace("\"context\"", "\"redacted\":-1,\"context\""),
            &good.replace("{\"dialect\":\"posthog\"}", "{}"),
            &good.replace("{\"dialect\":\"posthog\"}", "[]"),
            good.strip_suffix('}').unwrap(),
        ] {
            assert_eq!(Provenance::read(bad), None, "{bad}");
        }
    }
}
