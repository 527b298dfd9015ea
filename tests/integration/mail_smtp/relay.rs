//! A blank host relays what it sends, and nothing else ever reaches its port 25.

use crate::fleet::{FAMILIES, Fleet};
use crate::lab::lab;
use crate::patience::{PATIENCE, until};
use converge::lab::Family;

/// Sends one message by SMTP from inside the host, without any mail program.
const SEND: &str = r#"
exec 3<>"/dev/tcp/$0/25" || exit 1
ask() { printf '%s\r\n' "$1" >&3; }
get() { while IFS= read -r -t 120 line <&3; do echo "$line"; case "$line" in [0-9][0-9][0-9]\ *) return;; esac; done; exit 1; }
get; ask "EHLO client"; get; ask "MAIL FROM:<app@client.test>"; get
ask "RCPT TO:<someone@example.test>"; get; ask DATA; get
ask "Subject: $1"; ask ""; ask body; ask .; get; ask QUIT; get
"#;

/// A port that is open to all, beside the one that must not be.
const OPEN: &str = r#"
use IO::Socket::IP;
my $server = IO::Socket::IP->new(
    LocalHost => '::', LocalPort => 24, V6Only => 0, ReuseAddr => 1, Listen => 50) or die;
while (my $client = $server->accept) { close($client); }
"#;

/// Connects to port 24 and port 25 of each address, again and again while there is /run/watch;
/// says how often it asked and how often it was let in.
const WATCH: &str = r#"
use IO::Socket::IP;
my (%asked, %opened);
sub ask {
    my ($address, $port) = @_;
    my $socket = IO::Socket::IP->new(
        PeerHost => $address, PeerPort => $port, Type => SOCK_STREAM, Timeout => 60);
    close($socket) if $socket;
    return defined $socket;
}
for my $address (@ARGV) {
    # A link-local address is not there at once (RFC 4862, section 5.4).
    until (ask($address, 24)) { select(undef, undef, undef, 0.05); }
}
open(my $told, '>', '/run/watch') or die; close($told);
while (-e '/run/watch') {
    for my $address (@ARGV) {
        for my $port (24, 25) {
            $asked{"$address $port"}++;
            $opened{"$address $port"}++ if ask($address, $port);
        }
    }
    select(undef, undef, undef, 0.01);
}
for my $address (@ARGV) {
    for my $port (24, 25) {
        my $key = "$address $port";
        print "$key: $asked{$key} ", $opened{$key} // 0, "\n";
    }
}
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
    host.write("/run/open.pl", OPEN).unwrap();
    let open = host.run(["systemd-run", "--unit=open", "perl", "/run/open.pl"]).unwrap();
    assert!(open.success(), "{open:?}");
    let listens = "ss -ltnH 'sport = 24' | grep -q .";
    until("the open port listens", || host.sh(listens).unwrap().success());
    let watcher = fleet.lab.host("other").unwrap();
    // Global and link-local, by which the other reaches this one.
    let shown = host.sh("ip -6 -o address show scope link up | grep -v ' lo '").unwrap().stdout;
    let link_local = shown.split_whitespace().nth(3).unwrap().split('/').next().unwrap().to_owned();
    let way = watcher.sh("ip -o -4 address show scope global | awk '{print $2; exit}'");
    let way = way.unwrap().stdout;
    let addresses = [host.address().to_string(), format!("{link_local}%{}", way.trim())];
    let mut watch = vec!["perl", "-e", WATCH];
    watch.extend(addresses.iter().map(String::as_str));
    let watching = watcher.spawn(&watch).unwrap();
    until("the watch has begun", || watcher.read("/run/watch").is_ok());
    let apply = fleet.apply();
    watcher.run(["rm", "/run/watch"]).unwrap();
    let watched = watching.wait_with_output().unwrap();
    apply.assert_ok();
    let told = String::from_utf8(watched.stdout).unwrap();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), addresses.len() * 2, "{told}");
    for (line, address) in lines.chunks(2).zip(&addresses) {
        let count = |line: &str, port: u16| {
            let counts = line.strip_prefix(&format!("{address} {port}: ")).unwrap();
            let (asked, opened) = counts.split_once(' ').unwrap();
            (asked.parse::<u32>().unwrap(), opened.parse::<u32>().unwrap())
        };
        // The watch reaches the host all the time, by this very address.
        let (asked, opened) = count(line[0], 24);
        assert!(asked > 20 && opened == asked, "the open port answers each time: {told}");
        let (asked, opened) = count(line[1], 25);
        assert!(asked > 20, "port 25 was asked only {asked} times");
        assert_eq!(opened, 0, "port 25 was open to another host: {told}");
    }

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

    let refused = watcher.run(["bash", "-c", SEND, &host.address().to_string(), "no"]).unwrap();
    assert!(!refused.success(), "{refused:?}");
    assert!(refused.stderr.contains("refused"), "{refused:?}");

    let verify = fleet.run(&["verify"]);
    assert_eq!(verify.code, 0, "{verify:#?}");
}
