//! What a visitor has agreed to, as a row says it: what whoever forwards rows goes by.
//!
//! A row's context has it in two members, the same whichever client has said it:
//!
//! - `consent`: `{"analytics": bool, "advertising": bool}`, a purpose left out where nobody has said anything of it;
//! - `gpc`: `true` where the browser's Global Privacy Control is on. Such a row's `consent` has `"advertising": false`.
//!
//! Where two words disagree, "no" is believed.

use alloc::string::String;

use crate::{
    RawJson,
    json::{
        scan::{Scanner, each_member},
        value::{Kind, Value},
    },
    wire,
};

/// What a row may be forwarded for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The owner's own measurement: stores, warehouses, product analytics.
    Analytics,
    /// Whatever leads to advertising, or sells or shares what is known of a visitor.
    Advertising,
}

/// What is known of a visitor's choice. `None`: nobody has said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// Of [`Purpose::Analytics`].
    pub analytics: Option<bool>,
    /// Of [`Purpose::Advertising`]: never true where `gpc` is.
    pub advertising: Option<bool>,
    /// Whether the browser's Global Privacy Control is on.
    pub gpc: bool,
}

impl Consent {
    /// Reads a record like `{"analytics": true, "advertising": false}`. What is none says nothing.
    pub fn read(record: Value<'_>) -> Self {
        let mut read = Self::default();
        each_in(record, |name, value| {
            let slot = match name {
                b"analytics" => &mut read.analytics,
                b"advertising" => &mut read.advertising,
                _ => return,
            };
            if value.is_false() {
                *slot = Some(false);
            } else if value.is_true() {
                slot.get_or_insert(true);
            }
        });
        read
    }

    /// Reads what a row's `context` says.
    pub fn of_context(context: RawJson<'_>) -> Self {
        let mut read = Self::default();
        let mut gpc = false;
        each_in(Value::well_formed(context.as_str()), |name, value| {
            if *name == *wire::CONTEXT_CONSENT.as_bytes() {
                read = Self::read(value);
            } else if *name == *wire::CONTEXT_GPC.as_bytes() {
                gpc |= value.is_true();
            }
        });
        if gpc { read.with_gpc() } else { read }
    }

    /// The same under Global Privacy Control, which objects to advertising whatever else was said.
    #[must_use]
    pub const fn with_gpc(self) -> Self {
        Self { advertising: Some(false), gpc: true, ..self }
    }

    /// Whether a row may be forwarded for this. Where nobody was asked, nobody has objected: whether that is enough is the
    /// tenant's to say, who has pages ask first.
    pub fn permits(self, purpose: Purpose) -> bool {
        let said = match purpose {
            Purpose::Analytics => self.analytics,
            Purpose::Advertising => self.advertising,
        };
        said != Some(false)
    }

    /// Appends the record as a context's member, with a comma in front; nothing where it says nothing.
    pub fn write(self, out: &mut String) {
        let mut is_open = false;
        for (key, said) in [("\"analytics\":", self.analytics), ("\"advertising\":", self.advertising)] {
            let Some(said) = said else { continue };
            out.push_str(if is_open { "," } else { ",\"consent\":{" });
            is_open = true;
            out.push_str(key);
            out.push_str(if said { "true" } else { "false" });
        }
        if is_open {
            out.push('}');
        }
    }
}

/// Gives each member of an object; nothing for what is none.
fn each_in(value: Value<'_>, mut member: impl FnMut(&[u8], Value<'_>)) {
    if value.kind() != Kind::Object {
        return;
    }
    // It was scanned before: it is well-formed, or what is read of it so far is all there is.
    let _ = each_member(&mut Scanner::new(value.as_str()), |scanner, key| {
        let value = scanner.value()?;
        member(&key.name(), value);
        Ok(())
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_context(text: &str) -> Consent {
        Consent::of_context(RawJson::trusted(text))
    }

    #[test]
    fn nobody_has_said_anything() {
        for context in [
            "{}",
            r#"{"consent":null}"#,
            r#"{"consent":"granted","gpc":false}"#,
            r#"{"consent":{"analytics":1}}"#,
        ] {
            let consent = of_context(context);
            assert_eq!(consent, Consent::default(), "{context}");
            assert!(consent.permits(Purpose::Analytics) && consent.permits(Purpose::Advertising));
        }
    }

    #[test]
    fn a_no_is_believed() {
        let consent =
            of_context(r#"{"consent":{"analytics":false,"analytics":true,"advertising":true},"gpc":true}"#);
        assert_eq!(consent, Consent { analytics: Some(false), advertising: Some(false), gpc: true });
        assert!(!consent.permits(Purpose::Analytics) && !consent.permits(Purpose::Advertising));
        assert!(of_context(r#"{"gpc":true}"#).permits(Purpose::Analytics));
        assert!(!of_context(r#"{"gpc":true,"consent":{"advertising":true}}"#).permits(Purpose::Advertising));
    }

    #[test]
    fn it_is_written_as_it_is_read() {
        for analytics in [None, Some(true), Some(false)] {
            for advertising in [None, Some(true), Some(false)] {
                let consent = Consent { analytics, advertising, gpc: false };
                let mut text = String::from("{\"a\":1");
                consent.write(&mut text);
                text.push('}');
                assert_eq!(of_context(&text), consent, "{text}");
            }
        }
    }
}
