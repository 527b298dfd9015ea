//! What apt-get says, read: the lines of a simulation, and the reason of a failure.

use super::super::{CommandOutput, HostError, PackageChange};
use std::collections::BTreeMap;

/// The changes that a simulation (`apt-get -s`) announces, sorted by name: `Inst NAME [OLD] (NEW
/// …)` and `Remv NAME [OLD]`.
pub(super) fn changes(simulation: &str) -> Vec<PackageChange> {
    let mut changes: BTreeMap<String, PackageChange> = BTreeMap::new();
    for line in simulation.lines() {
        let Some((verb, rest)) = line.split_once(' ') else { continue };
        let Some(name) = rest.split(' ').next() else { continue };
        let old = between(rest.split('(').next().unwrap_or(rest), '[', ' ');
        let new = match verb {
            "Inst" => between(rest, '(', ' '),
            "Remv" | "Purg" => None,
            _ => continue,
        };
        // A package may go and come again in one transaction.
        let change = changes.entry(name.to_owned()).or_insert_with(|| PackageChange {
            name: name.to_owned(),
            from: old,
            to: None,
        });
        change.to = new;
    }
    changes.into_values().filter(|change| change.from != change.to).collect()
}

/// The text after `open`, up to `end` or the closing bracket.
fn between(text: &str, open: char, end: char) -> Option<String> {
    let (_, after) = text.split_once(open)?;
    let end = after.find([end, ']', ')']).unwrap_or(after.len());
    after.get(..end).filter(|part| !part.is_empty()).map(str::to_owned)
}

/// Whether it failed because another one holds a lock.
pub(super) fn is_locked(output: &CommandOutput) -> bool {
    [
        "Could not get lock",
        "Unable to lock",
        "Unable to acquire the dpkg frontend lock",
        // dpkg's own words.
        "lock was locked by",
    ]
    .iter()
    .any(|words| output.stderr.contains(words))
}

/// Why it failed: in converge's words where the cause is known, apt's own beside.
pub(super) fn failure(program: &str, output: &CommandOutput) -> HostError {
    let errors: Vec<&str> =
        output.stderr.lines().filter_map(|line| line.strip_prefix("E: ")).collect();
    let first = errors.first().copied().unwrap_or_default();
    let mut notes: Vec<String> = errors.iter().take(6).map(|line| (*line).to_owned()).collect();
    let mut help = None;
    let message = if output.timed_out {
        format!("{program} ran out of time")
    } else if let Some(name) = quoted_after(first, "Unable to locate package ") {
        help =
            Some("is the name right for this distribution, and the index up to date?".to_owned());
        notes.clear();
        format!("the package repositories have no package {name}")
    } else if output.stdout.contains(" is a virtual package provided by:") {
        let lines = output.stdout.lines().skip_while(|line| !line.ends_with("provided by:"));
        notes = lines
            .skip(1)
            .take_while(|line| line.starts_with("  "))
            .take(8)
            .map(|line| line.trim().to_owned())
            .collect();
        help = Some("name one of the packages that provide it".to_owned());
        format!(
            "{} is no package, but what several packages provide",
            quoted_after(first, "Package ").unwrap_or("this")
        )
    } else if first.ends_with("has no installation candidate") {
        format!(
            "{} cannot be installed: no repository has it",
            quoted_after(first, "Package ").unwrap_or("the package")
        )
    } else if first.starts_with("Version ") {
        let mut quoted = first.split('\'').skip(1).step_by(2);
        let (version, name) =
            (quoted.next().unwrap_or_default(), quoted.next().unwrap_or_default());
        notes.clear();
        format!("the package repositories have no {name} in version {version}")
    } else if is_unreachable(&output.stderr) {
        let fetching = output.stderr.lines().filter(|line| is_unreachable(line));
        notes = fetching
            .take(6)
            .map(|line| line.trim_start_matches(['E', 'W', ':', ' ']).to_owned())
            .collect();
        help = Some("check the network and the sources in /etc/apt".to_owned());
        "the package repository cannot be reached".to_owned()
    } else if let Some((_, unmet)) = output.stdout.split_once("have unmet dependencies:\n") {
        let lines = unmet.lines().take_while(|line| line.starts_with(' ')).take(6);
        notes = lines.map(|line| line.trim().to_owned()).collect();
        "these packages cannot be installed together".to_owned()
    } else {
        if notes.is_empty() {
            notes = super::process::last_lines(&output.stderr, 6);
        }
        // What a maintainer script said stands in the output, before apt's own last words.
        if first.contains("dpkg returned an error code") {
            notes =
                super::process::last_lines(&format!("{}\n{}", output.stdout, output.stderr), 10);
        }
        format!("{program} exited with {}", output.rc)
    };
    HostError::Failed { message, notes, help }
}

