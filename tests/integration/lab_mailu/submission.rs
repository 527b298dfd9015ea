//! A client of submission: by hand, so that every reply can be looked at.

use crate::patience::PATIENCE;
use converge::lab::{Mailu, on_this_machine};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// A connection that has been greeted.
pub(crate) struct Submission {
    stream: BufReader<Box<dyn Stream>>,
    pub(crate) greeting: String,
}

impl Submission {
    /// Port 465: TLS from the first byte, verified by this CA.
    pub(crate) fn implicit(mailu: &Mailu<'_>, ca: &Path) -> Result<Self> {
        let stream = encrypted(connect(mailu, 465)?, ca)?;
        Self::greeted(Box::new(stream))
    }

    /// Port 587: in the clear up to STARTTLS.
    pub(crate) fn starttls(mailu: &Mailu<'_>, ca: &Path) -> Result<Self> {
        let stream = connect(mailu, 587)?;
        let mut clear = Self::greeted(Box::new(stream.try_clone()?))?;
        assert!(clear.say("EHLO test").contains("STARTTLS"));
        assert_eq!(code(&clear.say("STARTTLS")), 220);
        let greeting = clear.greeting;
        let stream = BufReader::new(Box::new(encrypted(stream, ca)?) as Box<dyn Stream>);
        let mut own = Self { stream, greeting };
        own.say("EHLO test");
        Ok(own)
    }

    /// Port 587 and nothing of TLS.
    pub(crate) fn clear(mailu: &Mailu<'_>) -> Result<Self> {
        Self::greeted(Box::new(connect(mailu, 587)?))
    }

    fn greeted(stream: Box<dyn Stream>) -> Result<Self> {
        let mut own = Self { stream: BufReader::new(stream), greeting: String::new() };
        own.greeting = own.reply()?;
        if own.greeting.starts_with("220") {
            own.say("EHLO test");
        }
        Ok(own)
    }

    /// The reply to a command, all its lines; what went wrong, where none came.
    pub(crate) fn say(&mut self, command: &str) -> String {
        let said = self.stream.get_mut().write_all(format!("{command}\r\n").as_bytes());
        let flushed = said.and_then(|()| self.stream.get_mut().flush());
        flushed.and_then(|()| self.reply()).unwrap_or_else(|error| error.to_string())
    }

    pub(crate) fn plain(&mut self, login: &str, token: &str) -> String {
        self.say(&format!("AUTH PLAIN {}", base64(&format!("\0{login}\0{token}"))))
    }

    pub(crate) fn login(&mut self, login: &str, token: &str) -> String {
        assert_eq!(self.say("AUTH LOGIN"), "334 VXNlcm5hbWU6");
        assert_eq!(self.say(&base64(login)), "334 UGFzc3dvcmQ6");
        self.say(&base64(token))
    }

    /// The last reply that counts of a message's whole way.
    pub(crate) fn send(&mut self, from: &str, to: &str, message: &str) -> String {
        for command in [format!("MAIL FROM:<{from}>"), format!("RCPT TO:<{to}>"), "DATA".into()] {
            let reply = self.say(&command);
            if code(&reply) >= 400 {
                return reply;
            }
        }
        self.say(&format!("{message}\r\n."))
    }

    fn reply(&mut self) -> Result<String> {
        let mut text = String::new();
        loop {
            let start = text.len();
            if self.stream.read_line(&mut text)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            if text.as_bytes().get(start + 3) != Some(&b'-') {
                return Ok(text.trim_end().replace("\r\n", "\n"));
            }
        }
    }
}

pub(crate) fn code(reply: &str) -> u16 {
    reply.get(..3).and_then(|code| code.parse().ok()).unwrap_or_default()
}

fn connect(mailu: &Mailu<'_>, port: u16) -> Result<TcpStream> {
    let stream = TcpStream::connect((mailu.address(), port))?;
    stream.set_read_timeout(Some(on_this_machine(PATIENCE)))?;
    Ok(stream)
}

/// The handshake is done when it returns: a certificate that does not verify is an error here.
fn encrypted(mut stream: TcpStream, ca: &Path) -> Result<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("mail.lab.test").unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
    while connection.is_handshaking() {
        connection.complete_io(&mut stream)?;
    }
    Ok(StreamOwned::new(connection, stream))
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}
