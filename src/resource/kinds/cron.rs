//! `cron`: one job in /etc/cron.d.

use super::group::{State, account_name};
use crate::host::{Action, Attributes, HostError, View};
use crate::resource::on_disk::absolute;
use crate::resource::parameter::Scalar;
use crate::resource::whole_file::{FileState, WholeFile};
use crate::resource::{Nature, Planned, Resource, cron_time, line_break};
use crate::text::Diagnostic;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// One job in a file of /etc/cron.d, found again by its name.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Cron {
    /// The job's name, written in a comment above it.
    name: String,
    /// The file: a name in /etc/cron.d, or an absolute path.
    cron_file: PathBuf,
    /// As whom it runs.
    #[serde(default = "root")]
    user: String,
    /// What runs.
    job: Option<String>,
    /// Whether it shall be there.
    #[serde(default)]
    state: State,
    /// Minute.
    #[serde(default = "every")]
    minute: Scalar,
    /// Hour.
    #[serde(default = "every")]
    hour: Scalar,
    /// Day of the month.
    #[serde(default = "every", alias = "dom")]
    #[schemars(extend("aliases" = ["dom"]))]
    day: Scalar,
    /// Month.
    #[serde(default = "every")]
    month: Scalar,
    /// Day of the week.
    #[serde(default = "every", alias = "dow")]
    #[schemars(extend("aliases" = ["dow"]))]
    weekday: Scalar,
    /// A word instead of the five fields.
    special_time: Option<SpecialTime>,
    /// Keep it, commented out.
    #[serde(default)]
    disabled: bool,
}

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
enum SpecialTime {
    /// After every boot.
    Reboot,
    /// Once an hour.
    Hourly,
    /// Once a day.
    Daily,
    /// Once a week.
    Weekly,
    /// Once a month.
    Monthly,
    /// Once a year.
    Yearly,
    /// Once a year.
    Annually,
}

fn root() -> String {
    "root".to_owned()
}

fn every() -> Scalar {
    Scalar::Text("*".to_owned())
}

impl Resource for Cron {
    const NAME: &'static str = "cron";
    const NATURE: Nature = Nature::Change;
    const TARGET: Option<&'static str> = Some("name");
    const WRITES_TO: &'static [&'static str] = &["/etc/crontab", "/etc/cron.d", "/var/spool/cron"];
    const RESULT: &'static [&'static str] = &[];
    const EXAMPLE: &'static str = r#"- name: a weekly look at the queue
  cron:
    name: mail queue
    cron_file: mail-queue
    weekday: 1
    hour: 7
    minute: 0
    job: mailq
"#;
    type State = FileState;

    fn validate(&self) -> Result<(), Diagnostic> {
        let path = self.path();
        absolute("cron_file", &path)?;
        account_name("user", &self.user)?;
        // Debian's cron reads no other names (cron(8)).
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        if name.is_empty() || !name.bytes().all(good) {
            return Err(Diagnostic::new(format!("cron does not read a file named `{name}`"))
                .help("letters, digits, `_` and `-` only"));
        }
        if self.name.trim().is_empty() || self.name.contains('\n') {
            return Err(Diagnostic::new("`name` is not one line"));
        }
        if self.job.as_ref().is_some_and(|job| job.trim().is_empty() || job.contains('\n')) {
            return Err(Diagnostic::new("`job` is not one line"));
        }
        if self.job.is_none() && self.state == State::Present {
            return Err(Diagnostic::new("`cron` needs `job`"));
        }
        let fields = self.fields();
        for (field, text) in cron_time::FIELDS.iter().zip(&fields) {
            if !field.reads(text) {
                return Err(Diagnostic::new(format!(
                    "`{}: {text}` is no time that cron(5) knows",
                    field.name
                )));
            }
        }
        if self.special_time.is_some() && fields.iter().any(|field| field != "*") {
            return Err(Diagnostic::new("give `special_time` or the five fields, not both"));
        }
        Ok(())
    }

    fn observe(&self, view: &dyn View) -> Result<FileState, HostError> {
        FileState::look(view, &self.path(), &Attributes::default(), None)
    }

    fn plan(&self, state: &FileState) -> Result<Planned, Diagnostic> {
        let planned = state.plan_edit(WholeFile::default(), |old| {
            let text = old.unwrap_or_default();
            let edited = self.edited(text);
            Ok((old.is_some() || self.state == State::Present).then_some(edited))
        })?;
        // As Ansible's module: with its last job the file goes too.
        let empty = |action: &Action| match action {
            Action::WriteFile { content, .. } => content.bytes.trim_ascii().is_empty(),
            _ => false,
        };
        if self.state == State::Absent && planned.steps.iter().any(|step| empty(&step.action)) {
            let (path, before) = (state.on_disk.path.clone(), state.on_disk.before());
            return Ok(Planned::as_declared().exact(Action::Remove { path, before }));
        }
        Ok(planned)
    }
}

impl Cron {
    fn path(&self) -> PathBuf {
        Path::new("/etc/cron.d").join(&self.cron_file)
    }

    fn fields(&self) -> [String; 5] {
        [&self.minute, &self.hour, &self.day, &self.month, &self.weekday].map(Scalar::text)
    }

    fn line(&self) -> String {
        let time = match self.special_time {
            Some(word) => {
                let word = serde_json::to_value(word).unwrap_or_default();
                format!("@{}", word.as_str().unwrap_or_default())
            }
            None => self.fields().join(" "),
        };
        let job = self.job.as_deref().unwrap_or_default().trim();
        let off = if self.disabled { "#" } else { "" };
        format!("{off}{time} {} {job}\n", self.user)
    }

    /// The file with the job as declared: a comment with its name, then its line. What follows
    /// the comment and is no job is left alone.
    fn edited(&self, text: &str) -> String {
        let name = self.name.trim();
        let whole = format!("#Ansible: {name}\n{}", self.line());
        let mut edited = String::new();
        let mut written = self.state == State::Absent;
        let mut lines = text.split_inclusive('\n').peekable();
        while let Some(line) = lines.next() {
            if line.strip_prefix("#Ansible:").is_none_or(|found| found.trim() != name) {
                edited.push_str(line);
                continue;
            }
            lines.next_if(|next| cron_time::is_job(next));
            if !std::mem::replace(&mut written, true) {
                edited.push_str(&whole);
            }
        }
        if !written {
            line_break::push(&mut edited, &whole, "\n");
        }
        edited
    }
}
