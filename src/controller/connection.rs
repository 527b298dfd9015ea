//! How a host is reached: on this machine, by ssh, or by entering a local container. Decided from
//! the inventory, `-e` and the command line alone, never from what a host says.

use super::access::{Access, Escalation, Marks, one_line};
use super::bootstrap::FOLDER;
use super::ssh;
use crate::text::{Diagnostic, command_line};
use crate::value::{Map, REDACTED, Secret, Value};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A way to a host's agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Connection {
    /// In this process.
    Local,
    /// A program, which runs the agent over its standard input and output.
    Program(Box<Way>),
}

/// A program that reaches a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    /// It and its arguments, without what is run at the host.
    reach: Vec<String>,
    /// By a shell there, which splits words.
    by_shell: bool,
    /// What makes the agent root there.
    escalation: Option<Escalation>,
    /// What is run there.
    pub(super) agent: Agent,
    /// What reaches the host in the same way and does nothing there, for people; without secrets.
    pub(super) by_hand: String,
    /// What ssh is told where it asks for the login's password.
    pub(super) password: Option<Secret<String>>,
    /// Where the socket of its connection is kept.
    pub(super) kept_in: Option<PathBuf>,
    /// How long it may take until the host says something.
    pub(super) connect: Duration,
    /// How long the host may say nothing then.
    pub(super) silence: Duration,
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
    /// The program that reaches the host, as it calls itself.
    pub(super) fn program(&self) -> &str {
        let program = self.reach.first().map_or("sudo", String::as_str);
        program.rsplit('/').next().unwrap_or(program)
    }

    /// What root's password is, or whose it is that sudo asks for.
    pub(super) fn root_password(&self) -> Option<&Secret<String>> {
        self.escalation.as_ref()?.password()
    }

    /// The program and its arguments; `line` is what the host's shell is to run where the agent is
    /// sent.
    pub(super) fn argv(&self, marks: &Marks, line: impl FnOnce(&str) -> String) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        words.extend(self.escalation.iter().flat_map(|escalation| escalation.words(marks)));
        let begins = self.begins(marks);
        let sh = ["sh", "-c"].map(str::to_owned);
        match &self.agent {
            Agent::At(program) if begins.is_empty() => {
                words.extend([program.clone(), "agent".to_owned()]);
            }
            Agent::At(program) => {
                words.extend(sh);
                words.extend([begins + "exec \"$0\" agent", program.clone()]);
            }
            Agent::KeptIn(folder) => {
                words.extend(sh);
                words.push(begins + &line(folder));
            }
        }
        self.over(&words)
    }

    /// The same for a line of shell, run as root.
    pub(super) fn shell(&self, marks: &Marks, line: &str) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        words.extend(self.escalation.iter().flat_map(|escalation| escalation.words(marks)));
        words.extend(["sh".to_owned(), "-c".to_owned(), self.begins(marks) + line]);
        self.over(&words)
    }

    /// Says that what sudo starts has begun, where that cannot be known otherwise.
    fn begins(&self, marks: &Marks) -> String {
        match self.root_password() {
            Some(_) => format!("printf %s \"{}\" >&2; ", marks.begun),
            None => String::new(),
        }
    }

    fn over(&self, words: &[String]) -> Vec<String> {
        let mut argv = self.reach.clone();
        if self.by_shell {
            argv.push(format!("exec {}", command_line(words)));
        } else {
            argv.extend_from_slice(words);
        }
        argv
    }
}

