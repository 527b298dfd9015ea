//! What a person is shown before he is asked: how many hosts, which plans, what is dangerous.

use super::counts::Counts;
use super::fold::RunFold;
use super::groups::{self, Group};
use super::plan_line::PlanLine;
use super::run_info::{Mode, RunInfo, count, status_word};
use super::style::{Paint, Style};
use super::{brief, escape, failure, ranges, words};
use crate::event::{HostStatus, Note, TargetState};
use std::io::{self, Write};

/// So many differences to the first plan are named before the plan is summed up instead.
const FEW: usize = 3;

/// Writes the summary of a dry run: a line per distinct plan, and what stands in the way.
///
/// # Errors
/// If `out` cannot be written to.
pub fn preview(
    out: &mut dyn Write,
    style: &Style,
    info: &RunInfo<'_>,
    run: &RunFold,
) -> io::Result<()> {
    let kinds = [
        HostStatus::Changed,
        HostStatus::Ok,
        HostStatus::Failed,
        HostStatus::Unreachable,
        HostStatus::Locked,
        HostStatus::Interrupted,
    ];
    let parts = kinds.into_iter().filter_map(|status| match run.ended(status).len() {
        0 => None,
        number => Some(format!("{number} {}", status_word(status, Mode::Check))),
    });
    let parts = parts.collect::<Vec<_>>().join(", ");
    writeln!(out, "{}: {parts}", count(run.len(), "host"))?;
    let groups = groups::changed(run);
    for (at, group) in groups.iter().enumerate() {
        let names = ranges::fold(&group.names);
        let same = if group.names.len() > 1 { "same plan on " } else { "" };
        let words =
            match (at > 0).then(|| more_than(&groups[0], group, brief::room(style))).flatten() {
                Some(more) => format!("as {}, and {more}", ranges::fold(&groups[0].names)),
                None => sum(group),
            };
        writeln!(out, "  {same}{}: {words}", style.paint(Paint::Strong, names))?;
    }
    failure::stopped(out, style, info, run)
}

/// `6 changes (all exact), starts postfix, REMOVES exim4`.
fn sum(group: &Group<'_>) -> String {
    let counts = group.hosts.first().map(|host| Counts::of(&host.tasks)).unwrap_or_default();
    let loud = group.lines.iter().flat_map(loud);
    std::iter::once(counts.planned()).chain(loud).collect::<Vec<_>>().join(", ")
}

/// What must not be overlooked in a line.
fn loud(line: &PlanLine) -> Vec<String> {
    let verb = |state: &TargetState| match state {
        TargetState::Started => Some("starts"),
        TargetState::Stopped => Some("stops"),
        TargetState::Masked => Some("masks"),
        TargetState::Restarted => Some("restarts"),
        _ => None,
    };
    let verbs = line.becomes.iter().filter_map(verb);
    let removes = line.notes.iter().filter(|note| matches!(note, Note::Removes { .. }));
    verbs.map(|verb| format!("{verb} {}", line.target)).chain(removes.map(shown)).collect()
}

fn shown(note: &Note) -> String {
    escape::line(&words::note(note)).into_owned()
}

/// What a plan has beyond the first one, if it has all of that and little more.
fn more_than(first: &Group<'_>, other: &Group<'_>, room: Option<usize>) -> Option<String> {
    let bare = |line: &PlanLine| (line.sign, line.word.clone(), line.target.clone());
    let covered =
        first.lines.iter().all(|line| other.lines.iter().any(|own| bare(own) == bare(line)));
    let mut more = Vec::new();
    for line in other.lines.iter().filter(|line| !first.lines.contains(line)) {
        let twin = first.lines.iter().find(|own| bare(own) == bare(line));
        let notes =
            line.notes.iter().filter(|note| twin.is_some_and(|twin| !twin.notes.contains(note)));
        let notes: Vec<_> = notes.map(shown).collect();
        match (notes.is_empty(), twin) {
            (false, _) => more.extend(notes),
            (true, _) => more.push(format!(
                "{} {} {} {}",
                line.sign.char(),
                line.word,
                line.target_in(room),
                line.detail
            )),
        }
    }
    (covered && !more.is_empty() && more.len() <= FEW)
        .then(|| more.iter().map(|text| text.trim_end()).collect::<Vec<_>>().join(", "))
}
