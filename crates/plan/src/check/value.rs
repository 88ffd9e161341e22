//! One value, held against what the plan lets it be.

use tallymark_event::json::{
    scan::Scanner,
    value::{Kind, Value},
};

use super::{
    Check, Result, format,
    path::{Path, cut},
};
use crate::{
    plan::{List, Number, Range, Shape, Text, Type},
    verdict::Rule,
};

/// Most of an enumeration that a violation lists, in bytes.
const MAX_LISTED_BYTES: usize = 400;

impl<'p> Check<'p> {
    pub(super) fn value(
        &mut self,
        scanner: &mut Scanner<'_>,
        shape: &'p Shape,
        path: &Path<'_>,
        is_private: bool,
    ) -> Result<()> {
        match (&shape.kind, scanner.peek()) {
            (Type::Object(object), Some(b'{')) if !object.is_open() => {
                return self.object(scanner, object, path, is_private);
            }
            (Type::Array(list), Some(b'[')) => return self.list(scanner, list, path, is_private),
            _ => {}
        }
        let value = scanner.value()?;
        if shape.is_nullable && value.is_null() {
            return Ok(());
        }
        let kind = value.kind();
        match &shape.kind {
            Type::Boolean if kind == Kind::Bool => {}
            Type::Integer(range) if kind == Kind::Number && is_whole(value.as_str()) => {
                self.number(value, range, path, is_private);
            }
            Type::Number(range) if kind == Kind::Number => self.number(value, range, path, is_private),
            Type::String(text) if kind == Kind::String => self.text(value, text, path, is_private),
            Type::Timestamp if kind == Kind::String => {
                self.format(format::is_timestamp(value), shape, value, path, is_private);
            }
            Type::Date if kind == Kind::String => {
                self.format(format::is_date(value), shape, value, path, is_private);
            }
            Type::Uuid if kind == Kind::String => {
                self.format(format::is_uuid(value), shape, value, path, is_private);
            }
            Type::Url if kind == Kind::String => {
                self.format(format::is_url(value), shape, value, path, is_private);
            }
            Type::Object(_) if kind == Kind::Object => {}
            _ => self.wrong_type(path, &description(shape), value, is_private),
        }
        Ok(())
    }

    fn list(
        &mut self,
        scanner: &mut Scanner<'_>,
        list: &'p List,
        path: &Path<'_>,
        is_private: bool,
    ) -> Result<()> {
        scanner.enter_array()?;
        let mut first = true;
        let mut items = 0;
        while scanner.next_item(&mut first)? {
            self.value(scanner, &list.items, &Path::Item(path, items), is_private)?;
            items += 1;
        }
        let got = || format!("{items} items");
        if let Some(min) = list.min_items.filter(|min| items < *min as usize) {
            self.violation(path, Rule::TooFewItems, || format!("at least {min} items"), got);
        }
        if let Some(max) = list.max_items.filter(|max| items > *max as usize) {
            self.violation(path, Rule::TooManyItems, || format!("at most {max} items"), got);
        }
        Ok(())
    }

    fn number(&mut self, value: Value<'_>, range: &Range, path: &Path<'_>, is_private: bool) {
        if range.min.is_none() && range.max.is_none() && range.one_of.is_empty() {
            return;
        }
        let number = double(value.as_str());
        let got = || echo(value, is_private);
        if !range.one_of.is_empty() && !range.one_of.iter().any(|one| is_same(one, number)) {
            let expected = || listed(range.one_of.iter().map(|one| one.text.as_str()));
            self.violation(path, Rule::NotInEnum, expected, got);
        } else if let Some(min) = range.min.as_ref().filter(|min| number < min.value) {
            self.violation(path, Rule::OutOfRange, || format!("at least {}", min.text), got);
        } else if let Some(max) = range.max.as_ref().filter(|max| number > max.value) {
            self.violation(path, Rule::OutOfRange, || format!("at most {}", max.text), got);
        }
    }

