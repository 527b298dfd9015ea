//! An SMTP dialogue (RFC 5321) up to the point where a message would begin: what a server says to
//! a client of ours, without a mail.

use super::super::{HostError, SmtpDialogue, SmtpReply, SmtpTls};
use super::connect::{self, Unreached, left};
use super::{facts, tls};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use std::io::{Error, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The longest reply line (RFC 5321, 4.5.3.1.5) with room for those who exceed it, and the most of
/// them in one reply.
const LONGEST_LINE: usize = 4096;
const MOST_LINES: usize = 200;

/// Holds the dialogue. The reply names the stage that failed, if one did.
///
/// # Errors
/// If it cannot begin: a certificate file that cannot be read, a login that would go unencrypted.
pub(super) fn hold(dialogue: &SmtpDialogue) -> Result<SmtpReply, HostError> {
    let config = match dialogue.tls {
        SmtpTls::None => None,
        _ => Some(tls::trusting(dialogue.ca_file.as_deref())?),
    };
    if dialogue.auth.is_some() && dialogue.tls == SmtpTls::None {
        return Err(HostError::failed(format!(
            "refusing to log in to {} without TLS",
            dialogue.host
        )));
    }
    let mut reply = SmtpReply::default();
    let deadline = Instant::now() + Duration::from_millis(dialogue.timeout_ms);
    let ended = Client::connect(dialogue, deadline)
        .and_then(|client| client.talk(dialogue, config, &mut reply));
    match ended {
        Ok(()) => reply.ok = true,
        Err(stop) => {
            stop.stage.clone_into(&mut reply.stage);
            if stop.code != 0 {
                reply.code = stop.code;
            }
            reply.message = stop.words;
            reply.refused = stop.refused;
        }
    }
    Ok(reply)
}

/// Where and why a dialogue ended early.
struct Stop {
    stage: &'static str,
    code: u16,
    words: String,
    refused: bool,
}

impl Stop {
    fn at(stage: &'static str, error: &Error) -> Self {
        let refused = error.kind() == ErrorKind::ConnectionRefused;
        Self { stage, code: 0, words: connect::words(error), refused }
    }
}

/// One whole reply: its code and its lines' texts.
struct Answer {
    code: u16,
    lines: Vec<String>,
}

impl Answer {
    fn line(&self) -> String {
        format!("{} {}", self.code, self.lines.join(" ")).trim_end().to_owned()
    }
}

/// A connection, encrypted or not.
struct Client<S> {
    stream: S,
    buffer: Vec<u8>,
}

impl Client<Timed> {
    fn connect(dialogue: &SmtpDialogue, deadline: Instant) -> Result<Self, Stop> {
        let stream =
            connect::connect(&dialogue.host, dialogue.port, deadline).map_err(|why| match why {
                Unreached::Connect(error) => Stop::at("connect", &error),
                Unreached::Resolve(words) => {
                    Stop { stage: "resolve", code: 0, words, refused: false }
                }
            })?;
        Ok(Self { stream: Timed { stream, deadline }, buffer: Vec::new() })
    }

    fn talk(
        mut self,
        dialogue: &SmtpDialogue,
        config: Option<ClientConfig>,
        reply: &mut SmtpReply,
    ) -> Result<(), Stop> {
        match (dialogue.tls, config) {
            (SmtpTls::Implicit, Some(config)) => {
                let mut client = self.encrypt(&dialogue.host, config)?;
                client.greeting(reply)?;
                client.ehlo(reply)?;
                client.finish(dialogue, reply)
            }
            (SmtpTls::Starttls, Some(config)) => {
                self.greeting(reply)?;
                self.ehlo(reply)?;
                if !offers(reply, "STARTTLS") {
                    let words = "the server does not offer STARTTLS".to_owned();
                    return Err(Stop { stage: "starttls", code: 0, words, refused: false });
                }
                self.command("starttls", "STARTTLS", reply)?;
                // What came before encryption must not count as said after it (CVE-2011-0411).
                self.buffer.clear();
                let mut client = self.encrypt(&dialogue.host, config)?;
                client.ehlo(reply)?;
                client.finish(dialogue, reply)
            }
            _ => {
                self.greeting(reply)?;
                self.ehlo(reply)?;
                self.finish(dialogue, reply)
            }
        }
    }

    fn encrypt(
        mut self,
        host: &str,
        config: ClientConfig,
    ) -> Result<Client<StreamOwned<ClientConnection, Timed>>, Stop> {
        let stop = |words: String| Stop { stage: "tls", code: 0, words, refused: false };
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
            .map_err(|_| stop(format!("`{host}` is no name that a certificate can carry")))?;
        let mut connection = ClientConnection::new(Arc::new(config), name)
            .map_err(|error| stop(error.to_string()))?;
        while connection.is_handshaking() {
            connection.complete_io(&mut self.stream).map_err(|error| Stop::at("tls", &error))?;
        }
        Ok(Client { stream: StreamOwned::new(connection, self.stream), buffer: Vec::new() })
    }
}

impl<S: Read + Write> Client<S> {
    fn greeting(&mut self, reply: &mut SmtpReply) -> Result<(), Stop> {
        let answer = self.read("greeting")?;
        reply.greeting = answer.lines.join(" ");
        accept("greeting", &answer, reply)
    }

    fn ehlo(&mut self, reply: &mut SmtpReply) -> Result<(), Stop> {
        // Servers may insist on a full name (RFC 5321, 4.1.1.1).
        let name = facts::full_name(&rustix::system::uname().nodename().to_string_lossy());
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b));
        let name = if plain && !name.is_empty() { name } else { "localhost".to_owned() };
        let answer = self.command("ehlo", &format!("EHLO {name}"), reply)?;
        reply.extensions = answer.lines.into_iter().skip(1).collect();
        Ok(())
    }

    /// Logs in and asks about the envelope, where that is wanted, and says goodbye.
    fn finish(mut self, dialogue: &SmtpDialogue, reply: &mut SmtpReply) -> Result<(), Stop> {
        let asked = self.ask(dialogue, reply);
        // The answer counts, not whether the goodbye was heard.
        let _ =
            self.send("QUIT").and_then(|()| self.read("quit").map_err(|_| Error::other("quit")));
        asked
    }

    fn ask(&mut self, dialogue: &SmtpDialogue, reply: &mut SmtpReply) -> Result<(), Stop> {
        if let Some((login, password)) = &dialogue.auth {
            let plain = BASE64.encode(format!("\0{login}\0{}", password.expose()));
            self.command("auth", &format!("AUTH PLAIN {plain}"), reply)?;
        }
        if let Some((from, to)) = &dialogue.envelope {
            for address in [from, to] {
                if address.contains(['\r', '\n', '<', '>']) {
                    let words = format!("`{}` is no address", address.escape_debug());
                    return Err(Stop { stage: "envelope", code: 0, words, refused: false });
                }
            }
            self.command("envelope", &format!("MAIL FROM:<{from}>"), reply)?;
            self.command("envelope", &format!("RCPT TO:<{to}>"), reply)?;
            self.send("RSET").map_err(|error| Stop::at("envelope", &error))?;
            self.read("envelope")?;
        }
        Ok(())
    }

    fn command(
        &mut self,
        stage: &'static str,
        line: &str,
        reply: &mut SmtpReply,
    ) -> Result<Answer, Stop> {
        self.send(line).map_err(|error| Stop::at(stage, &error))?;
        let answer = self.read(stage)?;
        accept(stage, &answer, reply)?;
        Ok(answer)
    }

    fn send(&mut self, line: &str) -> std::io::Result<()> {
        self.stream.write_all(format!("{line}\r\n").as_bytes())?;
        self.stream.flush()
    }

    /// A reply of one or more lines: `250-TEXT`, at last `250 TEXT`.
    fn read(&mut self, stage: &'static str) -> Result<Answer, Stop> {
        let mut answer = Answer { code: 0, lines: Vec::new() };
        for _ in 0..MOST_LINES {
            let line = self.line().map_err(|error| Stop::at(stage, &error))?;
            let code = line.get(..3).and_then(|digits| digits.parse().ok());
            let Some(code) = code.filter(|code| (200..600).contains(code)) else {
                let words = format!("not SMTP: {}", line.escape_debug());
                return Err(Stop { stage, code: 0, words, refused: false });
            };
            answer.code = code;
            answer.lines.push(line.get(4..).unwrap_or_default().to_owned());
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(answer);
            }
        }
        let words = format!("a reply of more than {MOST_LINES} lines");
        Err(Stop { stage, code: answer.code, words, refused: false })
    }

    fn line(&mut self) -> std::io::Result<String> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            if self.buffer.len() > LONGEST_LINE {
                return Err(Error::other("a reply line without end"));
            }
            let mut chunk = [0; 1024];
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err(Error::from(ErrorKind::UnexpectedEof)),
                Ok(length) => self.buffer.extend(chunk.iter().take(length)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Remembers the reply; anything but a success ends the dialogue.
fn accept(stage: &'static str, answer: &Answer, reply: &mut SmtpReply) -> Result<(), Stop> {
    reply.code = answer.code;
    reply.message = answer.line();
    if (200..300).contains(&answer.code) {
        return Ok(());
    }
    Err(Stop { stage, code: answer.code, words: answer.line(), refused: false })
}

fn offers(reply: &SmtpReply, keyword: &str) -> bool {
    let mut words = reply.extensions.iter().filter_map(|line| line.split(' ').next());
    words.any(|word| word.eq_ignore_ascii_case(keyword))
}

/// A connection whose every read and write ends by the same deadline.
struct Timed {
    stream: TcpStream,
    deadline: Instant,
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.stream.set_read_timeout(Some(left(self.deadline)?))?;
        self.stream.read(buffer)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.stream.set_write_timeout(Some(left(self.deadline)?))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.stream.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Secret;
    use std::io::BufRead;
    use std::net::TcpListener;

    fn to(port: u16) -> SmtpDialogue {
        SmtpDialogue {
            host: "127.0.0.1".into(),
            port,
            tls: SmtpTls::None,
            auth: None,
            envelope: None,
            timeout_ms: 3000,
            ca_file: None,
        }
    }

    /// Greets, then gives each answer to a line; hands back the lines.
    fn server(
        greeting: &'static str,
        answers: Vec<&'static str>,
    ) -> (u16, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = std::io::BufReader::new(stream.try_clone().unwrap()).lines();
            stream.write_all(greeting.as_bytes()).unwrap();
            let mut heard = Vec::new();
            for answer in answers {
                let Some(Ok(line)) = lines.next() else { break };
                heard.push(line);
                stream.write_all(answer.as_bytes()).unwrap();
            }
            heard
        });
        (port, thread)
    }

    const EHLO: &str = "250-mx.example.org\r\n250-PIPELINING\r\n250 STARTTLS\r\n";

    #[test]
    fn a_whole_dialogue() {
        let answers = vec![EHLO, "250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "221 bye\r\n"];
        let (port, heard) = server("220-mx.example.org\r\n220 ESMTP\r\n", answers);
        let mut dialogue = to(port);
        dialogue.envelope = Some(("a@x.test".into(), "b@y.test".into()));
        let reply = hold(&dialogue).unwrap();
        assert!(reply.ok, "{reply:?}");
        assert_eq!(reply.greeting, "mx.example.org ESMTP");
        assert_eq!(reply.extensions, ["PIPELINING", "STARTTLS"]);
        let heard = heard.join().unwrap();
        assert_eq!(heard[1..], ["MAIL FROM:<a@x.test>", "RCPT TO:<b@y.test>", "RSET", "QUIT"]);
    }

    #[test]
    fn each_stage_is_named_when_it_fails() {
        for (greeting, answers, stage, code) in [
            ("554 go away\r\n", vec![], "greeting", 554),
            ("220 hi\r\n", vec!["502 no\r\n"], "ehlo", 502),
            (
                "220 hi\r\n",
                vec![EHLO, "250 ok\r\n", "454 4.7.1 relay denied\r\n", "221\r\n"],
                "envelope",
                454,
            ),
            ("SSH-2.0-OpenSSH\r\n", vec![], "greeting", 0),
            ("", vec![], "greeting", 0),
        ] {
            let (port, heard) = server(greeting, answers);
            let mut dialogue = to(port);
            dialogue.timeout_ms = 500;
            dialogue.envelope = Some(("a@x.test".into(), "b@y.test".into()));
            let reply = hold(&dialogue).unwrap();
            assert_eq!(
                (reply.ok, reply.stage.as_str(), reply.code),
                (false, stage, code),
                "{reply:?}"
            );
            drop(heard);
        }
    }

    #[test]
    fn no_answer_is_an_answer() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let reply = hold(&to(port)).unwrap();
        assert!(reply.refused && reply.stage == "connect" && reply.message == "connection refused");
        let mut dialogue = to(25);
        dialogue.host = "no-such.invalid".into();
        let reply = hold(&dialogue).unwrap();
        assert_eq!((reply.stage.as_str(), reply.refused), ("resolve", false));
    }

    #[test]
    fn a_silent_server_costs_no_more_than_the_time() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut dialogue = to(listener.local_addr().unwrap().port());
        dialogue.timeout_ms = 200;
        let begin = Instant::now();
        let reply = hold(&dialogue).unwrap();
        assert_eq!((reply.stage.as_str(), reply.message.as_str()), ("greeting", "timed out"));
        assert!(begin.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn what_is_asked_for_must_be_there() {
        let (port, _heard) = server("220 hi\r\n", vec!["250 mx\r\n"]);
        let mut dialogue = to(port);
        dialogue.tls = SmtpTls::Starttls;
        let reply = hold(&dialogue).unwrap();
        assert_eq!((reply.stage.as_str(), reply.code), ("starttls", 250));
        dialogue.tls = SmtpTls::None;
        dialogue.auth = Some(("me".into(), Secret::new("pw".into())));
        assert!(hold(&dialogue).is_err());
    }
}
