//! The lab's mail server: accepts every message on port 25 and keeps it as a file. One thread per
//! connection; it never forwards, checks or forgets anything.

use std::io::{BufRead, BufReader, Result, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::mailbox::{Envelope, deliver};

/// RFC 5321, 4.5.3.2: a server waits five minutes for a command.
const PATIENCE: Duration = Duration::from_secs(300);

/// More than any test sends; a line or message without end must not fill the machine.
const LONGEST: u64 = 64 << 20;

/// Serves on the address until killed, keeping messages in `maildir`.
pub fn serve_mx(listen: (IpAddr, u16), maildir: &Path) -> Result<()> {
    let listener = TcpListener::bind(listen)?;
    let maildir: Arc<Path> = Arc::from(maildir);
    for stream in listener.incoming() {
        let (stream, maildir) = (stream?, Arc::clone(&maildir));
        // A client that goes away in the middle is none of the other clients' business.
        std::thread::spawn(move || converse(stream, &maildir));
    }
    Ok(())
}

fn converse(stream: TcpStream, maildir: &Path) -> Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let peer = stream.peer_addr()?.ip().to_string();
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(std::io::Read::take(stream, LONGEST));
    let mut envelope = Envelope { peer, ..Envelope::default() };
    let mut say = |text: &str| writer.write_all(format!("{text}\r\n").as_bytes());
    say("220 mx.lab.test ESMTP")?;
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                envelope.helo = rest.to_owned();
                say("250-mx.lab.test\r\n250-PIPELINING\r\n250-SMTPUTF8\r\n250 8BITMIME")?;
            }
            "HELO" => {
                envelope.helo = rest.to_owned();
                say("250 mx.lab.test")?;
            }
            "MAIL" => {
                envelope.from = address(rest);
                envelope.to.clear();
                say("250 2.1.0 ok")?;
            }
            "RCPT" => {
                envelope.to.push(address(rest));
                say("250 2.1.5 ok")?;
            }
            "DATA" if envelope.to.is_empty() => say("503 5.5.1 no recipient")?,
            "DATA" => {
                say("354 go ahead")?;
                let data = read_data(&mut reader)?;
                deliver(maildir, &envelope, &data)?;
                envelope.to.clear();
                say("250 2.0.0 kept")?;
            }
            "RSET" => {
                envelope.to.clear();
                say("250 2.0.0 ok")?;
            }
            "NOOP" => say("250 2.0.0 ok")?,
            "QUIT" => return say("221 2.0.0 bye"),
            _ => say("502 5.5.2 unknown command")?,
        }
    }
}

/// `FROM:<a@b> SIZE=1` → `a@b`.
pub(super) fn address(argument: &str) -> String {
    let inner = argument.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or(argument, |(address, _)| address).to_owned()
}

/// Reads up to the lone dot and undoes the doubling of leading dots (RFC 5321, 4.5.2).
pub(super) fn read_data(reader: &mut impl BufRead) -> Result<Vec<u8>> {
    let (mut data, mut line) = (Vec::new(), Vec::new());
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        match line.strip_prefix(b".") {
            Some(b"\r\n" | b"\n") => return Ok(data),
            Some(rest) => data.extend_from_slice(rest),
            None => data.extend_from_slice(&line),
        }
    }
}
