//! Everything that a test can make Mailu do wrong, and that it can be in order again.

use super::mailu;
use super::submission::Submission;
use crate::patience::until;
use converge::lab::mailu::{Answer, Auth, Behaviour, Certificate};
use converge::lab::{Lab, LabError, Mailu};
use serde_json::json;
use std::io::ErrorKind;
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

const WHO: &str = "web1@lab.test";

fn in_order(mailu: &Mailu<'_>, token: &str) {
    mailu.behave(&Behaviour::default()).unwrap();
    assert_eq!(mailu.api("GET", "domain", None).unwrap().status, 200);
    assert_eq!(mailu.request("GET", "/health", &[], "").unwrap().status, 204);
    let mut submission = Submission::implicit(mailu, &mailu.ca_file()).unwrap();
    assert_eq!(submission.plain(WHO, token), "235 2.7.0 Logged in.");
}

#[test]
fn answers_over_http() {
    let lab = mailu("wh");
    let mailu = lab.mailu().unwrap();
    let token = mailu.mint(WHO, "", &[]).unwrap();
    let api = || mailu.api("GET", "domain", None).unwrap();
    let health = || mailu.request("GET", "/health", &[], "").unwrap();
    for status in [403, 429, 500, 503] {
        let answer = Answer::Status(status);
        mailu.behave(&Behaviour { api: answer.clone(), ..Behaviour::default() }).unwrap();
        assert_eq!((api().status, health().status), (status, 204));
        mailu.behave(&Behaviour { pages: answer, ..Behaviour::default() }).unwrap();
        assert_eq!((api().status, health().status), (200, status));
        in_order(&mailu, &token);
    }
    let away = format!("http://{}/elsewhere", mailu.address());
    for location in ["/sso/login", &away] {
        let api_off = Answer::Redirect(location.to_owned());
        mailu.behave(&Behaviour { api: api_off, ..Behaviour::default() }).unwrap();
        assert_eq!((api().status, api().location.as_deref()), (302, Some(location)));
    }
    assert!(mailu.requests().unwrap().iter().all(|request| request.path != "/elsewhere"));
    in_order(&mailu, &token);

    mailu.behave(&Behaviour { delay_ms: 700, ..Behaviour::default() }).unwrap();
    let least = Duration::from_millis(700);
    let start = Instant::now();
    assert_eq!(health().status, 204);
    assert!(start.elapsed() >= least);
    let start = Instant::now();
    let submission = Submission::starttls(&mailu, &mailu.ca_file()).unwrap();
    assert!(start.elapsed() >= least);
    assert!(submission.greeting.starts_with("220 mail.lab.test"), "{}", submission.greeting);
}

#[test]
fn answers_to_logins() {
    let lab = mailu("wl");
    let mailu = lab.mailu().unwrap();
    let token = mailu.mint(WHO, "", &[]).unwrap();
    for (auth, expected) in [(Auth::Down, "454 4.7.0"), (Auth::Refuse, "535 5.7.8")] {
        mailu.behave(&Behaviour { auth, ..Behaviour::default() }).unwrap();
        let mut implicit = Submission::implicit(&mailu, &mailu.ca_file()).unwrap();
        let mut starttls = Submission::starttls(&mailu, &mailu.ca_file()).unwrap();
        for reply in [implicit.plain(WHO, &token), starttls.login(WHO, &token)] {
            assert!(reply.starts_with(expected), "{reply}");
        }
    }
    in_order(&mailu, &token);
}

