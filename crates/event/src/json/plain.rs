//! Passing over the plain part of a string: neither quote, backslash nor control character.
//!
//! Most of a request is this, so it decides what a byte costs. At the edge it goes by 16 bytes: V8 checks the
//! bounds of each load there, so fewer and wider loads are what pays.

/// How many bytes from `start` need no look.
#[inline]
pub(super) fn plain_run(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<WIDTH>()) {
        match first_special(*chunk) {
            Some(special) => return at + special - start,
            None => at += WIDTH,
        }
    }
    while bytes.get(at).is_some_and(|&c| c >= 0x20 && c != b'"' && c != b'\\') {
        at += 1;
    }
    at - start
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use simd::{WIDTH, first_special};
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
use word::{WIDTH, first_special};

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd {
    use core::arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_lt, u8x16_splat, u64x2, v128_any_true, v128_or};

    pub(super) const WIDTH: usize = 16;

    #[inline]
    pub(super) fn first_special(chunk: [u8; WIDTH]) -> Option<usize> {
        let [low @ .., _, _, _, _, _, _, _, _] = chunk;
        let [_, _, _, _, _, _, _, _, high @ ..] = chunk;
        let bytes = u64x2(u64::from_le_bytes(low), u64::from_le_bytes(high));
        let special = v128_or(
            u8x16_lt(bytes, u8x16_splat(0x20)),
            v128_or(u8x16_eq(bytes, u8x16_splat(b'"')), u8x16_eq(bytes, u8x16_splat(b'\\'))),
        );
        v128_any_true(special).then(|| u8x16_bitmask(special).trailing_zeros() as usize)
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod word {
    pub(super) const WIDTH: usize = 8;

    #[inline]
    pub(super) fn first_special(chunk: [u8; WIDTH]) -> Option<usize> {
        const ONES: u64 = u64::from_ne_bytes([1; 8]);
        const HIGHS: u64 = ONES << 7;
        let word = u64::from_le_bytes(chunk);
        // A byte's high bit is set where the byte is below n: exact for the lowest such byte, since
        // a borrow only runs upwards, and the lowest is the one wanted.
        let below = |word: u64, n: u8| word.wrapping_sub(ONES * u64::from(n)) & !word & HIGHS;
        let special = below(word, 0x20)
            | below(word ^ (ONES * u64::from(b'"')), 1)
            | below(word ^ (ONES * u64::from(b'\\')), 1);
        (special != 0).then(|| (special.trailing_zeros() / 8) as usize)
    }
}
