//! What a run costs beyond the host's own answers: inventories, templates, no-op tasks.
#![allow(missing_docs, reason = "criterion's macros make functions without any")]

use converge::config::{Inventory, MemoryFiles, Reader, Vault};
use converge::controller::{LoadOptions, Project, RunOptions};
use converge::engine::bundle::{Bundle, Purpose};
use converge::engine::memory::Forgetful;
use converge::engine::state::State;
use converge::engine::{Outlet, Runner};
use converge::event::{Event, HostStatus};
use converge::host::in_memory::{InMemory, World};
use converge::text::Sources;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;

/// `hosts` in 200 groups side by side, each group with a variable.
fn inventory(hosts: usize) -> String {
    let mut text = "all:\n  children:\n".to_owned();
    for group in 0..200 {
        let (first, last) = (group * hosts / 200, (group + 1) * hosts / 200);
        let _ = write!(text, "    g{group}:\n      vars: {{rack: {group}}}\n      hosts:\n");
        for host in first..last {
            let _ = writeln!(
                text,
                "        host{host}: {{ansible_host: 10.0.{}.{}}}",
                host / 250,
                host % 250
            );
        }
    }
    text
}

fn inventories(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("inventory");
    group.sample_size(10);
    for hosts in [10_000, 100_000] {
        let files = MemoryFiles::default().with("hosts.yml", inventory(hosts));
        group.throughput(Throughput::Elements(hosts as u64));
        group.bench_with_input(BenchmarkId::new("load", hosts), &files, |bencher, files| {
            bencher.iter(|| {
                let mut sources = Sources::default();
                let vault = Vault::default();
                let mut reader = Reader { files, sources: &mut sources, vault: &vault };
                let loaded = Inventory::load(Path::new("hosts.yml"), &mut reader);
                assert!(loaded.is_ok_and(|inventory| inventory.hosts().len() == hosts));
            });
        });
    }
    group.finish();
}

struct Deaf;

impl Outlet for Deaf {
    fn event(&mut self, event: Event) {
        black_box(event);
    }
}

/// A role of so many file tasks, each with a template in it, and a host where all is as declared.
fn converged(tasks: usize) -> (Bundle, InMemory, State) {
    let mut role = String::new();
    for task in 0..tasks {
        let _ = writeln!(
            role,
            "- name: file {task}\n  copy: {{dest: /srv/f{task}, content: '{{{{ word }}}} {task}', mode: \"0644\"}}"
        );
    }
    let files = MemoryFiles::default()
        .with("hosts.yml", "all: {hosts: {h: }, roles: [r], vars: {word: hello}}\n")
        .with("roles/r/tasks/main.yml", role);
    let load = LoadOptions { inventory: "hosts.yml".into(), ..LoadOptions::default() };
    let Ok(project) = Project::load(&load, &files, &Vault::default()) else { panic!("no project") };
    let options = RunOptions { run: "r".into(), purpose: Purpose::Apply, forks: 1, hosts: None };
    let bundle = project.bundle("h", &options);
    let mut world = World::default();
    world
        .files
        .insert("/srv".into(), converge::host::in_memory::Entry::Directory(Default::default()));
    let mut host = InMemory::new(world);
    let mut memory = Forgetful::new(State::default(), b"key".to_vec());
    let first = Runner::new(&bundle, &mut memory, &mut Deaf).run(&mut host);
    assert!(first.is_ok_and(|report| report.done == tasks));
    let state = converge::engine::memory::Memory::state(&memory).clone();
    (bundle, host, state)
}

fn no_op_tasks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("no-op");
    group.sample_size(10);
    let tasks = 1_000;
    let (bundle, mut host, state) = converged(tasks);
    group.throughput(Throughput::Elements(tasks as u64));
    group.bench_function("file tasks in memory", |bencher| {
        bencher.iter(|| {
            let mut memory = Forgetful::new(state.clone(), b"key".to_vec());
            let report = Runner::new(&bundle, &mut memory, &mut Deaf).run(&mut host);
            // A run that changed or failed something would be no measure of one that does not.
            assert!(report.is_ok_and(|report| report.status == HostStatus::Ok && report.done == 0));
        });
    });
    group.finish();
}

criterion_group!(benches, inventories, no_op_tasks);
criterion_main!(benches);
