//! What captures an event: calls of `capture`, `track` and `gtag`, and elements with `data-tm-event`.

use regex::{Captures, Regex};
use tallymark_event::names::event_from_ga4;

use super::{
    arguments::{literal, named, split},
    language::{Comments, Language},
};

/// Objects whose `capture` or `track` is no camera's: of them, names that can't be read are worth a note.
const CLIENTS: [&str; 3] = ["tallymark", "posthog", "analytics"];

/// What gives an event its name among arguments that have names.
const NAMES_OF_EVENT: [&str; 2] = ["event", "event_name"];

/// A place that captures an event.
pub(super) struct Capture {
    /// Of the name, or of the call if the name can't be read.
    pub(super) offset: usize,
    /// The event's name, as it is stored; `None` if it is not written there.
    pub(super) event: Option<String>,
    pub(super) how: How,
}

/// How an event is captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// By a call, in a page or anywhere.
    Call,
    /// By an element of a page.
    Markup,
}

/// Finds captures in texts.
pub(super) struct Scanner {
    comments: Comments,
    call: Regex,
    ruby_call: Regex,
    markup: Regex,
    /// Functions that capture, beside those that are known.
    functions: Vec<String>,
}

impl Scanner {
    /// With more functions that capture, by name.
    pub(super) fn new(functions: &[String]) -> Result<Self, regex::Error> {
        let mut names = vec!["capture".to_owned(), "track".to_owned(), "gtag".to_owned()];
        names.extend(functions.iter().map(|name| regex::escape(name)));
        let names = names.join("|");
        // `posthog?.capture<Paid>(`; `Analytics::track(`; `useAnalytics().track(`
        let head = format!(
            r"(?:(?P<receiver>[\w$)\]]+)\s*(?:[?!&]?\.|::)\s*)?\b(?P<function>{names})(?:<[^<>(){{}};\n]*>)?(?:\?\.)?"
        );
        Ok(Self {
            comments: Comments::new()?,
            call: Regex::new(&format!(r"{head}\s*(?P<open>\()"))?,
            // `posthog.capture event: "paid"`
            ruby_call: Regex::new(&format!(
                r#"{head}(?:\s*(?P<open>\()|[ \t]+(?P<bare>["':]|[a-z_]+:[ \t]))"#
            ))?,
            markup: Regex::new(
                r#"(?P<before>[\[:\w-]*)\bdata-tm-event\s*=\s*\{?\s*(?P<value>"[^"]*"|'[^']*'|`[^`]*`|\w)"#,
            )?,
            functions: functions.to_vec(),
        })
    }

    /// What a text captures, in its order.
    pub(super) fn captures(&self, language: Language, text: &str) -> Vec<Capture> {
        let text = self.comments.blanked(language, text);
        let call = if language == Language::Ruby { &self.ruby_call } else { &self.call };
        let calls = call.captures_iter(&text).filter_map(|found| self.of_call(language, &text, &found));
        let elements = self.markup.captures_iter(&text).filter_map(|found| of_element(&text, &found));
        let mut captures: Vec<Capture> = calls.chain(elements).collect();
        captures.sort_by_key(|capture| capture.offset);
        captures
    }

    fn of_call(&self, language: Language, text: &str, found: &Captures<'_>) -> Option<Capture> {
        let function = found.name("function")?;
        let (start, close) = match (found.name("open"), found.name("bare")) {
            (Some(open), _) => (open.end(), b')'),
            (None, Some(first)) => (first.start(), b'\n'),
            (None, None) => return None,
        };
        let arguments = split(text.get(start..)?, close)?;
        let is_ours = self.functions.iter().any(|name| name == function.as_str());
        let value = match function.as_str() {
            "gtag" if literal(arguments.first()?) == Some("event") => arguments.get(1).copied(),
            "gtag" => return None,
            _ => value(language, &arguments, is_ours),
        };
        if let Some((value, name)) = value.and_then(|value| Some((value, literal(value)?))) {
            let event = if function.as_str() == "gtag" { event_from_ga4(name, true) } else { name };
            let offset = offset_of(text, value.trim_start());
            return Some(Capture { offset, event: Some(event.to_owned()), how: How::Call });
        }
        let receiver = found.name("receiver").map(|it| it.as_str().to_ascii_lowercase());
        let is_clients = receiver.is_some_and(|it| is_ours || CLIENTS.contains(&it.as_str()));
        (is_clients || function.as_str() == "gtag").then(|| Capture {
            offset: function.start(),
            event: None,
            how: How::Call,
        })
    }
}

