//! How a host is reached: on this machine, by ssh, or by entering a local container. Decided from
//! the inventory and `-e` alone, never from what a host says.

use crate::text::Diagnostic;
use crate::value::{Map, Value};

/// Where the agent is on a host that does not say otherwise (`converge_agent`).
const AGENT: &str = "converge";

/// A way to a host's agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Connection {
    /// In this process.
    Local,
    /// This program, which runs the agent over its standard input and output.
    Program(Vec<String>),
}

impl Connection {
    /// From a host's connection variables.
    pub(super) fn of(host: &str, variables: &Map) -> Result<Self, Diagnostic> {
        let text = |name: &str| variables.get(name).map(as_text);
        let kind = text("ansible_connection");
        let implicit = if host == "localhost" { "local" } else { "ssh" };
        let agent = text("converge_agent").unwrap_or_else(|| AGENT.to_owned());
        match kind.as_deref().unwrap_or(implicit) {
            "local" | "ansible.builtin.local" => Ok(Self::Local),
            "ssh" | "smart" | "ansible.builtin.ssh" => Ok(Self::Program(ssh(host, &agent, &text))),
            "community.general.nsenter" | "nsenter" => {
                let pid = text("ansible_nsenter_pid").ok_or_else(|| {
                    Diagnostic::new(format!("host `{host}` has no `ansible_nsenter_pid`"))
                        .help("set it to the process id of the container's init")
                })?;
                let argv = ["nsenter", "--target", &pid, "--all", "--", &agent, "agent"];
                Ok(Self::Program(argv.map(str::to_owned).to_vec()))
            }
            other => Err(Diagnostic::new(format!("connection `{other}` is not supported"))
                .note(format!("`ansible_connection` of host `{host}`"))
                .help("use `ssh`, `local` or `community.general.nsenter`")),
        }
    }
}

/// The words for ssh; the host stands behind `--`, so that no name is taken for an option.
fn ssh(host: &str, agent: &str, text: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let mut argv: Vec<String> =
        ["ssh", "-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10"].map(str::to_owned).to_vec();
    let mut option = |flag: &str, value: Option<String>| {
        if let Some(value) = value {
            argv.extend([flag.to_owned(), value]);
        }
    };
    option("-p", text("ansible_port"));
    option("-l", text("ansible_user"));
    option("-i", text("ansible_ssh_private_key_file"));
    for name in ["ansible_ssh_common_args", "ansible_ssh_extra_args"] {
        argv.extend(text(name).unwrap_or_default().split_whitespace().map(str::to_owned));
    }
    argv.push("--".to_owned());
    argv.push(text("ansible_host").unwrap_or_else(|| host.to_owned()));
    argv.push(format!("exec {} agent", crate::text::quote(agent)));
    argv
}

fn as_text(value: &Value) -> String {
    match value.exposed() {
        Value::Str(text) => text.clone(),
        other => other.to_json_exposed().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Connection, Map, Value};

    fn variables(pairs: &[(&str, &str)]) -> Map {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))).collect()
    }

    #[test]
    fn a_host_is_reached_by_ssh_unless_it_is_this_one() {
        let ssh = Connection::of("web1", &variables(&[("ansible_port", "2222")])).unwrap();
        let Connection::Program(argv) = ssh else { panic!("not ssh") };
        assert_eq!(argv[argv.len() - 3..], ["--", "web1", "exec converge agent"]);
        assert!(argv.windows(2).any(|pair| pair == ["-p", "2222"]));
        assert_eq!(Connection::of("localhost", &Map::new()).unwrap(), Connection::Local);
    }

    #[test]
    fn an_unknown_connection_is_refused_by_name() {
        let error =
            Connection::of("h", &variables(&[("ansible_connection", "winrm")])).unwrap_err();
        assert!(error.message.contains("winrm"));
    }
}
