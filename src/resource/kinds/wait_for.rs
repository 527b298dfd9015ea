//! `wait_for`: time passes until a port or a path is as it should be.

use super::uri::half_a_minute;
use crate::host::{HostError, Probe, ProbeAnswer, Stat, View};
use crate::resource::on_disk::absolute;
use crate::resource::parameter::Seconds;
use crate::resource::pattern::Reading;
use crate::resource::{Nature, Planned, Resource, pattern};
use crate::text::Diagnostic;
use crate::value::{Known, Value};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Waits until a port takes connections or a path is there (or no longer), and changes nothing.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WaitFor {
    /// Name or address.
    #[serde(default = "loopback")]
    host: String,
    /// A port to connect to. Give this or `path`.
    port: Option<u16>,
    /// A path to look at.
    path: Option<PathBuf>,
    /// What the file at `path` must contain: a regular expression.
    search_regex: Option<String>,
    /// What is waited for.
    #[serde(default)]
    state: State,
    /// Seconds after which it has failed.
    #[serde(default = "five_minutes")]
    timeout: Seconds,
    /// Seconds for one attempt to connect.
    #[serde(default = "half_a_minute")]
    connect_timeout: Seconds,
    /// Seconds before the first attempt.
    #[serde(default = "at_once")]
    delay: Seconds,
    /// Seconds between attempts.
    #[serde(default = "a_second")]
    sleep: Seconds,
    /// What the failure says.
    msg: Option<String>,
}

#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
enum State {
    /// The port takes connections, or the path is there.
    #[default]
    Started,
    /// The same.
    Present,
    /// The port takes none, or the path is not there.
    Stopped,
    /// The same.
    Absent,
}

fn loopback() -> String {
    "127.0.0.1".to_owned()
}

const fn five_minutes() -> Seconds {
    Seconds::of(300)
}

const fn at_once() -> Seconds {
    Seconds::of(0)
}

const fn a_second() -> Seconds {
    Seconds::of(1)
}

/// How the waiting ended.
#[derive(Debug)]
pub(super) struct Waited {
    is_so: Known<bool>,
    /// What the last attempt found.
    last: String,
    /// Milliseconds, as far as they were spent waiting.
    ms: u64,
}

impl Resource for WaitFor {
    const NAME: &'static str = "wait_for";
    const NATURE: Nature = Nature::Gate;
    const TARGET: Option<&'static str> = Some("path");
    const RESULT: &'static [&'static str] = &["elapsed"];
    const EXAMPLE: &'static str = r#"- name: the submission port is open
  wait_for:
    host: mail.example.org
    port: 465
    timeout: 60
