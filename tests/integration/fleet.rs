//! Lab hosts, and the `converge` command run on them as a person runs it.

use crate::lab::lab;
use converge::lab::{Family, Lab};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// The families that every role must bring to the same end.
pub(crate) const FAMILIES: [Family; 2] = [Family::Debian, Family::Pacman];

/// A lab with an inventory of its own.
pub(crate) struct Fleet {
    pub(crate) lab: Lab,
    folder: TempDir,
    hosts: Vec<String>,
    role: String,
    /// A group that all of them are in.
    group: Option<String>,
    vars: Vec<(String, String)>,
    /// What the controller takes for /etc/hosts, where that is not the machine's.
    names: Option<PathBuf>,
    /// Reached as any host is, by ssh as this login, not by nsenter.
    login: Option<String>,
}

/// What one call of the command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn binary() -> PathBuf {
    assert_cmd::cargo::cargo_bin!("converge").to_path_buf()
}

/// Does the same on one host of each family, side by side.
pub(crate) fn in_both_families(prefix: &str, test: impl Fn(Fleet) + Sync) {
    std::thread::scope(|scope| {
        for family in FAMILIES {
            let test = &test;
            scope.spawn(move || test(Fleet::of(prefix, family)));
        }
    });
}

impl Fleet {
    /// Boots one host of this family, `h`. The prefix, one or two letters, must be the test's own.
    pub(crate) fn of(prefix: &str, family: Family) -> Self {
        let first = family.to_string();
        let lab = lab(&format!("{prefix}{}", &first[..1])).host("h", family).up();
        Self::over(lab.unwrap_or_else(|error| panic!("{error}")), &["h"], "sys-svc-mail-smtp")
    }

    /// These hosts of a lab get this role.
    pub(crate) fn over(lab: Lab, hosts: &[&str], role: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        let role = role.to_owned();
        Self { lab, folder, hosts, role, group: None, vars: Vec::new(), names: None, login: None }
            .set("mail_root_alias", "admin@lab.test")
    }

    /// Sets a variable of all hosts, in YAML.
    pub(crate) fn set(mut self, name: &str, yaml: &str) -> Self {
        self.vars.retain(|(known, _)| known != name);
        self.vars.push((name.to_owned(), yaml.to_owned()));
        self
    }

    /// The hosts are reached by plain ssh, and get their agent by it.
    pub(crate) fn by_ssh(self) -> Self {
        self.logging_in_as("root")
    }

    /// The same as another login than root.
    pub(crate) fn logging_in_as(mut self, name: &str) -> Self {
        self.login = Some(name.to_owned());
        self
    }

    /// All hosts are in this group.
    pub(crate) fn in_group(mut self, name: &str) -> Self {
        self.group = Some(name.to_owned());
        self
    }

    /// The controller, too, finds a name of the lab, which its machine's resolver does not know.
    pub(crate) fn resolves(mut self, name: &str, address: std::net::Ipv4Addr) -> Self {
        let known = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
        self.write("names", &format!("{known}\n{address} {name}\n"));
        self.names = Some(self.folder.path().join("names"));
        self
    }

