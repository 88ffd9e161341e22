//! What a plan says of an event.

use crate::plan::{Deprecation, Event};

macro_rules! rules {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)+) => {
        /// A rule of a plan that an event can break. The names are stable: they are in stored rows and answers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Rule {
            $($(#[$doc])* $variant,)+
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable `snake_case` name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

rules! {
    /// The plan has no event of that name.
    UnknownEvent = "unknown_event",
    /// It comes from where the plan does not let it come from: a page sends what only back ends may.
    OriginNotAllowed = "origin_not_allowed",
    /// It happened to another kind of thing than the plan says.
    WrongEntity = "wrong_entity",
    /// Its schema version is above the plan's: the plan is older than its sender.
    UnknownVersion = "unknown_version",
    /// The plan does not know the property.
    UnknownProperty = "unknown_property",
    /// The property comes twice, and readers of JSON disagree on which one counts.
    DuplicateProperty = "duplicate_property",
    /// A required property is not there.
    MissingRequired = "missing_required",
    /// Another JSON type than the plan says.
    WrongType = "wrong_type",
    /// A text that is no timestamp, date, UUID or URL.
    WrongFormat = "wrong_format",
    /// Not one of the values that the plan lists.
    NotInEnum = "not_in_enum",
    /// A number below the least or above the largest.
    OutOfRange = "out_of_range",
    /// A text shorter than the shortest.
    TooShort = "too_short",
    /// A text longer than the longest.
    TooLong = "too_long",
    /// A text unlike its pattern.
    Pattern = "pattern",
    /// Fewer items than the fewest.
    TooFewItems = "too_few_items",
    /// More items than the most.
    TooManyItems = "too_many_items",
    /// More bytes of properties than the most.
    TooLarge = "too_large",
    /// Properties that are no JSON, or that no database holds.
    Unreadable = "unreadable",
}

/// A rule that an event breaks, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field, in the envelope's terms: `properties.items[2].price`.
    pub path: String,
    /// The rule.
    pub rule: Rule,
    /// What the plan says, in words.
    pub expected: String,
    /// What is there instead, shortened; of what says something about a person only its kind and length.
    pub got: String,
}

/// That an event or a property is used that is to be used no more. No violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note<'p> {
    /// The field: `event_name` or a property.
    pub path: String,
    /// Since when, and what to use.
    pub deprecated: &'p Deprecation,
}

/// What a plan says of an event. Making one for a good event allocates nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict<'p> {
    /// What the event breaks: first what concerns it as a whole, then its properties as they come in it, then what is
    /// missing, in the plan's order. At most [`crate::limits::MAX_VIOLATIONS`].
    pub violations: Vec<Violation>,
    /// How many more there are.
    pub omitted: u32,
    /// What it uses that is to be used no more; as many at most.
    pub notes: Vec<Note<'p>>,
    /// The plan's event, if it knows it.
    pub event: Option<&'p Event>,
}

impl Verdict<'_> {
    /// Whether the event keeps to the plan.
    pub const fn accepted(&self) -> bool {
        self.violations.is_empty()
    }
}
