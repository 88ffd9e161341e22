//! Reading a JSON object member by member, with nothing overlooked.

use std::ops::RangeInclusive;

use serde::Serialize;
use serde_json::{Map, Value};

/// What is wrong with a record, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The field: `[0].url`. Empty for the record itself.
    pub path: String,
    /// The remedy: `must begin with https://`.
    pub detail: String,
}

impl Problem {
    pub(crate) fn new(path: &str, detail: &str) -> Self {
        Self { path: path.to_owned(), detail: detail.to_owned() }
    }
}

/// The members of an object, of which each is to be asked for.
pub(crate) struct Fields<'v> {
    members: &'v Map<String, Value>,
    path: &'v str,
    known: Vec<&'static str>,
}

impl<'v> Fields<'v> {
    pub(crate) fn of(record: &'v Value, path: &'v str) -> Result<Self, Problem> {
        let members = record.as_object().ok_or_else(|| Problem::new(path, "must be an object"))?;
        Ok(Self { members, path, known: Vec::new() })
    }

    /// What is wrong with a member.
    pub(crate) fn problem(&self, name: &str, detail: &str) -> Problem {
        Problem { path: format!("{}.{name}", self.path), detail: detail.to_owned() }
    }

    fn get(&mut self, name: &'static str) -> Option<&'v Value> {
        self.known.push(name);
        self.members.get(name)
    }

    /// As it is; `None` if there is none.
    pub(crate) fn value(&mut self, name: &'static str) -> Option<&'v Value> {
        self.get(name)
    }

    pub(crate) fn flag(&mut self, name: &'static str) -> Result<Option<bool>, Problem> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(self.problem(name, "must be true or false")),
        }
    }

    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<&'v str>, Problem> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.problem(name, "must be a text")),
        }
    }

    pub(crate) fn required_text(&mut self, name: &'static str, what: &str) -> Result<&'v str, Problem> {
        self.text(name)?.ok_or_else(|| self.problem(name, &format!("is missing: {what}")))
    }

    pub(crate) fn number(
        &mut self,
        name: &'static str,
        range: RangeInclusive<u32>,
    ) -> Result<Option<u32>, Problem> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| range.contains(n));
        let remedy = || format!("must be a whole number from {} to {}", range.start(), range.end());
        number.map(Some).ok_or_else(|| self.problem(name, &remedy()))
    }

    pub(crate) fn texts(
        &mut self,
        name: &'static str,
        remedy: &str,
    ) -> Result<Option<Vec<&'v str>>, Problem> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let texts = value.as_array().and_then(|list| list.iter().map(Value::as_str).collect());
        texts.map(Some).ok_or_else(|| self.problem(name, remedy))
    }

    /// Refuses members that nobody has asked for: a misspelt one would be as good as missing.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        match self.members.keys().find(|name| !self.known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => {
                Err(self
                    .problem(name, &format!("is none of its fields, which are {}", self.known.join(", "))))
            }
        }
    }
}
