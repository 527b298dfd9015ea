//! One control group (version 2) per instance, and one below it for each host and server: the
//! kernel then knows every process of a lab, whoever started it and whoever has died since, and
//! can kill them in one go.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::io;
use super::{Instance, LabError, Patience};

/// How long processes may take to go after SIGKILL.
const PATIENCE: Duration = Duration::from_secs(20);

/// A control group of the lab.
#[derive(Debug, Clone)]
pub(super) struct Cgroup(PathBuf);

impl Cgroup {
    /// The group that holds everything of the instance.
    pub(super) fn of_instance(instance: &Instance) -> Result<Self, LabError> {
        Ok(Self(Self::mount_point()?.join("converge-lab").join(instance.name())))
    }

    /// The group of one host or server.
    pub(super) fn of_member(instance: &Instance, member: &str) -> Result<Self, LabError> {
        Ok(Self(Self::of_instance(instance)?.0.join(member)))
    }

    /// Where the whole version 2 hierarchy is mounted: /sys/fs/cgroup, or beside version 1.
    pub(super) fn mount_point() -> Result<PathBuf, LabError> {
        let path = "/proc/self/mountinfo";
        let text = std::fs::read_to_string(path).map_err(io("read", path))?;
        whole_cgroup2(&text).ok_or(LabError::NoCgroup2)
    }

    /// The folder of the group.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn create(&self) -> Result<(), LabError> {
        std::fs::create_dir_all(&self.0).map_err(io("create", &self.0))
    }

    /// The process that systemd-nspawn started as the host's init.
    pub(super) fn init_pid(&self) -> Option<u32> {
        let procs = self.0.join("payload/init.scope/cgroup.procs");
        let text = std::fs::read_to_string(procs).ok()?;
        // Not the lowest number: numbers start anew, and what init forks is in its scope for a moment.
        text.lines().filter_map(|line| line.parse().ok()).find(|pid| is_init(*pid))
    }

    /// Whether any process is left in the group or below it.
    pub(super) fn is_populated(&self) -> bool {
        std::fs::read_to_string(self.0.join("cgroup.events"))
            .is_ok_and(|text| text.lines().any(|line| line == "populated 1"))
    }

    /// SIGKILLs every process in the group and below it, and returns once they are gone.
    pub(super) fn kill(&self) -> Result<(), LabError> {
        let kill = self.0.join("cgroup.kill");
        match std::fs::write(&kill, "1") {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(io("write", kill)(error)),
        }
        self.wait_until_empty()
    }

    pub(super) fn wait_until_empty(&self) -> Result<(), LabError> {
        let patience = Patience::of(PATIENCE);
        if patience.until(|| !self.is_populated()) {
            return Ok(());
        }
        Err(LabError::Unkillable { cgroup: self.0.clone(), waited: patience.waited() })
    }

    /// Removes the group and those below it; they must be empty of processes.
    pub(super) fn remove(&self) -> Result<(), LabError> {
        let entries = match std::fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(io("list", &self.0)(error)),
        };
        for entry in entries.flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                Self(entry.path()).remove()?;
            }
        }
        match std::fs::remove_dir(&self.0) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(io("remove", &self.0)(error)),
            _ => Ok(()),
        }
    }
}

/// proc(5): id parent device ROOT MOUNT-POINT options… - TYPE source options
fn whole_cgroup2(mountinfo: &str) -> Option<PathBuf> {
    mountinfo.lines().find_map(|line| {
        let (mount, kind) = line.split_once(" - ")?;
        let mut fields = mount.split(' ').skip(3);
        let (root, point) = (fields.next()?, fields.next()?);
        (kind.starts_with("cgroup2 ") && root == "/").then(|| PathBuf::from(point))
    })
}

/// Whether a process is number 1 where it lives (proc(5), `NSpid`).
fn is_init(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let own = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
    own.is_some_and(|numbers| numbers.split_whitespace().last() == Some("1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hierarchy_is_found_beside_version_1() {
        let old = "35 25 0:30 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n";
        let new = "36 25 0:31 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
        let part = "37 25 0:31 /a /mnt rw - cgroup2 cgroup2 rw\n";
        let found = whole_cgroup2(&format!("{old}{part}{new}"));
        assert_eq!(found.as_deref(), Some(Path::new("/sys/fs/cgroup/unified")));
        assert_eq!(whole_cgroup2(&format!("{old}{part}")), None);
    }
}
