//! `converge lab list`, `ssh` and `down`, as a person calls them.

use super::leftovers::leftovers;
use super::{lab, unique};
use std::process::{Command, Output};

fn converge(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_converge")).arg("lab").args(arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_lab_is_listed_entered_and_taken_down_by_commands() {
    let built = lab("cmd").debian("web1").pacman("arch1").up().unwrap();
    let name = unique("cmd");
    built.host("arch1").unwrap().kill().unwrap();

    let listed = converge(&["list"]);
    assert!(listed.status.success(), "{listed:?}");
    let listed = text(&listed);
    let own: Vec<&str> =
        listed.lines().skip_while(|line| !line.starts_with(&format!("{name}: "))).take(3).collect();
    let inventory = built.inventory().display();
    assert_eq!(own[0], format!("{name}: {}, {inventory}", built.state().subnet), "{listed}");
    let row = |host: &str| own[1..].iter().find(|line| line.trim().starts_with(host)).unwrap();
    let words: Vec<_> = row("web1").split_whitespace().collect();
    let address = built.host("web1").unwrap().address().to_string();
    assert_eq!(words, ["web1", "debian", &address, "up"]);
    assert!(row("arch1").ends_with(" down"), "{listed}");

    let ssh = |words: &[&str]| {
        let mut all = vec!["ssh", "--name", &name, "web1", "--"];
        all.extend(words);
        converge(&all)
    };
    let one = ssh(&["hostname; exit 7"]);
    assert_eq!((one.status.code(), text(&one)), (Some(7), "web1\n".to_owned()), "a line of shell");
    let several = ssh(&["printf", "%s|", "a b", "$HOME", "it's"]);
    assert_eq!(text(&several), "a b|$HOME|it's|", "words arrive as they are: {several:?}");
    for (arguments, words) in [
        (["ssh", "--name", &name, "web9", "true"], "web9"),
        (["ssh", "--name", "nosuch", "web1", "true"], "nosuch"),
    ] {
        let refused = converge(&arguments);
        assert!(!refused.status.success(), "{refused:?}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains(words), "{refused:?}");
    }

    // The lab's own handle holds it no longer: the command takes it down.
    let stays = built.stay();
    for words in [&["down", "--name", name.as_str()][..], &["down", &name]] {
        let down = converge(words);
        assert!(down.status.success(), "once, and again: {down:?}");
        assert_eq!(leftovers(&name), Vec::<String>::new());
    }
    assert!(!text(&converge(&["list"])).contains(&format!("{name}:")));
    drop(stays);
}
