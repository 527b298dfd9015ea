//! `uri`: one HTTP request.

use super::group::doubt;
use crate::host::{Action, HostError, HttpReply, HttpRequest, Probe, ProbeAnswer, Stat, View};
use crate::resource::on_disk::absolute;
use crate::resource::parameter::{Numbers, Seconds, yes};
use crate::resource::{Nature, Planned, Resource};
use crate::text::Diagnostic;
use crate::value::{Known, Origin, Secret, Value};
use base64::Engine as _;
use indexmap::IndexMap;
use serde::Deserialize;
use std::path::PathBuf;

/// One HTTP request. GET and HEAD observe: they are made in a dry run too, where nothing pending
/// can change the answer. Any other method is an act, and what it returns is known after apply.
///
/// Registered: `status` (-1 where there was no reply), `url`, `content`, `json`, `headers`, `msg`,
/// and `refused`, which tells a refused connection from silence.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Uri {
    /// `http://…` or `https://…`.
    url: String,
    /// GET, HEAD, POST, PUT, PATCH, DELETE, …
    #[serde(default = "get")]
    method: String,
    /// Headers.
    #[serde(default)]
    #[schemars(with = "IndexMap<String, String>")]
    headers: IndexMap<String, Secret<String>>,
    /// Body: text, or with `body_format: json` or `form-urlencoded` a mapping.
    #[schemars(with = "Option<serde_json::Value>")]
    body: Option<Secret<serde_json::Value>>,
    /// How `body` is written.
    #[serde(default)]
    body_format: BodyFormat,
    /// Statuses that are a success.
    #[serde(default)]
    status_code: Numbers,
    /// Seconds for the whole exchange.
    #[serde(default = "half_a_minute")]
    timeout: Seconds,
    /// Register the body as `content`.
    #[serde(default)]
    return_content: bool,
    /// Which redirects are followed. With credentials none is.
    #[serde(default)]
    follow_redirects: Redirects,
    /// Verify the server's certificate.
    #[serde(default = "yes")]
    validate_certs: bool,
    /// Certificates (PEM) that are trusted instead of the host's.
    ca_path: Option<PathBuf>,
    /// Login for basic authentication.
    #[serde(alias = "user")]
    #[schemars(extend("aliases" = ["user"]))]
    url_username: Option<String>,
    /// Password for basic authentication.
    #[serde(alias = "password")]
    #[schemars(with = "Option<String>", extend("aliases" = ["password"]))]
    url_password: Option<Secret<String>>,
    /// Basic authentication is always sent at once; accepted for its habit.
    #[serde(default)]
    #[expect(dead_code, reason = "it is always so")]
    force_basic_auth: bool,
    /// A path that the request makes: it is not sent where that is there.
    creates: Option<PathBuf>,
}

#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
enum BodyFormat {
    /// As it is.
    #[default]
    Raw,
    /// JSON.
    Json,
    /// A form's fields.
    FormUrlencoded,
}

#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
enum Redirects {
    /// Those of GET and HEAD.
    #[default]
    Safe,
    /// None.
    None,
    /// All.
    All,
}

fn get() -> String {
    "GET".to_owned()
}

pub(super) const fn half_a_minute() -> Seconds {
    Seconds::of(30)
}

/// These only read (RFC 9110, 9.2.1).
fn observes(method: &str) -> bool {
    ["GET", "HEAD"].iter().any(|one| one.eq_ignore_ascii_case(method))
}

/// The reply to an observation, or whether an act is needed.
#[derive(Debug)]
pub(super) enum Found {
    Reply(Known<Result<HttpReply, String>>),
    Wanted(Known<bool>),
}

impl Uri {
    fn observes(&self) -> bool {
        observes(&self.method)
    }

    fn request(&self) -> Result<HttpRequest, Diagnostic> {
        let mut headers: Vec<(String, Secret<String>)> =
            self.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let has = |headers: &[(String, Secret<String>)], name: &str| {
            headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
        };
        if let Some(login) = &self.url_username {
            let password = self.url_password.as_ref().map_or("", |password| password.expose());
            let pair = format!("{login}:{password}");
            let basic = base64::engine::general_purpose::STANDARD.encode(pair);
            headers.push(("Authorization".into(), Secret::new(format!("Basic {basic}"))));
        }
        let (body, kind) = self.written_body()?;
        if let Some(kind) = kind
            && !has(&headers, "content-type")
        {
            headers.push(("Content-Type".into(), Secret::new(kind.to_owned())));
        }
        let credentials = has(&headers, "authorization") || has(&headers, "cookie");
        let redirects = match self.follow_redirects {
            _ if credentials => 0,
            Redirects::None => 0,
            Redirects::Safe if !self.observes() => 0,
            Redirects::Safe | Redirects::All => 10,
        };
        Ok(HttpRequest {
            method: self.method.to_ascii_uppercase(),
            url: self.url.clone(),
            headers,
            body,
            timeout_ms: self.timeout.ms,
            redirects,
            ca_file: self.ca_path.clone(),
            verify: self.validate_certs,
            expect: self.expected(),
            changes: self.creates.iter().map(|path| path.display().to_string()).collect(),
        })
    }

    fn expected(&self) -> Vec<u16> {
        if self.status_code.0.is_empty() { vec![200] } else { self.status_code.0.clone() }
    }

