//! A process that a controller talks to over its standard input and output: ssh, nsenter.

#![expect(clippy::disallowed_methods, reason = "this is the door to a session's process")]

use super::HostError;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// The last bytes of standard error that are kept for an error message.
const STDERR_TAIL: usize = 4096;
/// The most that is kept of text that is no message, in bytes.
const TEXT: usize = 400;
/// How long more of such a text is waited for.
const AT_ONCE: Duration = Duration::from_secs(5);

/// A running process with a socket at its standard input and output, which can be shut while
/// another thread reads from it. Dropped, it is ended.
pub struct SessionProcess {
    child: Child,
    /// To the process.
    pub input: UnixStream,
    /// From the process.
    pub output: UnixStream,
    stderr: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl SessionProcess {
    /// Starts a program with these arguments.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(argv: &[String]) -> Result<Self, HostError> {
        let (program, arguments) =
            argv.split_first().ok_or_else(|| HostError::failed("no program to connect with"))?;
        let failed = |why: &str| HostError::failed(format!("cannot start {program}: {why}"));
        let sockets = || -> std::io::Result<_> {
            let (ours, theirs) = UnixStream::pair()?;
            Ok((ours.try_clone()?, ours, OwnedFd::from(theirs.try_clone()?), OwnedFd::from(theirs)))
        };
        let (input, output, stdin, stdout) =
            sockets().map_err(|error| failed(&error.to_string()))?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::from(stdin))
            .stdout(Stdio::from(stdout))
            .stderr(Stdio::piped())
            // What a terminal interrupts is this process, which lets its sessions go.
            .process_group(0)
            .spawn()
            .map_err(|error| failed(&error.to_string()))?;
        let Some(mut errors) = child.stderr.take() else {
            return Err(failed("it has no standard error"));
        };
        let stderr = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&stderr);
        let reader = std::thread::spawn(move || {
            let mut chunk = [0; 1024];
            while let Ok(count) = errors.read(&mut chunk) {
                if count == 0 {
                    break;
                }
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend_from_slice(&chunk[..count]);
                let over = kept.len().saturating_sub(STDERR_TAIL);
                kept.drain(..over);
            }
        });
        Ok(Self { child, input, output, stderr, reader: Some(reader) })
    }

    /// Lets it go, from another thread: what is read from it ends at once, even if a process that
    /// it started goes on.
    ///
    /// # Errors
    /// If this process may have no more files open.
    pub fn let_go(&self) -> std::io::Result<impl Fn() + Send + 'static> {
        let socket = self.output.try_clone()?;
        Ok(move || drop(socket.shutdown(Shutdown::Both)))
    }

    /// Ends what is being written to it, from another thread; what it says can still be read.
    ///
    /// # Errors
    /// If this process may have no more files open.
    pub fn no_more_input(&self) -> std::io::Result<impl Fn() + Send + 'static> {
        let socket = self.input.try_clone()?;
        Ok(move || drop(socket.shutdown(Shutdown::Write)))
    }

    /// Both directions at once.
    pub fn pipes(&mut self) -> (&mut (dyn Write + Send), &mut dyn Read) {
        (&mut self.input, &mut self.output)
    }

    /// Ends it, because it brought something else than messages: what more of it came at once, up to
    /// some lines of text; and the exit status and standard error where it had ended by itself.
    pub fn end_of_text(mut self) -> (String, Option<(Option<i32>, String)>) {
        let mut text = Vec::new();
        let mut chunk = [0; 512];
        let _ = self.output.set_read_timeout(Some(AT_ONCE));
        let over = loop {
            match self.output.read(&mut chunk) {
                Ok(0) => break true,
                Ok(count) => text.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                // Only the clock leaves it open: who ends with input unread resets the connection.
                Err(error) => break error.kind() != std::io::ErrorKind::WouldBlock,
            }
            if text.len() > TEXT {
                break false;
            }
        };
        text.truncate(TEXT);
        let ended = over && self.ends_soon();
        (String::from_utf8_lossy(&text).into_owned(), ended.then(|| self.end()))
    }

    fn ends_soon(&mut self) -> bool {
        for _ in 0..100 {
            if let Ok(Some(_)) = self.child.try_wait() {
                return true;
            }
            std::thread::sleep(AT_ONCE / 100);
        }
        false
    }

    /// Waits for its end: the exit status (none if a signal ended it) and what it said last on
    /// standard error. It hears no more, so that it does not wait for us.
    pub fn end(mut self) -> (Option<i32>, String) {
        let _ = self.input.shutdown(Shutdown::Both);
        let status = self.child.wait().ok().and_then(|status| status.code());
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        let said = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        (status, String::from_utf8_lossy(&said).trim().to_owned())
    }
}

impl Drop for SessionProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
