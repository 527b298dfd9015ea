//! A run told event by event, as an agent would.

use converge::event::*;
use converge::report::{Mode, Report, RunFold, RunInfo};
use converge::text::{Diagnostic, SourceId, Sources, Span};

/// Stands in the sources only, behind a key that is a secret.
pub(crate) const CANARY: &str = "canary-5e1f";

pub(crate) struct Story {
    pub(crate) sources: Sources,
    events: Vec<(String, Event)>,
    host: String,
}

impl Default for Story {
    fn default() -> Self {
        let mut sources = Sources::default();
        let mut text = "---\n".to_owned();
        for line in 2..40 {
            text += &match line {
                30 => "- name: start postfix\n".to_owned(),
                31 => format!("  systemd: {{name: postfix, state: started, password: {CANARY}}}\n"),
                _ => format!("# line {line}\n"),
            };
        }
        sources.add("roles/sys-svc-mail-smtp/tasks/main.yml", text);
        Self { sources, events: Vec::new(), host: String::new() }
    }
}

impl Story {
    pub(crate) fn blank(host: &str) -> Self {
        let mut story = Self::default();
        story.start(host, None);
        let mut said = task(&task_ref("debug", "say the decision", 2), TaskStatus::Ok, &[]);
        said.task.role = "sys-svc-mail".into();
        said.reason = message("mail: local, because https://mail.example.org refused it");
        story.finished(said);
        let mut skipped = task(&task_ref("package", "install msmtp", 4), TaskStatus::Skipped, &[]);
        skipped.reason = Some(Reason::ConditionFalse);
        story.finished(skipped);
        for (ref_, actions) in mail_tasks() {
            let mut done = task(&ref_, TaskStatus::Changed, &actions);
            done.change = Some(Change::New);
            story.finished(done);
        }
        let probe = task_ref("smtp_probe", "dialogue on 127.0.0.1:25", 35);
        let mut unknown = task(&probe, TaskStatus::Unknown, &[]);
        unknown.reason =
            Some(Reason::Assumed { to: Expected::Answer, origin: "the start of postfix".into() });
        story.finished(unknown);
        story.end(HostStatus::Changed, 5, 0, &[]);
        story
    }

    pub(crate) fn host(&mut self, host: &str) {
        self.host = host.into();
    }

    pub(crate) fn push(&mut self, event: Event) {
        self.events.push((self.host.clone(), event));
    }

    pub(crate) fn start(&mut self, host: &str, last_run: Option<&str>) {
        self.host(host);
        let last_run = last_run.map(str::to_owned);
        self.push(Event::HostStarted { system: "debian 12".into(), last_run, unfinished: None });
    }

    pub(crate) fn announced(&mut self, task: &TaskRef, actions: &[ActionReport]) {
        self.push(Event::TaskStarted(task.clone()));
        self.push(Event::Announced { task: task.clone(), actions: actions.to_vec() });
    }

    pub(crate) fn finished(&mut self, task: TaskReport) {
        self.push(Event::TaskFinished(task));
    }

    pub(crate) fn warn(&mut self, message: &str, help: &str) {
        self.push(Event::Warning(Diagnostic::new(message).help(help)));
    }

    pub(crate) fn end(&mut self, status: HostStatus, done: usize, not_run: usize, wait: &[&str]) {
        let waiting_handlers = wait.iter().map(|&name| name.to_owned()).collect();
        let ms = 5_000 + 300 * self.events.len() as u64 / 7;
        self.push(Event::HostFinished(HostReport { status, done, not_run, waiting_handlers, ms }));
    }

    pub(crate) fn info(&self, mode: Mode) -> RunInfo<'_> {
        let mut hosts: Vec<String> = self.events.iter().map(|(host, _)| host.clone()).collect();
        hosts.dedup();
        let command = "converge -i hosts.yml".to_owned();
        let limit = (hosts.len() == 1).then(|| hosts[0].clone());
        RunInfo {
            mode,
            hosts,
            sources: &self.sources,
            command,
            operands: String::new(),
            limit,
            kept: true,
        }
    }

    pub(crate) fn tell(&self, report: &mut dyn Report) {
        for (host, event) in &self.events {
            report.event(host, event).unwrap();
        }
    }

    pub(crate) fn fold(&self) -> RunFold {
        let mut fold = RunFold::new(&self.info(Mode::Check).hosts);
        for (host, event) in &self.events {
            fold.add(host, event);
        }
        fold
    }
}

