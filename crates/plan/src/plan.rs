//! A tracking plan as it is worked with: names resolved, groups spread out, everything found by binary search.

use crate::pattern::Pattern;

/// A tracking plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Its name, which never changes.
    pub name: String,
    /// Its version, from 1: which plan an event was judged by.
    pub version: u32,
    /// Who answers for it.
    pub owner: String,
    /// What it is about.
    pub description: String,
    /// What else the organization has agreed on, in sentences.
    pub governance: Vec<String>,
    /// What holds for all events.
    pub policy: Policy,
    /// What events are grouped by, in the plan's order.
    pub families: Vec<Family>,
    /// By name.
    pub(crate) events: Vec<Event>,
}

/// What holds for all events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What becomes of events that the plan does not know.
    pub unknown_events: Unknown,
    /// What becomes of events with properties that the plan does not know, unless the event itself says otherwise.
    pub unknown_properties: Unknown,
    /// Largest event, unless the event itself says otherwise. See [`Event::max_bytes`].
    pub max_bytes: Option<u32>,
}

/// What to do about what the plan does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// Take it as it is.
    Accept,
    /// A violation.
    Reject,
}

/// What events are grouped by: a warehouse makes a table of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// Its name: `inventory`, `order.lifecycle`.
    pub name: String,
    /// What its events are about.
    pub description: String,
}

/// An event of the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its name, as stored in `event_name`.
    pub name: String,
    /// What it means, and when it is sent.
    pub description: String,
    /// The name of its family.
    pub family: Option<String>,
    /// Who may send it.
    pub origin: Origin,
    /// What it happens to: the `entity_type` of the envelope.
    pub entity: Option<String>,
    /// Version of its shape, from 1. A change that breaks readers raises it.
    pub schema_version: u32,
    /// The part of its events that is captured, above 0 and at most 1. Whoever captures obeys it; a check does not.
    pub sampling: Option<Number>,
    /// That it is to be sent no more.
    pub deprecated: Option<Deprecation>,
    /// Most bytes of its own properties as JSON text: names that are reserved do not count.
    pub max_bytes: Option<u32>,
    /// What becomes of it with properties that the plan does not know, if not what [`Policy`] says.
    pub unknown_properties: Option<Unknown>,
    /// Its properties.
    pub properties: Object,
}

/// Who may send an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Pages alone.
    Browser,
    /// Back-end services alone: no page can forge it.
    Server,
    /// Both.
    Any,
}

/// That something is to be used no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deprecation {
    /// Since when: a date or a version of the plan.
    pub since: String,
    /// What to use instead.
    pub replacement: Option<String>,
}

/// The properties of an event, or of an object within it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object {
    properties: Vec<Property>,
    /// Their places, by name.
    by_name: Vec<u8>,
    /// The places of those that are required, one bit each.
    required: u128,
    holds_private: bool,
    holds_classed: bool,
}

/// One property.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// Its name.
    pub name: String,
    /// What it means.
    pub description: String,
    /// Whether it must be there.
    pub is_required: bool,
    /// That it is to be sent no more.
    pub deprecated: Option<Deprecation>,
    /// What it says about a person.
    pub pii: Option<Pii>,
    /// What it may hold.
    pub shape: Shape,
}

/// What a value may be.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Its type.
    pub kind: Type,
    /// Whether `null` will do, too.
    pub is_nullable: bool,
}

/// The types, with what bounds them.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// `true` or `false`.
    Boolean,
    /// A number without fraction, however it is written (`1`, `1.0`, `1e2`).
    Integer(Range),
    /// Any number.
    Number(Range),
    /// Text.
    String(Text),
    /// RFC 3339: `2026-11-21T09:30:00.123Z`, `…+01:00`. Without zone it is UTC.
    Timestamp,
    /// A day: `2026-11-21`.
    Date,
    /// Eight, four, four, four and twelve hexadecimal digits, of either case.
    Uuid,
    /// An absolute URL: `https://example.com/a`.
    Url,
    /// An object; with properties of its own, or, if it has none in the plan, any.
    Object(Object),
    /// A list.
    Array(List),
}

/// What bounds a number.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Range {
    /// The least.
    pub min: Option<Number>,
    /// The largest.
    pub max: Option<Number>,
    /// Only these, if there are any.
    pub one_of: Vec<Number>,
}

/// A number of the plan: its value, and its text, which is valid JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    /// What is compared with.
    pub value: f64,
    /// What is written.
    pub text: String,
}

/// What bounds a text. Lengths are in characters (Unicode code points).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text {
    /// The shortest.
    pub min_length: Option<u32>,
    /// The longest.
    pub max_length: Option<u32>,
    /// How the whole of it must be.
    pub pattern: Option<Pattern>,
    /// Only these, if there are any.
    pub one_of: Vec<String>,
}

/// What bounds a list.
#[derive(Clone, Debug, PartialEq)]
pub struct List {
    /// What each item may be.
    pub items: Box<Shape>,
    /// The fewest.
    pub min_items: Option<u32>,
    /// The most.
    pub max_items: Option<u32>,
}

/// What a property says about a person, and what is done to it before anything is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pii {
    /// What it is.
    pub class: PiiClass,
    /// What is done to it.
    pub action: PiiAction,
}

