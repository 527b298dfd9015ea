//! What is torn, lost or no file at all in the host's memory.

#![expect(clippy::disallowed_methods, reason = "tests tear files by hand")]

use super::disk_memory::{DiskMemory, recall};
use crate::engine::journal_entry::{Begun, Ended, JournalEntry};
use crate::engine::memory::Memory as _;
use crate::engine::state::{PendingHandler, State, Target};
use crate::event::Change;
use crate::host::lasting::Lasting;
use crate::value::Sha256;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::path::Path;

const KEY_BYTES: usize = 32;

fn opened(folder: &Path) -> Lasting {
    Lasting::exclusive(folder, "a test").unwrap()
}

/// A run that changed one target, and has a handler that waits.
fn applied(lasting: &Lasting, run: &str) -> State {
    let recalled = recall(lasting, true).unwrap();
    let mut memory = DiskMemory::new(lasting, run, recalled.state, recalled.key);
    let handler = PendingHandler {
        role: "r".into(),
        name: "restart".into(),
        task: "r/main:t".into(),
        ..PendingHandler::default()
    };
    memory
        .append(JournalEntry::Begun(Begun {
            run: run.into(),
            key: "r/main:t".into(),
            notified: vec![handler],
            ..Begun::default()
        }))
        .unwrap();
    let specs = [crate::engine::seal::keyed(memory.key(), b"declared")].into();
    let target = Target { specs, task: "r/main:t".into() };
    let seen = [("file /etc/x".to_owned(), target)].into();
    memory
        .append(JournalEntry::Ended(Ended {
            run: run.into(),
            well: true,
            acted: true,
            seen,
            ..Ended::default()
        }))
        .unwrap();
    memory.state().clone()
}

#[test]
fn a_state_cut_at_any_length_is_set_aside_and_never_half_believed() {
    let folder = tempfile::tempdir().unwrap();
    let lasting = opened(folder.path());
    let state = applied(&lasting, "one");
    let key = recall(&lasting, true).unwrap().key;
    let path = folder.path().join("state.json");
    let whole = std::fs::read(&path).unwrap();
    let nothing = State { key: state.key, ..State::default() };
    let set_aside = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        std::fs::write(&path, bytes).unwrap();
        let looked = recall(&lasting, false).unwrap();
        assert_eq!((&looked.state, &looked.key), (&nothing, &key), "{text}");
        assert_eq!(looked.warnings.len(), 1, "{text}");
        let recalled = recall(&lasting, true).unwrap();
        assert_eq!(recalled.state, nothing, "{text}");
        assert!(recalled.warnings.len() == 1 && !path.exists(), "{text}");
        let aside = folder.path().join("state.json.torn-1");
        assert_eq!(std::fs::read(&aside).unwrap(), bytes);
        std::fs::remove_file(aside).unwrap();
    };
    (0..whole.len()).for_each(|length| set_aside(&whole[..length]));
    for other in ["[]", "{}", "[1]", "null", "\"\"", " [1, null, 0]", "{\"format\": 2}"] {
        set_aside(other.as_bytes());
    }
    std::fs::write(&path, &whole).unwrap();
    let recalled = recall(&lasting, true).unwrap();
    assert_eq!((recalled.state, recalled.warnings), (state, vec![]));
}

#[test]
fn a_torn_key_is_said_and_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let lasting = opened(folder.path());
    let first = recall(&lasting, true).unwrap();
    assert_eq!(first.warnings, []);
    for length in 0..KEY_BYTES {
        std::fs::write(folder.path().join("key"), &first.key[..length]).unwrap();
        let next = recall(&lasting, true).unwrap();
        assert!(next.warnings.len() == 1 && next.key.len() == KEY_BYTES, "{length}");
        assert_eq!(recall(&lasting, true).unwrap().warnings, []);
    }
}

#[test]
fn under_another_key_neither_drift_nor_intention_is_claimed() {
    let lost: [fn(&Path); 3] = [
        |key| std::fs::remove_file(key).unwrap(),
        |key| std::fs::write(key, b"torn").unwrap(),
        |key| std::fs::write(key, [7; KEY_BYTES]).unwrap(),
    ];
    for (index, lose) in lost.iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let lasting = opened(folder.path());
        let state = applied(&lasting, "one");
        let spec = *state.targets["file /etc/x"].specs.first().unwrap();
        let other = Sha256::of(b"other");
        let change = |spec| recall(&lasting, false).unwrap().state.classify("file /etc/x", spec);
        assert_eq!(change(spec), Some(Change::Drift));
        assert_eq!(change(other), Some(Change::Intended));
        lose(&folder.path().join("key"));
        // A dry run says so each time, an apply once.
        for keep in [false, false, true] {
            let recalled = recall(&lasting, keep).unwrap();
            assert_eq!(recalled.warnings.len(), 1, "{index}");
            assert_eq!(recalled.state.classify("file /etc/x", spec), None, "{index}");
            assert_eq!(recalled.state.pending, state.pending, "{index}");
        }
        assert_eq!(recall(&lasting, true).unwrap().warnings, [], "{index}");
        let new = applied(&lasting, "two");
        let spec = *new.targets["file /etc/x"].specs.first().unwrap();
        assert_eq!(change(spec), Some(Change::Drift), "{index}");
    }
}

#[test]
fn what_is_no_file_keeps_nobody_waiting() {
    for name in ["state.json", "key", "lock", "journal/current", "journal"] {
        for kind in [FileType::Fifo, FileType::Directory] {
            let folder = tempfile::tempdir().unwrap();
            applied(&opened(folder.path()), "one");
            let path = folder.path().join(name);
            let _ = std::fs::remove_file(&path);
            if name == "journal" {
                std::fs::remove_dir_all(&path).unwrap();
            }
            match kind {
                FileType::Fifo => {
                    mknodat(CWD, &path, kind, Mode::from_raw_mode(0o600), 0).unwrap();
                }
                _ => std::fs::create_dir(&path).unwrap(),
            }
            let Ok(lasting) = Lasting::exclusive(folder.path(), "a test") else {
                assert_eq!(name, "lock");
                assert!(Lasting::shared(folder.path()).is_err());
                continue;
            };
            let looked = recall(&lasting, false).unwrap();
            let recalled = recall(&lasting, true).unwrap();
            assert_eq!(looked.warnings.len(), recalled.warnings.len());
            assert_eq!(looked.warnings.len(), usize::from(!name.starts_with("journal")), "{name}");
            drop(Lasting::shared(folder.path()));
            if name != "journal" {
                applied(&lasting, "two");
                assert_eq!(recall(&lasting, false).unwrap().warnings, [], "{name}");
            }
        }
    }
}
