//! What becomes of an event. The names are stable: they are in stored rows, answers and dashboards.

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
        }

        impl $name {
            /// Every variant, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable `snake_case` name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The variant of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|v| v.name() == name)
            }
        }
    };
}

named! {
    /// captured = stored + quarantined + dropped{reason} + under way. `duplicate` counts what came again:
    /// it is no part of the sum.
    Outcome {
        /// Counted where it was captured; ends in exactly one of the next three, or is still under way.
        Captured = "captured",
        /// A row of `domain_event`.
        Stored = "stored",
        /// A row of `quarantined_event`: kept whole, with the rule that it broke.
        Quarantined = "quarantined",
        /// Given up, for a [`DropReason`].
        Dropped = "dropped",
        /// Came again under an id that is already stored or quarantined; changed nothing.
        Duplicate = "duplicate",
    }
}

named! {
    /// Why an event was given up. A closed list: whoever gives up an event names the reason, and the count
    /// travels to the owner's ledger.
    DropReason {
        /// The page captured faster than it could send, and the queue in memory was full.
        QueueFull = "queue_full",
        /// The event alone is larger than a request may be.
        EventTooLarge = "event_too_large",
        /// The call had no usable event name.
        InvalidName = "invalid_name",
        /// The properties can't be written as JSON (a cycle, a `BigInt`, a getter that throws).
        InvalidProperties = "invalid_properties",
        /// The collector refused the request for good (400, 401, 403, 404…).
        Refused = "refused",
        /// The collector found the request too large, and it was one event.
        TooLarge = "too_large",
        /// The collector could not be reached, or was failing, for longer than the SDK tries.
        RetriesExhausted = "retries_exhausted",
        /// The copy on the visitor's disk had to make room for newer events before it could be sent.
        StorageFull = "storage_full",
        /// Something in the browser (an ad blocker) keeps requests from a collector that is well.
        Blocked = "blocked",
        /// Left out by the sampling rate that the owner has set for its name.
        Sampled = "sampled",
        /// Above the rate at which a page may capture: a loop, not a visitor.
        RateLimited = "rate_limited",
        /// The page's own `beforeSend` has refused it.
        BeforeSend = "before_send",
    }
}

impl DropReason {
    /// Whether the event may have been sent before it was given up, and so have arrived after all: its
    /// answer never came, or came too late. Whoever sums up takes the event that did arrive for stored.
    pub const fn may_have_arrived(self) -> bool {
        match self {
            Self::Refused | Self::TooLarge | Self::RetriesExhausted | Self::StorageFull | Self::Blocked => {
                true
            }
            Self::QueueFull
            | Self::EventTooLarge
            | Self::InvalidName
            | Self::InvalidProperties
            | Self::Sampled
            | Self::RateLimited
            | Self::BeforeSend => false,
        }
    }
}

named! {
    /// Why an event was given up that the collector had: a drop in the books, like those of [`DropReason`]. Apart from
    /// them, since no page may report what only the tenant can order.
    RemovalReason {
        /// Taken out of quarantine for good.
        Purged = "purged",
        /// Longer in quarantine than the tenant's settings have it kept.
        Expired = "expired",
        /// Of somebody whom the tenant has had erased, or come after that.
        Erased = "erased",
    }
}

named! {
    /// A rule that an event can break, and be quarantined for. Rules of tracking plans come on top.
    Rule {
        /// An item of a batch is not a JSON object.
        NotAnObject = "not_an_object",
        /// `event` / `event_name` is missing or empty.
        MissingName = "missing_name",
        /// A field has another JSON type than it must have.
        WrongType = "wrong_type",
        /// A text is longer than its limit.
        TooLong = "too_long",
        /// `uuid` / `event_id` is not a UUID.
        InvalidId = "invalid_id",
        /// A moment that can't be read.
        InvalidTimestamp = "invalid_timestamp",
        /// No `distinct_id`, in none of the places where clients put it.
        MissingDistinctId = "missing_distinct_id",
        /// The event is larger than [`crate::limits::MAX_EVENT_BYTES`].
        EventTooLarge = "event_too_large",
        /// JSON that no database holds: half of a surrogate pair, a number beyond what a double can be, nesting
        /// without end.
        Unstorable = "unstorable",
        /// The event names another organization than its key or token belongs to.
        ForeignOrganization = "foreign_organization",
        /// The event names another user than the one whom its token was signed for.
        ForeignUser = "foreign_user",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_read_back() {
        for r in DropReason::ALL {
            assert_eq!(DropReason::from_name(r.name()), Some(*r));
        }
        for r in Rule::ALL {
            assert_eq!(Rule::from_name(r.name()), Some(*r));
        }
        for o in Outcome::ALL {
            assert_eq!(Outcome::from_name(o.name()), Some(*o));
        }
        assert_eq!(DropReason::from_name("lost"), None);
        for r in RemovalReason::ALL {
            assert_eq!(RemovalReason::from_name(r.name()), Some(*r));
            assert_eq!(DropReason::from_name(r.name()), None, "no page can report it");
        }
    }
}
