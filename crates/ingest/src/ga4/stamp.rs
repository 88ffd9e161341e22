//! Ids for what has none: GA4's hits carry no id of an event.
//!
//! A hit that can be told from any other by what it says of its page load and request gets its id from its content,
//! as every event without an id does: sent again, it is the same event. One that says nothing of the kind (an image in
//! a README, a back end's bare event) would be the same event forever. Nobody sends those again after a failure, so
//! there each receipt is an event: its id is of its content and that time.

use sha2::{Digest, Sha256};
use tallymark_event::{EventId, Timestamp};

/// The id of the event at `index` of a request that came at `now`.
pub(super) fn id_of_receipt(text: &str, index: usize, now: Timestamp) -> EventId {
    let mut hasher = Sha256::new_with_prefix(text);
    hasher.update((index as u64).to_le_bytes());
    let digest: [u8; 32] = hasher.finalize().into();
    EventId::v7(now.ms().unsigned_abs(), *digest.first_chunk().unwrap_or(&[0; 10]))
}
