//! The role sys-svc-mail on real hosts of both families, beside a real Mailu.

mod clients;
mod gone;
mod inherited;
mod kills;
mod queue;
mod reach;
mod rounds;
mod secrets;
mod start;
mod switching;
mod token;

use crate::fleet::{FAMILIES, Fleet, Report, assert_foretold};
use crate::lab::lab;
use crate::patience::PATIENCE;
use converge::lab::{Family, Lab, on_this_machine};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// Sends one message by SMTP from inside the host, without any mail program.
const SEND: &str = r#"
exec 3<>"/dev/tcp/$0/25" || exit 1
ask() { printf '%s\r\n' "$1" >&3; }
get() { while IFS= read -r -t 120 line <&3; do case "$line" in 2*|3*) ;; *) echo "$line"; exit 1;; esac; case "$line" in [0-9][0-9][0-9]\ *) return;; esac; done; exit 1; }
get; ask "EHLO client"; get; ask "MAIL FROM:<app@client.test>"; get
ask "RCPT TO:<someone@example.test>"; get; ask DATA; get
ask "Subject: $1"; ask ""; ask body; ask .; get; ask QUIT; get
"#;

/// Hosts beside a Mailu that has an account for each.
fn beside_mailu(prefix: &str, family: Family, hosts: &[&str]) -> Fleet {
    let mut builder = lab(&format!("{prefix}{}", &family.name()[..1])).mailu();
    for host in hosts {
        builder = builder.host(host, family);
    }
    let lab = builder.up().unwrap_or_else(|error| panic!("{error}"));
    let mailu = lab.mailu().unwrap();
    let made = mailu.api("POST", "domain", Some(&json!({"name": "lab.test"}))).unwrap();
    assert_eq!(made.status, 200, "{made:?}");
    for host in hosts {
        let user = json!({"email": format!("{host}@lab.test"), "raw_password": "unused"});
        assert_eq!(mailu.api("POST", "user", Some(&user)).unwrap().status, 200);
    }
    let (name, address, url) = (mailu.name(), mailu.address(), mailu.url());
    let (key, ca) = (mailu.api_token().unwrap(), mailu.ca_file());
    Fleet::over(lab, hosts, "sys-svc-mail")
        .resolves(name, address)
        .set("mailu_url", &url)
        .set("mailu_api_token", &format!("\"{key}\""))
        .set("mailu_api_ca_file", &ca.display().to_string())
        .set("mailu_pause", "0")
}

/// What is given so many seconds on an idle machine, as a variable has it.
fn seconds(idle: u64) -> String {
    on_this_machine(Duration::from_secs(idle)).as_secs().to_string()
}

fn in_both_families(prefix: &str, hosts: &[&str], test: impl Fn(Fleet) + Sync) {
    std::thread::scope(|scope| {
        for family in FAMILIES {
            let test = &test;
            scope.spawn(move || test(beside_mailu(prefix, family, hosts)));
        }
    });
}

fn apply(fleet: &Fleet) -> Report {
    fleet.report(&["--yes"])
}

/// Checks, applies, and finds nothing left to do. What was done.
fn converges_as_foretold(fleet: &Fleet) -> Report {
    let check = fleet.check();
    check.assert_ok();
    let done = apply(fleet);
    done.assert_ok();
    assert_foretold(&check, &done);
    assert_ne!(done.actions(), []);
    let check = fleet.check();
    check.assert_ok();
    assert_eq!(check.actions(), []);
    let again = apply(fleet);
    again.assert_ok();
    assert_eq!(again.actions(), []);
    assert_eq!(again.document["hosts"][0]["warnings"], json!([]), "{:#}", again.document);
    done
}

/// A user's sendmail: its exit status.
fn sendmail(fleet: &Fleet, subject: &str) -> i32 {
    let script = format!("printf 'Subject: {subject}\\n\\nhello\\n' | /usr/sbin/sendmail root");
    let host = fleet.host();
    let _ = host.sh("id alice 2>/dev/null || useradd -m alice").unwrap();
    // Arch has it elsewhere.
    let script =
        format!("PATH=$PATH:/usr/sbin; {}", script.replace("/usr/sbin/sendmail", "sendmail"));
    host.run_as("alice", ["sh", "-c", &script]).unwrap().status
}

/// How often a message of this subject arrived, and from whom.
fn arrived(lab: &Lab, subject: &str) -> Vec<String> {
    let messages = lab.mx().messages().unwrap();
    let these = messages.iter().filter(|one| one.header("Subject").as_deref() == Some(subject));
    these.map(|one| one.envelope.from.clone()).collect()
}

/// How often each subject arrived.
fn counts(lab: &Lab) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for message in lab.mx().messages().unwrap() {
        *counts.entry(message.header("Subject").unwrap_or_default()).or_default() += 1;
    }
    counts
}

/// A user's sendmail and clients on both loopbacks; all arrive once, from this sender if one is
/// named, and through this peer.
fn everyone_can_send(fleet: &Fleet, round: &str, sender: Option<&str>) {
    let by_sendmail = format!("{round} by sendmail");
    assert_eq!(sendmail(fleet, &by_sendmail), 0);
    let mut subjects = vec![by_sendmail];
    for address in ["127.0.0.1", "::1"] {
        let subject = format!("{round} by {address}");
        let said = fleet.host().run(["bash", "-c", SEND, address, &subject]).unwrap();
        assert!(said.success(), "{said:?}");
        subjects.push(subject);
    }
    for subject in subjects {
        let fits =
            |one: &converge::lab::Message| one.header("Subject").as_deref() == Some(&subject);
        fleet.lab.mx().wait_for(1, PATIENCE, fits).unwrap();
        let from = arrived(&fleet.lab, &subject);
        assert_eq!(from.len(), 1, "{subject}");
        if let Some(sender) = sender {
            assert_eq!(from, [sender], "{subject}");
        }
    }
}
