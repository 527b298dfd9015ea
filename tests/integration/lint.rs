//! `converge lint`: what it says of roles written for Ansible, and that a run would say the same.

use crate::house::ROOT;
use assert_cmd::Command;
use converge::config::{Files, MemoryFiles, Vault};
use converge::controller::{LintOptions, LintedRole, LoadOptions, Project, lint};
use converge::host::Disk;
use std::path::{Path, PathBuf};

const ROLES: &str = "tests/integration/fixtures/ansible/roles";

/// Exit code and standard output of `converge lint`.
fn run(arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_converge"));
    let output =
        command.env_clear().current_dir(ROOT).arg("lint").args(arguments).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn every_need_of_every_role_is_told_with_its_place() {
    let (code, out) = run(&["--from-ansible", ROLES]);
    assert_eq!(code, 65);
    insta::assert_snapshot!(out.replace(&format!("{ROLES}/"), ""));
}

#[test]
fn one_role_a_folder_above_and_the_folder_itself_are_found() {
    let (code, one) = run(&["--from-ansible", &format!("{ROLES}/greeting")]);
    assert_eq!((code, one.as_str()), (0, "greeting  runs\n\n1 role: all run\n"));
    let (_, above) = run(&["--from-ansible", "tests/integration/fixtures/ansible"]);
    assert_eq!(above, run(&["--from-ansible", ROLES]).1);
    let mut here = Command::new(env!("CARGO_BIN_EXE_converge"));
    let folder = format!("{ROOT}/{ROLES}/greeting");
    let here = here.args(["lint", "--from-ansible", "."]).current_dir(folder).output().unwrap();
    assert_eq!(String::from_utf8(here.stdout).unwrap(), one);
}

#[test]
fn programs_read_the_same() {
    let (code, out) = run(&["--from-ansible", ROLES, "--output", "json"]);
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 65);
    assert_eq!(document["schema"], "converge.lint/1");
    let roles = document["roles"].as_array().unwrap();
    let role = |name: &str| roles.iter().find(|role| role["name"] == name).unwrap();
    assert_eq!(role("greeting")["status"], "runs");
    assert_eq!(role("proxy")["asks"], serde_json::json!(["proxy_admin", "proxy_origin"]));
    assert_eq!(role("legacy")["status"], "needs");
    let need = &role("legacy")["needs"][0];
    assert_eq!((&need["kind"], &need["name"]), (&"filter".into(), &"json_query".into()));
    assert!(need["file"].as_str().unwrap().ends_with("legacy/defaults/main.yml"), "{need}");
    assert_eq!(need["line"], 2);
    let (_, human) = run(&["--from-ansible", ROLES]);
    let needs: usize = roles.iter().map(|role| role["needs"].as_array().unwrap().len()).sum();
    assert!(human.ends_with(&format!("; {needs} needs\n")), "{human}");
}

#[test]
fn the_project_s_own_roles_run() {
    let (code, out) = run(&[]);
    assert_eq!(code, 0, "{out}");
    for role in ["sys-svc-mail ", "sys-svc-mail-msmtp ", "sys-svc-mail-smtp "] {
        assert!(out.contains(&format!("{role} runs")) || out.contains(role), "{out}");
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("roles/mine/tasks")).unwrap();
    std::fs::write(folder.path().join("roles/mine/tasks/main.yml"), "- comand: x\n").unwrap();
    let hosts = folder.path().join("hosts.yml");
    let (code, out) = run(&["-i", hosts.to_str().unwrap()]);
    assert_eq!(code, 65, "{out}");
    assert!(out.contains("mine") && out.contains("sys-svc-mail-smtp"), "{out}");
}

/// The verdicts on the roles of a folder.
fn verdicts(folder: &str, files: &dyn Files) -> Vec<LintedRole> {
    let options = LintOptions { folder: Some(PathBuf::from(folder)), ..LintOptions::default() };
    lint(&options, files, &Vault::default()).unwrap().roles
}

