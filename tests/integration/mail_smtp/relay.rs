//! A blank host relays what it sends, and nothing else ever reaches its port 25.

use crate::fleet::{FAMILIES, Fleet};
use crate::lab::lab;
use converge::lab::Family;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

/// Sends one message by SMTP from inside the host, without any mail program.
const SEND: &str = r#"
exec 3<>"/dev/tcp/$0/25" || exit 1
ask() { printf '%s\r\n' "$1" >&3; }
get() { while IFS= read -r -t 20 line <&3; do echo "$line"; case "$line" in [0-9][0-9][0-9]\ *) return;; esac; done; exit 1; }
get; ask "EHLO client"; get; ask "MAIL FROM:<app@client.test>"; get
ask "RCPT TO:<someone@example.test>"; get; ask DATA; get
ask "Subject: $1"; ask ""; ask body; ask .; get; ask QUIT; get
"#;

#[test]
fn a_blank_host_relays_from_its_loopback_alone() {
    std::thread::scope(|scope| {
        for family in FAMILIES {
            scope.spawn(move || relays(family));
        }
    });
}

fn relays(family: Family) {
    let lab = lab(&format!("r{}", &family.name()[..1])).host("h", family).debian("other").up();
    let fleet = Fleet::over(lab.unwrap(), &["h"], "sys-svc-mail-smtp");
    let host = fleet.host();
    let outside = SocketAddr::from((host.address(), 25));
    let ended = AtomicBool::new(false);
    let opened = std::thread::scope(|scope| {
        // From the bridge: not the host's own loopback, so it must never connect.
        let watch = scope.spawn(|| {
            let (mut asked, mut opened) = (0, 0);
            while !ended.load(Ordering::Relaxed) {
                let answer = TcpStream::connect_timeout(&outside, Duration::from_millis(200));
                asked += 1;
                opened += usize::from(answer.is_ok());
                std::thread::sleep(Duration::from_millis(5));
            }
            (asked, opened)
        });
        let apply = fleet.apply();
        ended.store(true, Ordering::Relaxed);
        apply.assert_ok();
        watch.join().unwrap()
    });
    assert!(opened.0 > 20, "port 25 was asked only {} times", opened.0);
    assert_eq!(opened.1, 0, "port 25 was open to another host");

    let mx = fleet.lab.mx();
    host.run(["useradd", "-m", "alice"]).unwrap();
    let sendmail = "printf 'Subject: by sendmail\\n\\nhello\\n' | /usr/sbin/sendmail root";
    let sent = host.run_as("alice", ["sh", "-c", sendmail]).unwrap();
    assert!(sent.success(), "{sent:?}");
    let arrived = mx
        .wait_for(1, PATIENCE, |m| m.header("Subject").as_deref() == Some("by sendmail"))
        .unwrap();
    assert_eq!(arrived[0].envelope.to, ["admin@lab.test"]);

    for address in ["127.0.0.1", "::1"] {
        let subject = format!("by {address}");
        let said = host.run(["bash", "-c", SEND, address, &subject]).unwrap();
        assert!(said.success(), "{said:?}");
        mx.wait_for(1, PATIENCE, |m| m.header("Subject") == Some(subject.clone())).unwrap();
    }

    let other = fleet.lab.host("other").unwrap();
    let refused = other.run(["bash", "-c", SEND, &host.address().to_string(), "no"]).unwrap();
    assert!(!refused.success(), "{refused:?}");
    assert!(refused.stderr.contains("refused"), "{refused:?}");

    let verify = fleet.run(&["verify"]);
    assert_eq!(verify.code, 0, "{verify:#?}");
}
