//! `converge lint`: which roles run, and what keeps the others from it.

use super::answer::{print, refuse};
use super::args::{LintArgs, ListOutput};
use super::exit_code::ExitCode;
use super::terminal::Terminal;
use crate::controller::{LintOptions, Linted, LintedRole, LoadOptions, lint, lint_playbooks};
use crate::host::Disk;
use crate::report::escape;
use crate::text::{Diagnostic, Sources};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// What `--output json` prints.
const SCHEMA: &str = "converge.lint/1";

/// Looks at roles and tells. 65 where one does not run.
pub(super) fn run(args: &LintArgs, terminal: &Terminal) -> ExitCode {
    let found = super::vault::vault(&args.from).and_then(|vault| {
        if !args.playbooks.is_empty() {
            return Ok(lint_playbooks(&of_playbooks(args), &Disk, &vault));
        }
        let options = LintOptions {
            folder: args.from_ansible.as_deref().map(named),
            inventory: args.from.inventory.as_slice().into(),
            roles_path: args.roles_path.clone(),
        };
        lint(&options, &Disk, &vault)
    });
    let found = match found {
        Ok(found) => found,
        Err(error) => return refuse(&error, terminal),
    };
    let text = match args.output {
        ListOutput::Human if !args.playbooks.is_empty() => lines(&found),
        ListOutput::Human => human(&found),
        ListOutput::Json => format!("{:#}\n", document(&found)),
    };
    let all_run = found.roles.iter().all(|role| role.needs.is_empty());
    let code = if all_run { ExitCode::SUCCESS } else { ExitCode::DATA };
    print(&text, terminal).and(code)
}

/// As a run would load them; what a person would be asked for is taken for set.
fn of_playbooks(args: &LintArgs) -> LoadOptions {
    LoadOptions {
        inventory: args.from.inventory.as_slice().into(),
        roles_path: args.roles_path.clone(),
        playbooks: args.playbooks.clone(),
        ask: Some(super::prompt::nothing),
        environment: Some(super::process::environment),
        runs: true,
        ..LoadOptions::default()
    }
}

/// A folder under its own name, which a role's is: `.` has none.
fn named(folder: &Path) -> PathBuf {
    match folder.file_name() {
        Some(_) => folder.to_path_buf(),
        None => Disk.resolve(folder),
    }
}

/// A line for each role that runs, one for each need of the others, and a count.
fn human(found: &Linted) -> String {
    let mut out = lines(found);
    let running = found.roles.iter().filter(|role| role.needs.is_empty()).count();
    let needs: usize = found.roles.iter().map(|role| role.needs.len()).sum();
    let roles = count(found.roles.len(), "role", "roles");
    let _ = match needs {
        0 => writeln!(out, "\n{roles}: all run"),
        _ => writeln!(out, "\n{roles}: {running} run; {}", count(needs, "need", "needs")),
    };
    out
}

fn lines(found: &Linted) -> String {
    let width = found.roles.iter().map(|role| role.name.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for role in &found.roles {
        let name = &role.name;
        let lines = if role.needs.is_empty() {
            vec![runs(role)]
        } else {
            role.needs.iter().map(|need| need_line(need, &found.sources)).collect()
        };
        for line in lines {
            let _ = writeln!(out, "{name:<width$}  {}", escape::line(&line));
        }
    }
    out
}

fn runs(role: &LintedRole) -> String {
    let mut line = "runs".to_owned();
    if !role.asks.is_empty() {
        let _ = write!(line, "; the inventory has to set {}", role.asks.join(", "));
    }
    if !role.files.is_empty() {
        let _ = write!(line, "; beside the inventory it needs {}", role.files.join(", "));
    }
    line
}

/// `needs X at FILE:LINE`, why or what instead.
fn need_line(need: &Diagnostic, sources: &Sources) -> String {
    let at = match need.span {
        Some(span) => format!(" at {}:{}", path(sources, span), span.line),
        None => String::new(),
    };
    let help = need.help.as_deref();
    match &need.lack {
        // The message of a refusal holds the reason, the help what to do instead.
        Some(lack) => {
            let reason = need.message.split_once(": ").map(|(_, reason)| reason);
            let why = [reason, help].into_iter().flatten().collect::<Vec<_>>().join("; ");
            let why = if why.is_empty() { why } else { format!(" ({why})") };
            format!("needs {lack}{at}{why}")
        }
        None => {
            let why = help.map(|help| format!(" ({help})")).unwrap_or_default();
            format!("needs a change{at}: {}{why}", need.message)
        }
    }
}

fn path(sources: &Sources, span: crate::text::Span) -> String {
    sources.path(span.source).map_or("?".to_owned(), |path| path.display().to_string())
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The same as one JSON document.
fn document(found: &Linted) -> Value {
    let need = |need: &Diagnostic| {
        let place = need.span.map(|span| (path(&found.sources, span), span));
        json!({
            "kind": need.lack.as_ref().map_or("change", |lack| lack.kind()),
            "name": need.lack.as_ref().map(|lack| lack.name()),
            "message": need.message,
            "help": need.help,
            "file": place.as_ref().map(|(path, _)| path),
            "line": place.as_ref().map(|(_, span)| span.line),
            "column": place.as_ref().map(|(_, span)| span.column),
        })
    };
    let role = |role: &LintedRole| {
        json!({
            "name": role.name,
            "status": if role.needs.is_empty() { "runs" } else { "needs" },
            "asks": role.asks,
            "files": role.files,
            "needs": role.needs.iter().map(need).collect::<Vec<_>>(),
        })
    };
    json!({
        "schema": SCHEMA,
        "roles": found.roles.iter().map(role).collect::<Vec<_>>(),
    })
}
