//! A host's addresses and default routes, from `/proc/net` and `/sys/class/net`: no process.

use crate::value::{Map, Value};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

/// A default route of IPv4 and what its interface has.
#[derive(Debug, PartialEq, Eq)]
struct Route {
    interface: String,
    gateway: Ipv4Addr,
    metric: u32,
}

/// A network that an interface is in.
#[derive(Debug, PartialEq, Eq)]
struct Network {
    interface: String,
    address: Ipv4Addr,
    mask: Ipv4Addr,
}

/// The facts about the network, without the `ansible_` prefix.
pub(super) fn facts() -> Map {
    let read = |name: &str| std::fs::read_to_string(Path::new("/proc/net").join(name));
    let (routes, networks) = routes(&read("route").unwrap_or_default());
    let ipv4 = local_addresses(&read("fib_trie").unwrap_or_default());
    let ipv6 = ipv6_addresses(&read("if_inet6").unwrap_or_default());
    let ipv6_route = ipv6_route(&read("ipv6_route").unwrap_or_default());
    let text = |address: &dyn ToString| Value::Str(address.to_string());
    let mut facts = Map::new();
    facts.insert("interfaces".into(), interfaces(&read("dev").unwrap_or_default()).into());
    let visible4 = ipv4.iter().filter(|address| !address.is_loopback());
    let visible6 = ipv6.iter().filter(|(_, address)| !address.is_loopback());
    facts.insert("all_ipv4_addresses".into(), Value::List(visible4.map(|a| text(a)).collect()));
    facts
        .insert("all_ipv6_addresses".into(), Value::List(visible6.map(|(_, a)| text(a)).collect()));
    facts.insert("lo".into(), Value::Map(loopback(&ipv6)));
    let first = routes.into_iter().min_by_key(|route| route.metric);
    let default4 = first.map(|route| default_ipv4(&route, &networks, &ipv4)).unwrap_or_default();
    facts.insert("default_ipv4".into(), Value::Map(default4));
    let default6 = ipv6_route.map(|(interface, gateway)| default_ipv6(&interface, gateway, &ipv6));
    facts.insert("default_ipv6".into(), Value::Map(default6.unwrap_or_default()));
    facts
}

/// The loopback: whether this host speaks IPv6 at all shows there.
fn loopback(all: &[(String, Ipv6Addr)]) -> Map {
    let own = all.iter().filter(|(interface, _)| interface == "lo");
    let entry = |(_, address): &(String, Ipv6Addr)| {
        Value::Map(Map::from_iter([("address".into(), Value::Str(address.to_string()))]))
    };
    let ipv6 = Value::List(own.map(entry).collect());
    Map::from_iter([("device".into(), Value::Str("lo".into())), ("ipv6".into(), ipv6)])
}

fn default_ipv4(route: &Route, networks: &[Network], local: &[Ipv4Addr]) -> Map {
    let mut facts = link(&route.interface);
    facts.insert("gateway".into(), Value::Str(route.gateway.to_string()));
    let inside = |network: &&Network, address: Ipv4Addr| {
        address.to_bits() & network.mask.to_bits() == network.address.to_bits()
    };
    let network = networks
        .iter()
        .filter(|network| network.interface == route.interface)
        .find(|network| inside(network, route.gateway));
    let address = local.iter().find(|address| network.is_some_and(|n| inside(&n, **address)));
    let Some((network, address)) = network.zip(address) else { return facts };
    let (base, mask) = (network.address.to_bits(), network.mask.to_bits());
    facts.insert("address".into(), Value::Str(address.to_string()));
    facts.insert("network".into(), Value::Str(network.address.to_string()));
    facts.insert("netmask".into(), Value::Str(network.mask.to_string()));
    facts.insert("broadcast".into(), Value::Str(Ipv4Addr::from_bits(base | !mask).to_string()));
    facts.insert("prefix".into(), Value::Str(mask.count_ones().to_string()));
    facts
}

fn default_ipv6(interface: &str, gateway: Ipv6Addr, local: &[(String, Ipv6Addr)]) -> Map {
    let mut facts = link(interface);
    facts.insert("gateway".into(), Value::Str(gateway.to_string()));
    let global = |address: &Ipv6Addr| !address.is_loopback() && !address.is_unicast_link_local();
    let address = local.iter().find(|(at, address)| at == interface && global(address));
    if let Some((_, address)) = address {
        facts.insert("address".into(), Value::Str(address.to_string()));
    }
    facts
}

fn link(interface: &str) -> Map {
    let mut facts = Map::new();
    facts.insert("interface".into(), interface.into());
    let folder = Path::new("/sys/class/net").join(interface);
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
    if let Some(address) = read("address") {
        facts.insert("macaddress".into(), address.trim().into());
    }
    if let Some(mtu) = read("mtu").and_then(|mtu| mtu.trim().parse::<i64>().ok()) {
        facts.insert("mtu".into(), mtu.into());
    }
    facts
}

/// `/proc/net/dev`: two lines of headings, then `NAME: …`. Other than /sys it never shows another
/// network namespace's.
fn interfaces(table: &str) -> Vec<String> {
    let names = table.lines().skip(2).filter_map(|line| line.split_once(':'));
    let mut names: Vec<String> = names.map(|(name, _)| name.trim().to_owned()).collect();
    names.sort();
    names
}

