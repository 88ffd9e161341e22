//! What was given up, by reason: the stream's own account of its losses.

use alloc::string::String;

use tallymark_event::DropReason;

use crate::members;

/// Counts since the stream began; they only grow.
#[derive(Debug)]
pub(crate) struct Drops {
    counts: [u32; DropReason::ALL.len()],
    /// How many of each the page was told of.
    told: [u32; DropReason::ALL.len()],
    /// Whether the collector has yet to be told.
    pub(crate) unreported: bool,
}

impl Drops {
    /// None.
    pub(crate) const fn new() -> Self {
        Self { counts: [0; DropReason::ALL.len()], told: [0; DropReason::ALL.len()], unreported: false }
    }

    /// Counts `count` more events given up for `reason`.
    pub(crate) fn add(&mut self, reason: DropReason, count: usize) {
        if let Some(total) = self.counts.get_mut(reason as usize) {
            *total += u32::try_from(count).unwrap_or(u32::MAX);
            self.unreported = true;
        }
    }

    /// What the page was not told of yet, a reason at a time.
    pub(crate) fn tell(&mut self) -> Option<(DropReason, u32)> {
        for (reason, (count, told)) in DropReason::ALL.iter().zip(self.counts.iter().zip(&mut self.told)) {
            let new = *count - *told;
            if new > 0 {
                *told = *count;
                return Some((*reason, new));
            }
        }
        None
    }

    /// Appends `{"queue_full":2}`.
    pub(crate) fn report(&self, out: &mut String) {
        out.push('{');
        for (reason, count) in DropReason::ALL.iter().zip(&self.counts) {
            if *count > 0 {
                members::number(out, name(*reason), u64::from(*count));
            }
        }
        out.push('}');
    }
}

/// The reason's name.
#[inline(never)] // Each copy would bring the table of names again.
pub(crate) const fn name(reason: DropReason) -> &'static str {
    reason.name()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_place() {
        let mut drops = Drops::new();
        for (at, reason) in DropReason::ALL.iter().enumerate() {
            drops.add(*reason, at + 1);
        }
        let mut out = String::new();
        assert!(drops.unreported);
        drops.report(&mut out);
        let report: serde_json::Value = serde_json::from_str(&out).unwrap();
        for (at, reason) in DropReason::ALL.iter().enumerate() {
            assert_eq!(report[reason.name()], at + 1);
            assert_eq!(drops.tell(), Some((*reason, u32::try_from(at).unwrap() + 1)));
        }
        drops.add(DropReason::Refused, 3);
        assert_eq!(drops.tell(), Some((DropReason::Refused, 3)));
        assert_eq!(drops.tell(), None);
    }
}
