//! Crashes at every point of a journal, and what a folded one comes to.

#![expect(clippy::disallowed_methods, reason = "tests tear files by hand")]

use super::disk_memory::{DiskMemory, recall};
use crate::engine::before::{Before, Member};
use crate::engine::journal_entry::{Begun, Ended, JournalEntry};
use crate::engine::memory::Memory as _;
use crate::engine::seal::{Sealed, keyed, open, seal};
use crate::engine::state::{Earlier, PendingHandler, State, Target};
use crate::host::in_memory::{InMemory, World};
use crate::host::lasting::Lasting;
use crate::host::{Action, Attributes, Content};
use crate::value::{Known, Origin, Sha256};
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

struct Place {
    folder: TempDir,
    lasting: Lasting,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lasting = Lasting::exclusive(folder.path(), "a test").unwrap();
        Self { folder, lasting }
    }

    /// As a run begins.
    fn run(&self, run: &str) -> DiskMemory<'_> {
        let recalled = recall(&self.lasting, true).unwrap();
        assert_eq!(recalled.warnings, []);
        DiskMemory::new(&self.lasting, run, recalled.state, recalled.key)
    }

    /// As a dry run finds it.
    fn looked(&self) -> State {
        let recalled = recall(&self.lasting, false).unwrap();
        assert_eq!(recalled.warnings, []);
        recalled.state
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn runs(&self) -> Vec<String> {
        self.lasting.folders("journal")
    }
}

fn handler(name: &str) -> PendingHandler {
    PendingHandler {
        role: "r".into(),
        name: name.into(),
        task: format!("r/main:{name}"),
        ..PendingHandler::default()
    }
}

fn begun(run: &str, key: &str, notified: &[&str]) -> JournalEntry {
    let notified = notified.iter().map(|name| handler(name)).collect();
    let (run, key) = (run.to_owned(), key.to_owned());
    JournalEntry::Begun(Begun { run, key, notified, awaits: true, ..Begun::default() })
}

fn ended(run: &str, well: bool) -> JournalEntry {
    let target = Target { specs: [Sha256::of(run.as_bytes())].into(), task: "t".into() };
    let seen = [(format!("file /etc/{run}"), target)].into();
    let (released, left) = (Vec::new(), Vec::new());
    JournalEntry::Ended(Ended {
        run: run.into(),
        well,
        acted: true,
        seen,
        released,
        left,
        in_passing: false,
    })
}

fn some_entries(run: &str) -> Vec<JournalEntry> {
    vec![
        begun(run, "a", &["h", "i"]),
        JournalEntry::Brought { key: "a".into(), result: seal(b"key", b"what it said") },
        begun(run, "b", &["h"]),
        JournalEntry::Ever { id: "once".into(), run: run.into() },
        JournalEntry::Handled(vec![handler("h")]),
        JournalEntry::UntilChanged { id: "now".into(), hash: Sha256::of(b"now") },
        begun(run, "c", &["h"]),
    ]
}

#[test]
fn cut_at_any_length_a_journal_holds_what_is_whole_of_it() {
    let place = Place::new();
    let mut first = place.run("one");
    first.append(begun("one", "z", &["z"])).unwrap();
    first.append(ended("one", true)).unwrap();
    drop(first);
    let state_file = std::fs::read(place.path("state.json")).unwrap();
    // What is remembered at each length of the file.
    let current = place.path("journal/current");
    let mut memory = place.run("two");
    let mut steps = vec![(0, memory.state().clone())];
    for entry in some_entries("two") {
        memory.append(entry).unwrap();
        steps.push((std::fs::metadata(&current).unwrap().len(), memory.state().clone()));
    }
    drop(memory);
    let whole = std::fs::read(&current).unwrap();
    let bare = |state: &State| State { folded: 0, ..state.clone() };
    for length in 0..=whole.len() {
        std::fs::write(&current, &whole[..length]).unwrap();
        let (_, expected) = steps.iter().rfind(|(at, _)| *at <= length as u64).unwrap();
        assert_eq!(bare(&place.looked()), bare(expected), "cut at {length}");
        assert_eq!(std::fs::read(&current).unwrap(), &whole[..length], "a dry run writes nothing");
        assert_eq!(std::fs::read(place.path("state.json")).unwrap(), state_file);
        // The next run for real goes on from there, and so does one that is killed at once.
        assert_eq!(bare(place.run("three").state()), bare(expected), "cut at {length}");
        assert!(!current.exists());
        assert_eq!(bare(place.run("four").state()), bare(expected), "cut at {length}");
        std::fs::write(place.path("state.json"), &state_file).unwrap();
    }
    // A bit that flipped is no torn tail: that is said.
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    std::fs::write(&current, flipped).unwrap();
    assert_eq!(recall(&place.lasting, true).unwrap().warnings.len(), 1);
}

