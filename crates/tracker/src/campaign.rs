//! Which campaign brought the visitor: `utm_*` and the click ids of the ad networks.

use alloc::string::String;

use crate::members;

/// `PostHog`'s list, as the keys of a JSON object: so that it is searched as one.
const PARAMETERS: &str = r#""utm_source","utm_medium","utm_campaign","utm_content","utm_term","gad_source","mc_cid","gclid","gclsrc","dclid","gbraid","wbraid","fbclid","msclkid","twclid","li_fat_id","igshid","ttclid","rdt_cid","epik","qclid","sccid","oppref","bfcid","irclid","_kx""#;

/// Of `query`, the members of an object that holds a URL's parameters, those that name a campaign, as an
/// object; nothing if there are none. Empty values say nothing and are left out.
pub(crate) fn of_query(query: &str) -> String {
    let mut found = String::new();
    for member in members::each(query) {
        if member.value.len() > 2 && members::has(PARAMETERS, member.key) {
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
    fn campaigns_are_kept_and_the_rest_is_not() {
        let query = r#""q":"utm_source","utm_source":"news, \"x\"","gclid":"","_kx":"k","":"x","utm":"1""#;
        assert_eq!(of_query(query), r#"{"utm_source":"news, \"x\"","_kx":"k"}"#);
        assert_eq!(of_query(r#""q":"1""#), "");
        assert_eq!(of_query(""), "");
    }
}
