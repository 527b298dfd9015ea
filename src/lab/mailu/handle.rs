//! Mailu as a test holds it.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::Ipv4Addr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::error::io;
use super::super::requirements::require;
use super::super::server::Server;
use super::super::state::LabState;
use super::files::{Files, read_json, write_json};
use super::front::is_open;
use super::store::{Data, Token};
use super::{Behaviour, Login, NAME, Request, certificates, journal};
use crate::host::local::random;
use crate::lab::{Instance, LabError};

/// How long a change of behaviour may take to be noticed, and a request to be answered.
const PATIENCE: Duration = Duration::from_secs(10);

/// Programs that Mailu is made of, and Debian's packages that hold them.
const TOOLS: [(&str, &str); 3] = [
    ("openssl", "openssl"),
    ("dovecot", "dovecot-core"),
    ("submission-login", "dovecot-submissiond"),
];

/// Succeeds where a Mailu can run; otherwise names the first thing that is missing.
pub(in crate::lab) fn check_requirements() -> Result<(), LabError> {
    require(&TOOLS)
}

/// Makes what must be there before hosts boot: certificates and the API's token.
pub(in crate::lab) fn set_up(instance: &Instance, address: Ipv4Addr) -> Result<(), LabError> {
    let dir = instance.mailu_dir();
    std::fs::create_dir(&dir).map_err(io("create", &dir))?;
    let files = Files::new(&dir);
    certificates::generate(&files, address)?;
    let token = random::hex::<16>().map_err(std::io::Error::other);
    let token = token.map_err(io("make", files.api_token()))?;
    write_secret(&files.api_token(), &token).map_err(io("write", files.api_token()))
}

fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

/// The lab's Mailu, seen by a test.
#[derive(Debug)]
pub struct Mailu<'a> {
    instance: &'a Instance,
    state: &'a LabState,
    address: Ipv4Addr,
    files: Files,
}

/// What the API answered to a request of a test's own.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Where a redirection leads to.
    pub location: Option<String>,
    /// The body; null where it is no JSON.
    pub body: Value,
}

impl<'a> Mailu<'a> {
    pub(in crate::lab) fn new(
        instance: &'a Instance,
        state: &'a LabState,
    ) -> Result<Self, LabError> {
        let address = state.mailu.ok_or_else(|| LabError::NoMailu { lab: instance.to_string() })?;
        Ok(Self { instance, state, address, files: Files::new(&instance.mailu_dir()) })
    }