    fn text(&mut self, value: Value<'_>, text: &Text, path: &Path<'_>, is_private: bool) {
        let got = || echo(value, is_private);
        if !text.one_of.is_empty() {
            if !text.one_of.iter().any(|one| is_text(value, one)) {
                let expected = || listed(text.one_of.iter().map(String::as_str));
                self.violation(path, Rule::NotInEnum, expected, got);
            }
            return;
        }
        // No text has more characters than its JSON has bytes: most need no counting.
        let most = value.as_str().len() - 2;
        if let Some(max) = text.max_length.filter(|max| most > *max as usize && length(value) > *max as usize)
        {
            self.violation(path, Rule::TooLong, || format!("at most {max} characters"), got);
        }
        if let Some(min) = text.min_length.filter(|min| *min > 0 && length(value) < *min as usize) {
            self.violation(path, Rule::TooShort, || format!("at least {min} characters"), got);
        }
        if let Some(pattern) = &text.pattern
            && !value.chars().is_some_and(|chars| pattern.matches(chars))
        {
            self.violation(path, Rule::Pattern, || pattern.as_str().to_owned(), got);
        }
    }

    fn format(&mut self, is_good: bool, shape: &Shape, value: Value<'_>, path: &Path<'_>, is_private: bool) {
        if !is_good {
            self.violation(path, Rule::WrongFormat, || description(shape), || echo(value, is_private));
        }
    }

    pub(super) fn wrong_type(&mut self, path: &Path<'_>, expected: &str, value: Value<'_>, is_private: bool) {
        self.violation(path, Rule::WrongType, || expected.to_owned(), || echo(value, is_private));
    }
}

/// What a value may be, in words.
pub(super) fn description(shape: &Shape) -> String {
    let words = match &shape.kind {
        Type::Boolean => "true or false",
        Type::Integer(_) => "a whole number",
        Type::Number(_) => "a number",
        Type::String(_) => "a string",
        Type::Timestamp => "a timestamp, as 2026-11-21T09:30:00Z",
        Type::Date => "a date, as 2026-11-21",
        Type::Uuid => "a UUID",
        Type::Url => "an absolute URL",
        Type::Object(_) => "an object",
        Type::Array(_) => "an array",
    };
    if shape.is_nullable { format!("{words}, or null") } else { words.to_owned() }
}

/// What a violation repeats of a value: of a private one no more than its kind and length.
fn echo(value: Value<'_>, is_private: bool) -> String {
    match value.kind() {
        Kind::Null => "null".to_owned(),
        kind if is_private => format!("{} of {} bytes", kind.name(), value.as_str().len()),
        kind => format!("{}: {}", kind.name(), cut(value.as_str())),
    }
}

fn listed<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::from("one of ");
    for (at, value) in values.enumerate() {
        if out.len() > MAX_LISTED_BYTES {
            out.push_str(", …");
            break;
        }
        out.push_str(if at > 0 { ", " } else { "" });
        out.push_str(value);
    }
    out
}

/// Whether a number has no fraction, however it is written.
fn is_whole(number: &str) -> bool {
    let is_plain = number.bytes().all(|c| c.is_ascii_digit() || c == b'-');
    is_plain || double(number) % 1.0 == 0.0
}

/// The double that a number stands for. Most are short and whole, and need no parser of floats.
fn double(number: &str) -> f64 {
    /// Below 2^53, whatever the digits.
    const MAX_EXACT_DIGITS: usize = 15;
    let digits = number.strip_prefix('-').unwrap_or(number);
    if digits.len() <= MAX_EXACT_DIGITS && digits.bytes().all(|c| c.is_ascii_digit()) {
        let magnitude = digits.bytes().fold(0u64, |value, c| value * 10 + u64::from(c - b'0'));
        #[allow(clippy::cast_precision_loss)] // see MAX_EXACT_DIGITS
        let magnitude = magnitude as f64;
        return if digits.len() < number.len() { -magnitude } else { magnitude };
    }
    number.parse().unwrap_or(f64::NAN)
}

#[allow(clippy::float_cmp)] // JSON Schema's enum means the very number
fn is_same(one: &Number, number: f64) -> bool {
    one.value == number
}

fn is_text(value: Value<'_>, text: &str) -> bool {
    match plain(value) {
        Some(raw) => raw == text,
        None => value.chars().is_some_and(|chars| chars.eq(text.chars())),
    }
}

/// Characters of a string.
fn length(value: Value<'_>) -> usize {
    match plain(value) {
        Some(raw) => raw.chars().count(),
        None => value.chars().map_or(0, Iterator::count),
    }
}

/// A string's text, if it stands there without escapes.
fn plain(value: Value<'_>) -> Option<&str> {
    if value.is_escaped() { None } else { value.as_str().strip_prefix('"')?.strip_suffix('"') }
}
