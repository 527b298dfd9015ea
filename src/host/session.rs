//! A process that a controller talks to over its standard input and output: ssh, nsenter.

#![expect(clippy::disallowed_methods, reason = "this is the door to a session's process")]

use super::HostError;
use crate::value::Secret;
use std::fs::DirBuilder;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The last bytes of standard error that are kept for an error message.
const STDERR_TAIL: usize = 4096;
/// The most that is kept of text that is no message, in bytes.
const TEXT: usize = 400;
/// How long more of such a text is waited for.
const AT_ONCE: Duration = Duration::from_secs(5);
/// How often what no event tells is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// A running process with a socket at its standard input and output, which can be shut while
/// another thread reads from it. Dropped, it is ended.
pub struct SessionProcess {
    child: Child,
    /// To the process.
    pub input: UnixStream,
    /// From the process.
    pub output: UnixStream,
    stderr: Arc<Stderr>,
    limit: Arc<Mutex<Duration>>,
}

/// What a process says on standard error.
#[derive(Default)]
struct Stderr {
    said: Mutex<Said>,
    more: Condvar,
}

#[derive(Default)]
struct Said {
    tail: Vec<u8>,
    over: bool,
}

/// What was heard of some words that a process might say.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// This one.
    Word(usize),
    /// It will say nothing more.
    End,
    /// None of them, for as long as was waited.
    Nothing,
}

impl Stderr {
    fn follow(&self, mut from: impl Read) {
        let mut chunk = [0; 1024];
        loop {
            let count = match from.read(&mut chunk) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                read => read.unwrap_or(0),
            };
            let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            said.over = count == 0;
            said.tail.extend_from_slice(&chunk[..count]);
            let more = said.tail.len().saturating_sub(STDERR_TAIL);
            said.tail.drain(..more);
            self.more.notify_all();
            if said.over {
                return;
            }
        }
    }

    /// Waits until it is so, for so long at most.
    fn wait<T>(&self, time: Duration, mut so: impl FnMut(&mut Said) -> Option<T>) -> Option<T> {
        let end = Instant::now() + time;
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(found) = so(&mut said) {
                return Some(found);
            }
            let left = end.checked_duration_since(Instant::now())?.min(LOOK);
            let waited = self.more.wait_timeout(said, left);
            said = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl SessionProcess {
    /// Starts a program with these arguments, and these variables beside those of this process.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(argv: &[String], environment: &[(&str, String)]) -> Result<Self, HostError> {
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
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::from(stdin))
            .stdout(Stdio::from(stdout))
            .stderr(Stdio::piped())
            // What a terminal interrupts is this process, which lets its sessions go.
            .process_group(0)
            .spawn()
            .map_err(|error| failed(&error.to_string()))?;
        let Some(errors) = child.stderr.take() else {
            return Err(failed("it has no standard error"));
        };
        let stderr = Arc::new(Stderr::default());
        let followed = Arc::clone(&stderr);
        std::thread::spawn(move || followed.follow(errors));
        Ok(Self { child, input, output, stderr, limit: Arc::default() })
    }

    /// Waits until it says one of these words on standard error, which are then taken out of what
    /// it said; until it ends, or is given up.
    #[must_use]
    pub fn hears(&self, words: &[&str], time: Duration, given_up: &dyn Fn() -> bool) -> Heard {
        let heard = self.stderr.wait(time, |said| {
            let place = |word: &&str| {
                said.tail.windows(word.len()).position(|part| part == word.as_bytes())
            };
            let found = words.iter().enumerate().filter_map(|(i, word)| Some((place(word)?, i)));
            match found.min() {
                Some((start, index)) => {
                    said.tail.drain(start..start + words[index].len());
                    Some(Heard::Word(index))
                }
                None => (said.over || given_up()).then_some(Heard::End),
            }
        });
        heard.unwrap_or(Heard::Nothing)
    }

    /// Types a secret and a line's end.
    ///
    /// # Errors
    /// If it ended.
    pub fn type_line(&self, secret: &Secret<String>) -> std::io::Result<()> {
        (&self.input).write_all(format!("{}\n", secret.expose()).as_bytes())
    }

    /// What it said last on standard error so far.
    #[must_use]
    pub fn said(&self) -> String {
        let said = self.stderr.said.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&said.tail).trim().to_owned()
    }

    /// Sets how long one reading or writing waits from then on, if another thread is at it too.
    ///
    /// # Errors
    /// If this process may have no more files open.
    pub fn limit(&self) -> std::io::Result<impl Fn(Duration) + 'static> {
        let socket = self.output.try_clone()?;
        let limit = Arc::clone(&self.limit);
        Ok(move |time: Duration| {
            *limit.lock().unwrap_or_else(PoisonError::into_inner) = time;
            let _ = socket.set_read_timeout(Some(time));
            let _ = socket.set_write_timeout(Some(time));
        })
    }

    /// What was set last.
    #[must_use]
    pub fn limited_to(&self) -> Duration {
        *self.limit.lock().unwrap_or_else(PoisonError::into_inner)
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
        let end = Instant::now() + AT_ONCE;
        while Instant::now() < end {
            if let Ok(Some(_)) = self.child.try_wait() {
                return true;
            }
            std::thread::sleep(LOOK / 10);
        }
        false
    }

    /// Waits for its end: the exit status (none if a signal ended it) and what it said last on
    /// standard error. It hears no more, so that it does not wait for us; one that does not end by
    /// itself then is ended.
    pub fn end(mut self) -> (Option<i32>, String) {
        let _ = self.input.shutdown(Shutdown::Both);
        if !self.ends_soon() {
            let _ = self.child.kill();
        }
        let status = self.child.wait().ok().and_then(|status| status.code());
        // Somebody whom it left behind may hold its standard error.
        let _ = self.stderr.wait(AT_ONCE, |said| said.over.then_some(()));
        (status, self.said())
    }
}

/// Makes a folder for this user alone, if there is none.
///
/// # Errors
/// If it cannot be made.
pub fn private_folder(folder: &Path) -> Result<(), HostError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| HostError::file("make directory", folder, error))
}

impl Drop for SessionProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
