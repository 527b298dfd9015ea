//! The token, the API's key and a vaulted value are searched for wherever they must not be.

use super::{everyone_can_send, in_both_families};
use crate::arguments::while_watched;
use crate::fleet::Fleet;
use aes::Aes256;
use base64::Engine as _;
use ctr::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::BTreeSet;

const PASSWORD: &str = "the password of a vault";

/// What a run says in every form, and every token that there was meanwhile. Before each the token is
/// lost, so that it has much to tell; the host is also brought to the other way and back.
fn all_that_is_said(fleet: &Fleet) -> (String, BTreeSet<String>) {
    let (mut said, mut tokens) = (String::new(), BTreeSet::new());
    let password = fleet.path("password").display().to_string();
    for (form, mode, ways) in [
        ("human", "mailu", &["--check", "--yes"][..]),
        ("json", "mailu", &["--check", "--yes"]),
        ("junit", "mailu", &["--check", "--yes"]),
        ("github", "mailu", &["--check", "--yes"]),
        ("events", "local", &["--check", "--yes"]),
        ("json", "mailu", &["--check", "--yes"]),
    ] {
        fleet.host().sh("rm -f /etc/msmtp/token").unwrap();
        let mode = format!("mail_mode={mode}");
        for way in ways {
            let mut words = vec!["-vvv", "--diff=full", "--output", form, "-e", &mode, way];
            words.extend(["--vault-password-file", &password]);
            let run = fleet.run(&words);
            assert_eq!(run.code, 0, "{run:#?}");
            said += &run.stdout;
            said += &run.stderr;
            if let Ok(token) = fleet.host().read("/etc/msmtp/token") {
                tokens.insert(String::from_utf8(token).unwrap().trim().to_owned());
            }
        }
    }
    for words in [&["explain", "h"][..], &["verify"]] {
        let mut words = words.to_vec();
        words.extend(["--vault-password-file", &password]);
        let run = fleet.run(&words);
        assert_eq!(run.code, 0, "{run:#?}");
        said += &run.stdout;
        said += &run.stderr;
    }
    (said, tokens)
}

#[test]
fn no_secret_of_mail_shows_anywhere() {
    in_both_families("se", &["h"], |fleet| {
        let mailu = fleet.lab.mailu().unwrap();
        let key = mailu.api_token().unwrap();
        fleet.write("password", PASSWORD);
        let vaulted = sealed(&key, PASSWORD).replace('\n', "\n      ");
        let fleet = fleet.set("mailu_api_token", &format!("!vault |\n      {vaulted}"));
        let ((said, mut secrets), seen) = while_watched(|| {
            let all = all_that_is_said(&fleet);
            everyone_can_send(&fleet, "said", Some("h@lab.test"));
            all
        });
        let host = fleet.host();
        let token = String::from_utf8(host.read("/etc/msmtp/token").unwrap()).unwrap();
        let token = token.trim();
        assert_eq!((token.len(), key.len()), (32, 32));

        // Where the token is, and nowhere else.
        let folders = "/etc /var /run /root /home /tmp";
        let found = host.sh(&format!("grep -rl {token} {folders}")).unwrap().stdout;
        let known = |line: &&str| {
            line.starts_with("/run/credentials/mail-msmtpd") || *line == "/etc/msmtp/token"
        };
        let others: Vec<_> = found.lines().filter(|line| !known(line)).collect();
        assert_eq!(others, Vec::<&str>::new(), "holds the token");
        let found = host.sh(&format!("grep -rl {key} {folders}")).unwrap().stdout;
        assert_eq!(found, "", "holds the API's key");

        assert_eq!(
            secrets.len(),
            5,
            "one for each time that it went to Mailu, or had lost its own"
        );
        secrets.insert(key);
        let journal = host.sh("journalctl --no-pager -o json").unwrap().stdout;
        let state = host.sh("cat /var/lib/converge/state.json").unwrap().stdout;
        assert!(journal.contains("mail-msmtpd") && state.contains("/etc/msmtp/token"));
        assert!(seen.contains("/usr/bin/msmtpd --interface"), "the watch saw nothing");
        for (place, text) in
            [("output", said), ("journal", journal), ("state", state), ("arguments", seen)]
        {
            for secret in &secrets {
                for form in
                    [secret.clone(), base64(secret), base64(&format!("\0h@lab.test\0{secret}"))]
                {
                    assert!(!text.contains(&form), "a secret shows in {place}");
                }
            }
        }
    });
}

/// As `ansible-vault encrypt_string` writes it.
fn sealed(plain: &str, password: &str) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let salt = [7_u8; 32];
    let mut keys = [0_u8; 80];
    pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), &salt, 10_000, &mut keys);
    let mut text = plain.as_bytes().to_vec();
    let padding = 16 - text.len() % 16;
    text.resize(text.len() + padding, u8::try_from(padding).unwrap());
    ctr::Ctr128BE::<Aes256>::new_from_slices(&keys[..32], &keys[64..])
        .unwrap()
        .apply_keystream(&mut text);
    let mut hmac = Hmac::<Sha256>::new_from_slice(&keys[32..64]).unwrap();
    hmac.update(&text);
    let parts = [hex(&salt), hex(&hmac.finalize().into_bytes()), hex(&text)];
    format!("$ANSIBLE_VAULT;1.1;AES256\n{}\n", hex(parts.join("\n").as_bytes()))
}

fn base64(text: &str) -> String {
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(text)
}
