//! How a host is reached: on this machine, by ssh, or by entering a local container. Decided from
//! the inventory and `-e` alone, never from what a host says.

use super::bootstrap::FOLDER;
use crate::text::{Diagnostic, command_line, split_words};
use crate::value::{Map, REDACTED, Value};
use std::path::PathBuf;

/// A way to a host's agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Connection {
    /// In this process.
    Local,
    /// A program, which runs the agent over its standard input and output.
    Program(Way),
}

/// A program that reaches a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    /// It and its arguments, without what is run at the host.
    reach: Vec<String>,
    /// By a shell there, which splits words.
    by_shell: bool,
    /// What makes it root there.
    sudo: bool,
    /// What is run there.
    pub(super) agent: Agent,
    /// What reaches the host in the same way and does nothing there, for people; without secrets.
    pub(super) by_hand: String,
}

/// Which agent a host runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Agent {
    /// One that somebody put there: `converge_agent`.
    At(String),
    /// The controller's own, which is sent where this folder has none.
    KeptIn(String),
}

impl Way {
    /// The program that reaches the host.
    pub(super) fn program(&self) -> &str {
        self.reach.first().map_or("sudo", String::as_str)
    }

    /// The program and its arguments; `line` is what the host's shell is to run where the agent is
    /// sent.
    pub(super) fn argv(&self, line: impl FnOnce(&str) -> String) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        if self.sudo {
            words.extend(["sudo", "-n", "--"].map(str::to_owned));
        }
        match &self.agent {
            Agent::At(program) => words.extend([program.clone(), "agent".to_owned()]),
            Agent::KeptIn(folder) => {
                words.extend(["sh".to_owned(), "-c".to_owned(), line(folder)]);
            }
        }
        let mut argv = self.reach.clone();
        if self.by_shell {
            argv.push(format!("exec {}", command_line(&words)));
        } else {
            argv.extend(words);
        }
        argv
    }
}

impl Connection {
    /// From a host's connection variables.
    pub(super) fn of(host: &str, variables: &Map, root: &Root) -> Result<Self, Diagnostic> {
        let text = |name: &str| variables.get(name).map(as_text);
        let shown = |name: &str| {
            variables.get(name).map(|value| match value {
                Value::Secret(_) => REDACTED.to_owned(),
                value => as_text(value),
            })
        };
        let kind = text("ansible_connection");
        let implicit = if host == "localhost" { "local" } else { "ssh" };
        let agent = match text("converge_agent") {
            Some(program) => Agent::At(program),
            None => Agent::KeptIn(text("converge_agent_dir").unwrap_or_else(|| FOLDER.to_owned())),
        };
        match kind.as_deref().unwrap_or(implicit) {
            "local" | "ansible.builtin.local" => Ok(match root {
                Root::Sudo { program: Some(program) } => Self::Program(Way {
                    reach: Vec::new(),
                    by_shell: false,
                    sudo: true,
                    agent: Agent::At(program.to_string_lossy().into_owned()),
                    by_hand: "sudo -n -- true".to_owned(),
                }),
                _ => Self::Local,
            }),
            "ssh" | "smart" | "ansible.builtin.ssh" => {
                let reach = ssh(host, &text)?;
                let by_hand =
                    command_line(ssh(host, &shown)?.iter().map(String::as_str).chain(["true"]));
                let sudo = *root != Root::Already;
                Ok(Self::Program(Way { reach, by_shell: true, sudo, agent, by_hand }))
            }
            "community.general.nsenter" | "nsenter" => {
                let pid = text("ansible_nsenter_pid").ok_or_else(|| {
                    Diagnostic::new(format!("host `{host}` has no `ansible_nsenter_pid`"))
                        .help("set it to the process id of the container's init")
                })?;
                let reach = ["nsenter", "--target", &pid, "--all", "--"].map(str::to_owned).into();
                let by_hand = format!("nsenter --target {pid} --all -- true");
                Ok(Self::Program(Way { reach, by_shell: false, sudo: false, agent, by_hand }))
            }
            other => Err(Diagnostic::new(format!("connection `{other}` is not supported"))
                .note(format!("`ansible_connection` of host `{host}`"))
                .help("use `ssh`, `local` or `community.general.nsenter`")),
        }
    }
}

/// How the agent comes to be root (`-b`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Root {
    /// It is started as root.
    #[default]
    Already,
    /// By sudo(8), which must ask for no password.
    Sudo {
        /// This program, where it must become root on this machine too.
        program: Option<PathBuf>,
    },
}

