//! What the targets begin with: every recorded request of a real client, whatever it carries.

use std::{fs, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::capture_v1;

/// A request that can be changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Sample {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Sets a header, or takes it away.
    pub(crate) fn set_header(&mut self, name: &str, value: Option<&str>) {
        self.headers.retain(|(known, _)| known != name);
        self.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    }
}

/// All recordings below `tests/fixtures`, in the order of their names.
pub(crate) fn recorded() -> Vec<Sample> {
    let mut samples = Vec::new();
    for client in ["posthog", "ga4"] {
        collect(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(client),
            &mut samples,
        );
    }
    assert!(samples.len() > 100, "the recordings are missing");
    samples.extend(capture_v1::samples());
    samples
}

fn collect(folder: &Path, samples: &mut Vec<Sample>) {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, samples);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            let recording: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            samples.extend(sample(&recording));
        }
    }
}

fn sample(recording: &Value) -> Option<Sample> {
    let url = recording["url"].as_str()?;
    let target = url.split_once("://").map_or(url, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Some(Sample {
        method: recording["method"].as_str()?.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: headers(recording),
        body: match (recording["body_base64"].as_str(), recording["body"].as_str()) {
            (Some(base64), _) => STANDARD.decode(base64).ok()?,
            (None, text) => text.unwrap_or_default().as_bytes().to_vec(),
        },
    })
}

/// `PostHog`'s recordings list them, GA4's name them.
fn headers(recording: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let pair = |name: &str, value: &Value| Some((name.to_ascii_lowercase(), text(value)?));
    if let Some(list) = recording["raw_headers"].as_array() {
        return list.iter().filter_map(|entry| pair(entry[0].as_str()?, &entry[1])).collect();
    }
    let named = recording["headers"].as_object();
    named.into_iter().flatten().filter_map(|(name, value)| pair(name, value)).collect()
}
