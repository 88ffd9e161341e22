//! The two clocks of a page.

/// The moment of a call, on both clocks: the wall clock says when, and may be wrong or set back; the
/// monotonic clock says how long, and never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// `Date.now()`: milliseconds since the epoch.
    pub wall_ms: i64,
    /// `performance.now()`: whole milliseconds since the page began.
    pub monotonic_ms: u64,
}

impl Now {
    /// The wall clock as the shell writes it.
    #[cfg(test)]
    pub(crate) fn written(self) -> alloc::string::String {
        let mut text = alloc::string::String::new();
        tallymark_event::Timestamp::from_ms(self.wall_ms).write(&mut text);
        text
    }
}
