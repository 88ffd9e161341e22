//! Identifiers as types, so that one can't be passed for another.

use alloc::string::String;
use core::fmt;

/// Length of hyphenated UUID text.
const UUID_TEXT: usize = 36;

/// The identity of an event, given where it is captured: a UUID, version 7 when it is ours.
/// `(organization_id, event_id)` is unique in every store, which is what makes a retry harmless.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId([u8; 16]);

impl EventId {
    /// A `UUIDv7`: `unix_ms` in front (so that ids sort by time and indexes grow at their end), then 74
    /// random bits from `random`.
    pub const fn v7(unix_ms: u64, random: [u8; 10]) -> Self {
        let t = unix_ms.to_be_bytes();
        let [r0, r1, r2, r3, r4, r5, r6, r7, r8, r9] = random;
        Self([
            t[2],
            t[3],
            t[4],
            t[5],
            t[6],
            t[7],
            0x70 | (r0 & 0x0f),
            r1,
            0x80 | (r2 & 0x3f),
            r3,
            r4,
            r5,
            r6,
            r7,
            r8,
            r9,
        ])
    }

    /// A `UUIDv8` made of a digest: the same content gives the same id, so that an event that came without
    /// an id of its own is still stored once however often it is sent.
    pub const fn of_digest(mut digest: [u8; 16]) -> Self {
        digest[6] = 0x80 | (digest[6] & 0x0f);
        digest[8] = 0x80 | (digest[8] & 0x3f);
        Self(digest)
    }

    /// Reads UUID text: hyphenated or not, any version, either case. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        let four = |at: usize| text.get(at..).and_then(|rest| rest.first_chunk().copied());
        let groups = match text.len() {
            32 => [0, 4, 8, 12, 16, 20, 24, 28],
            UUID_TEXT if [8, 13, 18, 23].iter().all(|at| text.get(*at) == Some(&b'-')) => {
                [0, 4, 9, 14, 19, 24, 28, 32]
            }
            _ => return None,
        };
        let [g0, g1, g2, g3, g4, g5, g6, g7] = groups.map(four);
        let [b0, b1, b2, b3] = unhex(g0?, g1?)?;
        let [b4, b5, b6, b7] = unhex(g2?, g3?)?;
        let [b8, b9, b10, b11] = unhex(g4?, g5?)?;
        let [b12, b13, b14, b15] = unhex(g6?, g7?)?;
        Some(Self([b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15]))
    }

    /// The 16 bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Appends the hyphenated lower-case text. It is in every row, so four bytes go at a time.
    pub fn write(&self, out: &mut String) {
        let [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15] = self.0;
        let [a0, a1, a2, a3, a4, a5, a6, a7] = hex([b0, b1, b2, b3]);
        let [c0, c1, c2, c3, c4, c5, c6, c7] = hex([b4, b5, b6, b7]);
        let [d0, d1, d2, d3, d4, d5, d6, d7] = hex([b8, b9, b10, b11]);
        let [e0, e1, e2, e3, e4, e5, e6, e7] = hex([b12, b13, b14, b15]);
        let text: [u8; UUID_TEXT] = [
            a0, a1, a2, a3, a4, a5, a6, a7, b'-', c0, c1, c2, c3, b'-', c4, c5, c6, c7, b'-', d0, d1, d2, d3,
            b'-', d4, d5, d6, d7, e0, e1, e2, e3, e4, e5, e6, e7,
        ];
        out.push_str(core::str::from_utf8(&text).unwrap_or_default());
    }
}

/// One in every lane of a word.
const ONES: u64 = u64::from_be_bytes([1; 8]);

