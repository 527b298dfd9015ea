//! One host of a lab, for tests: run commands in it, read and write its files, cut its power.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};

use super::boot::Machine;
use super::error::io;
use super::handle::Lab;
use super::state::HostState;
use super::{Family, LabError};

/// How long a command in a host may take: package installations are the slowest.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a command in a host left.
#[derive(Debug, Clone)]
pub struct Output {
    /// The exit code; as shells say it (128 + signal) where a signal ended the command, and 124
    /// where it took more than five minutes.
    pub status: i32,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Output {
    /// Whether the command succeeded.
    pub fn success(&self) -> bool {
        self.status == 0
    }
}

/// One host of a lab that is up.
#[derive(Debug)]
pub struct Host<'a> {
    lab: &'a Lab,
    state: HostState,
    pub(super) machine: Machine,
}

impl Lab {
    /// A host of the lab.
    pub fn host(&self, name: &str) -> Result<Host<'_>, LabError> {
        let state = self.state.hosts.iter().find(|host| host.name == name).ok_or_else(|| {
            LabError::NoSuchHost { lab: self.instance.to_string(), host: name.to_owned() }
        })?;
        Ok(Host { lab: self, state: state.clone(), machine: self.machine(state) })
    }
}

impl Host<'_> {
    /// Its short name.
    pub fn name(&self) -> &str {
        &self.state.name
    }

    /// Its full name.
    pub fn fqdn(&self) -> String {
        self.state.fqdn()
    }

    /// Its address.
    pub fn address(&self) -> Ipv4Addr {
        self.state.address
    }

    /// Its family.
    pub fn family(&self) -> Family {
        self.state.family
    }

    /// Its init, as this machine numbers processes.
    pub fn pid(&self) -> Result<u32, LabError> {
        let down = || LabError::HostDown { host: self.state.name.clone() };
        self.machine.cgroup()?.init_pid().ok_or_else(down)
    }

    /// A command that, when spawned, runs inside the host as root.
    pub fn command<S: AsRef<str>>(
        &self,
        command: impl IntoIterator<Item = S>,
    ) -> Result<Command, LabError> {
        let mut outer = Command::new("nsenter");
        outer.args(["--target", &self.pid()?.to_string(), "--all", "--"]);
        outer.args(command.into_iter().map(|word| word.as_ref().to_owned()));
        outer.env_clear().env("HOME", "/root").env("LANG", "C.UTF-8");
        outer.env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        Ok(outer)
    }

    /// Runs a command inside the host as root and waits for it.
    pub fn run<S: AsRef<str>>(
        &self,
        command: impl IntoIterator<Item = S>,
    ) -> Result<Output, LabError> {
        self.run_with_input(command, b"")
    }

    /// Runs a line of shell inside the host as root.
    pub fn sh(&self, script: &str) -> Result<Output, LabError> {
        self.run(["sh", "-c", script])
    }

    /// Runs a command inside the host as one of its users.
    pub fn run_as<S: AsRef<str>>(
        &self,
        user: &str,
        command: impl IntoIterator<Item = S>,
    ) -> Result<Output, LabError> {
        let words = command.into_iter().map(|word| word.as_ref().to_owned());
        let outer = ["runuser", "-u", user, "--"].map(str::to_owned);
        self.run(outer.into_iter().chain(words))
    }

    /// Runs a command inside the host as root, with bytes on its standard input.
    pub fn run_with_input<S: AsRef<str>>(
        &self,
        command: impl IntoIterator<Item = S>,
        input: &[u8],
    ) -> Result<Output, LabError> {
        let seconds = PATIENCE.as_secs().to_string();
        let words = command.into_iter().map(|word| word.as_ref().to_owned());
        let bounded = ["timeout", "-k", "5", &seconds].map(str::to_owned);
        let [mut stdin, mut stdout, mut stderr] = temporary_files()?;
        stdin.write_all(input).and_then(|()| stdin.rewind()).map_err(io("write", "input"))?;
        let stdio = |file: &File| file.try_clone().map(Stdio::from).map_err(io("open", "output"));
        // Files, as a daemon that the command leaves behind would keep a pipe open for ever.
        let status = self
            .command(bounded.into_iter().chain(words))?
            .stdin(stdio(&stdin)?)
            .stdout(stdio(&stdout)?)
            .stderr(stdio(&stderr)?)
            .status()
            .map_err(io("run", "nsenter"))?;
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        Ok(Output {
            status: status.code().unwrap_or(128 + signal.unwrap_or_default()),
            stdout: whole(&mut stdout)?,
            stderr: whole(&mut stderr)?,
        })
    }

    /// Starts a command inside the host and does not wait; output and input are the caller's.
    pub fn spawn<S: AsRef<str>>(
        &self,
        command: impl IntoIterator<Item = S>,
    ) -> Result<Child, LabError> {
        self.command(command)?
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(io("run", "nsenter"))
    }

    /// Reads a file of the host; symlinks resolve inside it.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<Vec<u8>, LabError> {
        let mut bytes = Vec::new();
        let mut file = self.open(path.as_ref(), OFlags::RDONLY)?;
        file.read_to_end(&mut bytes).map_err(io("read", path.as_ref()))?;
        Ok(bytes)
    }

    /// Writes a file of the host in place; a new one gets mode 0644. Its folder must exist.
    pub fn write(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Result<(), LabError> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC;
        let mut file = self.open(path.as_ref(), flags)?;
        file.write_all(bytes.as_ref()).map_err(io("write", path.as_ref()))
    }

    /// Opens relative to the host's root. Without `IN_ROOT` an absolute symlink such as /var/run
    /// would lead to this machine's own files.
    fn open(&self, path: &Path, flags: OFlags) -> Result<File, LabError> {
        let root = format!("/proc/{}/root", self.pid()?);
        let open = || {
            let root = openat(CWD, &root, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
            let flags = flags | OFlags::CLOEXEC;
            // openat2(2) insists on mode 0 where nothing is created.
            let mode = if flags.contains(OFlags::CREATE) { 0o644 } else { 0 };
            openat2(root, path, flags, Mode::from(mode), ResolveFlags::IN_ROOT)
        };
        open().map(File::from).map_err(|error| io("open", path)(error.into()))
    }

    /// Pulls the plug. Nothing inside gets to say goodbye.
    pub fn kill(&self) -> Result<(), LabError> {
        self.machine.kill()
    }

    /// Boots a host that was killed; its files are as they were.
    pub fn start(&self) -> Result<(), LabError> {
        if self.pid().is_err() {
            self.machine.boot()?;
        }
        self.lab.publish()
    }

    /// Pulls the plug and boots again; files are as they were.
    pub fn restart(&self) -> Result<(), LabError> {
        self.kill()?;
        self.start()
    }

    /// Brings the host back to its last snapshot, or to blank where there is none.
    pub fn reset(&self) -> Result<(), LabError> {
        self.kill()?;
        self.machine.forget()?;
        self.start()
    }

    /// Brings the host back to blank and drops its snapshots.
    pub fn blank(&self) -> Result<(), LabError> {
        self.kill()?;
        self.machine.forget()?;
        self.machine.forget_layers()?;
        self.start()
    }

    /// Makes what the host holds now the state that `reset` returns to. Reboots the host, in
    /// order, so that nothing is half-written.
    pub fn snapshot(&self) -> Result<(), LabError> {
        self.shut_down()?;
        self.machine.keep()?;
        self.start()
    }

    /// Shuts the host down in order.
    pub fn shut_down(&self) -> Result<(), LabError> {
        // systemd(1): SIGRTMIN+4 starts poweroff.target.
        super::process::run("kill", ["-s", "RTMIN+4", &self.pid()?.to_string()])?;
        self.machine.cgroup()?.wait_until_empty()
    }
}

fn temporary_files() -> Result<[File; 3], LabError> {
    let file = || tempfile::tempfile().map_err(io("create", "a temporary file"));
    Ok([file()?, file()?, file()?])
}

fn whole(file: &mut File) -> Result<String, LabError> {
    let mut bytes = Vec::new();
    file.rewind().and_then(|()| file.read_to_end(&mut bytes)).map_err(io("read", "output"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
