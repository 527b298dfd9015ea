//! Base trees and package repositories: built once per version of their recipe, kept in a cache.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::error::io;
use super::process::run;
use super::{Family, LabError};

const CACHE: &str = "/var/cache/converge-lab";

/// What hosts of a family are made of.
#[derive(Debug, Clone)]
pub(super) struct Base {
    /// The blank root file system; the lowest layer of every host.
    pub(super) tree: PathBuf,
    /// The folder that hosts see as their package repository.
    pub(super) packages: PathBuf,
}

/// Builds the family's base if this version of it is not in the cache (about half a minute, with
/// downloads), else does nothing.
pub fn prepare(family: Family) -> Result<(), LabError> {
    base(family).map(drop)
}

pub(super) fn base(family: Family) -> Result<Base, LabError> {
    let home = Path::new(CACHE).join(format!("{family}-{}", family.recipe_hash()));
    if !home.exists() {
        build(family, &home)?;
    }
    Ok(Base { tree: home.join("tree"), packages: home.join("packages") })
}

/// Builds beside the final place and renames, under a lock: what has the final name is whole.
fn build(family: Family, home: &Path) -> Result<(), LabError> {
    std::fs::create_dir_all(CACHE).map_err(io("create", CACHE))?;
    let lock_path = Path::new(CACHE).join(format!("{family}.lock"));
    let lock = File::create(&lock_path).map_err(io("create", &lock_path))?;
    lock.lock().map_err(io("lock", &lock_path))?;
    if home.exists() {
        return Ok(());
    }
    let building = Path::new(CACHE).join(format!("{family}.building"));
    if building.exists() {
        std::fs::remove_dir_all(&building).map_err(io("remove", &building))?;
    }
    let recipe = building.join("recipe");
    std::fs::create_dir_all(&recipe).map_err(io("create", &recipe))?;
    for (name, text) in family.recipe() {
        let path = recipe.join(name);
        std::fs::write(&path, text).map_err(io("write", path))?;
    }
    let script = recipe.join("build.sh");
    run("sh", [script.to_string_lossy(), building.to_string_lossy()])?;
    std::fs::rename(&building, home).map_err(io("rename", &building))
}
