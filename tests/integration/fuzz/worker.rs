//! The process that tries inputs, one after the other. Each is bounded in what it may hold and for
//! how long; where one ends the process, its parent knows which it was.

use super::mutate;
use super::random::Random;
use super::{Job, Target};
use rustix::process::{Resource, Rlimit, setrlimit};
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What an input may hold besides what its length allows, in bytes: a template may render 64 MiB,
/// which are held twice while they grow, and again as a value.
const HOLDS: u64 = 256 << 20;
/// What each of its bytes allows.
const HOLDS_PER_BYTE: u64 = 1000;
/// An input that is in hand at two looks, this far apart, hangs; machines may be busy.
const PATIENCE: Duration = Duration::from_secs(60);
/// The stack of a thread as the controller starts them.
const STACK: usize = 2 << 20;
/// So many wrong inputs are enough to be told of.
const ENOUGH: usize = 20;

/// Tries the job's inputs and prints what is wrong with which.
pub(super) fn work(target: &'static Target, job: &Job) {
    let place = File::options().write(true).open(&job.place).unwrap();
    let (at, done) = (Arc::new(AtomicU64::new(job.from)), channel::<()>());
    let (now, job) = (Arc::clone(&at), job.clone());
    let (finished, watched) = done;
    let worker = std::thread::Builder::new().stack_size(STACK).spawn(move || {
        try_all(target, &job, &place, &now);
        drop(finished);
    });
    let mut last = None;
    while watched.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
        let now = at.load(Ordering::Relaxed);
        if last == Some(now) {
            say(&format!("wrong {now} it hangs"));
            std::process::exit(3);
        }
        last = Some(now);
    }
    worker.unwrap().join().unwrap();
}

fn try_all(target: &Target, job: &Job, place: &File, at: &AtomicU64) {
    // What fails here is the harness's own, and not heard.
    let seeds = (target.seeds)();
    let said = Arc::new(Mutex::new(String::new()));
    let hears = Arc::clone(&said);
    std::panic::set_hook(Box::new(move |panic| *hears.lock().unwrap() = panic.to_string()));
    let mut wrong = 0;
    for number in job.from..job.from + job.count {
        at.store(number, Ordering::Relaxed);
        place.write_all_at(&number.to_le_bytes(), 0).unwrap();
        let mut random = Random::of(job.seed, number);
        let input = mutate::input(&seeds, target.words, &mut random);
        bound(Some(input.len()));
        let judged = catch_unwind(AssertUnwindSafe(|| (target.judge)(&input, &mut random)));
        bound(None);
        let why = match judged {
            Ok(Ok(())) => continue,
            Ok(Err(why)) => why,
            Err(_) => said.lock().unwrap().clone(),
        };
        say(&format!("wrong {number} {}", why.replace('\n', "\u{2424}")));
        wrong += 1;
        if wrong == ENOUGH {
            break;
        }
    }
    let _ = std::panic::take_hook();
}

/// Lets the process hold as much more as an input of this length may make it.
fn bound(length: Option<usize>) {
    let current = length.map(|length| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let held = status.lines().find_map(|line| line.strip_prefix("VmData:")).unwrap();
        let held: u64 = held.trim().trim_end_matches(" kB").parse().unwrap();
        (held << 10) + HOLDS + HOLDS_PER_BYTE * u64::try_from(length).unwrap()
    });
    setrlimit(Resource::Data, Rlimit { current, maximum: None }).unwrap();
}

/// For the parent, in one line.
fn say(line: &str) {
    std::io::stdout().write_all(format!("\n{line}\n").as_bytes()).unwrap();
}