fn is_unreachable(text: &str) -> bool {
    [
        "Failed to fetch",
        "Could not resolve",
        "Could not connect",
        "Temporary failure resolving",
        "Unable to fetch some archives",
        "does not have a Release file",
    ]
    .iter()
    .any(|words| text.contains(words))
}

fn quoted_after<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    let name = text.strip_prefix(words)?.split_whitespace().next()?;
    Some(name.trim_matches('\''))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(simulation: &str) -> Vec<String> {
        let show = |version: &Option<String>| version.clone().unwrap_or_else(|| "-".to_owned());
        let changes = changes(simulation);
        changes.iter().map(|c| format!("{} {} {}", c.name, show(&c.from), show(&c.to))).collect()
    }

    #[test]
    fn a_swap_removes_the_other() {
        assert_eq!(
            short(include_str!("fixtures/apt-swap.txt")),
            [
                "libgsasl18 - 2.2.0-1+deb12u2",
                "libntlm0 - 1.6-4",
                "msmtp - 1.8.23-1",
                "msmtp-mta - 1.8.23-1",
                "postfix 3.7.11-0+deb12u1 -",
            ]
        );
    }

    #[test]
    fn upgrades_keep_their_architecture() {
        assert_eq!(
            short(include_str!("fixtures/apt-upgrade.txt")),
            ["libc6 2.36-9+deb12u10 2.36-9+deb12u14", "libc6:i386 2.36-9+deb12u10 2.36-9+deb12u14",]
        );
    }

    #[test]
    fn failures_are_told_in_words() {
        let conflict = "The following packages have unmet dependencies:\n msmtp-mta : Conflicts: \
                        mail-transport-agent\n postfix : Conflicts: mail-transport-agent\n";
        for (stdout, stderr, message, note) in [
            (
                "",
                "E: Unable to locate package nosuch\n",
                "the package repositories have no package nosuch",
                "",
            ),
            (
                "",
                "E: Version '9' for 'postfix' was not found\n",
                "the package repositories have no postfix in version 9",
                "",
            ),
            (
                "Package mail-transport-agent is a virtual package provided by:\n  ssmtp 2.64-11\n  postfix 3.7.11-0+deb12u1\n\n",
                "E: Package 'mail-transport-agent' has no installation candidate\n",
                "mail-transport-agent is no package, but what several packages provide",
                "ssmtp 2.64-11",
            ),
            (
                "",
                "E: Package 'mail-transport-agent' has no installation candidate\n",
                "mail-transport-agent cannot be installed: no repository has it",
                "Package 'mail-transport-agent' has no installation candidate",
            ),
            (
                conflict,
                "E: Unable to correct problems, you have held broken packages.\n",
                "these packages cannot be installed together",
                "msmtp-mta : Conflicts: mail-transport-agent",
            ),
            (
                "",
                "W: Failed to fetch http://d.example/dists/x/InRelease  Could not resolve 'd.example'\n",
                "the package repository cannot be reached",
                "Failed to fetch http://d.example/dists/x/InRelease  Could not resolve 'd.example'",
            ),
            ("", "E: something else\n", "apt-get exited with 100", "something else"),
        ] {
            let output = CommandOutput {
                rc: 100,
                stdout: stdout.into(),
                stderr: stderr.into(),
                timed_out: false,
            };
            let HostError::Failed { message: told, notes, .. } = failure("apt-get", &output) else {
                panic!()
            };
            assert_eq!((told.as_str(), notes.first().map_or("", String::as_str)), (message, note));
        }
    }

    #[test]
    fn a_lock_is_told_from_a_failure() {
        let output = |stderr: &str| CommandOutput {
            rc: 100,
            stderr: stderr.into(),
            ..CommandOutput::default()
        };
        assert!(is_locked(&output(
            "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)"
        )));
        assert!(is_locked(&output(
            "dpkg: error: dpkg frontend lock was locked by another process with pid 7"
        )));
        assert!(!is_locked(&output("E: Unable to locate package lock")));
    }
}
