//! `down` leaves nothing, whatever died before it and when.

use super::leftovers::leftovers;
use super::{lab, unique};
use crate::patience::until;
use converge::lab::{Instance, Lab, LabError, down, sweep};
use rustix::process::{Pid, Signal, kill_process, test_kill_process_group};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

const NOTHING: [&str; 0] = [];

fn kill_9(pid: u32) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}

fn parent(pid: u32) -> u32 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap();
    line.trim().parse().unwrap()
}

/// Kills the leader of a process group; the small programs that it was just running end by
/// themselves.
fn killed(leader: &mut Child) {
    let group = Pid::from_raw(i32::try_from(leader.id()).unwrap()).unwrap();
    leader.kill().unwrap();
    leader.wait().unwrap();
    until("its programs have ended", || test_kill_process_group(group).is_err());
}

#[test]
fn down_leaves_nothing_and_may_be_repeated() {
    let lab = lab("dn").debian("web1").pacman("arch1").up().unwrap();
    let name = lab.state().name.clone();
    assert!(leftovers(&name).len() > 5, "the search finds a lab that is up");
    lab.down().unwrap();
    assert_eq!(leftovers(&name), NOTHING);
    down(&Instance::new(&name).unwrap()).unwrap();
    assert!(matches!(Lab::attach(&name), Err(LabError::NoSuchLab { .. })));
}

#[test]
fn dropping_the_handle_brings_the_lab_down() {
    let lab = lab("dr").debian("web1").up().unwrap();
    let name = lab.state().name.clone();
    drop(lab);
    assert_eq!(leftovers(&name), NOTHING);
}

#[test]
fn down_leaves_nothing_after_parts_were_killed() {
    let lab = lab("kp").debian("web1").debian("web2").debian("web3").up().unwrap();
    let name = lab.state().name.clone();
    // The supervisor of the first, the init of the second; the third lives.
    kill_9(parent(lab.host("web1").unwrap().pid().unwrap()));
    kill_9(lab.host("web2").unwrap().pid().unwrap());
    lab.down().unwrap();
    assert_eq!(leftovers(&name), NOTHING);
}

#[test]
fn a_host_whose_init_was_killed_boots_again() {
    let lab = lab("ki").debian("web1").up().unwrap();
    let host = lab.host("web1").unwrap();
    host.write("/etc/kept", "x").unwrap();
    host.kill().unwrap();
    assert!(matches!(host.run(["true"]), Err(LabError::HostDown { .. })));
    host.start().unwrap();
    assert_eq!(host.read("/etc/kept").unwrap(), b"x");
}

#[test]
fn down_leaves_nothing_of_an_up_that_was_killed_half_way() {
    // Bases first, or the first rounds would only kill their making.
    drop(lab("kb").debian("web1").pacman("arch1").up().unwrap());
    for milliseconds in [5, 10, 20, 40, 80, 120, 160, 240, 320, 480, 640] {
        let name = unique("ku");
        let mut up = Command::new(env!("CARGO_BIN_EXE_converge"))
            .args(["lab", "up", "--name", &name, "--debian", "4", "--pacman", "2"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        sleep(Duration::from_millis(milliseconds));
        killed(&mut up);
        down(&Instance::new(&name).unwrap()).unwrap();
        assert_eq!(leftovers(&name), NOTHING, "killed after {milliseconds} ms");
    }
}

#[test]
fn a_sweep_takes_labs_whose_owner_died_and_no_others() {
    let kept = lab("sk").debian("web1").up().unwrap();
    let name = unique("so");
    let mut up = Command::new(env!("CARGO_BIN_EXE_converge"))
        .args(["lab", "up", "--name", &name, "--debian", "16", "--pacman", "0"])
        .stdout(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    let instance = Instance::new(&name).unwrap();
    until("it is described", || instance.run_dir().join("lab.json").exists());
    killed(&mut up);
    assert!(sweep().unwrap().contains(&instance));
    assert_eq!(leftovers(&name), NOTHING);
    assert!(kept.host("web1").unwrap().run(["true"]).unwrap().success());
}
