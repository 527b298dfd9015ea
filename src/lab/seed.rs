//! The layer between the base tree and what a host writes: all that makes it this host.

use std::fs::Permissions;
use std::io::Result;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::error::io;
use super::state::{BINARY, DOMAIN, HostState};
use super::{Family, LabError, Subnet, keys};

/// Writes the layer of one host to `dir`; returns the host's public ssh key.
pub(super) fn write(
    dir: &Path,
    host: &HostState,
    subnet: Subnet,
    authorized: &str,
) -> std::result::Result<String, LabError> {
    write_files(dir, host, subnet, authorized).map_err(io("write", dir))?;
    let key = dir.join("etc/ssh/ssh_host_ed25519_key");
    keys::generate(&key, &host.fqdn())
}

fn write_files(dir: &Path, host: &HostState, subnet: Subnet, authorized: &str) -> Result<()> {
    // A merged folder shows the attributes of its topmost layer: they must be the base's own.
    for (folder, mode) in [
        ("", 0o755),
        ("etc", 0o755),
        ("etc/apt", 0o755),
        ("etc/ssh", 0o755),
        ("root", 0o700),
        ("root/.ssh", 0o700),
        ("srv", 0o755),
        ("srv/packages", 0o755),
        ("usr", 0o755),
        ("usr/local", 0o755),
        ("usr/local/bin", 0o755),
    ] {
        let apt = folder == "etc/apt";
        if !apt || host.family == Family::Debian {
            let folder = dir.join(folder);
            std::fs::create_dir_all(&folder)?;
            std::fs::set_permissions(&folder, Permissions::from_mode(mode))?;
        }
    }
    let (name, fqdn, address) = (&host.name, host.fqdn(), host.address);
    // As Debian writes it for a host with a permanent address.
    let hosts = format!(
        "127.0.0.1\tlocalhost\n{address}\t{fqdn} {name}\n\n\
         ::1\tlocalhost ip6-localhost ip6-loopback\n"
    );
    let resolver = format!("search {DOMAIN}\nnameserver {}\n", subnet.dns());
    let (repositories, repository) = host.family.repository_config();
    for (file, mode, text) in [
        ("etc/hostname", 0o644, format!("{name}\n")),
        ("etc/hosts", 0o644, hosts),
        ("etc/resolv.conf", 0o644, resolver),
        // An absent one would make each boot a "first boot".
        ("etc/machine-id", 0o444, format!("{}\n", machine_id(host))),
        (repositories, 0o644, repository),
        ("root/.ssh/authorized_keys", 0o600, format!("{authorized}\n")),
        // The mount point of the binary, so that the host's own layer stays empty.
        (BINARY.trim_start_matches('/'), 0o755, String::new()),
    ] {
        let file = dir.join(file);
        std::fs::write(&file, text)?;
        // Whatever the umask of whoever runs us.
        std::fs::set_permissions(&file, Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// machine-id(5): 32 hexadecimal digits, not all zero; here from the address, which is unique.
fn machine_id(host: &HostState) -> String {
    let [a, b, c, d] = host.address.octets();
    format!("c0a7e59e0000400080000000{a:02x}{b:02x}{c:02x}{d:02x}")
}
