//! Removing an instance, whole or half-made, by its name alone.

use std::io::ErrorKind;
use std::path::Path;

use super::cgroup::Cgroup;
use super::error::io;
use super::{Instance, LabError, network};

/// Kills every process of the instance and removes its namespaces, bridge, groups and files.
/// Mounts belong to namespaces of those processes and are gone with them. Doing it again, or for
/// a lab that never was, does nothing.
pub fn down(instance: &Instance) -> Result<(), LabError> {
    let cgroup = Cgroup::of_instance(instance)?;
    cgroup.kill()?;
    network::remove(instance)?;
    cgroup.remove()?;
    remove_tree(&instance.disk_dir())?;
    // Last, so that `list` shows what could not be removed.
    remove_tree(&instance.run_dir())
}

/// The kernel lets go of a killed host's mounts a moment after its last process.
fn remove_tree(path: &Path) -> Result<(), LabError> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(io("remove", path)(error)),
        _ => Ok(()),
    }
}
