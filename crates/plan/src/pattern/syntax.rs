//! The text of a pattern → its tree, and the tree → an expression that every engine reads alike.

use core::{
    fmt::{Arguments, Write as _},
    iter::Peekable,
    str::Chars,
};

use crate::limits::{MAX_PATTERN_GROUPS, MAX_PATTERN_POSITIONS};

/// What is wrong with a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub remedy: &'static str,
}

/// A pattern's tree.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    One(Set),
    /// One after the other.
    Sequence(Vec<Tree>),
    /// One of these.
    Choice(Vec<Tree>),
    /// So many of it; without `max` any number from `min`.
    Repeat {
        of: Box<Tree>,
        min: usize,
        max: Option<usize>,
    },
}

/// A set of characters.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Set {
    pub(super) is_negated: bool,
    /// First and last of each run.
    pub(super) ranges: Vec<(char, char)>,
}

const DIGITS: &[(char, char)] = &[('0', '9')];
const WORD: &[(char, char)] = &[('A', 'Z'), ('a', 'z'), ('0', '9'), ('_', '_')];
const LINE_ENDS: &[(char, char)] = &[('\n', '\n'), ('\r', '\r'), ('\u{2028}', '\u{2029}')];

type Result<T> = core::result::Result<T, PatternError>;

pub(super) fn error<T>(message: impl Into<String>, remedy: &'static str) -> Result<T> {
    Err(PatternError { message: message.into(), remedy })
}

pub(super) fn parse(source: &str) -> Result<Tree> {
    let mut parser = Parser { rest: source.chars().peekable(), groups: 0 };
    if parser.rest.peek() == Some(&'^') {
        parser.rest.next();
    }
    let tree = parser.choice()?;
    match parser.rest.next() {
        None => Ok(tree),
        Some(')') => error("a ) without its (", "write \\) for the character"),
        Some(c) => error(format!("{c} here"), "remove it"),
    }
}

struct Parser<'s> {
    rest: Peekable<Chars<'s>>,
    groups: usize,
}

