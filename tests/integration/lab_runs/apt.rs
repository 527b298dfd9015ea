//! apt on a real host: another's lock is waited for, a changed configuration stays, and the repair
//! of an interrupted dpkg does what it was shown to do and nothing more.

use crate::fleet::{Fleet, Report, assert_foretold};
use crate::lab::lab;
use crate::patience::until;
use converge::lab::{Family, Host};
use std::time::{Duration, Instant};

/// A repository of the host's own: `trial` in two versions, with a configuration file.
const REPOSITORY: &str = r#"
set -eu
mkdir -p /srv/own
for version in 1 2; do
    tree=/root/trial-$version
    mkdir -p "$tree/DEBIAN" "$tree/etc"
    echo "as of version $version" > "$tree/etc/trial.conf"
    echo /etc/trial.conf > "$tree/DEBIAN/conffiles"
    printf 'Package: trial\nVersion: %s\nArchitecture: all\nMaintainer: m <m@lab.test>\nDescription: trial\n' \
        $version > "$tree/DEBIAN/control"
    dpkg-deb -b "$tree" "/srv/own/trial_$version.deb" >/dev/null
done
mkdir -p /root/needy/DEBIAN /root/lame/DEBIAN
cat > /root/needy/DEBIAN/control <<'CONTROL'
Package: needy
Version: 1
Architecture: all
Depends: s-nail
Maintainer: m <m@lab.test>
Description: needs what is not there
CONTROL
sed -e 's/needy/lame/' -e '/^Depends/d' /root/needy/DEBIAN/control > /root/lame/DEBIAN/control
printf '#!/bin/sh\n[ -e /etc/lame.cured ] || { echo "lame: cannot walk" >&2; exit 1; }\n' > /root/lame/DEBIAN/postinst
chmod 0755 /root/lame/DEBIAN/postinst
dpkg-deb -b /root/needy /root/needy.deb >/dev/null
dpkg-deb -b /root/lame /root/lame.deb >/dev/null
offer() {
    for deb in "$@"; do
        dpkg-deb -f "$deb"
        echo "Filename: ./${deb##*/}"
        echo "Size: $(stat -c %s "$deb")"
        echo "SHA256: $(sha256sum "$deb" | cut -d' ' -f1)"
        echo
    done > /srv/own/Packages
}
offer /srv/own/trial_1.deb
echo 'deb [trusted=yes] file:/srv/own ./' > /etc/apt/sources.list.d/own.list
apt-get -q update
apt-get -qy install trial
offer /srv/own/trial_1.deb /srv/own/trial_2.deb
apt-get -q update
"#;

/// Holds a lock as apt and dpkg do, by fcntl(2), for some seconds.
const HOLDER: &str = r#"
use Fcntl; $| = 1;
my ($seconds, @files) = @ARGV;
for (@files) {
    open(my $f, '+>>', $_) or die;
    my $lock = pack('s s x4 q q i', F_WRLCK, 0, 0, 0, 0);
    fcntl($f, F_SETLK, $lock) or die;
    push @held, $f;
}
open(my $told, '>', '/run/held') or die; close($told);
sleep $seconds;
unlink '/run/held';
"#;

fn ok(host: &Host<'_>, script: &str) -> String {
    let output = host.sh(script).unwrap();
    assert!(output.success(), "{output:#?}");
    output.stdout
}

fn fleet(prefix: &str) -> Fleet {
    let lab = lab(prefix).host("web1", Family::Debian).up().unwrap();
    Fleet::over(lab, &["web1"], "own")
        .file("roles/own/tasks/main.yml", "- package: {name: trial, state: \"{{ wanted }}\"}\n")
        .set("wanted", "present")
}

#[test]
fn locks_are_waited_for_and_a_changed_conffile_stays() {
    let fleet = fleet("al");
    ok(&fleet.host(), REPOSITORY);
    ok(&fleet.host(), "echo 'as I like it' > /etc/trial.conf");
    let fleet = fleet.set("wanted", "latest");
    let check = fleet.check();
    check.assert_ok();
    let (_, action) = check.action("trial");
    let version = |state: &str| action[state]["packages"][0]["version"].clone();
    assert_eq!((version("before"), version("after")), ("1".into(), "2".into()));

    // dpkg's own lock first, and longer the one under which apt fetches.
    let host = fleet.host();
    host.write("/run/hold.pl", HOLDER).unwrap();
    let hold = |seconds: u64, file: &str| {
        let unit = format!("--unit=holder{seconds}");
        host.run(["rm", "-f", "/run/held"]).unwrap();
        let held = host
            .run(["systemd-run", &unit, "perl", "/run/hold.pl", &seconds.to_string(), file])
            .unwrap();
        assert!(held.success(), "{held:?}");
        until(&format!("the lock on {file} is had"), || host.read("/run/held").is_ok());
    };
    hold(5, "/var/cache/apt/archives/lock");
    hold(2, "/var/lib/dpkg/lock-frontend");
    let start = Instant::now();
    let apply = fleet.apply();
    let took = start.elapsed();
    apply.assert_ok();
    assert!(took > Duration::from_secs(3), "it ran while the lock was held: {took:?}");
    assert_foretold(&check, &apply);
    assert_eq!(ok(&host, "cat /etc/trial.conf"), "as I like it\n");
    assert_eq!(ok(&host, "cat /etc/trial.conf.dpkg-dist"), "as of version 2\n");
    assert_eq!(
        ok(&host, "dpkg-query -W -f '${Version} ${Status}' trial"),
        "2 install ok installed"
    );
    drop(host);
    fleet.assert_nothing_to_do();
}