/// The argument that is the event's name.
fn value<'t>(language: Language, arguments: &[&'t str], is_ours: bool) -> Option<&'t str> {
    let by_name = |among: &[&'t str]| NAMES_OF_EVENT.iter().find_map(|name| named(among, name));
    let first = arguments.first()?;
    // posthog-node and the Ruby clients take an object: `capture({ distinctId, event: "paid" })`.
    if let Some(members) = first.trim_start().strip_prefix('{') {
        return by_name(&split(members, b'}')?);
    }
    let has_named_arguments = matches!(language, Language::Python | Language::Ruby);
    if let Some(value) = has_named_arguments.then(|| by_name(arguments)).flatten() {
        return Some(value);
    }
    // Segment's and older PostHog clients for Python: `capture(distinct_id, "paid")`.
    let second = arguments.get(1).filter(|second| language == Language::Python && literal(second).is_some());
    second.filter(|_| !is_ours).or(Some(first)).copied()
}

fn of_element(text: &str, found: &Captures<'_>) -> Option<Capture> {
    let value = found.name("value")?;
    let before = found.name("before").map_or("", |it| it.as_str());
    // `[data-tm-event="paid"]` looks for an element, and is none.
    if before.ends_with('[') {
        return None;
    }
    // `:data-tm-event="…"` of Vue is an expression, and a template puts its value together.
    let is_plain = |name: &&str| !["{{", "{%", "<%", "<?", "&"].iter().any(|sign| name.contains(sign));
    let event = literal(value.as_str()).filter(|_| before.is_empty()).filter(is_plain).map(str::to_owned);
    Some(Capture { offset: offset_of(text, value.as_str()), event, how: How::Markup })
}

/// Where a part of a text begins.
fn offset_of(text: &str, part: &str) -> usize {
    part.as_ptr().addr().saturating_sub(text.as_ptr().addr())
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    fn names(language: Language, text: &str) -> Vec<Option<String>> {
        let captures = Scanner::new(&[]).unwrap().captures(language, text);
        captures.into_iter().map(|capture| capture.event).collect()
    }

    #[test]
    fn no_beginning_of_a_source_stops_it() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/source");
        let scanner = Scanner::new(&[]).unwrap();
        let mut files = 0;
        for folder in ["good", "strange"].map(|name| folder.join(name)) {
            for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                let Some(language) = Language::of(&path) else { continue };
                let text = fs::read_to_string(&path).unwrap();
                files += 1;
                for (end, _) in text.char_indices() {
                    let captures = scanner.captures(language, text.get(..end).unwrap());
                    assert!(captures.iter().all(|capture| capture.offset < end), "{}: {end}", path.display());
                }
            }
        }
        assert!(files >= 9);
    }

    #[test]
    fn a_name_that_is_put_together_is_not_guessed() {
        for text in ["'a' + b", "a ? 'b' : 'c'", "`a${b}`", "NAMES.paid", "'it\\'s'", ""] {
            let call = format!("posthog.capture({text})");
            assert_eq!(names(Language::Script, &call), [None], "{call}");
        }
        assert_eq!(names(Language::Python, "posthog.capture(f'paid_{kind}')"), [None]);
        assert_eq!(names(Language::Ruby, "posthog.capture(event: \"paid_#{kind}\")"), [None]);
    }

    #[test]
    fn what_only_looks_alike_is_none() {
        for text in [
            "recapture('a')",
            "captured('a')",
            "video.capture(stream)",
            "function capture(name) {}",
            "capture.call(this, 'a')",
            "gtag('config', 'G-1')",
            "capture('a'",
        ] {
            assert_eq!(names(Language::Script, text), [], "{text}");
        }
    }
}
