//! Which campaign brought the visitor: `utm_*` and the click ids of the ad networks, as the shell knows them.

use alloc::string::String;

use crate::members;

/// Of `query`, the members of an object that holds a URL's parameters which name a campaign, those that say something,
/// as an object; nothing if there are none.
pub(crate) fn of_query(query: &str) -> String {
    let mut found = String::new();
    for member in members::each(query) {
        if member.value.len() > 2 {
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
    use super::of_query;

    #[test]
    fn empty_values_are_left_out() {
        let query = r#""utm_source":"news, \"x\"","gclid":"","_kx":"k""#;
        assert_eq!(of_query(query), r#"{"utm_source":"news, \"x\"","_kx":"k"}"#);
        assert_eq!(of_query(r#""utm_source":"""#), "");
        assert_eq!(of_query(""), "");
    }
}
