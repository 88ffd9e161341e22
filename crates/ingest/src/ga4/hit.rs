//! The hits of a request to `/g/collect`: form decoding, and which part of a request goes with which event.

use std::{borrow::Cow, collections::BTreeMap};

use crate::{Refusal, Request, decode::percent_decoded, limits};

/// Parameters by name; of one that comes twice the last counts.
type Parameters = BTreeMap<String, String>;

/// What a request says: parameters of its address, which hold for all its events, and a line for each event.
#[derive(Clone, Debug)]
pub(super) struct Hits {
    shared: Parameters,
    /// Empty: the address alone is the event.
    lines: Vec<Parameters>,
}

/// One event: its line's parameters over those of the address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit<'h> {
    shared: &'h Parameters,
    own: Option<&'h Parameters>,
    /// Its place among several events of one request, from 1.
    pub(super) index: Option<usize>,
}

impl Hits {
    pub(super) fn read(request: &Request<'_>) -> Result<Self, Refusal> {
        if request.body.len() > limits::MAX_GA4_BODY_BYTES {
            return Err(Refusal::BodyTooLarge);
        }
        let mut lines = Vec::new();
        // gtag writes `\r\n`, other clients `\n`.
        for line in request.body.split(|c| *c == b'\n').map(<[u8]>::trim_ascii) {
            if line.is_empty() {
                continue;
            }
            if lines.len() == limits::MAX_HITS_PER_REQUEST {
                return Err(Refusal::TooManyEvents);
            }
            lines.push(parameters(line));
        }
        Ok(Self { shared: parameters(request.query.as_bytes()), lines })
    }

    /// The events, in the order of their lines.
    pub(super) fn each(&self) -> impl Iterator<Item = Hit<'_>> {
        let alone = self.lines.is_empty().then_some(Hit { shared: &self.shared, own: None, index: None });
        let several = self.lines.len() > 1;
        let lines = self.lines.iter().enumerate().map(move |(at, line)| Hit {
            shared: &self.shared,
            own: Some(line),
            index: several.then_some(at + 1),
        });
        alone.into_iter().chain(lines)
    }
}

impl<'h> Hit<'h> {
    /// A parameter's value, unless it is absent or empty.
    pub(super) fn get(&self, name: &str) -> Option<&'h str> {
        let value = self.own.and_then(|own| own.get(name)).or_else(|| self.shared.get(name))?;
        (!value.is_empty()).then_some(value.as_str())
    }

    /// Whether a flag is set: GA writes 1, or 2 where the event is a key event as well.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| !matches!(value, "0" | "false"))
    }

    /// The parameters whose names begin with `prefix`, by what follows it; empty values too.
    pub(super) fn with_prefix(&self, prefix: &'static str) -> impl Iterator<Item = (&'h str, &'h str)> {
        let named = move |parameters: &'h Parameters| {
            let from = parameters.range(prefix.to_owned()..);
            from.map_while(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_str(), name)))
        };
        let own = self.own;
        let inherited =
            named(self.shared).filter(move |(_, _, name)| !own.is_some_and(|own| own.contains_key(*name)));
        own.into_iter().flat_map(named).chain(inherited).map(|(name, value, _)| (name, value))
    }
}

/// Decodes form data. A pair without `=` has an empty value.
fn parameters(text: &[u8]) -> Parameters {
    let pairs = text.split(|c| *c == b'&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let mut halves = pair.splitn(2, |c| *c == b'=');
            let mut half = || decoded(halves.next().unwrap_or_default());
            (half(), half())
        })
        .collect()
}

/// Text of form data: what is no UTF-8, or NUL (which no database holds), becomes U+FFFD.
fn decoded(raw: &[u8]) -> String {
    let bytes: Cow<'_, [u8]> = if raw.iter().any(|c| matches!(c, b'%' | b'+')) {
        Cow::Owned(percent_decoded(raw))
    } else {
        Cow::Borrowed(raw)
    };
    let text = String::from_utf8_lossy(&bytes);
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text.into_owned() }
}

/// Decodes a value once more, for what some clients encode twice.
pub(super) fn decoded_again(value: &str) -> String {
    decoded(value.as_bytes())
}
