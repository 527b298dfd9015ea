//! The instance's DNS: dnsmasq, which knows the hosts and where mail for the test domains goes.

use std::fmt::Write;
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::time::Duration;

use super::error::io;
use super::server::Server;
use super::state::{DOMAIN, LabState};
use super::{Instance, LabError};

/// Domains whose mail goes to the lab's MX.
#[cfg(feature = "lab-fixtures")]
const MAIL_DOMAINS: [&str; 2] = [DOMAIN, "example.test"];

/// Starts the server in its namespace.
pub(super) fn start(state: &LabState, instance: &Instance) -> Result<(), LabError> {
    let path = config_path(instance);
    std::fs::write(&path, config(state)).map_err(io("write", &path))?;
    let file = format!("--conf-file={}", path.display());
    let address = SocketAddr::from((state.dns, 53));
    let server = Server { instance, member: "dns", title: "DNS" };
    server.start(&["dnsmasq", "--keep-in-foreground", &file], || answers(address))
}

fn config_path(instance: &Instance) -> PathBuf {
    instance.run_dir().join("dnsmasq.conf")
}

/// dnsmasq(8). The `.test` names are all its own; it has nobody to ask for others.
fn config(state: &LabState) -> String {
    let mut text = String::from(
        "user=root\npid-file=\nno-resolv\nno-hosts\nlocal=/test/\nlocal=/in-addr.arpa/\n\
         log-facility=-\n",
    );
    let _ = writeln!(text, "host-record=dns.{DOMAIN},{}", state.dns);
    for host in &state.hosts {
        let _ = writeln!(text, "host-record={},{}", host.fqdn(), host.address);
    }
    #[cfg(feature = "lab-fixtures")]
    mail_servers(state, &mut text);
    text
}

#[cfg(feature = "lab-fixtures")]
fn mail_servers(state: &LabState, text: &mut String) {
    let _ = writeln!(text, "host-record=mx.{DOMAIN},{}", state.mx);
    for domain in MAIL_DOMAINS {
        let _ = writeln!(text, "mx-host={domain},mx.{DOMAIN},10");
    }
    if let Some(address) = state.mailu {
        let _ = writeln!(text, "host-record={},{address}", super::mailu::NAME);
    }
}

/// Asks for the address of the root; any answer will do (RFC 1035, 4.1).
fn answers(server: SocketAddr) -> bool {
    const QUERY: [u8; 17] = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1];
    let ask = || {
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        socket.set_read_timeout(Some(Duration::from_millis(50)))?;
        socket.connect(server)?;
        socket.send(&QUERY)?;
        socket.recv(&mut [0; 512])
    };
    ask().is_ok()
}
