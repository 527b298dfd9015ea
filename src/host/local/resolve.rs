//! Host names to addresses, by the host's own `getent ahosts`: the agent's C library must not
//! enter another system's name service modules.

use super::process::{self, tool};
use std::net::IpAddr;
use std::time::Duration;

/// The most that is waited for an answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// The addresses of a name in the order in which to try them; an address stands for itself.
///
/// # Errors
/// Why there is none by then, in words.
pub(super) fn addresses(host: &str, limit: Duration) -> Result<Vec<IpAddr>, String> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if host.is_empty() || host.starts_with('-') || !host.bytes().all(plain) {
        return Err(format!("`{}` is no host name", host.escape_debug()));
    }
    let mut command = tool(&["getent", "ahosts", host], 0);
    let limit = limit.min(PATIENCE).as_millis();
    command.timeout_ms = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
    let output = process::run(&command).map_err(|error| error.to_string())?;
    let found = parse(&output.stdout);
    match output.rc {
        _ if output.timed_out => Err(format!("no name server answered for {host}")),
        0 if !found.is_empty() => Ok(found),
        127 => Err("cannot resolve names: the host has no getent".to_owned()),
        _ => Err(format!("there is no host {host}")),
    }
}

/// Lines of `ADDRESS SOCKTYPE [NAME]`, one for each kind of socket.
fn parse(ahosts: &str) -> Vec<IpAddr> {
    let mut found = Vec::new();
    for word in ahosts.lines().filter_map(|line| line.split_whitespace().next()) {
        // A link-local address may carry its interface.
        let address = word.split('%').next().and_then(|word| word.parse().ok());
        if let Some(address) = address
            && !found.contains(&address)
        {
            found.push(address);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_once_and_in_order() {
        let text = "::1             STREAM localhost\n::1             DGRAM  \n127.0.0.1 STREAM\nfe80::1%eth0 STREAM x\n";
        let found: Vec<String> = parse(text).iter().map(IpAddr::to_string).collect();
        assert_eq!(found, ["::1", "127.0.0.1", "fe80::1"]);
    }

    #[test]
    fn addresses_need_no_question() {
        let addresses = |host: &str| super::addresses(host, Duration::from_secs(10));
        assert_eq!(addresses("[::1]").unwrap(), ["::1".parse::<IpAddr>().unwrap()]);
        assert!(addresses("-x").is_err() && addresses("a b").is_err());
        assert!(!addresses("localhost").unwrap().is_empty());
        assert_eq!(addresses("no-such.invalid").unwrap_err(), "there is no host no-such.invalid");
    }
}
