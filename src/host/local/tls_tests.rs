//! TLS as HTTP requests and SMTP dialogues use it: verified against the named certificate and the
//! host's name, and nothing said before. The certificate's key is known to everybody.

use super::super::{HttpRequest, SmtpDialogue, SmtpTls};
use super::{http, smtp};
use crate::value::Secret;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

type Tls = StreamOwned<ServerConnection, TcpStream>;

fn encrypt(stream: TcpStream) -> Tls {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("fixtures/tls/server.pem"));
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("fixtures/tls/server.key"));
    let config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.unwrap()], key.unwrap())
            .unwrap();
    StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream)
}

/// Serves one connection.
fn server<T: Send + 'static>(
    serve: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (u16, JoinHandle<T>) {
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (port, std::thread::spawn(move || serve(listener.accept().unwrap().0)))
}

/// Gives each answer to a line; the lines.
fn converse<S: Read + Write>(stream: &mut BufReader<S>, answers: &[&str]) -> Vec<String> {
    let mut heard = Vec::new();
    for answer in answers {
        let mut line = String::new();
        if !stream.read_line(&mut line).is_ok_and(|length| length > 0) {
            break;
        }
        heard.push(line.trim_end().to_owned());
        stream.get_mut().write_all(answer.as_bytes()).unwrap();
        stream.get_mut().flush().unwrap();
    }
    heard
}

fn ca_file() -> Option<PathBuf> {
    Some(concat!(env!("CARGO_MANIFEST_DIR"), "/src/host/local/fixtures/tls/ca.pem").into())
}

fn dialogue(port: u16, tls: SmtpTls) -> SmtpDialogue {
    SmtpDialogue {
        host: "localhost".into(),
        port,
        tls,
        auth: Some(("me@x.test".into(), Secret::new("token".into()))),
        envelope: None,
        timeout_ms: 5000,
        ca_file: ca_file(),
    }
}

const EHLO: &str = "250-mx\r\n250 AUTH PLAIN LOGIN\r\n";

#[test]
fn smtp_logs_in_over_implicit_tls() {
    let (port, heard) = server(|stream| {
        let mut stream = BufReader::new(encrypt(stream));
        stream.get_mut().write_all(b"220 mx ESMTP\r\n").unwrap();
        converse(&mut stream, &[EHLO, "235 2.7.0 in\r\n", "221 bye\r\n"])
    });
    let reply = smtp::hold(&dialogue(port, SmtpTls::Implicit)).unwrap();
    assert!(reply.ok, "{reply:?}");
    // "\0me@x.test\0token"
    assert_eq!(heard.join().unwrap()[1..], ["AUTH PLAIN AG1lQHgudGVzdAB0b2tlbg==", "QUIT"]);
}

#[test]
fn smtp_starts_tls_and_forgets_what_was_said_before() {
    let (port, heard) = server(|stream| {
        let mut stream = BufReader::new(stream);
        stream.get_mut().write_all(b"220 mx ESMTP\r\n").unwrap();
        // Whoever stands between could have put in an answer to what is asked encrypted.
        let injected = "220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n";
        converse(&mut stream, &["250-mx\r\n250 STARTTLS\r\n", injected]);
        let mut stream = BufReader::new(encrypt(stream.into_inner()));
        converse(&mut stream, &[EHLO, "535 5.7.8 wrong\r\n", "221 bye\r\n"])
    });
    let reply = smtp::hold(&dialogue(port, SmtpTls::Starttls)).unwrap();
    assert_eq!((reply.stage.as_str(), reply.code), ("auth", 535), "{reply:?}");
    assert_eq!(reply.extensions, ["AUTH PLAIN LOGIN"]);
    assert!(heard.join().unwrap()[0].starts_with("EHLO "));
}

#[test]
fn smtp_says_nothing_to_a_server_that_does_not_verify() {
    // By another's authority, and by the right one for another name.
    for (ca_file, host) in [(None, "localhost"), (ca_file(), "127.0.0.2")] {
        let (port, heard) = server(|stream| {
            let mut stream = BufReader::new(encrypt(stream));
            converse(&mut stream, &["x", "x"])
        });
        let mut dialogue = dialogue(port, SmtpTls::Implicit);
        dialogue.ca_file = ca_file;
        host.clone_into(&mut dialogue.host);
        let reply = smtp::hold(&dialogue).unwrap();
        assert_eq!((reply.ok, reply.stage.as_str()), (false, "tls"), "{reply:?}");
        assert!(reply.message.contains("certificate"), "{}", reply.message);
        assert!(heard.join().unwrap().is_empty());
    }
}

#[test]
fn https_verifies_by_the_named_certificate() {
    for (ca_file, verify, trusted) in
        [(ca_file(), true, true), (None, true, false), (None, false, true)]
    {
        let (port, _served) = server(|stream| {
            let mut stream = BufReader::new(encrypt(stream));
            let mut line = String::new();
            while stream.read_line(&mut line).is_ok_and(|length| length > 2) {
                line.clear();
            }
            let _ = stream.get_mut().write_all(b"HTTP/1.1 204 No\r\nConnection: close\r\n\r\n");
            let _ = stream.get_mut().flush();
        });
        let request = HttpRequest {
            method: "GET".into(),
            url: format!("https://localhost:{port}/health"),
            headers: vec![],
            body: None,
            timeout_ms: 5000,
            redirects: 0,
            ca_file,
            verify,
            expect: vec![],
            changes: vec![],
        };
        let reply = http::exchange(&request).unwrap();
        match reply {
            Ok(reply) => assert!(trusted && reply.status == 204),
            Err(words) => assert!(!trusted && words.contains("certificate"), "{words}"),
        }
    }
}
