//! Ports that open and close as a test wants it, and Mailu's front of submission: a tunnel to
//! Dovecot that says whose connection it is.

use std::io::{ErrorKind, Result, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use super::behaviour::Behaviour;
use super::dovecot;
use super::files::{Files, read_json};

/// How soon a change of behaviour is noticed.
const TICK: Duration = Duration::from_millis(10);

/// Serves a port for as long as the behaviour has it open, one thread per connection.
pub(super) fn serve_port(
    address: SocketAddr,
    files: &Files,
    converse: impl Fn(TcpStream) -> Result<()> + Send + Sync + 'static,
) -> Result<()> {
    let converse = Arc::new(converse);
    let mut listener: Option<TcpListener> = None;
    loop {
        let behaviour: Behaviour = read_json(&files.behaviour())?;
        if !behaviour.ports.contains(&address.port()) {
            listener = None;
            sleep(TICK);
            continue;
        }
        let open = match listener.take() {
            Some(open) => open,
            None => {
                let open = TcpListener::bind(address)?;
                open.set_nonblocking(true)?;
                open
            }
        };
        match open.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false)?;
                let converse = Arc::clone(&converse);
                // A client that goes away in the middle is none of the other clients' business.
                std::thread::spawn(move || converse(stream));
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => sleep(TICK),
            // The connection was gone before it was accepted (accept(2)).
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            Err(error) => return Err(error),
        }
        listener = Some(open);
    }
}

/// Joins a client to Dovecot, behind a line of the PROXY protocol, version 1. Dovecot chooses its
/// certificate by the address that this line says the client connected to.
pub(super) fn tunnel(client: &TcpStream, port: u16, files: &Files) -> Result<()> {
    let behaviour: Behaviour = read_json(&files.behaviour())?;
    sleep(Duration::from_millis(behaviour.delay_ms));
    let loopback = behaviour.certificate.loopback();
    let mut server = TcpStream::connect((loopback, dovecot::port_behind(port)))?;
    let peer = client.peer_addr()?;
    let line = format!("PROXY TCP4 {} {loopback} {} {port}\r\n", peer.ip(), peer.port());
    server.write_all(line.as_bytes())?;
    let (mut client_in, mut server_out) = (client.try_clone()?, server.try_clone()?);
    let up = std::thread::spawn(move || {
        let _ = std::io::copy(&mut client_in, &mut server_out);
        server_out.shutdown(Shutdown::Write)
    });
    let _ = std::io::copy(&mut server, &mut &*client);
    // Dovecot has ended the conversation: nothing the client may still say has a hearer.
    let _ = client.shutdown(Shutdown::Both);
    let _ = up.join();
    Ok(())
}

/// Whether something listens there.
pub(super) fn is_open(address: Ipv4Addr, port: u16) -> bool {
    let address = SocketAddr::from((address, port));
    TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok()
}
