//! A tenant's tracking plan: pushed, listed by version, rolled back.
//!
//! Every version that was pushed is a record of its own; the record that the collector goes by is a copy of one of them,
//! with the tenant's salt. The copy is written last, at once: before that the plan of before holds, after that the new one.

use tallymark_event::{Timestamp, json};
use tallymark_plan::Plan;

use super::{
    Defect, Done, Facts, Pause, Write, body,
    version::{self, Version},
};
use crate::{
    Answer, Refusal,
    decode::{Kind, Value, fields},
    limits::{MAX_PLAN_RECORD_BYTES, MAX_PLAN_VERSIONS, MIN_SALT_BYTES, SALT_RANDOM_BYTES},
    members::Members,
    plans, text,
};

/// What the registry's names of salts begin with; the organization follows.
const SALT_PREFIX: &str = "salt:";

/// A version as it was pushed.
struct Pushed {
    version: Version,
    mode: String,
    /// As JSON text, like the moment of the push.
    plan: String,
    at: String,
}

/// What the collector goes by now.
struct Current {
    /// `None`: the record was written by hand.
    version: Option<Version>,
    mode: String,
    plan: String,
    salt: Option<String>,
}

impl Current {
    /// `None` also if the record can't be read: then a push puts it right.
    fn parse(text: &str) -> Option<Self> {
        let [version, mode, plan, salt] = fields(text, [b"version_id", b"mode", b"plan", b"salt"]).ok()?;
        Some(Self {
            version: version.and_then(Value::string).and_then(|name| Version::parse(&name)),
            mode: mode?.string()?.into_owned(),
            plan: plan.filter(|plan| plan.kind() == Kind::Object)?.as_str().to_owned(),
            salt: salt.and_then(Value::string).map(std::borrow::Cow::into_owned),
        })
    }
}

/// `GET …/plan`: `{"version":7,"id":"7-…","mode":…,"plan":{…}}`.
pub(super) fn show(organization_id: &str, facts: &Facts<'_>) -> Result<Done, Pause> {
    let current = current(organization_id, facts)?;
    let remedy = "push one";
    let Current { version, mode, plan, .. } = current.ok_or(Defect::Absent { what: "a plan", remedy })?;
    let mut out = String::with_capacity(plan.len() + 100);
    let mut members = Members::open(&mut out);
    write_version(&mut members, version.as_ref());
    members.add("mode", &text::quoted(&mode));
    members.add("plan", &plan);
    members.close();
    Ok(Done::told(out))
}

/// `GET …/plan/versions`: the newest first.
pub(super) fn versions(organization_id: &str, facts: &Facts<'_>) -> Result<Done, Pause> {
    let current = current(organization_id, facts)?.and_then(|current| current.version);
    let mut entries = facts.found.list(&version::prefix(organization_id))?;
    entries.reverse();
    let versions: Vec<String> =
        entries.iter().filter_map(|entry| version::shown(entry, current.as_ref())).collect();
    Ok(Done::told(format!("{{\"versions\":[{}]}}", versions.join(","))))
}

