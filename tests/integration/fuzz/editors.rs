//! Files of other programs: what an editor wrote it leaves alone when it looks again.

use super::random::Random;
use super::{Target, text};
use crate::bench::data;
use converge::host::in_memory::{Entry, InMemory, World};
use converge::host::{Action, Host as _};
use converge::resource::{self, Planned};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

pub(super) const TARGET: Target = Target {
    name: "editors",
    seeds: || CASES.iter().map(|case| case.content.clone()).collect(),
    words: WORDS,
    judge,
};

const WORDS: &[&str] = &[
    "\n ",
    "\n\t",
    "\\\n",
    "# c\n",
    "#",
    " = ",
    "=",
    "\n\n",
    ": ",
    ":",
    ",",
    "|",
    "\"",
    "'",
    "a: b\n",
    "myhostname = x\n",
    "mynetworks =\n",
    "$x",
    "${x}",
    "smtp inet n - y - - smtpd\n",
    "  -o a=b\n",
    "submission inet n - n - - smtpd\n",
    "root: a, b\n",
    ":include:/x",
    "\"a b\": c\n",
    "# BEGIN ANSIBLE MANAGED BLOCK\n",
    "# END ANSIBLE MANAGED BLOCK\n",
    "#Ansible: job\n",
    "* * * * * root x\n",
    "@daily x\n",
    "*/5 ",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA a\n",
    "command=\"x\\\"y\" ",
    "no-pty,",
    "net.ipv4.ip_forward = 1\n",
    "-net.",
    "net/ipv4/",
    "a=b\n",
    "\r\n",
    "\u{b}",
    "\u{c}",
];

/// The kinds that edit what others wrote.
const KINDS: [&str; 10] = [
    "authorized_key",
    "blockinfile",
    "cron",
    "lineinfile",
    "mail_alias",
    "postfix_main",
    "postfix_map",
    "postfix_master",
    "replace",
    "sysctl",
];

/// A task and a file that it may edit.
struct Case {
    kind: &'static str,
    world: World,
    task: Value,
    path: PathBuf,
    content: Vec<u8>,
}

static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let mut cases = Vec::new();
    for kind in KINDS {
        let before = cases.len();
        let folder = Path::new(crate::house::ROOT).join("tests/resource").join(kind);
        let mut paths: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let case = data(&std::fs::read_to_string(path).unwrap());
            let Ok(world) = serde_json::from_value::<World>(case["host"].clone()) else { continue };
            for (path, entry) in &world.files {
                if let Entry::File(file) = entry {
                    let (path, content) = (path.clone(), file.content.clone());
                    cases.push(Case {
                        kind,
                        world: world.clone(),
                        task: case["task"].clone(),
                        path,
                        content,
                    });
                }
            }
        }
        assert!(cases.len() > before, "no case of {kind} has a file");
    }
    cases
});

fn judge(bytes: &[u8], random: &mut Random) -> Result<(), String> {
    let case = random.of_these(&CASES);
    let mut world = case.world.clone();
    if let Some(Entry::File(file)) = world.files.get_mut(&case.path) {
        file.content = bytes.to_vec();
    }
    let mut task = case.task.clone();
    if random.once_in(3) {
        reword(&mut task, &text(bytes), random);
    }
    let mut host = InMemory::new(world);
    let Ok(first) = look(case.kind, &task, &host) else { return Ok(()) };
    for step in &first.steps {
        match host.perform(&step.action) {
            Ok(done) if done.failed.is_none() => {}
            _ => break,
        }
    }
    let again = look(case.kind, &task, &host).map_err(|why| told(case, &task, &host, &why))?;
    match again.steps.iter().find(|step| matches!(step.action, Action::WriteFile { .. })) {
        Some(step)
            if first.steps.iter().any(|step| matches!(step.action, Action::WriteFile { .. })) =>
        {
            Err(told(case, &task, &host, &format!("writes again: {:?}", step.action)))
        }
        Some(step) => Err(told(case, &task, &host, &format!("thinks again: {:?}", step.action))),
        None => Ok(()),
    }
}

fn told(case: &Case, task: &Value, host: &InMemory, why: &str) -> String {
    let content = match host.world().files.get(&case.path) {
        Some(Entry::File(file)) => text(&file.content),
        _ => String::new(),
    };
    format!("{} {task}: {}: {why}\n{content:?}", case.kind, case.path.display())
}

/// One of the task's texts becomes a piece of the file; not where the file is.
fn reword(task: &mut Value, file: &str, random: &mut Random) {
    let Some(parameters) = task.as_object_mut() else { return };
    let names: Vec<String> = parameters
        .keys()
        .filter(|name| {
            !["path", "dest", "file", "cron_file", "sysctl_file"].contains(&name.as_str())
        })
        .cloned()
        .collect();
    if names.is_empty() {
        return;
    }
    let lines: Vec<&str> = file.lines().collect();
    let piece = if lines.is_empty() { "" } else { lines[random.below(lines.len())] };
    let piece: String = match random.below(3) {
        0 => piece.to_owned(),
        1 => piece.split([' ', '=', ':']).next().unwrap_or_default().to_owned(),
        _ => file.chars().skip(random.below(file.len() + 1)).take(1 + random.below(30)).collect(),
    };
    if let Some(value) = parameters.get_mut(random.of_these(&names)) {
        match value {
            Value::String(text) => *text = piece,
            Value::Object(members) => {
                let name = members.keys().next().cloned().unwrap_or_default();
                members.insert(name, Value::String(piece));
            }
            Value::Array(items) => items.push(Value::String(piece)),
            _ => {}
        }
    }
}

fn look(kind: &str, task: &Value, host: &InMemory) -> Result<Planned, String> {
    let kind = resource::find(kind).ok_or("no such kind")?;
    let declared = kind.parse(task.clone()).map_err(|error| error.message)?;
    declared.look(host).map_err(|error| error.to_string())
}
