//! Going through rows a page at a time, in the order of their `seq`: which, from where, and how many.

use std::borrow::Cow;

use crate::{
    Refusal, Request,
    decode::{Scanner, Value, each_member, parameter, percent_decoded, unwrapped},
    limits::{DEFAULT_QUARANTINE_BATCH, MAX_FILTER_BYTES, MAX_QUARANTINE_BATCH},
    query,
};

/// By what rows are chosen: those for which all of its members hold.
pub trait Filter: Default + PartialEq {
    /// What each member is called, and what must be given for it.
    const MEMBERS: &'static [(&'static str, &'static str)];
    /// What a request's body must be.
    const BODY: &'static str;

    /// Takes the member of this name, one of [`MEMBERS`](Self::MEMBERS). Gives none if the text can't be it.
    fn set(&mut self, name: &str, text: String) -> Option<()>;
}

/// Which rows are gone through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep<F> {
    /// Which.
    pub filter: F,
    /// Only those whose `seq` is above this.
    pub after: u64,
    /// Those of so many events at the most, 1 to [`MAX_QUARANTINE_BATCH`].
    pub limit: u32,
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
}

impl<F: Filter> Sweep<F> {
    /// Reads a query like `after=7&limit=10&rule=too_long`, of these members of the filter. Whoever asks by a query wants
    /// to see, so nothing is to be done.
    pub(crate) fn of_query(query: &str, names: &[&str]) -> Result<Self, Refusal> {
        let (after, limit) = query::page(query)?;
        let mut sweep = Self { filter: F::default(), after, limit, dry_run: true };
        for (name, expected) in F::MEMBERS.iter().filter(|(name, _)| names.contains(name)) {
            if let Some(given) = parameter(query.as_bytes(), name.as_bytes()) {
                sweep.choose(name, expected, String::from_utf8(percent_decoded(given)).ok())?;
            }
        }
        Ok(sweep)
    }

    /// Reads a body like `{"dry_run":true,"rule":"too_long"}`. A member that is not known is refused, for `dryrun` is not
    /// `dry_run`.
    pub(crate) fn read(request: &Request<'_>) -> Result<Self, Refusal> {
        let body = unwrapped(request)?;
        let filter = F::default();
        let mut sweep = Self { filter, after: 0, limit: DEFAULT_QUARANTINE_BATCH, dry_run: false };
        let mut refused = None;
        let mut scanner = Scanner::new(&body);
        let read = each_member(&mut scanner, |scanner, key| {
            let value = scanner.value()?;
            refused = refused.take().or(sweep.member(&key.name(), value).err());
            Ok(())
        });
        let is_object = read.and_then(|()| scanner.end()).is_ok();
        match refused {
            Some(refusal) => Err(refusal),
            None if !is_object => Err(Refusal::InvalidParameter { name: "body", expected: F::BODY }),
            None => Ok(sweep),
        }
    }

    /// Refuses one of all rows, by the name of a member that it might have: nobody gives everything up by leaving something
    /// out.
    pub(crate) fn narrowed(self, name: &'static str, expected: &'static str) -> Result<Self, Refusal> {
        let is_of_all = self.filter == F::default();
        if is_of_all { Err(Refusal::InvalidParameter { name, expected }) } else { Ok(self) }
    }

    fn member(&mut self, name: &[u8], value: Value<'_>) -> Result<(), Refusal> {
        if let Some((name, expected)) = F::MEMBERS.iter().find(|(member, _)| member.as_bytes() == name) {
            return self.choose(name, expected, value.string().map(Cow::into_owned));
        }
        let integer = || value.integer().and_then(|n| u64::try_from(n).ok());
        let (name, expected, was_read) = match name {
            b"dry_run" => {
                self.dry_run = value.is_true();
                ("dry_run", "true or false", value.is_true() || value.is_false())
            }
            b"after" => {
                // SQLite's integers end at i64::MAX.
                let after = integer().filter(|seq| i64::try_from(*seq).is_ok());
                self.after = after.unwrap_or_default();
                ("after", "the seq of a row, a number from 0", after.is_some())
            }
            b"limit" => {
                let limit = integer().and_then(|n| u32::try_from(n).ok());
                let limit = limit.filter(|n| (1..=MAX_QUARANTINE_BATCH).contains(n));
                self.limit = limit.unwrap_or_default();
                ("limit", "a number from 1 to 10000", limit.is_some())
            }
            _ => ("body", F::BODY, false),
        };
        if was_read { Ok(()) } else { Err(Refusal::InvalidParameter { name, expected }) }
    }

    fn choose(
        &mut self,
        name: &'static str,
        expected: &'static str,
        text: Option<String>,
    ) -> Result<(), Refusal> {
        let is_set = text
            .filter(|text| (1..=MAX_FILTER_BYTES).contains(&text.len()))
            .and_then(|text| self.filter.set(name, text))
            .is_some();
        if is_set { Ok(()) } else { Err(Refusal::InvalidParameter { name, expected }) }
    }
}
