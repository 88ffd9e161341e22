//! Browser, system and kind of device, from the user agent: the few that make up nearly all visits.

use alloc::string::String;

use crate::{members, text};

/// Marker in front of the version, and the browser's name in JSON. The first that is found decides: Chromium's
/// descendants and iOS's browsers name their ancestors too.
const BROWSERS: &str = r#"Edg/:"Microsoft Edge",OPR/:"Opera",SamsungBrowser/:"Samsung Internet",Firefox/:"Firefox",FxiOS/:"Firefox iOS",CriOS/:"Chrome iOS",Chrome/:"Chrome",Mobile/:"Mobile Safari",Safari/:"Safari""#;

/// Marker and system, again in order: Android says Linux too, iOS says Mac OS X.
const SYSTEMS: &str = r#"iPhone:"iOS",iPad:"iOS",Android:"Android",Windows:"Windows",Mac OS:"Mac OS X",CrOS:"Chrome OS",Linux:"Linux""#;

/// Marker and kind of device, again in order: an iPad says Mobile, and Android tablets are those that do not.
const TYPES: &str = r#"iPad:"Tablet",Mobile:"Mobile",Android:"Tablet""#;

/// Appends the members `$browser`, `$browser_version` (a number), `$os` as far as known, and
/// `$device_type`.
pub(crate) fn write(out: &mut String, user_agent: &str) {
    if let Some(version) = first(out, "$browser", BROWSERS, user_agent) {
        members::key(out, "$browser_version");
        // Safari keeps its own number elsewhere, and is alone in that.
        write_version(out, after(user_agent, "Version/").unwrap_or(version));
    }
    first(out, "$os", SYSTEMS, user_agent);
    if first(out, "$device_type", TYPES, user_agent).is_none() {
        members::text(out, "$device_type", "Desktop");
    }
}

/// Appends what stands in `table` for the first marker that is found; what follows the marker.
fn first<'a>(out: &mut String, name: &str, table: &str, user_agent: &'a str) -> Option<&'a str> {
    members::each(table).find_map(|member| {
        let rest = after(user_agent, member.key)?;
        members::raw(out, name, member.value);
        Some(rest)
    })
}

/// What follows `marker`. Not `str::split_once`: its searcher alone is a kilobyte of wasm.
fn after<'a>(text: &'a str, marker: &str) -> Option<&'a str> {
    let at = text.as_bytes().windows(marker.len()).position(|w| w == marker.as_bytes())?;
    text.get(at + marker.len()..)
}

/// `major.minor`, as a JSON number whatever the text holds.
fn write_version(out: &mut String, version: &str) {
    let (major, rest) = text::number(version);
    text::digits(out, major);
    if rest.as_bytes().first() == Some(&b'.') {
        out.push('.');
        text::digits(out, text::number(text::piece(rest, 1, rest.len())).0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use std::format;

    fn detect(user_agent: &str) -> Value {
        let mut out = String::new();
        write(&mut out, user_agent);
        serde_json::from_str(&format!("{{{out}}}")).unwrap()
    }

    #[test]
    fn the_usual_visitors() {
        for (agent, browser, version, os, kind) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
                "Chrome",
                156.0,
                "Linux",
                "Desktop",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0",
                "Microsoft Edge",
                156.0,
                "Windows",
                "Desktop",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3.1 Mobile/15E148 Safari/604.1",
                "Mobile Safari",
                18.3,
                "iOS",
                "Mobile",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.10 Safari/605.1.15",
                "Safari",
                18.1,
                "Mac OS X",
                "Desktop",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36",
                "Samsung Internet",
                29.0,
                "Android",
                "Mobile",
            ),
            (
                "Mozilla/5.0 (Android 15; Tablet; rv:145.0) Gecko/145.0 Firefox/145.0",
                "Firefox",
                145.0,
                "Android",
                "Tablet",
            ),
        ] {
            let found = detect(agent);
            assert_eq!(found["$browser"], browser, "{agent}");
            assert_eq!(found["$browser_version"].as_f64(), Some(version), "{agent}");
            assert_eq!(found["$os"], os, "{agent}");
            assert_eq!(found["$device_type"], kind, "{agent}");
        }
    }

    #[test]
    fn what_is_unknown_is_left_out() {
        assert_eq!(detect("curl/8"), json!({"$device_type": "Desktop"}));
    }

    proptest! {
        #[test]
        fn any_agent_gives_json(text: String, version: String) {
            detect(&text);
            detect(&format!("Chrome/{version}"));
        }
    }
}
