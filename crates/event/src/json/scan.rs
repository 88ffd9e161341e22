//! A JSON scanner: one pass, validating, copying nothing.
//!
//! It checks the whole text against RFC 8259 and hands out slices of it. What makes it fast is what it does
//! not do: no tree, no unescaping, no allocation; strings are passed over many bytes at a time.
//!
//! It differs from `serde_json` in what no database can hold: half a surrogate pair, a number beyond a double,
//! nesting beyond [`MAX_DEPTH`]. That is no error of the text, but reported by [`Scanner::take_unstorable`], so that it
//! costs the one event and not the whole request. A value nested too deep is passed by its brackets alone.

use alloc::borrow::Cow;
use core::ops::Range;

use super::plain::plain_run;
use super::value::{Value, unescape};
use crate::limits::MAX_DEPTH;

/// Why a text is not JSON. Where, [`Scanner::at`] says: the scanner has stopped there. One byte, since every
/// string, number and key that is passed gives a `Result`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// The text ends within a value.
    CutShort,
    /// A container was entered beyond [`MAX_DEPTH`].
    TooDeep,
    /// Not the container that was to be entered.
    OtherKind,
    /// Neither a comma nor the end of the container.
    NoSeparator,
    /// A member without a key in quotes.
    NoKey,
    /// A key without its colon.
    NoColon,
    /// No value where one must be.
    NoValue,
    /// A number without a digit where one must be.
    NoDigit,
    /// A control character in a string, unescaped.
    ControlCharacter,
    /// A backslash and what JSON has no escape for.
    UnknownEscape,
    /// Fewer than four hexadecimal digits after `\u`.
    ShortEscape,
    /// Something after the JSON text.
    Trailing,
}

impl Malformed {
    /// What is wrong, for messages.
    pub const fn problem(self) -> &'static str {
        match self {
            Self::CutShort => "the text ends too early",
            Self::TooDeep => "nested too deep",
            Self::OtherKind => "another kind of value expected",
            Self::NoSeparator => "a comma or the end of the container expected",
            Self::NoKey => "a key in quotes expected",
            Self::NoColon => "a colon expected",
            Self::NoValue => "a value expected",
            Self::NoDigit => "a digit expected",
            Self::ControlCharacter => "a control character in a string: escape it",
            Self::UnknownEscape => "no such escape",
            Self::ShortEscape => "four hexadecimal digits expected",
            Self::Trailing => "something follows the JSON text",
        }
    }
}

/// Well-formed JSON that no database holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unstorable {
    /// An escape for one half of a surrogate pair, without the other.
    LoneSurrogate,
    /// A number beyond the range of a double.
    NumberOutOfRange,
    /// A container nested deeper than [`MAX_DEPTH`]. What is in it was not looked at, and may be no JSON at all.
    TooDeep,
}

/// A member's key: the text between the quotes.
#[derive(Clone, Copy, Debug)]
pub struct Key<'t> {
    /// As it stands, escapes included.
    raw: &'t [u8],
    escaped: bool,
    /// Offset of its opening quote.
    pub start: usize,
}

impl<'t> Key<'t> {
    /// The key's bytes, unescaped if that is needed (it almost never is).
    #[inline]
    pub fn name(&self) -> Cow<'t, [u8]> {
        if self.escaped { self.unescaped() } else { Cow::Borrowed(self.raw) }
    }

    #[cold]
    fn unescaped(&self) -> Cow<'t, [u8]> {
        Cow::Owned(unescape(core::str::from_utf8(self.raw).unwrap_or_default()).into_bytes())
    }
}

/// Reads one JSON text from front to back.
pub struct Scanner<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    /// Containers entered by `enter_*` and not yet left.
    depth: u32,
    unstorable: Option<Unstorable>,
}

/// Scans the members of an object and gives each to `member`, which reads the value.
pub fn each_member<'t>(
    scanner: &mut Scanner<'t>,
    mut member: impl FnMut(&mut Scanner<'t>, &Key<'t>) -> Result<()>,
) -> Result<()> {
    scanner.enter_object()?;
    let mut first = true;
    while let Some(key) = scanner.next_key(&mut first)? {
        member(scanner, &key)?;
    }
    Ok(())
}

type Result<T> = core::result::Result<T, Malformed>;

impl<'t> Scanner<'t> {
    /// At the text's beginning.
    pub const fn new(text: &'t str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0, depth: 0, unstorable: None }
    }

    /// Offset of the next byte to read.
    pub const fn at(&self) -> usize {
        self.at
    }

    /// What was met since the last call that is well-formed and can't be stored: the first of it.
    pub const fn take_unstorable(&mut self) -> Option<Unstorable> {
        self.unstorable.take()
    }

