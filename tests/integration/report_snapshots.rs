//! Whole outputs as people see them, from runs that are told event by event.

mod ci;
mod json;
mod story;

use converge::event::{
    Certainty, Change, Diff, Expected, FileAttributes, HostStatus, Note, PackageVersion, Reason,
    TargetState, TaskStatus,
};
use converge::report::{self, DiffShow, Drift, Human, Mode, Report, RunEnd, Style};
use story::{CANARY, Story, action, file, packages, set, task};

/// What a run prints.
fn told(story: &Story, mode: Mode, style: Style) -> String {
    let mut out = Vec::new();
    let mut human = Human::new(&mut out, style, story.info(mode));
    story.tell(&mut human);
    human.finish(&RunEnd { run: "7f3a".into(), ms: 11_840 }).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains(CANARY), "a secret was shown");
    text
}

const SHORT: Style = Style { colour: false, terminal: None, diff: DiffShow::Short, verbosity: 0 };

#[test]
fn a_dry_run_of_one_blank_host() {
    let story = Story::blank("mx3");
    insta::assert_snapshot!(told(&story, Mode::Check, SHORT));
    let verbose = Style { verbosity: 1, diff: DiffShow::Full, ..SHORT };
    insta::assert_snapshot!("a_dry_run_in_full", told(&story, Mode::Check, verbose));
}

#[test]
fn an_apply_of_one_host() {
    let mut story = Story::default();
    story.start("mx3", None);
    for (ref_, actions) in story::mail_tasks() {
        story.announced(&ref_, &actions);
        let mut done = task(&ref_, TaskStatus::Changed, &actions);
        if ref_.resource == "service" {
            done.not_needed = done.actions.drain(..1).collect();
        }
        story.finished(done);
    }
    story.end(HostStatus::Changed, 5, 0, &[]);
    insta::assert_snapshot!(told(&story, Mode::Apply, SHORT));
}

#[test]
fn nothing_to_do() {
    let mut story = Story::default();
    story.start("mx3", Some("7f3a"));
    for (ref_, _) in story::mail_tasks() {
        story.finished(task(&ref_, TaskStatus::Ok, &[]));
    }
    story.end(HostStatus::Ok, 0, 0, &[]);
    let both = told(&story, Mode::Check, SHORT) + "\n" + &told(&story, Mode::Apply, SHORT);
    insta::assert_snapshot!(both);
}

#[test]
fn what_hosts_without_a_change_say_is_told_once() {
    let mut story = Story::default();
    let debug = story::mail_tasks().remove(0).0;
    let debug = converge::event::TaskRef { resource: "debug".into(), ..debug };
    for (host, words) in [("mx1", "by relay"), ("mx2", "by relay"), ("db", "by itself")] {
        story.start(host, Some("7f3a"));
        let mut said = task(&debug, TaskStatus::Ok, &[]);
        said.reason = story::message(words);
        story.finished(said);
        story.end(HostStatus::Ok, 0, 0, &[]);
    }
    for mode in [Mode::Check, Mode::Apply] {
        let text = told(&story, mode, SHORT);
        assert!(text.contains("\n  mx1 mx2: by relay\n  db: by itself\n"), "{text}");
    }
}

#[test]
fn sixteen_hosts_and_one_failure() {
    let story = story::sixteen(true);
    insta::assert_snapshot!(told(&story, Mode::Apply, SHORT));
    let terminal = Style { terminal: Some(60), colour: true, ..SHORT };
    let text = told(&story, Mode::Apply, terminal);
    assert!(text.contains("\r\u{1b}[2K"), "the progress line is rewritten");
    let last = text.rsplit("\r\u{1b}[2K").next().unwrap();
    assert!(last.contains("12 changed"), "nothing rewrites the ending");
}

