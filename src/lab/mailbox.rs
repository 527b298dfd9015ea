//! What the MX keeps, one file per message: lines of the envelope, an empty line, the message.

use std::io::{Error, ErrorKind, Result};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::error::io;
use super::server::Server;
use super::state::LabState;
use super::{Instance, LabError};

/// Who sent a message to whom, as SMTP said it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// The client's address.
    pub peer: String,
    /// What the client called itself.
    pub helo: String,
    /// The envelope's sender; empty in a bounce.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
}

/// A message that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its envelope.
    pub envelope: Envelope,
    /// Header and body, byte for byte.
    pub data: Vec<u8>,
}

impl Message {
    /// Header and body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.data).into_owned()
    }

    /// The value of a header field, unfolded.
    pub fn header(&self, name: &str) -> Option<String> {
        let text = self.text().replace("\r\n", "\n");
        let head = text.split("\n\n").next().unwrap_or_default();
        let unfolded = head.replace("\n ", " ").replace("\n\t", " ");
        unfolded.lines().find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }
}

/// Writes a message under a name that sorts by arrival. It appears whole or not at all.
pub(super) fn deliver(maildir: &Path, envelope: &Envelope, data: &[u8]) -> Result<()> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let time = SystemTime::now().duration_since(UNIX_EPOCH).map_err(Error::other)?.as_nanos();
    let name = format!("{time:020}-{:06}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut text =
        format!("peer {}\nhelo {}\nfrom {}\n", envelope.peer, envelope.helo, envelope.from);
    for to in &envelope.to {
        text.push_str(&format!("to {to}\n"));
    }
    text.push('\n');
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(data);
    let new = maildir.join(format!(".{name}"));
    std::fs::write(&new, bytes)?;
    std::fs::rename(&new, maildir.join(name))
}

fn parse(bytes: &[u8]) -> Option<Message> {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n")?;
    let mut envelope = Envelope::default();
    for line in std::str::from_utf8(&bytes[..end]).ok()?.lines() {
        let (key, value) = line.split_once(' ')?;
        match key {
            "peer" => envelope.peer = value.to_owned(),
            "helo" => envelope.helo = value.to_owned(),
            "from" => envelope.from = value.to_owned(),
            "to" => envelope.to.push(value.to_owned()),
            _ => return None,
        }
    }
    Some(Message { envelope, data: bytes[end + 2..].to_vec() })
}

/// The lab's MX, seen by a test.
#[derive(Debug)]
pub struct Mailbox<'a> {
    instance: &'a Instance,
    state: &'a LabState,
}

impl<'a> Mailbox<'a> {
    pub(super) fn new(instance: &'a Instance, state: &'a LabState) -> Self {
        Self { instance, state }
    }

    /// The messages that arrived, oldest first.
    pub fn messages(&self) -> std::result::Result<Vec<Message>, LabError> {
        let dir = &self.state.maildir;
        let entries = std::fs::read_dir(dir).map_err(io("list", dir))?;
        let visible = |path: &PathBuf| {
            path.file_name().is_some_and(|name| !name.as_encoded_bytes().starts_with(b"."))
        };
        let mut paths: Vec<_> =
            entries.flatten().map(|entry| entry.path()).filter(visible).collect();
        paths.sort();
        let read = |path: PathBuf| {
            let bytes = std::fs::read(&path).map_err(io("read", &path))?;
            parse(&bytes).ok_or_else(|| io("parse", path)(ErrorKind::InvalidData.into()))
        };
        paths.into_iter().map(read).collect()
    }

    /// Waits until `count` messages that fit have arrived, and returns all that do.
    pub fn wait_for(
        &self,
        count: usize,
        patience: Duration,
        fits: impl Fn(&Message) -> bool,
    ) -> std::result::Result<Vec<Message>, LabError> {
        let start = Instant::now();
        loop {
            let mut messages = self.messages()?;
            messages.retain(&fits);
            if messages.len() >= count {
                return Ok(messages);
            }
            if start.elapsed() >= patience {
                let (got, waited) = (messages.len(), start.elapsed());
                return Err(LabError::NoMail { got, wanted: count, waited });
            }
            sleep(Duration::from_millis(20));
        }
    }

    /// Forgets what has arrived.
    pub fn clear(&self) -> std::result::Result<(), LabError> {
        let dir = &self.state.maildir;
        for entry in std::fs::read_dir(dir).map_err(io("list", dir))?.flatten() {
            std::fs::remove_file(entry.path()).map_err(io("remove", entry.path()))?;
        }
        Ok(())
    }

    /// Stops the server: its port refuses connections from now on.
    pub fn stop(&self) -> std::result::Result<(), LabError> {
        self.server().stop()
    }

    /// Starts the server; it returns when the port accepts connections.
    pub fn start(&self) -> std::result::Result<(), LabError> {
        if self.is_running() {
            return Ok(());
        }
        let (binary, maildir) = (self.state.binary.to_string_lossy(), &self.state.maildir);
        let (maildir, listen) = (maildir.to_string_lossy(), self.state.mx.to_string());
        let address = SocketAddr::from((self.state.mx, 25));
        let accepts = || TcpStream::connect_timeout(&address, Duration::from_millis(100)).is_ok();
        self.server().start(&[&binary, "lab", "serve-mx", &listen, &maildir], accepts)
    }

    /// Whether the server is running.
    pub fn is_running(&self) -> bool {
        self.server().is_running()
    }

    fn server(&self) -> Server<'_> {
        Server { instance: self.instance, member: "mx", title: "MX" }
    }
}