impl Connection {
    /// From a host's connection variables. `program` is this program, for this machine.
    pub(super) fn of(
        host: &str,
        variables: &Map,
        access: &Access,
        program: Option<&Path>,
    ) -> Result<Self, Diagnostic> {
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
            None => Agent::KeptIn(match text("converge_agent_dir") {
                Some(folder) => a_folder(folder, host)?,
                None => FOLDER.to_owned(),
            }),
        };
        let silence = Duration::from_secs(ssh::silence_seconds(host, &text)?);
        let way = |reach, by_hand: String| Way {
            reach,
            by_shell: false,
            escalation: None,
            agent,
            by_hand,
            password: None,
            kept_in: None,
            connect: silence,
            silence,
        };
        match kind.as_deref().unwrap_or(implicit) {
            "local" | "ansible.builtin.local" => {
                let escalation = Escalation::of(host, &text, access)?.filter(|_| access.not_root);
                Ok(match (escalation, program) {
                    (Some(escalation), Some(program)) => Self::Program(Box::new(Way {
                        escalation: Some(escalation),
                        agent: Agent::At(program.to_string_lossy().into_owned()),
                        ..way(Vec::new(), "sudo -n -- true".to_owned())
                    })),
                    _ => Self::Local,
                })
            }
            "ssh" | "smart" | "ansible.builtin.ssh" => {
                let reach = ssh::words(host, &text, access)?;
                let words = ssh::words(host, &shown, access)?;
                let by_hand = command_line(words.iter().map(String::as_str).chain(["true"]));
                let password = ssh::password(&text).map(|text| one_line(text, host)).transpose()?;
                let connect = Duration::from_secs(ssh::connect_seconds(host, &text)?);
                Ok(Self::Program(Box::new(Way {
                    by_shell: true,
                    escalation: Escalation::of(host, &text, access)?,
                    password: password.or_else(|| access.password.clone()),
                    kept_in: ssh::kept_in(host, &text, access)?.map(Path::to_path_buf),
                    // ssh has its own limit; then the host's login takes its time.
                    connect: connect + silence,
                    ..way(reach, by_hand)
                })))
            }
            "community.general.nsenter" | "nsenter" => {
                let pid = text("ansible_nsenter_pid").ok_or_else(|| {
                    Diagnostic::new(format!("host `{host}` has no `ansible_nsenter_pid`"))
                        .help("set it to the process id of the container's init")
                })?;
                let reach = ["nsenter", "--target", &pid, "--all", "--"].map(str::to_owned).into();
                let by_hand = format!("nsenter --target {pid} --all -- true");
                Ok(Self::Program(Box::new(way(reach, by_hand))))
            }
            other => Err(Diagnostic::new(format!("connection `{other}` is not supported"))
                .note(format!("`ansible_connection` of host `{host}`"))
                .help("use `ssh`, `local` or `community.general.nsenter`")),
        }
    }

    /// Every password of the way there.
    pub(super) fn each_secret(&self, keep: &mut dyn FnMut(&str)) {
        if let Self::Program(way) = self {
            let all = way.password.iter().chain(way.root_password());
            all.for_each(|password| keep(password.expose()));
        }
    }
}

fn as_text(value: &Value) -> String {
    match value.exposed() {
        Value::Str(text) => text.clone(),
        other => other.to_json_exposed().to_string(),
    }
}

/// A folder that agents may be kept in: what a shell and `forget` make of its name is the same.
fn a_folder(folder: String, host: &str) -> Result<String, Diagnostic> {
    let folder = folder.trim_end_matches('/').to_owned();
    let plain = folder.split('/').skip(1).all(|part| !matches!(part, "" | "." | ".."));
    if folder.starts_with('/') && plain && !folder.contains(char::is_control) {
        return Ok(folder);
    }
    Err(Diagnostic::new(format!(
        "`converge_agent_dir` is no absolute path: `{}`",
        folder.escape_debug()
    ))
    .note(format!("of host `{host}`"))
    .help("as in `/opt/converge`: without `..`, and a folder of root's"))
}

#[cfg(test)]
mod tests {
    use super::{Access, Connection, Map, Marks, Value};
    use std::path::Path;

