//! Everything that can keep the lab from doing as asked.

use std::path::PathBuf;
use std::time::Duration;

/// Why the lab could not do as asked. The messages are fragments that fit "failed to …".
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// Namespaces, mounts and bridges need root.
    #[error("the lab needs root (this is user {uid})")]
    NotRoot {
        /// The effective user id.
        uid: u32,
    },
    /// A program that the lab runs is not installed.
    #[error("the lab needs `{tool}`: install the package {package} (scripts/install-deps does)")]
    MissingTool {
        /// The program.
        tool: &'static str,
        /// Debian's package that holds it.
        package: &'static str,
    },
    /// The kernel has no overlay file system.
    #[error("the lab needs a kernel with overlayfs (/proc/filesystems does not list it)")]
    NoOverlay,
    /// No cgroup version 2 hierarchy is mounted.
    #[error("the lab needs a mounted cgroup2 hierarchy (/proc/self/mountinfo shows none)")]
    NoCgroup2,
    /// A name that cannot become a bridge, a namespace or a host.
    #[error("`{name}` is no {kind} name: {rule}")]
    BadName {
        /// The name as given.
        name: String,
        /// What it was to name: `lab` or `host`.
        kind: &'static str,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// Text that is no IPv4 /24.
    #[error("`{text}` is no subnet of the form A.B.C.0/24")]
    BadSubnet {
        /// The text as given.
        text: String,
    },
    /// The machine already routes the subnet.
    #[error("the subnet {subnet} is already routed on this machine ({route})")]
    SubnetRouted {
        /// The subnet that was asked for.
        subnet: String,
        /// The route that overlaps it.
        route: String,
    },
    /// All of 10.99.0.0/16 is taken.
    #[error("no free subnet in 10.99.0.0/16: bring a lab down first, or name a subnet")]
    NoFreeSubnet,
    /// A lab of this name is up, or was left behind.
    #[error("the lab `{name}` exists already: `converge lab down --name {name}` removes it")]
    Exists {
        /// The instance name.
        name: String,
    },
    /// No lab of this name.
    #[error("there is no lab `{name}`{}", others(.up))]
    NoSuchLab {
        /// The instance name.
        name: String,
        /// Labs that there are.
        up: Vec<String>,
    },
    /// The lab has no such host.
    #[error("the lab `{lab}` has no host `{host}`")]
    NoSuchHost {
        /// The instance name.
        lab: String,
        /// The host that was asked for.
        host: String,
    },
    /// The host is not running.
    #[error("the lab host `{host}` is not running")]
    HostDown {
        /// The host.
        host: String,
    },
    /// The host did not finish its boot.
    #[error("the lab host `{host}` did not boot within {}s; its console ends:\n{console}", waited.as_secs())]
    NotBooted {
        /// The host.
        host: String,
        /// How long the lab waited.
        waited: Duration,
        /// The last lines of the console.
        console: String,
    },
    #[cfg(feature = "lab-fixtures")]
    /// A lab without a Mailu was asked for it.
    #[error("the lab `{lab}` has no Mailu; add `--mailu` (or `mailu()`) where it is made")]
    NoMailu {
        /// The lab.
        lab: String,
    },
    /// A server of the lab did not come up.
    #[error("the lab's {server} did not answer within {}s; its log ends:\n{log}", waited.as_secs())]
    NotServing {
        /// `DNS`, `MX` or `Mailu`.
        server: &'static str,
        /// How long the lab waited.
        waited: Duration,
        /// The last lines of its log.
        log: String,
    },
    #[cfg(feature = "lab-fixtures")]
    /// Fewer messages than awaited arrived at the MX.
    #[error("the MX has {got} messages that fit, not {wanted}, after {}s", waited.as_secs())]
    NoMail {
        /// How many there are.
        got: usize,
        /// How many were awaited.
        wanted: usize,
        /// How long the lab waited.
        waited: Duration,
    },
    /// Processes that survive SIGKILL.
    #[error("processes of {cgroup} are still there {}s after SIGKILL", waited.as_secs())]
    Unkillable {
        /// The control group.
        cgroup: PathBuf,
        /// How long the lab waited.
        waited: Duration,
    },
    /// A program failed.
    #[error("`{command}` failed ({status}): {stderr}")]
    Command {
        /// Program and arguments.
        command: String,
        /// How it ended.
        status: String,
        /// What it said.
        stderr: String,
    },
    /// A file of the lab could not be used.
    #[error("cannot {what} {}", path.display())]
    Io {
        /// The verb.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The lab's own description is unreadable.
    #[error("{} is no description of a lab", path.display())]
    BadState {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
}

/// What one may have meant, where no lab has the name.
fn others(up: &[String]) -> String {
    if up.is_empty() { String::new() } else { format!(": give `--name`, one of {}", up.join(", ")) }
}

/// Turns an I/O error into one that names the file.
pub(super) fn io(
    what: &'static str,
    path: impl Into<PathBuf>,
) -> impl FnOnce(std::io::Error) -> LabError {
    let path = path.into();
    move |source| LabError::Io { what, path, source }
}

#[cfg(test)]
mod tests {
    use super::LabError;

    #[test]
    fn a_lab_that_is_not_there_names_those_that_are() {
        let said = |up: &[&str]| {
            let up = up.iter().map(|name| (*name).to_owned()).collect();
            LabError::NoSuchLab { name: "lab".into(), up }.to_string()
        };
        assert_eq!(said(&[]), "there is no lab `lab`");
        assert_eq!(said(&["a", "b"]), "there is no lab `lab`: give `--name`, one of a, b");
    }
}
