//! Files on a real disk: what is written, what is refused, and what somebody else could plant. The
//! tests run as root.

use super::super::{
    Action, Attributes, Content, FileBefore, Host, HostError, Stat, Validate, View,
};
use super::Local;
use crate::value::{Known, Mode, Origin, Sha256, Value};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

/// A number that no account has.
const STRANGER: u32 = 54_321;

struct Bench {
    folder: tempfile::TempDir,
    host: Local,
}

impl Bench {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), host: Local::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a plan made now would carry.
    fn before(&self, name: &str) -> Known<FileBefore> {
        let path = self.path(name);
        let stat = self.host.stat(&path).unwrap().known().unwrap();
        let sha256 = match stat {
            Stat::File(_) => Some(Sha256::of(&std::fs::read(&path).unwrap())),
            _ => None,
        };
        Known::Is(FileBefore { stat, sha256 })
    }

    fn write(&self, name: &str, text: &str) -> Action {
        Action::WriteFile {
            path: self.path(name),
            content: Content { bytes: text.into(), secret: false },
            attributes: Attributes::default(),
            backup: false,
            validate: None,
            before: self.before(name),
        }
    }

    /// A folder that a stranger owns.
    fn strangers(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir(&path).unwrap();
        chown(&path, Some(STRANGER), Some(STRANGER)).unwrap();
        path
    }

    fn error(&mut self, action: &Action) -> String {
        self.host.perform(action).unwrap_err().to_string()
    }

    fn names(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn unknown() -> Known<FileBefore> {
    Known::Unknown(Origin::new("a package's files"))
}

#[test]
fn a_new_file_gets_content_and_attributes() {
    let mut bench = Bench::new();
    let mut action = bench.write("f", "one\n");
    let Action::WriteFile { attributes, .. } = &mut action else { panic!() };
    *attributes = Attributes {
        mode: Some(Mode::from_bits(0o640)),
        owner: Some("daemon".into()),
        group: Some("mail".into()),
    };
    bench.host.perform(&action).unwrap();
    let stat = bench.host.stat(&bench.path("f")).unwrap().known().unwrap();
    let Stat::File(found) = stat else { panic!("{stat:?}") };
    assert_eq!(
        (found.mode.bits(), found.owner.as_str(), found.group.as_str()),
        (0o640, "daemon", "mail")
    );
    assert_eq!((text(&bench.path("f")), bench.names()), ("one\n".to_owned(), vec!["f".to_owned()]));
}

#[test]
fn what_is_not_declared_stays_or_is_usual() {
    let mut bench = Bench::new();
    bench.host.perform(&bench.write("new", "x")).unwrap();
    assert_eq!(mode(&bench.path("new")), 0o644);
    let mut secret = bench.write("secret", "x");
    let Action::WriteFile { content, .. } = &mut secret else { panic!() };
    content.secret = true;
    bench.host.perform(&secret).unwrap();
    assert_eq!(mode(&bench.path("secret")), 0o600);
    std::fs::write(bench.path("old"), "1").unwrap();
    std::fs::set_permissions(bench.path("old"), PermissionsExt::from_mode(0o4751)).unwrap();
    bench.host.perform(&bench.write("old", "2")).unwrap();
    assert_eq!((mode(&bench.path("old")), text(&bench.path("old")).as_str()), (0o4751, "2"));
}

#[test]
fn what_is_no_longer_as_planned_is_refused() {
    type Change = fn(&Path);
    let changes: [(Change, &str); 6] = [
        (|path| std::fs::write(path, "other").unwrap(), "its content is another"),
        (
            |path| std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).unwrap(),
            "mode 0600, not 0644",
        ),
        (|path| chown(path, Some(1), None).unwrap(), "owner daemon, not root"),
        (|path| std::fs::remove_file(path).unwrap(), "nothing is there"),
        (
            |path| {
                std::fs::remove_file(path).unwrap();
                symlink("/etc/passwd", path).unwrap();
            },
            "a link to /etc/passwd is there",
        ),
        (
            |path| {
                std::fs::remove_file(path).unwrap();
                std::fs::create_dir(path).unwrap();
            },
            "",
        ),
    ];
    for (change, words) in changes {
        let mut bench = Bench::new();
        std::fs::write(bench.path("f"), "planned").unwrap();
        std::fs::set_permissions(bench.path("f"), PermissionsExt::from_mode(0o644)).unwrap();
        let action = bench.write("f", "new");
        change(&bench.path("f"));
        let error = bench.host.perform(&action).unwrap_err();
        assert!(error.to_string().ends_with(words), "{error}");
        assert!(words.is_empty() || error.is_stale(), "{error}");
        assert!(bench.names().iter().all(|name| name == "f"), "{:?}", bench.names());
    }
}

