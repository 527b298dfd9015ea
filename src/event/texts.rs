//! Every text of an event, so that no secret is left in one. Each type is taken apart here member
//! by member, without `..` and without a wildcard: what is added to one does not compile before it
//! stands here too.

use super::{
    ActionReport, Diff, Event, FileAttributes, HostReport, Note, Output, PackageVersion, Reason,
    TargetState, TaskRef, TaskReport,
};
use crate::host::Assumption;
use crate::text::{Diagnostic, Redactor};
use std::borrow::Cow;

/// Something that holds texts.
pub trait Texts {
    /// Gives every text to `change`.
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String));

    /// Takes known secrets out of every text.
    fn redact(&mut self, redactor: &Redactor) {
        if redactor.is_empty() {
            return;
        }
        self.each_text(&mut |text| {
            if let Cow::Owned(clean) = redactor.redact(text) {
                *text = clean;
            }
        });
    }
}

impl Texts for String {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        change(self);
    }
}

impl Texts for Box<str> {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        let mut text = std::mem::take(self).into_string();
        change(&mut text);
        *self = text.into_boxed_str();
    }
}

impl<T: Texts> Texts for Option<T> {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        if let Some(inner) = self {
            inner.each_text(change);
        }
    }
}

impl<T: Texts> Texts for Vec<T> {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        self.iter_mut().for_each(|item| item.each_text(change));
    }
}

impl Texts for Event {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        match self {
            Self::HostStarted { system, last_run, unfinished } => {
                system.each_text(change);
                last_run.each_text(change);
                unfinished.each_text(change);
            }
            Self::TaskStarted(task) => task.each_text(change),
            Self::Announced { task, actions } => {
                task.each_text(change);
                actions.each_text(change);
            }
            Self::TaskFinished(report) => report.each_text(change),
            Self::Warning(warning) => warning.each_text(change),
            Self::HostFinished(report) => report.each_text(change),
        }
    }
}

impl Texts for TaskRef {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        let Self { id, role, name, resource, span: _, handler: _, on_behalf } = self;
        [id, role, name, resource].into_iter().chain(on_behalf).for_each(change);
    }
}

impl Texts for TaskReport {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        let Self { task, status: _, reason, change: _, actions, not_needed, output, error, ms: _ } =
            self;
        if let Some(output) = output {
            output.each_text(change);
        }
        task.each_text(change);
        reason.each_text(change);
        actions.each_text(change);
        not_needed.each_text(change);
        error.each_text(change);
    }
}

impl Texts for Output {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        let Self { rc: _, stdout, stderr } = self;
        [stdout, stderr].into_iter().for_each(change);
    }
}

impl Texts for ActionReport {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        let Self {
            kind: _,
            target,
            certainty: _,
            depends_on,
            before,
            after,
            diff,
            notes,
            failed: _,
        } = self;
        target.each_text(change);
        depends_on.each_text(change);
        before.each_text(change);
        after.each_text(change);
        diff.each_text(change);
        notes.each_text(change);
    }
}

impl Texts for HostReport {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        let Self { status: _, done: _, not_run: _, waiting_handlers, ms: _ } = self;
        waiting_handlers.each_text(change);
    }
}

impl Texts for Diagnostic {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        // What is lacking is told on loading, where the text it stands in is shown anyway.
        let Self { message, span: _, label, notes, help, lack: _ } = self;
        message.each_text(change);
        label.each_text(change);
        notes.each_text(change);
        help.each_text(change);
    }
}

impl Texts for Note {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        match self {
            Self::KeepsBackup | Self::FetchesIndex | Self::EveryRun => {}
            Self::InstallsAlso { packages } | Self::Removes { packages } => {
                packages.each_text(change);
            }
            Self::Holds { units: texts }
            | Self::AssumedToChange { what: texts }
            | Self::Sets { fields: texts } => texts.each_text(change),
        }
    }
}

impl Texts for Reason {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        match self {
            Self::ConditionFalse | Self::RanAlready { when: _ } | Self::ChangedBefore => {}
            Self::StartedSince { unit: text }
            | Self::FailureNotCounted { error: text }
            | Self::OnlyIf { origin: text }
            | Self::KnownAfter { origin: text }
            | Self::Assumed { to: _, origin: text }
            | Self::DoneBy { host: text }
            | Self::Message { message: text } => change(text),
            Self::WouldFail { error, only_if } => {
                error.each_text(change);
                only_if.each_text(change);
            }
            Self::AssumedSo { assumptions } => assumptions.each_text(change),
        }
    }
}

impl Texts for TargetState {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        match self {
            Self::File(attributes) | Self::Directory(attributes) | Self::Attributes(attributes) => {
                attributes.each_text(change);
            }
            Self::Link { to: text }
            | Self::Other { what: text }
            | Self::Unfinished { found: text }
            | Self::UnitFile { state: text } => change(text),
            Self::Packages { packages } => packages.each_text(change),
            Self::Absent
            | Self::Present
            | Self::Whole
            | Self::Started
            | Self::Stopped
            | Self::Enabled
            | Self::Disabled
            | Self::Masked
            | Self::Unmasked
            | Self::Restarted
            | Self::Reloaded
            | Self::UnitFilesRead => {}
        }
    }
}

impl Texts for Diff {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        match self {
            Self::Unified { lines } => change(lines),
            Self::Withheld { count: _, why: _ } | Self::Binary { bytes: _ } | Self::Later => {}
        }
    }
}

impl Texts for PackageVersion {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        let Self { name, version } = self;
        change(name);
        version.each_text(change);
    }
}

impl Texts for FileAttributes {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        let Self { mode: _, owner, group } = self;
        owner.each_text(change);
        group.each_text(change);
    }
}

impl Texts for Assumption {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        match self {
            Self::IsDirectory { path: name, origin }
            | Self::UserExists { name, origin }
            | Self::GroupExists { name, origin }
            | Self::NoPrimaryGroup { name, origin }
            | Self::NoLongerRefused { refusal: name, origin }
            | Self::Idle { name, origin }
            | Self::StaysUp { unit: name, origin }
            | Self::IsAbsent { path: name, origin }
            | Self::OnlyOwnerWrites { path: name, owner: origin } => {
                change(name);
                change(origin);
            }
            Self::FreeUserNumber { number: _, origin }
            | Self::FreeGroupNumber { number: _, origin } => change(origin),
            Self::Accepted { by } => change(by),
        }
    }
}

#[cfg(test)]
mod tests;
