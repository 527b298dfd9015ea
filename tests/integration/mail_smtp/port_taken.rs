//! Postfix cannot start: the log's last lines and who holds the port are shown.

use crate::fleet::{Fleet, in_both_families};
use converge::lab::Family;

/// As on a busy machine: the journal reads what Postfix said when Postfix has ended, and cannot
/// tell any more whose words they were.
const JOURNAL_COMES_LATE: &str = "folder=/run/systemd/system/{}.d
mkdir -p $folder && cat >$folder/late.conf <<END
[Service]
ExecStartPre=+pkill -STOP -x systemd-journal
ExecStopPost=+pkill -CONT -x systemd-journal
END
systemctl daemon-reload";

fn unit(fleet: &Fleet) -> &'static str {
    match fleet.host().family() {
        Family::Debian => "postfix@-.service",
        Family::Pacman => "postfix.service",
    }
}

#[test]
fn a_port_that_another_holds_is_named_with_its_holder() {
    in_both_families("p", |fleet| {
        let host = fleet.host();
        let hold = "systemd-run --unit=squatter --property=Type=exec perl -MIO::Socket::INET -e \
                    'push @held, IO::Socket::INET->new(LocalAddr => \"127.0.0.1\", \
                    LocalPort => 25, Listen => 5) or die; sleep 600'";
        let held = host.sh(hold).unwrap();
        assert!(held.success(), "{held:?}");
        let late = host.sh(&JOURNAL_COMES_LATE.replace("{}", unit(&fleet))).unwrap();
        assert!(late.success(), "{late:?}");
        let said = fleet.run(&[]);
        assert_eq!(said.code, 1, "{said:#?}");
        for words in [
            "did not start",
            "tasks/relay.yml:",
            "ddress already in use",
            "port 25 is held by perl",
            "handler waiting: restart postfix",
            "not run",
        ] {
            assert!(said.stdout.contains(words), "no `{words}` in: {}", said.stdout);
        }
        host.sh("rm -r /run/systemd/system/postfix*.d; systemctl daemon-reload").unwrap();
        host.run(["systemctl", "stop", "squatter"]).unwrap();
        host.run(["systemctl", "reset-failed"]).unwrap();
        fleet.apply().assert_ok();
        assert_eq!(fleet.apply().actions(), []);
    });
}
