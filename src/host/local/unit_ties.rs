//! What hangs on units that systemd knows: asked of it, for many units in one call.

use super::super::{HostError, UnitTies};
use super::process;
use std::collections::BTreeMap;
use std::path::Path;

const PROPERTIES: &str = "Id,Requires,Requisite,Wants,Upholds,BindsTo,ConsistsOf,BoundBy,RequiredBy,\
                          Conflicts,ConflictedBy,StateDirectory,RuntimeDirectory,CacheDirectory,\
                          LogsDirectory,ConfigurationDirectory,RuntimeDirectoryPreserve,Type,User,Group,\
                          DynamicUser,StateDirectoryMode,RuntimeDirectoryMode,CacheDirectoryMode,\
                          LogsDirectoryMode,ConfigurationDirectoryMode,\
                          RemainAfterExit,CanReload,FragmentPath,TriggeredBy,UpheldBy,BusName";
/// Seconds for a question to systemd.
const SECONDS: u64 = 30;

/// The ties of these units, in their order.
///
/// # Errors
/// If systemd does not answer.
pub(super) fn of(names: &[String]) -> Result<Vec<UnitTies>, HostError> {
    let mut argv = vec!["systemctl", "show", "--no-pager", "--property", PROPERTIES, "--"];
    argv.extend(names.iter().map(String::as_str));
    let text = process::must(&process::tool(&argv, SECONDS))?;
    let blocks: Vec<&str> = text.split("\n\n").filter(|block| !block.trim().is_empty()).collect();
    if blocks.len() != names.len() {
        return Err(HostError::failed(format!(
            "`systemctl show` told of {} units, not of the {} that were asked for",
            blocks.len(),
            names.len()
        )));
    }
    Ok(blocks.into_iter().map(one).collect())
}

fn one(block: &str) -> UnitTies {
    let said: BTreeMap<&str, &str> =
        block.lines().filter_map(|line| line.split_once('=')).collect();
    let get = |key: &str| said.get(key).copied().unwrap_or_default();
    let mut ties = UnitTies::default();
    for (key, value) in &said {
        ties.add(key, value);
    }
    // What is enabled with it is no property.
    let file = std::fs::read_to_string(Path::new(get("FragmentPath"))).unwrap_or_default();
    ties.also = UnitTies::read(get("Id"), &[file]).also;
    ties.settle(get);
    ties.reloads = get("CanReload") == "yes";
    ties
}
