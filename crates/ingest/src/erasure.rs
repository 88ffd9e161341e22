//! What may be wanted of a tenant's erasures: that somebody is forgotten, and what has come of it.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::{
    Refusal, Request,
    decode::{Scanner, Value, each_member, unwrapped},
    query,
    text::{self, Overlong},
};

/// A request about erasures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErasureRequest {
    /// `GET /v1/erasures?after=…&limit=…`: receipts, in the order of the orders.
    List {
        /// Only those whose `seq` is above this.
        after: u64,
        /// At most so many.
        limit: u32,
    },
    /// `POST /v1/erasures`.
    Order(ErasureOrder),
}

/// That somebody is to be forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasureOrder {
    /// One of the ids of whom it is about, as rows have it.
    pub id: String,
    /// What is to be done.
    pub mode: ErasureMode,
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
}

/// What is done about somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErasureMode {
    /// Their events go, and none is taken any more.
    Erase,
    /// Their events stay without anything that says whose they are, and none is taken any more.
    Anonymise,
    /// Their events are taken again.
    Readmit,
}

impl ErasureMode {
    const ALL: [Self; 3] = [Self::Erase, Self::Anonymise, Self::Readmit];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Erase => "erase",
            Self::Anonymise => "anonymise",
            Self::Readmit => "readmit",
        }
    }
}

const SUBJECT: &str = "{\"user_id\": \"…\"} or {\"anonymous_id\": \"…\"}: one id of at most 200 characters; those \
    linked to it follow from it";

impl ErasureRequest {
    pub(crate) fn list(query: &str) -> Result<Self, Refusal> {
        let (after, limit) = query::page(query)?;
        Ok(Self::List { after, limit })
    }

    /// Reads a body like `{"subject":{"user_id":"42"},"mode":"erase","dry_run":true}`. A member that is not known is
    /// refused: what is deleted because of a slip of the pen does not come back.
    pub(crate) fn order(request: &Request<'_>) -> Result<Self, Refusal> {
        let body = unwrapped(request)?;
        let (mut id, mut mode, mut dry_run) = (None, None, false);
        let mut is_known = true;
        let mut dry_run_is_bool = true;
        let mut scanner = Scanner::new(&body);
        let read = each_member(&mut scanner, |scanner, key| {
            let value = scanner.value()?;
            match &*key.name() {
                b"subject" => id = subject(value),
                b"mode" => {
                    let name = value.string();
                    mode = ErasureMode::ALL.into_iter().find(|mode| name.as_deref() == Some(mode.name()));
                }
                b"dry_run" => {
                    dry_run = value.is_true();
                    dry_run_is_bool = value.is_true() || value.is_false();
                }
                _ => is_known = false,
            }
            Ok(())
        });
        let invalid = |name, expected| Refusal::InvalidParameter { name, expected };
        if read.and_then(|()| scanner.end()).is_err() || !is_known {
            return Err(invalid("body", "a JSON object of subject, mode and dry_run"));
        }
        if !dry_run_is_bool {
            return Err(invalid("dry_run", "true or false"));
        }
        let mode = mode.ok_or_else(|| invalid("mode", "erase, anonymise or readmit"))?;
        let id = id.ok_or_else(|| invalid("subject", SUBJECT))?;
        Ok(Self::Order(ErasureOrder { id, mode, dry_run }))
    }
}

/// The one id that a subject names.
fn subject(value: Value<'_>) -> Option<String> {
    let mut ids = Vec::new();
    let mut is_known = true;
    let mut scanner = Scanner::new(value.as_str());
    each_member(&mut scanner, |scanner, key| {
        let value = scanner.value()?;
        is_known &= matches!(&*key.name(), b"user_id" | b"anonymous_id");
        ids.push(value);
        Ok(())
    })
    .ok()?;
    let [id] = ids.as_slice() else { return None };
    let id = text::id(Some(*id), Overlong::Refuse).ok().flatten()?;
    is_known.then(|| Value::well_formed(&id).string().map(std::borrow::Cow::into_owned)).flatten()
}

/// What stands for ids where they are not to be kept: HMAC-SHA-256 of each under the tenant's salt, in hexadecimal, a
/// line each. `ids` are JSON strings, a line each. Who has not the salt can't try ids.
pub fn pseudonyms(salt: &str, ids: &str) -> String {
    let mut out = String::new();
    let Ok(keyed) = Hmac::<Sha256>::new_from_slice(salt.as_bytes()) else { return out };
    for id in ids.lines() {
        let mut hash = keyed.clone();
        hash.update(Value::well_formed(id).string().unwrap_or_default().as_bytes());
        text::push_hex(&mut out, &hash.finalize().into_bytes());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(body: &str) -> Result<ErasureOrder, Option<&'static str>> {
        match ErasureRequest::order(&Request { body: body.as_bytes(), ..Request::default() }) {
            Ok(ErasureRequest::Order(order)) => Ok(order),
            Ok(ErasureRequest::List { .. }) => Err(None),
            Err(refusal) => Err(refusal.attr()),
        }
    }

    #[test]
    fn an_order() {
        for mode in ErasureMode::ALL {
            let body = format!(r#"{{"subject":{{"anonymous_id":"a\u0000"}},"mode":"{}"}}"#, mode.name());
            assert_eq!(order(&body), Ok(ErasureOrder { id: "a\u{fffd}".into(), mode, dry_run: false }));
        }
        let dry = r#"{"dry_run":true,"mode":"erase","subject":{"user_id":42}}"#;
        assert_eq!(order(dry), Ok(ErasureOrder { id: "42".into(), mode: ErasureMode::Erase, dry_run: true }));
    }

    #[test]
    fn a_slip_of_the_pen() {
        let long = format!(r#"{{"subject":{{"user_id":"{}"}},"mode":"erase"}}"#, "x".repeat(201));
        for (bad, name) in [
            ("{}", "mode"),
            ("[]", "body"),
            (r#"{"subject":{"user_id":"42"},"mode":"erase","dryrun":true}"#, "body"),
            (r#"{"subject":{"user_id":"42"},"mode":"erase","dry_run":1}"#, "dry_run"),
            (r#"{"subject":{"user_id":"42"},"mode":"delete"}"#, "mode"),
            (r#"{"subject":{"user_id":"42"}}"#, "mode"),
            (r#"{"mode":"erase"}"#, "subject"),
            (r#"{"subject":"42","mode":"erase"}"#, "subject"),
            (r#"{"subject":{},"mode":"erase"}"#, "subject"),
            (r#"{"subject":{"user_id":""},"mode":"erase"}"#, "subject"),
            (r#"{"subject":{"email":"a@b.example"},"mode":"erase"}"#, "subject"),
            (r#"{"subject":{"user_id":"1","anonymous_id":"2"},"mode":"erase"}"#, "subject"),
            (&long, "subject"),
        ] {
            assert_eq!(order(bad), Err(Some(name)), "{bad}");
        }
    }

    #[test]
    fn a_pseudonym_hangs_on_the_id_and_on_the_salt() {
        let of = |salt, id| pseudonyms(salt, id).trim_end().to_owned();
        // RFC 4231, test case 2.
        assert_eq!(
            of("Jefe", "\"what do ya want for nothing?\""),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(of("s", "\"a\\u0062\""), of("s", "\"ab\""));
        assert_ne!(of("s", "\"a\""), of("t", "\"a\""));
        assert_eq!(pseudonyms("s", "\"a\"\n\"b\"\n").lines().count(), 2);
    }
}
