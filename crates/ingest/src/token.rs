//! A signed token, in the key's place: who the page is for, by the word of the application's back end.
//!
//! A JWT in compact form (RFC 7519), of which little is taken: one algorithm, which the signer's record fixes, and the
//! claims `org`, `sub`, `aud`, `exp` and `nbf`. Nothing of it is believed before its signature is.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use tallymark_event::{OrganizationId, Timestamp, limits::MAX_ID};

use crate::{
    Refusal,
    decode::{Kind, Value, fields, strings},
    limits::{MAX_KEY_BYTES, MAX_TOKEN_LIFE_MS, TOKEN_LEEWAY_MS},
    refusal::TokenDefect,
    signer::{self, Signer},
    text::{self, Text},
};

/// What a token says, once it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Vouched {
    pub(crate) organization_id: OrganizationId,
    /// Who is signed in, if anybody is: a JSON string.
    pub(crate) user_id: Option<Text<'static>>,
}

/// A token that nobody has verified yet.
#[derive(Debug)]
pub(crate) struct Token<'k> {
    /// Header and claims, as they were signed.
    signed: &'k str,
    claims: &'k str,
    signature: &'k str,
    key_id: String,
    algorithm: String,
}

/// Whether a key is a token: base64url of a JSON object, and more parts behind it. No other key has a dot.
pub(crate) fn is_token(key: &str) -> bool {
    key.starts_with("eyJ") && key.contains('.')
}

impl<'k> Token<'k> {
    /// Takes a token apart.
    pub(crate) fn read(token: &'k str) -> Result<Self, Refusal> {
        let malformed = Refusal::InvalidToken(TokenDefect::Malformed);
        let (signed, signature) = token.rsplit_once('.').ok_or_else(|| malformed.clone())?;
        let (header, claims) = signed.split_once('.').ok_or_else(|| malformed.clone())?;
        let header = json_of(header).ok_or_else(|| malformed.clone())?;
        let [key_id, algorithm, critical] =
            fields(&header, [b"kid", b"alg", b"crit"]).map_err(|_| malformed)?;
        if critical.is_some() {
            return Err(Refusal::InvalidToken(TokenDefect::Critical));
        }
        let key_id = key_id
            .and_then(Value::string)
            .filter(|id| is_key_id(id))
            .ok_or(Refusal::InvalidToken(TokenDefect::KeyId))?;
        let algorithm =
            algorithm.and_then(Value::string).ok_or(Refusal::InvalidToken(TokenDefect::Algorithm))?;
        Ok(Self { signed, claims, signature, key_id: key_id.into(), algorithm: algorithm.into() })
    }

    /// The registry's name for whoever claims to have signed it.
    pub(crate) fn lookup(&self) -> String {
        format!("{}{}", signer::LOOKUP, self.key_id)
    }

    /// What it says at `now`, if `signer` has said it.
    pub(crate) fn verified(&self, signer: &Signer, now: Timestamp) -> Result<Vouched, Refusal> {
        if self.algorithm != signer.algorithm() {
            return Err(Refusal::InvalidToken(TokenDefect::Algorithm));
        }
        let is_signed = BASE64_URL_SAFE_NO_PAD
            .decode(self.signature)
            .is_ok_and(|signature| signer.has_signed(self.signed, &signature));
        if !is_signed {
            return Err(Refusal::InvalidToken(TokenDefect::Signature));
        }
        let malformed = Refusal::InvalidToken(TokenDefect::Malformed);
        let claims = json_of(self.claims).ok_or_else(|| malformed.clone())?;
        let [aud, exp, nbf, org, sub] =
            fields(&claims, [b"aud", b"exp", b"nbf", b"org", b"sub"]).map_err(|_| malformed)?;
        believed(signer, aud, org, sub).and_then(|vouched| in_time(exp, nbf, now).map(|()| vouched))
    }
}

fn believed(
    signer: &Signer,
    aud: Option<Value<'_>>,
    org: Option<Value<'_>>,
    sub: Option<Value<'_>>,
) -> Result<Vouched, Refusal> {
    let is_meant = aud.is_some_and(|aud| match aud.kind() {
        Kind::Array => strings(aud).is_some_and(|all| all.contains(&signer.audience)),
        _ => aud.string().is_some_and(|one| one == signer.audience),
    });
    if !is_meant {
        return Err(Refusal::InvalidToken(TokenDefect::Audience));
    }
    let organization_id = org
        .and_then(Value::string)
        .filter(|id| signer.speaks_for(id))
        .and_then(|id| OrganizationId::new(&id))
        .ok_or(Refusal::InvalidToken(TokenDefect::Organization))?;
    let user_id = match sub.filter(|sub| !sub.is_null()) {
        None => None,
        Some(sub) => Some(
            sub.string()
                .filter(|id| !id.trim().is_empty() && id.chars().count() <= MAX_ID)
                .map(|id| text::quoted(&id).into())
                .ok_or(Refusal::InvalidToken(TokenDefect::Subject))?,
        ),
    };
    Ok(Vouched { organization_id, user_id })
}

fn in_time(exp: Option<Value<'_>>, nbf: Option<Value<'_>>, now: Timestamp) -> Result<(), Refusal> {
    let expires_ms = exp.and_then(ms_of).ok_or(Refusal::InvalidToken(TokenDefect::Expiry))?;
    if expires_ms.saturating_add(TOKEN_LEEWAY_MS) <= now.ms() {
        return Err(Refusal::TokenExpired);
    }
    if expires_ms.saturating_sub(now.ms()) > MAX_TOKEN_LIFE_MS + TOKEN_LEEWAY_MS {
        return Err(Refusal::InvalidToken(TokenDefect::LongLived));
    }
    let is_valid_yet = match nbf {
        None => true,
        Some(nbf) => ms_of(nbf).is_some_and(|from_ms| from_ms.saturating_sub(TOKEN_LEEWAY_MS) <= now.ms()),
    };
    if is_valid_yet { Ok(()) } else { Err(Refusal::InvalidToken(TokenDefect::NotYetValid)) }
}

/// A `NumericDate`, seconds since 1970, fractions allowed: Python's `time.time()` has them.
fn ms_of(seconds: Value<'_>) -> Option<i64> {
    if seconds.kind() != Kind::Number {
        return None;
    }
    let ms = seconds.as_str().parse::<f64>().ok()? * 1_000.0;
    // `as` saturates, and so does all that is done with it.
    #[allow(clippy::cast_possible_truncation)]
    ms.is_finite().then_some(ms as i64)
}

/// What may follow [`signer::LOOKUP`]: no other name of the registry can be made of it.
fn is_key_id(id: &str) -> bool {
    (1..=MAX_KEY_BYTES).contains(&id.len())
        && id.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.'))
}

fn json_of(part: &str) -> Option<String> {
    String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
