//! The instance's /24, and the refusal of one that the machine already routes.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::LabError;
use super::error::io;

/// An IPv4 /24: `.1` is this machine, `.2` the DNS, `.3` the MX, `.4` the Mailu, hosts from `.11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Subnet(u32);

const MASK: u32 = 0xffff_ff00;
/// The address of the first host.
const FIRST_HOST: u8 = 11;
/// How many hosts fit.
pub(super) const MOST_HOSTS: usize = 240;

impl Subnet {
    /// The machine's own address on the bridge.
    pub fn gateway(self) -> Ipv4Addr {
        self.address(1)
    }

    /// The DNS server.
    pub fn dns(self) -> Ipv4Addr {
        self.address(2)
    }

    /// The mail server.
    pub fn mx(self) -> Ipv4Addr {
        self.address(3)
    }

    /// The Mailu, in a lab that has one.
    pub fn mailu(self) -> Ipv4Addr {
        self.address(4)
    }

    /// The host with this index, from 0.
    pub(super) fn host(self, index: usize) -> Ipv4Addr {
        self.address(FIRST_HOST + u8::try_from(index).unwrap_or(u8::MAX - FIRST_HOST))
    }

    fn address(self, last: u8) -> Ipv4Addr {
        Ipv4Addr::from(self.0 | u32::from(last))
    }

    /// The first of 10.99.0.0/24 … 10.99.255.0/24 that the machine does not route.
    pub(super) fn first_free() -> Result<Self, LabError> {
        let routes = Routes::read()?;
        (0..=255u32)
            .map(|n| Self(0x0a63_0000 | (n << 8)))
            .find(|subnet| routes.overlapping(*subnet).is_none())
            .ok_or(LabError::NoFreeSubnet)
    }

    /// Refuses a subnet that the machine already routes somewhere.
    pub(super) fn check_free(self) -> Result<(), LabError> {
        match Routes::read()?.overlapping(self) {
            None => Ok(()),
            Some(route) => Err(LabError::SubnetRouted { subnet: self.to_string(), route }),
        }
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/24", Ipv4Addr::from(self.0))
    }
}

impl FromStr for Subnet {
    type Err = LabError;

    fn from_str(text: &str) -> Result<Self, LabError> {
        let bad = || LabError::BadSubnet { text: text.to_owned() };
        let address = text.strip_suffix("/24").ok_or_else(bad)?;
        let bits = u32::from(address.parse::<Ipv4Addr>().map_err(|_| bad())?);
        if bits & !MASK == 0 { Ok(Self(bits)) } else { Err(bad()) }
    }
}

impl TryFrom<String> for Subnet {
    type Error = LabError;

    fn try_from(text: String) -> Result<Self, LabError> {
        text.parse()
    }
}

impl From<Subnet> for String {
    fn from(subnet: Subnet) -> Self {
        subnet.to_string()
    }
}

/// The kernel's IPv4 routes, less the default route.
struct Routes(Vec<Route>);

struct Route {
    interface: String,
    destination: u32,
    mask: u32,
}

impl Routes {
    fn read() -> Result<Self, LabError> {
        let path = "/proc/net/route";
        let text = std::fs::read_to_string(path).map_err(io("read", path))?;
        Ok(Self::parse(&text))
    }

    /// proc(5): interface, destination, gateway, flags, three counters, mask; the numbers are
    /// hexadecimal in the byte order of the host.
    fn parse(text: &str) -> Self {
        let number = |field: &str| u32::from_str_radix(field, 16).ok().map(u32::from_be);
        let route = |line: &str| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (destination, mask) = (number(fields.get(1)?)?, number(fields.get(7)?)?);
            let interface = fields.first()?.to_string();
            (mask != 0).then_some(Route { interface, destination, mask })
        };
        Self(text.lines().skip(1).filter_map(route).collect())
    }

    fn overlapping(&self, subnet: Subnet) -> Option<String> {
        let overlaps = |route: &&Route| {
            let common = route.mask & MASK;
            route.destination & common == subnet.0 & common
        };
        self.0.iter().find(overlaps).map(|route| {
            let bits = route.mask.count_ones();
            format!("{}/{bits} on {}", Ipv4Addr::from(route.destination), route.interface)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n\
        eth0 00000000 010200C0 0003 0 0 0 00000000 0 0 0\n\
        eth0 000200C0 00000000 0001 0 0 0 00FFFFFF 0 0 0\n\
        tun0 00000010 00000000 0001 0 0 0 000000FF 0 0 0\n";

    #[test]
    fn overlap_is_seen_and_the_default_route_is_none() -> Result<(), LabError> {
        let routes = Routes::parse(TABLE);
        let overlap = |text: &str| text.parse().map(|subnet| routes.overlapping(subnet));
        assert_eq!(overlap("10.99.0.0/24")?, None);
        assert_eq!(overlap("192.0.2.0/24")?.as_deref(), Some("192.0.2.0/24 on eth0"));
        assert_eq!(overlap("16.1.2.0/24")?.as_deref(), Some("16.0.0.0/8 on tun0"));
        Ok(())
    }

    #[test]
    fn only_a_whole_24() {
        for bad in ["10.99.0.0", "10.99.0.1/24", "10.99.0.0/16", "x/24"] {
            assert!(bad.parse::<Subnet>().is_err(), "{bad}");
        }
    }
}
