//! Which campaign brought the visitor: `utm_*` and the click ids of the ad networks, as the shell knows them.

use alloc::string::String;

use crate::members;

/// Of `members`, which name a campaign, those that say something, as an object; nothing if there are none. The click
/// ids of the networks only for `advertising`.
pub(crate) fn of(members: &str, advertising: bool) -> String {
    let mut found = String::new();
    for member in members::each(members) {
        if member.value.len() > 2 && (advertising || member.key.starts_with("\"utm_")) {
            if found.is_empty() {
                found.push('{');
            }
            members::push(&mut found, member);
        }
    }
    if !found.is_empty() {
        found.push('}');
    }
    found
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn empty_values_are_left_out() {
        let query = r#""utm_source":"news, \"x\"","gclid":"","_kx":"k""#;
        assert_eq!(of(query, true), r#"{"utm_source":"news, \"x\"","_kx":"k"}"#);
        assert_eq!(of(query, false), r#"{"utm_source":"news, \"x\""}"#);
        assert_eq!(of(r#""utm_source":"""#, true), "");
        assert_eq!(of(r#""gclid":"g""#, false), "");
        assert_eq!(of("", true), "");
    }
}
