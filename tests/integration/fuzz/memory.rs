//! A host's memory on its disk, torn and overwritten: no line is believed that is not whole, nor any
//! after it; and what was recalled once is recalled again.

use super::Target;
use super::random::Random;
use crate::bench::world;
use converge::agent::{DiskMemory, Recalled, recall};
use converge::engine::journal_entry::{Begun, Ended, JournalEntry};
use converge::engine::memory::Memory as _;
use converge::engine::seal::seal;
use converge::engine::state::{PendingHandler, State, Target as Declared};
use converge::host::in_memory::InMemory;
use converge::host::lasting::Lasting;
use converge::host::{Action, Attributes, Content, FileBefore, Stat};
use converge::value::{Known, Sha256};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use tempfile::TempDir;

pub(super) const TARGET: Target = Target { name: "memory", seeds, words: WORDS, judge };

const WORDS: &[&str] = &[
    "{\"note\":",
    "{\"run\":{\"run\":\"three\",\"number\":2}}\n",
    "{\"run\":{\"run\":\"../up\",\"number\":18446744073709551615}}\n",
    "\"number\":0",
    "\"begun\":",
    "\"ended\":",
    "\"well\":true",
    "\"pending\":[]",
    "\"format\":2",
    "\"folded\":18446744073709551615",
    "\"before\":null",
    "\"task\"",
    "{",
    "}",
    "[[[[",
    "\\u0000",
    "null",
    "0123456789abcdef ",
];

/// What a host has after a run, and the journal of one that was killed.
struct Kept {
    state: Vec<u8>,
    key: Vec<u8>,
    journal: Vec<u8>,
}

static KEPT: LazyLock<Kept> = LazyLock::new(|| {
    let (folder, lasting) = opened();
    let Recalled { state, key, .. } = recall(&lasting, true).unwrap();
    run(&mut DiskMemory::new(&lasting, "one", state, key), "one", true);
    let Recalled { state, key, .. } = recall(&lasting, true).unwrap();
    run(&mut DiskMemory::new(&lasting, "two", state, key), "two", false);
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    Kept { state: read("state.json"), key: read("key"), journal: read("journal/current") }
});

/// In memory, where there is such a place: everything written is synced.
fn opened() -> (TempDir, Lasting) {
    let in_memory = Path::new("/dev/shm");
    let folder = if in_memory.is_dir() { TempDir::new_in(in_memory) } else { TempDir::new() };
    let folder = folder.unwrap();
    let lasting = Lasting::exclusive(folder.path(), "a test").unwrap();
    (folder, lasting)
}

