//! The agent's own file, where a controller put it: its name is its SHA-256, so that what is run
//! is what was sent.

#![expect(clippy::disallowed_methods, reason = "this is the door to the agent's own file")]

use super::HostError;
use crate::value::Sha256;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What was put there so lately may be another controller's, which has yet to start it.
const NEW: Duration = Duration::from_secs(600);

/// A program whose file is named by a digest.
#[derive(Debug, Clone)]
pub struct KeptAgent(PathBuf);

impl KeptAgent {
    /// This process's program, if a controller put it here.
    #[must_use]
    pub fn own() -> Option<Self> {
        Self::at(&std::env::current_exe().ok()?)
    }

    fn at(path: &Path) -> Option<Self> {
        is_digest(path.file_name()?.to_str()?).then(|| Self(path.to_owned()))
    }

    /// Whether its bytes are those that its name promises.
    ///
    /// # Errors
    /// If they are others, or cannot be read.
    pub fn check(&self) -> Result<(), HostError> {
        let bytes =
            std::fs::read(&self.0).map_err(|error| HostError::file("read", &self.0, error))?;
        if self.0.file_name().is_some_and(|name| *name == *Sha256::of(&bytes).to_string()) {
            return Ok(());
        }
        Err(HostError::Failed {
            message: format!("{} is not the agent that was put there", self.0.display()),
            notes: Vec::new(),
            help: Some("find out who changed it, remove it, and run again".to_owned()),
        })
    }

    /// Removes those of other versions beside it. Only for who holds the host's lock.
    pub fn remove_others(&self) {
        let Some(folder) = self.0.parent() else { return };
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let own = entry.path() == self.0;
            let age = entry.metadata().ok().and_then(|found| found.modified().ok()?.elapsed().ok());
            let name = entry.file_name();
            let kept = name.to_str().is_some_and(|name| is_digest(name) || is_arriving(name));
            if kept && !own && age.is_some_and(|age| age > NEW) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

fn is_digest(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// One that did not arrive whole: a point and the number of the process that received it.
fn is_arriving(name: &str) -> bool {
    name.strip_prefix('.').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::{KeptAgent, NEW};
    use crate::value::Sha256;
    use std::path::Path;

    #[test]
    fn a_file_that_is_not_as_its_name_says_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(Sha256::of(b"the agent").to_string());
        std::fs::write(&path, "the agent").unwrap();
        let kept = KeptAgent::at(&path).unwrap();
        kept.check().unwrap();
        std::fs::write(&path, "another").unwrap();
        assert!(kept.check().unwrap_err().to_string().contains("is not the agent"));
        assert!(KeptAgent::at(Path::new("/usr/local/bin/converge")).is_none());
    }

    #[test]
    fn old_versions_go_and_what_is_new_or_no_agent_stays() {
        let folder = tempfile::tempdir().unwrap();
        let named = |text: &str| Sha256::of(text.as_bytes()).to_string();
        let all = [named("own"), named("old"), ".17".to_owned(), named("new"), "notes".to_owned()];
        for name in &all {
            let file = std::fs::File::create(folder.path().join(name)).unwrap();
            if *name != named("new") {
                file.set_modified(std::time::SystemTime::now() - NEW * 2).unwrap();
            }
        }
        KeptAgent::at(&folder.path().join(&all[0])).unwrap().remove_others();
        let stays = all.map(|name| folder.path().join(name).exists());
        assert_eq!(stays, [true, false, false, true, true]);
    }
}
