//! What a run costs with the number of its hosts: the whole way but ssh, agents on threads of this
//! process, hosts in memory on which all is as declared. A process for each number, for its memory.
//!
//!     cargo bench --bench fleet [-- HOSTS…]
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it measures processes, and says so"
)]

use converge::agent::serve_on;
use converge::config::{MemoryFiles, Vault};
use converge::controller::{self, LoadOptions, Project, RunOptions, Stop};
use converge::engine::bundle::Purpose;
use converge::event::HostStatus;
use converge::host::in_memory::{InMemory, World};
use converge::report::{DiffShow, Human, Mode, Report, RunEnd, RunInfo, Style};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

const NUMBERS: [usize; 3] = [100, 1_000, 10_000];
/// So many tasks in the role.
const TASKS: [usize; 2] = [5, 15];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [alone, hosts, tasks] = arguments.as_slice()
        && alone == "--alone"
    {
        return one(hosts.parse().unwrap_or(1), tasks.parse().unwrap_or(1));
    }
    let numbers: Vec<usize> = arguments.iter().filter_map(|word| word.parse().ok()).collect();
    println!(
        "| tasks | hosts | load | run | its processor time | a host | sent to a host | heard of it | memory |\n|---|---|---|---|---|---|---|---|---|"
    );
    let numbers = if numbers.is_empty() { NUMBERS.to_vec() } else { numbers };
    let program = std::env::current_exe().unwrap_or_default();
    for (tasks, hosts) in TASKS.iter().flat_map(|tasks| numbers.iter().map(move |n| (tasks, n))) {
        let mut alone = Command::new(&program);
        let ended = alone.args(["--alone", &hosts.to_string(), &tasks.to_string()]).status();
        assert!(ended.is_ok_and(|status| status.success()), "{hosts} hosts");
    }
}

/// `hosts` in 200 groups side by side, all with one role.
fn files(hosts: usize, tasks: usize) -> MemoryFiles {
    let mut text =
        "all:\n  roles: [site]\n  vars: {word: hello, domain: example.org}\n  children:\n"
            .to_owned();
    for group in 0..200 {
        let (first, last) = (group * hosts / 200, (group + 1) * hosts / 200);
        let _ = write!(text, "    g{group}:\n      vars: {{rack: {group}}}\n      hosts:\n");
        for host in first..last {
            let _ = writeln!(
                text,
                "        host{host}.example.org: {{ansible_host: 10.{}.{}.{}}}",
                host / 62500,
                host / 250 % 250,
                host % 250
            );
        }
    }
    let mut role = "- file: {path: /srv/site, state: directory, mode: \"0755\"}\n".to_owned();
    for task in 1..tasks {
        let _ = writeln!(
            role,
            "- name: file {task}\n  template: {{dest: /srv/site/f{task}, src: it.j2, mode: \"0644\"}}\n  when: word != 'never'"
        );
    }
    let template = "# {{ ansible_managed }}\n{% for number in range(20) %}\n{{ word }} {{ number }} of {{ domain }}\n{% endfor %}\n";
    MemoryFiles::default()
        .with("hosts.yml", text)
        .with("roles/site/tasks/main.yml", role)
        .with("roles/site/templates/it.j2", template)
}

struct Counted<'a, T: ?Sized>(&'a mut T, &'a AtomicU64);

impl<T: Read + ?Sized> Read for Counted<'_, T> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.0.read(buffer)?;
        self.1.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl<T: Write + ?Sized> Write for Counted<'_, T> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.0.write(bytes)?;
        self.1.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// Runs so many hosts, and prints the row.
fn one(hosts: usize, tasks: usize) {
    let options =
        LoadOptions { inventory: "hosts.yml".into(), runs: true, ..LoadOptions::default() };
    let begin = Instant::now();
    let files = files(hosts, tasks);
    let Ok(project) = Project::load(&options, &files, &Vault::default()) else {
        panic!("no project")
    };
    let loaded = begin.elapsed();
    let converged = converged(&project);
    let (sent, heard) = (AtomicU64::new(0), AtomicU64::new(0));
    let played = |_: &str, from: &mut (dyn Read + Send), to: &mut (dyn Write + Send)| {
        let mut host = lock(&converged).clone();
        let served = serve_on(&mut Counted(from, &sent), &mut Counted(to, &heard), &mut host);
        assert!(served.is_ok(), "{served:?}");
    };
    let names: Vec<String> = project.hosts().map(str::to_owned).collect();
    let info = RunInfo {
        mode: Mode::Apply,
        hosts: names,
        sources: &project.sources,
        command: "converge".into(),
        operands: String::new(),
        limit: None,
        kept: false,
    };
    let style = Style { colour: false, terminal: None, diff: DiffShow::None, verbosity: 0 };
    let mut report = Human::new(std::io::sink(), style, info);
    let run = RunOptions { run: "r".into(), purpose: Purpose::Apply, forks: 32, hosts: None };
    let (begin, before) = (Instant::now(), processor_time());
    let outcome =
        controller::run_played(&project, &run, &played, &Stop::default(), &mut |host, event| {
            let _ = report.event(host, &event);
        });
    let _ = report.finish(&RunEnd { run: "r".into(), ms: 0 });
    let (ran, spent) = (begin.elapsed(), processor_time() - before);
    assert!(
        outcome.hosts.len() == hosts
            && outcome.hosts.iter().all(|(_, end)| end.status == HostStatus::Ok)
    );
    let each = |bytes: &AtomicU64| bytes.load(Ordering::Relaxed) / hosts as u64;
    println!(
        "| {tasks} | {hosts} | {:.2} s | {:.2} s | {:.2} s | {:.2} ms | {} bytes | {} bytes | {} MB |",
        loaded.as_secs_f64(),
        ran.as_secs_f64(),
        spent,
        spent * 1e3 / hosts as f64,
        each(&sent),
        each(&heard),
        peak() / 1000,
    );
}

fn lock(host: &Mutex<InMemory>) -> MutexGuard<'_, InMemory> {
    host.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A host on which the first run is over.
fn converged(project: &Project) -> Mutex<InMemory> {
    let host = Mutex::new(InMemory::new(World::default()));
    let played = |_: &str, from: &mut (dyn Read + Send), to: &mut (dyn Write + Send)| {
        let served = serve_on(from, to, &mut *lock(&host));
        assert!(served.is_ok(), "{served:?}");
    };
    let first = project.hosts().next().map(str::to_owned).into_iter().collect();
    let run = RunOptions { run: "r".into(), purpose: Purpose::Apply, forks: 1, hosts: Some(first) };
    let outcome = controller::run_played(project, &run, &played, &Stop::default(), &mut |_, _| {});
    assert!(outcome.hosts.iter().all(|(_, end)| end.status == HostStatus::Changed));
    host
}

/// Seconds that all threads of this process have worked, in hundredths (proc(5)): what others do on
/// the machine is not in it.
fn processor_time() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields = after_name.split_whitespace().skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// The most memory that this process had, in kB (proc(5)).
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
