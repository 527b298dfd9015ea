//! How a run ended: which hosts how, what it adds up to, what to do next.

use super::counts::Counts;
use super::fold::RunFold;
use super::run_info::{Mode, RunEnd, RunInfo, seconds, status_word};
use super::style::{Paint, Style};
use super::{escape, ranges};
use crate::event::HostStatus;
use std::io::{self, Write};

/// Writes how the hosts ended, those that ended well on one line each.
pub(super) fn results(
    out: &mut dyn Write,
    style: &Style,
    run: &RunFold,
    mode: Mode,
) -> io::Result<()> {
    for status in [HostStatus::Ok, HostStatus::Changed] {
        let names = run.ended(status);
        let ended = run.hosts().filter(|(_, host)| host.status() == status);
        let times: Vec<u64> = ended.filter_map(|(_, host)| Some(host.end.as_ref()?.ms)).collect();
        let (Some(least), Some(most)) = (times.iter().min(), times.iter().max()) else { continue };
        let time = match (seconds(*least), seconds(*most)) {
            (least, most) if least == most => most,
            (least, most) => format!("{least} – {most} each"),
        };
        let word = style.paint(Paint::Good, format!("{:<12}", status_word(status, mode)));
        writeln!(out, "{word} {}   {time}", ranges::fold(&names))?;
    }
    Ok(())
}

/// The last lines: what it adds up to, and what to do next.
pub(super) fn totals(
    out: &mut dyn Write,
    info: &RunInfo<'_>,
    run: &RunFold,
    end: &RunEnd,
) -> io::Result<()> {
    let tail = format!("{}   run {}", seconds(end.ms), escape::line(&end.run));
    writeln!(out)?;
    match run.hosts().next() {
        Some((name, host)) if run.len() == 1 => {
            let counts = Counts::of(&host.tasks);
            let words = match (host.status(), info.mode) {
                (HostStatus::Changed, Mode::Check | Mode::Drift) => counts.planned(),
                (HostStatus::Changed, _) => counts.done(),
                (status, mode) => status_word(status, mode).to_owned(),
            };
            writeln!(out, "{}: {words}   {tail}", escape::line(name))?;
        }
        _ => {
            let every = [
                HostStatus::Changed,
                HostStatus::Ok,
                HostStatus::Failed,
                HostStatus::Unreachable,
                HostStatus::Locked,
                HostStatus::Interrupted,
            ];
            let number = |status| (run.ended(status).len(), status_word(status, info.mode));
            let shown = |status: &HostStatus| match status {
                HostStatus::Changed => info.mode != Mode::Verify,
                HostStatus::Locked | HostStatus::Interrupted => number(*status).0 > 0,
                _ => true,
            };
            let words: Vec<_> = every.into_iter().filter(shown).map(number).collect();
            let words: Vec<_> =
                words.iter().map(|(number, word)| format!("{number} {word}")).collect();
            writeln!(out, "{}   {tail}", words.join(", "))?;
        }
    }
    match (info.mode, run.ended(HostStatus::Changed).is_empty()) {
        (Mode::Check, false) => {
            writeln!(out, "Nothing was changed. To apply: {}", info.apply_command())
        }
        (Mode::Check, true) => writeln!(out, "Nothing was changed."),
        _ => Ok(()),
    }
}
