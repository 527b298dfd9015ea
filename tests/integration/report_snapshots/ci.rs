//! The forms that CI systems read.

use super::SHORT;
use super::story::{self, Story, action, task};
use converge::event::{HostStatus, Reason, TargetState, TaskStatus};
use converge::report::{Github, JUnit, Mode, Report, RunEnd};
use converge::text::Diagnostic;

fn ended(mut report: impl Report, story: &Story) {
    story.tell(&mut report);
    report.finish(&RunEnd { run: "7f3a".into(), ms: 11_840 }).unwrap();
}

/// Two hosts: one fails with hostile words, one does not answer.
fn hostile() -> Story {
    let mut story = Story::default();
    story.start("web1", None);
    let mut said = task(&story::task_ref("debug", "say", 2), TaskStatus::Ok, &[]);
    said.reason = story::message("::error::said by the host ##[error]too");
    story.finished(said);
    let mut skipped = task(&story::task_ref("file", "a <b> & \"c\"", 3), TaskStatus::Skipped, &[]);
    skipped.reason = Some(Reason::ConditionFalse);
    story.finished(skipped);
    let name = "/etc/x]]><\u{1b}[2J";
    let done = [action("write_file", name, TargetState::Absent, story::set("0644"))];
    story.finished(task(&story::task_ref("file", name, 4), TaskStatus::Changed, &done));
    let ref_ = story::task_ref("service", "start", 31);
    let mut failed = task(&ref_, TaskStatus::Failed, &[]);
    let error = Diagnostic::new("no\n::warning file=/etc/passwd::100% evil\u{1b}").at(ref_.span);
    failed.error = Some(error.note("log: </failure>\n::error::x").help("look"));
    story.finished(failed);
    story.end(HostStatus::Failed, 1, 2, &[]);
    story.host("web2");
    story.warn("ssh: no answer\n::error::y", "is it up?");
    story.end(HostStatus::Unreachable, 0, 0, &[]);
    story
}

#[test]
fn junit_lists_tasks_and_escapes() {
    let (story, mut out) = (hostile(), Vec::new());
    ended(JUnit::new(&mut out, story.info(Mode::Apply)), &story);
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
}

#[test]
fn github_annotates_and_hosts_cannot() {
    let (story, mut out) = (hostile(), Vec::new());
    ended(Github::new(&mut out, SHORT, story.info(Mode::Apply)), &story);
    let text = String::from_utf8(out).unwrap();
    let commands = text.lines().filter(|line| line.trim_start().starts_with("::")).count();
    assert_eq!(commands, 2, "one command each host, none by a host\n{text}");
    assert!(!text.contains("##["));
    insta::assert_snapshot!(text);
}