/// `/proc/net/route`: interface, destination, gateway, flags, …, metric, mask; addresses as the
/// machine's own byte order has them, in hexadecimal digits.
fn routes(table: &str) -> (Vec<Route>, Vec<Network>) {
    let mut routes = Vec::new();
    let mut networks = Vec::new();
    for line in table.lines().skip(1) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let address = |index: usize| {
            let bits = u32::from_str_radix(fields.get(index)?, 16).ok()?;
            Some(Ipv4Addr::from(bits.to_ne_bytes()))
        };
        let parsed = (fields.first(), address(1), address(2), address(7));
        let (Some(interface), Some(destination), Some(gateway), Some(mask)) = parsed else {
            continue;
        };
        let interface = (*interface).to_owned();
        if !gateway.is_unspecified() && destination.is_unspecified() && mask.is_unspecified() {
            let metric = fields.get(6).and_then(|metric| metric.parse().ok()).unwrap_or(0);
            routes.push(Route { interface, gateway, metric });
        } else if gateway.is_unspecified() && !mask.is_unspecified() {
            networks.push(Network { interface, address: destination, mask });
        }
    }
    (routes, networks)
}

/// `/proc/net/fib_trie`: a line `|-- ADDRESS` before one that says `/32 host LOCAL`.
fn local_addresses(trie: &str) -> Vec<Ipv4Addr> {
    let mut found: Vec<Ipv4Addr> = Vec::new();
    let mut last = None;
    for line in trie.lines() {
        if let Some(address) = line.trim_start().strip_prefix("|-- ") {
            last = address.parse().ok();
        } else if line.contains("/32 host LOCAL")
            && let Some(address) = last
            && !found.contains(&address)
        {
            found.push(address);
        }
    }
    found
}

/// `/proc/net/if_inet6`: address, index, prefix, scope, flags, interface.
fn ipv6_addresses(table: &str) -> Vec<(String, Ipv6Addr)> {
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.filter_map(|row| Some(((*row.get(5)?).to_owned(), ipv6(row.first()?)?))).collect()
}

/// `/proc/net/ipv6_route`: the default route has an empty destination and a gateway.
fn ipv6_route(table: &str) -> Option<(String, Ipv6Addr)> {
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row.get(1) == Some(&"00")).find_map(|row| {
        let gateway = ipv6(row.get(4)?).filter(|gateway| !gateway.is_unspecified())?;
        Some(((*row.get(9)?).to_owned(), gateway))
    })
}

fn ipv6(digits: &str) -> Option<Ipv6Addr> {
    if digits.len() != 32 {
        return None;
    }
    u128::from_str_radix(digits, 16).ok().map(Ipv6Addr::from_bits)
}

/// A name that the host's own table has for one of its names: the first with a dot in a line that
/// has this name (hosts(5)).
pub(super) fn name_in_hosts(hosts: &str, name: &str) -> Option<String> {
    let lines = hosts.lines().filter_map(|line| line.split('#').next());
    let mut lines = lines.map(|line| line.split_whitespace().collect::<Vec<_>>());
    let line = lines.find(|line| {
        line.first().is_some_and(|address| address.parse::<IpAddr>().is_ok())
            && line.iter().skip(1).any(|known| *known == name)
    })?;
    line.into_iter().skip(1).find(|known| known.contains('.')).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTE: &str = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
        eth1\t00000000\t0102000A\t0003\t0\t0\t200\t00000000\t0\t0\t0\n\
        eth0\t00000000\t0101000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n\
        eth0\t0001000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
    const TRIE: &str = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n\
        Local:\n     +-- 10.0.1.0/24\n        |-- 10.0.1.7\n           /32 host LOCAL\n        |-- 10.0.1.255\n\
        \x20          /32 link BROADCAST\n     |-- 127.0.0.1\n        /32 host LOCAL\n        |-- 10.0.1.7\n           /32 host LOCAL\n";

    #[test]
    #[cfg(target_endian = "little")]
    fn the_default_route_is_the_one_of_least_metric() {
        let (routes, networks) = routes(ROUTE);
        let route = routes.into_iter().min_by_key(|route| route.metric).unwrap();
        assert_eq!(route.gateway, Ipv4Addr::new(10, 0, 1, 1));
        let facts = default_ipv4(&route, &networks, &local_addresses(TRIE));
        let get = |key: &str| facts.get(key).and_then(Value::as_str).unwrap().to_owned();
        assert_eq!(
            (get("interface"), get("address"), get("gateway")),
            ("eth0".into(), "10.0.1.7".into(), "10.0.1.1".into())
        );
        assert_eq!((get("network"), get("netmask")), ("10.0.1.0".into(), "255.255.255.0".into()));
        assert_eq!((get("broadcast"), get("prefix")), ("10.0.1.255".into(), "24".into()));
    }

    #[test]
    fn local_addresses_are_told_once() {
        assert_eq!(local_addresses(TRIE), [Ipv4Addr::new(10, 0, 1, 7), Ipv4Addr::LOCALHOST]);
    }

    #[test]
    fn ipv6_tables_are_read() {
        let table = "fe8000000000000000000000000000aa 02 40 20 80     eth0\n00000000000000000000000000000001 01 80 10 80       lo\n";
        let found = ipv6_addresses(table);
        assert_eq!(found[1], ("lo".to_owned(), Ipv6Addr::LOCALHOST));
        assert_eq!(found[0].1.to_string(), "fe80::aa");
        let route = "00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n";
        assert_eq!(ipv6_route(route).unwrap().1.to_string(), "fe80::1");
    }

    #[test]
    fn the_full_name_stands_in_the_hosts_file() {
        let hosts = "127.0.0.1 localhost\n127.0.1.1 web1.example.org web1 # web2.other web2\n::1 ip6-localhost\n";
        assert_eq!(name_in_hosts(hosts, "web1").as_deref(), Some("web1.example.org"));
        assert_eq!((name_in_hosts(hosts, "web2"), name_in_hosts(hosts, "localhost")), (None, None));
    }
}
