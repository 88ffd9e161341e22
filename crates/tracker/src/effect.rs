//! What the shell is to do: the brain's only output.

use tallymark_event::DropReason;

/// One thing for the shell to carry out, in the order polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send a request; the text polled with it is the whole body, one JSON object. Its outcome comes back
    /// under `id`: by [`crate::Tracker::answer`] for a fetch, by [`crate::Tracker::beacon_refused`] for a
    /// beacon that the browser would not take.
    Send {
        /// Names this attempt; never used twice in a stream.
        id: u32,
        /// By which way.
        transport: Transport,
        /// Why now.
        reason: FlushReason,
    },
    /// Call [`crate::Tracker::tick`] after `ms`; replaces the timer set before.
    SetTimer {
        /// Milliseconds from now.
        ms: u32,
    },
    /// Keep the text polled with it, a JSON value, for the next page and the other tabs; forget the slot if
    /// it is empty.
    Persist {
        /// Where.
        slot: Slot,
    },
    /// Put the text polled with it on disk: up to `chunk_bytes` what to keep, then the key to keep it under. If that can't be done
    /// (storage is blocked, or full of what is not ours), say so by [`crate::Tracker::unkept`].
    Keep {
        /// Where the chunk ends and its key begins.
        chunk_bytes: usize,
        /// Once all events up to this number are settled, the chunk need not be on disk any more; 0 for what stays
        /// until it is forgotten, here or by another page.
        last: u32,
    },
    /// Remove from disk what is there under the key polled with it.
    Forget,
    /// Tell the page: so many events were given up. The text polled with it is the reason's name.
    Dropped {
        /// Why.
        reason: DropReason,
        /// How many.
        count: u32,
    },
    /// Tell the page: so many events were acknowledged by the collector.
    Sent {
        /// How many.
        count: u32,
    },
}

/// Ways out of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Transport {
    /// `fetch`, compressed: the page lives, there is time, and the answer will be read.
    Fetch = 0,
    /// `navigator.sendBeacon`, at once and uncompressed: the page may be gone before anything asynchronous.
    Beacon = 1,
    /// `fetch`, at once, uncompressed and without keepalive: what the beacon's budget would not hold.
    LastResort = 2,
}

/// Why a batch leaves when it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FlushReason {
    /// It is as large as a request may be, or its oldest event has waited long enough; or it failed before.
    Due = 0,
    /// The page asked for it.
    Asked = 1,
    /// The page became hidden, and may be killed without another word.
    Hidden = 2,
    /// The page is being left.
    Left = 3,
}

/// What is kept between pages. Each holds one JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Slot {
    /// String: the device id, which outlives `reset()`.
    Device = 0,
    /// String: the anonymous distinct id.
    Anonymous = 1,
    /// String: the user id, when identified.
    User = 2,
    /// String: see [`crate::Session`].
    Session = 3,
    /// Object: group type to group key.
    Groups = 4,
    /// Object: super-properties.
    Supers = 5,
    /// Object: the campaign that brought the session.
    Campaign = 6,
    /// String: a digit, how many requests in a row were blocked, on this page and those before it.
    Blocked = 7,
    /// String: what the visitor has agreed to.
    Consent = 8,
}

impl Slot {
    /// Every slot, by its number.
    pub const ALL: [Self; 9] = [
        Self::Device,
        Self::Anonymous,
        Self::User,
        Self::Session,
        Self::Groups,
        Self::Supers,
        Self::Campaign,
        Self::Blocked,
        Self::Consent,
    ];

    /// The slot of that number. Not out of [`Self::ALL`]: this takes no table.
    pub const fn from_number(number: usize) -> Option<Self> {
        Some(match number {
            0 => Self::Device,
            1 => Self::Anonymous,
            2 => Self::User,
            3 => Self::Session,
            4 => Self::Groups,
            5 => Self::Supers,
            6 => Self::Campaign,
            7 => Self::Blocked,
            8 => Self::Consent,
            _ => return None,
        })
    }

    /// Whether its value is an object; a string otherwise.
    pub const fn is_object(self) -> bool {
        matches!(self, Self::Groups | Self::Supers | Self::Campaign)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slot_is_found_by_its_number() {
        for (number, slot) in Slot::ALL.into_iter().enumerate() {
            assert_eq!((slot as usize, Slot::from_number(number)), (number, Some(slot)));
        }
        assert_eq!(Slot::from_number(Slot::ALL.len()), None);
    }
}