/// 12 web hosts and a database to change, 3 as declared; if `fails`, web07 fails.
pub(crate) fn sixteen(fails: bool) -> Story {
    let mut story = Story::default();
    let web = (1..=12).map(|number| format!("web{number:02}"));
    for host in web.chain(["db1".into(), "mx1".into(), "mx2".into(), "mx3".into()]) {
        story.start(&host, host.starts_with("mx").then_some("7f3a"));
        if host.starts_with("mx") {
            story.end(HostStatus::Ok, 0, 0, &[]);
            continue;
        }
        for (ref_, mut actions) in mail_tasks() {
            if host != "db1" {
                let stays = |note: &Note| !matches!(note, Note::Removes { .. });
                actions.iter_mut().for_each(|action| action.notes.retain(stays));
            }
            if fails && host == "web07" && ref_.resource == "service" {
                let mut failed = task(&ref_, TaskStatus::Failed, &[]);
                let span = Span { source: SourceId(0), line: 31, column: 3, len: 7 };
                let log = "log: postfix/master: fatal: bind 127.0.0.1 port 25: in use";
                let error = Diagnostic::new("postfix did not start").at(span).note(log);
                failed.error = Some(error.help("port 25 is held by docker-proxy (pid 812)"));
                story.finished(failed);
                story.end(HostStatus::Failed, 3, 2, &["restart postfix"]);
                break;
            }
            story.finished(task(&ref_, TaskStatus::Changed, &actions));
            if ref_.resource == "service" {
                story.end(HostStatus::Changed, 5, 0, &[]);
            }
        }
    }
    story
}

/// A folder, a file, a package, a service.
pub(crate) fn mail_tasks() -> Vec<(TaskRef, Vec<ActionReport>)> {
    let mut file = action("write_file", "/etc/postfix/main.cf", TargetState::Absent, set("0644"));
    let lines = ["compatibility_level = 3.6", "inet_interfaces = loopback-only"].into_iter();
    let lines = lines.map(str::to_owned).chain((1..=10).map(|line| format!("setting_{line} = x")));
    let lines: String = lines.map(|line| format!("+{line}\n")).collect();
    let lines = format!("--- /etc/postfix/main.cf\n+++ new\n@@ -0,0 +1,12 @@\n{lines}");
    file.diff = Some(Diff::Unified { lines });
    let mut package =
        action("packages", "postfix", TargetState::Absent, packages("postfix 3.7.11"));
    package.notes = vec![
        Note::InstallsAlso {
            packages: versions("libicu72 72.1 libsasl2-2 2.1.28 netbase 6.4 ssl-cert 1.1.2"),
        },
        Note::Removes { packages: versions("exim4-daemon-light 4.96") },
    ];
    let service = |after| action("service", "postfix.service", TargetState::Stopped, after);
    let dir = action("make_directory", "/etc/postfix", TargetState::Absent, set("0755"));
    vec![
        (task_ref("file", "configuration folder", 5), vec![dir]),
        (task_ref("template", "main.cf", 8), vec![file]),
        (task_ref("package", "install postfix", 20), vec![package]),
        (
            task_ref("service", "start postfix", 31),
            vec![service(TargetState::Enabled), service(TargetState::Started)],
        ),
    ]
}

pub(crate) fn task_ref(resource: &str, name: &str, line: u32) -> TaskRef {
    TaskRef {
        id: format!("sys-svc-mail-smtp/main.yml:{name}"),
        role: "sys-svc-mail-smtp".into(),
        name: name.into(),
        resource: resource.into(),
        span: Span { source: SourceId(0), line, column: 3, len: 7 },
        handler: false,
        on_behalf: None,
    }
}

pub(crate) fn task(task: &TaskRef, status: TaskStatus, actions: &[ActionReport]) -> TaskReport {
    TaskReport {
        task: task.clone(),
        status,
        reason: None,
        change: None,
        actions: actions.to_vec(),
        not_needed: Vec::new(),
        output: None,
        error: None,
        ms: 12,
    }
}

/// What a role says.
pub(crate) fn message(text: &str) -> Option<Reason> {
    Some(Reason::Message { message: text.into() })
}

/// `name version name version …`.
pub(crate) fn versions(text: &str) -> Vec<PackageVersion> {
    let words: Vec<&str> = text.split(' ').collect();
    let pairs = words
        .chunks(2)
        .map(|pair| PackageVersion { name: pair[0].into(), version: Some(pair[1].into()) });
    pairs.collect()
}

pub(crate) fn packages(text: &str) -> TargetState {
    TargetState::Packages { packages: versions(text) }
}

/// Of root, with this mode.
pub(crate) fn set(mode: &str) -> TargetState {
    let (mode, owner) = (Some(mode.parse().unwrap()), Some("root".into()));
    TargetState::Attributes(FileAttributes { mode, owner, group: None })
}

/// A file of root and its group.
pub(crate) fn file(mode: &str) -> TargetState {
    let (mode, owner) = (Some(mode.parse().unwrap()), Some("root".to_owned()));
    TargetState::File(FileAttributes { mode, group: owner.clone(), owner })
}

pub(crate) fn action(
    kind: &str,
    target: &str,
    before: impl Into<Option<TargetState>>,
    after: impl Into<Option<TargetState>>,
) -> ActionReport {
    ActionReport {
        kind: kind.into(),
        target: target.into(),
        certainty: Certainty::Exact,
        depends_on: None,
        before: before.into(),
        after: after.into(),
        diff: None,
        notes: Vec::new(),
        failed: false,
    }
}
