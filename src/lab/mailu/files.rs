//! The one place that names Mailu's files.

use std::io::Result;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Mailu's folder: what it remembers, its keys, its Dovecot.
#[derive(Debug, Clone)]
pub(super) struct Files(PathBuf);

impl Files {
    pub(super) fn new(dir: &Path) -> Self {
        Self(dir.to_owned())
    }

    pub(super) fn dir(&self) -> &Path {
        &self.0
    }

    pub(super) fn api_token(&self) -> PathBuf {
        self.0.join("api_token")
    }

    pub(super) fn behaviour(&self) -> PathBuf {
        self.0.join("behaviour.json")
    }

    pub(super) fn store(&self) -> PathBuf {
        self.0.join("store.json")
    }

    pub(super) fn limiter(&self) -> PathBuf {
        self.0.join("limiter.json")
    }

    pub(super) fn requests(&self) -> PathBuf {
        self.0.join("requests.log")
    }

    pub(super) fn logins(&self) -> PathBuf {
        self.0.join("logins.log")
    }

    pub(super) fn login_socket(&self) -> PathBuf {
        self.0.join("login.sock")
    }

    pub(super) fn certificate(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.pem"))
    }

    pub(super) fn key(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.key"))
    }

    pub(super) fn dovecot(&self, name: &str) -> PathBuf {
        self.0.join("dovecot").join(name)
    }
}

/// Reads a value; its default where there is no such file.
pub(super) fn read_json<T: DeserializeOwned + Default>(path: &Path) -> Result<T> {
    match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(T::default()),
        other => Ok(serde_json::from_slice(&other?)?),
    }
}

/// Writes a value so that a reader sees the old or the new one, never half of it.
pub(super) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let new = path.with_extension("new");
    std::fs::write(&new, serde_json::to_vec_pretty(value)?)?;
    std::fs::rename(new, path)
}