fn run(memory: &mut DiskMemory<'_>, run: &str, ends: bool) {
    let host = InMemory::new(world("{files: {/etc/a: {file: {content: old, mode: '0600'}}}}"));
    let handler = |name: &str| PendingHandler {
        role: "r".into(),
        name: name.into(),
        task: format!("r/main:{name}"),
        started: ["x.service".to_owned()].into(),
    };
    let begun = |key: &str| Begun {
        run: run.into(),
        key: key.into(),
        target: "file /etc/a".into(),
        notified: vec![handler("restart"), handler(key)],
        action: "write_file".into(),
        starts: Some("y.service".into()),
        awaits: true,
        before: None,
        in_passing: false,
    };
    let write = Action::WriteFile {
        path: "/etc/a".into(),
        content: Content { bytes: b"new".to_vec(), secret: false },
        attributes: Attributes::default(),
        backup: false,
        validate: None,
        before: Known::Is(FileBefore { stat: Stat::Absent, sha256: None }),
    };
    memory.begin(begun("a"), &write, &host).unwrap();
    let result = seal(b"key", b"what it said");
    memory.append(JournalEntry::Brought { key: "a".into(), result }).unwrap();
    memory.begin(begun("b"), &write, &host).unwrap();
    memory.append(JournalEntry::Handled(vec![handler("b")])).unwrap();
    memory.append(JournalEntry::Ever { id: format!("ever {run}"), run: run.into() }).unwrap();
    let hash = Sha256::of(run.as_bytes());
    memory.append(JournalEntry::UntilChanged { id: "until".into(), hash }).unwrap();
    let target = Declared { specs: [hash].into(), task: "t".into() };
    let seen = [("file /etc/a".to_owned(), target)].into();
    let (released, left) = (vec!["unit x".to_owned()], vec!["b".to_owned()]);
    let end = Ended {
        run: run.into(),
        well: false,
        acted: true,
        seen,
        released,
        left,
        in_passing: false,
    };
    if ends {
        memory.append(JournalEntry::Ended(end)).unwrap();
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let Kept { state, key, journal } = &*KEPT;
    let lines: Vec<&[u8]> = journal.split_inclusive(|byte| *byte == b'\n').collect();
    assert!(lines.len() > 6, "the journal is short");
    let mut found = vec![state.clone(), key.clone()];
    // The journal is the likeliest, whole and without some of its lines.
    found.extend((0..lines.len()).map(|end| lines[..=end].concat()));
    found
}

fn judge(bytes: &[u8], random: &mut Random) -> Result<(), String> {
    thread_local! {
        /// Gone with the thread.
        static PLACE: (TempDir, Lasting) = opened();
    }
    PLACE.with(|(folder, lasting)| judge_in(folder.path(), lasting, bytes, random))
}

fn judge_in(
    folder: &Path,
    lasting: &Lasting,
    bytes: &[u8],
    random: &mut Random,
) -> Result<(), String> {
    match random.below(8) {
        0 => {
            put(folder, bytes, &KEPT.key, None);
            same_again(lasting).map(drop)
        }
        1 => {
            put(folder, &KEPT.state, bytes, Some(&KEPT.journal));
            same_again(lasting).map(drop)
        }
        _ => {
            let bytes = if random.once_in(3) { bytes.to_vec() } else { summed(bytes) };
            put(folder, &KEPT.state, &KEPT.key, Some(whole(&bytes)));
            let expected = recall(lasting, false).map_err(|error| error.to_string())?.state;
            put(folder, &KEPT.state, &KEPT.key, Some(&bytes));
            let found = same_again(lasting)?;
            if found != expected {
                return Err(format!("believed: {found:?}\nwhole lines say: {expected:?}"));
            }
            Ok(())
        }
    }
}

/// Lays the memory anew.
fn put(folder: &Path, state: &[u8], key: &[u8], journal: Option<&[u8]>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else if path.file_name().unwrap() != "lock" {
            fs::remove_file(path).unwrap();
        }
    }
    fs::write(folder.join("state.json"), state).unwrap();
    fs::write(folder.join("key"), key).unwrap();
    if let Some(journal) = journal {
        fs::create_dir(folder.join("journal")).unwrap();
        fs::write(folder.join("journal/current"), journal).unwrap();
    }
}

/// A dry run and an apply recall the same; after it nothing is wrong any more.
fn same_again(lasting: &Lasting) -> Result<State, String> {
    let recalled = |keep| recall(lasting, keep).map_err(|error| error.to_string());
    let looked = recalled(false)?;
    let kept = recalled(true)?;
    let again = recalled(false)?;
    let without_key = |state: &State| State { key: None, ..state.clone() };
    if without_key(&looked.state) != without_key(&kept.state) || kept.state != again.state {
        return Err(format!("{:?}\nthen {:?}\nthen {:?}", looked.state, kept.state, again.state));
    }
    match again.warnings.first() {
        Some(warning) => Err(format!("still wrong: {warning}")),
        None => Ok(kept.state),
    }
}

/// The lines before the first that is not as its checksum says.
fn whole(journal: &[u8]) -> &[u8] {
    let lines = journal.split_inclusive(|byte| *byte == b'\n');
    let is_whole = |line: &&[u8]| {
        let Some((sum, text)) = line.split_at_checked(17) else { return false };
        let Some(text) = text.strip_suffix(b"\n") else { return false };
        sum[16] == b' ' && Sha256::of(text).to_string().as_bytes()[..16] == sum[..16]
    };
    let length = lines.take_while(is_whole).map(<[u8]>::len).sum();
    &journal[..length]
}

/// Every line with the checksum that it should have: what is behind it is wrong.
fn summed(journal: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for line in journal.split_inclusive(|byte| *byte == b'\n') {
        let text = line.get(17..).unwrap_or_default();
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        out.extend_from_slice(&Sha256::of(text).to_string().as_bytes()[..16]);
        out.push(b' ');
        out.extend_from_slice(text);
        out.push(b'\n');
    }
    out
}
