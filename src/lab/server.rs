//! A server of the lab's own (DNS, MX): a process in a network namespace and a control group.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::cgroup::Cgroup;
use super::error::io;
use super::process::last_lines;
use super::{Instance, LabError, Patience};

const PATIENCE: Duration = Duration::from_secs(10);

/// Joins the group before anything else, so that no moment is left in which `down` would miss it.
const JOIN: &str = r#"echo $$ >"$1/cgroup.procs" && shift && exec "$@""#;

pub(super) struct Server<'a> {
    pub(super) instance: &'a Instance,
    /// The name of its namespace and group.
    pub(super) member: &'static str,
    /// What messages call it.
    pub(super) title: &'static str,
}

impl Server<'_> {
    /// Starts the program and returns when `answers` says that it serves.
    pub(super) fn start(
        &self,
        program: &[&str],
        answers: impl Fn() -> bool,
    ) -> Result<(), LabError> {
        let cgroup = self.cgroup()?;
        cgroup.create()?;
        let log_path = self.log();
        let log = File::create(&log_path).map_err(io("create", &log_path))?;
        let errors = log.try_clone().map_err(io("open", &log_path))?;
        let netns = self.instance.netns(self.member);
        let mut child = Command::new("sh")
            .args(["-c", JOIN, "server"])
            .arg(cgroup.path())
            .arg("nsenter")
            .arg(format!("--net=/run/netns/{netns}"))
            .args(program)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .map_err(io("run", "sh"))?;
        let patience = Patience::of(PATIENCE);
        let mut serving = false;
        patience.until(|| {
            serving = answers();
            serving || !matches!(child.try_wait(), Ok(None))
        });
        std::thread::spawn(move || child.wait());
        if serving {
            return Ok(());
        }
        let text = std::fs::read(&log_path).unwrap_or_default();
        Err(LabError::NotServing {
            server: self.title,
            waited: patience.waited(),
            log: last_lines(&String::from_utf8_lossy(&text), 15),
        })
    }

    #[cfg(feature = "lab-fixtures")]
    /// Kills it: its address then refuses connections.
    pub(super) fn stop(&self) -> Result<(), LabError> {
        self.cgroup()?.kill()
    }

    #[cfg(feature = "lab-fixtures")]
    pub(super) fn is_running(&self) -> bool {
        self.cgroup().is_ok_and(|cgroup| cgroup.is_populated())
    }

    fn cgroup(&self) -> Result<Cgroup, LabError> {
        Cgroup::of_member(self.instance, self.member)
    }

    fn log(&self) -> PathBuf {
        self.instance.run_dir().join(format!("{}.log", self.member))
    }
}
