//! Where no lab can be, one clear error says why.

use super::{lab, unique};
use converge::lab::{LabError, Subnet};
use std::os::unix::process::CommandExt;
use std::process::Command;

#[test]
fn a_subnet_that_is_routed_already_is_refused() {
    let first = lab("sa").up().unwrap();
    let taken: Subnet = first.state().subnet;
    let refused = lab("sb").subnet(taken).up();
    assert!(matches!(&refused, Err(LabError::SubnetRouted { .. })), "{refused:?}");
    let message = refused.unwrap_err().to_string();
    assert!(message.starts_with(&format!("the subnet {taken} is already routed on this machine")));
    let second = lab("sc").up().unwrap();
    assert_ne!(second.state().subnet, taken);
}

#[test]
fn a_name_is_taken_once() {
    let first = lab("ta").debian("web1").up().unwrap();
    let refused = lab("ta").up();
    assert!(matches!(refused, Err(LabError::Exists { .. })), "{refused:?}");
    assert!(first.host("web1").unwrap().run(["true"]).unwrap().success(), "the first lives on");
}

#[test]
fn what_is_to_be_replaced_is_waited_for_while_it_has_an_owner() {
    let first = lab("tb").debian("web1").up().unwrap();
    std::thread::scope(|scope| {
        let second = scope.spawn(|| lab("tb").debian("web1").replace().up().unwrap());
        std::thread::sleep(std::time::Duration::from_millis(500));
        assert!(!second.is_finished());
        assert!(first.host("web1").unwrap().run(["true"]).unwrap().success());
        drop(first);
        let second = second.join().unwrap().stay();
        assert!(second.host("web1").unwrap().run(["true"]).unwrap().success());
        let third = lab("tb").debian("web2").replace().up().unwrap();
        assert!(third.host("web2").unwrap().run(["true"]).unwrap().success());
        assert!(second.host("web1").unwrap().run(["true"]).is_err(), "nobody's: replaced at once");
    });
}

#[test]
fn names_that_cannot_be_are_refused() {
    for builder in [
        lab("na").debian("-x"),
        lab("na").debian("mx"),
        lab("na").debian("a").pacman("a"),
        converge::lab::Lab::builder("not_a_label"),
    ] {
        let refused = builder.up();
        assert!(matches!(refused, Err(LabError::BadName { .. })), "{refused:?}");
    }
    let lab = lab("nb").up().unwrap();
    assert!(matches!(lab.host("web1"), Err(LabError::NoSuchHost { .. })));
}

#[test]
fn without_root_there_is_one_clear_error() {
    let dir = tempfile::tempdir().unwrap();
    // Where the binary was built, not everybody may enter.
    let own = dir.path().join("converge");
    std::fs::copy(env!("CARGO_BIN_EXE_converge"), &own).unwrap();
    let anyone = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(dir.path(), anyone).unwrap();
    let output =
        Command::new(own).args(["lab", "up", "--name", &unique("nr")]).uid(65534).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("the lab needs root (this is user 65534)"), "{message}");
    assert!(!output.status.success());
}
