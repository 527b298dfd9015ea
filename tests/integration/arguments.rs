//! The arguments of every process of this machine, its labs' hosts included, while something is
//! done: where no secret may be.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Between two looks. A program that ends sooner may be missed; of the same kind others come.
const PAUSE: Duration = Duration::from_millis(5);
/// A young process becomes another program in an instant: so often it is looked at each time.
const YOUNG: u32 = 20;
/// And all of them once in so many: to read them each time would take a core of its own.
const SELDOM: u32 = 40;

/// Does this. What it returns, and the arguments that were seen meanwhile, one process a line.
pub(crate) fn while_watched<T>(done: impl FnOnce() -> T) -> (T, String) {
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let seen = scope.spawn(|| watch(&ended));
        // Also where an assertion fails, or nobody would end the watch.
        let end = End(&ended);
        let done = done();
        drop(end);
        let seen = seen.join().unwrap().into_iter().collect::<Vec<_>>();
        (done, seen.join("\n"))
    })
}

fn watch(ended: &AtomicBool) -> BTreeSet<String> {
    let (mut seen, mut young) = (BTreeSet::new(), HashMap::<u32, u32>::new());
    let mut look = |pid: u32| {
        if let Ok(words) = std::fs::read(format!("/proc/{pid}/cmdline")) {
            seen.insert(String::from_utf8_lossy(&words).replace('\0', " "));
        }
    };
    let mut last = newest();
    for round in 0u32.. {
        if ended.load(Ordering::Relaxed) {
            break;
        }
        let now = newest();
        // Numbers are given in order, and from the beginning again after the highest.
        if now > last {
            young.extend((last + 1..=now).map(|pid| (pid, 0)));
        }
        if round.is_multiple_of(SELDOM) || now < last {
            all().into_iter().for_each(&mut look);
        }
        last = now;
        young.retain(|pid, looks| {
            look(*pid);
            *looks += 1;
            *looks <= YOUNG
        });
        std::thread::sleep(PAUSE);
    }
    seen
}

/// The number that was given to a process or thread last (proc(5), `loadavg`).
fn newest() -> u32 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap();
    text.split_whitespace().last().unwrap().parse().unwrap()
}

fn all() -> Vec<u32> {
    let names = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.file_name());
    names.filter_map(|name| name.to_str()?.parse().ok()).collect()
}

struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