    fn variables(pairs: &[(&str, &str)]) -> Map {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))).collect()
    }

    #[test]
    fn a_host_is_reached_by_ssh_unless_it_is_this_one() {
        let argv = argv("web1", &[("ansible_port", "2222")], &Access::default());
        assert_eq!(
            argv[argv.len() - 3..],
            ["--", "web1", "exec sh -c 'LINE /var/lib/converge/agent'"]
        );
        assert!(argv.windows(2).any(|pair| pair == ["-p", "2222"]));
        let here = of("localhost", &Map::new(), &Access::default()).unwrap();
        assert_eq!(here, Connection::Local);
    }

    #[test]
    fn what_to_try_by_hand_is_whole_and_shows_no_secret() {
        let mut set = variables(&[("ansible_host", "192.0.2.7"), ("ansible_port", "2222")]);
        set.insert("ansible_user".into(), Value::from("ann-in-the-vault").into_secret());
        let way = |set: &Map| match of("web1", set, &Access::default()).unwrap() {
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
        let argv = argv("web1", &set, &Access::default());
        let own = argv.iter().position(|word| word == "-F").unwrap();
        let words =
            ["-F", "/etc/x", "-o", "ProxyCommand=nc %h %p", "-o", "SetEnv A=b c", "-i", "a b"];
        assert_eq!(argv[own..argv.len() - 3], words);
        let open = variables(&[("ansible_ssh_common_args", "-o 'Proxy")]);
        let error = of("web1", &open, &Access::default()).unwrap_err();
        assert_eq!(error.message, "a quote ' is not closed in `ansible_ssh_common_args`");
        assert!(error.help.is_some());
    }

    #[test]
    fn sudo_starts_the_agent_where_root_is_asked_for() {
        let far = Access { become_root: true, ..Access::default() };
        let set = [("converge_agent", "/opt/c v")];
        assert_eq!(argv("web1", &set, &far).last().unwrap(), "exec sudo -n -- '/opt/c v' agent");
        let here = of("localhost", &Map::new(), &far).unwrap();
        assert_eq!(here, Connection::Local, "this process is root already");
        let near = Access { not_root: true, ..far };
        let words = ["sudo", "-n", "--", "/opt/my converge", "agent"];
        assert_eq!(argv("localhost", &[], &near), words);
    }

    fn of(host: &str, set: &Map, access: &Access) -> Result<Connection, crate::text::Diagnostic> {
        Connection::of(host, set, access, Some(Path::new("/opt/my converge")))
    }

    fn argv(host: &str, set: &[(&str, &str)], access: &Access) -> Vec<String> {
        match of(host, &variables(set), access).unwrap() {
            Connection::Program(way) => {
                way.argv(&Marks::new().unwrap(), |folder| format!("LINE {folder}"))
            }
            Connection::Local => panic!("no program"),
        }
    }

    #[test]
    fn an_unknown_connection_is_refused_by_name() {
        let error = of("h", &variables(&[("ansible_connection", "winrm")]), &Access::default())
            .unwrap_err();
        assert!(error.message.contains("winrm"));
    }

    #[test]
    fn what_ansible_says_of_ssh_is_said_to_ssh() {
        let set = [
            ("ansible_ssh_executable", "/opt/bin/ssh"),
            ("ansible_timeout", "3"),
            ("converge_ssh_persist", "yes"),
            ("ansible_ssh_user", "ann"),
            ("ansible_ssh_args", "-C"),
            ("ansible_ssh_common_args", "-F /etc/x"),
        ];
        let access = Access {
            user: Some("not-she".into()),
            private_key: Some("/k".into()),
            ssh_folder: Some("/h/.ssh".into()),
            ..Access::default()
        };
        let words = "/opt/bin/ssh -T -o BatchMode=yes -o ConnectTimeout=3 -o ControlMaster=auto \
                     -o ControlPersist=60 -o ControlPath=/h/.ssh/converge-%C -l ann -i /k -C \
                     -F /etc/x -- web1";
        let argv = argv("web1", &set, &access);
        let said = argv[..argv.len() - 1].join(" ");
        let (before, hash) = said.split_once("/converge-").unwrap();
        let (hash, after) = hash.split_at(8);
        assert!(hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{said}");
        assert_eq!(format!("{before}/converge{after}"), words);
        let soon = variables(&[("ansible_timeout", "soon")]);
        let error = of("web1", &soon, &Access::default()).unwrap_err();
        assert!(error.message.contains("`ansible_timeout`"), "{}", error.message);
    }

    #[test]
    fn a_kept_connection_is_of_those_words_alone() {
        let access = Access { ssh_folder: Some("/h/.ssh".into()), ..Access::default() };
        let socket = |host: &str, arguments: &str| {
            let set = [
                ("converge_ssh_persist", "yes"),
                ("ansible_host", "10.0.0.5"),
                ("ansible_ssh_common_args", arguments),
            ];
            let argv = argv(host, &set, &access);
            argv.into_iter().find(|word| word.starts_with("ControlPath=")).unwrap()
        };
        assert_eq!(socket("a", "-o ProxyJump=x"), socket("b", "-o ProxyJump=x"));
        assert_ne!(socket("a", "-o ProxyJump=x"), socket("b", "-o ProxyJump=y"));
    }

    #[test]
    fn where_agents_are_kept_is_a_plain_path() {
        for folder in ["", "-x", "rel", "~/a", "/a/../etc", "/a//b", "/a/./b", "/a\nb", "/"] {
            let error = of("h", &variables(&[("converge_agent_dir", folder)]), &Access::default());
            let error = error.unwrap_err();
            assert!(error.message.contains("no absolute path"), "{folder}: {}", error.message);
        }
        let argv = argv("h", &[("converge_agent_dir", "/opt/c v/")], &Access::default());
        assert!(argv.last().unwrap().contains("LINE /opt/c v'"), "{argv:?}");
    }

    #[test]
    fn passwords_stand_in_no_word_and_all_are_told() {
        let set = [
            ("ansible_password", "of-the-login"),
            ("ansible_become", "true"),
            ("ansible_become_password", "of-sudo"),
        ];
        for agent in [None, Some(("converge_agent", "/opt/converge"))] {
            let set: Vec<_> = set.into_iter().chain(agent).collect();
            let argv = argv("web1", &set, &Access::default()).join(" ");
            assert!(argv.contains("sudo -S -p") && argv.contains("begun]"), "{argv}");
            assert!(!argv.contains("of-the-login") && !argv.contains("of-sudo"), "{argv}");
            let connection = of("web1", &variables(&set), &Access::default()).unwrap();
            assert!(!format!("{connection:?}").contains("of-"), "{connection:?}");
            let mut told = Vec::new();
            connection.each_secret(&mut |secret| told.push(secret.to_owned()));
            assert_eq!(told, ["of-the-login", "of-sudo"]);
        }
    }
}
