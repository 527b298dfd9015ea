//! Who holds what: a name and a subnet are taken by one `up` at a time, and a lab whose owner died
//! can be told from one that was meant to stay.

use std::fs::File;
use std::path::Path;

use super::cgroup::Cgroup;
use super::error::io;
use super::instance::runs_dir;
use super::{Instance, LabError};

/// Held while names and subnets are taken or given back; released when dropped.
#[derive(Debug)]
pub(super) struct Registry {
    _lock: File,
}

impl Registry {
    pub(super) fn lock() -> Result<Self, LabError> {
        let runs = runs_dir();
        std::fs::create_dir_all(&runs).map_err(io("create", &runs))?;
        Ok(Self { _lock: locked(&runs.join(".lock"))? })
    }

    /// Takes the instance's folders and its control group.
    pub(super) fn take(&self, instance: &Instance) -> Result<Owner, LabError> {
        let (run, disk) = (instance.run_dir(), instance.disk_dir());
        for folder in [&run, &disk] {
            std::fs::create_dir_all(folder).map_err(io("create", folder))?;
        }
        Cgroup::of_instance(instance)?.create()?;
        Ok(Owner { _lock: locked(&run.join(OWNER))? })
    }
}

/// Held by the process that will bring the lab down. The kernel releases it when that dies.
#[derive(Debug)]
pub(super) struct Owner {
    _lock: File,
}

const OWNER: &str = "owner";

impl Owner {
    /// From now on the lab is nobody's: only `down` by name ends it.
    pub(super) fn renounce(self, instance: &Instance) {
        let _ = std::fs::remove_file(instance.run_dir().join(OWNER));
    }
}

/// Whose a lab is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ownership {
    /// A living process will bring it down.
    Owned,
    /// Its process died before it could.
    Abandoned,
    /// It is to stay until somebody brings it down.
    Kept,
}

pub(super) fn ownership(instance: &Instance) -> Ownership {
    match File::open(instance.run_dir().join(OWNER)) {
        Err(_) => Ownership::Kept,
        Ok(file) if file.try_lock().is_ok() => Ownership::Abandoned,
        Ok(_) => Ownership::Owned,
    }
}

fn locked(path: &Path) -> Result<File, LabError> {
    let file = File::create(path).map_err(io("create", path))?;
    file.lock().map_err(io("lock", path))?;
    Ok(file)
}