/// `PUT …/plan`: `{"mode":"enforce"|"observe"|"off","plan":{…}}`. Without `mode` it stays what it is; of a first plan it is
/// `enforce`. What holds already is not pushed again.
pub(super) fn push(organization_id: &str, facts: &Facts<'_>) -> Result<Done, Pause> {
    let (mode, plan, described) = body::members(
        facts.request,
        ["mode", "plan"],
        "an object of mode and plan, which is plan.json",
        |[mode, plan]| {
            let is_given = mode.is_some();
            let mode = mode.and_then(Value::string).filter(|mode| plans::is_mode(mode));
            if is_given && mode.is_none() {
                return Err(Refusal::InvalidParameter { name: "mode", expected: "enforce, observe or off" });
            }
            let plan = Plan::from_json(plan.map_or("", Value::as_str)).map_err(Defect::Plan)?;
            let text = compact(&plan.to_json());
            Ok((mode.map(std::borrow::Cow::into_owned), text, described(&plan)))
        },
    )?;
    let current = current(organization_id, facts)?;
    let mode = mode
        .or_else(|| current.as_ref().map(|current| current.mode.clone()).filter(|mode| plans::is_mode(mode)))
        .unwrap_or_else(|| "enforce".to_owned());
    let kept = version::versions(&facts.found.list(&version::prefix(organization_id))?);
    let mut number = kept.last().map_or(0, |last| last.number);
    let mut writes = Vec::new();
    let mut superseded = current.as_ref().and_then(|current| current.version.clone());
    if let Some(current) = &current {
        let holding =
            superseded.clone().unwrap_or_else(|| Version::new(number + 1, &current.mode, &current.plan));
        if holding.digest == Version::new(number, &mode, &plan).digest && superseded.is_some() {
            return Ok(Done::told(answer(&holding, &mode, false, None)));
        }
        let by_hand = Plan::from_json(&current.plan).ok().filter(|_| plans::is_mode(&current.mode));
        if let (None, Some(plan)) = (&superseded, by_hand) {
            // Written by hand: kept as a version, so that it can be gone back to.
            number = holding.number;
            let by_hand = Pushed {
                version: holding.clone(),
                mode: current.mode.clone(),
                plan: current.plan.clone(),
                at: quoted(facts.now),
            };
            writes.push(by_hand.write(organization_id, &self::described(&plan)));
            superseded = Some(holding);
        }
        number = number.max(superseded.as_ref().map_or(0, |version| version.number));
    }
    let version = Version::new(number.saturating_add(1), &mode, &plan);
    let pushed = Pushed { version: version.clone(), mode, plan, at: quoted(facts.now) };
    let salt = salt(organization_id, current.as_ref(), facts, &mut writes)?;
    let record = pushed.record(&salt);
    if record.len() > MAX_PLAN_RECORD_BYTES {
        return Err(Defect::PlanTooLarge { bytes: record.len() }.into());
    }
    writes.push(pushed.write(organization_id, &described));
    writes.push(Write::put(lookup(organization_id), record));
    // The oldest make room, but for the one that holds until the last write.
    let spare = (kept.len() + 1).saturating_sub(MAX_PLAN_VERSIONS);
    let spare = kept.iter().filter(|old| superseded.as_ref() != Some(*old)).take(spare);
    writes.extend(spare.map(|old| Write::Delete { name: old.name(organization_id) }));
    let answer = answer(&version, &pushed.mode, true, superseded.as_ref());
    Ok(Done { writes, answer: Answer::json(200, answer) })
}

/// `POST …/plan/rollback`: `{"to":"6"}`, or `{}` for the version before the one that holds.
pub(super) fn roll_back(organization_id: &str, facts: &Facts<'_>) -> Result<Done, Pause> {
    let to = body::members(facts.request, ["to"], "an object of to, a version", |[to]| {
        let Some(to) = to else { return Ok(None) };
        let text = to.string().map(std::borrow::Cow::into_owned);
        let text = text.or_else(|| to.integer().map(|number| number.to_string()));
        let expected = "a version's number or id";
        text.map(Some).ok_or(Refusal::InvalidParameter { name: "to", expected })
    })?;
    let current = current(organization_id, facts)?;
    let holding = current.as_ref().and_then(|current| current.version.clone());
    let kept = version::versions(&facts.found.list(&version::prefix(organization_id))?);
    let mut meant = kept.into_iter().filter(|version| match (&to, &holding) {
        (Some(to), _) => version.is_called(to),
        (None, Some(holding)) => version < holding,
        (None, None) => false,
    });
    let absent = Defect::Absent { what: "such a version", remedy: "list the versions of the plan" };
    let version = meant.next_back().ok_or(absent)?;
    if to.is_some() && meant.next().is_some() {
        let detail =
            "two pushes at one moment made versions of this number: name the one that is meant by its id";
        return Err(Defect::Conflict { detail }.into());
    }
    let text = facts.found.record(&version.name(organization_id))?;
    let damaged =
        Defect::Conflict { detail: "that version can't be read: name another, or push the plan again" };
    let pushed = text.and_then(|text| Pushed::parse(version, &text)).ok_or(damaged)?;
    if holding.as_ref() == Some(&pushed.version) {
        return Ok(Done::told(answer(&pushed.version, &pushed.mode, false, None)));
    }
    let mut writes = Vec::new();
    let salt = salt(organization_id, current.as_ref(), facts, &mut writes)?;
    writes.push(Write::put(lookup(organization_id), pushed.record(&salt)));
    let answer = answer(&pushed.version, &pushed.mode, true, holding.as_ref());
    Ok(Done { writes, answer: Answer::json(200, answer) })
}

fn lookup(organization_id: &str) -> String {
    [plans::PREFIX, organization_id].concat()
}

fn current(organization_id: &str, facts: &Facts<'_>) -> Result<Option<Current>, Pause> {
    Ok(facts.found.record(&lookup(organization_id))?.as_deref().and_then(Current::parse))
}

