//! Signing requests as Standard Webhooks has it (standardwebhooks.com): an id, a time, and a signature of both and the
//! body.

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use tallymark_event::Timestamp;

use crate::{Problem, destination::Fields, limits};

/// The secrets that sign: while one is replaced by another, both do.
#[derive(Clone, Debug)]
pub(crate) struct Secrets(Vec<Secret>);

/// The bytes that a request is signed with.
#[derive(Clone)]
struct Secret(Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64_STANDARD.decode(text.strip_prefix("whsec_")?).ok()?;
        limits::SECRET_BYTES.contains(&bytes.len()).then_some(Self(bytes))
    }

    /// `v1,` and the signature in base64.
    fn sign(&self, id: &str, timestamp: &str, body: &str) -> Option<String> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        let mac = [id, ".", timestamp, ".", body].iter().fold(mac, Mac::chain_update);
        Some(format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes())))
    }
}

impl Secrets {
    /// Reads the field `secrets`.
    pub(crate) fn parse(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        const SECRETS: &str = "must be a list of 1 to 3 secrets, each whsec_ and the base64 of 24 to 64 random bytes; the newest first";
        let texts = fields.texts("secrets", SECRETS)?.unwrap_or_default();
        let secrets = texts.into_iter().map(Secret::parse).collect::<Option<Vec<_>>>();
        secrets
            .filter(|secrets| (1..=limits::MAX_SECRETS).contains(&secrets.len()))
            .map(Self)
            .ok_or_else(|| fields.problem("secrets", SECRETS))
    }

    /// The headers of a JSON body that is sent at `now` under `id`.
    pub(crate) fn headers(&self, id: String, now: Timestamp, body: &str) -> Vec<(String, String)> {
        let timestamp = now.ms().div_euclid(1_000).to_string();
        let signatures: Vec<String> =
            self.0.iter().filter_map(|secret| secret.sign(&id, &timestamp, body)).collect();
        let header = |name: &str, value: String| (name.to_owned(), value);
        vec![
            header("content-type", "application/json".into()),
            header("user-agent", "Tallymark/1 (+webhooks)".into()),
            header("webhook-id", id),
            header("webhook-timestamp", timestamp),
            header("webhook-signature", signatures.join(" ")),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The specification's own example.
    #[test]
    fn signatures_are_the_specifications() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", r#"{"test": 2432232314}"#);
        assert_eq!(signature.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn secrets_have_their_form_and_are_shown_to_nobody() {
        for bad in ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_\u{fc}"] {
            assert!(Secret::parse(bad).is_none(), "{bad}");
        }
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        assert_eq!(format!("{secret:?}"), "Some(Secret)");
    }
}