    /// Adds a file beside the inventory, such as a role's.
    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        self.write(path, text);
        self
    }

    /// Writes a file beside the inventory.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Where such a file is.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn host(&self) -> converge::lab::Host<'_> {
        self.lab.host(&self.hosts[0]).unwrap()
    }

    /// The same lab and role, other hosts of it.
    pub(crate) fn hosts(mut self, hosts: &[&str]) -> Self {
        self.hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        self
    }

    /// The same lab with another role, and with its own folder and variables.
    pub(crate) fn with_role(mut self, role: &str) -> Self {
        self.role = role.to_owned();
        self
    }

    pub(crate) fn role(&self) -> &str {
        &self.role
    }

    /// The inventory, with the hosts' present process ids.
    pub(crate) fn inventory(&self) -> PathBuf {
        let mut text = "all:\n  hosts:\n".to_owned();
        for host in &self.hosts {
            if let Some(login) = &self.login {
                let config = self.lab.ssh_config().display();
                text += &format!(
                    "    {host}: {{ansible_ssh_common_args: -F {config}, ansible_user: {login}}}\n"
                );
                continue;
            }
            // A host that is down: a process that cannot be.
            let pid = self.lab.host(host).unwrap().pid().unwrap_or(u32::MAX >> 1);
            text += &format!(
                "    {host}: {{ansible_connection: community.general.nsenter, ansible_nsenter_pid: {pid}, \
                 converge_agent: /usr/local/bin/converge}}\n"
            );
        }
        if let Some(group) = &self.group {
            text += &format!("  children:\n    {group}:\n      hosts:\n");
            for host in &self.hosts {
                text += &format!("        {host}:\n");
            }
        }
        text += &format!("  roles: [{}]\n  vars:\n", self.role);
        for (name, value) in &self.vars {
            text += &format!("    {name}: {value}\n");
        }
        let path = self.folder.path().join("hosts.yml");
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A call of the command, not started yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = match &self.names {
            None => Command::new(binary()),
            Some(names) => {
                let mut command = Command::new("unshare");
                let script = "mount --bind \"$0\" /etc/hosts && exec \"$@\"";
                command.args(["--mount", "sh", "-c", script]).arg(names).arg(binary());
                command
            }
        };
        command.args(arguments).arg("--inventory").arg(self.inventory()).stdin(Stdio::null());
        // What is kept for the next run is the test's own.
        command.env("NO_COLOR", "1").env("HOME", self.folder.path());
        command
    }

    /// The same from a folder where no path of this machine is shown.
    pub(crate) fn run_here(&self, arguments: &[&str]) -> Said {
        self.inventory();
        let mut command = Command::new(binary());
        command.args(arguments).args(["--inventory", "hosts.yml"]).stdin(Stdio::null());
        Said::of(command.env("NO_COLOR", "1").current_dir(self.folder.path()).output().unwrap())
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        Said::of(self.command(arguments).output().unwrap())
    }

    /// A run whose report is read.
    pub(crate) fn report(&self, arguments: &[&str]) -> Report {
        let mut all = vec!["--output", "json"];
        all.extend(arguments);
        let said = self.run(&all);
        let document =
            serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{error}: {said:#?}"));
        Report { code: said.code, document }
    }

    pub(crate) fn check(&self) -> Report {
        self.report(&["--check"])
    }

    pub(crate) fn apply(&self) -> Report {
        self.report(&[])
    }

    /// A run that says that there is nothing to do, and after which no inode of the hosts is
    /// another or was even written: not the host's memory either.
    pub(crate) fn assert_nothing_to_do(&self) {
        self.touches_nothing("the second run", || {
            let again = self.apply();
            again.assert_ok();
            assert_eq!((again.status(), again.actions()), ("ok", vec![]));
        });
    }

    /// Does this, and looks on the hosts for what it wrote.
    pub(crate) fn touches_nothing(&self, what: &str, run: impl FnOnce()) {
        let all = || self.hosts.iter().map(|host| self.lab.host(host).unwrap());
        for host in all() {
            let marked = host.sh("touch /run/mark && sleep 0.02").unwrap();
            assert!(marked.success(), "{marked:?}");
        }
        run();
        for host in all() {
            let written = host.sh(WRITTEN).unwrap();
            assert_eq!(written.stdout, "", "{what} wrote on {}: {written:?}", host.name());
        }
    }
}

/// Every path written since the mark, by content or by attributes; a folder, by what came and went
/// in it. Left out is what the hosts' own daemons write, and the lock that says who ran.
const WRITTEN: &str = r#"
find / -xdev -newercm /run/mark ! -path '/proc/*' ! -path '/sys/*' ! -path '/dev/*' \
    ! -path '/run*' ! -path '/tmp*' ! -path '/var/tmp*' ! -path '/var/log/*' \
    ! -path '/var/spool/postfix/*' ! -path '/var/lib/postfix/*' ! -path '/var/lib/systemd/*' \
    ! -path '/var/cache/private*' ! -path /var/lib/converge/lock ! -path '/var/lib/converge/agent*'
"#;

impl Said {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

const LAST_WORDS: &str = "postqueue -p 2>&1 | tail -n 20
journalctl --quiet --no-pager --lines=60 --priority=info _PID=1 + SYSLOG_FACILITY=2";

/// A run's JSON document.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) code: i32,
    pub(crate) document: Value,
}

/// An action as a report has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) task: String,
    pub(crate) kind: String,
    pub(crate) target: String,
    pub(crate) certainty: String,
    pub(crate) before: Value,
    pub(crate) after: Value,
    pub(crate) diff: String,
    pub(crate) notes: Vec<Value>,
}

/// A test that fails on hosts says what mail waits in them, and what their services said: of a fault
/// that comes once in a hundred runs, nothing else is left.
#[expect(clippy::print_stderr, reason = "shown only where a test fails, beside its assertion")]
impl Drop for Fleet {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        eprintln!("the MX runs: {}", self.lab.mx().is_running());
        for host in &self.hosts {
            let said = self.lab.host(host).and_then(|host| host.sh(LAST_WORDS));
            eprintln!(
                "{host}: {}",
                said.map_or_else(|error| error.to_string(), |said| said.stdout)
            );
        }
    }
}

impl Report {
    fn tasks(&self) -> impl Iterator<Item = &Value> {
        let hosts = self.document["hosts"].as_array().unwrap();
        hosts.iter().flat_map(|host| host["tasks"].as_array().unwrap())
    }

