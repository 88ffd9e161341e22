//! An event, held against the plan: the same code in the page, at the edge and in the command line.
//!
//! One pass over the text of the properties. A good event costs no allocation; texts are made for violations alone.
//!
//! # What JSON Schema cannot say
//! [`crate::schema`] gives the same verdicts, but for `max_bytes`, since a validator sees no bytes, and for properties
//! that come twice, since it sees only one of them.

pub(crate) mod format;
mod path;
mod value;

use tallymark_event::{
    RawJson, Source,
    json::scan::{Malformed, Scanner, Unstorable, each_member},
};

use crate::{
    Plan,
    limits::MAX_VIOLATIONS,
    plan::{Deprecation, Object, Origin, Unknown, is_reserved},
    verdict::{Note, Rule, Verdict, Violation},
};

use path::Path;

/// What a plan judges an event by.
#[derive(Clone, Copy, Debug)]
pub struct EventFacts<'e> {
    /// Its name.
    pub name: &'e str,
    /// Where it comes from, by its key and never by its own word.
    pub source: Source,
    /// The version of its shape that it claims; 1 if it claims none.
    pub schema_version: u32,
    /// What it happened to, if it says so.
    pub entity_type: Option<&'e str>,
    /// Its properties, an object, as they came.
    pub properties: RawJson<'e>,
}

impl Plan {
    /// Judges an event.
    pub fn check(&self, facts: &EventFacts<'_>) -> Verdict<'_> {
        let Some(event) = self.event(facts.name) else {
            let mut check = Check::new(self.policy.unknown_properties);
            if self.policy.unknown_events == Unknown::Reject && !facts.name.starts_with('$') {
                let expected = || format!("an event of the plan {}", self.name);
                check.violation(&Path::Envelope("event_name"), Rule::UnknownEvent, expected, || {
                    path::cut(facts.name)
                });
            }
            return check.verdict;
        };
        let mut check = Check::new(self.unknown_properties(event));
        check.verdict.event = Some(event);
        if let Some(deprecated) = &event.deprecated {
            check.note(&Path::Envelope("event_name"), deprecated);
        }
        let is_allowed = match event.origin {
            Origin::Any => true,
            Origin::Browser => facts.source == Source::Browser,
            Origin::Server => facts.source == Source::Server,
        };
        if !is_allowed {
            let (expected, got) = (event.origin.name(), facts.source.name());
            check.violation(
                &Path::Envelope("source"),
                Rule::OriginNotAllowed,
                || expected.to_owned(),
                || got.to_owned(),
            );
        }
        if let (Some(expected), Some(got)) = (&event.entity, facts.entity_type)
            && expected != got
        {
            check.violation(
                &Path::Envelope("entity_type"),
                Rule::WrongEntity,
                || expected.clone(),
                || path::cut(got),
            );
        }
        if facts.schema_version > event.schema_version {
            let expected = || format!("at most {}, the plan's", event.schema_version);
            let got = || facts.schema_version.to_string();
            check.violation(&Path::Envelope("schema_version"), Rule::UnknownVersion, expected, got);
        }
        check.properties(&event.properties, facts.properties.as_str());
        if let Some(max) = self.max_bytes(event)
            && check.own_bytes > max as usize
        {
            let (expected, got) = (|| format!("at most {max} bytes"), format!("{} bytes", check.own_bytes));
            check.violation(&Path::Properties, Rule::TooLarge, expected, || got);
        }
        check.verdict
    }
}

/// A check under way.
struct Check<'p> {
    verdict: Verdict<'p>,
    unknown_properties: Unknown,
    /// What the properties take, without those whose names are reserved.
    own_bytes: usize,
}

type Result<T> = core::result::Result<T, Malformed>;

impl<'p> Check<'p> {
    fn new(unknown_properties: Unknown) -> Self {
        Self { verdict: Verdict::default(), unknown_properties, own_bytes: "{}".len() }
    }

    fn properties(&mut self, object: &'p Object, text: &str) {
        let mut scanner = Scanner::new(text);
        let read = self.object(&mut scanner, object, &Path::Properties, false).and_then(|()| scanner.end());
        let problem = match (read, scanner.take_unstorable()) {
            (Err(malformed), _) => malformed.problem(),
            (_, Some(Unstorable::LoneSurrogate)) => "half a surrogate pair",
            (_, Some(Unstorable::NumberOutOfRange)) => "a number beyond a double's range",
            (_, Some(Unstorable::TooDeep)) => "nested too deep",
            (Ok(()), None) => return,
        };
        self.violation(
            &Path::Properties,
            Rule::Unreadable,
            || "JSON that can be stored".to_owned(),
            || problem.to_owned(),
        );
    }

    /// `is_private`: its values are not repeated in violations.
    fn object(
        &mut self,
        scanner: &mut Scanner<'_>,
        object: &'p Object,
        path: &Path<'_>,
        is_private: bool,
    ) -> Result<()> {
        if scanner.peek() != Some(b'{') {
            let value = scanner.value()?;
            self.wrong_type(path, "an object", value, is_private);
            return Ok(());
        }
        let mut seen = 0u128;
        let mut next = 0;
        each_member(scanner, |scanner, key| {
            let name = key.name();
            let path_here = Path::Member(path, &name);
            if let Some((at, property)) = object.find_from(next, &name) {
                next = at + 1;
                if seen >> at & 1 == 1 {
                    let expected = || "it once".to_owned();
                    self.violation(&path_here, Rule::DuplicateProperty, expected, || "it again".to_owned());
                }
                seen |= 1 << at;
                if let Some(deprecated) = &property.deprecated {
                    self.note(&path_here, deprecated);
                }
                let is_private = is_private || property.pii.is_some();
                self.value(scanner, &property.shape, &path_here, is_private)?;
            } else {
                let value = scanner.value()?;
                let is_stranger = !(path.is_top() && is_reserved(&name));
                if self.unknown_properties == Unknown::Reject && is_stranger {
                    let expected = || "a property of the plan".to_owned();
                    let got = || value.kind().name().to_owned();
                    self.violation(&path_here, Rule::UnknownProperty, expected, got);
                }
            }
            if path.is_top() && !is_reserved(&name) {
                self.own_bytes += scanner.at() - key.start + usize::from(self.own_bytes > "{}".len());
            }
            Ok(())
        })?;
        let mut missing = object.required() & !seen;
        while missing != 0 {
            let at = missing.trailing_zeros() as usize;
            missing &= missing - 1;
            if let Some(property) = object.properties().get(at) {
                let path = Path::Member(path, property.name.as_bytes());
                let expected = || value::description(&property.shape);
                self.violation(&path, Rule::MissingRequired, expected, || "nothing".to_owned());
            }
        }
        Ok(())
    }

    #[cold]
    fn violation(
        &mut self,
        path: &Path<'_>,
        rule: Rule,
        expected: impl FnOnce() -> String,
        got: impl FnOnce() -> String,
    ) {
        if self.verdict.violations.len() >= MAX_VIOLATIONS {
            self.verdict.omitted = self.verdict.omitted.saturating_add(1);
            return;
        }
        let violation = Violation { path: path.to_string(), rule, expected: expected(), got: got() };
        self.verdict.violations.push(violation);
    }

    #[cold]
    fn note(&mut self, path: &Path<'_>, deprecated: &'p Deprecation) {
        if self.verdict.notes.len() < MAX_VIOLATIONS {
            self.verdict.notes.push(Note { path: path.to_string(), deprecated });
        }
    }
}