    fn written_body(&self) -> Result<(Option<Secret<String>>, Option<&'static str>), Diagnostic> {
        use serde_json::Value as Json;
        let Some(body) = &self.body else { return Ok((None, None)) };
        let (text, kind) = match (self.body_format, body.expose()) {
            (BodyFormat::Json, Json::String(text)) => (text.clone(), Some("application/json")),
            (BodyFormat::Json, other) => (other.to_string(), Some("application/json")),
            (BodyFormat::FormUrlencoded, Json::Object(fields)) => {
                let pairs = fields.iter().map(|(name, value)| {
                    let value = match value {
                        Json::String(text) => text.clone(),
                        other => other.to_string(),
                    };
                    format!("{}={}", encoded(name), encoded(&value))
                });
                let text = pairs.collect::<Vec<_>>().join("&");
                (text, Some("application/x-www-form-urlencoded"))
            }
            (_, Json::String(text)) => (text.clone(), None),
            _ => {
                return Err(Diagnostic::new("`body` is no text")
                    .help("`body_format: json` writes it as JSON"));
            }
        };
        Ok((Some(Secret::new(text)), kind))
    }
}

/// As a form's field (`application/x-www-form-urlencoded`, WHATWG URL).
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => {
                char::from(byte).to_string()
            }
            b' ' => "+".to_owned(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

impl Resource for Uri {
    const NAME: &'static str = "uri";
    const NATURE: Nature = Nature::Act;
    const TARGET: Option<&'static str> = Some("url");
    const RESULT: &'static [&'static str] =
        &["url", "status", "msg", "refused", "content", "json", "headers"];
    const GUARDS: &'static [&'static str] = &["creates"];
    const DELEGABLE: bool = true;
    const EXAMPLE: &'static str = r#"- name: does the front end answer
  uri:
    url: https://mail.example.org/health
    status_code: [200, 204]
    timeout: 5
  register: front
"#;
    type State = Found;

    fn nature(given: &Value) -> Nature {
        match given.get("method").map(Value::exposed) {
            None => Nature::Gate,
            Some(Value::Str(method)) if observes(method) => Nature::Gate,
            Some(_) => Nature::Act,
        }
    }

    fn validate(&self) -> Result<(), Diagnostic> {
        let rest = self.url.strip_prefix("https://").or_else(|| self.url.strip_prefix("http://"));
        if rest.is_none_or(|rest| rest.is_empty() || rest.starts_with('/'))
            || self.url.contains(|char: char| char.is_whitespace() || char.is_control())
        {
            return Err(Diagnostic::new("`url` is no http or https address"));
        }
        if rest.is_some_and(|rest| rest.split('/').next().unwrap_or_default().contains('@')) {
            return Err(Diagnostic::new("`url` has a login in it")
                .help("give `url_username` and `url_password`: they are not shown"));
        }
        if self.method.is_empty() || !self.method.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return Err(Diagnostic::new(format!("`method: {}` is no HTTP method", self.method)));
        }
        if self.url_password.is_some() && self.url_username.is_none() {
            return Err(Diagnostic::new("`url_password` goes with `url_username`"));
        }
        for path in self.ca_path.iter().chain(&self.creates) {
            absolute("path", path)?;
        }
        self.request().map(|_| ())
    }

    fn observe(&self, view: &dyn View) -> Result<Found, HostError> {
        let wanted = match &self.creates {
            None => Known::Is(true),
            Some(path) => view.stat(path)?.map(|stat| stat == Stat::Absent),
        };
        let request = self.request().ok().filter(|_| self.observes() && wanted == Known::Is(true));
        let Some(request) = request else { return Ok(Found::Wanted(wanted)) };
        Ok(Found::Reply(view.probe(&Probe::Http(request))?.map(|answer| match answer {
            ProbeAnswer::Http(reply) => reply,
            _ => Err("no answer".to_owned()),
        })))
    }

    fn plan(&self, found: &Found) -> Result<Planned, Diagnostic> {
        let planned = Planned::as_declared().with("url", self.url.as_str());
        Ok(match found {
            Found::Wanted(Known::Is(false)) => planned,
            Found::Wanted(Known::Unknown(origin)) if self.observes() => unknown(planned, origin),
            Found::Wanted(wanted) => planned.step(Action::Request(self.request()?), doubt(wanted)),
            Found::Reply(Known::Unknown(origin)) => unknown(planned, origin),
            Found::Reply(Known::Is(Err(error))) => {
                let refused = error.contains("refused");
                planned
                    .with("status", -1)
                    .with("msg", error.as_str())
                    .with("refused", refused)
                    .with("content", "")
                    .fail(Diagnostic::new(format!("cannot {} {}: {error}", self.method, self.url)))
            }
            Found::Reply(Known::Is(Ok(reply))) => self.answered(planned, reply),
        })
    }
}

impl Uri {
    fn answered(&self, planned: Planned, reply: &HttpReply) -> Planned {
        let mut planned = planned
            .with("status", i64::from(reply.status))
            .with("msg", format!("status {}", reply.status))
            .with("refused", false);
        let headers = reply.header_map();
        let is_json = headers
            .get("content_type")
            .and_then(Value::as_str)
            .is_some_and(|kind| kind.contains("json"));
        if let (true, Ok(json)) = (is_json, Value::of_json(&reply.body)) {
            planned = planned.with("json", json);
        }
        if self.return_content {
            planned = planned.with("content", reply.body.as_str());
        }
        planned = planned.with("headers", Value::Map(headers));
        let expected = self.expected();
        if expected.contains(&reply.status) {
            return planned;
        }
        let list = expected.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
        planned.fail(Diagnostic::new(format!("{} answered {}, not {list}", self.url, reply.status)))
    }
}

fn unknown(planned: Planned, origin: &Origin) -> Planned {
    let members = Uri::RESULT.iter().filter(|member| **member != "url");
    members
        .fold(planned, |planned, member| planned.with(member, Value::Unknown(origin.clone())))
        .assume(origin.clone())
}
