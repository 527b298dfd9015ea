//! `converge forget HOST`: removes what is ours from hosts, after saying what.

use super::args::ForgetArgs;
use super::exit_code::ExitCode;
use super::mistakes;
use super::output::Output;
use super::question;
use super::terminal::Terminal;
use crate::controller::{self, Left, LoadOptions, NotForgotten, Project, Stop};
use crate::event::HostStatus;
use crate::host::Disk;
use crate::report::escape;
use crate::text::Diagnostic;
use std::io::Write;

/// Looks, says what there is, asks, and removes it.
pub(super) fn run(args: &ForgetArgs, terminal: &Terminal) -> ExitCode {
    let usage = |error: Diagnostic| {
        mistakes::say(&error, terminal);
        ExitCode::USAGE
    };
    let load = || -> Result<Project, ExitCode> {
        let options = LoadOptions {
            inventory: args.from.inventory.as_slice().into(),
            limit: Some(args.hosts.clone()),
            access: super::password::access(&args.access).map_err(usage)?,
            program: Some(super::process::program()),
            ..LoadOptions::default()
        };
        let vault = super::vault::vault(&args.from).map_err(usage)?;
        Project::load(&options, &Disk, &vault)
            .map_err(|errors| mistakes::show(&errors.diagnostics, &errors.sources, terminal))
    };
    let project = match load() {
        Ok(project) => project,
        Err(code) => return code,
    };
    let mut out = Output::new(std::io::stdout().lock());
    let mut codes = vec![ExitCode::SUCCESS];
    let mut with: Vec<&str> = Vec::new();
    let stop = Stop::default();
    for host in project.hosts() {
        match controller::forget(&project, host, false, &stop) {
            Ok(left) if left.is_empty() => {
                let _ = writeln!(out, "{host}  has nothing of converge");
            }
            Ok(left) => {
                with.push(host);
                for Left { path, kib } in left {
                    let _ = writeln!(out, "{host}  - {} ({kib} KiB)", escape::line(&path));
                }
            }
            Err(error) => codes.push(say(host, &error, &mut out)),
        }
    }
    let plural = if with.len() == 1 { "" } else { "s" };
    let words = format!("Forget {} host{plural}?", with.len());
    let asks = terminal.can_ask && !args.yes;
    if args.check || with.is_empty() {
        return codes.into_iter().collect();
    }
    if asks && !question::confirm(&words, &mut std::io::stdin().lock(), &mut out) {
        let _ = writeln!(out, "Nothing was changed.");
        return codes.into_iter().collect();
    }
    for host in with {
        match controller::forget(&project, host, true, &stop) {
            Ok(_) => {
                let _ = writeln!(out, "{host}  forgotten");
            }
            Err(error) => codes.push(say(host, &error, &mut out)),
        }
    }
    codes.into_iter().collect()
}

fn say(host: &str, error: &NotForgotten, out: &mut dyn Write) -> ExitCode {
    let (status, error) = &**error;
    let (word, code) = match status {
        HostStatus::Locked => ("LOCKED", ExitCode::STALE),
        _ => ("UNREACHABLE", ExitCode::UNREACHABLE),
    };
    let help = error.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    let text = format!("{}{help}", error.message);
    let _ = writeln!(out, "{word}  {host}  {}", escape::line(&text));
    code
}