    /// The next byte that is not white space.
    #[inline]
    pub fn peek(&mut self) -> Option<u8> {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    /// Passes the end of the text; anything but white space there is an error.
    pub fn end(&mut self) -> Result<()> {
        if self.peek().is_none() { Ok(()) } else { self.fail(Malformed::Trailing) }
    }

    /// Passes the `{` that [`Self::peek`] saw.
    pub fn enter_object(&mut self) -> Result<()> {
        self.enter(b'{')
    }

    /// Passes the `[` that [`Self::peek`] saw.
    pub fn enter_array(&mut self) -> Result<()> {
        self.enter(b'[')
    }

    fn enter(&mut self, open: u8) -> Result<()> {
        if self.peek() != Some(open) {
            return self.fail(Malformed::OtherKind);
        }
        self.at += 1;
        self.depth += 1;
        if self.depth > MAX_DEPTH { self.fail(Malformed::TooDeep) } else { Ok(()) }
    }

    /// In an object: the next key, its colon passed, or `None` at the object's end. `first` is true before
    /// the first call and kept by the scanner from then on.
    ///
    /// Inlined whatever its size: a key is four words, which wasm returns through memory. 5 % of an event.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    pub fn next_key(&mut self, first: &mut bool) -> Result<Option<Key<'t>>> {
        if !self.next(first, b'}')? {
            return Ok(None);
        }
        self.key().map(Some)
    }

    /// In an array: whether there is another value. `first` as in [`Self::next_key`].
    #[inline]
    pub fn next_item(&mut self, first: &mut bool) -> Result<bool> {
        self.next(first, b']')
    }

    #[inline]
    fn next(&mut self, first: &mut bool, close: u8) -> Result<bool> {
        let was_first = core::mem::replace(first, false);
        match self.peek() {
            Some(c) if c == close => {
                self.at += 1;
                self.depth -= 1;
                return Ok(false);
            }
            Some(b',') if !was_first => self.at += 1,
            Some(_) if was_first => {}
            Some(_) => return self.fail(Malformed::NoSeparator),
            None => return self.fail(Malformed::CutShort),
        }
        Ok(true)
    }

