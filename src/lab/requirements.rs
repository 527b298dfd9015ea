//! What the machine must have. Whatever is missing is one clear error, never a skip.

use std::path::Path;

use super::LabError;
use super::cgroup::Cgroup;
use super::error::io;

/// The programs that the lab runs, and Debian's packages that hold them.
const TOOLS: [(&str, &str); 11] = [
    ("systemd-nspawn", "systemd-container"),
    ("mmdebstrap", "mmdebstrap"),
    ("dnsmasq", "dnsmasq-base"),
    ("ip", "iproute2"),
    ("nsenter", "util-linux"),
    ("flock", "util-linux"),
    ("ssh-keygen", "openssh-client"),
    ("apt-ftparchive", "apt-utils"),
    ("repo-add", "makepkg"),
    ("bsdtar", "libarchive-tools"),
    ("zstd", "zstd"),
];

const FOLDERS: [&str; 7] = [
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
    // Where Dovecot has the programs that only it runs.
    "/usr/lib/dovecot",
];

/// Succeeds where a lab can run; otherwise names the first thing that is missing.
pub fn check_requirements() -> Result<(), LabError> {
    let uid = rustix::process::geteuid().as_raw();
    if uid != 0 {
        return Err(LabError::NotRoot { uid });
    }
    require(&TOOLS)?;
    let path = "/proc/filesystems";
    overlay_in(&std::fs::read_to_string(path).map_err(io("read", path))?)?;
    Cgroup::mount_point().map(drop)
}

/// Programs, and Debian's packages that hold them.
type Tools = [(&'static str, &'static str)];

/// Succeeds where all these programs are; otherwise names the first that is missing.
pub(super) fn require(tools: &Tools) -> Result<(), LabError> {
    all(tools, |tool| FOLDERS.iter().any(|folder| Path::new(folder).join(tool).exists()))
}

fn all(tools: &Tools, is_there: impl Fn(&str) -> bool) -> Result<(), LabError> {
    match tools.iter().find(|(tool, _)| !is_there(tool)) {
        None => Ok(()),
        Some((tool, package)) => Err(LabError::MissingTool { tool, package }),
    }
}

/// proc(5): a file system a line, with `nodev` before those that need no device.
fn overlay_in(filesystems: &str) -> Result<(), LabError> {
    match filesystems.lines().any(|line| line.split_whitespace().last() == Some("overlay")) {
        true => Ok(()),
        false => Err(LabError::NoOverlay),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named_with_its_package() {
        assert!(all(&TOOLS, |_| true).is_ok());
        let missing =
            all(&TOOLS, |tool| tool != "systemd-nspawn").map_err(|error| error.to_string());
        let message = "the lab needs `systemd-nspawn`: install the package systemd-container \
                       (scripts/install-deps does)";
        assert_eq!(missing, Err(message.to_owned()));
    }

    #[test]
    fn a_kernel_without_overlayfs_is_told() {
        assert!(overlay_in("nodev\tproc\n\text4\nnodev\toverlay\n").is_ok());
        assert!(matches!(overlay_in("nodev\tproc\n\text4\n"), Err(LabError::NoOverlay)));
    }
}
