//! Base trees and package repositories: built once per version of their recipe, kept in a cache.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::io;
use super::process::run;
use super::{Family, LabError};

const CACHE: &str = "/var/cache/converge-lab";

/// What hosts of a family are made of.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Base {
    /// The blank root file system; the lowest layer of every host.
    pub tree: PathBuf,
    /// The folder that hosts see as their package repository.
    pub packages: PathBuf,
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

/// Builds beside the final place and renames: what has the final name is whole. The build itself
/// holds the lock, not this process, so that a build that outlives us is not disturbed by the next.
fn build(family: Family, home: &Path) -> Result<(), LabError> {
    std::fs::create_dir_all(CACHE).map_err(io("create", CACHE))?;
    let recipe = tempfile::tempdir().map_err(io("create", "a temporary folder"))?;
    for (name, text) in family.recipe() {
        let path = recipe.path().join(name);
        std::fs::write(&path, text).map_err(io("write", path))?;
    }
    let lock = Path::new(CACHE).join(format!("{family}.lock"));
    let building = Path::new(CACHE).join(format!("{family}.building"));
    let script = recipe.path().join("build.sh");
    let paths = [&lock, &building, home, &script].map(|path| path.to_string_lossy());
    run("flock", ["--", &paths[0], "sh", "-euc", BUILD, "build", &paths[1], &paths[2], &paths[3]])
        .map(drop)
}

/// $1 where to build, $2 where the result belongs, $3 the recipe.
const BUILD: &str = r#"
[ ! -e "$2" ] || exit 0
rm -rf "$1"
mkdir "$1"
sh "$3" "$1"
mv "$1" "$2"
"#;
