//! Removing an instance, whole or half-made, by its name alone.

use std::io::ErrorKind;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::cgroup::Cgroup;
use super::claim::{Ownership, Registry, ownership};
use super::error::io;
use super::state::list;
use super::{Instance, LabError, network};

/// How long another owner may hold a name that is to be replaced.
const PATIENCE: Duration = Duration::from_secs(20 * 60);

/// Kills every process of the instance and removes its namespaces, bridge, groups and files.
/// Mounts belong to namespaces of those processes and are gone with them. Doing it again, or for
/// a lab that never was, does nothing.
pub fn down(instance: &Instance) -> Result<(), LabError> {
    remove(instance, &Registry::lock()?)
}

/// As `down`, for who holds the registry already.
pub(super) fn remove(instance: &Instance, _held: &Registry) -> Result<(), LabError> {
    let cgroup = Cgroup::of_instance(instance)?;
    let (run, disk) = (instance.run_dir(), instance.disk_dir());
    cgroup.kill()?;
    network::remove(instance)?;
    cgroup.remove()?;
    remove_tree(&disk)?;
    // Last, so that `list` shows what could not be removed.
    remove_tree(&run)?;
    // The last lab takes the common folders along; with others up, they are not empty.
    for parent in [cgroup.path().parent(), disk.parent()].into_iter().flatten() {
        let _ = std::fs::remove_dir(parent);
    }
    Ok(())
}

/// Waits until the name is free. With `replace` a lab that is there is brought down, but not
/// under the hands of a living owner: two runs of the same test take turns.
pub(super) fn lock_free(instance: &Instance, replace: bool) -> Result<Registry, LabError> {
    let start = Instant::now();
    loop {
        let registry = Registry::lock()?;
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

fn remove_tree(path: &Path) -> Result<(), LabError> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(io("remove", path)(error)),
        _ => Ok(()),
    }
}
