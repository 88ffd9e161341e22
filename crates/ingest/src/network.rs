//! Who a request comes from, as far as limits go.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// Where a request comes from: an IPv4 address, or of an IPv6 address the first 64 bits, since whoever has one of those
/// has all the rest of it. Kept nowhere, unless a tenant
/// wants it [`Network::truncated`]: only a keyed hash of it is, in memory, for as long as its bucket fills.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Network(u64);

/// What tells the two kinds apart, since no IPv6 network begins so: `::/32` has nobody in it.
const IPV4: u64 = 1 << 32;

impl Network {
    /// Of the text of an address; `None` if it is none.
    pub(crate) fn of(address: &str) -> Option<Self> {
        let address: IpAddr = address.trim().parse().ok()?;
        Some(Self(match address.to_canonical() {
            IpAddr::V4(address) => IPV4 | u64::from(address.to_bits()),
            // The low half goes.
            IpAddr::V6(address) => u64::try_from(address.to_bits() >> 64).unwrap_or_default(),
        }))
    }

    /// The address of the network that may be kept: a /24, or of IPv6 a /48.
    pub(crate) fn truncated(self) -> String {
        match u32::try_from(self.0 & !IPV4) {
            Ok(bits) if self.0 & IPV4 != 0 => Ipv4Addr::from_bits(bits & 0xffff_ff00).to_string(),
            _ => Ipv6Addr::from_bits(u128::from(self.0 >> 16) << 80).to_string(),
        }
    }

    /// For hashing.
    pub(crate) const fn bits(self) -> u64 {
        self.0
    }
}

/// `192.0.2.7`, `2001:db8:1:2::/64`: what the platform's own rate limits count by.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match u32::try_from(self.0 & !IPV4) {
            Ok(bits) if self.0 & IPV4 != 0 => write!(f, "{}", Ipv4Addr::from_bits(bits)),
            _ => write!(f, "{}/64", Ipv6Addr::from_bits(u128::from(self.0) << 64)),
        }
    }
}

/// Says nothing of whom it stands for.
impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_kept_is_nobodys_alone() {
        for (address, kept) in [
            ("192.0.2.255", "192.0.2.0"),
            ("::ffff:192.0.2.7", "192.0.2.0"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ] {
            assert_eq!(Network::of(address).unwrap().truncated(), kept, "{address}");
        }
    }

    #[test]
    fn ipv4_is_whole_and_ipv6_is_its_network() {
        for (address, network) in [
            ("192.0.2.7", "192.0.2.7"),
            (" 192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("0.0.0.0", "0.0.0.0"),
            ("255.255.255.255", "255.255.255.255"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ] {
            assert_eq!(Network::of(address).unwrap().to_string(), network, "{address}");
        }
        for none in ["", "192.0.2", "192.0.2.7:80", "unknown", "2001:db8::1%eth0"] {
            assert_eq!(Network::of(none), None, "{none}");
        }
    }
}