impl Parser<'_> {
    fn choice(&mut self) -> Result<Tree> {
        let mut choices = vec![self.sequence()?];
        while self.rest.next_if_eq(&'|').is_some() {
            choices.push(self.sequence()?);
        }
        Ok(match choices.len() {
            1 => choices.remove(0),
            _ => Tree::Choice(choices),
        })
    }

    fn sequence(&mut self) -> Result<Tree> {
        let mut parts = Vec::new();
        while let Some(&c) = self.rest.peek() {
            let part = match c {
                '|' | ')' => break,
                '$' => {
                    self.rest.next();
                    if self.rest.peek().is_some() || self.groups > 0 {
                        return error("a $ that is not at the end", "write \\$ for the character");
                    }
                    break;
                }
                _ => self.atom()?,
            };
            parts.push(self.repeated(part)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Tree::Sequence(parts) })
    }

    fn atom(&mut self) -> Result<Tree> {
        let one = |ranges: &[(char, char)]| Tree::One(Set { is_negated: false, ranges: ranges.to_vec() });
        Ok(match self.rest.next() {
            Some('(') => return self.group(),
            Some('[') => Tree::One(self.set()?),
            Some('.') => Tree::One(Set { is_negated: true, ranges: LINE_ENDS.to_vec() }),
            Some('\\') => one(&self.escape()?),
            Some('^') => return error("a ^ that is not at the beginning", "write \\^ for the character"),
            Some(c @ ('*' | '+' | '?')) => {
                return error(format!("nothing before {c}"), "put a backslash before it for the character");
            }
            Some(c @ ('{' | '}' | ']')) => {
                return error(
                    format!("a {c} alone"),
                    "put a backslash before it: engines read it differently",
                );
            }
            Some(c) => one(&[(c, c)]),
            None => return error("the pattern ends too early", "complete it"),
        })
    }

    fn group(&mut self) -> Result<Tree> {
        self.groups += 1;
        if self.groups > MAX_PATTERN_GROUPS {
            return error(format!("more than {MAX_PATTERN_GROUPS} groups in each other"), "write it flatter");
        }
        if self.rest.next_if_eq(&'?').is_some() && self.rest.next() != Some(':') {
            return error(
                "a group that begins with (? and is not (?:",
                "do without flags, names and looking ahead: engines differ in them",
            );
        }
        let tree = self.choice()?;
        if self.rest.next() != Some(')') {
            return error("a group without its )", "close it, or write \\( for the character");
        }
        self.groups -= 1;
        Ok(tree)
    }

    fn repeated(&mut self, of: Tree) -> Result<Tree> {
        let (min, max) = match self.rest.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                self.rest.next();
                self.bounds()?
            }
            _ => return Ok(of),
        };
        // Of the counted form, the closing brace is what is left to pass.
        self.rest.next();
        if matches!(self.rest.peek(), Some('*' | '+' | '?' | '{')) {
            return error(
                "two repetitions in a row",
                "remove the second: lazy or not makes no difference to whether a whole text matches",
            );
        }
        Ok(Tree::Repeat { of: Box::new(of), min, max })
    }

    fn bounds(&mut self) -> Result<(usize, Option<usize>)> {
        const REMEDY: &str = "write {2}, {2,} or {2,5}, or \\{ for the character";
        let Some(min) = self.number()? else { return error("a { without a number", REMEDY) };
        let max = if self.rest.next_if_eq(&',').is_some() { self.number()? } else { Some(min) };
        if self.rest.peek() != Some(&'}') {
            return error("a { without its }", REMEDY);
        }
        if max.is_some_and(|max| max < min) {
            return error(format!("{{{min},…}} with a smaller second number"), "exchange them");
        }
        Ok((min, max))
    }

    fn number(&mut self) -> Result<Option<usize>> {
        let mut number = None;
        while let Some(digit) = self.rest.peek().and_then(|c| c.to_digit(10)) {
            self.rest.next();
            let value = number.unwrap_or(0) * 10 + digit as usize;
            if value > MAX_PATTERN_POSITIONS {
                return error(
                    format!("a repetition of more than {MAX_PATTERN_POSITIONS}"),
                    "bound the text with min_length and max_length",
                );
            }
            number = Some(value);
        }
        Ok(number)
    }

    fn set(&mut self) -> Result<Set> {
        const REMEDY: &str =
            "write it as [abc], [a-z] or [^,]; put a backslash before ] [ \\ and before a - in its middle";
        let mut set = Set { is_negated: self.rest.next_if_eq(&'^').is_some(), ranges: Vec::new() };
        loop {
            let first = match self.rest.next() {
                None => return error("a [ without its ]", REMEDY),
                Some(']') => break,
                Some('[') => return error("a [ within a set", REMEDY),
                Some('\\') => match self.escape()?[..] {
                    [(c, last)] if c == last => c,
                    ref ranges => {
                        set.ranges.extend_from_slice(ranges);
                        if self.rest.peek() == Some(&'-') && self.rest.clone().nth(1) != Some(']') {
                            return error("a run that begins with \\d or \\w", REMEDY);
                        }
                        continue;
                    }
                },
                Some(c) => c,
            };
            let is_run = self.rest.peek() == Some(&'-') && self.rest.clone().nth(1) != Some(']');
            let last = if is_run {
                self.rest.next();
                match self.rest.next() {
                    Some('\\') => match self.escape()?[..] {
                        [(c, last)] if c == last => c,
                        _ => return error("a run that ends with \\d or \\w", REMEDY),
                    },
                    Some(c) if c != '[' => c,
                    _ => return error("a run without its end", REMEDY),
                }
            } else {
                first
            };
            if last < first {
                return error(format!("the run {first}-{last}, which is backwards"), "exchange its ends");
            }
            set.ranges.push((first, last));
        }
        if set.ranges.is_empty() {
            return error("an empty set", REMEDY);
        }
        Ok(set)
    }

    /// What a backslash and the next character stand for.
    fn escape(&mut self) -> Result<Vec<(char, char)>> {
        let c = match self.rest.next() {
            Some('d') => return Ok(DIGITS.to_vec()),
            Some('w') => return Ok(WORD.to_vec()),
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            // What `ecma` writes, so that a pattern taken from a schema can be read.
            Some(c @ ('x' | 'u')) => self.code(c)?,
            Some(c) if c.is_ascii_punctuation() => c,
            Some(c) => {
                return error(
                    format!("\\{c}"),
                    "write out the characters, as in [ \\t]: engines differ in what it means",
                );
            }
            None => return error("a backslash at the end", "write \\\\ for the character"),
        };
        Ok(vec![(c, c)])
    }

    fn code(&mut self, kind: char) -> Result<char> {
        let digits: String = self.rest.by_ref().take(if kind == 'x' { 2 } else { 4 }).collect();
        let code = u32::from_str_radix(&digits, 16).ok().filter(|_| !digits.starts_with('+'));
        match code.and_then(char::from_u32) {
            Some(c) => Ok(c),
            None => error(format!("\\{kind}{digits}"), "write the character itself"),
        }
    }
}