#[test]
fn where_nothing_was_nothing_is_overwritten() {
    let mut bench = Bench::new();
    let action = bench.write("f", "new");
    std::fs::write(bench.path("f"), "appeared").unwrap();
    assert!(bench.host.perform(&action).unwrap_err().is_stale());
    assert_eq!(text(&bench.path("f")), "appeared");
}

#[test]
fn an_unknown_before_is_not_compared() {
    let mut bench = Bench::new();
    let mut action = bench.write("f", "new");
    let Action::WriteFile { before, .. } = &mut action else { panic!() };
    *before = unknown();
    std::fs::write(bench.path("f"), "from the package").unwrap();
    bench.host.perform(&action).unwrap();
    assert_eq!(text(&bench.path("f")), "new");
}

#[test]
fn a_backup_keeps_the_old_and_never_a_secret() {
    let mut bench = Bench::new();
    std::fs::write(bench.path("f"), "old").unwrap();
    let mut action = bench.write("f", "new");
    let Action::WriteFile { backup, .. } = &mut action else { panic!() };
    *backup = true;
    let performed = bench.host.perform(&action).unwrap();
    let kept = performed.result.get("backup_file").and_then(Value::as_str).unwrap();
    assert_eq!((text(Path::new(kept)).as_str(), text(&bench.path("f")).as_str()), ("old", "new"));
    let mut action = bench.write("f", "password");
    let Action::WriteFile { backup, content, .. } = &mut action else { panic!() };
    (*backup, content.secret) = (true, true);
    assert!(bench.host.perform(&action).unwrap().result.is_empty());
    assert_eq!(bench.names().len(), 2);
}

#[test]
fn a_refused_content_leaves_the_old_and_nothing_else() {
    let mut bench = Bench::new();
    std::fs::write(bench.path("f.conf"), "old").unwrap();
    let refuse =
        "case \"$1\" in *.conf) ;; *) exit 9;; esac; cat \"$1\"; echo \"$1: bad\" >&2; exit 1";
    for secret in [false, true] {
        let mut action = bench.write("f.conf", "new");
        let Action::WriteFile { validate, content, .. } = &mut action else { panic!() };
        content.secret = secret;
        let script = if secret { "test \"$(cat \"$1\")\" = new && exit 1; exit 0" } else { refuse };
        let argv = ["sh", "-c", script, "sh", "%s"].map(str::to_owned).into();
        *validate = Some(Validate { argv });
        let HostError::Failed { message, notes, .. } = bench.host.perform(&action).unwrap_err()
        else {
            panic!()
        };
        assert!(message.starts_with("`sh` does not accept the new "), "{message}");
        if !secret {
            assert_eq!(notes, [format!("{}: bad", bench.path("f.conf").display())]);
        }
        assert_eq!((text(&bench.path("f.conf")).as_str(), bench.names().len()), ("old", 1));
    }
}

#[test]
fn a_validator_that_is_not_installed_yet_is_told() {
    let mut bench = Bench::new();
    let mut action = bench.write("f", "new");
    let Action::WriteFile { validate, .. } = &mut action else { panic!() };
    *validate = Some(Validate { argv: vec!["no-such-validator".into(), "%s".into()] });
    let performed = bench.host.perform(&action).unwrap();
    assert_eq!(performed.result.get("validated"), Some(&Value::Bool(false)));
}

#[test]
fn what_a_killed_run_left_is_cleaned() {
    let mut bench = Bench::new();
    std::fs::write(bench.path(".converge-f"), "half").unwrap();
    bench.host.perform(&bench.write("f", "whole")).unwrap();
    assert_eq!(bench.names(), ["f"]);
}

#[test]
fn no_parent_that_others_can_write_to() {
    let mut bench = Bench::new();
    let open = bench.path("open");
    std::fs::create_dir(&open).unwrap();
    std::fs::set_permissions(&open, PermissionsExt::from_mode(0o777)).unwrap();
    assert!(bench.error(&bench.write("open/f", "x")).contains("others than root"));
    // A sticky one lets nobody replace another's files.
    std::fs::set_permissions(&open, PermissionsExt::from_mode(0o1777)).unwrap();
    bench.host.perform(&bench.write("open/f", "x")).unwrap();
    bench.strangers("home");
    std::fs::create_dir(bench.path("home/root")).unwrap();
    for name in ["home/f", "home/root/f"] {
        assert!(bench.error(&bench.write(name, "x")).contains("others than root"), "{name}");
    }
    let mut own = bench.write("home/f", "x");
    let Action::WriteFile { attributes, .. } = &mut own else { panic!() };
    attributes.owner = Some(STRANGER.to_string());
    bench.host.perform(&own).unwrap();
    assert_eq!(std::fs::metadata(bench.path("home/f")).unwrap().uid(), STRANGER);
}

