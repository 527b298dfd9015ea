//! The last words of a unit, from systemd's journal.

use super::process;
use super::units::{Shown, show};
use serde::Deserialize;
use std::time::Duration;

/// The most that is read of what the whole host logged meanwhile.
const MOST: &str = "--lines=1000";

/// One line of `journalctl --output=json`, as far as it is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    /// An array of numbers where it is no text.
    #[serde(rename = "MESSAGE")]
    message: serde_json::Value,
    #[serde(rename = "SYSLOG_IDENTIFIER")]
    identifier: String,
    #[serde(rename = "_SYSTEMD_INVOCATION_ID")]
    invocation: String,
    #[serde(rename = "_SYSTEMD_CGROUP")]
    cgroup: String,
    #[serde(rename = "_TRANSPORT")]
    transport: String,
}

/// The last lines that a unit logged since a moment (a duration since 1970) in its latest
/// invocation, oldest first; none if there is no journal. What a unit stands for is asked as well.
pub(super) fn tail(unit: &str, since: Duration, count: usize) -> Vec<String> {
    let mut units = show(&[unit.to_owned()]).unwrap_or_default();
    let members: Vec<String> = units.iter().flat_map(|unit| unit.members.clone()).collect();
    if !members.is_empty() {
        units.extend(show(&members).unwrap_or_default());
    }
    // What a process said in its last moment may not be written yet.
    let _ = process::run(&process::tool(&["journalctl", "--sync"], 10));
    let since = format!("--since=@{}.{:06}", since.as_secs(), since.subsec_micros());
    let said = of_units(&entries(&since), &units);
    if !said.is_empty() {
        return process::last_lines(&said.join("\n"), count);
    }
    // It came to no process: systemd says why.
    let names: Vec<_> = units.iter().map(|unit| format!("--unit={}", unit.id)).collect();
    let lines = ask(&names, count);
    let own: Vec<_> = lines.iter().filter(|line| !is_of_systemd(line)).cloned().collect();
    if own.is_empty() { lines } else { own }
}

/// Everything that was logged on this host since then.
fn entries(since: &str) -> Vec<Entry> {
    let fields = "--output-fields=MESSAGE,SYSLOG_IDENTIFIER,_SYSTEMD_INVOCATION_ID,\
                  _SYSTEMD_CGROUP,_TRANSPORT";
    let argv = ["journalctl", "--no-pager", "--quiet", "--boot", "--output=json", fields];
    let output = process::run(&process::tool(&[&argv[..], &[since, MOST]].concat(), 10));
    let text = output.map(|output| output.stdout).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// What these units' processes said. The journal asks the kernel whose a message is when it reads
/// it: of a process that has ended by then, on a busy machine the very one that said why, it knows no
/// unit. Such a line is the unit's where its program names itself as another of the unit's does,
/// or as the unit is called: Postfix's are all `postfix/…`.
fn of_units(entries: &[Entry], units: &[Shown]) -> Vec<String> {
    let is_own = |entry: &&Entry| units.iter().any(|unit| unit.has_said(entry));
    let mut names: Vec<&str> = entries.iter().filter(is_own).map(Entry::program).collect();
    names.extend(units.iter().filter_map(|unit| unit.id.split(['.', '@']).next()));
    let is_stray = |entry: &&Entry| {
        entry.cgroup.is_empty()
            && matches!(entry.transport.as_str(), "syslog" | "journal")
            && !entry.identifier.is_empty()
            && names.contains(&entry.program())
    };
    let said = entries.iter().filter(|entry| is_own(entry) || is_stray(entry));
    said.filter_map(|entry| entry.message.as_str().map(str::to_owned)).collect()
}

impl Entry {
    fn program(&self) -> &str {
        self.identifier.split('/').next().unwrap_or_default()
    }
}

impl Shown {
    fn has_said(&self, entry: &Entry) -> bool {
        !self.invocation.is_empty() && self.invocation == entry.invocation
    }
}

fn ask(words: &[String], count: usize) -> Vec<String> {
    let mut argv = vec!["journalctl", "--no-pager", "--quiet", "--output=cat", "--boot"];
    let lines = format!("--lines={count}");
    argv.push(&lines);
    argv.extend(words.iter().map(String::as_str));
    let output = process::run(&process::tool(&argv, 10));
    output.map(|output| process::last_lines(&output.stdout, count)).unwrap_or_default()
}
fn is_of_systemd(line: &str) -> bool {
    const BEGINNINGS: [&str; 6] =
        ["Starting ", "Started ", "Stopping ", "Stopped ", "Failed to start ", "Finished "];
    const PARTS: [&str; 4] = [
        ": Failed with result",
        ": Control process exited",
        ": Main process exited",
        ": Scheduled restart job",
    ];
    BEGINNINGS.iter().any(|words| line.starts_with(words))
        || PARTS.iter().any(|words| line.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_said_that_had_ended_is_its_units_too() {
        let entry = |message: &str, identifier: &str, invocation: &str, cgroup: &str| Entry {
            message: message.into(),
            identifier: identifier.to_owned(),
            invocation: invocation.to_owned(),
            cgroup: cgroup.to_owned(),
            transport: "syslog".to_owned(),
        };
        let entries = [
            entry("earlier", "postfix/master", "0", "/postfix"),
            entry("starting", "postfix/postfix-script", "1", "/postfix"),
            entry("by itself", "cron", "", ""),
            entry("another", "postfix/smtp", "2", "/another"),
            entry("the cause", "postfix/master", "", ""),
            entry("failed", "postfix/postfix-script", "1", "/postfix"),
        ];
        let unit = |id: &str, invocation: &str| Shown {
            id: id.to_owned(),
            invocation: invocation.to_owned(),
            ..Shown::default()
        };
        let said = ["starting", "the cause", "failed"];
        assert_eq!(of_units(&entries, &[unit("mta.service", "1")]), said);
        // Nothing of it was read in time.
        assert_eq!(of_units(&entries, &[unit("postfix@-.service", "7")]), ["the cause"]);
        assert_eq!(of_units(&entries, &[unit("mta.service", "")]), [""; 0]);
    }

    #[test]
    fn the_cause_is_told_from_systemds_own_lines() {
        for line in [
            "Failed to start postfix@-.service - Postfix Mail Transport Agent (instance -).",
            "postfix@-.service: Control process exited, code=exited, status=1/FAILURE",
            "postfix@-.service: Failed with result 'exit-code'.",
        ] {
            assert!(is_of_systemd(line), "{line}");
        }
        assert!(!is_of_systemd("fatal: bind 127.0.0.1 port 25: Address already in use"));
    }
}
