//! The last words of a unit, from systemd's journal.

use super::process;
use super::units::show;

/// The last lines that a unit logged in its latest invocation, oldest first; none if there is no
/// journal. What a unit stands for is asked as well.
pub(super) fn tail(unit: &str, count: usize) -> Vec<String> {
    let mut units = show(&[unit.to_owned()]).unwrap_or_default();
    let members: Vec<String> = units.iter().flat_map(|unit| unit.members.clone()).collect();
    if !members.is_empty() {
        units.extend(show(&members).unwrap_or_default());
    }
    // What a process said in its last moment may not be written yet.
    let _ = process::run(&process::tool(&["journalctl", "--sync"], 10));
    let invocations = units.iter().filter(|unit| !unit.invocation.is_empty());
    let matches: Vec<_> =
        invocations.map(|unit| format!("_SYSTEMD_INVOCATION_ID={}", unit.invocation)).collect();
    let said = if matches.is_empty() { Vec::new() } else { ask(&matches.join(" + "), count) };
    if !said.is_empty() {
        return said;
    }
    // It came to no process: systemd says why.
    let names: Vec<_> = units.iter().map(|unit| format!("--unit={}", unit.id)).collect();
    let lines = ask(&names.join(" "), count);
    let own: Vec<_> = lines.iter().filter(|line| !is_of_systemd(line)).cloned().collect();
    if own.is_empty() { lines } else { own }
}

fn ask(words: &str, count: usize) -> Vec<String> {
    let mut argv = vec!["journalctl", "--no-pager", "--quiet", "--output=cat", "--boot"];
    let lines = format!("--lines={count}");
    argv.push(&lines);
    argv.extend(words.split(' ').filter(|word| !word.is_empty()));
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
