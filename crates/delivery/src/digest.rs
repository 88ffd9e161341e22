//! Digests as ids.

use sha2::{Digest, Sha256};

/// The first 128 bits of the SHA-256 of texts, each ended by a line feed, in hexadecimal.
pub(crate) fn hex_digest<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut digest = Sha256::new();
    for text in texts {
        digest.update(text);
        digest.update(b"\n");
    }
    digest.finalize().iter().take(16).fold(String::new(), |mut out, byte| {
        for nibble in [byte >> 4, byte & 15] {
            out.extend(char::from_digit(u32::from(nibble), 16));
        }
        out
    })
}
