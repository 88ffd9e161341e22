//! What `PostHog`'s clients ask for besides bringing events: their configuration, feature flags, surveys.
//!
//! There is one configuration, for every key: gzip, autocapture as its owner has set it in the page, and none of the
//! products that would fetch scripts or send what is not kept here. No key is asked for, so that browsers may keep it;
//! a wrong key hears of it when it brings events.

use tallymark_event::json;

use crate::{Answer, decode::parameter, limits::MAX_KEY_BYTES};

/// How long a browser may keep its configuration, in seconds: as at `PostHog`, so that a page load costs no request.
const CONFIG_MAX_AGE_S: u32 = 300;

/// `supportedCompression` must say `gzip-js`, or browsers send uncompressed JSON with a preflight each. Nothing is said
/// of surveys: whoever hears that there are none fetches their script all the same, and finds it missing twice.
const CONFIG: &str = concat!(
    r#""supportedCompression":["gzip-js"],"hasFeatureFlags":false,"analytics":{"endpoint":"/e/"},"#,
    r#""autocapture_opt_out":false,"elementsChainAsString":true,"defaultIdentifiedOnly":true,"#,
    r#""capturePerformance":false,"captureDeadClicks":false,"autocaptureExceptions":false,"heatmaps":false,"#,
    r#""sessionRecording":false,"siteApps":[]"#,
);

/// No flag is on, in the words of every version.
const FLAGS: &str = r#""flags":{},"errorsWhileComputingFlags":false"#;

/// What clients of before 2024 read from `/decide/` only.
const DECIDED: &str = concat!(
    r#""config":{"enable_collect_everything":true},"isAuthenticated":false,"editorParams":{},"toolbarParams":{},"#,
    r#""featureFlags":{},"featureFlagPayloads":{},"errorsWhileComputingFlags":false"#,
);

/// A request of a `PostHog` client that brings no events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call<'p> {
    /// `/array/<token>/config.js`: a script that leaves the configuration in a global variable.
    ConfigScript(&'p str),
    /// `/array/<token>/config`: the same as JSON, for who loads no scripts.
    Config(&'p str),
    /// `/flags/`: from `posthog-js` 1.257 to 1.321 the configuration as well.
    Flags,
    /// `/decide/`: flags and configuration of before that.
    Decide,
    /// `/s/`: a recording, which is not kept.
    Recording,
    /// `/api/surveys/`.
    Surveys,
    /// `/api/web_experiments/`.
    Experiments,
    /// `/api/early_access_features/`.
    EarlyAccessFeatures,
}

impl<'p> Call<'p> {
    /// The call of a path without the slashes at its ends.
    pub(crate) fn of(path: &'p str) -> Option<Self> {
        Some(match path {
            "flags" => Self::Flags,
            "decide" => Self::Decide,
            "s" => Self::Recording,
            "api/surveys" => Self::Surveys,
            "api/web_experiments" => Self::Experiments,
            "api/early_access_features" => Self::EarlyAccessFeatures,
            _ => {
                let (token, file) = path.strip_prefix("array/")?.split_once('/')?;
                match file {
                    _ if !is_plain_token(token) => return None,
                    "config.js" => Self::ConfigScript(token),
                    "config" => Self::Config(token),
                    _ => return None,
                }
            }
        })
    }

    /// Whether it brings a body.
    pub(crate) const fn is_posted(self) -> bool {
        matches!(self, Self::Flags | Self::Decide | Self::Recording)
    }

    /// The answer, given the request's query.
    pub(crate) fn answer(self, query: &str) -> Answer {
        let is = |name: &[u8], value: &[u8]| parameter(query.as_bytes(), name) == Some(value);
        match self {
            Self::Config(token) => Answer { max_age_s: CONFIG_MAX_AGE_S, ..json_of(&[&config_of(token)]) },
            Self::ConfigScript(token) => config_script(token),
            Self::Flags if is(b"config", b"true") => json_of(&[FLAGS, ",", CONFIG]),
            Self::Flags => json_of(&[FLAGS]),
            Self::Decide => json_of(&[DECIDED, ",", CONFIG]),
            Self::Recording if is(b"beacon", b"1") => Answer::no_content(),
            // The page then sends no more of it for a minute, and goes on with its events.
            Self::Recording => json_of(&[r#""status":"Ok","quota_limited":["recordings"]"#]),
            Self::Surveys => json_of(&[r#""surveys":[]"#]),
            Self::Experiments => json_of(&[r#""experiments":[]"#]),
            Self::EarlyAccessFeatures => json_of(&[r#""earlyAccessFeatures":[]"#]),
        }
    }
}

/// A token that stands in a path as it is: any that a registry holds.
fn is_plain_token(token: &str) -> bool {
    let is_plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b'.' | b'~');
    !token.is_empty() && token.len() <= MAX_KEY_BYTES && token.bytes().all(is_plain)
}

fn config_of(token: &str) -> String {
    let mut members = String::from("\"token\":");
    json::write_str(&mut members, token);
    members.push(',');
    members.push_str(CONFIG);
    members
}

fn config_script(token: &str) -> Answer {
    let mut script = String::from("(window._POSTHOG_REMOTE_CONFIG=window._POSTHOG_REMOTE_CONFIG||{})[");
    json::write_str(&mut script, token);
    script.push_str("]={config:{");
    script.push_str(&config_of(token));
    script.push_str("},siteApps:[]};\n");
    Answer {
        status: 200,
        content_type: "text/javascript; charset=utf-8",
        body: script,
        max_age_s: CONFIG_MAX_AGE_S,
        retry_after_s: 0,
    }
}

/// An object of these members.
fn json_of(members: &[&str]) -> Answer {
    Answer::json(200, ["{", &members.concat(), "}"].concat())
}