macro_rules! words {
    ($name:ident { $($variant:ident = $text:literal,)+ }) => {
        impl $name {
            /// Every variant.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word for it in plans.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

/// Kinds of what says something about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PiiClass {
    /// An address for e-mail.
    Email,
    /// A person's name.
    Name,
    /// A number for calls.
    Phone,
    /// Where somebody lives or is delivered to.
    Address,
    /// Where somebody is.
    Location,
    /// An address on the Internet.
    IpAddress,
    /// What stands for a person: an account, a device.
    Identifier,
    /// What opens something: a password, a key.
    Token,
    /// What people write; it may hold anything of the above.
    FreeText,
}

/// What is done to what says something about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PiiAction {
    /// It is left out.
    Drop,
    /// It is replaced with a hash that the tenant's salt goes into: equal values stay equal.
    Hash,
    /// It stays: the plan's owner has decided so.
    Keep,
}

words!(Unknown { Accept = "accept", Reject = "reject", });
words!(Origin { Browser = "browser", Server = "server", Any = "any", });
words!(PiiClass {
    Email = "email",
    Name = "name",
    Phone = "phone",
    Address = "address",
    Location = "location",
    IpAddress = "ip_address",
    Identifier = "identifier",
    Token = "token",
    FreeText = "free_text",
});
words!(PiiAction { Drop = "drop", Hash = "hash", Keep = "keep", });

impl Plan {
    /// Its events, by name.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The event of that name.
    pub fn event(&self, name: &str) -> Option<&Event> {
        let at = self.events.binary_search_by(|event| event.name.as_str().cmp(name)).ok()?;
        self.events.get(at)
    }

    /// The events of a family (`None`: of no family), by name.
    pub fn events_of(&self, family: Option<&str>) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(move |event| event.family.as_deref() == family)
    }

    /// What becomes of an event with properties that the plan does not know.
    pub fn unknown_properties(&self, event: &Event) -> Unknown {
        event.unknown_properties.unwrap_or(self.policy.unknown_properties)
    }

    /// Most bytes of an event's own properties.
    pub fn max_bytes(&self, event: &Event) -> Option<u32> {
        event.max_bytes.or(self.policy.max_bytes)
    }
}

/// Whether a property's name belongs to the SDKs: those that begin with `$`, and the two that `PostHog`'s clients write
/// without. A plan may describe them; where it does not, they are no strangers to it. Of events, it is all that begin
/// with `$`.
pub fn is_reserved(name: &[u8]) -> bool {
    name.first() == Some(&b'$') || matches!(name, b"distinct_id" | b"token")
}

impl Object {
    /// Of these properties, whose names differ: at most [`crate::limits::MAX_PROPERTIES`]; what is beyond is left out.
    pub fn new(mut properties: Vec<Property>) -> Self {
        properties.truncate(crate::limits::MAX_PROPERTIES);
        let mut by_name: Vec<u8> = (0..=u8::MAX).take(properties.len()).collect();
        by_name.sort_by_key(|&at| properties.get(usize::from(at)).map(|property| &property.name));
        let required = (0..).zip(&properties).filter(|(_, property)| property.is_required);
        let required = required.fold(0, |bits, (at, _)| bits | 1 << at);
        let holds_private =
            properties.iter().any(|property| property.is_private() || property.shape.holds_private());
        let holds_classed =
            properties.iter().any(|property| property.pii.is_some() || property.shape.holds_classed());
        Self { properties, by_name, required, holds_private, holds_classed }
    }

    /// The properties, in the plan's order.
    pub fn properties(&self) -> &[Property] {
        &self.properties
    }

    /// The property of that name, and its place.
    pub fn find(&self, name: &[u8]) -> Option<(usize, &Property)> {
        let named = |&at: &u8| self.properties.get(usize::from(at)).map(|property| property.name.as_bytes());
        let found = self.by_name.binary_search_by(|at| named(at).cmp(&Some(name))).ok()?;
        let at = usize::from(*self.by_name.get(found)?);
        Some((at, self.properties.get(at)?))
    }

    /// The same, when it is most probably the one at `next`: senders write properties in an order of their own, and keep
    /// to it.
    pub(crate) fn find_from(&self, next: usize, name: &[u8]) -> Option<(usize, &Property)> {
        match self.properties.get(next) {
            Some(property) if property.name.as_bytes() == name => Some((next, property)),
            _ => self.find(name),
        }
    }

    /// The places of required properties, one bit each.
    pub(crate) const fn required(&self) -> u128 {
        self.required
    }

    /// Whether anything in it, however deep, is to be dropped or hashed before it is stored.
    pub const fn holds_private(&self) -> bool {
        self.holds_private
    }

    /// Whether anything in it, however deep, says something about a person, whatever is done about that.
    pub const fn holds_classed(&self) -> bool {
        self.holds_classed
    }

    /// Whether the plan says nothing of what is in it.
    pub const fn is_open(&self) -> bool {
        self.properties.is_empty()
    }
}

impl Property {
    /// Whether its values are not to be seen where they need not be.
    pub fn is_private(&self) -> bool {
        self.pii.is_some_and(|pii| pii.action != PiiAction::Keep)
    }
}

impl Shape {
    /// See [`Object::holds_classed`].
    pub fn holds_classed(&self) -> bool {
        match &self.kind {
            Type::Object(object) => object.holds_classed(),
            Type::Array(list) => list.items.holds_classed(),
            _ => false,
        }
    }

    /// See [`Object::holds_private`].
    pub fn holds_private(&self) -> bool {
        match &self.kind {
            Type::Object(object) => object.holds_private(),
            Type::Array(list) => list.items.holds_private(),
            _ => false,
        }
    }
}

impl Type {
    /// The word for it in plans.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Integer(_) => "integer",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Timestamp => "timestamp",
            Self::Date => "date",
            Self::Uuid => "uuid",
            Self::Url => "url",
            Self::Object(_) => "object",
            Self::Array(_) => "array",
        }
    }
}