#[test]
fn a_command_that_failed_is_not_counted_as_done() {
    for status in [HostStatus::Failed, HostStatus::Changed] {
        let mut story = Story::default();
        story.start("web1", Some("7f3a"));
        let write = action("write_file", "/etc/a", TargetState::Absent, set("0644"));
        story.finished(task(&story::task_ref("copy", "a", 2), TaskStatus::Changed, &[write]));
        let mut run = action("run", "make-token", None, None);
        run.failed = true;
        let ignored = status == HostStatus::Changed;
        let ended = if ignored { TaskStatus::Ok } else { TaskStatus::Failed };
        let mut failed = task(&story::task_ref("command", "mint", 3), ended, &[run]);
        failed.error = Some(converge::text::Diagnostic::new("exit status 3"));
        story.finished(failed);
        story.end(status, 1, 2 * usize::from(!ignored), &[]);
        let text = told(&story, Mode::Apply, SHORT);
        let words = if ignored {
            "web1: 1 change made, 1 failed   "
        } else {
            "web1 was left: 1 action done (file /etc/a), 1 failed (command make-token), 2 tasks not run"
        };
        assert!(text.contains(words), "{text}");
        assert_eq!(json::document(&story, Mode::Apply)["totals"]["actions"], 1);
    }
}

#[test]
fn sixteen_hosts_before_the_question() {
    let story = story::sixteen(false);
    let info = story.info(Mode::Check);
    let mut out = Vec::new();
    report::preview(&mut out, &SHORT, &info, &story.fold()).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
    insta::assert_snapshot!("sixteen_plans", told(&story, Mode::Check, SHORT));
}

#[test]
fn drift_and_intended() {
    let mut story = Story::default();
    let diff =
        "--- a\n+++ b\n@@ -1 +1 @@\n-inet_interfaces = all\n+inet_interfaces = loopback-only\n";
    for (host, change) in [("db2", Change::Drift), ("mx1", Change::Intended)] {
        story.start(host, Some("7f3a"));
        let ref_ = story::task_ref("template", "main.cf", 3);
        let mut write = action("write_file", "/etc/postfix/main.cf", file("0644"), set("0644"));
        write.diff = Some(Diff::Unified { lines: diff.into() });
        let mut done = task(&ref_, TaskStatus::Changed, &[write]);
        done.change = Some(change);
        story.finished(done);
        let mut handler = story::task_ref("service", "restart postfix", 9);
        handler.handler = true;
        let restart = action("restart", "postfix.service", None, None);
        story.finished(task(&handler, TaskStatus::Changed, &[restart]));
        story.end(HostStatus::Changed, 2, 0, &[]);
    }
    story.host("arch5");
    story.warn("ssh: no answer in 10 s", "is the host up?");
    story.end(HostStatus::Unreachable, 0, 0, &[]);
    story.host("web09");
    story.warn("run 81aa of root holds the lock since 09:12", "wait for it");
    story.end(HostStatus::Locked, 0, 0, &[]);
    insta::assert_snapshot!(told(&story, Mode::Check, SHORT));
    let mut out = Vec::new();
    let mut drift = Drift::new(&mut out, SHORT, story.info(Mode::Drift));
    story.tell(&mut drift);
    drift.finish(&RunEnd { run: "81ab".into(), ms: 950 }).unwrap();
    insta::assert_snapshot!("drift_command", String::from_utf8(out).unwrap());
}

#[test]
fn what_cannot_be_compared_is_neither_drift_nor_new() {
    let mut story = Story::default();
    story.start("web1", Some("7f3a"));
    let run = action("run", "make-token", None, None);
    let ref_ = story::task_ref("command", "mint", 3);
    story.finished(task(&ref_, TaskStatus::Changed, &[run]));
    story.end(HostStatus::Changed, 1, 0, &[]);
    let mut out = Vec::new();
    let mut drift = Drift::new(&mut out, SHORT, story.info(Mode::Drift));
    story.tell(&mut drift);
    drift.finish(&RunEnd { run: "81ab".into(), ms: 950 }).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(
        text.starts_with(
            "1 host: 1 with something to do\n\nTO DO        web1   command make-token\n"
        ),
        "{text}"
    );
}