#[test]
fn a_strangers_link_is_never_followed() {
    let mut bench = Bench::new();
    std::fs::create_dir(bench.path("target")).unwrap();
    std::fs::write(bench.path("target/f"), "secret").unwrap();
    bench.strangers("home");
    symlink(bench.path("target"), bench.path("home/link")).unwrap();
    let planted = bench.path("home/link/f");
    for result in [
        bench.host.stat(&planted).map(drop),
        bench.host.read(&planted).map(drop),
        bench.host.list(&planted).map(drop),
    ] {
        assert!(result.unwrap_err().to_string().starts_with("refusing to follow"));
    }
    let action = Action::Remove { path: planted, before: unknown() };
    assert!(bench.error(&action).starts_with("refusing to follow"));
    assert_eq!(text(&bench.path("target/f")), "secret");
    // Root's own, in root's own folder, is followed: /bin, /var/run.
    symlink("target", bench.path("link")).unwrap();
    assert_eq!(bench.host.read(&bench.path("link/f")).unwrap(), Known::Is(b"secret".to_vec()));
    bench.host.perform(&bench.write("link/f", "new")).unwrap();
    assert_eq!(text(&bench.path("target/f")), "new");
}

#[test]
fn a_link_in_the_files_place_is_replaced_not_followed() {
    let mut bench = Bench::new();
    std::fs::write(bench.path("target"), "old").unwrap();
    symlink("target", bench.path("f")).unwrap();
    assert!(
        bench
            .host
            .read(&bench.path("f"))
            .unwrap_err()
            .to_string()
            .ends_with("it is a symbolic link")
    );
    bench.host.perform(&bench.write("f", "new")).unwrap();
    assert_eq!((text(&bench.path("target")), text(&bench.path("f"))), ("old".into(), "new".into()));
    assert!(!bench.path("f").is_symlink());
}

#[test]
fn attributes_never_reach_through_a_hard_link() {
    let mut bench = Bench::new();
    std::fs::write(bench.path("shadow"), "").unwrap();
    std::fs::set_permissions(bench.path("shadow"), PermissionsExt::from_mode(0o600)).unwrap();
    bench.strangers("home");
    std::fs::hard_link(bench.path("shadow"), bench.path("home/mine")).unwrap();
    let attributes = Attributes { owner: Some(STRANGER.to_string()), ..Attributes::default() };
    let action =
        Action::SetAttributes { path: bench.path("home/mine"), attributes, before: unknown() };
    assert!(bench.error(&action).contains("hard links"));
    assert_eq!(std::fs::metadata(bench.path("shadow")).unwrap().uid(), 0);
}

#[test]
fn attributes_are_set_and_a_set_user_id_survives() {
    let mut bench = Bench::new();
    std::fs::write(bench.path("f"), "").unwrap();
    std::fs::set_permissions(bench.path("f"), PermissionsExt::from_mode(0o4755)).unwrap();
    let attributes = Attributes { group: Some("mail".into()), ..Attributes::default() };
    let action =
        Action::SetAttributes { path: bench.path("f"), attributes, before: bench.before("f") };
    bench.host.perform(&action).unwrap();
    let metadata = std::fs::metadata(bench.path("f")).unwrap();
    assert_eq!((metadata.mode() & 0o7777, metadata.gid()), (0o4755, 8));
}

