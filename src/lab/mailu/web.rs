//! Mailu's web front on 80 and 443: health, pages, and the API behind it.

use std::io::{Error, Read, Result, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::NAME;
use super::api::Api;
use super::behaviour::{Answer, Behaviour, Certificate};
use super::files::{Files, read_json};
use super::http::{HttpRequest, Response};
use super::journal::{self, Request};

const PATIENCE: Duration = Duration::from_secs(60);

/// Where people log in; what an API that is off sends its clients to.
const LOGIN: &str = "/sso/login";

#[derive(Debug)]
pub(super) struct Web {
    files: Files,
    api: Api,
    tls: Vec<Arc<ServerConfig>>,
}

impl Web {
    pub(super) fn new(files: Files, api: Api) -> Result<Self> {
        let tls = Certificate::ALL.map(|certificate| tls(&files, certificate));
        let tls = tls.into_iter().collect::<Result<_>>()?;
        Ok(Self { files, api, tls })
    }

    pub(super) fn api(&self) -> &Api {
        &self.api
    }

    /// Answers the one request of a connection.
    pub(super) fn converse(&self, stream: TcpStream, port: u16) -> Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        if port == 80 {
            return self.exchange(stream.try_clone()?, &stream, port);
        }
        let certificate = read_json::<Behaviour>(&self.files.behaviour())?.certificate;
        let config = self.tls.get(certificate as usize).ok_or_else(|| Error::other("no TLS"))?;
        let connection = ServerConnection::new(Arc::clone(config)).map_err(Error::other)?;
        let mut stream = StreamOwned::new(connection, stream);
        let peer = stream.sock.try_clone()?;
        self.exchange(&mut stream, &peer, port)?;
        stream.conn.send_close_notify();
        stream.flush()
    }

    fn exchange(&self, mut stream: impl Read + Write, peer: &TcpStream, port: u16) -> Result<()> {
        let Some(request) = HttpRequest::read(&mut stream)? else { return Ok(()) };
        let behaviour: Behaviour = read_json(&self.files.behaviour())?;
        std::thread::sleep(Duration::from_millis(behaviour.delay_ms));
        let client = peer.peer_addr()?.ip().to_canonical();
        let path = request.path();
        let is_api = path == "/api" || path.starts_with("/api/");
        let response = match if is_api { &behaviour.api } else { &behaviour.pages } {
            Answer::Status(status) if is_api => Response::message(*status, "as a test asked for"),
            Answer::Status(status) => Response::page(*status),
            Answer::Redirect(location) => Response::redirect(302, location.as_str()),
            // As with Mailu's certificates: plain HTTP only says where HTTPS is.
            Answer::Serve if port == 80 && path != "/health" => {
                Response::redirect(301, format!("https://{NAME}{}", request.target))
            }
            Answer::Serve if is_api => self.api.answer(&request, client)?,
            Answer::Serve => match path {
                "/health" => Response::page(204),
                LOGIN => Response::page(200),
                _ => Response::redirect(302, LOGIN),
            },
        };
        let entry = Request {
            port,
            peer: client.to_string(),
            method: request.method.clone(),
            path: request.target.clone(),
            authorized: request.header("authorization").is_some(),
            status: response.status,
        };
        journal::append(&self.files.requests(), &entry)?;
        response.write(stream, request.method == "HEAD")
    }
}

fn tls(files: &Files, certificate: Certificate) -> Result<Arc<ServerConfig>> {
    let name = certificate.name();
    let chain = CertificateDer::from_pem_file(files.certificate(name)).map_err(Error::other)?;
    let key = PrivateKeyDer::from_pem_file(files.key(name)).map_err(Error::other)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![chain], key))
        .map_err(Error::other)?;
    Ok(Arc::new(config))
}
