//! `stat`: what is at a path.

use crate::host::{self, HostError, View};
use crate::resource::on_disk::absolute;
use crate::resource::{Nature, Planned, Resource};
use crate::text::Diagnostic;
use crate::value::{Known, Map, Sha256, Value};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Looks at what is at a path, and changes nothing.
///
/// Registered, `.stat` has `exists`, `isdir`, `isreg`, `islnk`, `path`, and where they apply
/// `mode`, `pw_name`, `gr_name`, `size`, `checksum`, `lnk_source`.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Stat {
    /// Where.
    #[serde(alias = "dest", alias = "name")]
    #[schemars(extend("aliases" = ["dest", "name"]))]
    path: PathBuf,
    /// Look at what a symbolic link leads to.
    #[serde(default)]
    follow: bool,
    /// Give the checksum of a file.
    #[serde(default)]
    get_checksum: bool,
    /// How it is computed.
    #[serde(default)]
    #[expect(dead_code, reason = "there is one to choose from")]
    checksum_algorithm: Algorithm,
}

#[derive(Debug, Default, Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Algorithm {
    /// SHA-256.
    #[default]
    Sha256,
}

/// What is there, and a file's content.
#[derive(Debug)]
pub(super) struct Found {
    stat: Known<host::Stat>,
    content: Option<Known<Vec<u8>>>,
}

impl Resource for Stat {
    const NAME: &'static str = "stat";
    const NATURE: Nature = Nature::Look;
    const TARGET: Option<&'static str> = Some("path");
    const RESULT: &'static [&'static str] = &["stat"];
    const EXAMPLE: &'static str = r#"- name: is there a key already
  stat:
    path: /etc/ssl/private/host.key
  register: key
"#;
    type State = Found;

    fn validate(&self) -> Result<(), Diagnostic> {
        absolute("path", &self.path)
    }

    fn observe(&self, view: &dyn View) -> Result<Found, HostError> {
        let mut path = self.path.clone();
        let mut stat = view.stat(&path)?;
        for _ in 0..40 {
            let Known::Is(host::Stat::Symlink(target)) = &stat else { break };
            if !self.follow {
                break;
            }
            path = path.parent().unwrap_or(Path::new("/")).join(target);
            stat = view.stat(&path)?;
        }
        let content = match &stat {
            Known::Is(host::Stat::File(_)) => Some(view.read(&path)?),
            _ => None,
        };
        Ok(Found { stat, content })
    }

    fn plan(&self, found: &Found) -> Result<Planned, Diagnostic> {
        let stat = match &found.stat {
            Known::Unknown(origin) => return Ok(unknown(origin)),
            Known::Is(stat) => stat,
        };
        let mut map = Map::new();
        let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
        put("exists", (*stat != host::Stat::Absent).into());
        put("path", self.path.display().to_string().into());
        put("isdir", matches!(stat, host::Stat::Directory(_)).into());
        put("isreg", matches!(stat, host::Stat::File(_)).into());
        put("islnk", matches!(stat, host::Stat::Symlink(_)).into());
        match stat {
            host::Stat::File(all) | host::Stat::Directory(all) => {
                put("mode", all.mode.to_string().into());
                put("pw_name", all.owner.as_str().into());
                put("gr_name", all.group.as_str().into());
            }
            host::Stat::Symlink(target) => {
                put("lnk_source", target.display().to_string().into());
            }
            _ => {}
        }
        match &found.content {
            Some(Known::Is(content)) => {
                put("size", i64::try_from(content.len()).unwrap_or(i64::MAX).into());
                if self.get_checksum {
                    put("checksum", Sha256::of(content).to_string().into());
                }
            }
            Some(Known::Unknown(origin)) => {
                put("size", Value::Unknown(origin.clone()));
                if self.get_checksum {
                    put("checksum", Value::Unknown(origin.clone()));
                }
            }
            None => {}
        }
        Ok(Planned::as_declared().with("stat", Value::Map(map)))
    }
}

fn unknown(origin: &crate::value::Origin) -> Planned {
    Planned::as_declared().with("stat", Value::Unknown(origin.clone()))
}
