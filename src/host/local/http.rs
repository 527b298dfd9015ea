//! HTTP requests (RFC 9110). That nobody answers is an answer; so is any status.

use super::super::{HostError, HttpReply, HttpRequest};
use super::{connect, resolve, tls};
use reqwest::blocking::{Client, Response};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use reqwest::{Method, Url};
use std::error::Error;
use std::io::{self, Read};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

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
pub(crate) fn exchange(request: &HttpRequest) -> Result<Result<HttpReply, String>, HostError> {
    let url = url(&request.url)?;
    let credentials = has_credentials(&url, request);
    if credentials && !is_protected(&url, request) {
        return Err(HostError::Failed {
            message: format!("refusing to send credentials to {}", shown(&url)),
            notes: vec!["they are sent over verified TLS only, or to the host itself".to_owned()],
            help: Some("use https://, and ca_file for a certificate of your own".to_owned()),
        });
    }
    let redirects = if credentials { 0 } else { request.redirects };
    let limit = Duration::from_millis(request.timeout_ms.max(1));
    let client = Client::builder()
        .tls_backend_preconfigured(match url.scheme() {
            "http" if redirects == 0 => tls::trusting_nobody()?,
            _ if !request.verify => tls::trusting_everybody()?,
            _ => tls::trusting(request.ca_file.as_deref())?,
        })
        .dns_resolver(Arc::new(HostResolver { deadline: Instant::now() + limit }))
        .redirect(following(redirects as usize))
        .referer(false)
        .retry(reqwest::retry::never())
        .no_proxy()
        .user_agent(concat!("converge/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(invalid)?;
    let method = Method::from_bytes(request.method.as_bytes());
    let method = method.map_err(|error| HostError::failed(format!("not a method: {error}")))?;
    // Of the request, not of the client: that would be a limit for each piece of the body.
    let mut builder = client.request(method, url).timeout(limit);
    for (name, value) in &request.headers {
        let value = HeaderValue::from_str(value.expose());
        let value =
            value.map_err(|error| HostError::failed(format!("header `{name}`: {error}")))?;
        builder = builder.header(name, value);
    }
    if let Some(body) = &request.body {
        builder = builder.body(body.expose().clone());
    }
    let sent = client.execute(builder.build().map_err(invalid)?);
    Ok(sent.map_err(|error| words(&error)).and_then(reply))
}

/// What a parser for browsers would mend (`http:\\x`, blanks) is no URL here: what was checked is
/// what is asked.
fn url(text: &str) -> Result<Url, HostError> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    match Url::parse(text) {
        Ok(url)
            if is_plain
                && matches!(url.scheme(), "http" | "https")
                && !rest.is_empty()
                && !rest.starts_with('/') =>
        {
            Ok(url)
        }
        _ => Err(not_a_url(text)),
    }
}

fn not_a_url(text: &str) -> HostError {
    let shown = text.split('?').next().unwrap_or_default();
    let shown = shown.rsplit('@').next().unwrap_or_default().escape_debug();
    HostError::failed(format!("`{shown}` is no http:// or https:// URL"))
}

fn invalid(error: reqwest::Error) -> HostError {
    HostError::failed(format!("not an HTTP request: {}", words(&error)))
}

/// Without what could be secret in it.
fn shown(url: &Url) -> String {
    format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default())
}

fn has_credentials(url: &Url, request: &HttpRequest) -> bool {
    let mut names = request.headers.iter().map(|(name, _)| name.to_ascii_lowercase());
    !url.username().is_empty()
        || url.password().is_some()
        || names.any(|name| CREDENTIALS.contains(&name.as_str()))
}

fn is_protected(url: &Url, request: &HttpRequest) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let own = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    own || host == "localhost" || (url.scheme() == "https" && request.verify)
}

/// After the last one that is followed, the redirection is the reply.
fn following(redirects: usize) -> Policy {
    Policy::custom(move |attempt| match attempt.previous().len() <= redirects {
        true => attempt.follow(),
        false => attempt.stop(),
    })
}

