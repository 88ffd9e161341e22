//! lz-string's `compressToBase64`: what `posthog-js` sent before 2022, and still does where it is asked to.
//!
//! LZ78 over UTF-16 units: a code names one of the phrases met so far, and every code makes a new phrase of the one
//! before it and its own first unit. That phrase is just what stands in the output from where the one before it begins,
//! so that a phrase is kept as a place in the output, and no input makes more of them than it has bits.

use core::ops::Range;

use crate::Refusal;

/// Codes that are no phrase: a new unit of 8 or 16 bits follows, or the text ends.
const NEW_8_BITS: usize = 0;
const NEW_16_BITS: usize = 1;
const END: usize = 2;
/// The first code that can be a phrase.
const FIRST_PHRASE: usize = 3;

/// The UTF-8 text of an lz-string in base64. Gives, and holds in UTF-16, no more than `cap` bytes.
pub(super) fn decompressed(base64: &[u8], cap: usize) -> Result<Vec<u8>, Refusal> {
    let units = Decompressor::new(base64).run(cap / size_of::<u16>())?;
    let mut text = String::with_capacity(units.len());
    for c in char::decode_utf16(units) {
        text.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
        if text.len() > cap {
            return Err(Refusal::DecodedTooLarge);
        }
    }
    Ok(text.into_bytes())
}

struct Decompressor<'b> {
    bits: Bits<'b>,
    output: Vec<u16>,
    /// Where in `output` the phrase of each code stands, from [`FIRST_PHRASE`] on.
    phrases: Vec<Range<usize>>,
}

impl<'b> Decompressor<'b> {
    fn new(base64: &'b [u8]) -> Self {
        Self { bits: Bits::new(base64), output: Vec::new(), phrases: Vec::new() }
    }

    fn run(mut self, max_units: usize) -> Result<Vec<u16>, Refusal> {
        let mut previous: Option<Range<usize>> = None;
        loop {
            let code = self.bits.take(self.code_width())?;
            let start = self.output.len();
            match code {
                END => return Ok(self.output),
                new @ (NEW_8_BITS | NEW_16_BITS) => {
                    let unit = self.bits.take(if new == NEW_8_BITS { 8 } else { 16 })?;
                    self.output.push(u16::try_from(unit).unwrap_or_default());
                    self.phrases.push(start..start + 1);
                }
                known => {
                    let phrase = match self.phrases.get(known - FIRST_PHRASE) {
                        Some(phrase) => phrase.clone(),
                        // The one that this very code is about to make.
                        None if known - FIRST_PHRASE == self.phrases.len() => {
                            let previous = previous.clone().ok_or(Refusal::InvalidLz64)?;
                            previous.start..start + 1
                        }
                        None => return Err(Refusal::InvalidLz64),
                    };
                    if start + phrase.len() > max_units {
                        return Err(Refusal::DecodedTooLarge);
                    }
                    for at in phrase {
                        // The last unit of a phrase in the making is the first that is copied.
                        let unit = self.output.get(at).copied().ok_or(Refusal::InvalidLz64)?;
                        self.output.push(unit);
                    }
                }
            }
            if let Some(Range { start, end }) = previous {
                self.phrases.push(start..end + 1);
            }
            previous = Some(start..self.output.len());
        }
    }

    /// How many bits the next code has: enough for all phrases so far and the one that it may make.
    const fn code_width(&self) -> u32 {
        usize::BITS - (FIRST_PHRASE + self.phrases.len()).leading_zeros()
    }
}

/// The bits of a text in base64, each character's highest first.
struct Bits<'b> {
    rest: core::slice::Iter<'b, u8>,
    sextet: u8,
    left: u32,
}

impl<'b> Bits<'b> {
    fn new(base64: &'b [u8]) -> Self {
        Self { rest: base64.iter(), sextet: 0, left: 0 }
    }

    /// A number of so many bits, its lowest first.
    fn take(&mut self, width: u32) -> Result<usize, Refusal> {
        let mut number = 0;
        for place in 0..width {
            if self.left == 0 {
                let c = self.rest.next().ok_or(Refusal::InvalidLz64)?;
                self.sextet = sextet(*c).ok_or(Refusal::InvalidLz64)?;
                self.left = 6;
            }
            self.left -= 1;
            number |= usize::from(self.sextet >> self.left & 1) << place;
        }
        Ok(number)
    }
}

fn sextet(c: u8) -> Option<u8> {
    Some(match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        b'=' => 0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAP: usize = 1 << 20;

    /// Made by lz-string 1.5.0's `compressToBase64`.
    const MADE: [(&str, &str); 4] = [
        ("", "Q==="),
        ("a", "IZA="),
        (
            "{\"event\":\"žluť 🐎\",\"n\":[1,2,3]}",
            "N4IgpgbmB2AuIC4SD9AANgV0KaAACQvBuDgdkAGhGkQG0BGIgJiIGYBdAXyA",
        ),
        ("*", "IYI17SOrZ+6IcpqXrZj2u5/vQg4o0k8syi6q2m+uxh5p1l9tzj7r3n/voIRA"),
    ];

    #[test]
    fn what_lz_string_made_comes_back() {
        for (text, base64) in MADE {
            let text = text.replace('*', &"ab".repeat(500));
            assert_eq!(decompressed(base64.as_bytes(), CAP).as_deref(), Ok(text.as_bytes()), "{base64}");
        }
    }

    #[test]
    fn damage_is_seen() {
        for (_, base64) in MADE {
            for length in 0..base64.trim_end_matches('=').len() - 1 {
                assert!(decompressed(&base64.as_bytes()[..length], CAP).is_err(), "{base64} cut to {length}");
            }
        }
        for bad in ["*", "A", "////////", "\u{e9}"] {
            assert_eq!(decompressed(bad.as_bytes(), CAP), Err(Refusal::InvalidLz64), "{bad}");
        }
    }

    #[test]
    fn above_the_cap_is_too_large() {
        let (_, long) = MADE[3];
        assert_eq!(decompressed(long.as_bytes(), 1_000), Err(Refusal::DecodedTooLarge));
        assert!(decompressed(long.as_bytes(), 2 * 1_000).is_ok());
    }
}
