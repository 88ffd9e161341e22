//! Ids for what has none: GA4's events carry no id.
//!
//! An event that can be told from any other by what it says of its page load and request gets its id from its content:
//! sent again, it is the same event. It is the content as it came, so that it stays the same event whatever becomes of
//! the translation. One that says nothing of the kind (an image in a README, a back end's bare event) would be the same
//! event forever. Nobody sends those again after a failure, so there each receipt is an event: its id is of its content
//! and that time.

use sha2::{Digest, Sha256};
use tallymark_event::{EventId, Timestamp};

/// The content of one event, as it is read.
#[derive(Clone, Debug, Default)]
pub(super) struct Content(Sha256);

impl Content {
    /// Takes a piece; where one ends and the next begins counts.
    pub(super) fn add(&mut self, piece: &str) {
        self.0.update((piece.len() as u64).to_le_bytes());
        self.0.update(piece);
    }

    /// The id of the event with this content at `index` of its request. `receipt`: when that came, unless the content
    /// tells it from all others.
    pub(super) fn id(mut self, index: usize, receipt: Option<Timestamp>) -> EventId {
        self.0.update((index as u64).to_le_bytes());
        let digest: [u8; 32] = self.0.finalize().into();
        match receipt {
            None => EventId::of_digest(*digest.first_chunk().unwrap_or(&[0; 16])),
            Some(at) => EventId::v7(at.ms().unsigned_abs(), *digest.first_chunk().unwrap_or(&[0; 10])),
        }
    }
}
