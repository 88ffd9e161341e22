//! What the registry said lately, for as long as it is believed.

use std::collections::{BTreeMap, VecDeque};

use tallymark_event::Timestamp;

/// Entries that are forgotten after `ttl_ms`, and before that, the oldest first, where all of them together would weigh
/// more than `capacity`.
#[derive(Debug)]
pub(crate) struct Shelf<T> {
    ttl_ms: i64,
    capacity: usize,
    weight: usize,
    entries: BTreeMap<String, Entry<T>>,
    /// By age.
    order: VecDeque<String>,
}

#[derive(Debug)]
struct Entry<T> {
    value: T,
    weight: usize,
    learned: Timestamp,
}

impl<T> Shelf<T> {
    pub(crate) const fn new(ttl_ms: i64, capacity: usize) -> Self {
        Self { ttl_ms, capacity, weight: 0, entries: BTreeMap::new(), order: VecDeque::new() }
    }

    pub(crate) fn get(&self, name: &str, now: Timestamp) -> Option<&T> {
        let entry = self.entries.get(name)?;
        // A clock that was set back makes no entry immortal.
        (0..self.ttl_ms).contains(&(now.ms() - entry.learned.ms())).then_some(&entry.value)
    }

    pub(crate) fn remove(&mut self, name: &str) {
        if let Some(entry) = self.entries.remove(name) {
            self.weight -= entry.weight;
            self.order.retain(|other| other != name);
        }
    }

    /// Puts an entry there in place of its namesake. It is there next even if it alone weighs too much: who asked the
    /// registry must find the answer.
    pub(crate) fn put(&mut self, name: &str, value: T, weight: usize, learned: Timestamp) {
        self.remove(name);
        while self.weight + weight > self.capacity {
            let Some(oldest) = self.order.pop_front() else { break };
            if let Some(entry) = self.entries.remove(&oldest) {
                self.weight -= entry.weight;
            }
        }
        self.weight += weight;
        self.order.push_back(name.to_owned());
        self.entries.insert(name.to_owned(), Entry { value, weight, learned });
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        assert_eq!(self.order.len(), self.entries.len());
        assert_eq!(self.weight, self.entries.values().map(|entry| entry.weight).sum::<usize>());
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_make_room_for_what_is_heavy() {
        let at = Timestamp::from_ms;
        let mut shelf = Shelf::new(100, 10);
        for (name, weight) in [("a", 4), ("b", 4), ("a", 2), ("c", 5)] {
            shelf.put(name, weight, weight, at(0));
        }
        assert_eq!(
            (shelf.get("a", at(1)), shelf.get("b", at(1)), shelf.get("c", at(1))),
            (Some(&2), None, Some(&5))
        );
        shelf.put("d", 11, 11, at(1));
        assert_eq!((shelf.get("d", at(100)), shelf.get("d", at(101)), shelf.len()), (Some(&11), None, 1));
        shelf.remove("d");
        shelf.put("e", 10, 10, at(2));
        assert_eq!(shelf.len(), 1);
    }
}