    pub(crate) fn actions(&self) -> Vec<Told> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut all = Vec::new();
        for task in self.tasks() {
            for action in task["actions"].as_array().unwrap() {
                all.push(Told {
                    task: text(&task["id"]),
                    kind: text(&action["kind"]),
                    target: text(&action["target"]),
                    certainty: text(&action["certainty"]),
                    before: action["before"].clone(),
                    after: action["after"].clone(),
                    diff: text(&action["diff"]),
                    notes: action["notes"].as_array().unwrap().clone(),
                });
            }
        }
        all
    }

    /// What went wrong, of hosts and of tasks, rescued ones too: what to read of a long document.
    fn faults(&self) -> Vec<&Value> {
        let hosts = self.document["hosts"].as_array().unwrap();
        let errors = hosts.iter().map(|host| &host["error"]).filter(|error| !error.is_null());
        errors.chain(self.tasks().filter(|task| !task["error"].is_null())).collect()
    }

    /// The ids of the tasks that ended so.
    pub(crate) fn tasks_of_status(&self, status: &str) -> Vec<String> {
        let these = self.tasks().filter(|task| task["status"] == status);
        these.filter_map(|task| task["id"].as_str().map(str::to_owned)).collect()
    }

    /// What the tasks said beside their status.
    pub(crate) fn reasons(&self) -> Vec<String> {
        self.tasks().filter_map(|task| task["reason"]["text"].as_str().map(str::to_owned)).collect()
    }

    /// The one action on this target.
    pub(crate) fn action(&self, target: &str) -> (&Value, &Value) {
        let mut found = self.tasks().flat_map(|task| {
            task["actions"].as_array().unwrap().iter().map(move |action| (task, action))
        });
        found
            .find(|(_, action)| action["target"] == target)
            .unwrap_or_else(|| panic!("no action on {target}: {:#}", self.document))
    }

    pub(crate) fn status(&self) -> &str {
        self.document["hosts"][0]["status"].as_str().unwrap()
    }

    pub(crate) fn assert_ok(&self) -> &Self {
        assert_eq!(self.code, 0, "{:#}\n{:#}", json!(self.faults()), self.document);
        self
    }
}

/// Apply performed every exact action that check announced, in order and as it was shown (what is
/// there, what will be, the diff, a transaction's every version), and none that it did not; of the
/// exact and the unless-so at most one in ten fell away.
pub(crate) fn assert_foretold(check: &Report, apply: &Report) {
    let key = |told: &Told| (told.task.clone(), told.kind.clone(), told.target.clone());
    let (announced, performed) = (check.actions(), apply.actions());
    // The project's own roles have no act that nothing turns off.
    let bare =
        announced.iter().find(|told| told.notes.iter().any(|note| note["kind"] == "every_run"));
    assert_eq!(bare, None, "done in every run");
    let exact: Vec<&Told> = announced.iter().filter(|told| told.certainty == "exact").collect();
    let keys: Vec<_> = exact.iter().map(|told| key(told)).collect();
    let done: Vec<_> = performed.iter().map(key).collect();
    let in_order: Vec<&Told> = performed.iter().filter(|told| keys.contains(&key(told))).collect();
    let of_order: Vec<_> = in_order.iter().map(|told| key(told)).collect();
    assert_eq!(keys, of_order, "every exact action, in order");
    for (announced, performed) in exact.iter().zip(&in_order) {
        assert_eq!(announced, performed, "as it was announced");
    }
    for told in &performed {
        let foretold = announced.iter().any(|other| {
            other.task == told.task
                && (other.certainty == "open"
                    || (other.target == told.target
                        && (other.kind == told.kind
                            || (other.kind == "write_file" && told.kind == "set_attributes"))))
        });
        assert!(foretold, "{told:?} was not announced in {announced:#?}");
    }
    let likely: Vec<_> = announced
        .iter()
        .filter(|told| told.certainty == "exact" || told.certainty == "unless_so")
        .collect();
    let fell: Vec<_> = likely.iter().filter(|told| !done.contains(&key(told))).collect();
    assert!(fell.len() * 10 <= likely.len(), "of {} fell away: {fell:#?}", likely.len());
}

#[test]
fn what_was_not_as_announced_is_seen() {
    let report = |key: &str, value: Value| {
        let mut action = json!({
            "kind": "packages", "target": "postfix", "certainty": "exact", "before": "absent",
            "after": "postfix 3", "diff": "+x", "notes": [{"kind": "installs_also", "text": "installs also lmdb 1"}],
        });
        action[key] = value;
        let tasks = json!([{"id": "role/main:postfix", "actions": [action]}]);
        Report { code: 0, document: json!({"hosts": [{"tasks": tasks}]}) }
    };
    let announced = report("target", "postfix".into());
    assert_foretold(&announced, &report("target", "postfix".into()));
    for (key, value) in [
        ("kind", "write_file".into()),
        ("target", "msmtp".into()),
        ("before", "postfix 2".into()),
        ("after", "postfix 4".into()),
        ("diff", "+y".into()),
        ("notes", json!([{"kind": "installs_also", "text": "installs also lmdb 2"}])),
    ] {
        let other = report(key, value);
        let seen = std::panic::catch_unwind(|| assert_foretold(&announced, &other));
        assert!(seen.is_err(), "{key}");
    }
}