/// Four bytes as eight hexadecimal digits, in the lanes of one word.
const fn hex(bytes: [u8; 4]) -> [u8; 8] {
    let word = u32::from_be_bytes(bytes) as u64;
    // A nibble a lane: 0xabcd1234 becomes 0x0a0b0c0d01020304.
    let word = (word | word << 16) & 0x0000_ffff_0000_ffff;
    let word = (word | word << 8) & 0x00ff_00ff_00ff_00ff;
    let nibbles = (word | word << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    // Lanes of ten and more carry into bit 4 when six is added: they are letters.
    let letters = (nibbles + 6 * ONES) >> 4 & ONES;
    (nibbles + b'0' as u64 * ONES + letters * (b'a' - b'0' - 10) as u64).to_be_bytes()
}

/// The inverse of [`hex`], of two times four digits in either case: a third of what digit by digit takes.
fn unhex(high: [u8; 4], low: [u8; 4]) -> Option<[u8; 4]> {
    const LOW_NIBBLES: u64 = 0x0f * ONES;
    let word = u64::from(u32::from_be_bytes(high)) << 32 | u64::from(u32::from_be_bytes(low));
    // In ASCII, letters have bit 6 and count from 1.
    let letters = word >> 6 & ONES;
    let nibbles = ((word & LOW_NIBBLES) + 9 * letters) & LOW_NIBBLES;
    let pairs = (nibbles | nibbles >> 4) & 0x00ff_00ff_00ff_00ff;
    let [_, _, b0, b1, _, _, b2, b3] = (pairs | pairs >> 8).to_be_bytes();
    let bytes = [b0, b1, b2, b3];
    // What is no digit has been given a value all the same, but is not how that value is written.
    let lower_case = word | letters << 5;
    (hex(bytes) == lower_case.to_be_bytes()).then_some(bytes)
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(UUID_TEXT);
        self.write(&mut text);
        f.write_str(&text)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is; `None` if it is empty or longer than [`crate::limits::MAX_ID`].
            pub fn new(text: &str) -> Option<Self> {
                (!text.is_empty() && text.len() <= crate::limits::MAX_ID).then(|| Self(text.into()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

text_id! {
    /// The tenant. It comes from the key (or a signed token), never from what a page claims.
    OrganizationId
}
text_id! {
    /// A visit. Not necessarily a UUID: old clients make other shapes.
    SessionId
}
text_id! {
    /// One document's life in one tab. Its events are numbered from 1, so a missing number is a missing
    /// event; ours are `UUIDv7`, so the streams of a tab sort by time.
    StreamId
}

#[cfg(test)]
mod tests {
    use super::EventId;
    use alloc::string::{String, ToString};
    use proptest::prelude::*;

    #[test]
    fn v7_carries_its_time_version_and_variant() {
        let id = EventId::v7(0x0001_91f0_2b3c_4d5e & 0xffff_ffff_ffff, [0xff; 10]);
        assert_eq!(id.to_string(), "91f02b3c-4d5e-7fff-bfff-ffffffffffff");
    }

    #[test]
    fn text_that_is_no_uuid_is_refused() {
        for bad in ["", "0", "91f02b3c-4d5e-7fff-bfff-fffffffffff", "91f02b3c_4d5e-7fff-bfff-ffffffffffff"] {
            assert_eq!(EventId::parse(bad), None, "{bad}");
        }
        assert_eq!(EventId::parse("g1f02b3c4d5e7fffbfffffffffffffff"), None);
        assert_eq!(EventId::parse("ééééééééééééééééé-"), None);
        for at in 0..32 {
            for byte in (0..128).filter(|byte: &u8| !byte.is_ascii_hexdigit()) {
                let mut text = [b'7'; 32];
                text[at] = byte;
                assert_eq!(EventId::parse(core::str::from_utf8(&text).unwrap()), None, "{byte} at {at}");
            }
        }
    }

    proptest! {
        #[test]
        fn text_round_trips(bytes: [u8; 16]) {
            let id = EventId(bytes);
            prop_assert_eq!(EventId::parse(&id.to_string()), Some(id));
            prop_assert_eq!(EventId::parse(&id.to_string().replace('-', "").to_uppercase()), Some(id));
        }

        #[test]
        fn any_text_is_read_or_refused(text: String) {
            let _ = EventId::parse(&text);
        }
    }
}