#[test]
fn wrong_certificates_on_every_port() {
    let lab = mailu("wc");
    let mailu = lab.mailu().unwrap();
    let token = mailu.mint(WHO, "", &[]).unwrap();
    let verifies = |ca: &Path| {
        [
            Submission::implicit(&mailu, ca).err().map(|error| error.to_string()),
            Submission::starttls(&mailu, ca).err().map(|error| error.to_string()),
        ]
    };
    let (ca, other) = (mailu.ca_file(), mailu.other_ca_file());
    let fails = |why: &str, results: [Option<String>; 2]| {
        assert!(
            results.iter().flatten().filter(|words| words.contains(why)).count() == 2,
            "{results:?}"
        );
    };
    assert_eq!(verifies(&ca), [None, None]);
    fails("UnknownIssuer", verifies(&other));

    let with = |certificate| Behaviour { certificate, ..Behaviour::default() };
    mailu.behave(&with(Certificate::UnknownIssuer)).unwrap();
    fails("UnknownIssuer", verifies(&ca));
    assert_eq!(verifies(&other), [None, None], "it is the other CA's");
    assert!(matches!(mailu.api("GET", "domain", None), Err(LabError::Io { .. })));
    mailu.behave(&with(Certificate::OtherName)).unwrap();
    fails("not valid for name", verifies(&ca));
    assert!(mailu.api("GET", "domain", None).is_err());
    in_order(&mailu, &token);
}

fn refuses(mailu: &Mailu<'_>, port: u16) -> bool {
    let tried = TcpStream::connect((mailu.address(), port));
    tried.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}

#[test]
fn closed_ports_and_a_mailu_that_is_away() {
    let lab = mailu("wp");
    let mailu = lab.mailu().unwrap();
    let token = mailu.mint(WHO, "kept", &[]).unwrap();
    mailu.behave(&Behaviour::without_port(465)).unwrap();
    assert_eq!(Behaviour::PORTS.map(|port| refuses(&mailu, port)), [false, false, true, false]);
    assert_eq!(mailu.request("GET", "/health", &[], "").unwrap().status, 204);
    in_order(&mailu, &token);

    mailu.stop().unwrap();
    assert!(!mailu.is_running());
    assert_eq!(Behaviour::PORTS.map(|port| refuses(&mailu, port)), [true; 4]);
    mailu.stop().unwrap();
    // A closed port stays closed over a start.
    mailu.behave(&Behaviour::without_port(587)).unwrap();
    mailu.start().unwrap();
    mailu.start().unwrap();
    assert_eq!(Behaviour::PORTS.map(|port| refuses(&mailu, port)), [false, false, false, true]);
    in_order(&mailu, &token);
    assert_eq!(mailu.tokens().unwrap()[0].comment, "kept");
}

#[test]
fn nothing_is_left_of_a_mailu_that_lost_a_part() {
    let lab = mailu("wk");
    let name = lab.state().name.clone();
    let mailu = lab.mailu().unwrap();
    let token = mailu.mint(WHO, "", &[]).unwrap();
    let folder = mailu.ca_file().parent().unwrap().to_owned();
    let server = processes(&folder, "serve-mailu");
    let [server] = server.as_slice() else { panic!("{server:?}") };
    kill(*server);
    until("its port is closed", || refuses(&mailu, 443));
    mailu.start().unwrap();
    in_order(&mailu, &token);

    let attached = Lab::attach(&name).unwrap();
    assert_eq!(attached.mailu().unwrap().tokens().unwrap().len(), 1);
    let server = processes(&folder, "serve-mailu");
    kill(server[0]);
    lab.down().unwrap();
    assert!(!folder.exists());
    assert_eq!(processes(&folder, ""), Vec::<u32>::new());
    assert!(matches!(mailu_of(&attached), Err(LabError::Io { .. })));
}

fn mailu_of(lab: &Lab) -> Result<serde_json::Value, LabError> {
    Ok(json!(lab.mailu()?.api_token()?))
}

/// The processes that name the folder and the word among their arguments.
fn processes(folder: &Path, word: &str) -> Vec<u32> {
    let folder = folder.to_str().unwrap();
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let named = |pid: &u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        line.contains(folder) && line.contains(word)
    };
    pids.filter(named).collect()
}

fn kill(pid: u32) {
    let killed = std::process::Command::new("kill").args(["-9", &pid.to_string()]).status();
    assert!(killed.unwrap().success());
}

#[test]
fn a_lab_without_one_says_so() {
    let lab = crate::lab::lab("wn").up().unwrap();
    let error = lab.mailu().unwrap_err().to_string();
    assert!(error.ends_with("has no Mailu; add `--mailu` (or `mailu()`) where it is made"));
}