#[test]
fn killed_while_it_is_folded_a_journal_is_not_folded_twice() {
    let place = Place::new();
    let mut memory = place.run("one");
    some_entries("one").into_iter().for_each(|entry| memory.append(entry).unwrap());
    let journal = std::fs::read(place.path("journal/current")).unwrap();
    memory.append(ended("one", true)).unwrap();
    let state = memory.state().clone();
    assert_eq!(state.unfinished, None);
    drop(memory);
    assert_eq!(place.runs(), ["one"]);
    assert_eq!(std::fs::read(place.path("journal/one/lines")).unwrap(), journal);
    // The state was written, and its journal not filed away.
    std::fs::rename(place.path("journal/one/lines"), place.path("journal/current")).unwrap();
    assert_eq!(place.looked(), state);
    assert_eq!(*place.run("two").state(), state);
    assert_eq!(place.looked(), state);
    assert_eq!(std::fs::read(place.path("journal/one/lines")).unwrap(), journal);
}

#[test]
fn a_run_that_changes_nothing_writes_nothing() {
    let place = Place::new();
    let mut memory = place.run("one");
    memory.append(begun("one", "a", &["h"])).unwrap();
    memory.append(ended("one", true)).unwrap();
    drop(memory);
    let written = || {
        let names = ["", "state.json", "journal", "journal/one", "journal/one/lines"];
        names.map(|name| std::fs::metadata(place.path(name)).unwrap().modified().unwrap())
    };
    let before = written();
    let mut memory = place.run("two");
    let JournalEntry::Ended(nothing) = ended("one", true) else { unreachable!() };
    memory
        .append(JournalEntry::Ended(Ended { run: "two".into(), acted: false, ..nothing }))
        .unwrap();
    assert_eq!(written(), before);
    assert_eq!(place.runs(), ["one"]);
}

#[test]
fn the_newest_journals_are_kept() {
    let place = Place::new();
    for number in 0..25 {
        let run = format!("run{number}");
        let mut memory = place.run(&run);
        memory.append(begun(&run, "a", &[])).unwrap();
        // Every other is killed.
        if number % 2 == 0 {
            memory.append(ended(&run, true)).unwrap();
        }
    }
    let kept: Vec<_> = (5..25).map(|number| format!("run{number}")).collect();
    assert_eq!(place.runs(), kept);
    assert_eq!(place.looked().folded, 25);
}

#[test]
fn what_is_replaced_is_kept_once_and_sealed() {
    const SECRET: &str = "an old password";
    let world = serde_json::json!({ "files": {
        "/etc/a": { "file": { "content": SECRET, "mode": "0600" } },
        "/srv/tree/b": { "file": { "content": SECRET } },
        "/srv/tree/c": { "file": { "content": "another" } },
    } });
    let host = InMemory::new(serde_json::from_value::<World>(world).unwrap());
    let place = Place::new();
    let mut memory = place.run("one");
    let before = Known::Unknown(Origin::new("a test"));
    let write = Action::WriteFile {
        path: "/etc/a".into(),
        content: Content { bytes: b"a new password".to_vec(), secret: true },
        attributes: Attributes::default(),
        backup: false,
        validate: None,
        before: before.clone(),
    };
    let remove = Action::Remove { path: "/srv/tree".into(), before };
    for action in [&write, &remove] {
        memory.begin(Begun { run: "one".into(), ..Begun::default() }, action, &host).unwrap();
    }
    let key = memory.key().to_vec();
    memory.append(ended("one", true)).unwrap();
    let bytes = std::fs::read(place.path("journal/one/lines")).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    for plain in
        ["password", "another", "/srv", "/etc/a", &Sha256::of(SECRET.as_bytes()).to_string()]
    {
        assert!(!text.contains(plain), "{plain} shows");
    }
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(&line[17..]).unwrap()).collect();
    let content = |digest: Sha256| {
        let found: Vec<_> = lines
            .iter()
            .filter(|line| line["content"]["digest"] == digest.to_string())
            .map(|line| {
                serde_json::from_value::<Sealed>(line["content"]["sealed"].clone()).unwrap()
            })
            .collect();
        assert_eq!(found.len(), 1, "once");
        open(&key, &found[0]).unwrap().to_vec()
    };
    let noted: Vec<Before> = lines
        .iter()
        .filter_map(|line| line["entry"]["begun"]["before"].as_str())
        .map(|text| serde_json::from_value::<Sealed>(text.into()).unwrap())
        .map(|sealed| serde_json::from_slice(&open(&key, &sealed).unwrap()).unwrap())
        .collect();
    let [Before::Path { members, wrote, left_out: None }, Before::Path { members: tree, .. }] =
        noted.as_slice()
    else {
        panic!("{noted:#?}")
    };
    assert_eq!(*wrote, Some(keyed(&key, b"a new password")));
    assert_eq!(content(members[0].content.unwrap()), SECRET.as_bytes());
    let paths: Vec<&Path> = tree.iter().map(|Member { path, .. }| path.as_path()).collect();
    assert_eq!(paths, ["/srv/tree", "/srv/tree/b", "/srv/tree/c"].map(Path::new));
    assert_eq!(tree[1].content, members[0].content);
    assert_eq!(content(tree[2].content.unwrap()), b"another");
}

