//! Runs a program: its own process group, a minimal environment, bounded time and output.

use super::super::{Command, CommandOutput, HostError};
use super::guard::Guard;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{MemfdFlags, OFlags, memfd_create};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The most that is kept of each output stream; the rest is read and dropped.
const OUTPUT_LIMIT: usize = 1 << 20;
/// Between asking a group to end and killing it.
const GRACE: Duration = Duration::from_secs(2);
/// For commands that name no time.
const NO_LIMIT: Duration = Duration::from_secs(24 * 3600);
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Runs a command to its end. A program that is not there is an answer as a shell gives it:
/// status 127 (126 if it may not be run).
///
/// # Errors
/// If no process can be made.
pub(super) fn run(command: &Command) -> Result<CommandOutput, HostError> {
    started(command, Stdio::piped(), Stdio::piped(), None)
}

/// As [`run`], of a program that ends with this process, however that ends: the next run would start
/// a second one beside it.
///
/// # Errors
/// If no process can be made.
pub(super) fn guarded(command: &Command) -> Result<CommandOutput, HostError> {
    let guard = Guard::new();
    let guard = guard.map_err(|error| HostError::failed(format!("cannot run /bin/sh: {error}")))?;
    started(command, Stdio::piped(), Stdio::piped(), Some(guard))
}

/// As [`run`], of a program that must come to its end even if this process does not: it writes to
/// files in memory that are its own. A package's script that writes to a pipe nobody holds would
/// die in its midst (SIGPIPE, signal(7)), and leave its package half-configured.
///
/// # Errors
/// If no process can be made.
pub(super) fn outlasting(command: &Command) -> Result<CommandOutput, HostError> {
    let failed =
        |error: std::io::Error| HostError::failed(format!("no memory for output: {error}"));
    let said = || -> std::io::Result<(File, Stdio)> {
        let ours = File::from(memfd_create("output", MemfdFlags::CLOEXEC)?);
        let theirs = ours.try_clone()?;
        Ok((ours, theirs.into()))
    };
    let ((mut stdout, out), (mut stderr, err)) = (said().map_err(failed)?, said().map_err(failed)?);
    let mut output = started(command, out, err, None)?;
    output.stdout += &beginning(&mut stdout).map_err(failed)?;
    output.stderr += &beginning(&mut stderr).map_err(failed)?;
    Ok(output)
}

