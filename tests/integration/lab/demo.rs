//! `scripts/demo`, whole, with the binary that is tested.

use super::leftovers::leftovers;
use std::process::{Command, Stdio};

#[test]
fn the_demo_shows_what_it_says() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/demo");
    let output = Command::new(script)
        .env("CONVERGE", env!("CARGO_BIN_EXE_converge"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:#?}");
    let mut rest: &str = &said;
    for words in [
        "== what would change",
        "web1 web2",
        "+inet_interfaces = loopback-only",
        "== converging",
        "3 changed",
        "== a second run has nothing to do",
        "3 as declared, 0 failed",
        "== arrived at the MX",
        "Subject: hello from web1",
    ] {
        let Some((_, after)) = rest.split_once(words) else { panic!("no `{words}` in: {said}") };
        rest = after;
    }
    assert_eq!(leftovers("demo"), Vec::<String>::new());
}