/// Whether a run over one host loads with this role, everything that it asks for set.
fn loads(role: &LintedRole, folder: &Path, files: &dyn Files) -> Result<(), String> {
    // `x` is whom a task is delegated to.
    let hosts = format!("all: {{hosts: {{h: , x: }}, roles: [{}]}}\n", role.name);
    let options = LoadOptions {
        inventory: "memory/hosts.yml".into(),
        roles_path: vec![folder.to_owned()],
        extra: role.asks.iter().map(|name| format!("{name}=x")).collect(),
        ..LoadOptions::default()
    };
    let inventory = MemoryFiles::default().with("memory/hosts.yml", hosts);
    let beside = |all: MemoryFiles, name: &String| all.with(format!("memory/{name}"), "x");
    let inventory = role.files.iter().fold(inventory, beside);
    match Project::load(&options, &Both(&inventory, files), &Vault::default()) {
        Ok(_) => Ok(()),
        Err(errors) => Err(errors.diagnostics.iter().map(|error| format!("{error}\n")).collect()),
    }
}

/// Files of two trees, the first wins.
struct Both<'a>(&'a dyn Files, &'a dyn Files);

impl Files for Both<'_> {
    fn read(&self, path: &Path) -> std::io::Result<Option<Vec<u8>>> {
        Ok(self.0.read(path)?.or(self.1.read(path)?))
    }

    fn list(&self, path: &Path) -> std::io::Result<Option<Vec<String>>> {
        Ok(self.0.list(path)?.or(self.1.list(path)?))
    }
}

#[test]
fn a_role_that_runs_loads_and_one_with_a_need_is_refused() {
    let folder = Path::new(ROOT).join(ROLES);
    let roles = verdicts(folder.to_str().unwrap(), &Disk);
    assert!(roles.iter().any(|role| role.needs.is_empty()));
    for role in roles {
        let loaded = loads(&role, &folder, &Disk);
        assert_eq!(
            role.needs.is_empty(),
            loaded.is_ok(),
            "{}: {:?} {loaded:?}",
            role.name,
            role.needs
        );
    }
}

/// One task each, with one thing that Ansible's roles use: lint and run are of one mind.
#[test]
fn lint_and_run_agree_on_every_keyword_module_filter_test_and_lookup() {
    let mut tasks: Vec<String> = Vec::new();
    for keyword in KEYWORDS {
        tasks.extend(
            ["true", "false", "x", "{a: b}", "[x]", "3"]
                .map(|value| format!("- command: x\n  {keyword}: {value}\n")),
        );
    }
    for module in MODULES {
        for prefix in ["", "ansible.builtin.", "ansible.posix.", "community.general."] {
            tasks.push(format!("- {prefix}{module}: {{name: x, path: /x, state: present}}\n"));
            tasks.push(format!("- {prefix}{module}: x\n"));
        }
    }
    for filter in FILTERS {
        tasks.push(format!("- debug: {{msg: \"{{{{ x | {filter} }}}}\"}}\n"));
        tasks.push(format!("- debug: {{msg: \"{{{{ [x] | map('{filter}') | list }}}}\"}}\n"));
    }
    for test in TESTS {
        tasks.push(format!("- debug: {{msg: a}}\n  when: x is {test}\n"));
        tasks.push(format!("- debug: {{msg: a}}\n  until: x is not {test}\n"));
    }
    for lookup in LOOKUPS {
        for call in ["lookup", "query", "q"] {
            tasks.push(format!("- debug: {{msg: \"{{{{ {call}('{lookup}', 'x') }}}}\"}}\n"));
        }
    }
    for variable in VARIABLES {
        tasks.push(format!("- debug: {{msg: \"{{{{ {variable} }}}}\"}}\n"));
        tasks.push(format!("- debug: {{msg: a}}\n  when: {variable} is defined\n"));
    }
    let (mut run, mut need) = (0, 0);
    for text in tasks {
        let files = MemoryFiles::default().with("roles/r/tasks/main.yml", text.as_str());
        for role in verdicts("roles", &files) {
            let loaded = loads(&role, Path::new("roles"), &files);
            assert_eq!(role.needs.is_empty(), loaded.is_ok(), "{text}{:?}\n{loaded:?}", role.needs);
            *(if loaded.is_ok() { &mut run } else { &mut need }) += 1;
        }
    }
    assert!(run > 150 && need > 300, "{run} run, {need} need something");
}

const KEYWORDS: &[&str] = &[
    "action",
    "any_errors_fatal",
    "args",
    "async",
    "become",
    "become_exe",
    "become_flags",
    "become_method",
    "become_user",
    "changed_when",
    "check_mode",
    "collections",
    "connection",
    "debugger",
    "delay",
    "delegate_facts",
    "delegate_to",
    "diff",
    "environment",
    "failed_when",
    "ignore_errors",
    "ignore_unreachable",
    "local_action",
    "loop",
    "loop_control",
    "module_defaults",
    "name",
    "no_log",
    "notify",
    "poll",
    "port",
    "register",
    "remote_user",
    "retries",
    "run_once",
    "tags",
    "throttle",
    "timeout",
    "until",
    "vars",
    "when",
    "with_dict",
    "with_fileglob",
    "with_first_found",
    "with_items",
    "with_list",
    "with_nested",
    "with_sequence",
    "with_subelements",
    "with_together",
];