/// The first words say which command it is; the whole is there for those who ask.
#[test]
fn a_long_command_is_one_line() {
    let script = "sh -c set -eu\nfor unit in postfix postfix@-; do\n  systemctl stop \"$unit\"\ndone\npostsuper -r ALL\n";
    let mut story = Story::default();
    story.start("web1", Some("7f3a"));
    let run = action("run", script, None, None);
    let ref_ = story::task_ref("command", "deliver what waits", 3);
    story.announced(&ref_, std::slice::from_ref(&run));
    story.finished(task(&ref_, TaskStatus::Changed, &[run]));
    let mut write = action("write_file", "/etc/x", TargetState::Absent, set("0644"));
    write.certainty = Certainty::OnlyIf;
    write.depends_on = Some(format!("the change of {script}"));
    story.finished(task(&story::task_ref("copy", "x", 4), TaskStatus::Unknown, &[write]));
    let mut assumed = task(&story::task_ref("assert", "it is gone", 5), TaskStatus::Unknown, &[]);
    let origin = format!("the change of {script}");
    assumed.reason = Some(Reason::Assumed { to: Expected::Hold, origin });
    story.finished(assumed);
    story.end(HostStatus::Changed, 2, 0, &[]);
    let plain = Style { diff: DiffShow::None, ..SHORT };
    insta::assert_snapshot!(told(&story, Mode::Check, plain));
    insta::assert_snapshot!(
        "a_long_command_on_a_narrow_terminal",
        told(&story, Mode::Apply, Style { terminal: Some(40), ..plain })
    );
    let whole = script.replace('\n', "\\n");
    for style in [SHORT, Style { verbosity: 1, ..plain }] {
        assert!(told(&story, Mode::Check, style).contains(&whole));
    }
    let document = json::document(&story, Mode::Check);
    assert_eq!(document["hosts"][0]["tasks"][0]["actions"][0]["target"], script);
    let mut out = Vec::new();
    let mut events = report::EventLines::new(&mut out);
    story.tell(&mut events);
    let line = serde_json::to_string(script).unwrap();
    assert!(String::from_utf8(out).unwrap().contains(&line));
}

#[test]
fn what_is_not_certain_says_so() {
    let mut story = Story::default();
    story.start("web1", None);
    for (certainty, on) in [
        (Certainty::UnlessSo, Some("the files of package postfix")),
        (Certainty::OnlyIf, Some("the output of `postqueue -j`")),
        (Certainty::Open, None),
        (Certainty::OnFailure, None),
    ] {
        let ref_ = story::task_ref("file", "a file", 2);
        let mut write = action("write_file", "/etc/x", TargetState::Absent, set("0644"));
        write.certainty = certainty;
        write.depends_on = on.map(str::to_owned);
        story.finished(task(&ref_, TaskStatus::Unknown, &[write]));
    }
    story.end(HostStatus::Changed, 4, 0, &[]);
    insta::assert_snapshot!(told(&story, Mode::Check, SHORT));
}

