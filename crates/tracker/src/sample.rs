//! Sampling: of events of some names only a part of the visits is captured.
//!
//! The answer follows from session and name alone. So a visit has either all events of a name or none (funnels and
//! counts per visit stay true), every tab and page of it agrees, and an event stands for `1 / rate` of its kind.
//! Rates are whole parts per million, which need no floating point here.

use alloc::string::String;

use tallymark_event::wire;

use crate::{members, text};

/// The rate at which everything is captured.
const ALL_PPM: u32 = 1_000_000;

/// The rate set for `name` (a JSON string as `JSON.stringify` writes it) in `rates`, members such as
/// `"message_sent":100000`; `None` if there is none, or it is no whole number. At most a million, or rather what fits
/// 32 bits: above it, the rate is any.
pub(crate) fn rate(rates: &str, name: &str) -> Option<u32> {
    let value = members::each(rates).find(|rate| rate.key == name)?.value;
    if value.is_empty() {
        return None;
    }
    value.bytes().try_fold(0u32, |ppm, byte| match byte.wrapping_sub(b'0') {
        digit @ 0..=9 => Some(ppm.wrapping_mul(10).wrapping_add(u32::from(digit))),
        _ => None,
    })
}

/// Whether the session captures events of that name, of which `ppm` parts per million are. What is kept at a rate
/// is kept at every higher one.
pub(crate) fn keeps(session_id: &str, name: &str, ppm: u32) -> bool {
    // FNV-1a gathers the bytes; its high bits, which decide, are weak without MurmurHash3's finalizer.
    let mut hash = 0x811c_9dc5_u32;
    for byte in session_id.bytes().chain(name.bytes()) {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^= hash >> 16;
    (u64::from(hash) * u64::from(ALL_PPM)) >> 32 < u64::from(ppm)
}

/// Appends the rate that an event was captured at as a member, `"$sample_rate":0.1`, with a comma in front if need
/// be; nothing if that is all of them.
pub(crate) fn write_rate(out: &mut String, ppm: u32) {
    if ppm >= ALL_PPM {
        return;
    }
    members::raw(out, wire::SAMPLE_RATE, "0.");
    let mut rest = ppm;
    loop {
        rest *= 10;
        text::digits(out, u64::from(rest / ALL_PPM));
        rest %= ALL_PPM;
        if rest == 0 {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{format, string::ToString, vec::Vec};
    use tallymark_event::EventId;

    /// Ids of sessions that began one after the other, as the tracker makes them.
    fn sessions(seed: u64, count: usize) -> Vec<String> {
        let mut rng = crate::rng::Rng::new();
        (0..4).for_each(|nth| rng.seed(seed.wrapping_add(nth)));
        let id = |nth| {
            let mut text = String::new();
            text::id(&mut text, rng.id(1_795_220_000_000 + i64::try_from(nth).unwrap()));
            text
        };
        (0..count).map(id).collect()
    }

    fn kept(sessions: &[String], name: &str, ppm: u32) -> usize {
        sessions.iter().filter(|id| keeps(id, name, ppm)).count()
    }

    /// Whether `count` of `of` is a share of `ppm` by chance: within six standard deviations.
    fn is_share(count: usize, of: usize, ppm: u32) -> bool {
        let count = f64::from(u32::try_from(count).unwrap());
        let (p, n) = (f64::from(ppm) / 1e6, f64::from(u32::try_from(of).unwrap()));
        (count - n * p).abs() <= 6.0 * (n * p * (1.0 - p)).sqrt()
    }

    #[test]
    fn rates_are_found_by_name() {
        let rates = r#""message_sent":100000,"a,\"b":1,"none":0,"bad":"1","half":0.5"#;
        assert_eq!(rate(rates, "\"message_sent\""), Some(100_000));
        assert_eq!(rate(rates, r#""a,\"b""#), Some(1));
        assert_eq!(rate(rates, "\"none\""), Some(0));
        for none in ["\"message\"", "\"bad\"", "\"half\"", "\"\"", ""] {
            assert_eq!(rate(rates, none), None, "{none}");
        }
        assert_eq!(rate("\"a\":", "\"a\""), None);
        assert_eq!(rate("", "\"a\""), None);
    }

    #[test]
    fn all_and_nothing_are_exact() {
        let sessions = sessions(1, 1_000);
        assert_eq!((kept(&sessions, "\"a\"", 0), kept(&sessions, "\"a\"", ALL_PPM)), (0, 1_000));
    }

    /// The hash is part of what owners rely on: another one would change which visits are kept, in the middle of them.
    #[test]
    fn answers_do_not_change_from_release_to_release() {
        let id = EventId::v7(1_795_220_000_000, [7; 10]).to_string();
        let kept: Vec<bool> = (0..8).map(|nth| keeps(&id, &format!("\"event_{nth}\""), 500_000)).collect();
        assert_eq!(kept, [false, true, true, false, false, true, false, false]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn the_share_kept_is_the_rate(seed: u64, name in "\"[a-z_]{1,24}\"", ppm in 50_000..950_000u32) {
            let sessions = sessions(seed, 4_000);
            prop_assert!(is_share(kept(&sessions, &name, ppm), sessions.len(), ppm));
        }

        #[test]
        fn names_are_sampled_apart(seed: u64, last in 0..25u8, ppm in 200_000..800_000u32) {
            // Names that differ least are the hardest to tell apart.
            let name = |nth| format!("\"event_{}\"", char::from(b'a' + nth));
            let all = sessions(seed, 8_000);
            let first: Vec<String> = all.into_iter().filter(|id| keeps(id, &name(last), ppm)).collect();
            prop_assert!(is_share(kept(&first, &name(last + 1), ppm), first.len(), ppm));
        }

        #[test]
        fn a_higher_rate_keeps_what_a_lower_one_does(seed: u64, name: String, a in 0..=ALL_PPM, b in 0..=ALL_PPM) {
            for id in sessions(seed, 100) {
                prop_assert!(!keeps(&id, &name, a.min(b)) || keeps(&id, &name, a.max(b)));
            }
        }

        #[test]
        fn the_rate_is_written_as_the_number_it_is(ppm in 0..2 * ALL_PPM) {
            let mut out = String::from("{");
            write_rate(&mut out, ppm);
            out.push('}');
            let event: serde_json::Value = serde_json::from_str(&out).unwrap();
            let expected = (ppm < ALL_PPM).then(|| f64::from(ppm) / 1e6);
            prop_assert_eq!(event[wire::SAMPLE_RATE].as_f64(), expected);
        }

        #[test]
        fn any_text_is_read(rates: String, name: String) {
            let _ = rate(&rates, &name);
        }
    }
}
