//! Packages install from the prepared repositories, and mail leaves hosts for the MX.

use super::{Succeeded, lab};
use crate::patience::{PATIENCE, until};
use converge::lab::{Host, Lab, LabError, Message};
use std::time::Duration;

fn to(recipient: &'static str) -> impl Fn(&Message) -> bool {
    move |message| message.envelope.to == [recipient]
}

fn send(host: &Host<'_>, recipient: &str) {
    let message = "Subject: from the lab\n\nFirst.\n..\n.dotted\n";
    let command = ["sendmail", "-i", "-f", "someone@lab.test", recipient];
    host.run_with_input(command, message.as_bytes()).unwrap().ok();
}

fn arrives(lab: &Lab, host: &Host<'_>, recipient: &'static str) {
    send(host, recipient);
    let messages = lab.mx().wait_for(1, PATIENCE, to(recipient)).unwrap();
    let message = &messages[0];
    assert_eq!(message.envelope.peer, host.address().to_string());
    assert_eq!(message.envelope.from, "someone@lab.test");
    assert_eq!(message.header("subject").as_deref(), Some("from the lab"));
    assert!(message.text().ends_with("\r\n\r\nFirst.\r\n..\r\n.dotted\r\n"), "{}", message.text());
}

#[test]
fn postfix_installs_on_debian_and_mail_waits_while_the_mx_is_down() {
    let lab = lab("md").debian("web1").up().unwrap();
    let host = lab.host("web1").unwrap();
    host.run(["apt-get", "-q", "update"]).unwrap().ok();
    let install = "DEBIAN_FRONTEND=noninteractive apt-get -qy install postfix";
    host.sh(install).unwrap().ok();
    arrives(&lab, &host, "one@example.test");

    lab.mx().stop().unwrap();
    send(&host, "two@lab.test");
    until("Postfix has tried", || host.run(["mailq"]).unwrap().ok().contains("Connection refused"));
    let missing = lab.mx().wait_for(1, Duration::ZERO, to("two@lab.test"));
    assert!(matches!(missing, Err(LabError::NoMail { got: 0, wanted: 1, .. })), "{missing:?}");
    lab.mx().start().unwrap();
    host.run(["postqueue", "-f"]).unwrap().ok();
    lab.mx().wait_for(1, PATIENCE, to("two@lab.test")).unwrap();
}

#[test]
fn postfix_installs_on_the_pacman_family_as_on_arch() {
    let lab = lab("mp").pacman("arch1").up().unwrap();
    let host = lab.host("arch1").unwrap();
    host.run(["pacman", "-Sy", "--noconfirm", "postfix"]).unwrap().ok();
    assert!(host.run(["pacman", "-Qkk", "postfix"]).unwrap().success(), "as packed");
    assert_eq!(host.run(["systemctl", "is-enabled", "postfix"]).unwrap().stdout, "disabled\n");
    assert_eq!(host.run(["postconf", "-dh", "default_database_type"]).unwrap().ok(), "lmdb\n");
    host.write("/root/map", "a b\n").unwrap();
    assert!(!host.run(["postmap", "hash:/root/map"]).unwrap().success());
    host.run(["postmap", "lmdb:/root/map"]).unwrap().ok();
    host.run(["systemctl", "start", "postfix"]).unwrap().ok();
    arrives(&lab, &host, "one@example.test");

    // As FACTS of Arch: the question whether to remove the other one is answered with no.
    let refused = host.run(["pacman", "-S", "--noconfirm", "msmtp-mta"]).unwrap();
    assert!(refused.stderr.contains("unresolvable package conflicts"), "{refused:?}");
    host.run(["pacman", "-R", "--noconfirm", "postfix"]).unwrap().ok();
    host.run(["pacman", "-S", "--noconfirm", "msmtp-mta", "s-nail"]).unwrap().ok();
    host.run(["msmtp", "--version"]).unwrap().ok();
}

#[test]
fn every_mail_program_of_debian_is_there() {
    let lab = lab("dp").debian("web1").up().unwrap();
    let host = lab.host("web1").unwrap();
    host.run(["apt-get", "-q", "update"]).unwrap().ok();
    for packages in [
        "msmtp msmtp-mta",
        "logwatch exim4",
        "s-nail bsd-mailx postfix postfix-lmdb libsasl2-modules",
    ] {
        host.sh(&format!("apt-get -qy --simulate install {packages}")).unwrap().ok();
    }
}