#[test]
fn every_kind_of_change() {
    let mut story = Story::default();
    story.start("web1", Some("7f3a"));
    let mode = |mode: &str| Some(mode.parse().unwrap());
    let only_mode =
        TargetState::Attributes(FileAttributes { mode: mode("0644"), ..FileAttributes::default() });
    let owner = Some("mail".to_owned());
    let of_mail =
        TargetState::Attributes(FileAttributes { mode: mode("0640"), owner, group: None });
    for (kind, target, before, after) in [
        (
            "write_file",
            "/etc/a",
            Some(TargetState::Absent),
            Some(TargetState::Attributes(FileAttributes::default())),
        ),
        ("write_file", "/etc/b", Some(file("0600")), Some(set("0600"))),
        ("write_file", "/etc/c", Some(file("0600")), Some(only_mode)),
        ("remove", "/etc/d", Some(file("0644")), Some(TargetState::Absent)),
        ("set_attributes", "/etc/e", Some(file("0644")), Some(of_mail)),
        (
            "symlink",
            "/etc/f",
            Some(TargetState::Absent),
            Some(TargetState::Link { to: "/usr/lib/f".into() }),
        ),
        ("packages", "postfix", Some(packages("postfix 3.7.10")), Some(packages("postfix 3.7.11"))),
        ("packages", "exim4", Some(packages("exim4 4.96")), Some(TargetState::Absent)),
        (
            "packages",
            "postfix msmtp",
            Some(TargetState::Absent),
            Some(packages("msmtp 1.8 postfix 3.7.11")),
        ),
        (
            "packages",
            "exim4 nullmailer",
            Some(packages("exim4 4.96 nullmailer 1")),
            Some(TargetState::Absent),
        ),
        (
            "repair_packages",
            "package database",
            Some(TargetState::Unfinished { found: "half-installed: postfix".into() }),
            Some(TargetState::Whole),
        ),
        (
            "service",
            "postfix.service",
            Some(TargetState::UnitFile { state: "enabled".into() }),
            Some(TargetState::Disabled),
        ),
        ("service", "postfix.service", Some(TargetState::Started), Some(TargetState::Stopped)),
        ("service", "mail.socket", Some(TargetState::Started), Some(TargetState::Stopped)),
        ("restart", "postfix.service", None, Some(TargetState::Restarted)),
        ("daemon_reload", "systemd", None, Some(TargetState::UnitFilesRead)),
        ("user", "alice", Some(TargetState::Absent), Some(TargetState::Present)),
        ("group", "mail", Some(TargetState::Present), Some(TargetState::Absent)),
        ("run", "postmap /etc/postfix/users", None, None),
        ("request", "POST https://mail.example.org/api", None, None),
    ] {
        let ref_ = story::task_ref(kind, "a task", 2);
        story.finished(task(&ref_, TaskStatus::Changed, &[action(kind, target, before, after)]));
    }
    let mut ignored = task(&story::task_ref("command", "ask nicely", 3), TaskStatus::Ok, &[]);
    ignored.error = Some(converge::text::Diagnostic::new("exit status 3"));
    story.finished(ignored);
    story.end(HostStatus::Changed, 4, 0, &[]);
    insta::assert_snapshot!(told(&story, Mode::Check, SHORT));
}

#[test]
fn hostile_hosts_cannot_draw_on_the_terminal() {
    let evil = "\u{1b}[2J\u{9b}31m\r\u{7}\u{202e}evil\nINJECTED";
    let mut story = Story::default();
    story.start("web1", Some(evil));
    let mut ref_ = story::task_ref("debug", evil, 2);
    ref_.role = evil.into();
    let found = || TargetState::Other { what: evil.into() };
    let mut shown = action(evil, evil, found(), found());
    let packages = vec![PackageVersion { name: evil.into(), version: Some(evil.into()) }];
    shown.notes = vec![
        Note::Holds { units: vec![evil.into()] },
        Note::InstallsAlso { packages: packages.clone() },
        Note::Removes { packages },
    ];
    shown.diff = Some(Diff::Unified { lines: format!("+{evil}") });
    shown.depends_on = Some(evil.into());
    shown.certainty = Certainty::UnlessSo;
    let mut done = task(&ref_, TaskStatus::Changed, &[shown.clone()]);
    done.reason = story::message(evil);
    done.not_needed = vec![shown];
    story.announced(&ref_, &done.actions.clone());
    story.finished(done);
    let mut said = task(&ref_, TaskStatus::Ok, &[]);
    said.reason = story::message(evil);
    story.finished(said);
    story.warn(evil, evil);
    let mut failed = task(&ref_, TaskStatus::Failed, &[]);
    failed.error = Some(converge::text::Diagnostic::new(evil).note(evil).help(evil).label(evil));
    story.finished(failed);
    story.end(HostStatus::Failed, 1, 2, &[evil]);
    for mode in [Mode::Check, Mode::Apply] {
        let text = told(&story, mode, SHORT);
        let bad =
            text.chars().find(|char| char.is_control() && *char != '\n' || *char == '\u{202e}');
        assert_eq!(bad, None, "{text}");
        assert!(!text.lines().any(|line| line.starts_with("INJECTED")), "{text}");
    }
}
