//! Where a hit comes from: the address of its page, and what stands in it.

use super::{hit::decoded_again, object::Object};

/// Parameters of a page's address that become properties, as in `PostHog`'s clients.
const CAMPAIGN: [&str; 6] = ["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "utm_id"];

/// The click id of Google's ads: of use to advertising alone.
const CLICK_ID: &str = "gclid";

/// An address in parts. Nothing is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Address<'a> {
    host: &'a str,
    path: &'a str,
    query: &'a str,
}

impl<'a> Address<'a> {
    /// `None` for what has no scheme and host.
    fn parse(text: &'a str) -> Option<Self> {
        let (_, rest) = text.split_once("://")?;
        let rest = rest.split('#').next().unwrap_or_default();
        let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = match before.find('/') {
            Some(slash) => before.split_at_checked(slash).unwrap_or((before, "")),
            None => (before, "/"),
        };
        let host = authority.rsplit('@').next().unwrap_or_default();
        (!host.is_empty()).then_some(Self { host, path, query })
    }
}

/// Adds the page's address, its parts and the campaign in it.
pub(super) fn write(object: &mut Object, location: &str, may_advertise: bool) {
    object.text("$current_url", location);
    let Some(address) = Address::parse(location) else { return };
    object.text("$host", address.host);
    object.text("$pathname", address.path);
    for pair in address.query.split('&') {
        let Some((name, value)) = pair.split_once('=') else { continue };
        let is_kept = CAMPAIGN.contains(&name) || (may_advertise && name == CLICK_ID);
        if is_kept && !value.is_empty() {
            object.text(name, &decoded_again(value));
        }
    }
}

/// Adds where the visitor came from.
pub(super) fn write_referrer(object: &mut Object, referrer: &str) {
    object.text("$referrer", referrer);
    if let Some(address) = Address::parse(referrer) {
        object.text("$referring_domain", address.host);
    }
}

/// Adds the screen's size, given as `1280x720`.
pub(super) fn write_screen(object: &mut Object, resolution: &str) {
    let Some((width, height)) = resolution.split_once('x') else { return };
    for (name, value) in [("$screen_width", width), ("$screen_height", height)] {
        if !value.is_empty() && value.bytes().all(|c| c.is_ascii_digit()) {
            object.number(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_parts() {
        for (text, parts) in [
            ("https://shop.example", Some(("shop.example", "/", ""))),
            ("https://shop.example/a/b?c=d#e?f", Some(("shop.example", "/a/b", "c=d"))),
            ("http://me:secret@shop.example:8080/", Some(("shop.example:8080", "/", ""))),
            ("https://shop.example?a=/b", Some(("shop.example", "/", "a=/b"))),
            ("/only/a/path", None),
            ("https:///a", None),
            ("", None),
        ] {
            let expected = parts.map(|(host, path, query)| Address { host, path, query });
            assert_eq!(Address::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn a_campaign_in_the_address_and_the_click_id_only_for_advertising() {
        let of = |may_advertise| {
            let mut object = Object::default();
            write(&mut object, "https://a.example/?utm_source=a+b&gclid=x&q=1&utm_term=", may_advertise);
            object.object()
        };
        let rest = r#""$current_url":"https://a.example/?utm_source=a+b&gclid=x&q=1&utm_term=","$host":"a.example","$pathname":"/","#;
        assert_eq!(of(true), format!(r#"{{{rest}"gclid":"x","utm_source":"a b"}}"#));
        assert_eq!(of(false), format!(r#"{{{rest}"utm_source":"a b"}}"#));
    }

    #[test]
    fn a_screen_is_two_numbers_or_nothing() {
        let of = |text| {
            let mut object = Object::default();
            write_screen(&mut object, text);
            object.object()
        };
        assert_eq!(of("1280x720"), r#"{"$screen_height":720,"$screen_width":1280}"#);
        for text in ["", "x", "big", "-1x-2"] {
            assert_eq!(of(text), "{}", "{text}");
        }
    }
}
