//! Numbers, ids and moments as text, and pieces of text, in few bytes of code.
//!
//! `tallymark_event` writes the same texts for the collector, where speed counts: into arrays, with the
//! standard library's check of UTF-8 behind them. In the browser the bytes count: these took 1.6 kB less wasm.

use alloc::string::String;

use tallymark_event::Timestamp;

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

/// Appends a moment, in ms since the epoch, as `2026-11-21T00:11:21.182Z`. One before 1970, where no clock of a browser
/// is, is 1970.
#[allow(clippy::cast_possible_truncation)] // Timestamps end with the year 9999.
pub(crate) fn moment(out: &mut String, ms: i64) {
    let ms = Timestamp::from_ms(ms).ms().max(0).unsigned_abs();
    let time = (ms % 86_400_000) as u32;
    // Days since 0000-03-01, four to the day; then Neri and Schneider's algorithm (doi:10.1002/spe.3172), which takes
    // months for the integer parts of a straight line, as it does with years.
    let days = 4 * ((ms / 86_400_000) as u32 + 719_468) + 3;
    let (century, of_century) = (days / 146_097, (days % 146_097) | 3);
    let (year_of_century, day_of_year) = (of_century / 1_461, of_century % 1_461 / 4);
    let line = 2_141 * day_of_year + 197_913;
    // The year begins with March: these two are months 13 and 14.
    let is_next = u32::from(day_of_year >= 306);
    digits(out, u64::from(100 * century + year_of_century + is_next));
    two(out, '-', (line >> 16) - 12 * is_next);
    two(out, '-', (line & 0xffff) / 2_141 + 1);
    two(out, 'T', time / 3_600_000);
    two(out, ':', time / 60_000 % 60);
    two(out, ':', time / 1_000 % 60);
    decimals(out, u64::from(time % 1_000), 100);
    out.push('Z');
}

fn two(out: &mut String, before: char, value: u32) {
    out.push(before);
    digits(out, u64::from(value / 10));
    digits(out, u64::from(value % 10));
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
        fn ids_and_moments_are_the_collectors(ms in 0i64..253_402_300_800_000, random: [u8; 10]) {
            let (mut ours, mut theirs) = (String::new(), String::new());
            let timestamp = Timestamp::from_ms(ms);
            moment(&mut ours, ms);
            timestamp.write(&mut theirs);
            let unique = EventId::v7(ms.unsigned_abs(), random);
            let (high, low) = unique.as_bytes().split_at(8);
            id(&mut ours, [high, low].map(|half| u64::from_be_bytes(half.try_into().unwrap())));
            unique.write(&mut theirs);
            prop_assert_eq!(ours, theirs);
        }
    }
}
