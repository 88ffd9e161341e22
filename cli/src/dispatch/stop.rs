//! Being told to end: what has been begun is finished and noted, and nothing more is begun.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use signal_hook::{consts::TERM_SIGNALS, flag};

/// How often a wait looks whether it is to end.
const LOOK: Duration = Duration::from_millis(50);

/// Set by the first signal to end (SIGTERM, Ctrl-C).
#[derive(Clone, Default)]
pub(super) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// A second signal ends the program where it stands.
    pub(super) fn on_signals() -> io::Result<Self> {
        let stop = Self::default();
        for signal in TERM_SIGNALS {
            // In this order: the first signal finds the flag unset and sets it, the second one finds it set.
            flag::register_conditional_shutdown(*signal, 1, Arc::clone(&stop.0))?;
            flag::register(*signal, Arc::clone(&stop.0))?;
        }
        Ok(stop)
    }

    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Sleeps, unless it is to end.
    pub(super) fn sleep(&self, time: Duration) {
        let ends = Instant::now() + time;
        while !self.is_set() {
            let left = ends.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            sleep(left.min(LOOK));
        }
    }
}
