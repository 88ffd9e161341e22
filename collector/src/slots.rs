//! Appends that wait for the log's word, while other requests come and go.

use tallymark_ingest::Append;

/// One slot for each request under way in this isolate. The Worker frees each in a `finally`; the platform
/// bounds how many requests an isolate holds.
#[derive(Default)]
pub(crate) struct Slots(Vec<Option<Append>>);

impl Slots {
    pub(crate) fn put(&mut self, append: Append) -> u32 {
        let free = self.0.iter().position(Option::is_none).unwrap_or(self.0.len());
        match self.0.get_mut(free) {
            Some(slot) => *slot = Some(append),
            None => self.0.push(Some(append)),
        }
        u32::try_from(free).unwrap_or(u32::MAX)
    }

    pub(crate) fn take(&mut self, slot: u32) -> Option<Append> {
        self.0.get_mut(usize::try_from(slot).ok()?)?.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tallymark_ingest::Protocol;

    fn append(events: u32) -> Append {
        Append {
            organization_id: "org".into(),
            rows: vec![],
            events,
            quarantined: String::new(),
            quarantined_count: 0,
            streams: String::new(),
            wills: String::new(),
            links: String::new(),
            unsequenced: 0,
            day: String::new(),
            events_per_day: 0,
            protocol: Protocol::Batch,
            violations: String::new(),
            results: String::new(),
        }
    }

    #[test]
    fn slots_are_reused_and_given_once() {
        let mut slots = Slots::default();
        let (a, b) = (slots.put(append(1)), slots.put(append(2)));
        assert_ne!(a, b);
        assert_eq!(slots.take(a).map(|x| x.events), Some(1));
        assert!(slots.take(a).is_none());
        assert_eq!(slots.put(append(3)), a);
        assert_eq!(slots.take(b).map(|x| x.events), Some(2));
        assert!(slots.take(9).is_none());
    }
}
