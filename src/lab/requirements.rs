//! What the machine must have. Whatever is missing is one clear error, never a skip.

use std::path::Path;

use super::LabError;
use super::cgroup::Cgroup;
use super::error::io;

/// Programs that every lab runs, and Debian's packages that hold them.
const TOOLS: [(&str, &str); 8] = [
    ("systemd-nspawn", "systemd-container"),
    ("mmdebstrap", "mmdebstrap"),
    ("dnsmasq", "dnsmasq-base"),
    ("ip", "iproute2"),
    ("nsenter", "util-linux"),
    ("flock", "util-linux"),
    ("ssh-keygen", "openssh-client"),
    ("apt-ftparchive", "apt-utils"),
];

const FOLDERS: [&str; 6] =
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// Succeeds where a lab can run; otherwise names the first thing that is missing.
pub fn check_requirements() -> Result<(), LabError> {
    let uid = rustix::process::geteuid().as_raw();
    if uid != 0 {
        return Err(LabError::NotRoot { uid });
    }
    for (tool, package) in TOOLS {
        if !FOLDERS.iter().any(|folder| Path::new(folder).join(tool).exists()) {
            return Err(LabError::MissingTool { tool, package });
        }
    }
    let path = "/proc/filesystems";
    let text = std::fs::read_to_string(path).map_err(io("read", path))?;
    if !text.lines().any(|line| line.split_whitespace().last() == Some("overlay")) {
        return Err(LabError::NoOverlay);
    }
    Cgroup::mount_point().map(drop)
}