#[test]
fn directories_and_links_are_made_and_removed() {
    let mut bench = Bench::new();
    let attributes = Attributes { mode: Some(Mode::from_bits(0o2750)), ..Attributes::default() };
    let make = |bench: &Bench, name: &str| Action::MakeDirectory {
        path: bench.path(name),
        attributes: attributes.clone(),
        before: bench.before(name),
    };
    bench.host.perform(&make(&bench, "d")).unwrap();
    bench.host.perform(&make(&bench, "d/e")).unwrap();
    assert_eq!(mode(&bench.path("d/e")), 0o2750);
    assert!(bench.error(&make(&bench, "none/e")).ends_with("no such file or directory"));
    let link = |bench: &Bench, target: &str| Action::Symlink {
        path: bench.path("d/l"),
        target: target.into(),
        before: bench.before("d/l"),
    };
    bench.host.perform(&link(&bench, "/etc/passwd")).unwrap();
    bench.host.perform(&link(&bench, "elsewhere")).unwrap();
    assert_eq!(std::fs::read_link(bench.path("d/l")).unwrap(), Path::new("elsewhere"));
    symlink("/etc", bench.path("d/e/etc")).unwrap();
    let remove = Action::Remove { path: bench.path("d"), before: bench.before("d") };
    bench.host.perform(&remove).unwrap();
    assert!(bench.names().is_empty() && Path::new("/etc/passwd").exists());
    bench.host.perform(&Action::Remove { path: bench.path("d"), before: unknown() }).unwrap();
    let below = Action::Remove { path: bench.path("gone/f"), before: unknown() };
    bench.host.perform(&below).unwrap();
}

#[test]
fn a_directory_is_never_replaced_by_a_file() {
    let mut bench = Bench::new();
    std::fs::create_dir(bench.path("d")).unwrap();
    assert!(bench.error(&bench.write("d", "x")).ends_with("is a directory"));
    let link = Action::Symlink { path: bench.path("d"), target: "x".into(), before: unknown() };
    assert!(bench.error(&link).ends_with("is a directory"));
}

#[test]
fn a_pipe_is_neither_read_nor_replaced() {
    let mut bench = Bench::new();
    assert!(std::process::Command::new("mkfifo").arg(bench.path("p")).status().unwrap().success());
    assert_eq!(
        bench.host.stat(&bench.path("p")).unwrap(),
        Known::Is(Stat::Other("named pipe".into()))
    );
    assert!(bench.host.read(&bench.path("p")).is_err());
    let mut action = bench.write("p", "x");
    let Action::WriteFile { before, .. } = &mut action else { panic!() };
    *before = unknown();
    assert!(bench.error(&action).starts_with("refusing to replace"));
}

/// Something mounted for a test's length.
struct Mounted(PathBuf);

impl Mounted {
    fn new(path: PathBuf, arguments: &[&str]) -> Self {
        std::fs::create_dir(&path).unwrap();
        let mut mount = std::process::Command::new("mount");
        assert!(
            mount.args(arguments).arg(&path).status().unwrap().success(),
            "tests need to mount"
        );
        Self(path)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_leaves_the_old_file() {
    let mut bench = Bench::new();
    let small = Mounted::new(bench.path("small"), &["-t", "tmpfs", "-o", "size=64k", "small"]);
    std::fs::write(bench.path("small/f"), "old").unwrap();
    let error = bench.error(&bench.write("small/f", &"x".repeat(200_000)));
    assert!(
        error.starts_with("cannot write") && error.ends_with("no space left on device"),
        "{error}"
    );
    assert_eq!(text(&bench.path("small/f")), "old");
    assert_eq!(std::fs::read_dir(&small.0).unwrap().count(), 1);
}

#[test]
fn a_read_only_file_system_is_told() {
    let mut bench = Bench::new();
    let _mounted = Mounted::new(bench.path("ro"), &["-t", "tmpfs", "-o", "ro", "ro"]);
    let error = bench.error(&bench.write("ro/f", "x"));
    assert!(error.ends_with("read-only file system"), "{error}");
}

#[test]
fn what_is_mounted_in_a_directory_is_not_removed_with_it() {
    let mut bench = Bench::new();
    std::fs::create_dir(bench.path("kept")).unwrap();
    std::fs::write(bench.path("kept/f"), "kept").unwrap();
    std::fs::create_dir(bench.path("d")).unwrap();
    let kept = bench.path("kept");
    let _bound = Mounted::new(bench.path("d/bound"), &["--bind", kept.to_str().unwrap()]);
    for name in ["d", "d/bound"] {
        let error = bench.error(&Action::Remove { path: bench.path(name), before: unknown() });
        assert!(error.ends_with("a file system is mounted in it"), "{error}");
    }
    assert_eq!(text(&bench.path("kept/f")), "kept");
}

#[test]
fn names_in_a_directory_are_sorted() {
    let bench = Bench::new();
    for name in ["b", "a", ".c"] {
        std::fs::write(bench.path(name), "").unwrap();
    }
    let names = bench.host.list(bench.folder.path()).unwrap().known().unwrap();
    assert_eq!(names, [".c", "a", "b"]);
    assert!(bench.host.list(&bench.path("none")).is_err());
}