    /// Its address.
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// Its name in the lab's DNS.
    pub fn name(&self) -> &'static str {
        NAME
    }

    /// Where hosts find it.
    pub fn url(&self) -> String {
        format!("https://{NAME}")
    }

    /// The CA that its good certificate is by; hosts of the lab trust it.
    pub fn ca_file(&self) -> PathBuf {
        self.files.certificate("ca")
    }

    /// A CA by which nothing of the good Mailu verifies.
    pub fn other_ca_file(&self) -> PathBuf {
        self.files.certificate("other-ca")
    }

    /// The API's token.
    pub fn api_token(&self) -> Result<String, LabError> {
        let path = self.api_token_file();
        std::fs::read_to_string(&path).map_err(io("read", path))
    }

    /// The file that holds the API's token.
    pub fn api_token_file(&self) -> PathBuf {
        self.files.api_token()
    }

    /// Starts it; what it knew, it still knows. Returns when it serves.
    pub fn start(&self) -> Result<(), LabError> {
        let open = self.behaviour()?.ports;
        let answers = || open.iter().all(|port| is_open(self.address, *port));
        if self.is_running() {
            if answers() {
                return Ok(());
            }
            // Some of it died: what is left of it holds ports and files.
            self.stop()?;
        }
        let binary = self.state.binary.to_string_lossy();
        let [address, mx] = [self.address, self.state.mx].map(|address| address.to_string());
        let dir = self.files.dir().to_string_lossy();
        self.server().start(&[&binary, "lab", "serve-mailu", &address, &mx, &dir], answers)
    }

    /// Stops it: all its ports refuse connections from now on.
    pub fn stop(&self) -> Result<(), LabError> {
        self.server().stop()
    }

    /// Whether it is running.
    pub fn is_running(&self) -> bool {
        self.server().is_running()
    }

    /// How it behaves.
    pub fn behaviour(&self) -> Result<Behaviour, LabError> {
        let path = self.files.behaviour();
        read_json(&path).map_err(io("read", path))
    }

    /// Makes it behave so from now on; ports have opened and closed when this returns.
    pub fn behave(&self, behaviour: &Behaviour) -> Result<(), LabError> {
        let path = self.files.behaviour();
        write_json(&path, behaviour).map_err(io("write", &path))?;
        let start = Instant::now();
        let as_told = |port: &u16| is_open(self.address, *port) == behaviour.ports.contains(port);
        while self.is_running() && !Behaviour::PORTS.iter().all(as_told) {
            if start.elapsed() > PATIENCE {
                let late = std::io::ErrorKind::TimedOut.into();
                return Err(io("see Mailu follow", path)(late));
            }
            sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Forgets the bad API tokens that it has counted.
    pub fn forgive(&self) -> Result<(), LabError> {
        let path = self.files.limiter();
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(io("remove", path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Every HTTP request since the lab is up, oldest first.
    pub fn requests(&self) -> Result<Vec<Request>, LabError> {
        let path = self.files.requests();
        journal::entries(&path).map_err(io("read", path))
    }

    /// Every login since the lab is up, oldest first.
    pub fn logins(&self) -> Result<Vec<Login>, LabError> {
        let path = self.files.logins();
        journal::entries(&path).map_err(io("read", path))
    }

    /// Every token that there is, without its secret.
    pub fn tokens(&self) -> Result<Vec<Token>, LabError> {
        let path = self.files.store();
        read_json::<Data>(&path).map(|data| data.tokens).map_err(io("read", path))
    }

    /// Sends a request to the API below `/api/v1/` from this machine, over TLS that is verified by
    /// the lab's CA, with the API's token. Redirections are not followed.
    pub fn api(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Reply, LabError> {
        let token = format!("Bearer {}", self.api_token()?);
        let kind = "application/json";
        let headers = [("authorization", token.as_str()), ("content-type", kind)];
        let body = body.map(Value::to_string).unwrap_or_default();
        self.request(method, &format!("/api/v1/{path}"), &headers, &body)
    }

    /// As `api`, to any path and with these headers and no other.
    pub fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Reply, LabError> {
        let url = format!("https://{}{path}", self.address);
        let send = || -> Result<Reply, Box<dyn std::error::Error>> {
            let pem = std::fs::read(self.ca_file())?;
            let root = ureq::tls::Certificate::from_pem(&pem)?;
            let tls = ureq::tls::TlsConfig::builder()
                .unversioned_rustls_crypto_provider(std::sync::Arc::new(
                    rustls::crypto::ring::default_provider(),
                ))
                .root_certs([root].into_iter().into())
                .build();
            let config = ureq::Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .allow_non_standard_methods(true)
                .timeout_global(Some(PATIENCE))
                .proxy(None)
                .tls_config(tls)
                .build();
            let mut request = ureq::http::Request::builder().method(method).uri(&url);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let agent = config.new_agent();
            let mut response = if body.is_empty() {
                agent.run(request.body(())?)?
            } else {
                agent.run(request.body(body)?)?
            };
            let location = response.headers().get("location");
            let location = location.and_then(|value| value.to_str().ok()).map(str::to_owned);
            let text = response.body_mut().read_to_string()?;
            let body = serde_json::from_str(&text).unwrap_or(Value::Null);
            Ok(Reply { status: response.status().as_u16(), location, body })
        };
        send().map_err(|error| io("ask", &url)(std::io::Error::other(error.to_string())))
    }

    /// Makes sure of the address's domain and user, and makes a token; returns its secret.
    pub fn mint(&self, email: &str, comment: &str, nets: &[&str]) -> Result<String, LabError> {
        let domain = email.rsplit('@').next().unwrap_or_default();
        self.api("POST", "domain", Some(&json!({ "name": domain })))?;
        self.api("POST", "user", Some(&json!({ "email": email, "raw_password": "unused" })))?;
        let body = json!({ "email": email, "comment": comment, "AuthorizedIP": nets });
        let reply = self.api("POST", "token", Some(&body))?;
        let secret = reply.body.get("token").and_then(Value::as_str).map(str::to_owned);
        secret.ok_or_else(|| {
            let words = format!("no token but {} {}", reply.status, reply.body);
            io("mint at", self.url())(std::io::Error::other(words))
        })
    }

    fn server(&self) -> Server<'_> {
        Server { instance: self.instance, member: "mail", title: "Mailu" }
    }
}
