//! Networks as Mailu's API writes them: an address, or an address and a prefix length.

use std::net::IpAddr;

/// A network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cidr {
    address: IpAddr,
    prefix: u32,
}

impl Cidr {
    /// Reads `192.0.2.0/24`, `2001:db8::/32` or a single address.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(most);
        (prefix <= most).then_some(Self { address, prefix })
    }

    /// Whether the network holds the address; an IPv4 one may be written as IPv6.
    pub(super) fn contains(self, address: IpAddr) -> bool {
        let shifted = |bits: u128, width: u32| bits.checked_shr(width - self.prefix).unwrap_or(0);
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(one)) => {
                shifted(net.to_bits().into(), 32) == shifted(one.to_bits().into(), 32)
            }
            (IpAddr::V6(net), IpAddr::V6(one)) => {
                shifted(net.to_bits(), 128) == shifted(one.to_bits(), 128)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_what_they_hold() {
        for (net, address, holds) in [
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("0.0.0.0/0", "203.0.113.1", true),
            ("192.0.2.0/24", "::ffff:192.0.2.1", true),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("::/0", "2001:db9::", true),
            ("2001:db8::/32", "2001:db9::", false),
            ("0.0.0.0/0", "2001:db9::", false),
        ] {
            let net = Cidr::parse(net).unwrap();
            assert_eq!(net.contains(address.parse().unwrap()), holds, "{net:?} {address}");
        }
        for bad in ["", "192.0.2.0/33", "x", "192.0.2.0/", "::/129", "192.0.2/24"] {
            assert!(Cidr::parse(bad).is_none(), "{bad}");
        }
    }
}
