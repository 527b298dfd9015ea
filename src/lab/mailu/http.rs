//! As much of HTTP/1.1 (RFC 9112) as Mailu's clients need: one request per connection.

use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write};

use serde_json::Value;

/// The most of a head or a body that is read.
const LONGEST: u64 = 1 << 20;

/// A request.
#[derive(Debug)]
pub(super) struct HttpRequest {
    pub(super) method: String,
    /// As it was sent, with its query.
    pub(super) target: String,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl HttpRequest {
    /// Reads a request; none where the client says nothing.
    pub(super) fn read(stream: impl Read + Write) -> Result<Option<Self>> {
        let mut reader = BufReader::new(stream).take(LONGEST);
        let first = line(&mut reader)?;
        if first.is_empty() {
            return Ok(None);
        }
        let mut words = first.split(' ');
        let (Some(method), Some(target)) = (words.next(), words.next()) else {
            return Err(ErrorKind::InvalidData.into());
        };
        let mut headers = Vec::new();
        loop {
            let field = line(&mut reader)?;
            let Some((name, value)) = field.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut request =
            Self { method: method.to_owned(), target: target.to_owned(), headers, body: vec![] };
        if request.header("expect").is_some() {
            let stream = reader.get_mut().get_mut();
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            stream.flush()?;
        }
        request.body = request.read_body(reader)?;
        Ok(Some(request))
    }

    fn read_body(&self, mut reader: impl BufRead) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        if self.header("transfer-encoding").is_some() {
            loop {
                let mut size = String::new();
                reader.read_line(&mut size)?;
                let size = u64::from_str_radix(size.trim(), 16).map_err(Error::other)?;
                // Each chunk ends with CR LF.
                reader.by_ref().take(size).read_to_end(&mut body)?;
                reader.read_line(&mut String::new())?;
                if size == 0 {
                    return Ok(body);
                }
            }
        }
        let length = self.header("content-length").and_then(|length| length.parse().ok());
        reader.take(length.unwrap_or(0)).read_to_end(&mut body)?;
        Ok(body)
    }

    /// A header's value, by its name in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The path without its query, still encoded.
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

fn line(reader: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

/// Undoes percent-encoding (RFC 3986, 2.1); what is none stays as it is.
pub(super) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match escaped.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What is answered.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    content_type: &'static str,
    location: Option<String>,
    body: Vec<u8>,
}

impl Response {
    pub(super) fn json(status: u16, value: &Value) -> Self {
        let body = format!("{value}\n").into_bytes();
        Self { status, content_type: "application/json", location: None, body }
    }

    /// The form of Mailu's plain answers: the status again, and a sentence.
    pub(super) fn message(status: u16, message: &str) -> Self {
        Self::json(status, &serde_json::json!({ "code": status, "message": message }))
    }

    /// A page for people.
    pub(super) fn page(status: u16) -> Self {
        let body = match status {
            204 | 304 => Vec::new(),
            _ => format!("<!doctype html><title>{status}</title>\n").into_bytes(),
        };
        Self { status, content_type: "text/html; charset=utf-8", location: None, body }
    }

    pub(super) fn redirect(status: u16, location: impl Into<String>) -> Self {
        Self { location: Some(location.into()), ..Self::page(status) }
    }

    pub(super) fn write(&self, mut writer: impl Write, head_only: bool) -> Result<()> {
        let reason = match self.status {
            200..=299 => "OK",
            300..=399 => "Elsewhere",
            _ => "Refused",
        };
        let mut head = format!("HTTP/1.1 {} {reason}\r\nConnection: close\r\n", self.status);
        if self.status != 204 {
            let (kind, length) = (self.content_type, self.body.len());
            head.push_str(&format!("Content-Type: {kind}\r\nContent-Length: {length}\r\n"));
        }
        if let Some(location) = &self.location {
            head.push_str(&format!("Location: {location}\r\n"));
        }
        head.push_str("\r\n");
        writer.write_all(head.as_bytes())?;
        if !head_only {
            writer.write_all(&self.body)?;
        }
        writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> HttpRequest {
        HttpRequest::read(std::io::Cursor::new(text.as_bytes().to_vec())).unwrap().unwrap()
    }

    #[test]
    fn bodies_of_a_length_and_in_chunks() {
        let request = read("POST /a?b=c HTTP/1.1\r\nContent-Length: 2\r\nX: y\r\n\r\nhello");
        assert_eq!((request.method.as_str(), request.path()), ("POST", "/a"));
        assert_eq!((request.header("x"), request.body.as_slice()), (Some("y"), &b"he"[..]));
        let chunks =
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n1\r\ny\r\n0\r\n\r\n";
        assert_eq!(read(chunks).body, b"hey");
    }

    #[test]
    fn percent_encoding() {
        for (text, plain) in [("a%40b", "a@b"), ("a@b", "a@b"), ("100%", "100%"), ("%4", "%4")] {
            assert_eq!(decoded(text), plain);
        }
    }
}
