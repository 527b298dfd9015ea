//! `get_url`: a file with the content of a web page.

use super::uri::half_a_minute;
use crate::host::{Attributes, HostError, HttpReply, HttpRequest, Probe, ProbeAnswer, Stat, View};
use crate::resource::on_disk::absolute;
use crate::resource::parameter::{Seconds, yes};
use crate::resource::whole_file::{FileState, WholeFile};
use crate::resource::{FILES, Nature, Planned, Resource};
use crate::text::Diagnostic;
use crate::value::{Known, Secret, Sha256};
use indexmap::IndexMap;
use serde::Deserialize;
use std::path::PathBuf;

/// A text file fetched from a web server: lists, keys, scripts, of at most 1 MiB. It is fetched
/// while the run plans, so that the plan shows what would be written.
///
/// A file that is there is fetched again only with `force`, or if it has not the `checksum`.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct GetUrl {
    /// `http://…` or `https://…`.
    url: String,
    /// Where. A folder takes the last part of the address.
    #[serde(alias = "path")]
    #[schemars(extend("aliases" = ["path"]))]
    dest: PathBuf,
    /// `sha256:` and 64 hexadecimal digits: what the content must be.
    checksum: Option<String>,
    /// Fetch it though there is a file.
    #[serde(default)]
    force: bool,
    /// Headers.
    #[serde(default)]
    #[schemars(with = "IndexMap<String, String>")]
    headers: IndexMap<String, Secret<String>>,
    /// Seconds for the whole exchange.
    #[serde(default = "half_a_minute")]
    timeout: Seconds,
    /// Verify the server's certificate.
    #[serde(default = "yes")]
    validate_certs: bool,
    #[serde(flatten)]
    attributes: Attributes,
    /// Keep the old file beside the new as `NAME.TIMESTAMP~`.
    #[serde(default)]
    backup: bool,
}

/// The file, and what was fetched, if it had to be.
#[derive(Debug)]
pub(super) struct Found {
    file: FileState,
    fetched: Option<Known<Result<HttpReply, String>>>,
}

/// The host reads no more than this of a reply.
const MOST: usize = 1 << 20;

impl Resource for GetUrl {
    const NAME: &'static str = "get_url";
    const NATURE: Nature = Nature::Change;
    const TARGET: Option<&'static str> = Some("dest");
    const RESULT: &'static [&'static str] = &["dest", "url"];
    const FAMILY: &'static str = FILES;
    const WRITES_WHOLE: bool = true;
    const EXAMPLE: &'static str = r#"- name: the list of blocked senders
  get_url:
    url: https://example.org/list.txt
    dest: /etc/postfix/list.txt
    mode: "0644"
"#;
    type State = Found;

    fn validate(&self) -> Result<(), Diagnostic> {
        absolute("dest", &self.dest)?;
        if !self.url.starts_with("https://") && !self.url.starts_with("http://")
            || self.url.contains(char::is_whitespace)
        {
            return Err(Diagnostic::new("`url` is no http or https address"));
        }
        self.digest().map(|_| ())
    }

    fn observe(&self, view: &dyn View) -> Result<Found, HostError> {
        let mut path = self.dest.clone();
        let is_folder = self.dest.as_os_str().as_encoded_bytes().ends_with(b"/")
            || matches!(view.stat(&path)?, Known::Is(Stat::Directory(_)));
        let plain = self.url.split(['?', '#']).next().unwrap_or_default();
        if let Some(name) = plain.rsplit('/').next().filter(|name| is_folder && !name.is_empty()) {
            path.push(name);
        }
        let file = FileState::look(view, &path, &self.attributes, None)?;
        let fetched = if self.is_needed(&file) {
            Some(view.probe(&Probe::Http(self.request()))?.map(|answer| match answer {
                ProbeAnswer::Http(reply) => reply,
                _ => Err("no answer".to_owned()),
            }))
        } else {
            None
        };
        Ok(Found { file, fetched })
    }

    fn plan(&self, found: &Found) -> Result<Planned, Diagnostic> {
        let path = found.file.on_disk.path.display().to_string();
        let planned = match &found.fetched {
            None => found.file.set_attributes(Planned::as_declared(), None),
            Some(Known::Unknown(origin)) => {
                Planned::as_declared().open("write_file", &path, origin.clone())
            }
            Some(Known::Is(reply)) => found.file.plan(&WholeFile {
                content: self.content(reply)?,
                attributes: self.attributes.clone(),
                backup: self.backup,
                force: true,
                validate: None,
            })?,
        };
        Ok(planned.with("dest", path).with("url", self.url.as_str()))
    }
}

impl GetUrl {
    fn digest(&self) -> Result<Option<String>, Diagnostic> {
        let Some(checksum) = &self.checksum else { return Ok(None) };
        let hex = checksum.strip_prefix("sha256:").unwrap_or_default();
        if hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Some(hex.to_ascii_lowercase()));
        }
        Err(Diagnostic::new("`checksum` is not `sha256:` and 64 hexadecimal digits"))
    }

    fn is_needed(&self, file: &FileState) -> bool {
        let digest = self.digest().ok().flatten();
        match (&file.on_disk.stat, &file.on_disk.content, digest) {
            (Known::Is(Stat::File(_)), Known::Is(content), Some(digest)) => {
                Sha256::of(content).to_string() != digest
            }
            (Known::Is(Stat::File(_)), _, None) => self.force,
            (Known::Is(Stat::Directory(_) | Stat::Other(_)), ..) => true,
            _ => true,
        }
    }

    fn request(&self) -> HttpRequest {
        let has_credentials = self.headers.keys().any(|name| {
            name.eq_ignore_ascii_case("authorization") || name.eq_ignore_ascii_case("cookie")
        });
        HttpRequest {
            method: "GET".to_owned(),
            url: self.url.clone(),
            headers: self
                .headers
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            body: None,
            timeout_ms: self.timeout.ms,
            redirects: if has_credentials { 0 } else { 10 },
            ca_file: None,
            verify: self.validate_certs,
            expect: vec![200],
            changes: Vec::new(),
        }
    }

    fn content(&self, reply: &Result<HttpReply, String>) -> Result<Vec<u8>, Diagnostic> {
        let shown = self.url.split('?').next().unwrap_or_default();
        let refuse = |why: String| Err(Diagnostic::new(format!("cannot fetch {shown}: {why}")));
        let reply = match reply {
            Err(error) => return refuse(error.clone()),
            Ok(reply) if reply.status != 200 => return refuse(format!("status {}", reply.status)),
            Ok(reply) => reply,
        };
        if reply.body.len() >= MOST {
            return refuse("it is larger than 1 MiB".to_owned());
        }
        if reply.body.contains('\u{fffd}') {
            return refuse("it is not UTF-8 text".to_owned());
        }
        let content = reply.body.clone().into_bytes();
        let found = Sha256::of(&content).to_string();
        match self.digest()? {
            Some(digest) if digest != found => {
                refuse(format!("its SHA-256 is {found}, not the declared one"))
            }
            _ => Ok(content),
        }
    }
}
