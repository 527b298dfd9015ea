//! Who listens on a TCP port, as `/proc` tells it.

use std::path::{Path, PathBuf};

/// The port that a message speaks of: `port 25`, `[::]:25`, `0.0.0.0:25`.
pub(super) fn named_in(message: &str) -> Option<u16> {
    let after_word = message.split("port ").skip(1).find_map(leading_number);
    after_word.or_else(|| message.split(':').skip(1).find_map(leading_number))
}

fn leading_number(text: &str) -> Option<u16> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

/// Which program listens on a port: `docker-proxy (pid 812, docker.service)`.
pub(super) fn holder(port: u16) -> Option<String> {
    let inodes: Vec<u64> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .flat_map(|table| listeners(&table, port))
        .collect();
    let process = std::fs::read_dir("/proc").ok()?.filter_map(Result::ok).find(|entry| {
        let is_process = entry.file_name().to_string_lossy().bytes().all(|b| b.is_ascii_digit());
        is_process && holds(&entry.path(), &inodes)
    })?;
    let read = |name: &str| std::fs::read_to_string(process.path().join(name)).unwrap_or_default();
    let pid = process.file_name().to_string_lossy().into_owned();
    let cgroup = read("cgroup");
    let unit = cgroup.trim_end().rsplit('/').find(|part| part.ends_with(".service"));
    let unit = unit.map(|unit| format!(", {unit}")).unwrap_or_default();
    Some(format!("{} (pid {pid}{unit})", read("comm").trim_end()))
}

/// The sockets that listen on a port, by inode (proc_net_tcp: local address in the second field,
/// state 0A in the fourth, inode in the tenth).
fn listeners(table: &str, port: u16) -> Vec<u64> {
    let local_port = format!(":{port:04X}");
    let rows = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row.get(1).is_some_and(|local| local.ends_with(&local_port)))
        .filter(|row| row.get(3) == Some(&"0A"))
        .filter_map(|row| row.get(9)?.parse().ok())
        .collect()
}

fn holds(process: &Path, inodes: &[u64]) -> bool {
    let Ok(files) = std::fs::read_dir(process.join("fd")) else { return false };
    let links =
        files.filter_map(Result::ok).filter_map(|file| std::fs::read_link(file.path()).ok());
    links.filter_map(|link: PathBuf| socket_inode(&link)).any(|inode| inodes.contains(&inode))
}

fn socket_inode(link: &Path) -> Option<u64> {
    link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_found_in_what_daemons_say() {
        for (message, port) in [
            ("fatal: bind 127.0.0.1 port 25: Address already in use", Some(25)),
            ("bind() to 0.0.0.0:80 failed (98: Address already in use)", Some(80)),
            ("bind to [::]:443 failed: Address already in use", Some(443)),
            ("Address already in use", None),
        ] {
            assert_eq!(named_in(message), port, "{message}");
        }
    }

    #[test]
    fn this_process_is_found_by_its_port() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let holder = holder(listener.local_addr().unwrap().port()).unwrap();
        assert!(holder.contains(&format!("(pid {}", std::process::id())), "{holder}");
    }
}
