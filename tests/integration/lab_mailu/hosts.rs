//! What hosts of both families see: its name, a certificate that they trust, mail that arrives.

use crate::lab::{Succeeded, lab};
use crate::patience::PATIENCE;

const SEND: &str = r#"
umask 077
cat >/root/msmtprc <<END
account default
host mail.lab.test
port $2
tls on
tls_starttls $3
auth on
user $1
passwordeval cat /root/token
from $1
timeout 20
END
printf 'Subject: from a host\n\nHello.\n' | msmtp -C /root/msmtprc "$4"
"#;

#[test]
fn hosts_of_both_families_send_by_it() {
    let lab = lab("hs").mailu().debian("web1").pacman("arch1").up().unwrap();
    let mailu = lab.mailu().unwrap();
    for (name, install) in [
        ("web1", "apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -qy install msmtp"),
        ("arch1", "pacman -Sy --noconfirm msmtp"),
    ] {
        let host = lab.host(name).unwrap();
        let found = host.run(["getent", "ahostsv4", "mail.lab.test"]).unwrap().ok();
        assert!(found.starts_with(&format!("{} ", mailu.address())), "{found}");
        host.sh(install).unwrap().ok();
        let who = format!("{name}@lab.test");
        let net = format!("{}/32", host.address());
        let token = mailu.mint(&who, &format!("msmtp on {name}"), &[&net]).unwrap();
        host.write("/root/token", &token).unwrap();
        let send = |port: &str, starttls: &str, to: &str| {
            host.run(["sh", "-c", SEND, "send", &who, port, starttls, to]).unwrap()
        };
        send("465", "off", "one@example.test").ok();
        send("587", "on", "two@example.test").ok();
        let own = |message: &converge::lab::Message| message.envelope.from == who;
        let arrived = lab.mx().wait_for(2, PATIENCE, own).unwrap();
        assert!(arrived[0].header("received").unwrap().contains(&format!("[{}]", host.address())));

        host.write("/root/token", "wrong").unwrap();
        let refused = send("465", "off", "three@example.test");
        assert_eq!(refused.status, 77, "{refused:?}");
        assert!(refused.stderr.contains("535 5.7.8"), "{refused:?}");
    }
}
