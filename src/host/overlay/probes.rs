//! Which observations a dry run can still make. A process or a connection meets the machine as it
//! is now, so it is asked only while nothing that it may depend on is pending.

use super::Overlay;
use crate::host::Probe;
use crate::value::Origin;

impl Overlay<'_> {
    /// The pending action because of which this probe would tell nothing; `None` lets it be asked.
    pub(super) fn blocks(&self, probe: &Probe) -> Option<&Origin> {
        let peer = match probe {
            Probe::Command(_) => None,
            Probe::Http(request) => Some(host_of(&request.url)),
            Probe::Smtp(dialogue) => Some(dialogue.host.as_str()),
            Probe::Connect { host, .. } => Some(host.as_str()),
        };
        match peer {
            Some(peer) if !self.is_this_host(peer) && !self.peers.may_change(peer) => {
                self.pending.commanded.as_ref()
            }
            _ => self.pending.acted.as_ref(),
        }
    }

    fn is_this_host(&self, peer: &str) -> bool {
        let loopback = peer == "localhost"
            || peer.starts_with("127.")
            || matches!(peer.trim_matches(['[', ']']), "::1" | "::" | "0.0.0.0");
        loopback || self.is_own_address(peer)
    }

    fn is_own_address(&self, peer: &str) -> bool {
        let Ok(facts) = self.inner.facts() else { return true };
        facts.iter().any(|(name, value)| match name.as_str() {
            "ansible_all_ipv4_addresses" | "ansible_all_ipv6_addresses" => {
                matches!(value, crate::value::Value::List(all)
                    if all.iter().any(|own| own.as_str() == Some(peer)))
            }
            "ansible_hostname" | "ansible_fqdn" | "ansible_nodename" => {
                value.as_str() == Some(peer)
            }
            _ => false,
        })
    }
}

/// The host in a URL (RFC 3986, 3.2.2), without user, port and brackets.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or(bracketed),
        None => host.split(':').next().unwrap_or(host),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn finds_the_host_of_a_url() {
        for (url, host) in [
            ("https://mail.example.org/health", "mail.example.org"),
            ("http://user:pw@mail:8080/x", "mail"),
            ("http://[::1]:80/", "::1"),
            ("http://h?x=a@b", "h"),
        ] {
            assert_eq!(super::host_of(url), host);
        }
    }
}
