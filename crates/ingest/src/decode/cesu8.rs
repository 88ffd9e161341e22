//! CESU-8 → UTF-8: `PostHog`'s browser clients of 2023 and before write an emoji in base64 mode as the two
//! halves of its surrogate pair, three bytes each.

/// Writes every such pair as the one character that it is, and keeps all other bytes.
pub(super) fn repaired(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        if let Some(c) = rest.first_chunk().copied().and_then(pair) {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            rest = rest.get(6..).unwrap_or_default();
        } else {
            out.push(byte);
            rest = tail;
        }
    }
    out
}

/// The character of a high half and a low half.
fn pair(bytes: [u8; 6]) -> Option<char> {
    let [0xed, high @ 0xa0..=0xaf, b, 0xed, low @ 0xb0..=0xbf, d] = bytes else { return None };
    let continuation = |byte: u8| (byte & 0xc0 == 0x80).then_some(u32::from(byte & 0x3f));
    let high = u32::from(high & 0x0f) << 6 | continuation(b)?;
    let low = u32::from(low & 0x0f) << 6 | continuation(d)?;
    char::from_u32(0x1_0000 + (high << 10 | low))
}

#[cfg(test)]
mod tests {
    use super::repaired;

    #[test]
    fn pairs_become_characters_and_the_rest_stays() {
        assert_eq!(repaired(b"a\xed\xa0\xbd\xed\xb8\x80z"), "a😀z".as_bytes());
        assert_eq!(repaired("a😀é".as_bytes()), "a😀é".as_bytes());
        for alone in [&b"\xed\xa0\xbdx"[..], b"\xed\xb8\x80\xed\xa0\xbd", b"\xed\xa0\xbd\xed\xb8", b"\xff"] {
            assert_eq!(repaired(alone), alone);
        }
    }
}