/// The words for ssh, without the command there; the host stands behind `--`, so that no name is taken for an option.
fn ssh(host: &str, text: &dyn Fn(&str) -> Option<String>) -> Result<Vec<String>, Diagnostic> {
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
        let words = split_words(&text(name).unwrap_or_default()).map_err(|quote| {
            Diagnostic::new(format!("a quote {quote} is not closed in `{name}`"))
                .note(format!("of host `{host}`"))
                .help("quote its words as for a shell: `-o 'ProxyCommand=nc %h %p'`")
        })?;
        argv.extend(words);
    }
    argv.push("--".to_owned());
    argv.push(text("ansible_host").unwrap_or_else(|| host.to_owned()));
    Ok(argv)
}

fn as_text(value: &Value) -> String {
    match value.exposed() {
        Value::Str(text) => text.clone(),
        other => other.to_json_exposed().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Connection, Map, Root, Value};

    fn variables(pairs: &[(&str, &str)]) -> Map {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))).collect()
    }

    #[test]
    fn a_host_is_reached_by_ssh_unless_it_is_this_one() {
        let argv = argv("web1", &[("ansible_port", "2222")], &Root::Already);
        assert_eq!(
            argv[argv.len() - 3..],
            ["--", "web1", "exec sh -c 'LINE /var/lib/converge/agent'"]
        );
        assert!(argv.windows(2).any(|pair| pair == ["-p", "2222"]));
        let here = Connection::of("localhost", &Map::new(), &Root::Already).unwrap();
        assert_eq!(here, Connection::Local);
    }

    #[test]
    fn what_to_try_by_hand_is_whole_and_shows_no_secret() {
        let mut set = variables(&[("ansible_host", "192.0.2.7"), ("ansible_port", "2222")]);
        set.insert("ansible_user".into(), Value::from("ann-in-the-vault").into_secret());
        let way = |set: &Map| match Connection::of("web1", set, &Root::Already).unwrap() {
            Connection::Program(way) => way.by_hand,
            Connection::Local => panic!(),
        };
        let ssh = "ssh -T -o BatchMode=yes -o ConnectTimeout=10 -p 2222 -l '[redacted]' -- 192.0.2.7 true";
        assert_eq!(way(&set), ssh);
        let inside = variables(&[("ansible_connection", "nsenter"), ("ansible_nsenter_pid", "7")]);
        assert_eq!(way(&inside), "nsenter --target 7 --all -- true");
    }

    #[test]
    fn quotes_in_arguments_hold_words_together() {
        let set = [
            ("ansible_ssh_common_args", "-F /etc/x -o 'ProxyCommand=nc %h %p'"),
            ("ansible_ssh_extra_args", r#"-o "SetEnv A=b c" -i a\ b"#),
        ];
        let argv = argv("web1", &set, &Root::Already);
        let own = argv.iter().position(|word| word == "-F").unwrap();
        let words =
            ["-F", "/etc/x", "-o", "ProxyCommand=nc %h %p", "-o", "SetEnv A=b c", "-i", "a b"];
        assert_eq!(argv[own..argv.len() - 3], words);
        let open = variables(&[("ansible_ssh_common_args", "-o 'Proxy")]);
        let error = Connection::of("web1", &open, &Root::Already).unwrap_err();
        assert_eq!(error.message, "a quote ' is not closed in `ansible_ssh_common_args`");
        assert!(error.help.is_some());
    }

    #[test]
    fn sudo_starts_the_agent_where_root_is_asked_for() {
        let far = Root::Sudo { program: None };
        let set = [("converge_agent", "/opt/c v")];
        assert_eq!(argv("web1", &set, &far).last().unwrap(), "exec sudo -n -- '/opt/c v' agent");
        let here = Connection::of("localhost", &Map::new(), &far).unwrap();
        assert_eq!(here, Connection::Local, "this process is root already");
        let near = Root::Sudo { program: Some("/opt/my converge".into()) };
        let words = ["sudo", "-n", "--", "/opt/my converge", "agent"];
        assert_eq!(argv("localhost", &[], &near), words);
    }

    fn argv(host: &str, set: &[(&str, &str)], root: &Root) -> Vec<String> {
        match Connection::of(host, &variables(set), root).unwrap() {
            Connection::Program(way) => way.argv(|folder| format!("LINE {folder}")),
            Connection::Local => panic!("no program"),
        }
    }

    #[test]
    fn an_unknown_connection_is_refused_by_name() {
        let error =
            Connection::of("h", &variables(&[("ansible_connection", "winrm")]), &Root::Already)
                .unwrap_err();
        assert!(error.message.contains("winrm"));
    }
}