fn beginning(file: &mut File) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(OUTPUT_LIMIT as u64).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn started(
    command: &Command,
    stdout: Stdio,
    stderr: Stdio,
    guard: Option<Guard>,
) -> Result<CommandOutput, HostError> {
    let Some((program, arguments)) = command.argv.split_first() else {
        return Err(HostError::failed("a command without a program"));
    };
    let _span = tracing::trace_span!("command", program).entered();
    let mut process = std::process::Command::new(program);
    process
        .args(arguments)
        .env_clear()
        .env("PATH", PATH)
        .env("LANG", "C.UTF-8")
        .envs(command.environment.iter().map(|(name, value)| (name, value.expose())))
        .current_dir(command.chdir.as_deref().unwrap_or(std::path::Path::new("/")))
        .stdin(if command.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(stdout)
        .stderr(stderr)
        .process_group(guard.as_ref().map_or(0, |guard| number(guard.group())));
    match process.spawn() {
        Ok(child) => Session::new(child, command, guard)
            .and_then(Session::finish)
            .map_err(|error| HostError::failed(format!("cannot follow `{program}`: {error}"))),
        Err(error) => not_started(command, program, &error),
    }
}

fn not_started(
    command: &Command,
    program: &str,
    error: &std::io::Error,
) -> Result<CommandOutput, HostError> {
    if let Some(folder) = command.chdir.as_deref()
        && !folder.is_dir()
    {
        return Err(HostError::failed(format!(
            "cannot run `{program}` in {}: no such directory",
            folder.display()
        )));
    }
    let (rc, words) = match error.kind() {
        std::io::ErrorKind::NotFound => (127, "not found"),
        std::io::ErrorKind::PermissionDenied => (126, "permission denied"),
        _ => return Err(HostError::failed(format!("cannot run `{program}`: {error}"))),
    };
    Ok(CommandOutput { rc, stderr: format!("{program}: {words}"), ..CommandOutput::default() })
}

/// One of the child's pipes and what came through it.
struct Stream<T> {
    pipe: Option<T>,
    bytes: Vec<u8>,
}

impl<T: Read + AsFd> Stream<T> {
    fn new(pipe: Option<T>) -> std::io::Result<Self> {
        if let Some(pipe) = &pipe {
            nonblocking(pipe)?;
        }
        Ok(Self { pipe, bytes: Vec::new() })
    }

    /// Takes what is there now; closes the pipe at its end.
    fn drain(&mut self) {
        let mut buffer = [0; 16384];
        while let Some(pipe) = &mut self.pipe {
            match pipe.read(&mut buffer) {
                Ok(0) => self.pipe = None,
                Ok(length) => {
                    let room = OUTPUT_LIMIT.saturating_sub(self.bytes.len()).min(length);
                    self.bytes.extend_from_slice(buffer.get(..room).unwrap_or_default());
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => self.pipe = None,
            }
        }
    }
}

/// A running child and its pipes.
struct Session {
    child: Child,
    guard: Option<Guard>,
    ended: Option<OwnedFd>,
    stdin: Option<(std::process::ChildStdin, Vec<u8>, usize)>,
    stdout: Stream<std::process::ChildStdout>,
    stderr: Stream<std::process::ChildStderr>,
    deadline: Instant,
    timed_out: bool,
}

impl Session {
    fn new(mut child: Child, command: &Command, guard: Option<Guard>) -> std::io::Result<Self> {
        let limit = match command.timeout_ms {
            0 => NO_LIMIT,
            milliseconds => Duration::from_millis(milliseconds).min(NO_LIMIT),
        };
        let stdin = match (child.stdin.take(), &command.stdin) {
            (Some(pipe), Some(text)) => {
                nonblocking(&pipe)?;
                Some((pipe, text.expose().clone().into_bytes(), 0))
            }
            _ => None,
        };
        Ok(Self {
            // Kernels before 5.3 have none; then the child is asked from time to time.
            ended: Pid::from_raw(number(child.id()))
                .and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok()),
            stdout: Stream::new(child.stdout.take())?,
            stderr: Stream::new(child.stderr.take())?,
            stdin,
            child,
            guard,
            deadline: Instant::now() + limit,
            timed_out: false,
        })
    }

    /// Feeds and drains until the child itself has ended. A grandchild that keeps a pipe open is
    /// not waited for.
    fn finish(mut self) -> std::io::Result<CommandOutput> {
        let status = loop {
            self.wait_for_something()?;
            self.feed();
            self.stdout.drain();
            self.stderr.drain();
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            self.enforce_deadline();
        };
        self.stdout.drain();
        self.stderr.drain();
        if self.timed_out {
            self.kill(Signal::KILL);
        }
        Ok(CommandOutput {
            rc: exit_code(status),
            stdout: String::from_utf8_lossy(&self.stdout.bytes).into_owned(),
            stderr: String::from_utf8_lossy(&self.stderr.bytes).into_owned(),
            timed_out: self.timed_out,
        })
    }

    fn wait_for_something(&self) -> std::io::Result<()> {
        let mut pause = self.deadline.saturating_duration_since(Instant::now());
        if self.ended.is_none() {
            pause = pause.min(Duration::from_millis(20));
        }
        let timeout = Timespec {
            tv_sec: pause.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: i64::from(pause.subsec_nanos()),
        };
        let mut watched = Vec::with_capacity(4);
        watched.extend(self.ended.as_ref().map(|fd| PollFd::new(fd, PollFlags::IN)));
        watched.extend(self.stdout.pipe.as_ref().map(|fd| PollFd::new(fd, PollFlags::IN)));
        watched.extend(self.stderr.pipe.as_ref().map(|fd| PollFd::new(fd, PollFlags::IN)));
        watched.extend(self.stdin.as_ref().map(|(fd, ..)| PollFd::new(fd, PollFlags::OUT)));
        match poll(&mut watched, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes what the child takes; closes at the end, or when it stopped listening.
    fn feed(&mut self) {
        let Some((pipe, bytes, done)) = &mut self.stdin else { return };
        loop {
            match pipe.write(bytes.get(*done..).unwrap_or_default()) {
                Ok(0) => break,
                Ok(length) => *done += length,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        self.stdin = None;
    }

    fn enforce_deadline(&mut self) {
        if Instant::now() < self.deadline {
            return;
        }
        self.kill(if self.timed_out { Signal::KILL } else { Signal::TERM });
        self.timed_out = true;
        self.deadline = Instant::now() + GRACE;
    }

    /// Signals the whole group; its leader is the child or the guard, so that the group exists as
    /// long as any member.
    fn kill(&self, signal: Signal) {
        let leader = self.guard.as_ref().map_or(self.child.id(), Guard::group);
        if let Some(group) = Pid::from_raw(number(leader)) {
            let _ = kill_process_group(group, signal);
        }
    }
}

/// A process's number, as the kernel has it.
fn number(process: u32) -> i32 {
    i32::try_from(process).unwrap_or(0)
}

fn nonblocking(pipe: &impl AsFd) -> std::io::Result<()> {
    let flags = rustix::fs::fcntl_getfl(pipe)?;
    Ok(rustix::fs::fcntl_setfl(pipe, flags | OFlags::NONBLOCK)?)
}

/// As a shell tells it.
fn exit_code(status: ExitStatus) -> i64 {
    let signal = || 128 + i64::from(status.signal().unwrap_or(0));
    status.code().map_or_else(signal, i64::from)
}

/// One of the host's own tools, with words as arguments and a time in seconds.
pub(super) fn tool<S: AsRef<str>>(argv: &[S], seconds: u64) -> Command {
    Command {
        argv: argv.iter().map(|word| word.as_ref().to_owned()).collect(),
        timeout_ms: seconds * 1000,
        ..Command::default()
    }
}

/// Runs a tool that must succeed; its standard output.
///
/// # Errors
/// With its last words as notes, if it exits with anything but 0.
pub(super) fn must(command: &Command) -> Result<String, HostError> {
    let output = run(command)?;
    if output.rc == 0 { Ok(output.stdout) } else { Err(refused(command, &output)) }
}

/// The name of a command's program, without its folder.
pub(super) fn program(command: &Command) -> &str {
    let program = command.argv.first().map_or("", String::as_str);
    program.rsplit('/').next().unwrap_or(program)
}

/// A tool's failure: its name, how it ended, and the last lines it said.
pub(super) fn refused(command: &Command, output: &CommandOutput) -> HostError {
    let program = program(command);
    let ended = if output.timed_out {
        "ran out of time".to_owned()
    } else {
        format!("exited with {}", output.rc)
    };
    let said = if output.stderr.trim().is_empty() { &output.stdout } else { &output.stderr };
    HostError::Failed {
        message: format!("`{program}` {ended}"),
        notes: last_lines(said, 5),
        help: None,
    }
}

/// The last lines with anything in them, in order.
pub(super) fn last_lines(text: &str, count: usize) -> Vec<String> {
    let mut lines: Vec<String> = text
        .lines()
        .rev()
        .filter(|line| !line.trim().is_empty())
        .take(count)
        .map(|line| line.trim_end().to_owned())
        .collect();
    lines.reverse();
    lines
}

/// A process of this user's, as proc(5) tells: whose real or effective user it is.
pub(super) fn of_user(uid: u32) -> Option<u32> {
    let folders = std::fs::read_dir("/proc").ok()?;
    let uid = uid.to_string();
    folders.flatten().find_map(|folder| {
        let process: u32 = folder.file_name().to_str()?.parse().ok()?;
        let status = std::fs::read_to_string(folder.path().join("status")).ok()?;
        let users = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
        users.split_whitespace().take(3).any(|one| one == uid).then_some(process)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Secret;

    fn shell(script: &str) -> Command {
        tool(&["sh", "-c", script], 10)
    }

    #[test]
    fn status_and_streams_are_told_apart() {
        for run in [run, guarded] {
            let output = run(&shell("echo out; echo err >&2; exit 3")).unwrap();
            assert_eq!(
                (output.rc, output.stdout.as_str(), output.stderr.as_str()),
                (3, "out\n", "err\n")
            );
        }
        assert_eq!(run(&shell("kill -TERM $$")).unwrap().rc, 128 + 15);
        assert_eq!(run(&tool(&["/no/such/program"], 1)).unwrap().rc, 127);
        assert_eq!(run(&tool(&["/etc/passwd"], 1)).unwrap().rc, 126);
    }

    #[test]
    fn the_environment_is_minimal() {
        let output = run(&tool(&["env"], 10)).unwrap();
        let mut names: Vec<_> = output.stdout.lines().filter_map(|l| l.split('=').next()).collect();
        names.sort_unstable();
        assert_eq!(names, ["LANG", "PATH"]);
    }

    #[test]
    fn what_outlasts_this_process_writes_to_no_pipe() {
        let pipes = "for fd in 0 1 2; do [ ! -p /dev/fd/$fd ] || echo pipe $fd; done";
        let output =
            outlasting(&shell(&format!("echo out; echo err >&2; {pipes}; exit 3"))).unwrap();
        assert_eq!(
            (output.rc, output.stdout.as_str(), output.stderr.as_str()),
            (3, "out\n", "err\n")
        );
        let output = outlasting(&shell("yes 12345678 | head -c 3000000")).unwrap();
        assert_eq!(output.stdout.len(), OUTPUT_LIMIT);
        assert_eq!(outlasting(&tool(&["/no/such/program"], 1)).unwrap().rc, 127);
        let mut late = shell("echo said; sleep 9");
        late.timeout_ms = 200;
        let output = outlasting(&late).unwrap();
        assert!(output.timed_out && output.stdout == "said\n", "{output:?}");
    }

    #[test]
    fn large_input_and_output_do_not_block_each_other() {
        let mut command = shell("cat; yes 12345678 | head -c 3000000 >&2");
        command.stdin = Some(Secret::new("x".repeat(500_000)));
        let output = run(&command).unwrap();
        assert_eq!((output.rc, output.stdout.len()), (0, 500_000));
        assert_eq!(output.stderr.len(), OUTPUT_LIMIT);
    }

    #[test]
    fn a_program_that_does_not_read_its_input_still_ends() {
        let mut command = shell("exec 0<&-; exit 0");
        command.stdin = Some(Secret::new("x".repeat(500_000)));
        assert_eq!(run(&command).unwrap().rc, 0);
    }

    #[test]
    fn time_up_kills_grandchildren_too() {
        let marker = tempfile::NamedTempFile::new().unwrap();
        let path = marker.path().display();
        let mut command =
            shell(&format!("(trap '' TERM; sleep 4; echo alive > {path}) & wait; sleep 9"));
        command.timeout_ms = 200;
        let begin = Instant::now();
        let output = guarded(&command).unwrap();
        assert!(output.timed_out && begin.elapsed() < Duration::from_secs(3));
        std::thread::sleep(Duration::from_millis(4500).saturating_sub(begin.elapsed()));
        assert_eq!(std::fs::read_to_string(marker.path()).unwrap(), "");
    }

    #[test]
    fn a_daemon_that_keeps_the_pipe_is_not_waited_for() {
        let begin = Instant::now();
        for run in [run, guarded] {
            let output = run(&shell("echo started; sleep 5 &")).unwrap();
            assert_eq!(output.stdout, "started\n");
        }
        assert!(begin.elapsed() < Duration::from_secs(3));
    }
}