const MODULES: &[&str] = &[
    "add_host",
    "apt",
    "apt_key",
    "apt_repository",
    "assert",
    "authorized_key",
    "blockinfile",
    "command",
    "copy",
    "cron",
    "debug",
    "dnf",
    "fail",
    "fetch",
    "file",
    "find",
    "firewalld",
    "get_url",
    "git",
    "group",
    "hostname",
    "import_role",
    "import_tasks",
    "include",
    "include_role",
    "include_tasks",
    "include_vars",
    "ini_file",
    "lineinfile",
    "meta",
    "mount",
    "package",
    "pacman",
    "pause",
    "ping",
    "pip",
    "raw",
    "reboot",
    "replace",
    "script",
    "service",
    "set_fact",
    "setup",
    "shell",
    "slurp",
    "stat",
    "synchronize",
    "sysctl",
    "systemd",
    "systemd_service",
    "template",
    "timezone",
    "ufw",
    "unarchive",
    "uri",
    "user",
    "wait_for",
    "yum",
];

const FILTERS: &[&str] = &[
    "abs",
    "ansible.builtin.bool",
    "ansible.utils.ipaddr",
    "b64decode",
    "b64encode",
    "basename",
    "bool",
    "combine",
    "comment",
    "community.general.json_query",
    "default('x')",
    "dict2items",
    "difference([])",
    "dirname",
    "first",
    "flatten",
    "float",
    "from_json",
    "from_yaml",
    "hash('sha256')",
    "human_readable",
    "indent",
    "int",
    "intersect([])",
    "ipaddr",
    "items2dict",
    "join",
    "json_query",
    "last",
    "length",
    "list",
    "lower",
    "mandatory",
    "password_hash",
    "path_join",
    "quote",
    "random",
    "regex_findall('x')",
    "regex_replace('x', 'y')",
    "regex_search('x')",
    "replace('a', 'b')",
    "sha1",
    "shuffle",
    "sort",
    "split",
    "splitext",
    "strftime",
    "string",
    "ternary(1, 2)",
    "title",
    "to_datetime",
    "to_json",
    "to_nice_json",
    "to_nice_yaml",
    "to_uuid",
    "to_yaml",
    "trim",
    "type_debug",
    "union([])",
    "unique",
    "upper",
    "urlsplit",
    "win_basename",
    "zip([])",
];

const TESTS: &[&str] = &[
    "abs",
    "all",
    "ansible.builtin.defined",
    "any",
    "boolean",
    "changed",
    "contains('x')",
    "defined",
    "directory",
    "exists",
    "failed",
    "falsy",
    "file",
    "finished",
    "iterable",
    "link",
    "mapping",
    "match('x')",
    "none",
    "number",
    "reachable",
    "search('x')",
    "sequence",
    "skipped",
    "string",
    "subset([])",
    "succeeded",
    "superset([])",
    "truthy",
    "undefined",
    "unreachable",
    "uri",
    "vault_encrypted",
    "version('1', '<')",
];

const LOOKUPS: &[&str] = &[
    "community.general.passwordstore",
    "config",
    "csvfile",
    "dict",
    "env",
    "file",
    "fileglob",
    "first_found",
    "ini",
    "items",
    "lines",
    "nested",
    "password",
    "pipe",
    "random_choice",
    "sequence",
    "subelements",
    "template",
    "together",
    "url",
    "vars",
];

const VARIABLES: &[&str] = &[
    "ansible_check_mode",
    "ansible_date_time.iso8601",
    "ansible_default_ipv4.address",
    "ansible_env.HOME",
    "ansible_facts['hostname']",
    "ansible_facts.mounts",
    "ansible_host",
    "ansible_managed",
    "ansible_mounts",
    "ansible_os_family",
    "ansible_user",
    "group_names",
    "groups['all']",
    "hostvars['a']",
    "inventory_dir",
    "inventory_hostname",
    "item",
    "omit",
    "play_hosts",
    "playbook_dir",
    "role_name",
    "role_path",
    "some_variable",
    "vars",
];
