//! What the registry says of a tenant's tracking plan, and the memory of it.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use tallymark_event::Timestamp;
use tallymark_plan::{
    Plan,
    plan::{Object, PiiAction, Shape, Type},
};

use crate::{
    Refusal,
    decode::{Kind, Value, fields},
    limits::{
        MAX_CACHED_PLAN_BYTES, MAX_CACHED_PLANLESS, MAX_PLAN_RECORD_BYTES, MIN_SALT_BYTES, PLAN_TTL_MS,
        PLANLESS_TTL_MS,
    },
    shelf::Shelf,
};

/// What the registry's names of plans begin with. Then comes the organization.
pub(crate) const PREFIX: &str = "plan:";

/// A keyed hash: who doesn't have the tenant's salt can't try what was hashed.
pub(crate) type Salt = Hmac<Sha256>;

/// What becomes of events that break the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// They are quarantined.
    Enforce,
    /// They are stored, and what they break is noted.
    Observe,
}

/// Whether a plan's record may name it as its mode.
pub(crate) fn is_mode(name: &str) -> bool {
    matches!(name, "enforce" | "observe" | "off")
}

/// A plan's record: `{"mode":"enforce"|"observe"|"off","salt":"…","plan":{…}}`, further fields ignored. `plan` is
/// plan.json; `salt` may be left out if the plan hashes nothing.
#[derive(Debug)]
pub(crate) struct PlanRecord {
    pub(crate) mode: Mode,
    pub(crate) plan: Plan,
    /// There if the plan hashes anything.
    pub(crate) salt: Option<Salt>,
}

impl PlanRecord {
    /// `Ok(None)`: the plan is off, whatever it says.
    fn parse(text: &str) -> Result<Option<Self>, Unreadable> {
        if text.len() > MAX_PLAN_RECORD_BYTES {
            return Err(Unreadable);
        }
        let [mode, salt, plan] = fields(text, [b"mode", b"salt", b"plan"]).map_err(|_| Unreadable)?;
        let mode = match mode.and_then(Value::string).as_deref() {
            Some("enforce") => Mode::Enforce,
            Some("observe") => Mode::Observe,
            Some("off") => return Ok(None),
            _ => return Err(Unreadable),
        };
        let plan = Plan::from_json(plan.map_or("", Value::as_str)).map_err(|_| Unreadable)?;
        let salt = match salt.filter(|salt| salt.kind() != Kind::Null) {
            None => None,
            Some(salt) => Some(parse_salt(salt)?),
        };
        if salt.is_none() && plan.events().iter().any(|event| hashes(&event.properties)) {
            return Err(Unreadable);
        }
        Ok(Some(Self { mode, plan, salt }))
    }
}

fn parse_salt(salt: Value<'_>) -> Result<Salt, Unreadable> {
    let salt = salt.string().filter(|salt| salt.len() >= MIN_SALT_BYTES).ok_or(Unreadable)?;
    Salt::new_from_slice(salt.as_bytes()).map_err(|_| Unreadable)
}

/// Whether anything in it is to be hashed.
fn hashes(object: &Object) -> bool {
    fn in_shape(shape: &Shape) -> bool {
        match &shape.kind {
            Type::Object(object) => hashes(object),
            Type::Array(list) => in_shape(&list.items),
            _ => false,
        }
    }
    object.properties().iter().any(|property| {
        property.pii.is_some_and(|pii| pii.action == PiiAction::Hash) || in_shape(&property.shape)
    })
}

/// That a record is none.
#[derive(Clone, Copy, Debug)]
struct Unreadable;

/// What the registry said lately of tenants' plans. Most tenants have none, and are remembered apart from those that
/// do, and for longer: a tenant without a plan costs a lookup in [`PLANLESS_TTL_MS`].
#[derive(Debug)]
pub(crate) struct PlanCache {
    plans: Shelf<Result<PlanRecord, Unreadable>>,
    without: Shelf<()>,
}

impl Default for PlanCache {
    fn default() -> Self {
        Self {
            plans: Shelf::new(PLAN_TTL_MS, MAX_CACHED_PLAN_BYTES),
            without: Shelf::new(PLANLESS_TTL_MS, MAX_CACHED_PLANLESS),
        }
    }
}

/// What is known of a tenant's plan.
#[derive(Debug)]
pub(crate) enum Known<'c> {
    /// It has one, and it is not off.
    Plan(&'c PlanRecord),
    /// It has none.
    Without,
    /// The registry has to be asked.
    Unknown,
}

impl PlanCache {
    /// A plan that can't be read is refused like a key: what says something about people is not stored unchecked.
    pub(crate) fn get(&self, organization_id: &str, now: Timestamp) -> Result<Known<'_>, Refusal> {
        match self.plans.get(organization_id, now) {
            Some(Ok(record)) => Ok(Known::Plan(record)),
            Some(Err(Unreadable)) => Err(Refusal::RegistryPlanInvalid),
            None => Ok(self.without.get(organization_id, now).map_or(Known::Unknown, |()| Known::Without)),
        }
    }

    /// Remembers what the registry holds of a tenant's plan, for [`PLAN_TTL_MS`]; that it holds none, or that the plan is
    /// off, for [`PLANLESS_TTL_MS`].
    pub(crate) fn learn(&mut self, organization_id: &str, record: Option<&str>, now: Timestamp) {
        self.plans.remove(organization_id);
        self.without.remove(organization_id);
        match record.map(|text| (PlanRecord::parse(text), text.len())) {
            None | Some((Ok(None), _)) => self.without.put(organization_id, (), 1, now),
            Some((Ok(Some(record)), bytes)) => self.plans.put(organization_id, Ok(record), bytes, now),
            // Of what can't be read nothing is kept.
            Some((Err(unreadable), _)) => self.plans.put(organization_id, Err(unreadable), 1, now),
        }
    }
}
