//! Who may administer: whoever has a token of which the collector knows the SHA-256.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::Defect;
use crate::{Refusal, Request, admit::bearer_key, keys::KeyKind, limits::MAX_OPERATORS};

const DIGEST_BYTES: usize = 32;

/// The digests of the operators' tokens (`ak_…`).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Operators(Vec<[u8; DIGEST_BYTES]>);

impl Operators {
    /// Reads SHA-256s in hexadecimal, with blanks or commas between them: several while a token is changed, or where
    /// several people have one each. A text that is anything else admits nobody.
    pub fn parse(text: &str) -> Self {
        let words = text.split([' ', ',', '\n', '\t']).filter(|word| !word.is_empty());
        let digests: Option<Vec<_>> = words.take(MAX_OPERATORS).map(digest).collect();
        Self(digests.unwrap_or_default())
    }

    /// Takes as long whatever of the token is right, and whosever it is.
    fn have(&self, token: &str) -> bool {
        let presented = Sha256::digest(token);
        let known = self.0.iter().fold(Choice::from(0), |known, digest| known | digest.ct_eq(&presented[..]));
        known.into()
    }
}

impl fmt::Debug for Operators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} operators", self.0.len())
    }
}

fn digest(hex: &str) -> Option<[u8; DIGEST_BYTES]> {
    let nibble = |digit: &u8| char::from(*digit).to_digit(16).and_then(|nibble| u8::try_from(nibble).ok());
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    let bytes: Option<Vec<u8>> =
        pairs.iter().map(|[high, low]| Some(nibble(high)? << 4 | nibble(low)?)).collect();
    rest.is_empty().then_some(bytes?)?.try_into().ok()
}

pub(super) fn admit(operators: &Operators, request: &Request<'_>) -> Result<(), Refusal> {
    if operators.0.is_empty() {
        return Err(Defect::Disabled.into());
    }
    let token = bearer_key(request)?;
    if operators.have(&token) {
        return Ok(());
    }
    // The registry is not asked: whoever tries keys here learns nothing of them.
    Err(match KeyKind::announced_by(&token) {
        Some(kind) => Refusal::WrongKeyKind {
            kind: kind.name(),
            remedy: "to administer, use the operator's token (ak_…)",
        },
        None => Defect::NoOperator.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "ak_0123456789abcdef0123456789abcdef";
    /// Of another token.
    const OTHER: &str = "b4c0a2a7c699a282dcdbbf7cef7bde7d9bfa87b2098f3a8cb71588d897751b31";

    fn status(operators: &str, authorization: Option<&str>) -> Result<(), (u16, &'static str)> {
        let request = Request { authorization, ..Request::default() };
        admit(&Operators::parse(operators), &request).map_err(|refusal| (refusal.status(), refusal.code()))
    }

    fn hex_of(token: &str) -> String {
        let mut hex = String::new();
        crate::text::push_hex(&mut hex, &Sha256::digest(token));
        hex
    }

    #[test]
    fn whoever_has_a_token_may_and_nobody_else() {
        let known = hex_of(TOKEN);
        let bearer = |token: &str| format!("Bearer {token}");
        assert_eq!(status(&known, Some(&bearer(TOKEN))), Ok(()));
        assert_eq!(status(&format!("{OTHER}, {}", known.to_uppercase()), Some(&bearer(TOKEN))), Ok(()));
        assert_eq!(status(&known, Some(&bearer("ak_0"))), Err((401, "invalid_admin_token")));
        assert_eq!(
            status(&known, Some(&bearer(&known))),
            Err((401, "invalid_admin_token")),
            "the digest itself"
        );
        assert_eq!(status(&known, None), Err((401, "missing_key")));
        for key in ["wk_1", "sk_1", "rk_1"] {
            assert_eq!(status(&known, Some(&bearer(key))), Err((403, "wrong_key_kind")), "{key}");
        }
    }

    #[test]
    fn nobody_may_where_no_digest_is_known() {
        let bearer = format!("Bearer {TOKEN}");
        let known = hex_of(TOKEN);
        for text in [
            "",
            " ",
            "x",
            TOKEN,
            known.get(1..).unwrap(),
            &format!("{known}00"),
            &format!("{known} x"),
            &"é".repeat(32),
        ] {
            assert_eq!(status(text, Some(&bearer)), Err((403, "admin_disabled")), "{text}");
        }
    }
}