    /// Passes a key and its colon.
    #[allow(clippy::inline_always)] // as next_key
    #[inline(always)]
    fn key(&mut self) -> Result<Key<'t>> {
        if self.peek() != Some(b'"') {
            return self.fail(Malformed::NoKey);
        }
        let start = self.at;
        let escaped = self.string()?;
        let raw = self.bytes.get(start + 1..self.at - 1).unwrap_or_default();
        if self.peek() != Some(b':') {
            return self.fail(Malformed::NoColon);
        }
        self.at += 1;
        Ok(Key { raw, escaped, start })
    }

    /// Passes one value of any kind and gives its text.
    #[inline]
    pub fn value(&mut self) -> Result<Value<'t>> {
        let first = self.peek();
        let start = self.at;
        match first {
            Some(b'"') => {
                let escaped = self.string()?;
                return Ok(Value::scanned(self.since(start), escaped));
            }
            Some(b'{' | b'[') => match self.container() {
                Err(Malformed::TooDeep) => self.too_deep(start)?,
                passed => passed?,
            },
            _ => self.scalar()?,
        }
        Ok(Value::scanned(self.since(start), false))
    }

    /// Passes the container at `start` after all.
    #[cold]
    fn too_deep(&mut self, start: usize) -> Result<()> {
        self.at = start;
        self.unstorable.get_or_insert(Unstorable::TooDeep);
        self.brackets()
    }

    /// Passes a container by its brackets alone: what lies between them is not checked, and may not be read.
    fn brackets(&mut self) -> Result<()> {
        let mut open = 0usize;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.string()?;
                    continue;
                }
                Some(b'{' | b'[') => open += 1,
                Some(b'}' | b']') => open -= 1,
                Some(_) => {}
                None => return self.fail(Malformed::CutShort),
            }
            self.at += 1;
            if open == 0 {
                return Ok(());
            }
        }
    }

    /// The text from `start` to here.
    #[inline]
    pub fn since(&self, start: usize) -> &'t str {
        self.text(start..self.at)
    }

    /// The text that has these offsets.
    #[inline]
    pub fn text(&self, offsets: Range<usize>) -> &'t str {
        self.text.get(offsets).unwrap_or_default()
    }

    /// Passes a whole object or array without recursion: what it is nested in is one bit a level.
    fn container(&mut self) -> Result<()> {
        let mut objects = 0u64;
        let mut level = self.depth;
        loop {
            match self.peek() {
                Some(open @ (b'{' | b'[')) => {
                    self.at += 1;
                    level += 1;
                    if level > MAX_DEPTH {
                        return self.fail(Malformed::TooDeep);
                    }
                    objects = (objects << 1) | u64::from(open == b'{');
                    match self.peek() {
                        // Empty: its closing bracket is passed below.
                        Some(b'}') if open == b'{' => {}
                        Some(b']') if open == b'[' => {}
                        _ => {
                            if open == b'{' {
                                self.key()?;
                            }
                            continue;
                        }
                    }
                }
                Some(b'"') => {
                    self.string()?;
                }
                _ => self.scalar()?,
            }
            // A value has ended, or an empty container is about to.
            loop {
                let in_object = objects & 1 == 1;
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        if in_object {
                            self.key()?;
                        }
                        break;
                    }
                    Some(b'}') if in_object => {}
                    Some(b']') if !in_object => {}
                    None => return self.fail(Malformed::CutShort),
                    Some(_) => return self.fail(Malformed::NoSeparator),
                }
                self.at += 1;
                level -= 1;
                objects >>= 1;
                if level == self.depth {
                    return Ok(());
                }
            }
        }
    }

    /// Passes a string from its opening quote; says whether it holds an escape.
    #[inline]
    fn string(&mut self) -> Result<bool> {
        let end = self.at + 1 + plain_run(self.bytes, self.at + 1);
        if self.bytes.get(end) == Some(&b'"') {
            self.at = end + 1;
            return Ok(false);
        }
        self.rest_of_string(end)?;
        Ok(true)
    }

    /// Passes what is left of a string from its first escape, or what is no part of any string.
    #[inline(never)]
    fn rest_of_string(&mut self, mut at: usize) -> Result<()> {
        loop {
            self.at = at;
            match self.bytes.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(());
                }
                Some(b'\\') => at = self.escape(at)?,
                Some(_) => return self.fail(Malformed::ControlCharacter),
                None => return self.fail(Malformed::CutShort),
            }
            at += plain_run(self.bytes, at);
        }
    }

    /// Passes an escape from its backslash; gives the offset behind it.
    fn escape(&mut self, at: usize) -> Result<usize> {
        match self.bytes.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
            Some(b'u') => {
                let Some(unit) = hex4(self.bytes, at + 2) else {
                    return self.fail(Malformed::ShortEscape);
                };
                let low_follows = || {
                    self.bytes.get(at + 6..at + 8) == Some(b"\\u")
                        && hex4(self.bytes, at + 8).is_some_and(|low| (0xdc00..0xe000).contains(&low))
                };
                match unit {
                    0xd800..0xdc00 if low_follows() => Ok(at + 12),
                    0xd800..0xe000 => {
                        self.unstorable.get_or_insert(Unstorable::LoneSurrogate);
                        Ok(at + 6)
                    }
                    _ => Ok(at + 6),
                }
            }
            Some(_) => self.fail(Malformed::UnknownEscape),
            None => self.fail(Malformed::CutShort),
        }
    }

    /// Passes a number, `true`, `false` or `null`.
    fn scalar(&mut self) -> Result<()> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = match rest.first() {
            Some(b't') if rest.starts_with(b"true") => 4,
            Some(b'f') if rest.starts_with(b"false") => 5,
            Some(b'n') if rest.starts_with(b"null") => 4,
            Some(b'-' | b'0'..=b'9') => return self.number(),
            Some(_) => return self.fail(Malformed::NoValue),
            None => return self.fail(Malformed::CutShort),
        };
        self.at += length;
        Ok(())
    }

    fn number(&mut self) -> Result<()> {
        let start = self.at;
        if self.bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        match self.bytes.get(self.at) {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        let exponent = matches!(self.bytes.get(self.at), Some(b'e' | b'E'));
        if exponent {
            self.at += 1;
            if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        if exponent || self.at - start > MAX_SURELY_FINITE_DIGITS {
            let finite = |text: &str| text.parse::<f64>().is_ok_and(f64::is_finite);
            if !self.text.get(start..self.at).is_some_and(finite) {
                self.unstorable.get_or_insert(Unstorable::NumberOutOfRange);
            }
        }
        Ok(())
    }

    /// Passes one digit or more.
    fn digits(&mut self) -> Result<()> {
        let start = self.at;
        while matches!(self.bytes.get(self.at), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { self.fail(Malformed::NoDigit) } else { Ok(()) }
    }

    #[cold]
    fn fail<T>(&self, problem: Malformed) -> Result<T> {
        Err(if self.at >= self.bytes.len() { Malformed::CutShort } else { problem })
    }
}

/// A number without exponent and of no more characters than this is below 1e308.
const MAX_SURELY_FINITE_DIGITS: usize = 300;

/// The four hexadecimal digits from `at`.
pub(super) fn hex4(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 4)?;
    digits.iter().try_fold(0, |unit, &c| Some(unit << 4 | char::from(c).to_digit(16)?))
}
