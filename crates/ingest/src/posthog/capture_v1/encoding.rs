//! The body as text, decompressed as `Content-Encoding` says.

use std::borrow::Cow;

use brotli_decompressor::Decompressor as BrotliDecoder;
use flate2::bufread::ZlibDecoder;
use ruzstd::decoding::StreamingDecoder as ZstdDecoder;

use super::Defect;
use crate::{
    Refusal, Request,
    decode::{ReadFault, gunzip, read_capped},
    limits::{MAX_BODY_BYTES, MAX_DECODED_BYTES, MAX_ZSTD_WINDOW_BYTES},
};

/// How much a brotli decoder reads at a time.
const BROTLI_BUFFER_BYTES: usize = 4 * 1024;

/// The request's body as text.
pub(super) fn text<'r>(request: &Request<'r>) -> Result<Cow<'r, str>, Refusal> {
    let body = request.body;
    if body.len() > MAX_BODY_BYTES {
        return Err(Refusal::BodyTooLarge);
    }
    if body.is_empty() {
        return Err(Refusal::EmptyBody);
    }
    let name = request.content_encoding.unwrap_or_default().trim().to_ascii_lowercase();
    let bytes = match name.as_str() {
        "" | "identity" => Cow::Borrowed(body),
        "gzip" => Cow::Owned(gunzip(body, MAX_DECODED_BYTES)?),
        "deflate" => decompressed(body, ZlibDecoder::new(body))?,
        "br" if is_large_window(body) => return Err(Defect::InvalidEncoding.into()),
        "br" => decompressed(body, BrotliDecoder::new(body, BROTLI_BUFFER_BYTES))?,
        "zstd" => {
            let decoder = ZstdDecoder::new_with_max_window_size(body, MAX_ZSTD_WINDOW_BYTES)
                .map_err(|_| Defect::InvalidEncoding)?;
            decompressed(body, decoder)?
        }
        _ => return Err(Defect::ContentEncoding.into()),
    };
    let not_utf8 = |at| Refusal::NotUtf8 { at };
    match bytes {
        Cow::Borrowed(bytes) => {
            str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| not_utf8(error.valid_up_to()))
        }
        Cow::Owned(bytes) => String::from_utf8(bytes)
            .map(Cow::Owned)
            .map_err(|error| not_utf8(error.utf8_error().valid_up_to())),
    }
}

fn decompressed<'r>(body: &[u8], decoder: impl std::io::Read) -> Result<Cow<'r, [u8]>, Refusal> {
    read_capped(decoder, body.len(), MAX_DECODED_BYTES).map(Cow::Owned).map_err(|fault| match fault {
        ReadFault::Damaged => Defect::InvalidEncoding.into(),
        ReadFault::TooLarge => Refusal::DecodedTooLarge,
    })
}

/// Brotli's "large window" is no part of RFC 7932, and lets eight bytes ask for a gigabyte of memory. The decoder takes
/// it without being asked.
fn is_large_window(body: &[u8]) -> bool {
    const RESERVED: u8 = 0b001_0001;
    body.first().is_some_and(|byte| byte & 0x7f == RESERVED)
}
