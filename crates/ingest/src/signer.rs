//! What the registry says of a signer of tokens: an application's back end, which may speak for many organizations.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ed25519_dalek::{Signature, VerifyingKey};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::{
    admit::normalized_origin,
    decode::{fields, strings},
    limits::MIN_SECRET_BYTES,
};

/// What the registry's names of signers begin with; the `kid` follows.
pub(crate) const LOOKUP: &str = "signer:";

/// A signer's record: `{"algorithm":"HS256","secret":"…"}` or `{"algorithm":"EdDSA","public_key":"…"}`, in either case with
/// `"audience":"…","organizations":["org_x"|"org_*"|"*"],"origins":[…]`; further fields ignored.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    key: Key,
    pub(crate) audience: String,
    /// Ids of organizations, or what they begin with and `*`.
    organizations: Vec<String>,
    /// Normalised, or `*`.
    pub(crate) origins: Vec<String>,
}

/// The key decides about the algorithm, so that no token can: a public key is never taken for a secret.
#[derive(Clone)]
enum Key {
    /// The secret's own bytes.
    Hs256(Vec<u8>),
    EdDsa(Box<VerifyingKey>),
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.algorithm())
    }
}

impl Key {
    const fn algorithm(&self) -> &'static str {
        match self {
            Self::Hs256(_) => "HS256",
            Self::EdDsa(_) => "EdDSA",
        }
    }
}

impl Signer {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let [algorithm, secret, public_key, audience, organizations, origins] =
            fields(text, [b"algorithm", b"secret", b"public_key", b"audience", b"organizations", b"origins"])
                .ok()?;
        let key = match &*algorithm?.string()? {
            "HS256" => Key::Hs256(secret?.string()?.as_bytes().to_vec()),
            "EdDSA" => Key::EdDsa(Box::new(public_key_of(&public_key?.string()?)?)),
            _ => return None,
        };
        let is_too_short = matches!(&key, Key::Hs256(secret) if secret.len() < MIN_SECRET_BYTES);
        let audience = audience?.string()?.into_owned();
        if is_too_short || audience.is_empty() {
            return None;
        }
        Some(Self {
            key,
            audience,
            organizations: strings(organizations?)?,
            origins: strings(origins?)?.iter().map(|origin| normalized_origin(origin)).collect(),
        })
    }

    /// The `alg` of its tokens.
    pub(crate) const fn algorithm(&self) -> &'static str {
        self.key.algorithm()
    }

    /// Whether it has signed this. Takes as long whatever of the signature is right.
    pub(crate) fn has_signed(&self, text: &str, signature: &[u8]) -> bool {
        match &self.key {
            Key::Hs256(secret) => Hmac::<Sha256>::new_from_slice(secret)
                .is_ok_and(|mac| mac.chain_update(text).verify_slice(signature).is_ok()),
            Key::EdDsa(key) => Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(text.as_bytes(), &signature).is_ok()),
        }
    }

    /// Whether it may speak for this organization.
    pub(crate) fn speaks_for(&self, organization_id: &str) -> bool {
        self.organizations.iter().any(|allowed| match allowed.strip_suffix('*') {
            Some(start) => organization_id.starts_with(start),
            None => organization_id == allowed,
        })
    }
}

/// The 32 bytes of an Ed25519 key in base64url, as `x` of a JWK has them.
fn public_key_of(text: &str) -> Option<VerifyingKey> {
    let bytes: [u8; 32] = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
    VerifyingKey::from_bytes(&bytes).ok().filter(|key| !key.is_weak())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(key: &str) -> String {
        format!(
            r#"{{{key},"audience":"a","organizations":["org_a","team_*"],"origins":["HTTPS://a.example/"]}}"#
        )
    }

    const HS256: &str = r#""algorithm":"HS256","secret":"0123456789abcdef0123456789abcdef""#;

    #[test]
    fn records_are_read() {
        let signer = Signer::parse(&record(HS256)).unwrap();
        assert_eq!(signer.algorithm(), "HS256");
        assert_eq!(signer.origins, ["https://a.example"]);
        for (organization_id, is_allowed) in
            [("org_a", true), ("org_ab", false), ("team_7", true), ("team", false), ("", false)]
        {
            assert_eq!(signer.speaks_for(organization_id), is_allowed, "{organization_id}");
        }
        // RFC 8037, appendix A.2.
        let eddsa = r#""algorithm":"EdDSA","public_key":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;
        assert_eq!(Signer::parse(&record(eddsa)).unwrap().algorithm(), "EdDSA");
        assert!(!format!("{signer:?}").contains("0123"), "no secret in a log");
    }

    #[test]
    fn weak_and_damaged_records_are_not() {
        let identity = format!(r#""algorithm":"EdDSA","public_key":"AQ{}""#, "A".repeat(41));
        for damaged in [
            r#""algorithm":"none""#,
            r#""algorithm":"HS256","secret":"short""#,
            r#""algorithm":"HS256","public_key":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#,
            r#""algorithm":"EdDSA","secret":"0123456789abcdef0123456789abcdef""#,
            r#""algorithm":"EdDSA","public_key":"11qY""#,
            // A point of small order, for which anybody can make signatures.
            &identity,
        ] {
            assert!(Signer::parse(&record(damaged)).is_none(), "{damaged}");
        }
        for field in ["audience", "organizations", "origins"] {
            assert!(Signer::parse(&record(HS256).replace(field, "x")).is_none(), "{field}");
        }
        assert!(Signer::parse("").is_none());
    }
}
