//! What a visitor has agreed to, as `gtag` writes it: `gcs`, `gcd`, `npa`; and the browser's own word, `Sec-GPC`.
//!
//! Wherever two of them disagree, "no" is believed.

/// What is known of one purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Unset,
    Denied,
    Granted,
}

/// Our consent record: [`tallymark_event::wire::CONSENT`]. `None`: nobody has said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Consent {
    pub(super) analytics: Option<bool>,
    pub(super) advertising: Option<bool>,
    /// The tag has seen Global Privacy Control. What the browser itself says of it, the request's head has.
    pub(super) gpc: bool,
}

/// `gtag`'s purposes, in the order of `gcd`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Purposes {
    ad_storage: State,
    analytics_storage: State,
    ad_user_data: State,
    ad_personalization: State,
}

impl Consent {
    /// Reads a hit's parameters. `has_gpc`: the browser sends `Sec-GPC: 1`.
    pub(super) fn of_hit(gcs: Option<&str>, gcd: Option<&str>, npa: bool, has_gpc: bool) -> Self {
        let gpc = gcd.is_some_and(says_gpc);
        let has_gpc = has_gpc || gpc;
        let detailed = gcd.and_then(read_gcd).unwrap_or_default();
        let brief = gcs.and_then(read_gcs).unwrap_or_default();
        let ad_storage = detailed.ad_storage.or_no(brief.ad_storage);
        let denials = [ad_storage, detailed.ad_user_data, detailed.ad_personalization];
        Self {
            analytics: detailed.analytics_storage.or_no(brief.analytics_storage).answer(),
            advertising: if npa || has_gpc || denials.contains(&State::Denied) {
                Some(false)
            } else {
                ad_storage.answer()
            },
            gpc,
        }
    }

    /// Reads the Measurement Protocol's `consent`: its two fields, each `GRANTED` or `DENIED`.
    pub(super) fn of_measurement(
        ad_user_data: Option<&str>,
        ad_personalization: Option<&str>,
        non_personalized_ads: bool,
        has_gpc: bool,
    ) -> Self {
        let said = [ad_user_data, ad_personalization];
        let advertising = if non_personalized_ads || has_gpc || said.contains(&Some("DENIED")) {
            Some(false)
        } else {
            said.contains(&Some("GRANTED")).then_some(true)
        };
        Self { analytics: None, advertising, gpc: false }
    }

    /// No id that comes with such a hit is anyone's: `gtag` makes them up for each page.
    pub(super) fn is_cookieless(self) -> bool {
        self.analytics == Some(false)
    }

    pub(super) fn may_advertise(self) -> bool {
        self.advertising != Some(false)
    }

    /// The record as JSON; `None` if it says nothing.
    pub(super) fn record(self) -> Option<String> {
        let said: Vec<String> = [("analytics", self.analytics), ("advertising", self.advertising)]
            .into_iter()
            .filter_map(|(purpose, answer)| Some(format!("\"{purpose}\":{}", answer?)))
            .collect();
        (!said.is_empty()).then(|| format!("{{{}}}", said.join(",")))
    }
}

impl State {
    /// Two words on one purpose.
    fn or_no(self, other: Self) -> Self {
        match (self, other) {
            (Self::Denied, _) | (_, Self::Denied) => Self::Denied,
            (Self::Granted, _) | (_, Self::Granted) => Self::Granted,
            (Self::Unset, Self::Unset) => Self::Unset,
        }
    }

    fn or_else(self, other: impl FnOnce() -> Self) -> Self {
        if self == Self::Unset { other() } else { self }
    }

    fn answer(self) -> Option<bool> {
        (self != Self::Unset).then_some(self == Self::Granted)
    }

    /// The lowest two bits, as `gcd` packs them.
    fn unpacked(bits: u8) -> Self {
        match bits & 0b11 {
            0b10 => Self::Denied,
            0b11 => Self::Granted,
            _ => Self::Unset,
        }
    }
}

/// `G1<ad_storage><analytics_storage>`, each `1`, `0`, or `-` where nobody has said.
fn read_gcs(text: &str) -> Option<Purposes> {
    let state = |c: char| match c {
        '1' => State::Granted,
        '0' => State::Denied,
        _ => State::Unset,
    };
    let mut chars = text.strip_prefix("G1")?.chars().map(state);
    Some(Purposes { ad_storage: chars.next()?, analytics_storage: chars.next()?, ..Purposes::default() })
}

/// What one purpose's pair of characters says.
#[derive(Clone, Copy, Debug, Default)]
struct Pair {
    update: State,
    default: State,
    declared: State,
    implicit: State,
    /// The purpose whose word counts where this one has none.
    delegate: Option<usize>,
}

impl Pair {
    fn read([first, second]: [u8; 2]) -> Option<Self> {
        const FIRST_DELEGATION: u8 = 12;
        let (first, second) = (sextet(first)?, sextet(second)?);
        Some(Self {
            update: State::unpacked(second),
            default: State::unpacked(second >> 2),
            declared: State::unpacked(second >> 4),
            implicit: State::unpacked(first),
            delegate: (first >> 2).checked_sub(FIRST_DELEGATION).map(usize::from),
        })
    }

    /// The page's own word.
    fn explicit(&self) -> State {
        self.update.or_else(|| self.default)
    }

    fn is_said(&self) -> bool {
        self.explicit().or_else(|| self.declared) != State::Unset
    }
}

/// `1`, a pair for each purpose, then the page's settings. `None` if it can't be read, or if the page has no consent
/// mode and says nothing: what is implied there is no word of anyone's.
fn read_gcd(text: &str) -> Option<Purposes> {
    const PURPOSES: usize = 4;
    const CONSENT_MODE: u8 = 0b100;
    let rest = text.strip_prefix('1')?.as_bytes();
    let (pairs, rest) = rest.split_at_checked(PURPOSES * 2)?;
    let pairs = pairs.as_chunks().0.iter().copied().map(Pair::read).collect::<Option<Vec<Pair>>>()?;
    let settings = rest.first().and_then(|c| sextet(*c)).unwrap_or_default();
    if settings & CONSENT_MODE == 0 && !pairs.iter().any(Pair::is_said) {
        return None;
    }
    let effective = |at: usize| {
        let pair = pairs.get(at).copied().unwrap_or_default();
        let delegate = || pair.delegate.and_then(|at| pairs.get(at)).map_or(State::Unset, Pair::explicit);
        pair.explicit().or_else(delegate).or_else(|| pair.declared).or_else(|| pair.implicit)
    };
    Some(Purposes {
        ad_storage: effective(0),
        analytics_storage: effective(1),
        ad_user_data: effective(2),
        ad_personalization: effective(3),
    })
}

/// Whether the tag has seen the browser's Global Privacy Control (it looks only where a law tells it to).
fn says_gpc(gcd: &str) -> bool {
    const GPC: u8 = 0b1000;
    let is_legible = gcd.starts_with('1') && gcd.bytes().all(|c| sextet(c).is_some());
    let settings = gcd.as_bytes().get(9).and_then(|c| sextet(*c));
    is_legible && settings.is_some_and(|settings| settings & GPC != 0)
}

/// A character of `gcd` as six bits.
fn sextet(c: u8) -> Option<u8> {
    Some(match c {
        b'0'..=b'9' => c - b'0',
        b'a'..=b'z' => c - b'a' + 10,
        b'A'..=b'Z' => c - b'A' + 36,
        b'-' => 62,
        b'_' => 63,
        _ => return None,
    })
}

#[cfg(test)]
#[path = "consent_tests.rs"]
mod tests;
