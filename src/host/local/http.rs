//! HTTP requests (RFC 9110). That nobody answers is an answer; so is any status.

use super::super::{HostError, HttpReply, HttpRequest};
use super::{resolve, trust};
use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use ureq::config::Config;
use ureq::http;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

/// The most of a body that is kept.
const BODY_LIMIT: u64 = 1 << 20;
/// Headers that show who asks: never sent but over verified TLS or to this host itself, and never
/// sent on by a redirect.
const CREDENTIALS: [&str; 6] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-api-key",
    "x-auth-token",
    "private-token",
];

/// Sends a request; the reply, or in words why there is none.
///
/// # Errors
/// If the request cannot be made: a URL that is none, a certificate file that cannot be read,
/// credentials that would go unprotected.
pub(super) fn exchange(request: &HttpRequest) -> Result<Result<HttpReply, String>, HostError> {
    let uri: http::Uri = request.url.parse().map_err(|_| not_a_url(&request.url))?;
    let credentials = has_credentials(request);
    if uri.host().is_none() || !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(not_a_url(&request.url));
    }
    if credentials && !is_protected(&uri, request) {
        return Err(HostError::Failed {
            message: format!("refusing to send credentials to {}", shown(&uri)),
            notes: vec!["they are sent over verified TLS only, or to the host itself".to_owned()],
            help: Some("use https://, and ca_file for a certificate of your own".to_owned()),
        });
    }
    let mut config = Config::builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_millis(request.timeout_ms.max(1))))
        .max_redirects(if credentials { 0 } else { request.redirects })
        .max_redirects_will_error(false)
        .allow_non_standard_methods(true)
        .proxy(None)
        .user_agent(concat!("converge/", env!("CARGO_PKG_VERSION")));
    if uri.scheme_str() == Some("https") || request.redirects > 0 {
        config = config.tls_config(tls(request)?);
    }
    let agent = ureq::Agent::with_parts(config.build(), DefaultConnector::default(), HostResolver);
    let mut builder = http::Request::builder().method(request.method.as_str()).uri(uri);
    for (name, value) in &request.headers {
        builder = builder.header(name, value.expose());
    }
    let invalid = |error: http::Error| HostError::failed(format!("not an HTTP request: {error}"));
    let sent = match &request.body {
        Some(body) => agent.run(builder.body(body.expose().as_str()).map_err(invalid)?),
        None => agent.run(builder.body(()).map_err(invalid)?),
    };
    Ok(match sent {
        Ok(response) => reply(response),
        Err(error) => Err(words(&error)),
    })
}

fn not_a_url(url: &str) -> HostError {
    let shown = url.split(['?', '@']).next().unwrap_or_default().escape_debug();
    HostError::failed(format!("`{shown}` is no http:// or https:// URL"))
}

/// Without what could be secret in it.
fn shown(uri: &http::Uri) -> String {
    format!("{}://{}", uri.scheme_str().unwrap_or_default(), uri.host().unwrap_or_default())
}

fn has_credentials(request: &HttpRequest) -> bool {
    let mut names = request.headers.iter().map(|(name, _)| name.to_ascii_lowercase());
    let authority = request.url.split('/').nth(2).unwrap_or_default();
    authority.contains('@') || names.any(|name| CREDENTIALS.contains(&name.as_str()))
}

fn is_protected(uri: &http::Uri, request: &HttpRequest) -> bool {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let address = host.parse::<std::net::IpAddr>();
    let own = address.is_ok_and(|address| address.is_loopback()) || host == "localhost";
    own || (uri.scheme_str() == Some("https") && request.verify)
}

fn tls(request: &HttpRequest) -> Result<TlsConfig, HostError> {
    let roots = match trust::certificates(request.ca_file.as_deref())? {
        Some(found) => found.iter().map(|der| Certificate::from_der(der).to_owned()).into(),
        None => RootCerts::WebPki,
    };
    Ok(TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(roots)
        .disable_verification(!request.verify)
        .build())
}

fn reply(response: http::Response<ureq::Body>) -> Result<HttpReply, String> {
    let (parts, mut body) = response.into_parts();
    let mut bytes = Vec::new();
    body.as_reader()
        .take(BODY_LIMIT)
        .read_to_end(&mut bytes)
        .map_err(|error| words(&ureq::Error::from(error)))?;
    let headers = parts.headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    Ok(HttpReply {
        status: parts.status.as_u16(),
        headers: headers.collect(),
        body: String::from_utf8_lossy(&bytes).into_owned(),
    })
}

/// Why there is no reply.
fn words(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "timed out".to_owned(),
        ureq::Error::Io(error) => super::connect::words(error),
        other => other.to_string(),
    }
}

/// Names are resolved as the host itself resolves them.
#[derive(Debug)]
struct HostResolver;

