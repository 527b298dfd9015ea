//! The arguments of every process of this machine, its labs' hosts included, while something is
//! done: where no secret may be.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Between two looks. A program that ends sooner may be missed; of the same kind others come.
const PAUSE: Duration = Duration::from_millis(5);
/// A young process becomes another program in an instant: so often it is looked at each time.
const YOUNG: u32 = 20;
/// And old ones once in so many looks: to read them all each time would take a core of its own.
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
    let (mut seen, mut looks) = (BTreeSet::new(), HashMap::<u32, u32>::new());
    while !ended.load(Ordering::Relaxed) {
        let names = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.file_name());
        let there: HashSet<u32> = names.filter_map(|name| name.to_str()?.parse().ok()).collect();
        // Its number may be another's next time.
        looks.retain(|pid, _| there.contains(pid));
        for pid in there {
            let looks = looks.entry(pid).or_default();
            *looks += 1;
            if (*looks <= YOUNG || (*looks).is_multiple_of(SELDOM))
                && let Ok(words) = std::fs::read(format!("/proc/{pid}/cmdline"))
            {
                seen.insert(String::from_utf8_lossy(&words).replace('\0', " "));
            }
        }
        std::thread::sleep(PAUSE);
    }
    seen
}

struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
