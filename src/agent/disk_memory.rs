//! The memory of a host on its disk: a state, and the journal of the run in hand, which is folded
//! into it at the end. What cannot be read is set aside and said, never trusted.

use super::journal::{self, Line};
use crate::engine::before::Before;
use crate::engine::journal_entry::{Begun, JournalEntry};
use crate::engine::memory::Memory;
use crate::engine::seal::{keyed, seal};
use crate::engine::state::State;
use crate::host::lasting::Lasting;
use crate::host::{Action, HostError, Log, View, local};
use crate::text::Diagnostic;
use crate::value::Sha256;
use std::collections::HashSet;

const STATE: &str = "state.json";
const KEY: &str = "key";
const KEY_BYTES: usize = 32;
/// The folder of journals: one for every run that changed something.
const JOURNALS: &str = "journal";
/// The journal of the run in hand, or of a killed one.
const CURRENT: &str = "current";
/// The journal of a run, in its folder.
const FILED: &str = "lines";
/// So many runs' journals are kept.
const KEPT_RUNS: usize = 20;

/// What the folder holds, read once.
#[derive(Debug)]
pub struct Recalled {
    /// What earlier runs came to.
    pub state: State,
    /// The key under which its digests were made.
    pub key: Vec<u8>,
    /// What was wrong with it.
    pub warnings: Vec<Diagnostic>,
}

/// Reads it. With `keep`, what is torn is set aside, a missing key is made, and the journal that a
/// killed run left is folded into the state.
///
/// # Errors
/// If the folder cannot be read or written.
pub fn recall(lasting: &Lasting, keep: bool) -> Result<Recalled, HostError> {
    let mut warnings = Vec::new();
    let mut state = recall_state(lasting, keep, &mut warnings)?;
    let (key, mut changed) = recall_key(lasting, keep, &mut state, &mut warnings)?;
    let left = lasting.read(&format!("{JOURNALS}/{CURRENT}"))?;
    let mut killed = None;
    if let Some(found) = left {
        let journal = found.map_or_else(|_| journal::Journal::default(), |b| journal::read(&b));
        if let Some(line) = journal.damaged {
            warnings.push(
                Diagnostic::new(format!("the journal of the last run is damaged in line {line}"))
                    .help("what it noted from there on is forgotten"),
            );
        }
        let (run, number) = journal.run.unwrap_or_default();
        // Killed while it was folded, it may be in the state already.
        if number > state.folded {
            journal.entries.iter().for_each(|entry| changed |= state.take(entry));
            state.folded = number;
            changed = true;
        }
        killed = Some(run);
    }
    if keep && changed {
        replace(lasting, &state)?;
    }
    if let (true, Some(run)) = (keep, killed) {
        file_away(lasting, &run)?;
    }
    Ok(Recalled { state, key, warnings })
}

fn recall_state(
    lasting: &Lasting,
    keep: bool,
    warnings: &mut Vec<Diagnostic>,
) -> Result<State, HostError> {
    let why = match lasting.read(STATE)? {
        None => return Ok(State::default()),
        Some(found) => match found.and_then(|bytes| state_of(&bytes)) {
            Ok(state) => return Ok(state),
            Err(why) => why,
        },
    };
    let mut diagnostic = Diagnostic::new("the host's memory could not be read and is not used")
        .note(why)
        .help("what changes is shown as new; waiting handlers of the last run are forgotten");
    if keep {
        diagnostic = diagnostic.note(format!("kept as {}", lasting.set_aside(STATE)?));
    }
    warnings.push(diagnostic);
    Ok(State::default())
}

fn state_of(bytes: &[u8]) -> Result<State, String> {
    // A list in the order of the members would pass as well.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err("it is no JSON object".to_owned());
    }
    let state: State = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    match state.format {
        1 => Ok(state),
        other => Err(format!("it has format {other}")),
    }
}

