//! Consent: what a visitor has agreed to, as a state machine of its own.
//!
//! For each purpose there is the page's default, which holds until the visitor decides, and the visitor's decision,
//! which holds whatever the default says. A decision can be changed; it is never taken back, so nothing leads to
//! `Pending` that was not pending already. Only decisions are kept between pages, never defaults: a page whose
//! default becomes stricter must not find its former leniency written down as if a visitor had agreed to it.
//!
//! | analytics | captured | sent, kept on disk |
//! |-----------|----------|--------------------|
//! | `Pending` | in memory, at its original time | nothing |
//! | `Granted` | yes | yes |
//! | `Denied`  | nothing; what memory held is discarded | nothing |
//!
//! Global Privacy Control asks that personal data be neither sold nor shared. It therefore denies advertising,
//! whatever was decided, and leaves analytics alone: counting visits to one's own site is neither.

use alloc::string::String;

use tallymark_event::wire;

use crate::members;

/// What holds for a purpose. The number is the letter that it is kept as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Decision {
    /// Not decided yet.
    Pending = b'p',
    /// Agreed to.
    Granted = b'g',
    /// Refused.
    Denied = b'd',
}

impl Decision {
    /// The decision kept as `letter`, if it is one.
    #[inline(never)] // Asked for twice in a row, by all who ask.
    pub const fn from_letter(letter: u8) -> Option<Self> {
        match letter {
            b'p' => Some(Self::Pending),
            b'g' => Some(Self::Granted),
            b'd' => Some(Self::Denied),
            _ => None,
        }
    }
}

/// What a call has changed for events that memory holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing: they stay what they were.
    None,
    /// Analytics became granted: release them.
    Opened,
    /// Analytics became denied: discard them all.
    Closed,
}

/// One purpose. The page's default holds until the visitor decides, and is of no interest from then on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Purpose {
    holds: Decision,
    /// The visitor's word; `Pending` if that is the page's.
    decided: Decision,
}

impl Purpose {
    const fn new(default: Decision) -> Self {
        Self { holds: default, decided: Decision::Pending }
    }

    const fn decide(&mut self, decision: Option<Decision>) {
        if let Some(decided @ (Decision::Granted | Decision::Denied)) = decision {
            *self = Self { holds: decided, decided };
        }
    }
}

/// What holds in this page, for all purposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Consent {
    analytics: Purpose,
    advertising: Purpose,
    gpc: bool,
}

impl Consent {
    /// The page's defaults, and whether the browser signals Global Privacy Control (and the page honours it).
    pub const fn new(analytics: Decision, advertising: Decision, gpc: bool) -> Self {
        Self { analytics: Purpose::new(analytics), advertising: Purpose::new(advertising), gpc }
    }

    /// The visitor decides. A purpose that is `None` or `Pending` stays as it was.
    pub fn decide(&mut self, analytics: Option<Decision>, advertising: Option<Decision>) -> Change {
        let before = self.analytics.holds;
        self.analytics.decide(analytics);
        self.advertising.decide(advertising);
        match self.analytics.holds {
            same if same == before => Change::None,
            Decision::Granted => Change::Opened,
            _ => Change::Closed,
        }
    }

    /// Takes over what an earlier page or another tab has kept: the latest decisions, and ours where it has none.
    /// In the latter case [`Self::write`] says more than `kept` does and is to be kept in its place; after that,
    /// all tabs that read it agree. A text that [`Self::write`] does not write changes nothing, nor does a letter that
    /// is none.
    pub fn restore(&mut self, kept: &str) -> Change {
        match *kept.as_bytes() {
            [b'"', analytics, advertising, b'"'] => {
                self.decide(Decision::from_letter(analytics), Decision::from_letter(advertising))
            }
            _ => Change::None,
        }
    }

    /// Whether there is a decision to keep; before there is one, nothing may be.
    pub fn is_decided(&self) -> bool {
        self.analytics.decided != Decision::Pending || self.advertising.decided != Decision::Pending
    }

    /// Appends the decisions as the JSON string to keep: a letter for analytics and one for advertising (`"gd"`).
    pub fn write(&self, out: &mut String) {
        out.push('"');
        out.push(char::from(self.analytics.decided as u8));
        out.push(char::from(self.advertising.decided as u8));
        out.push('"');
    }

    /// Whether events are captured at all.
    pub const fn may_capture(&self) -> bool {
        !matches!(self.analytics.holds, Decision::Denied)
    }

    /// Whether events may leave the page.
    pub const fn may_send(&self) -> bool {
        matches!(self.analytics.holds, Decision::Granted)
    }

    /// Whether anything but the decision itself may be kept on the visitor's disk.
    pub const fn may_keep(&self) -> bool {
        self.may_send()
    }

    /// Whether what is captured may serve advertising.
    pub const fn advertising(&self) -> bool {
        matches!(self.advertising.holds, Decision::Granted) && !self.gpc
    }

    /// Appends the member of an event captured now that says what the visitor has agreed to,
    /// `"$consent":{"analytics":true,"advertising":false}`, with a comma in front if need be; nothing where nobody was
    /// asked: all is granted by default and there is no GPC.
    ///
    /// Analytics are `true` in every event, as it leaves the page: one captured while they are pending leaves after
    /// the grant, if ever, and after a refusal none is captured. Advertising is `false` until it is granted, since
    /// agreeing to it reaches no further back.
    pub fn describe(&self, out: &mut String) {
        if *self != Self::new(Decision::Granted, Decision::Granted, false) {
            members::raw(out, wire::CONSENT, r#"{"analytics":true,"advertising":"#);
            out.push_str(if self.advertising() { "true}" } else { "false}" });
        }
    }
}

#[cfg(test)]
mod model;
