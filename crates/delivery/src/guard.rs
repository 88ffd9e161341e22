//! Where a tenant may have its events sent: to the public Internet, by TLS, and nowhere near the collector.
//!
//! URLs are read more strictly than the platform reads them, so that both mean the same host: what is spelled in one of
//! the many other ways (`0x7f.1`, `127.1`, `017700000001`, a tab in the midst) is refused, and nothing is normalised.
//! Names are not resolved here: `fetch` at the edge reaches public addresses only, and who connects on their own holds
//! the address against [`is_public`] when it is resolved.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::limits::MAX_URL_BYTES;

/// Whether the operator lets tenants name any address, and plain HTTP: `ALLOW_PRIVATE_DESTINATIONS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Public hosts, by https.
    Public,
    /// Any host, by http as well.
    Anywhere,
}

/// Says what is wrong with a URL, as a remedy.
pub fn check_url(url: &str, reach: Reach) -> Result<(), &'static str> {
    if url.len() > MAX_URL_BYTES {
        return Err("must have 2048 characters at the most");
    }
    if !url.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#')) {
        return Err(
            "must be printable ASCII, without spaces, backslash or fragment: write others as %xx, a name as xn--",
        );
    }
    let rest = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => rest,
        (None, Some(rest)) if reach == Reach::Anywhere => rest,
        _ => return Err("must begin with https://"),
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err("must hold no user and no password");
    }
    check_host(authority, reach)
}

/// Says what is wrong with a database's URL, as a remedy: `postgres://user:password@host:5432/name?sslmode=require`.
/// Outside of [`Reach::Anywhere`] it is spoken to by TLS.
pub fn check_database_url(url: &str, reach: Reach) -> Result<(), &'static str> {
    const SHAPE: &str = "must be postgres://user:password@host:5432/name, with ?sslmode=… at the most; what is not a \
         letter or a digit in user, password or name as %xx";
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+;=:@/?[]".contains(&byte);
    if url.len() > MAX_URL_BYTES || !url.bytes().all(is_plain) {
        return Err(SHAPE);
    }
    let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://")).ok_or(SHAPE)?;
    let (authority, path) = rest.split_once('/').ok_or(SHAPE)?;
    let (user, host) = authority.split_once('@').ok_or(SHAPE)?;
    let (name, query) = path.split_once('?').unwrap_or((path, ""));
    if user.is_empty()
        || authority.contains('?')
        || host.contains('@')
        || name.is_empty()
        || name.contains('/')
    {
        return Err(SHAPE);
    }
    match query {
        "" | "sslmode=require" | "sslmode=verify-ca" | "sslmode=verify-full" => {}
        "sslmode=disable" if reach == Reach::Anywhere => {}
        "sslmode=disable" => {
            return Err("must not turn TLS off; the operator can allow it (ALLOW_PRIVATE_DESTINATIONS)");
        }
        _ => return Err(SHAPE),
    }
    check_host(host, reach)
}

fn check_host(authority: &str, reach: Reach) -> Result<(), &'static str> {
    let host = host_of(authority).ok_or("must name a host, and a port between 1 and 65535 if any")?;
    match host {
        Host::Address(address) if reach == Reach::Public && !is_public(address) => Err(
            "must not lead to a private, local or reserved address; the operator can allow it (ALLOW_PRIVATE_DESTINATIONS)",
        ),
        Host::Name(name) if reach == Reach::Public && is_local_name(name) => {
            Err("must name a public host; the operator can allow others (ALLOW_PRIVATE_DESTINATIONS)")
        }
        _ => Ok(()),
    }
}

enum Host<'u> {
    Name(&'u str),
    Address(IpAddr),
}

fn host_of(authority: &str) -> Option<Host<'_>> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let port = port.strip_prefix(':').or_else(|| port.is_empty().then_some("443"))?;
        return is_port(port).then_some(Host::Address(IpAddr::V6(address.parse().ok()?)));
    }
    let (name, port) = authority.split_once(':').unwrap_or((authority, "443"));
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if name.is_empty() || name.starts_with('.') || !name.bytes().all(is_letter) || !is_port(port) {
        return None;
    }
    // What ends in a number is an address, in whichever spelling. Only the plain one is taken.
    let last = name.trim_end_matches('.').rsplit('.').next()?;
    if last.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(Host::Address(IpAddr::V4(name.parse().ok()?)));
    }
    Some(Host::Name(name))
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}

