use super::*;
use proptest::prelude::*;

const ALPHABET: &[u8; 64] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";

fn of_gcd(gcd: &str) -> (Option<bool>, Option<bool>) {
    let consent = Consent::of_hit(None, Some(gcd), false, false);
    (consent.analytics, consent.advertising)
}

#[test]
fn strings_of_real_tags() {
    let (yes, no) = (Some(true), Some(false));
    for (gcd, analytics, advertising) in [
        // No consent mode: nobody has said anything.
        ("13l3l3l3l1l1", None, None),
        ("13l3l3l3l2l1", None, None),
        ("13l3l3l3l3l1", None, None),
        ("11l1l1l1l1", None, None),
        // Denied by default; then granted, or one of them.
        ("13p3p3p3p5l1", no, no),
        ("13q3q3q3q5l1", no, no),
        ("13p3q3p3p5l1", no, no),
        ("13r3r3r3r5l1", yes, yes),
        ("13p3t3p3p5l1", yes, no),
        ("13p3r3p3p5l1", yes, no),
        // Granted by default; then denied.
        ("13t3t3t3t5l1", yes, yes),
        ("13v3v3v3v5l1", yes, yes),
        ("13u3u3u3u5l1", no, no),
        ("13t3u3t3t5l1", no, yes),
        // Only updates.
        ("13m3m3m3m5l1", no, no),
        ("13n3n3n3n5l1", yes, yes),
        // Consent mode is on, and no word on these: what is implied holds.
        ("13l3l3l3l5l1", yes, yes),
        ("13l3p3l3l5l1", no, yes),
        // In the EU the two newer purposes go by ad_storage's word.
        ("13r3rPlPl5l1", yes, yes),
        ("13p3rPlPl5l1", yes, no),
        ("13v3t3v3p5l1", yes, no),
        // Ten characters, of early 2024.
        ("13r3r3r2r5", yes, yes),
        ("11p1p1p1p5", no, no),
        // The tag has seen GPC.
        ("13l3l3l3l9l1", None, no),
        ("13r3r3r3rdl1", yes, no),
    ] {
        assert_eq!(of_gcd(gcd), (analytics, advertising), "{gcd}");
    }
}

#[test]
fn what_is_no_gcd() {
    for text in ["", "1", "13l3l3l3", "23p3p3p3p5l1", "13é3p3p3p5l1", "13!3p3p3p5l1"] {
        assert_eq!(of_gcd(text), (None, None), "{text}");
    }
}

#[test]
fn the_brief_form() {
    let (yes, no) = (Some(true), Some(false));
    for (gcs, analytics, advertising) in [
        ("G100", no, no),
        ("G101", yes, no),
        ("G110", no, yes),
        ("G111", yes, yes),
        ("G1--", None, None),
        ("G1-1", yes, None),
        ("G10-", None, no),
        ("G1", None, None),
        ("", None, None),
        ("X100", None, None),
    ] {
        let consent = Consent::of_hit(Some(gcs), None, false, false);
        assert_eq!((consent.analytics, consent.advertising), (analytics, advertising), "{gcs}");
    }
}

#[test]
fn no_is_believed() {
    let granted = (Some("G111"), Some("13r3r3r3r5l1"));
    let of = |gcs, gcd, npa, gpc| Consent::of_hit(gcs, gcd, npa, gpc);
    assert_eq!(
        of(granted.0, granted.1, false, false).record().unwrap(),
        r#"{"analytics":true,"advertising":true}"#
    );
    for (npa, gpc) in [(true, false), (false, true)] {
        let consent = of(granted.0, granted.1, npa, gpc);
        assert_eq!(consent.record().unwrap(), r#"{"analytics":true,"advertising":false}"#);
    }
    assert!(of(Some("G100"), granted.1, false, false).is_cookieless());
    assert!(of(granted.0, Some("13p3p3p3p5l1"), false, false).is_cookieless());
    assert_eq!(of(None, None, false, true).record().unwrap(), r#"{"advertising":false}"#);
    assert_eq!(of(None, None, false, false).record(), None);
}

#[test]
fn consent_of_the_measurement_protocol() {
    let of = |data, personalization| Consent::of_measurement(data, personalization, false, false).advertising;
    assert_eq!(of(None, None), None);
    assert_eq!(of(Some("GRANTED"), None), Some(true));
    assert_eq!(of(Some("GRANTED"), Some("DENIED")), Some(false));
    assert_eq!(of(Some("granted"), None), None);
    assert_eq!(Consent::of_measurement(Some("GRANTED"), None, true, false).advertising, Some(false));
}

fn states() -> impl Strategy<Value = u8> {
    1u8..=3
}

proptest! {
    #[test]
    fn any_text_is_read(gcs: String, gcd: String, npa: bool, gpc: bool) {
        Consent::of_hit(Some(&gcs), Some(&gcd), npa, gpc);
    }

    /// All that a purpose can say, against the rule as it is written: update, default, declaration, implication.
    #[test]
    fn every_letter_has_the_effective_state(
        update in states(), default in states(), declared in states(), implicit in states(),
    ) {
        let letter = |bits: u8| char::from(ALPHABET[usize::from(bits)]);
        let (first, second) = (letter(implicit), letter(declared << 4 | default << 2 | update));
        let gcd = format!("13l{first}{second}3l3l5l1");
        let effective = [update, default, declared, implicit].into_iter().find(|state| *state != 1);
        prop_assert_eq!(of_gcd(&gcd).0, effective.map(|state| state == 3));
    }

    #[test]
    fn a_delegate_speaks_before_the_declaration(update in states(), default in states(), declared in states()) {
        let letter = |bits: u8| char::from(ALPHABET[usize::from(bits)]);
        // ad_user_data and ad_personalization go by ad_storage.
        let delegating = format!("{}{}", letter(12 << 2 | 3), letter(declared << 4 | 1 << 2 | 1));
        let ads = letter(1 << 4 | default << 2 | update);
        let gcd = format!("13{ads}3n{delegating}{delegating}5l1");
        let effective = [update, default, declared].into_iter().find(|state| *state != 1).unwrap_or(3);
        let own = [update, default].into_iter().find(|state| *state != 1).unwrap_or(3);
        prop_assert_eq!(of_gcd(&gcd).1, Some(effective == 3 && own == 3));
    }
}
