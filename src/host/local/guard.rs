//! Ends a task's command whose agent died: killed, out of memory. A shell leads the process group that
//! the command is born into, and reads from a pipe that only this process writes to; where that ends
//! without a word, it ends the group, itself with it.
//!
//! Other ways were looked at. `prctl(PR_SET_PDEATHSIG)` reaches the command alone and not what it
//! started, and must be called between fork and exec, which is unsafe code; setpriv(1) can do it, but
//! busybox has none. A group that is noted on disk is ended by the next run at the earliest, and its
//! number may be another's by then. A scope of systemd's (systemd-run) holds even what calls
//! setsid(2), and costs tens of milliseconds a command and a bus; what calls setsid(2) means to stay.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// A time limit's SIGTERM to the group is not for it.
const SCRIPT: &str = "trap '' TERM; read -r over || kill -KILL 0";

/// A process group that ends with this process, unless it is let go.
pub(super) struct Guard(Child);

impl Guard {
    /// Makes one. Whoever is started in it is in it from its first instruction on, and the pipe has
    /// no end before that: the child of a fork holds it until its exec.
    ///
    /// # Errors
    /// If no process can be made.
    pub(super) fn new() -> std::io::Result<Self> {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", SCRIPT]).env_clear().current_dir("/");
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        shell.process_group(0).spawn().map(Self)
    }

    /// The group's number. It is nobody else's as long as this lives.
    pub(super) fn group(&self) -> u32 {
        self.0.id()
    }
}

/// Lets the group go: what the command leaves behind is meant to stay.
impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(mut pipe) = self.0.stdin.take() {
            let _ = pipe.write_all(b"\n");
        }
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::Guard;
    use std::os::unix::process::{CommandExt, ExitStatusExt};
    use std::process::{Child, Command, Stdio};

    fn sleeping(guard: &Guard) -> Child {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & echo ready; wait"]).stdout(Stdio::piped());
        let mut child = command.process_group(guard.group().try_into().unwrap()).spawn().unwrap();
        let mut ready = [0; 6];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut ready).unwrap();
        child
    }

    #[test]
    fn a_group_whose_maker_is_gone_is_ended_whole() {
        let mut guard = Guard::new().unwrap();
        let mut child = sleeping(&guard);
        // What the death of this process would do.
        drop(guard.0.stdin.take());
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        // Of its output the grandchild holds an end, too.
        let mut rest = Vec::new();
        std::io::Read::read_to_end(&mut child.stdout.take().unwrap(), &mut rest).unwrap();
    }

    #[test]
    fn a_group_that_is_let_go_lives_on() {
        let guard = Guard::new().unwrap();
        let mut child = sleeping(&guard);
        let group = guard.group();
        drop(guard);
        assert_eq!(child.try_wait().unwrap(), None);
        let group = rustix::process::Pid::from_raw(group.try_into().unwrap()).unwrap();
        rustix::process::kill_process_group(group, rustix::process::Signal::KILL).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9));
    }
}
