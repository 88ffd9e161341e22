//! Decompression with a hard cap.

use std::io::Read;

use flate2::bufread::GzDecoder;

use crate::Refusal;

/// What every gzip member begins with.
pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// JSON of events compresses to about a fifth; half of that saves the small ones a second allocation.
const EXPECTED_RATIO: usize = 8;
const MIN_CAPACITY: usize = 4 * 1024;

/// Why a decoder's output can't be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadFault {
    /// The input is no whole text of its kind.
    Damaged,
    /// It gives more than the cap.
    TooLarge,
}

/// Decompresses the first gzip member.
pub(crate) fn gunzip(body: &[u8], cap: usize) -> Result<Vec<u8>, Refusal> {
    read_capped(GzDecoder::new(body), body.len(), cap).map_err(|fault| match fault {
        ReadFault::Damaged => Refusal::InvalidGzip,
        ReadFault::TooLarge => Refusal::DecodedTooLarge,
    })
}

/// Reads all that a decoder gives of an input of this length. Never holds, nor writes, more than `cap` bytes: the room
/// grows with what has really come out, so that a bomb costs its cap and a small body next to nothing.
pub(crate) fn read_capped(mut decoder: impl Read, input: usize, cap: usize) -> Result<Vec<u8>, ReadFault> {
    let mut out = vec![0; input.saturating_mul(EXPECTED_RATIO).max(MIN_CAPACITY).min(cap)];
    let mut written = 0;
    loop {
        if written == out.len() {
            if written == cap {
                break;
            }
            let mut larger = Vec::new();
            larger.reserve_exact(written.saturating_mul(2).min(cap));
            larger.extend_from_slice(&out);
            larger.resize(larger.capacity().min(cap), 0);
            out = larger;
        }
        match decoder.read(out.get_mut(written..).unwrap_or_default()) {
            Ok(0) => {
                out.truncate(written);
                return Ok(out);
            }
            Ok(read) => written += read,
            Err(_) => return Err(ReadFault::Damaged),
        }
    }
    // Full to the cap: either that was all, or it is too much.
    match decoder.read(&mut [0]) {
        Ok(0) => Ok(out),
        Ok(_) => Err(ReadFault::TooLarge),
        Err(_) => Err(ReadFault::Damaged),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_body_of_every_size_comes_back() {
        for size in [0, 1, 4_095, 4_096, 4_097, 100_000] {
            let plain: Vec<u8> = (0..size).map(|n| u8::try_from(n * 7 % 251).unwrap()).collect();
            assert_eq!(gunzip(&gzip(&plain), 1 << 20).unwrap(), plain);
            assert_eq!(gunzip(&gzip(&plain), size.max(1)).unwrap(), plain, "the cap itself is allowed");
        }
    }

    #[test]
    fn above_the_cap_is_too_large() {
        for cap in [10, 4_096, 50_000] {
            let body = gzip(&vec![b'a'; cap + 1]);
            assert_eq!(gunzip(&body, cap), Err(Refusal::DecodedTooLarge), "{cap}");
        }
    }

    #[test]
    fn damage_is_seen() {
        let body = gzip(&[b'a'; 1_000]);
        for length in 0..body.len() {
            assert_eq!(gunzip(&body[..length], 1 << 20), Err(Refusal::InvalidGzip), "cut to {length}");
        }
        let mut damaged = body.clone();
        let checksum = damaged.len() - 6;
        damaged[checksum] ^= 1;
        assert_eq!(gunzip(&damaged, 1 << 20), Err(Refusal::InvalidGzip));
    }

    #[test]
    fn only_the_first_member_counts() {
        let mut body = gzip(b"[1]");
        body.extend(gzip(b"[2]"));
        assert_eq!(gunzip(&body, 100).unwrap(), b"[1]");
    }
}
