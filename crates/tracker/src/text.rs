//! Numbers and ids as text, and pieces of text, in few bytes of code.
//!
//! `tallymark_event` writes the same texts for the collector, where speed counts: into arrays, with the
//! standard library's check of UTF-8 behind them. In the browser the bytes count: these took 1.6 kB less wasm.

use alloc::string::String;

/// `text` from byte `from` to byte `to`; nothing where that isn't a piece of it.
#[inline(never)] // The checks are 90 bytes of wasm wherever they are.
pub(crate) fn piece(text: &str, from: usize, to: usize) -> &str {
    text.get(from..to).unwrap_or("")
}

/// What `text` holds between its first and its last byte: quotes or braces.
pub(crate) fn inside(text: &str) -> &str {
    piece(text, 1, text.len().saturating_sub(1))
}

/// Puts `text` where something else was.
pub(crate) fn put(out: &mut String, text: &str) {
    out.clear();
    out.push_str(text);
}

/// A copy. As `String::from`, without its share of wasm.
pub(crate) fn copy(text: &str) -> String {
    let mut copy = String::new();
    copy.push_str(text);
    copy
}

/// The number that `text` begins with, 0 if it does not, and what follows it. Digits beyond 64 bits make it any number.
pub(crate) fn number(text: &str) -> (u64, &str) {
    let (mut number, mut at) = (0u64, 0);
    while let Some(digit @ b'0'..=b'9') = text.as_bytes().get(at) {
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        at += 1;
    }
    (number, piece(text, at, text.len()))
}

/// Appends a number.
pub(crate) fn digits(out: &mut String, value: u64) {
    if value >= 10 {
        digits(out, value / 10);
    }
    out.push(char::from(b'0' + (value % 10) as u8));
}

/// Appends an id, given in halves, as hyphenated lower-case text.
#[allow(clippy::cast_possible_truncation)] // A nibble.
pub(crate) fn id(out: &mut String, [high, low]: [u64; 2]) {
    for at in 0..32 {
        if matches!(at, 8 | 12 | 16 | 20) {
            out.push('-');
        }
        let half = if at < 16 { high } else { low };
        // What is 4 bits further than a half is long is at its front again.
        let nibble = half.rotate_left(4 * at + 4) as u8 & 0xf;
        out.push(char::from(nibble + if nibble < 10 { b'0' } else { b'a' - 10 }));
    }
}

/// Appends `.` and the digits of `value`, the first of which stands for `place`.
pub(crate) fn decimals(out: &mut String, value: u64, mut place: u64) {
    out.push('.');
    while place > 0 {
        digits(out, value / place % 10);
        place /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tallymark_event::EventId;

    proptest! {
        #[test]
        fn digits_are_the_number(value: u64) {
            let mut out = String::new();
            digits(&mut out, value);
            prop_assert_eq!(out.parse::<u64>().unwrap(), value);
        }

        #[test]
        fn ids_are_the_collectors(ms in 0i64..253_402_300_800_000, random: [u8; 10]) {
            let (mut ours, mut theirs) = (String::new(), String::new());
            let unique = EventId::v7(ms.unsigned_abs(), random);
            let (high, low) = unique.as_bytes().split_at(8);
            id(&mut ours, [high, low].map(|half| u64::from_be_bytes(half.try_into().unwrap())));
            unique.write(&mut theirs);
            prop_assert_eq!(ours, theirs);
        }
    }
}
