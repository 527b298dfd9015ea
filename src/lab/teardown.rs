//! Removing an instance, whole or half-made, by its name alone.

use std::io::ErrorKind;
use std::path::Path;

use super::cgroup::Cgroup;
use super::claim::Registry;
use super::error::io;
use super::{Instance, LabError, network};

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

fn remove_tree(path: &Path) -> Result<(), LabError> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(io("remove", path)(error)),
        _ => Ok(()),
    }
}
