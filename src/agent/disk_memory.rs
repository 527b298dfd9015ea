//! The memory of a host on its disk. What cannot be read is set aside and said, never trusted.

use crate::engine::state::{Memory, State, keyed};
use crate::host::lasting::Lasting;
use crate::host::{HostError, local};
use crate::text::Diagnostic;
use crate::value::Sha256;

const STATE: &str = "state.json";
const KEY: &str = "key";

/// What the folder holds, read once.
pub(super) struct Recalled {
    pub(super) state: State,
    pub(super) key: Vec<u8>,
    /// What was wrong with it.
    pub(super) warning: Option<Diagnostic>,
}

/// Reads it. With `keep`, what is torn is set aside and a missing key is made.
pub(super) fn recall(lasting: &Lasting, keep: bool) -> Result<Recalled, HostError> {
    let key = match lasting.read(KEY)? {
        Some(key) if key.len() == 32 => key,
        _ => {
            let key = local::random::bytes::<32>()?.to_vec();
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
    Ok(Recalled { state, key, warning })
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