/// Names that resolvers, platforms and clouds give to what is near: no public name has these endings, or no dot.
fn is_local_name(name: &str) -> bool {
    const ENDS: [&str; 9] =
        ["localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp", "arpa"];
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    match name.rsplit_once('.') {
        None => true,
        Some((_, end)) => ENDS.contains(&end),
    }
}

/// Whether an address is one of the public Internet's, of which nothing is reserved, private or local.
pub const fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// By IANA's registry of special-purpose addresses.
const fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

/// Global unicast, `2000::/3`, without what embeds other addresses (6to4, Teredo) or documents. That leaves out the
/// mapped IPv4 addresses, NAT64, local and link-local ones, all of which are elsewhere.
const fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    first & 0xe000 == 0x2000
        && first != 0x2002
        && first != 0x3fff
        && !(first == 0x2001 && (second < 0x0200 || second == 0x0db8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn public_hosts_by_https() {
        for url in [
            "https://hooks.shop.example/tallymark",
            "https://hooks.shop.example:8443/a?b=c@d",
            "https://8.8.8.8/",
            "https://[2606:4700::1111]:443/x",
            "https://xn--bcher-kva.example",
            "https://a.example.?x",
        ] {
            assert_eq!(check_url(url, Reach::Public), Ok(()), "{url}");
        }
    }

    #[test]
    fn whatever_leads_inside_is_refused() {
        for url in [
            "http://hooks.shop.example/",
            "HTTPS://hooks.shop.example/",
            "https:/hooks.shop.example/",
            "https:///x",
            "ftp://hooks.shop.example/",
            "https://user:pass@hooks.shop.example/",
            "https://public.example@127.0.0.1/",
            "https://public.example\\@127.0.0.1/",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0x7f.0.0.1/",
            "https://0177.0.0.1/",
            "https://127.0.0.1./",
            "https://0/",
            "https://10.1.2.3/",
            "https://172.16.0.1/",
            "https://192.168.1.1/",
            "https://100.64.0.1/",
            "https://169.254.169.254/latest/meta-data/",
            "https://metadata.google.internal/",
            "https://metadata/",
            "https://localhost/",
            "https://LOCALHOST./",
            "https://a.localhost:8787/",
            "https://printer.local/",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:8.8.8.8]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[fc00::1]/",
            "https://[fe80::1]/",
            "https://[fe80::1%25eth0]/",
            "https://[fd00:ec2::254]/",
            "https://[2002:7f00:1::]/",
            "https://[2001:0:7f00:1::]/",
            "https://hooks.shop.example:0/",
            "https://hooks.shop.example:99999/",
            "https://hooks.shop.example:80a/",
            "https://b\u{fc}cher.example/",
            "https://127%2e0.0.1/",
            "https://a.example/x y",
            "https://a.exa\tmple/",
            "https://.example/",
            "https://a.example/#x",
        ] {
            assert!(check_url(url, Reach::Public).is_err(), "{url}");
        }
    }

    #[test]
    fn an_operator_can_allow_what_is_near() {
        for url in
            ["http://127.0.0.1:9000/hook", "https://localhost/", "http://[::1]:1/", "http://receiver/x"]
        {
            assert_eq!(check_url(url, Reach::Anywhere), Ok(()), "{url}");
        }
        for url in ["file:///etc/passwd", "http://a b/", "http://u@h.example/"] {
            assert!(check_url(url, Reach::Anywhere).is_err(), "{url}");
        }
    }

    proptest! {
        #[test]
        fn no_private_address_gets_by(bits: u32) {
            let address = Ipv4Addr::from_bits(bits);
            let near = address.is_private() || address.is_loopback() || address.is_link_local()
                || address.is_unspecified() || address.is_broadcast() || address.is_multicast()
                || address.is_documentation();
            let url = format!("https://{address}/");
            prop_assert!(!near || check_url(&url, Reach::Public).is_err());
            let decimal = format!("https://{bits}/");
            prop_assert!(check_url(&decimal, Reach::Public).is_err());
            let mapped = format!("https://[{}]/", address.to_ipv6_mapped());
            prop_assert!(check_url(&mapped, Reach::Public).is_err());
        }

        #[test]
        fn any_text_has_an_answer(url in "\\PC{0,80}") {
            let _ = check_url(&url, Reach::Public);
            let _ = check_url(&format!("https://{url}"), Reach::Anywhere);
        }
    }
}
