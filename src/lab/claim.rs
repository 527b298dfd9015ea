//! Who holds what: a name and a subnet are taken by one `up` at a time, and a lab whose owner died
//! can be told from one that was meant to stay.

use std::fs::File;
use std::path::Path;

use super::cgroup::Cgroup;
use super::error::io;
use super::instance::runs_dir;
use super::{Instance, LabError, list};

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
        if run.exists() {
            return Err(LabError::Exists { name: instance.to_string() });
        }
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

/// Brings down every lab whose owner died before it could, and returns their names.
pub fn sweep() -> Result<Vec<Instance>, LabError> {
    let mut swept = Vec::new();
    for (instance, _) in list()? {
        let Ok(file) = File::open(instance.run_dir().join(OWNER)) else { continue };
        if file.try_lock().is_ok() {
            super::down(&instance)?;
            swept.push(instance);
        }
    }
    Ok(swept)
}

fn locked(path: &Path) -> Result<File, LabError> {
    let file = File::create(path).map_err(io("create", path))?;
    file.lock().map_err(io("lock", path))?;
    Ok(file)
}
