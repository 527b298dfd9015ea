//! The last words of a unit, from systemd's journal.

use super::process;
use super::units::show;

/// The last lines that a unit logged in its latest invocation, oldest first; none if there is no
/// journal. What a unit stands for is asked as well.
pub(super) fn tail(unit: &str, count: usize) -> Vec<String> {
    let mut argv = vec!["journalctl".to_owned(), "--no-pager".to_owned(), "--quiet".to_owned()];
    argv.extend(["--output=cat".to_owned(), format!("--lines={count}"), "--boot".to_owned()]);
    argv.push(format!("--unit={unit}"));
    let shown = show(&[unit.to_owned()]).unwrap_or_default();
    argv.extend(shown.iter().flat_map(|unit| &unit.members).map(|name| format!("--unit={name}")));
    let Ok(output) = process::run(&process::tool(&argv, 10)) else { return Vec::new() };
    let lines = process::last_lines(&output.stdout, count);
    // What systemd itself says of the unit comes after the cause, and adds nothing to it.
    let own: Vec<_> = lines.iter().filter(|line| !is_of_systemd(line)).cloned().collect();
    if own.is_empty() { lines } else { own }
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