"#;
    type State = Waited;

    fn validate(&self) -> Result<(), Diagnostic> {
        if self.port.is_some() == self.path.is_some() {
            return Err(Diagnostic::new("`wait_for` needs `port` or `path`, and not both"));
        }
        if let Some(path) = &self.path {
            absolute("path", path)?;
        }
        if let Some(text) = &self.search_regex {
            pattern::compile("search_regex", text, Reading { lines: true, ..Reading::default() })?;
            if self.path.is_none() {
                return Err(Diagnostic::new("`search_regex` goes with `path`"));
            }
        }
        if self.sleep.ms == 0 {
            return Err(Diagnostic::new("`sleep` must be more than 0"));
        }
        Ok(())
    }

    fn observe(&self, view: &dyn View) -> Result<Waited, HostError> {
        let wanted = matches!(self.state, State::Started | State::Present);
        let mut ms = self.delay.ms;
        let mut first = true;
        loop {
            let (found, spent) = self.attempt(view, ms)?;
            let there = match found {
                Known::Unknown(origin) => {
                    return Ok(Waited { is_so: Known::Unknown(origin), last: String::new(), ms });
                }
                Known::Is(there) => there,
            };
            // An answer that cannot be had yet is not waited for; only then the delay is kept.
            if first && self.delay.ms > 0 {
                view.pause(Duration::from_millis(self.delay.ms));
                first = false;
                continue;
            }
            first = false;
            let last = there.clone().err().unwrap_or_default();
            if there.is_ok() == wanted {
                return Ok(Waited { is_so: Known::Is(true), last, ms });
            }
            ms += spent;
            if ms + self.sleep.ms > self.timeout.ms {
                return Ok(Waited { is_so: Known::Is(false), last, ms });
            }
            view.pause(Duration::from_millis(self.sleep.ms));
            ms += self.sleep.ms;
        }
    }

    fn plan(&self, waited: &Waited) -> Result<Planned, Diagnostic> {
        let planned = Planned::as_declared();
        match &waited.is_so {
            Known::Unknown(origin) => {
                let elapsed = Value::Unknown(origin.clone());
                Ok(planned.with("elapsed", elapsed).assume(origin.clone()))
            }
            Known::Is(true) => {
                Ok(planned.with("elapsed", i64::try_from(waited.ms / 1000).unwrap_or(i64::MAX)))
            }
            Known::Is(false) => {
                let message = self.msg.clone().unwrap_or_else(|| {
                    let seconds = self.timeout.ms.div_ceil(1000);
                    format!("{} after {seconds} s", self.not_so())
                });
                let diagnostic = Diagnostic::new(message);
                let diagnostic = match waited.last.as_str() {
                    "" => diagnostic,
                    last => diagnostic.note(format!("the last attempt: {last}")),
                };
                Ok(planned.fail(diagnostic))
            }
        }
    }
}

impl WaitFor {
    /// One attempt: there or why not, and the milliseconds that it may have taken.
    fn attempt(
        &self,
        view: &dyn View,
        waited: u64,
    ) -> Result<(Known<Result<(), String>>, u64), HostError> {
        if let Some(path) = &self.path {
            return Ok((self.at_path(view, path)?, 0));
        }
        let left = self.timeout.ms.saturating_sub(waited).max(1);
        let timeout_ms = self.connect_timeout.ms.min(left);
        let port = self.port.unwrap_or_default();
        let probe = Probe::Connect { host: self.host.clone(), port, timeout_ms };
        let answer = view.probe(&probe)?.map(|answer| match answer {
            ProbeAnswer::Connect(answer) => answer,
            _ => Err("no answer".to_owned()),
        });
        let silent = matches!(&answer, Known::Is(Err(why)) if why.contains("timed out"));
        Ok((answer, if silent { timeout_ms } else { 0 }))
    }

    fn at_path(
        &self,
        view: &dyn View,
        path: &Path,
    ) -> Result<Known<Result<(), String>>, HostError> {
        let stat = view.stat(path)?;
        let Some(text) = &self.search_regex else {
            return Ok(stat.map(|stat| match stat {
                Stat::Absent => Err("nothing is there".to_owned()),
                _ => Ok(()),
            }));
        };
        if !matches!(stat, Known::Is(Stat::File(_))) {
            return Ok(stat.map(|_| Err("no file is there".to_owned())));
        }
        Ok(view.read(path)?.map(|content| {
            let reading = Reading { lines: true, longest: content.len(), ..Reading::default() };
            let text = pattern::compile("search_regex", text, reading).map_err(|e| e.message)?;
            let found = text.is_match(&String::from_utf8_lossy(&content));
            if found { Ok(()) } else { Err("the file does not contain it".to_owned()) }
        }))
    }

    fn not_so(&self) -> String {
        let gone = matches!(self.state, State::Stopped | State::Absent);
        match (&self.path, gone) {
            (Some(path), false) => format!("{} is not there", path.display()),
            (Some(path), true) => format!("{} is still there", path.display()),
            (None, gone) => {
                let peer = format!("{}:{}", self.host, self.port.unwrap_or_default());
                if gone {
                    format!("{peer} still answers")
                } else {
                    format!("{peer} does not answer")
                }
            }
        }
    }
}