/// The host's key. Under another one than the state's, what the state knows by digests is
/// forgotten, and said: then the state is another.
fn recall_key(
    lasting: &Lasting,
    keep: bool,
    state: &mut State,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(Vec<u8>, bool), HostError> {
    let found = lasting.read(KEY)?;
    let there = found.is_some();
    let whole = found.and_then(Result::ok).filter(|key| key.len() == KEY_BYTES);
    let torn = there && whole.is_none();
    let is_new = whole.is_none();
    let key = match whole {
        Some(key) => key,
        None => {
            let key = local::random::bytes::<KEY_BYTES>()?.to_vec();
            if keep {
                if torn {
                    lasting.set_aside(KEY)?;
                }
                lasting.replace(KEY, &key)?;
            }
            key
        }
    };
    let own = keyed(&key, KEY.as_bytes());
    let knows = !state.targets.is_empty() || state.unfinished.is_some();
    let other = state.key.map_or(is_new && knows, |known| known != own);
    if torn || other {
        let what =
            if torn { "was torn, and is new" } else { "is not the one that it was made under" };
        warnings.push(
            Diagnostic::new(format!("the key of the host's memory {what}"))
                .note("what a run that did not end well has changed counts as unchanged")
                .help("whether a change is drift or intended is known again after the next apply"),
        );
        state.without_its_key();
    }
    state.key = Some(own);
    Ok((key, other))
}

fn replace(lasting: &Lasting, state: &State) -> Result<(), HostError> {
    let bytes = serde_json::to_vec_pretty(state).map_err(|error| unwritable(&error))?;
    lasting.replace(STATE, &bytes)
}

fn unwritable(error: &serde_json::Error) -> HostError {
    HostError::failed(format!("cannot write the host's memory: {error}"))
}

/// Keeps a folded journal under its run's name, and of all the newest.
fn file_away(lasting: &Lasting, run: &str) -> Result<(), HostError> {
    let safe = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_');
    if run.is_empty() || !run.chars().all(safe) || run == CURRENT {
        // Not even its first line is whole, or no run is called so.
        return lasting.remove(&format!("{JOURNALS}/{CURRENT}"));
    }
    lasting.file_away(JOURNALS, CURRENT, run, FILED)?;
    let folders = lasting.folders(JOURNALS);
    let others: Vec<_> = folders.iter().filter(|name| *name != run).collect();
    let over = (others.len() + 1).saturating_sub(KEPT_RUNS);
    others[..over].iter().try_for_each(|name| lasting.remove(&format!("{JOURNALS}/{name}")))
}

/// A memory that lasts.
pub struct DiskMemory<'a> {
    lasting: &'a Lasting,
    run: String,
    state: State,
    key: Vec<u8>,
    /// Begun with the first entry.
    journal: Option<Log>,
    /// Contents that the journal has.
    kept: HashSet<Sha256>,
}

impl<'a> DiskMemory<'a> {
    /// Of a run that begins, from what was recalled.
    #[must_use]
    pub fn new(lasting: &'a Lasting, run: &str, state: State, key: Vec<u8>) -> Self {
        Self { lasting, run: run.to_owned(), state, key, journal: None, kept: HashSet::new() }
    }

    fn write_lines(&mut self, mut lines: Vec<Line>) -> Result<(), HostError> {
        let begins = self.journal.is_none();
        let journal = match &mut self.journal {
            Some(journal) => journal,
            none => none.insert(self.lasting.begin_log(JOURNALS, CURRENT)?),
        };
        if begins {
            let (run, number) = (self.run.clone(), self.state.folded.saturating_add(1));
            lines.insert(0, Line::Run { run, number });
        }
        let mut bytes = Vec::new();
        let written = lines
            .iter()
            .try_for_each(|line| line.write(&mut bytes))
            .map_err(|error| unwritable(&error))
            .and_then(|()| journal.append(&bytes));
        if written.is_err() && begins {
            self.journal = None;
            let _ = self.lasting.remove(&format!("{JOURNALS}/{CURRENT}"));
        }
        written
    }

    /// The end of a run: all that is remembered is in the state.
    fn fold(&mut self, changed: bool) -> Result<(), HostError> {
        if self.journal.is_some() {
            self.state.folded = self.state.folded.saturating_add(1);
        } else if !changed {
            return Ok(());
        }
        replace(self.lasting, &self.state)?;
        if self.journal.take().is_some() {
            self.kept.clear();
            file_away(self.lasting, &self.run)?;
        }
        Ok(())
    }
}

impl Memory for DiskMemory<'_> {
    fn state(&self) -> &State {
        &self.state
    }

    fn append(&mut self, entry: JournalEntry) -> Result<(), HostError> {
        let changed = self.state.take(&entry);
        match entry {
            JournalEntry::Ended(_) => self.fold(changed),
            entry if changed => self.write_lines(vec![Line::Entry(entry)]),
            _ => Ok(()),
        }
    }

    fn begin(
        &mut self,
        mut begun: Begun,
        action: &Action,
        view: &dyn View,
    ) -> Result<(), HostError> {
        let (key, kept) = (&self.key, &self.kept);
        let mut contents: Vec<Line> = Vec::new();
        let mut new = HashSet::new();
        let digest = |bytes: &[u8]| keyed(key, bytes);
        let before = Before::of(action, view, &digest, &mut |bytes| {
            let digest = digest(bytes);
            if !kept.contains(&digest) && new.insert(digest) {
                contents.push(Line::Content { digest, sealed: seal(key, bytes) });
            }
            Ok(digest)
        })?;
        if before != Before::Nothing {
            let text = serde_json::to_vec(&before).map_err(|error| unwritable(&error))?;
            begun.before = Some(seal(key, &text));
        }
        let entry = JournalEntry::Begun(begun);
        contents.push(Line::Entry(entry.clone()));
        self.write_lines(contents)?;
        // Only now: what could not be noted is not done, and was not changed.
        self.state.take(&entry);
        self.kept.extend(new);
        Ok(())
    }

    fn key(&self) -> &[u8] {
        &self.key
    }
}