/// What each entry made of a state that was written whole, member by member.
fn rewritten(state: &mut State, entry: &JournalEntry) {
    match entry {
        JournalEntry::Begun(begun) => {
            let unfinished = state.unfinished.get_or_insert_default();
            unfinished.run = begun.run.clone();
            let known = unfinished.changed.get(&begun.key);
            let awaits = begun.awaits || known.is_some_and(|known| known.awaits);
            let earlier = Earlier { awaits, result: None };
            unfinished.changed.insert(begun.key.clone(), earlier);
            for new in &begun.notified {
                let old = state.pending.iter().position(|old| old.name == new.name);
                match old {
                    Some(old) => state.pending[old].started.clear(),
                    None => state.pending.push(new.clone()),
                }
            }
            if let Some(unit) = &begun.starts {
                for one in &mut state.pending {
                    one.started.insert(unit.clone());
                }
            }
        }
        JournalEntry::Brought { key, result } => {
            let unfinished = state.unfinished.get_or_insert_default();
            let earlier = unfinished.changed.entry(key.clone()).or_default();
            earlier.result = Some(result.clone());
        }
        JournalEntry::Handled(done) => {
            state.pending.retain(|old| !done.iter().any(|done| done.name == old.name));
        }
        JournalEntry::Ever { id, run } => drop(state.ever.insert(id.clone(), run.clone())),
        JournalEntry::UntilChanged { id, hash } => {
            state.until_changed.insert(id.clone(), *hash);
        }
        JournalEntry::Ended(ended) => {
            ended.released.iter().for_each(|name| drop(state.targets.remove(name)));
            state.targets.extend(ended.seen.clone());
            if ended.well {
                if ended.acted || state.unfinished.is_some() || state.last_run.is_none() {
                    state.last_run = Some(ended.run.clone());
                }
                state.unfinished = None;
            }
        }
    }
}

fn name() -> impl Strategy<Value = String> {
    "[a-c]"
}

fn target() -> impl Strategy<Value = (String, Target)> {
    (name(), prop::collection::vec(name(), 1..3), name()).prop_map(|(name, specs, task)| {
        let specs = specs.iter().map(|spec| Sha256::of(spec.as_bytes())).collect();
        (format!("file /{name}"), Target { specs, task })
    })
}

fn entry() -> impl Strategy<Value = JournalEntry> {
    prop_oneof![
        4 => (name(), prop::collection::vec(name(), 0..3), any::<bool>(), any::<bool>()).prop_map(
            |(key, names, awaits, starts)| {
                let notified = names.iter().map(|name| handler(name)).collect();
                let starts = starts.then(|| key.clone());
                JournalEntry::Begun(Begun { key, notified, starts, awaits, ..Begun::default() })
            }
        ),
        1 => (name(), name()).prop_map(|(key, said)| {
            JournalEntry::Brought { key, result: seal(b"key", said.as_bytes()) }
        }),
        2 => prop::collection::vec(name(), 0..3)
            .prop_map(|names| JournalEntry::Handled(names.iter().map(|name| handler(name)).collect())),
        1 => (name(), name()).prop_map(|(id, run)| JournalEntry::Ever { id, run }),
        1 => (name(), name()).prop_map(|(id, text)| {
            JournalEntry::UntilChanged { id, hash: Sha256::of(text.as_bytes()) }
        }),
    ]
}

/// How a run ends; `None`: it is killed.
fn end() -> impl Strategy<Value = Option<Ended>> {
    let ended = (
        any::<bool>(),
        any::<bool>(),
        prop::collection::btree_map(name(), target(), 0..3),
        prop::collection::vec(name(), 0..2),
    );
    prop::option::of(ended.prop_map(|(well, acted, seen, released)| Ended {
        run: String::new(),
        well,
        acted,
        seen: seen.into_values().collect(),
        released: released.iter().map(|name| format!("file /{name}")).collect(),
        left: released.iter().map(|name| format!("r/main:{name}")).collect(),
        in_passing: false,
    }))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Runs that end well, end badly or are killed: what the disk remembers is what a state gave
    /// that was written whole at every entry.
    #[test]
    fn a_folded_journal_is_what_rewriting_the_state_gave(
        runs in prop::collection::vec((prop::collection::vec(entry(), 0..6), end()), 1..6)
    ) {
        let place = Place::new();
        let mut expected = State::default();
        for (number, (entries, end)) in runs.into_iter().enumerate() {
            let run = format!("run{number}");
            let mut memory = place.run(&run);
            let all = entries.into_iter().chain(end.map(JournalEntry::Ended)).map(|entry| match entry {
                JournalEntry::Begun(begun) => JournalEntry::Begun(Begun { run: run.clone(), ..begun }),
                JournalEntry::Ended(ended) => JournalEntry::Ended(Ended { run: run.clone(), ..ended }),
                entry => entry,
            });
            for entry in all {
                rewritten(&mut expected, &entry);
                memory.append(entry).unwrap();
            }
            let bare = |state: &State| State { folded: 0, key: None, ..state.clone() };
            prop_assert_eq!(bare(memory.state()), expected.clone());
            drop(memory);
            prop_assert_eq!(bare(&place.looked()), expected.clone());
        }
    }
}