/// The expression that every engine reads alike, anchored.
pub(super) fn ecma(tree: &Tree) -> String {
    let mut out = String::from("^(?:");
    write_tree(tree, &mut out);
    out.push_str(")$");
    out
}

fn write_tree(tree: &Tree, out: &mut String) {
    match tree {
        Tree::One(set) => write_set(set, out),
        Tree::Sequence(parts) => {
            for part in parts {
                // A choice is only ever a group's content, unless it is the whole pattern.
                match part {
                    Tree::Choice(_) | Tree::Sequence(_) => write_group(part, out),
                    _ => write_tree(part, out),
                }
            }
        }
        Tree::Choice(choices) => {
            for (at, choice) in choices.iter().enumerate() {
                if at > 0 {
                    out.push('|');
                }
                write_tree(choice, out);
            }
        }
        Tree::Repeat { of, min, max } => {
            match **of {
                Tree::One(_) => write_tree(of, out),
                _ => write_group(of, out),
            }
            match (min, max) {
                (0, None) => out.push('*'),
                (1, None) => out.push('+'),
                (0, Some(1)) => out.push('?'),
                (min, None) => add(out, format_args!("{{{min},}}")),
                (min, Some(max)) if min == max => add(out, format_args!("{{{min}}}")),
                (min, Some(max)) => add(out, format_args!("{{{min},{max}}}")),
            }
        }
    }
}

fn write_group(tree: &Tree, out: &mut String) {
    out.push_str("(?:");
    write_tree(tree, out);
    out.push(')');
}

fn write_set(set: &Set, out: &mut String) {
    if let ([(first, last)], false) = (&set.ranges[..], set.is_negated)
        && first == last
    {
        write_char(*first, false, out);
        return;
    }
    out.push_str(if set.is_negated { "[^" } else { "[" });
    for &(first, last) in &set.ranges {
        write_char(first, true, out);
        if first != last {
            out.push('-');
            write_char(last, true, out);
        }
    }
    out.push(']');
}

/// Outside of a set, what means something stands behind a backslash, which all engines take. Within one they disagree
/// on that, and on `&&`, `--` and `~~`: there it is written by its code.
fn write_char(c: char, in_set: bool, out: &mut String) {
    match c {
        '^' | '$' | '\\' | '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' if !in_set => {
            out.push('\\');
            out.push(c);
        }
        '^' | '\\' | '[' | ']' | '-' | '&' | '~' | '|' if in_set => {
            add(out, format_args!("\\x{:02x}", c as u32));
        }
        '\0'..=' ' | '\u{7f}' if c != ' ' => add(out, format_args!("\\x{:02x}", c as u32)),
        '\u{2028}' | '\u{2029}' => add(out, format_args!("\\u{:04x}", c as u32)),
        c => out.push(c),
    }
}

fn add(out: &mut String, text: Arguments<'_>) {
    // Writing into a String has no errors.
    let _ = out.write_fmt(text);
}
