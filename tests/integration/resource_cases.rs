//! Every case of `tests/resource/KIND/CASE.yml`: a host, a task, what is planned on it, and that
//! nothing is left to do once that was performed.
//!
//! ```yaml
//! host: {…}            # the host in memory
//! tasks: [{KIND: {…}}] # declared before it; in the dry run they stay pending
//! task: {…}            # the parameters
//! check: […]           # what a dry run plans, where that is not what apply plans
//! apply: […]           # what is planned on the host itself, one line each
//! again: […]           # what is left after that; nothing if not given
//! error: …             # instead: the message it fails with (`help: …` its hint)
//! gate: …              # `fail: MESSAGE` or `unknown`; `pass` if not given
//! result: {…}          # members of the result
//! after: {…}           # members of the host afterwards; null where there is nothing
//! ```

#![allow(clippy::disallowed_methods, reason = "a test reads its cases from the disk")]

use converge::host::in_memory::{InMemory, World};
use converge::host::overlay::Overlay;
use converge::host::{Action, Attributes, Host, View};
use converge::resource::{self, Gate, Nature, Planned};
use converge::text::{Diagnostic, Sources};
use converge::value::Node;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

#[test]
fn every_resource_does_what_its_cases_say() {
    let mut wrong = String::new();
    let mut unchanged: BTreeMap<&str, bool> = BTreeMap::new();
    for kind in resource::kinds() {
        let calm = unchanged.entry(kind.name).or_default();
        for path in cases(kind.name) {
            let case = match Case::read(&path) {
                Ok(case) => case,
                Err(error) => {
                    let _ = writeln!(wrong, "\n{}: {error}", path.display());
                    continue;
                }
            };
            *calm |= case.error.is_none() && case.apply.is_empty() && case.check.is_none();
            if let Err(difference) = case.run(kind.name) {
                let _ = writeln!(wrong, "\n{}\n{difference}", path.display());
            }
        }
    }
    for folder in std::fs::read_dir(root()).into_iter().flatten().flatten() {
        let name = folder.file_name().to_string_lossy().into_owned();
        if !unchanged.contains_key(name.as_str()) {
            let _ = writeln!(wrong, "\ntests/resource/{name}: no resource has this name");
        }
    }
    for (kind, calm) in unchanged {
        if !calm {
            let _ = writeln!(wrong, "\ntests/resource/{kind}: no case in which nothing changes");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/resource")
}

/// The case files of a kind, sorted.
fn cases(kind: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(root().join(kind)) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

struct Case {
    host: Value,
    tasks: Vec<(String, Value)>,
    task: Node,
    check: Option<Vec<String>>,
    apply: Vec<String>,
    again: Vec<String>,
    error: Option<String>,
    help: Option<String>,
    gate: String,
    result: Value,
    after: Value,
}

impl Case {
    fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        let mut sources = Sources::default();
        let id = sources.add(path, text.clone());
        let show = |error: Diagnostic| {
            let place = error.span.map(|span| sources.locate(span)).unwrap_or_default();
            format!("{place}: {error}")
        };
        let root = converge::config::yaml::parse(id, &text).map_err(show)?;
        const KEYS: &[&str] = &[
            "host", "tasks", "task", "check", "apply", "again", "error", "help", "gate", "result",
            "after",
        ];
        if let Some((key, _)) = root.entries().iter().find(|(key, _)| !KEYS.contains(&&*key.name)) {
            return Err(format!("a case has no `{}`", key.name));
        }
        let json = |key: &str| root.get(key).map(|node| node.to_value().to_json_exposed());
        let lines = |key: &str| {
            root.get(key).map(|node| {
                node.items().iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
            })
        };
        let text = |key: &str| root.get(key).and_then(Node::as_str).map(str::to_owned);
        let tasks = root.get("tasks").map(Node::items).unwrap_or_default();
        Ok(Self {
            host: json("host").unwrap_or_else(|| Value::Object(serde_json::Map::new())),
            tasks: tasks
                .iter()
                .flat_map(Node::entries)
                .map(|(key, node)| (key.name.clone(), node.to_value().to_json_exposed()))
                .collect(),
            task: root.get("task").cloned().ok_or("a case needs `task`")?,
            check: lines("check"),
            apply: lines("apply").unwrap_or_default(),
            again: lines("again").unwrap_or_default(),
            error: text("error"),
            help: text("help"),
            gate: text("gate").unwrap_or_else(|| "pass".to_owned()),
            result: json("result").unwrap_or(Value::Null),
            after: json("after").unwrap_or(Value::Null),
        })
    }

    fn run(&self, kind: &str) -> Result<(), String> {
        let world: World =
            serde_json::from_value(self.host.clone()).map_err(|error| format!("host: {error}"))?;
        let mut host = InMemory::new(world);
        if let Some(error) = &self.error {
            let found = match self.look(kind, &host) {
                Err(diagnostic) => diagnostic,
                Ok(planned) => {
                    return Err(format!("no error, but\n{}", lines_of(&planned).join("\n")));
                }
            };
            same("error", error, &found.message)?;
            return match &self.help {
                Some(help) => same("help", help, found.help.as_deref().unwrap_or_default()),
                None => Ok(()),
            };
        }
        self.dry_run(kind, &host)?;
        for (kind, parameters) in &self.tasks {
            let planned = look(kind, parameters.clone(), &host).map_err(|error| error.message)?;
            perform(&mut host, &planned)?;
        }
        let planned = self.look(kind, &host).map_err(|error| format!("error: {error}"))?;
        same("apply", &self.apply.join("\n"), &lines_of(&planned).join("\n"))?;
        let gate = match &planned.gate {
            Gate::Pass => "pass".to_owned(),
            Gate::Fail(diagnostic) => format!("fail: {diagnostic}"),
            Gate::Unknown(_) => "unknown".to_owned(),
        };
        same("gate", &self.gate, &gate)?;
        self.is_of_its_kind(kind, &planned)?;
        let result = converge::value::Value::Map(planned.result.clone()).to_json_exposed();
        contains("result", &self.result, &result)?;
        perform(&mut host, &planned)?;
        let left = self.look(kind, &host).map_err(|error| format!("again: {error}"))?;
        same("again", &self.again.join("\n"), &lines_of(&left).join("\n"))?;
        let world = serde_json::to_value(host.world()).map_err(|error| error.to_string())?;
        contains("after", &self.after, &world)
    }

    /// That the look is one that the kind says of itself: its nature, and its result's members.
    fn is_of_its_kind(&self, kind: &str, planned: &Planned) -> Result<(), String> {
        let kind = resource::find(kind).ok_or("no such kind")?;
        let nature = kind.nature_of(&self.task.to_value());
        let plans_well = match nature {
            // Some build something anew after a change (`postmap`).
            Nature::Change => true,
            Nature::Act => planned.steps.iter().all(|step| step.action.is_act()),
            Nature::Gate | Nature::Look | Nature::Steer(_) => planned.steps.is_empty(),
        };
        if !plans_well {
            return Err(format!("{nature:?} plans {}", lines_of(planned).join(", ")));
        }
        match planned.result.keys().find(|member| !kind.result.contains(&member.as_str())) {
            Some(member) => Err(format!("{}: RESULT does not name `{member}`", kind.name)),
            None => Ok(()),
        }
    }

    /// What a dry run plans, the tasks before it pending.
    fn dry_run(&self, kind: &str, host: &InMemory) -> Result<(), String> {
        let mut overlay = Overlay::new(host, HashSet::new());
        for (kind, parameters) in &self.tasks {
            let planned = look(kind, parameters.clone(), &overlay)
                .map_err(|error| format!("check: {kind}: {error}"))?;
            for step in &planned.steps {
                match &step.unless {
                    None => overlay.perform(&step.action).map(|_| ()),
                    Some(origin) => overlay.might(&step.action, origin),
                }
                .map_err(|error| format!("check: {kind}: {error}"))?;
            }
        }
        let planned = self.look(kind, &overlay).map_err(|error| format!("check: {error}"))?;
        let expected = self.check.as_ref().unwrap_or(&self.apply);
        same("check", &expected.join("\n"), &lines_of(&planned).join("\n"))
    }

    fn look(&self, kind: &str, view: &dyn View) -> Result<Planned, Diagnostic> {
        let known = resource::find(kind).ok_or_else(|| Diagnostic::new("no such kind"))?;
        // What the engine gives is checked by no one.
        let mut written = self.task.clone();
        if let converge::value::NodeKind::Map(entries) = &mut written.kind {
            let parameters = known.parameters();
            entries.retain(|(key, _)| !parameters.get(&key.name).is_some_and(|one| one.reserved));
        }
        if let Some(wrong) = known.check(&written).into_iter().next() {
            return Err(wrong);
        }
        look(kind, self.task.to_value().to_json_exposed(), view)
    }
}

fn look(kind: &str, parameters: Value, view: &dyn View) -> Result<Planned, Diagnostic> {
    let kind = resource::find(kind).ok_or_else(|| Diagnostic::new(format!("no kind {kind}")))?;
    let declared = kind.parse(parameters).map_err(|error| {
        let diagnostic = Diagnostic::new(&error.message);
        match &error.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    })?;
    declared.look(view)
}

fn perform(host: &mut InMemory, planned: &Planned) -> Result<(), String> {
    for step in &planned.steps {
        let done = host
            .perform(&step.action)
            .map_err(|error| format!("cannot perform {}: {error}", line(&step.action)))?;
        if let Some(why) = done.failed {
            return Err(format!("{} failed: {why}", line(&step.action)));
        }
    }
    Ok(())
}

fn lines_of(planned: &Planned) -> Vec<String> {
    let steps = planned.steps.iter().map(|step| match &step.unless {
        None => line(&step.action),
        Some(_) => format!("? {}", line(&step.action)),
    });
    steps
        .chain(planned.open.iter().map(|open| format!("? {} {} …", open.kind, open.target)))
        .collect()
}

/// An action in one line: its kind, its target, what it sets.
fn line(action: &Action) -> String {
    let mut line = format!("{} {}", action.kind(), action.target());
    let mut say = |words: &str| {
        if !words.is_empty() {
            line.push(' ');
            line.push_str(words);
        }
    };
    match action {
        Action::WriteFile { attributes, backup, validate, content, .. } => {
            say(&set(attributes));
            if *backup {
                say("backup");
            }
            if let Some(validate) = validate {
                say(&format!("validate={}", validate.argv.join(",")));
            }
            if content.secret {
                say("secret");
            }
        }
        Action::MakeDirectory { attributes, .. } | Action::SetAttributes { attributes, .. } => {
            say(&set(attributes));
        }
        Action::Symlink { target, .. } => say(&format!("-> {}", target.display())),
        Action::Packages(transaction) => {
            let all = transaction.changes.iter().map(|change| match (&change.from, &change.to) {
                (None, Some(to)) => format!("+{}={to}", change.name),
                (Some(from), None) => format!("-{}={from}", change.name),
                (from, to) => format!("^{}={from:?}->{to:?}", change.name).replace("Some", ""),
            });
            say(&format!("[{}]", all.collect::<Vec<_>>().join(" ")));
            if transaction.refresh_index {
                say("refresh");
            }
            if !transaction.hold.is_empty() {
                say(&format!("hold={}", transaction.hold.join(",")));
            }
        }
        Action::RepairPackages { found } => say(&format!("({found})")),
        Action::Service { change, .. } => say(&format!("{change:?}").to_lowercase()),
        Action::User { entry: None, .. } | Action::Group { present: false, .. } => say("absent"),
        Action::User { entry: Some(entry), .. } => {
            let shown = format!("{entry:?}").replace("UserEntry ", "");
            let fields = shown.trim_matches(['{', '}', ' ']).to_owned();
            for field in ["uid", "group", "groups", "comment", "home", "shell", "password"] {
                let unset = format!("{field}: None");
                if !fields.contains(&unset) {
                    let at = fields.find(&format!("{field}: Some(")).unwrap_or_default();
                    let rest = &fields[at + field.len() + 7..];
                    let value = rest.split(')').next().unwrap_or_default().replace('"', "");
                    say(&format!("{field}={value}"));
                }
            }
            if entry.create_home {
                say("create_home");
            }
            if entry.system {
                say("system");
            }
        }
        Action::Group { gid, system, .. } => {
            if let Some(gid) = gid {
                say(&format!("gid={gid}"));
            }
            if *system {
                say("system");
            }
        }
        Action::Run { changes, command } => {
            if command.stdin.is_some() {
                say("stdin");
            }
            for (name, _) in &command.environment {
                say(&format!("${name}"));
            }
            if !changes.is_empty() {
                say(&format!("changes={}", changes.join(",")));
            }
        }
        _ => {}
    }
    line.trim_end().to_owned()
}

fn set(attributes: &Attributes) -> String {
    let mode = attributes.mode.map(|mode| mode.to_string());
    let parts = [mode.as_ref(), attributes.owner.as_ref(), attributes.group.as_ref()];
    if parts.iter().all(Option::is_none) {
        return String::new();
    }
    parts.map(|part| part.map_or("-", String::as_str)).join(" ")
}

fn same(what: &str, expected: &str, found: &str) -> Result<(), String> {
    if expected.trim_end() == found.trim_end() {
        return Ok(());
    }
    let (expected, found) =
        (format!("{}\n", expected.trim_end()), format!("{}\n", found.trim_end()));
    let diff = similar::TextDiff::from_lines(&expected, &found);
    Err(format!("{what} is not as the case says:\n{}", diff.unified_diff().header("case", "found")))
}

/// Whether everything in `expected` is in `found`; null stands for nothing there.
fn contains(at: &str, expected: &Value, found: &Value) -> Result<(), String> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            expected.iter().try_for_each(|(key, value)| match (value, found.get(key)) {
                (Value::Null, None) => Ok(()),
                (value, inner) => {
                    contains(&format!("{at}.{key}"), value, inner.unwrap_or(&Value::Null))
                }
            })
        }
        (Value::Null, _) if at == "result" || at == "after" => Ok(()),
        (Value::String(expected), Value::String(found)) => same(at, expected, found),
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            expected.iter().zip(found).enumerate().try_for_each(|(position, (expected, found))| {
                contains(&format!("{at}[{position}]"), expected, found)
            })
        }
        (expected, found) if expected == found => Ok(()),
        (expected, found) => {
            Err(format!("{at} is\n    {found}\nwhere the case says\n    {expected}"))
        }
    }
}