fn reply(response: Response) -> Result<HttpReply, String> {
    let status = response.status().as_u16();
    let headers = response.headers().iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let headers = headers.collect();
    let mut bytes = Vec::new();
    response.take(BODY_LIMIT).read_to_end(&mut bytes).map_err(|error| words(&error))?;
    Ok(HttpReply { status, headers, body: String::from_utf8_lossy(&bytes).into_owned() })
}

/// Why there is no reply: its deepest cause, as it names the request's URL above.
fn words(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    loop {
        if cause.downcast_ref().is_some_and(reqwest::Error::is_timeout) {
            return "timed out".to_owned();
        }
        match inside(cause).or_else(|| cause.source()) {
            Some(deeper) => cause = deeper,
            None => break,
        }
    }
    cause.downcast_ref().map_or_else(|| cause.to_string(), connect::words)
}

/// An error that was made an I/O error, which is not its source.
fn inside<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    let inner = error.downcast_ref::<io::Error>()?.get_ref()?;
    Some(inner)
}

/// Names are resolved as the host itself resolves them.
struct HostResolver {
    deadline: Instant,
}

impl Resolve for HostResolver {
    /// Blocks, as the thread that asks has this one request alone.
    fn resolve(&self, name: Name) -> Resolving {
        let found = connect::left(self.deadline)
            .and_then(|left| resolve::addresses(name.as_str(), left).map_err(io::Error::other));
        // The URL's port goes in the place of 0.
        let found = found.map(|found| -> Addrs {
            Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0)))
        });
        Box::pin(std::future::ready(found.map_err(Into::into)))
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
                asked.push(read_request(&mut stream));
                stream.write_all(answer.as_bytes()).unwrap();
            }
            asked
        });
        (port, thread)
    }

    fn read_request(stream: &mut std::net::TcpStream) -> String {
        let mut request = String::new();
        while !is_whole(&request) {
            let mut buffer = [0; 4096];
            let length = stream.read(&mut buffer).unwrap();
            request.push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
        request
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

    #[test]
    fn what_a_browser_would_mend_is_no_url() {
        for url in [
            "http:/127.0.0.1/",
            "http:127.0.0.1",
            "http:///127.0.0.1/",
            "http:\\\\127.0.0.1\\",
            "http://mail.example.org\\@127.0.0.1/",
            "http://127.0.0.1/a b",
            " http://127.0.0.1/",
            "http://127.0.0.1/\n",
            "http://bücher.example/",
            "http://",
        ] {
            let error = exchange(&get(url)).unwrap_err().to_string();
            assert!(error.contains("is no http:// or https:// URL"), "{url}: {error}");
        }
        let error = exchange(&get("ftp://me:pw@example.org/?key=x")).unwrap_err().to_string();
        assert!(error.contains("`example.org/`"), "{error}");
    }

    #[test]
    fn a_body_that_drips_is_timed_out_by_the_whole_time() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let dripping = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            read_request(&mut stream);
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n").unwrap();
            // Each piece comes well within the time; until who asks hangs up.
            while stream.write_all(b"x").is_ok() {
                crate::host::local::clock::pause(Duration::from_millis(20));
            }
        });
        let mut request = get(&url);
        request.timeout_ms = 300;
        assert_eq!(exchange(&request).unwrap().unwrap_err(), "timed out");
        dripping.join().unwrap();
    }

    #[test]
    fn of_a_body_without_end_the_beginning_is_kept() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let endless = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            read_request(&mut stream);
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            while stream.write_all(&[b'x'; 4096]).is_ok() {}
        });
        let mut request = get(&url);
        request.timeout_ms = 20_000;
        let reply = exchange(&request).unwrap().unwrap();
        assert_eq!(reply.body.len() as u64, BODY_LIMIT);
        endless.join().unwrap();
    }
}
