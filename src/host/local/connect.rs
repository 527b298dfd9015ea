//! TCP connections, and why there is none, in words.

use super::resolve;
use std::io::{Error, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Connects to the first address of a host that answers.
///
/// # Errors
/// `Resolve` if the name has no address; else the last address's error.
pub(super) fn connect(host: &str, port: u16, deadline: Instant) -> Result<TcpStream, Unreached> {
    let limit = left(deadline).map_err(Unreached::Connect)?;
    let addresses = resolve::addresses(host, limit).map_err(Unreached::Resolve)?;
    let mut last = Error::from(ErrorKind::TimedOut);
    for address in addresses {
        let left = left(deadline).map_err(Unreached::Connect)?;
        match TcpStream::connect_timeout(&SocketAddr::new(address, port), left) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(Unreached::Connect(last))
}

/// How far it came.
#[derive(Debug)]
pub(super) enum Unreached {
    /// The name has no address.
    Resolve(String),
    /// No address answered.
    Connect(Error),
}

/// The time that is left, never zero.
///
/// # Errors
/// `TimedOut` if there is none.
pub(super) fn left(deadline: Instant) -> Result<Duration, Error> {
    match deadline.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(Error::from(ErrorKind::TimedOut)),
        left => Ok(left),
    }
}

/// An error of a connection as people say it.
pub(super) fn words(error: &Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        ErrorKind::TimedOut | ErrorKind::WouldBlock => "timed out".to_owned(),
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => "connection reset".to_owned(),
        ErrorKind::UnexpectedEof => "the server closed the connection".to_owned(),
        ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable => "no route".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_owned()
        }
    }
}
