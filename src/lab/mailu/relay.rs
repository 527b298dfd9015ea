//! What stands behind Dovecot, as Postfix does in Mailu: takes a message only from a sender that
//! belongs to the login, and hands it to the lab's MX while the client waits.

use std::io::{BufRead, BufReader, Error, ErrorKind, Result, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use super::super::mx::{address, read_data};
use super::NAME;
use super::store::Store;

/// The port on the loopback where Dovecot hands over.
pub(super) const PORT: u16 = 10_025;

const PATIENCE: Duration = Duration::from_secs(300);
const CONNECT: Duration = Duration::from_secs(5);

const NO_MX: &str = "451 4.4.1 the MX does not answer";

/// Serves until killed.
pub(super) fn serve_relay(
    listener: &TcpListener,
    mx: Ipv4Addr,
    web: &Arc<super::web::Web>,
) -> Result<()> {
    loop {
        let (stream, _) = listener.accept()?;
        let web = Arc::clone(web);
        std::thread::spawn(move || Session::new(stream, mx)?.converse(&web.api().store));
    }
}

/// One client's conversation.
struct Session {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
    mx_address: Ipv4Addr,
    /// The client's MAIL command.
    mail: String,
    /// The conversation with the MX, from the first recipient on.
    mx: Option<BufReader<TcpStream>>,
    /// Who logged in, from where, as Dovecot says it by XCLIENT.
    login: String,
    peer: String,
}

impl Session {
    fn new(stream: TcpStream, mx_address: Ipv4Addr) -> Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let writer = stream.try_clone()?;
        Ok(Self {
            reader: BufReader::new(stream),
            writer,
            mx_address,
            mail: String::new(),
            mx: None,
            login: String::new(),
            peer: String::new(),
        })
    }

    fn converse(mut self, store: &Store) -> Result<()> {
        self.say(&format!("220 {NAME} ESMTP"))?;
        let mut line = String::new();
        loop {
            line.clear();
            if self.reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let command = line.trim_end();
            let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" | "HELO" => self.say(&format!(
                    "250-{NAME}\r\n250-XCLIENT ADDR PORT PROTO HELO LOGIN\r\n\
                     250-ENHANCEDSTATUSCODES\r\n250-SMTPUTF8\r\n250 8BITMIME"
                ))?,
                "XCLIENT" => {
                    self.xclient(rest);
                    self.say(&format!("220 {NAME} ESMTP"))?;
                }
                "MAIL" => self.mail(command)?,
                "RCPT" => self.recipient(command, store)?,
                "DATA" => self.data()?,
                "RSET" => {
                    self.mx = None;
                    self.say("250 2.0.0 ok")?;
                }
                "NOOP" => self.say("250 2.0.0 ok")?,
                "QUIT" => return self.say("221 2.0.0 bye"),
                _ => self.say("502 5.5.2 unknown command")?,
            }
        }
    }

    fn say(&mut self, text: &str) -> Result<()> {
        self.writer.write_all(format!("{text}\r\n").as_bytes())
    }

    /// Postfix's XCLIENT_README: values in xtext (RFC 3461, 4).
    fn xclient(&mut self, attributes: &str) {
        for (name, value) in attributes.split(' ').filter_map(|pair| pair.split_once('=')) {
            let value = xtext(value);
            match name.to_ascii_uppercase().as_str() {
                "LOGIN" => self.login = value,
                "ADDR" => self.peer = value,
                _ => {}
            }
        }
    }

    /// Takes any sender: as with Postfix (`smtpd_delay_reject`), a refusal is the recipient's reply.
    /// Dovecot 2.3.19 dies of the next MAIL after one that was refused.
    fn mail(&mut self, command: &str) -> Result<()> {
        command.clone_into(&mut self.mail);
        self.mx = None;
        self.say("250 2.1.0 ok")
    }

    fn recipient(&mut self, command: &str, store: &Store) -> Result<()> {
        let sender = address(self.mail.split_once(' ').map_or("", |(_, rest)| rest));
        let answer = if self.login.is_empty() {
            "530 5.7.0 Authentication required".to_owned()
        } else if !store.read(|data| data.owns(&self.login, &sender)) {
            // Postfix's reject_sender_login_mismatch, in its words.
            let login = &self.login;
            format!("553 5.7.1 <{sender}>: Sender address rejected: not owned by user {login}")
        } else {
            self.pass_on(command)
        };
        self.say(&answer)
    }

    /// Gives the recipient to the MX, the first one after the sender.
    fn pass_on(&mut self, command: &str) -> String {
        if self.mx.is_none() {
            self.mx = self.greet_mx().ok();
            let taken = self.ask_mx(format!("{}\r\n", self.mail).as_bytes());
            if !taken.starts_with('2') {
                self.mx = None;
                return taken;
            }
        }
        self.ask_mx(format!("{command}\r\n").as_bytes())
    }

    fn greet_mx(&self) -> Result<BufReader<TcpStream>> {
        let address = (self.mx_address, 25).into();
        let stream = TcpStream::connect_timeout(&address, CONNECT)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let mut mx = BufReader::new(stream);
        reply(&mut mx)?;
        mx.get_mut().write_all(format!("EHLO {NAME}\r\n").as_bytes())?;
        reply(&mut mx)?;
        Ok(mx)
    }

    /// The MX's reply; a broken connection is a temporary failure.
    fn ask_mx(&mut self, text: &[u8]) -> String {
        let Some(mx) = &mut self.mx else { return NO_MX.to_owned() };
        let answer = mx.get_mut().write_all(text).and_then(|()| reply(mx));
        answer.unwrap_or_else(|_| {
            self.mx = None;
            NO_MX.to_owned()
        })
    }

    fn data(&mut self) -> Result<()> {
        let answer = self.ask_mx(b"DATA\r\n");
        self.say(&answer)?;
        if !answer.starts_with("354") {
            return Ok(());
        }
        let data = read_data(&mut self.reader)?;
        let (peer, login) = (&self.peer, &self.login);
        let mut text = format!(
            "Received: from [{peer}]\r\n\t(Authenticated sender: {login})\r\n\t\
             by {NAME} with ESMTPSA\r\n"
        )
        .into_bytes();
        for line in data.split_inclusive(|byte| *byte == b'\n') {
            if line.starts_with(b".") {
                text.push(b'.');
            }
            text.extend_from_slice(line);
        }
        text.extend_from_slice(b".\r\n");
        let answer = self.ask_mx(&text);
        self.say(&answer)
    }
}

/// A whole reply, its lines joined as they came.
fn reply(reader: &mut impl BufRead) -> Result<String> {
    let mut text = String::new();
    loop {
        let start = text.len();
        if reader.read_line(&mut text)? == 0 {
            return Err(Error::from(ErrorKind::UnexpectedEof));
        }
        if text.as_bytes().get(start + 3) != Some(&b'-') {
            return Ok(text.trim_end().to_owned());
        }
    }
}

fn xtext(value: &str) -> String {
    super::http::decoded(&value.replace('%', "%25").replace('+', "%"))
}
