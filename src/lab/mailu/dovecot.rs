//! A real Dovecot, with its own configuration and nothing of the machine's own one.

use std::io::{Error, Result};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::text::quote;

use super::behaviour::Certificate;
use super::files::Files;
use super::{NAME, relay};

const PATIENCE: Duration = Duration::from_secs(8);

/// Where Dovecot listens for what comes in by this port.
pub(super) fn port_behind(port: u16) -> u16 {
    10_000 + port
}

/// Starts Dovecot and returns when it serves.
pub(super) fn start(files: &Files, binary: &Path) -> Result<Child> {
    // A Dovecot that was killed leaves a pid that may be another process's by now.
    let run = files.dovecot("run");
    let _ = std::fs::remove_dir_all(&run);
    for folder in [&run, &files.dovecot("home")] {
        std::fs::create_dir_all(folder)?;
    }
    // What it does with mail it does as this user, and there is none to be kept.
    std::os::unix::fs::chown(files.dovecot("home"), Some(NOBODY), Some(NOBODY))?;
    std::fs::set_permissions(files.dir(), PermissionsExt::from_mode(0o711))?;
    let script = files.dovecot("checkpassword");
    std::fs::write(&script, checkpassword(files, binary))?;
    let path = files.dovecot("dovecot.conf");
    std::fs::write(&path, config(files))?;
    let mut child = Command::new("dovecot").arg("-F").arg("-c").arg(&path).spawn()?;
    let start = Instant::now();
    let serves = || TcpStream::connect((Certificate::Good.loopback(), port_behind(587))).is_ok();
    while !serves() {
        if start.elapsed() > PATIENCE {
            return Err(Error::other("dovecot does not serve"));
        }
        if let Some(status) = child.try_wait()? {
            return Err(Error::other(format!("dovecot ended: {status}")));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(child)
}

const NOBODY: u32 = 65534;

/// Login and password come in by descriptor 3, the answer goes out by 4 (checkpassword's interface,
/// as Dovecot's `passdb` of that name uses it).
fn checkpassword(files: &Files, binary: &Path) -> String {
    let words = [binary.to_path_buf(), files.login_socket()];
    let [binary, socket] = words.map(|path| quote(&path.to_string_lossy()).into_owned());
    format!("exec {binary} lab check-login {socket} \"$TCPREMOTEIP\" \"$@\" <&3\n")
}

/// Only submission, each certificate on a loopback address of its own. Nothing is delayed for
/// earlier failures, so that a test's tries do not slow down the next.
fn config(files: &Files) -> String {
    let path = |name: &str| files.dovecot(name).display().to_string();
    let good = Certificate::Good.name();
    let loopbacks = Certificate::ALL.map(|certificate| certificate.loopback().to_string());
    let mut text = format!(
        "protocols = submission\n\
         base_dir = {run}\nstate_dir = {run}\nlog_path = /dev/stderr\ninstance_name = lab\n\
         hostname = {NAME}\nssl = required\n\
         ssl_cert = <{cert}\nssl_key = <{key}\n\
         auth_mechanisms = plain login\nauth_failure_delay = 0\ndisable_plaintext_auth = yes\n\
         first_valid_uid = 1\nmail_max_userip_connections = 0\n\
         mail_location = maildir:{home}/%u\n\
         passdb {{\n  driver = checkpassword\n  args = /bin/sh {script}\n}}\n\
         userdb {{\n  driver = static\n  args = uid={NOBODY} gid={NOBODY} home={home}/%u\n}}\n\
         service auth {{\n  user = root\n}}\n\
         service anvil {{\n  unix_listener anvil-auth-penalty {{\n    mode = 0\n  }}\n}}\n\
         haproxy_trusted_networks = 127.0.0.0/8\n\
         submission_relay_host = {relay_host}\nsubmission_relay_port = {relay_port}\n\
         submission_relay_trusted = yes\n",
        run = path("run"),
        home = path("home"),
        script = path("checkpassword"),
        cert = files.certificate(good).display(),
        key = files.key(good).display(),
        relay_host = Ipv4Addr::LOCALHOST,
        relay_port = relay::PORT,
    );
    text.push_str("service submission-login {\n");
    for (name, port, ssl) in [("submission", 587, "no"), ("submissions", 465, "yes")] {
        text.push_str(&format!(
            "  inet_listener {name} {{\n    address = {}\n    port = {}\n    ssl = {ssl}\n    \
             haproxy = yes\n  }}\n",
            loopbacks.join(" "),
            port_behind(port),
        ));
    }
    text.push_str("}\n");
    for certificate in [Certificate::UnknownIssuer, Certificate::OtherName] {
        let (address, name) = (certificate.loopback(), certificate.name());
        let (cert, key) = (files.certificate(name), files.key(name));
        text.push_str(&format!(
            "local {address} {{\n  ssl_cert = <{}\n  ssl_key = <{}\n}}\n",
            cert.display(),
            key.display()
        ));
    }
    text
}