impl Resolver for HostResolver {
    fn resolve(
        &self,
        uri: &http::Uri,
        _config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().ok_or(ureq::Error::HostNotFound)?;
        let port =
            uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        let found = resolve::addresses(host, *timeout.after)
            .map_err(|words| ureq::Error::Io(std::io::Error::other(words)))?;
        let mut resolved = self.empty();
        // As many as the array holds.
        for address in found.into_iter().take(16) {
            resolved.push(SocketAddr::new(address, port));
        }
        Ok(resolved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Secret;
    use std::io::Write;
    use std::net::TcpListener;

    fn get(url: &str) -> HttpRequest {
        HttpRequest {
            method: "GET".into(),
            url: url.into(),
            headers: vec![],
            body: None,
            timeout_ms: 3000,
            redirects: 0,
            ca_file: None,
            verify: true,
            expect: vec![],
            changes: vec![],
        }
    }

    /// Answers each connection with the next text, and hands back what it was asked.
    fn server(answers: Vec<&'static str>) -> (u16, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = std::thread::spawn(move || {
            let mut asked = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = String::new();
                while !is_whole(&request) {
                    let mut buffer = [0; 4096];
                    let length = stream.read(&mut buffer).unwrap();
                    request.push_str(&String::from_utf8_lossy(&buffer[..length]));
                }
                asked.push(request);
                stream.write_all(answer.as_bytes()).unwrap();
            }
            asked
        });
        (port, thread)
    }

    fn is_whole(request: &str) -> bool {
        let Some((head, body)) = request.split_once("\r\n\r\n") else { return false };
        let head = head.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        length.is_none_or(|length| body.len() >= length.parse().unwrap())
    }

    const OK: &str =
        "HTTP/1.1 200 OK\r\nX-One: Two\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
    const MOVED: &str =
        "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

    #[test]
    fn any_status_is_an_answer() {
        let (port, asked) =
            server(vec![OK, "HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"]);
        let url = format!("http://127.0.0.1:{port}/x");
        let reply = exchange(&get(&url)).unwrap().unwrap();
        assert_eq!((reply.status, reply.body.as_str()), (200, "hello"));
        assert!(reply.headers.contains(&("x-one".into(), "Two".into())));
        assert_eq!(exchange(&get(&url)).unwrap().unwrap().status, 503);
        assert!(asked.join().unwrap()[0].starts_with("GET /x HTTP/1.1\r\n"));
    }

    #[test]
    fn redirects_are_followed_as_told_and_never_with_credentials() {
        let (port, asked) = server(vec![MOVED, MOVED, OK, MOVED]);
        let mut request = get(&format!("http://127.0.0.1:{port}/"));
        assert_eq!(exchange(&request).unwrap().unwrap().status, 302);
        request.redirects = 3;
        assert_eq!(exchange(&request).unwrap().unwrap().status, 200);
        request.headers.push(("Authorization".into(), Secret::new("Bearer x".into())));
        assert_eq!(exchange(&request).unwrap().unwrap().status, 302);
        assert_eq!(asked.join().unwrap().len(), 4);
    }

    #[test]
    fn a_body_is_sent_whatever_the_method() {
        let (port, asked) = server(vec![OK]);
        let mut request = get(&format!("http://localhost:{port}/domain"));
        request.method = "POST".into();
        request.body = Some(Secret::new("{\"name\":\"x\"}".into()));
        assert_eq!(exchange(&request).unwrap().unwrap().status, 200);
        assert!(asked.join().unwrap()[0].ends_with("{\"name\":\"x\"}"));
    }

    #[test]
    fn silence_is_told_in_words() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let refused = exchange(&get(&format!("http://127.0.0.1:{port}/"))).unwrap();
        assert_eq!(refused.unwrap_err(), "connection refused");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut request = get(&format!("http://{}/", listener.local_addr().unwrap()));
        request.timeout_ms = 200;
        assert_eq!(exchange(&request).unwrap().unwrap_err(), "timed out");
        let unknown = exchange(&get("http://no-such.invalid/")).unwrap().unwrap_err();
        assert_eq!(unknown, "there is no host no-such.invalid");
    }

    #[test]
    fn credentials_need_verified_tls() {
        let authorization = ("Authorization".to_owned(), Secret::new("Bearer x".to_owned()));
        for (url, verify, refused) in [
            ("http://mail.example.org/", true, true),
            ("https://mail.example.org/", false, true),
            ("http://user:pw@mail.example.org/", true, true),
        ] {
            let mut request = get(url);
            request.verify = verify;
            request.headers.push(authorization.clone());
            assert_eq!(exchange(&request).is_err(), refused, "{url}");
        }
        assert!(exchange(&get("ftp://example.org/")).is_err());
    }
}