#[test]
fn a_repair_does_what_was_shown_or_says_what_to_do_by_hand() {
    let fleet = fleet("ar");
    let host = fleet.host();
    ok(&host, REPOSITORY);

    // Torn by another's dpkg: that one package is put back, in whatever version there is.
    ok(
        &host,
        "sed -i '/^Package: trial$/,/^$/s/^Status: .*/Status: install reinstreq half-installed/' \
         /var/lib/dpkg/status",
    );
    let packages = || ok(&host, "dpkg-query -W -f '${Package} ${Status}\\n'");
    let before = packages();
    let check = fleet.check();
    check.assert_ok();
    let (_, repair) = check.action("package database");
    assert!(repair.to_string().contains("half installed: trial"), "{repair:#}");
    let apply = fleet.apply();
    apply.assert_ok();
    // The package itself came with the repair.
    let kinds: Vec<String> = apply.actions().into_iter().map(|told| told.kind).collect();
    assert_eq!(kinds, ["repair_packages"], "{:#}", apply.document);
    let whole =
        before.replace("trial install reinstreq half-installed", "trial install ok installed");
    assert_eq!(packages(), whole);

    // What another's dpkg unpacked needs a package that nobody announced.
    host.sh("dpkg --unpack /root/needy.deb").unwrap();
    let before = packages();
    fails(&fleet, &["not configured: needy", "needy depends on s-nail", "by hand"]);
    assert_eq!(packages(), before, "nothing else was installed");
    ok(&host, "dpkg --purge needy");

    // Its own script fails: dpkg's words are shown, and the cure works.
    host.sh("dpkg -i /root/lame.deb").unwrap();
    fails(&fleet, &["not configured: lame", "lame: cannot walk", "by hand"]);
    ok(&host, "touch /etc/lame.cured");
    fleet.apply().assert_ok();
    assert_eq!(ok(&host, "dpkg --audit"), "");
    assert_eq!(fleet.apply().actions(), []);
}

fn fails(fleet: &Fleet, words: &[&str]) -> Report {
    let check = fleet.check();
    check.assert_ok();
    let apply = fleet.apply();
    assert_eq!(apply.code, 1, "{:#}", apply.document);
    let said = apply.document["hosts"][0].to_string();
    for words in words {
        assert!(said.contains(words), "no `{words}` in {:#}", apply.document);
    }
    apply
}

/// A package that talks while it is configured.
const TALKER: &str = r#"
set -eu
mkdir -p /root/talker/DEBIAN /srv/own
printf 'Package: talker\nVersion: 1\nArchitecture: all\nMaintainer: m <m@lab.test>\nDescription: talks\n' \
    > /root/talker/DEBIAN/control
cat > /root/talker/DEBIAN/postinst <<'POSTINST'
#!/bin/sh
set -e
touch /run/talking
while [ ! -e /run/talk ]; do sleep 0.1; done
for line in $(seq 1000); do echo "talk and error $line"; echo "talk and error $line" >&2; done
touch /run/talked
POSTINST
chmod 0755 /root/talker/DEBIAN/postinst
dpkg-deb -b /root/talker /srv/own/talker_1.deb >/dev/null
(
    dpkg-deb -f /srv/own/talker_1.deb
    echo "Filename: ./talker_1.deb"
    echo "Size: $(stat -c %s /srv/own/talker_1.deb)"
    echo "SHA256: $(sha256sum /srv/own/talker_1.deb | cut -d' ' -f1)"
) > /srv/own/Packages
echo 'deb [trusted=yes] file:/srv/own ./' > /etc/apt/sources.list.d/own.list
apt-get -q update
"#;

#[test]
fn a_package_is_configured_to_its_end_though_the_agent_is_killed() {
    let fleet = fleet("at").file("roles/own/tasks/main.yml", "- package: {name: talker}\n");
    let host = fleet.host();
    ok(&host, TALKER);
    let mut run = fleet.command(&["--yes"]).spawn().unwrap();
    until("the package is being configured", || host.read("/run/talking").is_ok());
    ok(&host, "pkill -KILL -x converge");
    assert!(!run.wait().unwrap().success());
    ok(&host, "touch /run/talk");
    until("the package's script has ended", || host.read("/run/talked").is_ok());
    until("dpkg has ended", || !host.run(["pgrep", "-x", "dpkg|apt-get"]).unwrap().success());
    let status = ok(&host, "dpkg-query -W -f '${Status}' talker; dpkg --audit");
    assert_eq!(status, "install ok installed");
    fleet.apply().assert_ok();
    fleet.assert_nothing_to_do();
}
