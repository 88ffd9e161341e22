//! A pattern's automaton (Glushkov's): one state for each character that the pattern names, all states in one register.

use super::syntax::{PatternError, Set, Tree, error};
use crate::limits::MAX_PATTERN_POSITIONS;

/// States, one bit each.
type States = u128;

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Automaton {
    positions: Vec<Position>,
    /// Where a text may begin.
    first: States,
    /// Where it may end.
    last: States,
    takes_nothing: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Position {
    set: Set,
    /// The characters below 128 that are in the set.
    ascii: u128,
    /// What may come next.
    follow: States,
}

/// A part of the pattern, in terms of its positions.
#[derive(Clone, Copy)]
struct Part {
    first: States,
    last: States,
    takes_nothing: bool,
}

const NOTHING: Part = Part { first: 0, last: 0, takes_nothing: true };

impl Automaton {
    pub(super) fn new(tree: &Tree) -> Result<Self, PatternError> {
        let mut automaton = Self::default();
        let whole = automaton.add(tree)?;
        Ok(Self { first: whole.first, last: whole.last, takes_nothing: whole.takes_nothing, ..automaton })
    }

    fn add(&mut self, tree: &Tree) -> Result<Part, PatternError> {
        match tree {
            Tree::One(set) => self.position(set),
            Tree::Sequence(parts) => {
                let mut whole = NOTHING;
                for part in parts {
                    let part = self.add(part)?;
                    whole = self.then(whole, part);
                }
                Ok(whole)
            }
            Tree::Choice(choices) => {
                let mut whole = Part { takes_nothing: false, ..NOTHING };
                for choice in choices {
                    let choice = self.add(choice)?;
                    whole.first |= choice.first;
                    whole.last |= choice.last;
                    whole.takes_nothing |= choice.takes_nothing;
                }
                Ok(whole)
            }
            Tree::Repeat { of, min, max } => self.repeat(of, *min, *max),
        }
    }

    fn position(&mut self, set: &Set) -> Result<Part, PatternError> {
        let at = self.positions.len();
        if at >= MAX_PATTERN_POSITIONS {
            return error(
                format!("more than {MAX_PATTERN_POSITIONS} characters, repetitions written out"),
                "bound the text with min_length and max_length, and say in the pattern what it is made of",
            );
        }
        let ascii = (0..128u8).filter(|&c| set.holds(char::from(c))).fold(0, |bits, c| bits | 1 << c);
        self.positions.push(Position { set: set.clone(), ascii, follow: 0 });
        Ok(Part { first: 1 << at, last: 1 << at, takes_nothing: false })
    }

    /// `{2,4}` is the part twice and twice more if need be: each time it is other positions.
    fn repeat(&mut self, of: &Tree, min: usize, max: Option<usize>) -> Result<Part, PatternError> {
        let mut whole = NOTHING;
        for time in 0..max.unwrap_or(min.max(1)) {
            let before = self.positions.len();
            let mut part = self.add(of)?;
            if self.positions.len() == before {
                // Nothing, however often. Without this, nested repetitions of nothing would take for ever.
                return Ok(whole);
            }
            part.takes_nothing |= time >= min;
            whole = self.then(whole, part);
            if max.is_none() {
                self.link(part.last, part.first);
            }
        }
        Ok(whole)
    }

    fn then(&mut self, a: Part, b: Part) -> Part {
        self.link(a.last, b.first);
        Part {
            first: if a.takes_nothing { a.first | b.first } else { a.first },
            last: if b.takes_nothing { a.last | b.last } else { b.last },
            takes_nothing: a.takes_nothing && b.takes_nothing,
        }
    }

    fn link(&mut self, from: States, to: States) {
        for (at, position) in self.positions.iter_mut().enumerate() {
            if from >> at & 1 == 1 {
                position.follow |= to;
            }
        }
    }

    pub(super) fn matches(&self, text: impl Iterator<Item = char>) -> bool {
        let mut may_come = self.first;
        let mut may_end = self.takes_nothing;
        for c in text {
            let mut here: States = 0;
            let mut next: States = 0;
            let mut left = may_come;
            while left != 0 {
                let at = left.trailing_zeros();
                left &= left - 1;
                if let Some(position) = self.positions.get(at as usize)
                    && position.takes(c)
                {
                    here |= 1 << at;
                    next |= position.follow;
                }
            }
            if here == 0 {
                return false;
            }
            may_come = next;
            may_end = here & self.last != 0;
        }
        may_end
    }
}

impl Position {
    fn takes(&self, c: char) -> bool {
        let code = c as u32;
        if code < 128 { self.ascii >> code & 1 == 1 } else { self.set.holds(c) }
    }
}

impl Set {
    fn holds(&self, c: char) -> bool {
        self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&c)) != self.is_negated
    }
}
