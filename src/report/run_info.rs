//! What a report must know of a run besides its events.

use crate::event::HostStatus;
use crate::text::Sources;

/// What kind of run is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A dry run.
    Check,
    /// A dry run that asks why hosts differ.
    Drift,
    /// Changes are made.
    Apply,
    /// The roles' own checks.
    Verify,
}

/// What is known before the first event.
#[derive(Debug, Clone)]
pub struct RunInfo<'a> {
    /// What kind of run.
    pub mode: Mode,
    /// The hosts, in inventory order.
    pub hosts: Vec<String>,
    /// What spans point into.
    pub sources: &'a Sources,
    /// The command that would apply this to everything: `converge -i hosts.yml`, quoted for a
    /// shell, without `--check`, `--diff` and `--limit`.
    pub command: String,
    /// What stands behind all options in it, with a blank before: hosts and task of `converge run`.
    pub operands: String,
    /// What `--limit` said.
    pub limit: Option<String>,
    /// `--limit @failed` will name the hosts that this run leaves to be run again.
    pub kept: bool,
}

/// So many hosts are named one by one.
const NAMED: usize = 12;

impl RunInfo<'_> {
    /// The command that applies this run.
    pub(super) fn apply_command(&self) -> String {
        match &self.limit {
            Some(limit) => format!("{} --limit {limit}{}", self.command, self.operands),
            None => format!("{}{}", self.command, self.operands),
        }
    }

    /// The command that applies this run to these hosts only.
    pub(super) fn resume_command(&self, hosts: &[&str]) -> String {
        match hosts.len() {
            len if len == self.hosts.len() => self.apply_command(),
            len if len > NAMED && self.kept => {
                format!("{} --limit @failed{}", self.command, self.operands)
            }
            _ => format!("{} --limit {}{}", self.command, hosts.join(","), self.operands),
        }
    }
}

/// What is known after the last event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    /// The run's id.
    pub run: String,
    /// How long it took, in milliseconds.
    pub ms: u64,
}

/// The word for a host's end, as every list and total has it.
pub(super) const fn status_word(status: HostStatus, mode: Mode) -> &'static str {
    match (status, mode) {
        (HostStatus::Ok, Mode::Verify) => "verified",
        (HostStatus::Ok, _) => "as declared",
        (HostStatus::Changed, Mode::Check | Mode::Drift) => "to change",
        (HostStatus::Changed, _) => "changed",
        (HostStatus::Failed, _) => "failed",
        (HostStatus::Unreachable, _) => "unreachable",
        (HostStatus::Locked, _) => "locked",
        (HostStatus::Interrupted, _) => "interrupted",
    }
}

/// `40 ms`, `11.8 s`, `2 min 05 s`.
pub(super) fn seconds(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        _ => format!("{} min {:02} s", ms / 60_000, ms % 60_000 / 1000),
    }
}

/// `1 change`, `2 changes`.
pub(super) fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}
