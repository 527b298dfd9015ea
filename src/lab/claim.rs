//! Who holds what: a name and a subnet are taken by one `up` at a time, and a lab whose owner died
//! can be told from one that was meant to stay.

use std::fs::File;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::cgroup::Cgroup;
use super::error::io;
use super::instance::runs_dir;
use super::teardown::remove;
use super::{Instance, LabError, list};

/// How long another owner may hold a name that is to be replaced.
const PATIENCE: Duration = Duration::from_secs(20 * 60);

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

    /// Waits until the name is free. With `replace` a lab that is there is brought down, but not
    /// under the hands of a living owner: two runs of the same test take turns.
    pub(super) fn lock_free(instance: &Instance, replace: bool) -> Result<Self, LabError> {
        let start = Instant::now();
        loop {
            let registry = Self::lock()?;
            if !instance.run_dir().exists() {
                return Ok(registry);
            }
            let owned = ownership(instance) == Ownership::Owned;
            if !replace || (owned && start.elapsed() > PATIENCE) {
                return Err(LabError::Exists { name: instance.to_string() });
            }
            if !owned {
                remove(instance, &registry)?;
                return Ok(registry);
            }
            drop(registry);
            sleep(Duration::from_millis(100));
        }
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

/// Brings down every lab whose owner died before it could, and returns their names.
pub fn sweep() -> Result<Vec<Instance>, LabError> {
    let registry = Registry::lock()?;
    let mut swept = Vec::new();
    for (instance, _) in list()? {
        if ownership(&instance) == Ownership::Abandoned {
            remove(&instance, &registry)?;
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