/// The tenant's salt: made once. What it has hashed could never be found again with another, so no push replaces it.
fn salt(
    organization_id: &str,
    current: Option<&Current>,
    facts: &Facts<'_>,
    writes: &mut Vec<Write>,
) -> Result<String, Pause> {
    let name = [SALT_PREFIX, organization_id].concat();
    let is_one = |salt: &String| salt.len() >= MIN_SALT_BYTES;
    let in_use = current.and_then(|current| current.salt.clone()).filter(is_one);
    let kept = facts.found.record(&name)?.filter(is_one);
    if let (Some(kept), true) = (&kept, in_use.is_none() || in_use == kept) {
        return Ok(kept.clone());
    }
    let salt = in_use.unwrap_or_else(|| {
        let mut hex = String::with_capacity(2 * SALT_RANDOM_BYTES);
        text::push_hex(&mut hex, facts.random.get(..SALT_RANDOM_BYTES).unwrap_or_default());
        hex
    });
    writes.push(Write::put(name, salt.clone()));
    Ok(salt)
}

impl Pushed {
    /// Of what the registry holds under the version's name.
    fn parse(version: Version, text: &str) -> Option<Self> {
        let [mode, plan, pushed_at] = fields(text, [b"mode", b"plan", b"pushed_at"]).ok()?;
        Some(Self {
            version,
            mode: mode?.string()?.into_owned(),
            plan: plan.filter(|plan| plan.kind() == Kind::Object)?.as_str().to_owned(),
            at: pushed_at?.as_str().to_owned(),
        })
    }

    /// The version's own record. `described` is for lists: the members `plan` and `plan_version`.
    fn write(&self, organization_id: &str, described: &str) -> Write {
        let mut value = String::with_capacity(self.plan.len() + 100);
        let mut members = Members::open(&mut value);
        members.add("mode", &text::quoted(&self.mode));
        members.add("pushed_at", &self.at);
        members.add("plan", &self.plan);
        members.close();
        let mut metadata = format!("{{\"mode\":{},{described}", text::quoted(&self.mode));
        metadata.push_str(",\"pushed_at\":");
        metadata.push_str(&self.at);
        metadata.push_str(",\"bytes\":");
        json::write_u64(&mut metadata, self.plan.len() as u64);
        metadata.push('}');
        let name = self.version.name(organization_id);
        Write::Put { name, value, metadata: Some(metadata), until: None }
    }

    /// The record that the collector goes by: see [`plans`].
    fn record(&self, salt: &str) -> String {
        let mut out = String::with_capacity(self.plan.len() + 200);
        let mut members = Members::open(&mut out);
        members.add("version_id", &text::quoted(&self.version.id_in_name()));
        members.add("mode", &text::quoted(&self.mode));
        members.add("pushed_at", &self.at);
        members.add("salt", &text::quoted(salt));
        members.add("plan", &self.plan);
        members.close();
        out
    }
}

fn answer(version: &Version, mode: &str, is_changed: bool, superseded: Option<&Version>) -> String {
    let mut out = String::new();
    let mut members = Members::open(&mut out);
    write_version(&mut members, Some(version));
    members.add("mode", &text::quoted(mode));
    members.add("is_changed", if is_changed { "true" } else { "false" });
    let superseded = superseded.map_or_else(|| "null".to_owned(), |old| old.number.to_string());
    members.add("superseded", &superseded);
    members.close();
    out
}

fn write_version(members: &mut Members<'_, '_>, version: Option<&Version>) {
    let number = version.map_or_else(|| "null".to_owned(), |version| version.number.to_string());
    members.add("version", &number);
    let id = version.map_or_else(|| "null".to_owned(), |version| text::quoted(&version.id()));
    members.add("id", &id);
}

/// What lists say of a plan.
fn described(plan: &Plan) -> String {
    format!("\"plan\":{},\"plan_version\":{}", text::quoted(&plan.name), plan.version)
}

fn quoted(at: Timestamp) -> String {
    let mut text = String::from("\"");
    at.write(&mut text);
    text.push('"');
    text
}

/// JSON without the white space between its tokens: the record has room for a megabyte, and indentation is a third.
fn compact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut is_string, mut is_escaped) = (false, false);
    for c in text.chars() {
        if is_string {
            is_string = is_escaped || c != '"';
            is_escaped = !is_escaped && c == '\\';
        } else if matches!(c, ' ' | '\n' | '\r' | '\t') {
            continue;
        } else {
            is_string = c == '"';
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::compact;

    #[test]
    fn white_space_is_kept_in_strings_alone() {
        let indented = "{\n  \"a b\": [ 1, \"\\\" \\\\\", \"c  d\" ]\r\n}\n";
        assert_eq!(compact(indented), r#"{"a b":[1,"\" \\","c  d"]}"#);
    }
}
