//! Hosts that have no agent are sent one: played by a shell of this machine, dash's and busybox's,
//! which runs what ssh is to run there.

use crate::played_agents::Stage;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Runs what it is to run there, by this shell and with these programs alone.
fn ssh(shell: &str, programs: &Path) -> String {
    format!(
        "#!/bin/sh\ncd \"${{0%/*}}\" && echo call >> calls\nfor last; do :; done\n\
         exec env -i PATH={} {shell} -c \"$last\"\n",
        programs.display()
    )
}

struct Host {
    stage: Stage,
}

impl Host {
    fn new(shell: &str, programs: &Path) -> Self {
        let stage = Stage::new(&[]);
        stage.put("ssh", ssh(shell, programs).as_bytes(), 0o755);
        let host = Self { stage };
        host.declare("converge_agent_dir", &host.kept().display().to_string());
        host
    }

    fn declare(&self, name: &str, value: &str) {
        let text = format!("all: {{roles: [played], hosts: {{web1: {{{name}: {value:?}}}}}}}\n");
        self.stage.put("hosts.yml", text.as_bytes(), 0o644);
    }

    fn kept(&self) -> PathBuf {
        self.stage.folder.path().join("it's/kept here")
    }

    /// What is kept: names and inodes.
    fn agents(&self) -> Vec<(String, u64)> {
        let entries = std::fs::read_dir(self.kept()).into_iter().flatten().flatten();
        let name = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        entries.map(|entry| (name(&entry), entry.metadata().unwrap().ino())).collect()
    }

    fn check(&self) -> Output {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("converge"));
        command.args(["-i", "hosts.yml", "--check"]);
        self.stage.over(command).output().unwrap()
    }

    /// What a check that cannot reach the host says of it.
    fn refused(&self, code: i32) -> String {
        let output = self.check();
        let said =
            String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(code), "{said}");
        said.into_owned()
    }
}

/// A folder with busybox's programs, and no other.
fn busybox() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let installed = Command::new("busybox").args(["--install", "-s"]).arg(folder.path()).status();
    assert!(installed.unwrap().success());
    folder
}

#[test]
fn an_agent_is_sent_once_and_kept_under_its_digest() {
    let own = busybox();
    for (shell, programs) in [("/bin/sh", Path::new("/usr/bin:/bin")), ("sh", own.path())] {
        let host = Host::new(shell, programs);
        let first = host.check();
        assert!(first.status.success(), "{shell}: {first:?}");
        let [(name, inode)] = &host.agents()[..] else { panic!("{:?}", host.agents()) };
        let path = host.kept().join(name);
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(*name, converge::value::Sha256::of(&bytes).to_string());
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(host.kept().metadata().unwrap().permissions().mode() & 0o777, 0o700);
        let again = host.check();
        assert!(again.status.success(), "{shell}: {again:?}");
        assert_eq!(host.agents(), [(name.clone(), *inode)], "it is not sent again");
        let calls = std::fs::read_to_string(host.stage.folder.path().join("calls")).unwrap();
        assert_eq!(calls.lines().count(), 2, "each in one session");
    }
}

#[test]
fn an_altered_agent_is_refused() {
    let host = Host::new("/bin/sh", Path::new("/usr/bin:/bin"));
    assert!(host.check().status.success());
    let path = host.kept().join(&host.agents()[0].0);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.push(0);
    std::fs::write(&path, bytes).unwrap();
    let said = host.refused(1);
    assert!(said.contains("is not the agent that was put there"), "{said}");
}

#[test]
fn a_folder_of_somebody_else_holds_no_agent() {
    let host = Host::new("/bin/sh", Path::new("/usr/bin:/bin"));
    std::fs::create_dir_all(host.kept()).unwrap();
    std::os::unix::fs::chown(host.kept(), Some(65534), Some(65534)).unwrap();
    let said = host.refused(3);
    assert!(said.contains("belongs to somebody else"), "{said}");
    assert_eq!(host.agents(), []);
}

#[test]
fn a_folder_that_others_may_write_to_holds_no_agent() {
    use std::os::unix::fs::PermissionsExt;
    for path in ["/usr/bin:/bin", "busybox"] {
        let programs = busybox();
        let path = if path == "busybox" { programs.path() } else { Path::new(path) };
        let host = Host::new("/bin/sh", path);
        assert!(host.check().status.success());
        for mode in [0o720, 0o702] {
            let open = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(host.kept(), open).unwrap();
            let said = host.refused(3);
            assert!(said.contains("may be written to by others"), "{mode:o}: {said}");
        }
        // Whoever could once have put a link there.
        std::fs::set_permissions(host.kept(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let agent = host.kept().join(&host.agents()[0].0);
        std::fs::remove_file(&agent).unwrap();
        std::os::unix::fs::symlink("/bin/false", &agent).unwrap();
        assert!(host.check().status.success(), "another is sent");
        assert!(!agent.is_symlink());
    }
}

#[test]
fn what_keeps_an_agent_from_arriving_is_told() {
    let host = Host::new("/bin/sh", Path::new("/usr/bin:/bin"));
    host.declare("converge_agent_dir", "/dev/null/agent");
    let said = host.refused(3);
    assert!(said.contains("/dev/null"), "{said}");
    host.declare("converge_agent", "/nowhere/converge");
    let said = host.refused(3);
    assert!(said.contains("not found") && said.contains("leave `converge_agent` out"), "{said}");
}
