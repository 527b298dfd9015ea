//! `converge explain HOST VAR`: every layer that set a variable, and which one won.

use super::args::ExplainArgs;
use super::inventory::no_host;
use crate::config::{Layer, Layers};
use crate::controller::{LoadOptions, Project};
use crate::engine::names::is_supplied;
use crate::host::Disk;
use crate::report::escape;
use crate::text::{Diagnostic, Sources, nearest};
use std::fmt::Write;

/// So much of a value is shown in a list of variables.
const SHORT: usize = 60;

/// What is to be printed.
///
/// # Errors
/// Everything wrong with the project, or that nothing sets the variable.
pub(super) fn text(args: &ExplainArgs) -> Result<String, (Vec<Diagnostic>, Sources)> {
    let load = LoadOptions {
        inventory: args.from.inventory.as_slice().into(),
        limit: Some(args.host.clone()),
        roles_path: args.roles.roles_path.clone(),
        playbooks: args.playbooks.clone(),
        ask: Some(super::prompt::nothing),
        extra: args.roles.extra.clone(),
        environment: Some(super::process::environment),
        ..LoadOptions::default()
    };
    let vault =
        super::vault::vault(&args.from).map_err(|error| (vec![error], Sources::default()))?;
    let project = Project::load(&load, &Disk, &vault)
        .map_err(|errors| (errors.diagnostics, errors.sources))?;
    let Some(layers) = project.layers(&args.host) else {
        return Err((vec![no_host(&project.inventory, &args.host)], project.sources));
    };
    let Some(variable) = &args.variable else { return Ok(all(&layers, &project.sources)) };
    match project.settings(&args.host, variable).unwrap_or_default().as_slice() {
        [] if is_supplied(variable) => {
            let error = Diagnostic::new(format!("`{variable}` is set by converge itself"));
            let help = "it is a fact of the host, or what the inventory's groups make of it";
            Err((vec![error.help(help)], project.sources))
        }
        [] => {
            let message = format!("nothing sets `{variable}` for {}", args.host);
            let error = Diagnostic::new(message);
            let error = match nearest(variable, layers.names()) {
                Some(known) => error.help(format!("did you mean `{known}`?")),
                None => error.help(format!("`converge explain {}` lists what is set", args.host)),
            };
            Err((vec![error], project.sources))
        }
        found => Ok(one(found, &project.sources)),
    }
}

/// Every layer of a variable, the strongest first: what `wins` before any task has run, and above
/// it what stands at a task and is stronger `here`: in the task, or from there on.
fn one(layers: &[Layer], sources: &Sources) -> String {
    let rows = layers.iter().rev().map(|layer| [place(layer, sources), layer.kind.to_string()]);
    let rows: Vec<[String; 2]> = rows.collect();
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (places, kinds) = (width(0), width(1));
    let mut out = String::new();
    let mut won = false;
    for ([place, kind], layer) in rows.iter().zip(layers.iter().rev()) {
        let word = match (won, layer.kind.is_at_a_task()) {
            (true, _) => "",
            (false, true) => "here",
            (false, false) => "wins",
        };
        won |= word == "wins";
        let value = value(layer);
        let _ = writeln!(out, "{word:<4}  {place:<places$}  {kind:<kinds$}  {value}");
    }
    out
}

/// Every variable with the value that wins and where it stands.
fn all(layers: &Layers, sources: &Sources) -> String {
    let mut found: Vec<(&str, &Layer)> = layers.winners().collect();
    found.sort_by_key(|(name, _)| *name);
    let width = found.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for (name, layer) in found {
        let mut value = value(layer);
        if value.chars().count() > SHORT {
            value = value.chars().take(SHORT).chain(['…']).collect();
        }
        let _ = writeln!(out, "{name:<width$}  {value}  ({})", place(layer, sources));
    }
    out
}

/// `file:line`.
fn place(layer: &Layer, sources: &Sources) -> String {
    let path = sources.path(layer.span.source);
    let path = path.map_or("?".to_owned(), |path| path.display().to_string());
    escape::line(&format!("{path}:{}", layer.span.line)).into_owned()
}

/// As JSON, templates as they are written, secrets as words.
fn value(layer: &Layer) -> String {
    let json = layer.node.to_value().to_json_redacted().to_string();
    escape::line(&json).into_owned()
}
