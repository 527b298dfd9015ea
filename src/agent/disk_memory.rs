//! The memory of a host on its disk. What cannot be read is set aside and said, never trusted.

use crate::engine::state::{Memory, State, keyed};
use crate::host::lasting::Lasting;
use crate::host::{HostError, local};
use crate::text::Diagnostic;
use crate::value::Sha256;

const STATE: &str = "state.json";
const KEY: &str = "key";
const KEY_BYTES: usize = 32;

/// What the folder holds, read once.
pub(super) struct Recalled {
    pub(super) state: State,
    pub(super) key: Vec<u8>,
    /// What was wrong with it.
    pub(super) warning: Option<Diagnostic>,
}

/// Reads it. With `keep`, what is torn is set aside and a missing key is made.
pub(super) fn recall(lasting: &Lasting, keep: bool) -> Result<Recalled, HostError> {
    let kept = lasting.read(KEY)?;
    let torn_key = kept.as_ref().is_some_and(|key| key.len() != KEY_BYTES);
    let key = match kept {
        Some(key) if !torn_key => key,
        _ => {
            let key = local::random::bytes::<KEY_BYTES>()?.to_vec();
            if keep {
                lasting.replace(KEY, &key)?;
            }
            key
        }
    };
    let (state, warning) = match lasting.read(STATE)? {
        None => (State::default(), None),
        Some(bytes) => match serde_json::from_slice::<State>(&bytes) {
            Ok(state) if state.format == 1 => (state, None),
            Ok(state) => (
                State::default(),
                Some(torn(lasting, keep, &format!("it has format {}", state.format))?),
            ),
            Err(error) => (State::default(), Some(torn(lasting, keep, &error.to_string())?)),
        },
    };
    let warning = warning.or_else(|| torn_key.then(new_key));
    Ok(Recalled { state, key, warning })
}

fn new_key() -> Diagnostic {
    Diagnostic::new("the key of the host's memory was torn, and is new")
        .help("what drifted is shown as intended, until it was applied again")
}

fn torn(lasting: &Lasting, keep: bool, why: &str) -> Result<Diagnostic, HostError> {
    let mut diagnostic = Diagnostic::new("the host's memory could not be read and is not used")
        .note(why.to_owned())
        .help("what changes is shown as new; waiting handlers of the last run are forgotten");
    if keep {
        diagnostic = diagnostic.note(format!("kept as {}", lasting.set_aside(STATE)?));
    }
    Ok(diagnostic)
}

/// A memory that lasts.
pub(super) struct DiskMemory<'a> {
    lasting: &'a Lasting,
    state: State,
    key: Vec<u8>,
}

impl<'a> DiskMemory<'a> {
    pub(super) fn new(lasting: &'a Lasting, state: State, key: Vec<u8>) -> Self {
        Self { lasting, state, key }
    }
}

impl Memory for DiskMemory<'_> {
    fn state(&self) -> &State {
        &self.state
    }

    fn update(&mut self, change: &mut dyn FnMut(&mut State)) -> Result<(), HostError> {
        let mut next = self.state.clone();
        change(&mut next);
        if next == self.state {
            return Ok(());
        }
        let bytes = serde_json::to_vec_pretty(&next).map_err(|error| {
            HostError::failed(format!("cannot write the host's memory: {error}"))
        })?;
        self.lasting.replace(STATE, &bytes)?;
        self.state = next;
        Ok(())
    }

    fn keyed(&self, bytes: &[u8]) -> Sha256 {
        keyed(&self.key, bytes)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "tests tear files by hand")]

    use super::*;
    use crate::engine::state::{PendingHandler, Unfinished};

    #[test]
    fn cut_at_any_length_it_is_set_aside_and_never_half_believed() {
        let folder = tempfile::tempdir().unwrap();
        let lasting = Lasting::exclusive(folder.path(), "a test").unwrap();
        let key = recall(&lasting, true).unwrap().key;
        let mut memory = DiskMemory::new(&lasting, State::default(), key.clone());
        let handler =
            PendingHandler { role: "r".into(), name: "restart".into(), task: "r/main:t".into() };
        memory
            .update(&mut |state| {
                state.pending.push(handler.clone());
                state.ever.insert("once".into(), "run".into());
                state.unfinished = Some(Unfinished::default());
                state.last_run = Some("run".into());
            })
            .unwrap();
        let path = folder.path().join(STATE);
        let whole = std::fs::read(&path).unwrap();
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let looked = recall(&lasting, false).unwrap();
            assert_eq!((looked.state, looked.key), (State::default(), key.clone()), "{length}");
            assert!(looked.warning.is_some(), "{length}");
            let recalled = recall(&lasting, true).unwrap();
            assert_eq!(recalled.state, State::default(), "{length}");
            assert!(recalled.warning.is_some() && !path.exists(), "{length}");
            let aside = folder.path().join("state.json.torn-1");
            assert_eq!(std::fs::read(&aside).unwrap(), &whole[..length]);
            std::fs::remove_file(aside).unwrap();
        }
        std::fs::write(&path, &whole).unwrap();
        let recalled = recall(&lasting, true).unwrap();
        assert_eq!(recalled.state.pending, [handler]);
        assert!(recalled.warning.is_none());
    }

    #[test]
    fn a_torn_key_is_said_and_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let lasting = Lasting::exclusive(folder.path(), "a test").unwrap();
        let first = recall(&lasting, true).unwrap();
        assert!(first.warning.is_none());
        for length in 0..KEY_BYTES {
            std::fs::write(folder.path().join(KEY), &first.key[..length]).unwrap();
            let next = recall(&lasting, true).unwrap();
            assert!(next.warning.is_some() && next.key.len() == KEY_BYTES, "{length}");
            assert!(recall(&lasting, true).unwrap().warning.is_none());
        }
    }
}
