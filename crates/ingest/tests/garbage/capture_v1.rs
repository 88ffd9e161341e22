//! Requests of capture v1, of which there are no recordings here: one event in each encoding.

use std::io::Write;

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::ZlibEncoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use crate::corpus::Sample;

const PLAIN: &str = r#"{"created_at":"2026-11-21T00:14:39.9Z","historical_migration":true,"batch":[{"event":"paid",
"uuid":"01a1fb70-e23f-7e92-afec-cc67e8fbdbf5","distinct_id":"u","timestamp":"2026-11-21T00:14:39Z","session_id":"s",
"window_id":"w","options":{"process_person_profile":false,"product_tour_id":"t"},"properties":{"$set":{"a":1}}}]}"#;
/// The like, by Node's `brotliCompressSync`.
const BROTLI: &str = "G6EAAB0Hdiz4mbRZSHyXIlt7z7nr56cBlqbP3dXjAGX1a7PodPX1gIturY0YFaLSH9gBe51j4Jg0seu6IEKSkRmFH6LGZ0v1qC9guvyDWupniAJ7/wNCrBxWCKekwDKroMZ0dM9l3mHD4gI+CuyGbGCfvRb4Ow==";

pub(crate) const PATH: &str = "/i/v1/analytics/events";

/// A request for each encoding.
pub(crate) fn samples() -> Vec<Sample> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(PLAIN.as_bytes()).unwrap();
    let encoded = [
        ("identity", PLAIN.as_bytes().to_vec()),
        ("deflate", zlib.finish().unwrap()),
        ("zstd", compress_to_vec(PLAIN.as_bytes(), CompressionLevel::Fastest)),
        ("br", STANDARD.decode(BROTLI).unwrap()),
    ];
    encoded.into_iter().map(|(encoding, body)| sample(encoding, body)).collect()
}

/// Whether the decoder makes room for what the body's head says of itself.
pub(crate) fn declares_window(sample: &Sample) -> bool {
    sample.path.starts_with(PATH) && matches!(sample.header("content-encoding"), Some("br" | "zstd"))
}

fn sample(encoding: &str, body: Vec<u8>) -> Sample {
    let headers = [
        ("content-type", "application/json"),
        ("content-encoding", encoding),
        ("authorization", "Bearer sk_1"),
        ("user-agent", "posthog-python/7.91.1"),
        ("posthog-sdk-info", "posthog-python/7.91.1"),
        ("posthog-attempt", "1"),
        ("posthog-request-id", "01a1fb70-e23f-7e92-afec-cc67e8fbdbf6"),
        ("posthog-request-timestamp", "2026-11-21T00:14:39.950000+00:00"),
    ];
    Sample {
        method: "POST".into(),
        path: PATH.into(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        body,
        ..Sample::default()
    }
}
